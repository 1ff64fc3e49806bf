//! Command line of a program to start, as data.

use std::{collections::BTreeMap, ffi::OsString};

use camino::Utf8PathBuf;

/// Environment variables of a process, by name.
pub type EnvVars = BTreeMap<OsString, OsString>;

/// Process that receives a request to stop (SIGINT).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignalTarget {
    /// The program that envctl started.
    #[default]
    Itself,
    /// Children of the program, if it drives another program and would forward a signal too late (Terragrunt); the
    /// program itself while it has no child.
    Children,
    /// Process group of the program, for a program that changes nothing and may not forward a signal.
    Group,
}

/// Program with its arguments, working directory and complete environment; nothing of envctl's own environment is
/// inherited.
#[derive(Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// Absolute path, or a name that is looked up on the PATH in `env`.
    pub program: OsString,
    /// Arguments; never a secret, as other users can list them.
    pub args: Vec<OsString>,
    /// Working directory.
    pub dir: Utf8PathBuf,
    /// Complete environment; nothing is inherited.
    pub env: EnvVars,
    /// Process that receives a request to stop.
    pub signal: SignalTarget,
    /// True if the program should run in a new session, without a terminal to prompt on; ignored where `setsid` is
    /// missing.
    pub in_new_session: bool,
}

impl CommandLine {
    /// Makes a command line without arguments.
    pub fn new(program: impl Into<OsString>, dir: impl Into<Utf8PathBuf>, env: EnvVars) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            dir: dir.into(),
            env,
            signal: SignalTarget::Itself,
            in_new_session: false,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Runs the program in a new session without a terminal, and sends requests to stop to its whole process group.
    #[must_use]
    pub fn new_session(self) -> Self {
        Self { signal: SignalTarget::Group, in_new_session: true, ..self }
    }

    /// Adds or replaces a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }
}

impl std::fmt::Debug for CommandLine {
    /// Omits the environment, which holds secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CommandLine({:?} {:?} in {})", self.program, self.args, self.dir)
    }
}
