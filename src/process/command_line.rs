//! A program to start, as data.

use std::{collections::BTreeMap, ffi::OsString};

use camino::Utf8PathBuf;

/// Which process a request to stop is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignalTarget {
    /// The program that was started.
    #[default]
    Itself,
    /// Its children, for a program that drives another one and would pass a signal on too late; itself while it has none.
    Children,
    /// The program with all that it has started, for one that changes nothing and may not pass a signal on.
    Group,
}

/// A program with its arguments, folder and whole environment; nothing is inherited that is not written here.
#[derive(Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The program: an absolute path, or a name that is looked up on the PATH in `env`.
    pub program: OsString,
    /// Its arguments; never a secret.
    pub args: Vec<OsString>,
    /// The folder that it runs in.
    pub dir: Utf8PathBuf,
    /// Its environment, whole.
    pub env: BTreeMap<OsString, OsString>,
    /// Which process a request to stop is sent to.
    pub signal: SignalTarget,
    /// Whether it runs in a session of its own, where that can be had: without a terminal that it could ask on.
    pub apart: bool,
}

impl CommandLine {
    /// A program in a folder, with an environment and no arguments yet.
    pub fn new(
        program: impl Into<OsString>,
        dir: impl Into<Utf8PathBuf>,
        env: BTreeMap<OsString, OsString>,
    ) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            dir: dir.into(),
            env,
            signal: SignalTarget::Itself,
            apart: false,
        }
    }

    /// The same with one more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// The same with more arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// The same without a terminal, and with all that it starts asked to stop when it is.
    #[must_use]
    pub fn apart(self) -> Self {
        Self { signal: SignalTarget::Group, apart: true, ..self }
    }

    /// The same with one more variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }
}

impl std::fmt::Debug for CommandLine {
    /// The environment is left out: it holds secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CommandLine({:?} {:?} in {})", self.program, self.args, self.dir)
    }
}
