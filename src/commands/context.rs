//! What every verb is given: the streams, the clock, the places, and the user's environment. No globals.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io,
    sync::Arc,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::Usage;
use crate::{
    config::{self, Config, Environment, Overrides},
    diagnostic::Diagnostics,
    engine::{GivenFlags, LockfilePolicy},
    executor::{Prompter, Says},
    model::Clock,
    ui::{Detail, Printer},
};

/// How the standard streams are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact about the streams of its own")]
pub struct Terminal {
    /// A person can be asked: standard input and standard error are a terminal.
    pub interactive: bool,
    /// Standard output is the terminal that questions are asked on.
    pub shows_output: bool,
    /// `CI` says that nobody watches.
    pub ci: bool,
    /// Live lines may be drawn on standard error.
    pub live: bool,
    /// The program runs in a GitHub Actions job.
    pub github: bool,
}

/// Lets a person pick one of several things.
pub trait Picker {
    /// The place of the picked one; none when the person would rather not.
    fn pick(&self, question: &str, choices: &[String]) -> io::Result<Option<usize>>;
}

/// What every verb is given.
pub struct Context {
    /// The two streams.
    pub printer: Arc<Printer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who asks the user.
    pub prompter: Arc<dyn Prompter>,
    /// Who lets the user pick one of several.
    pub picker: Arc<dyn Picker>,
    /// How the streams are connected.
    pub terminal: Terminal,
    /// The working directory, absolute.
    pub dir: Utf8PathBuf,
    /// envctl's own environment.
    pub env: BTreeMap<OsString, OsString>,
    /// `--config`
    pub config_path: Option<Utf8PathBuf>,
    /// What is laid over environments.toml.
    pub overrides: Overrides,
    /// True if `ENVCTL_READ_ONLY` refuses every change.
    pub read_only: bool,
}

impl Context {
    /// A variable of envctl's own environment, when it is set to UTF-8 text that is not empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.env.get(OsStr::new(name)).and_then(|v| v.to_str()).filter(|v| !v.is_empty())
    }

    /// Policy for the lock files of an environment's stacks.
    pub(super) fn lockfile_policy(&self, environment: &Environment) -> LockfilePolicy {
        match () {
            () if self.read_only => LockfilePolicy::Unwritten,
            () if environment.confirm => LockfilePolicy::KeptByConfirm,
            () if self.terminal.ci && !self.overrides.update_lockfile => LockfilePolicy::KeptInCi,
            () => LockfilePolicy::Updated,
        }
    }

    /// Returns the flags that a command to type repeats.
    pub(super) fn given_flags(&self) -> GivenFlags {
        let given = |(name, value): &(String, String)| (name.clone(), Some(value.clone()));
        GivenFlags {
            config: self.config_path.as_ref().map(ToString::to_string),
            sets: self.overrides.sets.iter().map(given).collect(),
            vars: self.overrides.vars.iter().map(given).collect(),
        }
    }

    /// Says lines on standard error, for what has no printer of its own.
    pub(super) fn says(&self) -> Says {
        let printer = Arc::clone(&self.printer);
        Arc::new(move |line| printer.say(line))
    }

    /// The same with the values that an earlier run was given on its command line.
    pub(super) fn with_values(&self, vars: Vec<(String, String)>, sets: Vec<(String, String)>) -> Self {
        Self {
            printer: Arc::clone(&self.printer),
            clock: Arc::clone(&self.clock),
            prompter: Arc::clone(&self.prompter),
            picker: Arc::clone(&self.picker),
            terminal: self.terminal,
            dir: self.dir.clone(),
            env: self.env.clone(),
            config_path: self.config_path.clone(),
            overrides: Overrides { sets, vars, ..self.overrides.clone() },
            read_only: self.read_only,
        }
    }

    /// The path of environments.toml.
    pub fn config_file(&self) -> Result<Utf8PathBuf, Usage> {
        match &self.config_path {
            Some(path) => Ok(self.dir.join(path)),
            None => config::find(&self.dir).ok_or_else(|| Usage::NoConfig(self.dir.clone())),
        }
    }

    /// environments.toml, valid as a whole; its warnings are said.
    pub fn config(&self) -> anyhow::Result<Config> {
        let (config, warnings) = Config::load(&self.config_file()?, &self.overrides)?;
        self.say(&warnings);
        Ok(config)
    }

    /// The environment that a word names; without a word the user is asked, or told which there are.
    pub fn environment<'c>(&self, config: &'c Config, word: Option<&str>) -> anyhow::Result<&'c Environment> {
        if let Some(word) = word {
            return Ok(config.environment(word)?);
        }
        let names: Vec<String> = config.environments().keys().map(ToString::to_string).collect();
        if self.terminal.interactive
            && !names.is_empty()
            && let Some(index) = self.picker.pick("Which environment?", &names)?
        {
            return Ok(config.environment(&names[index])?);
        }
        Err(Usage::NoEnvironment(names).into())
    }

    /// The environments that words name; without words all of them.
    pub fn environments<'c>(
        &self,
        config: &'c Config,
        words: &[String],
    ) -> anyhow::Result<Vec<&'c Environment>> {
        if words.is_empty() {
            return Ok(config.environments().values().collect());
        }
        words.iter().map(|word| config.environment(word).map_err(Into::into)).collect()
    }

    /// Says findings on standard error.
    pub fn say(&self, findings: &Diagnostics) {
        if !findings.0.is_empty() && self.printer.detail() > Detail::Quiet {
            self.printer.findings(findings);
        }
    }

    /// A path as it is shown: relative to the working directory where that is shorter.
    pub fn shown(&self, path: &Utf8Path) -> Utf8PathBuf {
        path.strip_prefix(&self.dir).map_or_else(|_| path.to_owned(), Utf8Path::to_owned)
    }
}
