//! Settings: the content of environments.toml once its layers are merged, in types that hold valid values only.

use std::{collections::BTreeMap, fmt, num::NonZeroUsize, ops::Range, sync::Arc, time::Duration};

use camino::Utf8PathBuf;
use indexmap::IndexMap;

use crate::{
    config::{
        VersionConstraint,
        guards::Guards,
        origin::{Origin, Value},
        support::Unsupported,
    },
    model::{CreateWorkspace, EngineName, EnvName, StackId, VariablePattern},
};

/// Settings of `[project]`.
#[derive(Debug, Clone)]
pub struct Project {
    /// Value of the template name `{project}`.
    pub name: String,
    /// Engine of every stack without an `engine` of its own; `None` for `auto`.
    pub engine: Option<EngineName>,
}

/// Settings of an engine: of `[tofu]`, `[terraform]` or `[terragrunt]`.
#[derive(Debug, Clone, Default)]
pub struct EngineSettings {
    /// Program: a name that is looked up on PATH, or a path relative to environments.toml.
    pub program: Option<String>,
    /// Allowed versions in Terraform's constraint syntax, with their span in environments.toml.
    pub version: Option<(VersionConstraint, Range<usize>)>,
    /// Highest number of processes of this engine at once.
    pub jobs: Option<NonZeroUsize>,
    /// Extra flags of `init`.
    pub init_args: Vec<String>,
    /// Extra flags of `plan`.
    pub plan_args: Vec<String>,
    /// Extra flags of `apply`.
    pub apply_args: Vec<String>,
    /// Provider plugin cache: `~` is expanded, relative paths start at environments.toml.
    pub plugin_cache: Option<Utf8PathBuf>,
    /// Patterns of environment variables that the engine's plans are bound to, in addition to those of the environment (key `bind`).
    pub bound_variables: Vec<VariablePattern>,
    /// Engine that Terragrunt runs; `None` for other engines and if it is not set.
    pub drives: Option<EngineName>,
}

/// Var file or backend file of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackFile {
    /// Path relative to the stack's folder, or absolute; templates are expanded.
    pub path: Utf8PathBuf,
    /// True for a path that is written as `?path`: the file may be missing.
    pub optional: bool,
}

/// Value of one key of a backend's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct BackendPair {
    /// String, number, boolean, or nested table (`endpoints`, `assume_role`); templates are expanded.
    pub value: serde_json::Value,
    /// Origin of the value.
    pub origin: Origin,
}

/// Source of a secret's value, read on first use. One line ending (LF or CRLF) at the end is not part of the secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretSource {
    /// Environment variable of envctl, by name.
    Env(String),
    /// File that holds the secret alone, by its path relative to environments.toml.
    File(Utf8PathBuf),
    /// Standard output of a command, run in the folder of environments.toml.
    Command(Vec<String>),
    /// Value in a SOPS file, whose path is relative to environments.toml.
    Sops {
        /// Path of the SOPS file.
        file: Utf8PathBuf,
        /// Key in the file, with dots between the names of nested keys: `"database.password"`.
        key: String,
    },
}

impl fmt::Display for SecretSource {
    /// Writes the source for a message: ``the environment variable `TOKEN` ``. Arguments of a command are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(variable) => write!(f, "the environment variable `{variable}`"),
            Self::File(path) => write!(f, "the file `{path}`"),
            Self::Command(argv) => {
                write!(f, "the command `{}`", argv.first().map(String::as_str).unwrap_or_default())
            }
            Self::Sops { file, key } => write!(f, "`{key}` in the SOPS file `{file}`"),
        }
    }
}

/// Secret as environments.toml declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Source of the value.
    pub source: SecretSource,
    /// `allow_empty`: an empty value is accepted. Otherwise it is refused, since CI systems pass a missing secret as an
    /// empty variable.
    pub allow_empty: bool,
}

/// Source of an environment variable's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvSource {
    /// Text, templates expanded.
    Plain(String),
    /// Secret, whose value is masked in all output.
    Secret(Secret),
}

/// Environment variable that envctl sets for the processes of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvVar {
    /// Source of the value.
    pub source: EnvSource,
    /// Names of envctl's environment variables: if one of them is set, envctl does not set this variable.
    pub unless: Vec<String>,
}

/// Hooks: programs that run before and after the steps of a stack, each as program and arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hooks {
    /// Commands before the plan.
    pub before_plan: Vec<Vec<String>>,
    /// Commands after the plan.
    pub after_plan: Vec<Vec<String>>,
    /// Commands before the apply.
    pub before_apply: Vec<Vec<String>>,
    /// Commands after the apply.
    pub after_apply: Vec<Vec<String>>,
    /// Commands after a failure of any step.
    pub on_failure: Vec<Vec<String>>,
}

/// Path into the outputs of another stack: `network.subnets[0]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputPath {
    /// Stack that has the output.
    pub stack: StackId,
    /// Output and selection in it, as written after the stack's name: `"subnets[0]"`.
    pub path: String,
}

/// Mock: value that a plan uses for an output that does not exist yet.
#[derive(Debug, Clone, PartialEq)]
pub struct MockOutput {
    /// Value of the mock.
    pub value: serde_json::Value,
    /// Origin of the value.
    pub origin: Origin,
}

