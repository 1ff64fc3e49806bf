//! envctl on a pseudo terminal, with scripted input.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{Mode, OFlags, open},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

use super::{Run, launch};

/// Standard streams that are the terminal; the others are files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streams {
    /// Standard input, output and error.
    All,
    /// Standard input and error; standard output is a file.
    AllButOutput,
}

/// Pseudo terminal in line mode with echo, as a shell leaves it, and the program that runs on it.
pub(crate) struct Terminal {
    master: File,
    child: Option<Child>,
    screen: Vec<u8>,
    output: Option<tempfile::NamedTempFile>,
    args: Vec<String>,
    around: PathBuf,
}

/// Pseudo terminal before a program runs on it, for input that is typed early.
pub(crate) struct IdleTerminal {
    master: File,
    slave: OwnedFd,
}

impl IdleTerminal {
    /// Opens a terminal.
    #[track_caller]
    pub(crate) fn open() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pty");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("a pty can be unlocked");
        let name = ptsname(&master, Vec::new()).expect("a pty has a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = open(&*name, flags, Mode::empty()).expect("the other end can be opened");
        Self { master: File::from(master), slave }
    }

    /// Sets the number of columns.
    #[track_caller]
    pub(crate) fn columns(self, columns: u16) -> Self {
        let size = Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.slave, size).expect("a terminal has a size");
        self
    }

    /// Types text before the program runs.
    #[track_caller]
    pub(crate) fn typed(mut self, text: &str) -> Self {
        self.master.write_all(text.as_bytes()).expect("a terminal takes what is typed");
        self
    }

    /// Starts a program as the leader of a session whose controlling terminal this is.
    #[track_caller]
    pub(super) fn start(
        self,
        mut command: Command,
        args: &[&str],
        streams: Streams,
        around: &Path,
    ) -> Terminal {
        let slave = || Stdio::from(self.slave.try_clone().expect("a file can be opened twice"));
        command.stdin(slave()).stdout(slave()).stderr(slave());
        let output = (streams == Streams::AllButOutput).then(|| {
            let file = tempfile::NamedTempFile::new().expect("a temporary file");
            command.stdout(Stdio::from(file.reopen().expect("a temporary file can be opened")));
            file
        });
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        let around = around.to_owned();
        Terminal { master: self.master, child: Some(child), screen: Vec::new(), output, args, around }
    }
}

/// Makes a command that starts a program as the leader of a session with the terminal on its standard input.
pub(super) fn session(program: &Path, args: &[&str]) -> Command {
    let mut command = launch::hermetic("/usr/bin/setsid");
    command.arg("--ctty").arg(program).args(args);
    command
}

impl Terminal {
    /// Returns the standard output up to now, if it is a file.
    pub(crate) fn output(&self) -> String {
        let file = self.output.as_ref().expect("standard output is a file");
        std::fs::read_to_string(file.path()).expect("UTF-8")
    }

    #[track_caller]
    pub(crate) fn types(mut self, text: &str) -> Self {
        self.master.write_all(text.as_bytes()).expect("a terminal takes what is typed");
        self
    }

    /// Waits until the screen shows a text that was not cleared by [`Terminal::then`]; panics after a minute.
    #[track_caller]
    pub(crate) fn shows(mut self, text: &str) -> Self {
        let seen = |screen: &[u8]| String::from_utf8_lossy(screen).find(text).map(|at| at + text.len());
        let given_up = Instant::now() + Duration::from_mins(1);
        while seen(&self.screen).is_none() {
            let is_open = self.look();
            assert!(is_open || seen(&self.screen).is_some(), "it ended without `{text}`\n{}", self.screen());
            assert!(Instant::now() < given_up, "it does not show `{text}`\n{}", self.screen());
        }
        self
    }

    /// Clears the recorded screen, so that the next text must be printed anew.
    pub(crate) fn then(mut self) -> Self {
        self.screen.clear();
        self
    }

    /// Closes the terminal, as closing its window does, and waits for the end of the program.
    #[track_caller]
    pub(crate) fn close(self) -> Run {
        let Self { master, child, screen, output, args, around } = self;
        drop(master);
        ended(child, screen, output, &args, &around)
    }

    /// Waits for the end of the program; the screen is returned as standard error.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Run {
        while self.look() {}
        ended(self.child, self.screen, self.output, &self.args, &self.around)
    }

    /// Reads new output; returns false when no process has the terminal open.
    fn look(&mut self) -> bool {
        let wait = Timespec { tv_sec: 1, tv_nsec: 0 };
        let mut master = [PollFd::new(&self.master, PollFlags::IN)];
        if poll(&mut master, Some(&wait)).expect("a terminal can be polled") == 0 {
            return true;
        }
        let mut buffer = [0; 4096];
        match self.master.read(&mut buffer) {
            Ok(count) if count > 0 => {
                self.screen.extend_from_slice(&buffer[..count]);
                true
            }
            // EIO, after all other ends are closed.
            _ => false,
        }
    }

    fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen).into_owned()
    }
}

#[track_caller]
fn ended(
    child: Option<Child>,
    screen: Vec<u8>,
    output: Option<tempfile::NamedTempFile>,
    args: &[String],
    around: &Path,
) -> Run {
    let status = child.expect("it runs").wait().expect("a child can be waited for");
    let stdout = output.map_or_else(Vec::new, |file| std::fs::read(file.path()).expect("its output"));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    Run::new(Path::new("envctl"), &args, &Output { status, stdout, stderr: screen }, around)
}
