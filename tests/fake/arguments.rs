//! Parsing and logging of the command line.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::Fatal;

/// Command line, parsed as both engines do.
pub(crate) struct Arguments {
    /// Name of the link that the fake engine was called by: `tofu` or `terraform`.
    pub(crate) engine: String,
    /// Verb: `plan`; two words for `workspace list`.
    pub(crate) verb: String,
    /// Flags with one dash, as `("lock-timeout", "2s")` or `("json", "")`.
    pub(crate) flags: Vec<(String, String)>,
    /// Arguments that are neither verb nor flag.
    pub(crate) rest: Vec<String>,
    whole: Vec<String>,
}

impl Arguments {
    pub(crate) fn read(args: impl Iterator<Item = OsString>) -> Result<Self, Fatal> {
        let whole = args
            .map(|arg| arg.into_string().map_err(|arg| format!("not UTF-8: {}", arg.display())))
            .collect::<Result<Vec<_>, _>>()?;
        let called = Path::new(whole.first().map_or("tofu", String::as_str));
        let engine = called.file_name().and_then(|name| name.to_str()).unwrap_or("tofu").to_owned();
        let mut verb = String::new();
        let (mut flags, mut rest) = (Vec::new(), Vec::new());
        for arg in whole.iter().skip(1) {
            if let Some(flag) = arg.strip_prefix('-') {
                let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
                flags.push((name.to_owned(), value.to_owned()));
            } else if verb.is_empty() {
                verb.clone_from(arg);
            } else if ["workspace", "state"].contains(&verb.as_str()) {
                verb = format!("{verb} {arg}");
            } else {
                rest.push(arg.clone());
            }
        }
        Ok(Self { engine, verb, flags, rest, whole })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|(flag, _)| flag == name)
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.flags.iter().rfind(|(flag, _)| flag == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.flags.iter().filter(move |(flag, _)| flag == name).map(|(_, value)| value.as_str())
    }

    /// Appends this call to the log.
    pub(crate) fn log(&self) -> Result<(), Fatal> {
        log(&json!({
            "argv": self.whole,
            "dir": env::current_dir()?,
            "workspace": env::var("TF_WORKSPACE").ok(),
            "data_dir": env::var("TF_DATA_DIR").ok(),
            "pid": std::process::id(),
            "env": steering(),
        }))
    }
}

/// Returns the environment variables that change an engine's behaviour.
fn steering() -> BTreeMap<String, String> {
    env::vars()
        .filter(|(name, _)| ["TF_", "TG_", "TERRAGRUNT_"].iter().any(|prefix| name.starts_with(prefix)))
        .collect()
}

/// Appends one line to the file that `FAKE_ENGINE_LOG` names.
pub(crate) fn log(line: &Value) -> Result<(), Fatal> {
    if let Some(path) = env::var_os("FAKE_ENGINE_LOG").map(PathBuf::from) {
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        // A single write, so that lines of concurrent processes are not mixed.
        file.write_all(format!("{line}\n").as_bytes())?;
    }
    Ok(())
}
