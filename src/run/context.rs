//! Environment of a verb: output streams, clock, working directory, and environment variables. No globals.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io,
    sync::Arc,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{READ_ONLY, Stopped, Usage, started_programs::StartedPrograms};
use crate::{
    config::{self, Config, Environment, Overrides, UnknownEnvironment},
    diagnostic::Diagnostics,
    engine::{GivenFlags, LockfilePolicy},
    executor::{Interrupts, ProgressCallback, Prompter, shown_flags},
    model::{Clock, EnvName},
    process::Runner,
    ui::{Detail, Printer},
};

/// Facts about the standard streams: which of them are terminals, and who reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact about the streams of its own")]
pub struct TerminalInfo {
    /// True if a prompt is possible: standard input and standard error are a terminal.
    pub interactive: bool,
    /// True if standard output is the terminal of the prompts.
    pub shows_output: bool,
    /// True if `CI` is set.
    pub ci: bool,
    /// True if live lines may be drawn on standard error.
    pub live: bool,
    /// True in a GitHub Actions job.
    pub github: bool,
}

/// Front end that lets the user pick one of several items.
pub trait Picker {
    /// Returns the index of the picked item; `None` if the user cancelled.
    fn pick(&self, question: &str, choices: &[String]) -> io::Result<Option<usize>>;
}

/// Environment of a verb.
pub struct Context {
    /// Writer of standard output and standard error.
    pub printer: Arc<Printer>,
    /// Source of the current time.
    pub clock: Arc<dyn Clock>,
    /// Front end of prompts.
    pub prompter: Arc<dyn Prompter>,
    /// Front end of selections.
    pub picker: Arc<dyn Picker>,
    /// Owner of the user's signals.
    pub interrupts: Arc<Interrupts>,
    /// Facts about the standard streams: which of them are terminals, and who reads them.
    pub terminal: TerminalInfo,
    /// Absolute working directory.
    pub dir: Utf8PathBuf,
    /// Environment variables of envctl.
    pub env: BTreeMap<OsString, OsString>,
    /// Path of environments.toml that `--config` names.
    pub config_path: Option<Utf8PathBuf>,
    /// Values of flags that override environments.toml.
    pub overrides: Overrides,
    /// True if `ENVCTL_READ_ONLY` forbids every change.
    pub read_only: bool,
}

impl Context {
    /// Masks the secrets of a runner in everything that is printed from now on.
    pub(super) fn mask_secrets_of(&self, runner: &Arc<Runner>) {
        let runner = Arc::clone(runner);
        self.printer.mask_secrets(Arc::new(move |text| match runner.redactor().mask(text) {
            Cow::Owned(masked) => Some(masked),
            Cow::Borrowed(_) => None,
        }));
    }

