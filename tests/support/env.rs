//! Hermetic environment of envctl in tests: nothing of the machine's own environment reaches it.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    IdleTerminal, Program, Project, Run, Running, Streams, Terminal, launch, programs, project::git_identity,
    terminal,
};

/// Environment for one project: an empty home, a PATH of links to given programs, no colour, a fixed width.
#[derive(Clone)]
pub(crate) struct Env {
    root: PathBuf,
    bin: PathBuf,
    folder: PathBuf,
    system: bool,
    variables: BTreeMap<String, OsString>,
}

impl Env {
    /// Makes an environment with git and `sh`, and without an engine.
    pub(crate) fn new(project: &Project) -> Self {
        let around = project.around();
        let mut variables = BTreeMap::new();
        for (name, value) in [
            ("LC_ALL", "C.UTF-8"),
            ("TZ", "UTC"),
            ("TERM", "dumb"),
            ("NO_COLOR", "1"),
            ("COLUMNS", "120"),
            ("CHECKPOINT_DISABLE", "1"),
        ] {
            variables.insert(name.to_owned(), OsString::from(value));
        }
        variables.insert("HOME".to_owned(), around.join("home").into());
        variables.insert("TMPDIR".to_owned(), around.join("tmp").into());
        let env = Self {
            root: project.root(),
            bin: around.join("bin"),
            folder: project.root(),
            system: false,
            variables,
        };
        let git =
            ["/usr/bin/git", "/usr/local/bin/git", "/bin/git"].iter().find(|path| Path::new(path).exists());
        env.link("git", Path::new(git.expect("git is installed")));
        env.link("sh", Path::new("/bin/sh"));
        env
    }

    /// Puts a program on PATH.
    pub(crate) fn with(self, program: &Program) -> Self {
        self.link(program.name, &program.path);
        self
    }

    /// Puts envctl itself on PATH, for scripts that call it.
    pub(crate) fn with_envctl(self) -> Self {
        self.link("envctl", Path::new(env!("CARGO_BIN_EXE_envctl")));
        self
    }

    /// Adds `/usr/bin` and `/bin` to PATH, for programs that are scripts.
    pub(crate) fn with_system(mut self) -> Self {
        self.system = true;
        self
    }

    /// Lets engines install only the providers that `scripts/engines` built.
    #[track_caller]
    pub(crate) fn with_providers(self) -> Self {
        let [mirror] = programs(["provider_mirror"]);
        self.var("TF_CLI_CONFIG_FILE", mirror.path)
    }

    /// Sets an environment variable.
    pub(crate) fn var(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// Sets several environment variables.
    pub(crate) fn vars(self, variables: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        variables.into_iter().fold(self, |env, (name, value)| env.var(name, value))
    }

    /// Returns the value of an environment variable.
    pub(crate) fn value(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str)
    }

    /// Removes an environment variable.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// Sets the current folder, relative to the project.
    pub(crate) fn in_folder(mut self, relative: impl AsRef<Path>) -> Self {
        self.folder = self.root.join(relative);
        self
    }

    /// Runs envctl to its end.
    #[track_caller]
    pub(crate) fn run<const N: usize>(&self, args: [&str; N]) -> Run {
        self.run_args(&args)
    }

    /// Runs envctl with arguments that need not be UTF-8.
    #[track_caller]
    pub(crate) fn run_os(&self, args: &[&OsStr]) -> Run {
        let envctl = Path::new(env!("CARGO_BIN_EXE_envctl"));
        let output = self.command(envctl, &[]).args(args).output().expect("envctl can be started");
        Run::new(envctl, &["…"], &output, self.around())
    }

    /// Runs envctl with arguments whose number is not known at compile time.
    #[track_caller]
    pub(crate) fn run_args(&self, args: &[&str]) -> Run {
        self.start(Path::new(env!("CARGO_BIN_EXE_envctl")), args)
    }

    /// Starts envctl in a process group of its own, as a shell does, and does not wait for its end.
    #[track_caller]
    pub(crate) fn spawn<const N: usize>(&self, args: [&str; N]) -> Running {
        let command = self.command(Path::new(env!("CARGO_BIN_EXE_envctl")), &args);
        Running::start(command, &args, self.around())
    }

    /// Runs another program in this environment.
    #[track_caller]
    pub(crate) fn run_program(&self, program: &Program, args: &[&str]) -> Run {
        self.start(&program.path, args)
    }

    /// Runs a shell in this environment.
    #[track_caller]
    pub(super) fn run_shell(&self, shell: &Path, args: &[&str]) -> Run {
        self.start(shell, args)
    }

    #[track_caller]
    fn start(&self, program: &Path, args: &[&str]) -> Run {
        let output = self.command(program, args).output();
        let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        Run::new(program, args, &output, self.around())
    }

    /// Starts envctl on a terminal.
    #[track_caller]
    pub(crate) fn on_terminal<const N: usize>(
        &self,
        terminal: IdleTerminal,
        streams: Streams,
        args: [&str; N],
    ) -> Terminal {
        let command = terminal::session(Path::new(env!("CARGO_BIN_EXE_envctl")), &args);
        terminal.start(self.prepared(command), &args, streams, self.around())
    }

    /// Returns the folder that holds the project.
    fn around(&self) -> &Path {
        self.root.parent().expect("a project lies in a folder")
    }

    fn command(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = launch::hermetic(program);
        command.args(args);
        self.prepared(command)
    }

    /// Adds this environment to a command.
    fn prepared(&self, mut command: Command) -> Command {
        git_identity(&mut command);
        let mut path = self.bin.clone().into_os_string();
        if self.system {
            path.push(":/usr/bin:/bin");
        }
        command.current_dir(&self.folder).env("PATH", path).envs(&self.variables);
        command
    }

    /// Links a file into PATH under a name.
    pub(crate) fn link(&self, name: &str, program: &Path) {
        let link = self.bin.join(name);
        if link.read_link().is_ok_and(|target| target == program) {
            return;
        }
        symlink(program, &link)
            .unwrap_or_else(|error| panic!("{} → {}: {error}", link.display(), program.display()));
    }
}
