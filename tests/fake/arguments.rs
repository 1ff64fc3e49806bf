//! The command line, and the log of it.

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

/// A command line as both engines read it.
pub(crate) struct Arguments {
    /// `tofu` or `terraform`: the name of the link that it was called by.
    pub(crate) engine: String,
    /// `plan`; two words for `workspace list`.
    pub(crate) verb: String,
    /// Flags with one dash, as `("lock-timeout", "2s")` or `("json", "")`.
    pub(crate) flags: Vec<(String, String)>,
    /// What is neither verb nor flag.
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

/// The variables that an engine listens to.
fn steering() -> BTreeMap<String, String> {
    env::vars()
        .filter(|(name, _)| ["TF_", "TG_", "TERRAGRUNT_"].iter().any(|prefix| name.starts_with(prefix)))
        .collect()
}

/// Appends one line to the file that `FAKE_ENGINE_LOG` names.
pub(crate) fn log(line: &Value) -> Result<(), Fatal> {
    if let Some(path) = env::var_os("FAKE_ENGINE_LOG").map(PathBuf::from) {
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        // One write, so that lines of processes that run at once are not mixed.
        file.write_all(format!("{line}\n").as_bytes())?;
    }
    Ok(())
}