    /// Returns an environment variable of envctl, if it is set to UTF-8 text that is not empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.env.get(OsStr::new(name)).and_then(|v| v.to_str()).filter(|v| !v.is_empty())
    }

    /// Returns the policy for the lock files of an environment's stacks.
    pub(super) fn lockfile_policy(&self, environment: &Environment) -> LockfilePolicy {
        match () {
            () if self.read_only => LockfilePolicy::Unwritten,
            () if environment.confirm => LockfilePolicy::KeptByConfirm,
            () if self.terminal.ci && !self.overrides.update_lockfile => LockfilePolicy::KeptInCi,
            () => LockfilePolicy::Updated,
        }
    }

    /// Returns the flags that a suggested command repeats.
    pub(crate) fn given_flags(&self) -> GivenFlags {
        let given = |(name, value): &(String, String)| (name.clone(), Some(value.clone()));
        GivenFlags {
            config: self.config_path.as_ref().map(ToString::to_string),
            sets: self.overrides.sets.iter().map(given).collect(),
            vars: self.overrides.vars.iter().map(given).collect(),
        }
    }

    /// Returns the flags that a suggested command repeats, without those that set variables: for a command about stacks whose
    /// variables are not known.
    pub(super) fn flags_without_variables(&self) -> GivenFlags {
        self.given_flags().with_variables(|_| false).hiding(|_| true)
    }

    /// Returns the flags that a suggested command repeats, without the values of variables that a stack of the environment
    /// declares `sensitive`; without all values of variables if the project cannot be read.
    pub(crate) fn shown_flags(&self, environment: &EnvName) -> GivenFlags {
        let flags = self.given_flags();
        if !flags.sets_variables() {
            return flags.hiding(|_| false);
        }
        let hidden = flags.clone().hiding(|_| true);
        let shown = || {
            let (config, _) = Config::load(&self.config_file().ok()?, &self.overrides).ok()?;
            let environment = config.environments().get(environment)?;
            let mut offline = self.check_offline(&config, &[environment], &[], StartedPrograms::Queries);
            let inventory = offline.inventories.pop().filter(|_| !offline.errors().has_errors())?;
            let instances: Vec<_> = inventory.instances().collect();
            Some(shown_flags(flags, &instances, &offline.project.modules))
        };
        shown().unwrap_or(hidden)
    }

    /// Returns a callback that prints lines on standard error.
    pub(super) fn progress_printer(&self) -> ProgressCallback {
        let printer = Arc::clone(&self.printer);
        Arc::new(move |line| printer.say(line))
    }

    /// Returns the context with the values that an earlier run got on its command line.
    pub(crate) fn with_values(&self, vars: Vec<(String, String)>, sets: Vec<(String, String)>) -> Self {
        Self {
            printer: Arc::clone(&self.printer),
            clock: Arc::clone(&self.clock),
            prompter: Arc::clone(&self.prompter),
            picker: Arc::clone(&self.picker),
            interrupts: Arc::clone(&self.interrupts),
            terminal: self.terminal,
            dir: self.dir.clone(),
            env: self.env.clone(),
            config_path: self.config_path.clone(),
            overrides: Overrides { sets, vars, ..self.overrides.clone() },
            read_only: self.read_only,
        }
    }

    /// Returns the path of environments.toml.
    pub fn config_file(&self) -> Result<Utf8PathBuf, Usage> {
        match &self.config_path {
            Some(path) => Ok(self.dir.join(path)),
            None => config::find(&self.dir).ok_or_else(|| Usage::NoConfig(self.dir.clone())),
        }
    }

    /// Loads environments.toml, and prints its warnings.
    pub fn config(&self) -> anyhow::Result<Config> {
        let (config, warnings) = Config::load(&self.config_file()?, &self.overrides)?;
        self.print_findings(&warnings);
        Ok(config)
    }

    /// Returns the environment that a word names; without a word the user picks one, or the error lists the environments.
    pub fn environment<'c>(&self, config: &'c Config, word: Option<&str>) -> anyhow::Result<&'c Environment> {
        if let Some(word) = word {
            return config.environment(word).map_err(|error| self.explain_stack_name(config, error, true));
        }
        let names: Vec<String> = config.environments().keys().map(ToString::to_string).collect();
        if self.terminal.interactive
            && !names.is_empty()
            && let Some(index) = self.picker.pick("Which environment?", &names)?
        {
            return Ok(config.environment(&names[index])?);
        }
        Err(if names.is_empty() { Usage::NoDeclaredEnvironment } else { Usage::NoEnvironment(names) }.into())
    }

    /// Returns the error for a word that names no environment: if it is a stack, the error says so.
    fn explain_stack_name(
        &self,
        config: &Config,
        error: UnknownEnvironment,
        takes_stack: bool,
    ) -> anyhow::Error {
        let all: Vec<&Environment> = config.environments().values().collect();
        let offline = self.check_offline(config, &all, &[], StartedPrograms::None);
        if offline.inventories.iter().all(|inventory| inventory.get(&error.word).is_none()) {
            return error.into();
        }
        let names = all.iter().map(|environment| environment.name.to_string());
        let aliases = all.iter().flat_map(|environment| environment.aliases.iter().cloned());
        let environments = names.chain(aliases).collect();
        Usage::StackAsEnvironment { stack: error.word, environments, takes_stack }.into()
    }

    /// Returns the environments that words name; without words all of them.
    pub fn environments<'c>(
        &self,
        config: &'c Config,
        words: &[String],
    ) -> anyhow::Result<Vec<&'c Environment>> {
        if words.is_empty() {
            return Ok(config.environments().values().collect());
        }
        words
            .iter()
            .map(|word| {
                config.environment(word).map_err(|error| self.explain_stack_name(config, error, false))
            })
            .collect()
    }

    /// Prints diagnostics on standard error.
    pub fn print_findings(&self, findings: &Diagnostics) {
        if !findings.0.is_empty() && self.printer.detail() > Detail::Quiet {
            self.printer.findings(findings);
        }
    }

    /// Returns a path for messages: relative to the working directory if it is below.
    pub fn shown_path(&self, path: &Utf8Path) -> Utf8PathBuf {
        path.strip_prefix(&self.dir).map_or_else(|_| path.to_owned(), Utf8Path::to_owned)
    }

    /// Refuses a command if `ENVCTL_READ_ONLY` is set; `change` names the things that the command would change.
    pub fn refuse_read_only(&self, command: &str, change: &str) -> Result<(), Stopped> {
        if !self.read_only {
            return Ok(());
        }
        let message = format!("`{command}` would change {change}, and `{READ_ONLY}` is set");
        // Which variables are secret is not known before the project is read.
        let plan = self.given_flags().hiding(|_| true).command_with_values("plan ENV");
        Err(Stopped::refused(message).hint(format!(
            "`{plan}` shows what would change; unset `{READ_ONLY}` where something is to be changed"
        )))
    }
}
