//! What environments.toml says once its layers are laid over each other: types that cannot be wrong.

use std::{collections::BTreeMap, fmt, num::NonZeroUsize, ops::Range, time::Duration};

use camino::Utf8PathBuf;
use indexmap::IndexMap;

use crate::{
    config::{
        VersionConstraint,
        guards::Guards,
        origin::{Origin, Value},
        shared::Shared,
        support::Unsupported,
    },
    model::{CreateWorkspace, EngineName, EnvName, StackId, VariablePattern},
};

/// `[project]`
#[derive(Debug, Clone)]
pub struct Project {
    /// The template value `{project}`.
    pub name: String,
    /// The engine of every stack that names none; absent for `auto`.
    pub engine: Option<EngineName>,
}

/// `[tofu]`, `[terraform]`, `[terragrunt]`
#[derive(Debug, Clone, Default)]
pub struct EngineSettings {
    /// The program: a name that is looked up on PATH, or a path relative to environments.toml.
    pub program: Option<String>,
    /// The versions that may be used, in Terraform's constraint grammar, with its place.
    pub version: Option<(VersionConstraint, Range<usize>)>,
    /// How many processes of this engine may run at once.
    pub jobs: Option<NonZeroUsize>,
    /// Extra flags of `init`.
    pub init_args: Vec<String>,
    /// Extra flags of `plan`.
    pub plan_args: Vec<String>,
    /// Extra flags of `apply`.
    pub apply_args: Vec<String>,
    /// The provider plugin cache, `~` expanded, relative to environments.toml.
    pub plugin_cache: Option<Utf8PathBuf>,
    /// More variables that its plans are bound to.
    pub bind: Vec<VariablePattern>,
    /// For Terragrunt: the engine that it drives.
    pub drives: Option<EngineName>,
}

/// One var file of an instance, in the order in which the engine gets them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VarFile {
    /// Relative to the stack's folder, or absolute; templates are expanded.
    pub path: Utf8PathBuf,
    /// Written as `?path`: it may be absent.
    pub optional: bool,
}

/// One key of a backend's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct BackendPair {
    /// A string, number, boolean, or nested table (`endpoints`, `assume_role`); templates are expanded.
    pub value: serde_json::Value,
    /// Where it came from.
    pub origin: Origin,
}

/// Where a secret's value is found when it is first needed. One line end at the end, LF or CRLF, is not part of the secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretSource {
    /// A variable of envctl's own environment.
    Env(String),
    /// A file, relative to environments.toml.
    File(Utf8PathBuf),
    /// A command's standard output, run beside environments.toml.
    Command(Vec<String>),
    /// A key of a SOPS file, relative to environments.toml; dots descend.
    Sops {
        /// The file.
        file: Utf8PathBuf,
        /// The key.
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

/// A secret as environments.toml declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Where its value is found.
    pub source: SecretSource,
    /// `allow_empty`: an empty value is accepted. Otherwise it is refused, since CI systems hand on a secret that does
    /// not exist as an empty variable.
    pub allow_empty: bool,
}

/// Where the value of an environment variable comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvSource {
    /// As written.
    Plain(String),
    /// From a secret source; masked everywhere.
    Secret(Secret),
}

/// One variable for the processes of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvVar {
    /// Where its value comes from.
    pub source: EnvSource,
    /// Not set when envctl's own environment has any of these.
    pub unless: Vec<String>,
}

/// Programs to run around the steps of a stack, each an argv.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hooks {
    /// Before its plan.
    pub before_plan: Vec<Vec<String>>,
    /// After its plan.
    pub after_plan: Vec<Vec<String>>,
    /// Before its apply.
    pub before_apply: Vec<Vec<String>>,
    /// After its apply.
    pub after_apply: Vec<Vec<String>>,
    /// After a failure of any step.
    pub on_failure: Vec<Vec<String>>,
}

/// A path into another stack's outputs: `network.subnets[0]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputPath {
    /// The stack.
    pub stack: StackId,
    /// The output and what to select in it, as written after the stack's name.
    pub path: String,
}

