//! Script of a stack: its resources, and the behaviour of its verbs.

use std::{collections::BTreeMap, env, fs, io, path::PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::Fatal;

/// Script of a stack. All fields have defaults: without a file the stack is empty and its verbs succeed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Script {
    /// Resources of the configuration by address, each with a value in which `${var.NAME}` is replaced.
    pub(crate) resources: BTreeMap<String, Value>,
    /// Resources whose change replaces them.
    pub(crate) replaced: Vec<String>,
    /// Outputs by name.
    pub(crate) outputs: BTreeMap<String, Value>,
    /// Names of sensitive outputs.
    pub(crate) sensitive: Vec<String>,
    /// Names of outputs whose new values are unknown in a plan.
    pub(crate) unknown: Vec<String>,
    /// State files of other stacks, by name: `${NAME.OUTPUT}` is replaced by an output in one, as through
    /// `terraform_remote_state`.
    pub(crate) remote: BTreeMap<String, PathBuf>,
    /// Actions of providers that each plan invokes: their addresses, each with the resource and the event that trigger it.
    pub(crate) actions: BTreeMap<String, Option<(String, String)>>,
    /// Members of the plan JSON of actions: `config_values`, `config_sensitive`, `config_unknown`.
    pub(crate) configurations: BTreeMap<String, serde_json::Value>,
    /// Addresses of resources that each plan defers, with the reason.
    pub(crate) deferred: BTreeMap<String, String>,
    /// Variables without a default.
    pub(crate) variables: Vec<String>,
    /// Type in the backend block, if there is one; states are local files for every type.
    pub(crate) backend: Option<String>,
    /// Attribute `path` of that block.
    pub(crate) path: Option<String>,
    /// Provider in the lockfile.
    pub(crate) provider: Option<String>,
    /// Version of the engine; `FAKE_ENGINE_VERSION` overrides it.
    pub(crate) version: Option<String>,
    /// True if envctl cannot read the plan files, as encrypted ones.
    pub(crate) opaque: bool,
    /// Behaviour by verb: `plan`, `workspace list`; `*` for all others.
    pub(crate) steps: BTreeMap<String, Behaviour>,
}

/// Behaviour of one verb.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Behaviour {
    /// Lines for standard output before anything else.
    pub(crate) stdout: Vec<String>,
    /// Lines for standard error before anything else.
    pub(crate) stderr: Vec<String>,
    /// Time to sleep in milliseconds; a SIGINT ends the verb with exit code 1, as an engine stops.
    pub(crate) sleep_ms: u64,
    /// File that is made before the wait.
    pub(crate) touch: Option<PathBuf>,
    /// File that is waited for; a SIGINT ends the wait as for `sleep_ms`.
    pub(crate) wait_for: Option<PathBuf>,
    /// Ignores SIGINT during the wait.
    pub(crate) ignore_sigint: bool,
    /// Starts a process that outlives the engine and keeps its streams open.
    pub(crate) grandchild: bool,
    /// Diagnostic to end with, at exit code 1.
    pub(crate) error: Option<ScriptedError>,
    /// Number of calls that fail with `error`, counted in a file; absent, every call fails.
    pub(crate) error_times: Option<u32>,
    /// Signal that the process kills itself with.
    pub(crate) signal: Option<i32>,
    /// Exit code to end with at once.
    pub(crate) exit: Option<u8>,
    /// Exit code to end with after the work.
    pub(crate) exit_after: Option<u8>,
    /// Failure to save the state.
    pub(crate) lose_state: Option<Losing>,
}

/// Result of a failure to save the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Losing {
    /// The state is written to `errored.tfstate`.
    File,
    /// The state is printed, and `errored.tfstate` is empty, as on a full disk.
    Dump,
    /// The state is printed, and `errored.tfstate` is cut in half.
    DumpAndTorn,
    /// `errored.tfstate` is cut in half, and the state is not printed.
    Torn,
    /// The state is lost: the engine reports an `errored.tfstate` that does not exist.
    Nowhere,
}

/// Diagnostic of a script.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ScriptedError {
    /// Summary, one line.
    pub(crate) summary: String,
    /// Detail.
    pub(crate) detail: String,
    /// File of the range.
    pub(crate) file: Option<String>,
    /// Line of the range, from 1.
    pub(crate) line: u32,
}

impl Script {
    /// Loads the script of the current folder.
    pub(crate) fn load() -> Result<Self, Fatal> {
        let path = env::var_os("FAKE_ENGINE_SCRIPT").map_or("fake-engine.json".into(), PathBuf::from);
        match fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|e| format!("{}: {e}", path.display()).into())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(format!("{}: {error}", path.display()).into()),
        }
    }

    /// Returns the behaviour of a verb.
    pub(crate) fn behaviour(&self, verb: &str) -> Behaviour {
        self.steps.get(verb).or_else(|| self.steps.get("*")).cloned().unwrap_or_default()
    }
}
