//! What a fake stack consists of, and how its verbs behave.

use std::{collections::BTreeMap, env, fs, io, path::PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::Fatal;

/// A stack's script. Everything has a default: without a file a stack is empty and well-behaved.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Script {
    /// The resources that the configuration has, by address, with one value each; `${var.NAME}` is replaced.
    pub(crate) resources: BTreeMap<String, Value>,
    /// Resources whose change replaces them.
    pub(crate) replaced: Vec<String>,
    /// The outputs, by name.
    pub(crate) outputs: BTreeMap<String, Value>,
    /// The names of outputs that are sensitive.
    pub(crate) sensitive: Vec<String>,
    /// The names of outputs that no plan that changes them tells.
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
    /// The type in the backend block, if there is one; its state is a file all the same.
    pub(crate) backend: Option<String>,
    /// The `path` in that block.
    pub(crate) path: Option<String>,
    /// A provider in the lockfile.
    pub(crate) provider: Option<String>,
    /// The version that it calls itself; `FAKE_ENGINE_VERSION` comes first.
    pub(crate) version: Option<String>,
    /// Whether only the fake itself can read its plan files, as encrypted ones.
    pub(crate) opaque: bool,
    /// How its verbs behave, by name: `plan`, `workspace list`; `*` for all others.
    pub(crate) steps: BTreeMap<String, Behaviour>,
}

/// How one verb behaves.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Behaviour {
    /// Lines for standard output before anything else.
    pub(crate) stdout: Vec<String>,
    /// Lines for standard error before anything else.
    pub(crate) stderr: Vec<String>,
    /// Sleeps this long; a SIGINT ends it with status 1, as an engine stops.
    pub(crate) sleep_ms: u64,
    /// Makes this file before it waits.
    pub(crate) touch: Option<PathBuf>,
    /// Waits until this file exists, likewise.
    pub(crate) wait_for: Option<PathBuf>,
    /// Lets SIGINT pass while it waits.
    pub(crate) ignore_sigint: bool,
    /// Starts a process that outlives it and keeps its streams open.
    pub(crate) grandchild: bool,
    /// Ends with this diagnostic and status 1.
    pub(crate) error: Option<ScriptedError>,
    /// Does so only for this many calls, counted in a file.
    pub(crate) error_times: Option<u32>,
    /// Dies of this signal.
    pub(crate) signal: Option<i32>,
    /// Ends with this status at once.
    pub(crate) exit: Option<u8>,
    /// Does its work, then ends with this status.
    pub(crate) exit_after: Option<u8>,
    /// Does not save its state.
    pub(crate) lose_state: Option<Losing>,
}

/// What becomes of a state that is not saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Losing {
    /// It becomes an `errored.tfstate`.
    File,
    /// It is printed: there is no room for the file, which stays empty.
    Dump,
    /// The same beside a file that was cut.
    DumpAndTorn,
    /// The file is cut, and nothing is printed.
    Torn,
    /// Nothing: the engine says that there is a file, and there is none.
    Nowhere,
}

/// A diagnostic.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ScriptedError {
    /// One line.
    pub(crate) summary: String,
    /// The rest.
    pub(crate) detail: String,
    /// A file, with its line.
    pub(crate) file: Option<String>,
    /// From 1.
    pub(crate) line: u32,
}

impl Script {
    /// The script of the folder that it runs in.
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

    /// How a verb behaves.
    pub(crate) fn behaviour(&self, verb: &str) -> Behaviour {
        self.steps.get(verb).or_else(|| self.steps.get("*")).cloned().unwrap_or_default()
    }
}