/// A stand-in for an output that does not exist yet.
#[derive(Debug, Clone, PartialEq)]
pub struct MockOutput {
    /// Its value.
    pub value: serde_json::Value,
    /// Where it came from.
    pub origin: Origin,
}

/// One environment: what belongs to it as a whole.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Its full name.
    pub name: EnvName,
    /// The place of its table's name in the file.
    pub span: Range<usize>,
    /// What it is, for people.
    pub description: Option<String>,
    /// Other names for the command line.
    pub aliases: Vec<String>,
    /// The environments that come before it in promotion order.
    pub after: Vec<EnvName>,
    /// Whether changes need a confirmation.
    pub confirm: bool,
    /// Check items that must be green.
    pub require: Vec<String>,
    /// Stacks at once; absent for the number of cores.
    pub jobs: Option<NonZeroUsize>,
    /// Rules that a plan must satisfy, confirmed or not.
    pub guards: Guards,
    /// What somebody has to say yes to at the gate: sentences by their id.
    pub checklist: IndexMap<String, String>,
    /// Keys of this environment that this version does not honour; a verb that would have to refuses.
    pub unsupported: Vec<Unsupported>,
}

/// One declared stack: what does not depend on the environment.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Its name.
    pub name: StackId,
    /// The place of its table's name in the file.
    pub span: Range<usize>,
    /// Its folder as written, templates not expanded; absent when it decorates a discovered stack.
    pub path: Option<(String, Range<usize>)>,
    /// Where it exists; absent for all environments.
    pub environments: Option<Vec<EnvName>>,
    /// Stacks that come first, with the places of their names.
    pub needs: Vec<(StackId, Range<usize>)>,
    /// Words to select it by.
    pub tags: Vec<String>,
    /// Its engine; absent for the project's.
    pub engine: Option<EngineName>,
}

/// `[discover]`
#[derive(Debug, Clone)]
pub struct Discover {
    /// Patterns as written: `infra/live/{env}/<region>/<unit>`, `**` for any depth; with their places.
    pub paths: Vec<(String, Range<usize>)>,
    /// Globs of folders that are left out.
    pub exclude: Vec<String>,
    /// The stack's name as a template over the captures; absent for the path below the pattern's fixed part.
    pub name: Option<(String, Range<usize>)>,
}

/// All that one instance resolves to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The stack's folder relative to environments.toml, templates expanded.
    pub path: Utf8PathBuf,
    /// The workspace; absent for the default one.
    pub workspace: Option<Value<String>>,
    /// What to do when the workspace does not exist.
    pub create_workspace: CreateWorkspace,
    /// The template value `{prefix}`.
    pub prefix: Option<String>,
    /// Values for HCL variables.
    pub vars: Shared<IndexMap<String, Value<serde_json::Value>>>,
    /// Var files in order.
    pub var_files: Shared<Vec<VarFile>>,
    /// Backend pairs by backend type.
    pub backend: Shared<IndexMap<String, IndexMap<String, BackendPair>>>,
    /// Variables for engines, hooks and commands.
    pub env: Shared<IndexMap<String, Value<EnvVar>>>,
    /// More variables that plans are bound to.
    pub bind: Option<Value<Vec<VariablePattern>>>,
    /// Secrets by HCL variable.
    pub secrets: Shared<IndexMap<String, Value<Secret>>>,
    /// The engine's own `-parallelism`.
    pub parallelism: Option<NonZeroUsize>,
    /// How long to wait for a state lock.
    pub lock_timeout: Duration,
    /// Programs around the steps.
    pub hooks: Hooks,
    /// Inputs from outputs, by HCL variable.
    pub inputs: IndexMap<String, Value<OutputPath>>,
    /// Stand-ins for outputs, by stack and output.
    pub mocks: IndexMap<String, IndexMap<String, MockOutput>>,
    /// More files that matter, relative to the stack.
    pub files: Vec<String>,
    /// The template values that were in force.
    pub template_values: Shared<BTreeMap<String, String>>,
    /// Keys of this stack that this version does not honour; a verb that would have to refuses.
    pub unsupported: Vec<Unsupported>,
}