/// Settings of an environment as a whole.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Name as in `[environments.NAME]`, no alias.
    pub name: EnvName,
    /// Span of the table's name in environments.toml.
    pub span: Range<usize>,
    /// Description for the user.
    pub description: Option<String>,
    /// Aliases of the environment on the command line.
    pub aliases: Vec<String>,
    /// Environments that come before this environment in promotion order.
    pub after: Vec<EnvName>,
    /// True if changes need a confirmation.
    pub confirm: bool,
    /// Items of `envctl check` that must pass before the environment is changed.
    pub require: Vec<String>,
    /// Highest number of stacks at once; `None` for the number of cores.
    pub jobs: Option<NonZeroUsize>,
    /// Rules that every plan must satisfy, also when it is confirmed.
    pub guards: Guards,
    /// Checklist: statements that the user confirms at the gate, by the ids that environments.toml gives them.
    pub checklist: IndexMap<String, String>,
    /// Keys of this environment that this version does not honour; a verb that would have to honour one refuses.
    pub unsupported: Vec<Unsupported>,
}

/// Declared stack: the keys that do not depend on the environment.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Name of the stack.
    pub name: StackId,
    /// Span of the table's name in environments.toml.
    pub span: Range<usize>,
    /// Folder as written, templates not expanded, with its span; `None` for a discovered stack.
    pub path: Option<(String, Range<usize>)>,
    /// Environments that have the stack; `None` for all.
    pub environments: Option<Vec<EnvName>>,
    /// Tags that a selection can name.
    pub tags: Vec<String>,
    /// Engine; `None` for the engine of the project.
    pub engine: Option<EngineName>,
}

/// Name of another stack in `needs` or `reads`, with its span in environments.toml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackReference {
    /// Name of the stack.
    pub stack: StackId,
    /// Span of the name.
    pub span: Range<usize>,
}

/// Settings of `[discover]`: patterns of folders that are stacks.
#[derive(Debug, Clone)]
pub struct Discover {
    /// Patterns as written, with their spans: `infra/live/{env}/<region>/<unit>`, `**` for any depth.
    pub paths: Vec<(String, Range<usize>)>,
    /// Globs of folders that are no stacks although a pattern matches them, with their spans.
    pub exclude: Vec<(String, Range<usize>)>,
    /// Template of the stacks' names over the captures, with its span; `None` if a stack is named by its path below the fixed
    /// part of the pattern.
    pub name: Option<(String, Range<usize>)>,
}

/// Value of an HCL variable that environments.toml or a flag sets.
#[derive(Debug, Clone, PartialEq)]
pub enum VariableValue {
    /// Value as JSON.
    Known(serde_json::Value),
    /// HCL expression of a `--var` flag, which only the engine evaluates: its value is unknown to envctl.
    Expression(String),
}

impl VariableValue {
    /// Returns the JSON value; `None` for an expression.
    pub fn as_json(&self) -> Option<&serde_json::Value> {
        match self {
            Self::Known(value) => Some(value),
            Self::Expression(_) => None,
        }
    }
}

/// Resolved settings of one instance.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Folder of the stack relative to environments.toml, templates expanded.
    pub path: Utf8PathBuf,
    /// Workspace; `None` for the default workspace.
    pub workspace: Option<Value<String>>,
    /// Handling of a workspace that does not exist.
    pub create_workspace: CreateWorkspace,
    /// Value of the template name `{prefix}`.
    pub prefix: Option<String>,
    /// Values for HCL variables.
    pub vars: Arc<IndexMap<String, Value<VariableValue>>>,
    /// Var files in the order in which the engine gets them.
    pub var_files: Arc<Vec<StackFile>>,
    /// Backend files, which complete the backend block, in the order in which the engine gets them.
    pub backend_files: Arc<Vec<StackFile>>,
    /// Backend pairs by backend type; they override backend files.
    pub backend: Arc<IndexMap<String, IndexMap<String, BackendPair>>>,
    /// Environment variables for engines, hooks and commands.
    pub env: Arc<IndexMap<String, Value<EnvVar>>>,
    /// Patterns of environment variables that plans are bound to, in addition to those of the engine's table (key `bind`).
    pub bound_variables: Option<Value<Vec<VariablePattern>>>,
    /// Secrets by HCL variable.
    pub secrets: Arc<IndexMap<String, Value<Secret>>>,
    /// Value of the engine's flag `-parallelism`; `None` leaves the engine's default.
    pub parallelism: Option<NonZeroUsize>,
    /// Time to wait for a state lock.
    pub lock_timeout: Duration,
    /// Hooks: programs that run before and after the steps of the stack.
    pub hooks: Hooks,
    /// Stacks that must be applied before this stack.
    pub needs: Vec<StackReference>,
    /// Stacks whose state this stack reads without waiting for them.
    pub reads: Vec<StackReference>,
    /// Inputs from other stacks' outputs, by HCL variable.
    pub inputs: IndexMap<String, Value<OutputPath>>,
    /// Mocks of outputs, by stack and output.
    pub mocks: IndexMap<String, IndexMap<String, MockOutput>>,
    /// Globs of further files that belong to the stack, relative to its folder.
    pub files: Vec<String>,
    /// Values of the template names that the project defines, and of captures.
    pub template_values: Arc<BTreeMap<String, String>>,
    /// Keys of this stack that this version does not honour; a verb that would have to honour one refuses.
    pub unsupported: Vec<Unsupported>,
}

impl Settings {
    /// Returns the sources of all secrets: of `secrets`, then of `env`.
    pub fn secret_sources(&self) -> impl Iterator<Item = &SecretSource> {
        let in_env = self.env.values().filter_map(|variable| match &variable.value.source {
            EnvSource::Secret(secret) => Some(&secret.source),
            EnvSource::Plain(_) => None,
        });
        self.secrets.values().map(|secret| &secret.value.source).chain(in_env)
    }
}
