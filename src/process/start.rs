//! Start of one program, and the wait for its end.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    time::Instant,
};

use duct::Expression;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::{
    CommandLine, Exit, FinishedProcess, ProcessError, registry::Registry, session::setsid, which::which,
};

/// Destination of a program's standard streams.
pub(super) enum StandardStreams {
    /// Empty standard input, output to these descriptors; the program leads its own process group.
    To(OwnedFd, OwnedFd),
    /// Streams and process group of envctl: signals of the terminal reach the program directly.
    Inherited,
}

/// Started program that must be waited for.
pub(super) struct RunningProcess<'r> {
    handle: duct::Handle,
    registry: &'r Registry,
    program: String,
    pid: Pid,
    started: Instant,
}

/// Starts a program; fails if the run was interrupted.
pub(super) fn start<'r>(
    command: &CommandLine,
    streams: StandardStreams,
    registry: &'r Registry,
) -> Result<RunningProcess<'r>, ProcessError> {
    if registry.is_interrupted() {
        return Err(ProcessError::Interrupted);
    }
    let path = command.env.get(OsStr::new("PATH")).map(OsString::as_os_str);
    let program = which(&command.program, path)?;
    let session = command.in_new_session.then(|| setsid(path)).flatten();
    let has_session = session.is_some();
    let started_as = match session {
        Some(setsid) => {
            let args = [program.as_os_str()].into_iter().chain(command.args.iter().map(OsString::as_os_str));
            duct::cmd(setsid.as_std_path(), args)
        }
        None => duct::cmd(program.as_std_path(), &command.args),
    };
    let mut expression: Expression =
        started_as.dir(command.dir.as_std_path()).full_env(&command.env).unchecked();
    let watched = matches!(streams, StandardStreams::To(..));
    if let StandardStreams::To(stdout, stderr) = streams {
        expression =
            expression.stdin_null().stdout_file(stdout).stderr_file(stderr).before_spawn(move |child| {
                // A group leader cannot start a session, and a session has its own process group anyway.
                if !has_session {
                    child.process_group(0);
                }
                Ok(())
            });
    }
    let started = Instant::now();
    let handle = expression.start().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound if !command.dir.is_dir() => {
            ProcessError::NoSuchFolder { program: program.to_string(), dir: command.dir.clone() }
        }
        _ => ProcessError::Start { program: program.to_string(), source },
    })?;
    let pid = handle.pids().first().and_then(|pid| Pid::from_raw(i32::try_from(*pid).ok()?));
    let Some(pid) = pid else {
        return Err(ProcessError::Lost {
            program: program.to_string(),
            source: io::Error::other("it has no process id"),
        });
    };
    registry.register(pid, watched.then_some(command.signal));
    Ok(RunningProcess { handle, registry, program: program.into_string(), pid, started })
}

impl RunningProcess<'_> {
    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    pub(super) fn program(&self) -> &str {
        &self.program
    }

    /// Makes an error of reading from the program or waiting for it.
    pub(super) fn io_error(&self, source: impl Into<io::Error>) -> ProcessError {
        ProcessError::Lost { program: self.program.clone(), source: source.into() }
    }

    /// Returns true if the program has ended; its process id stays reserved until [`Self::finish`].
    pub(super) fn has_ended(&self) -> Result<bool, ProcessError> {
        has_process_ended(self.pid, WaitIdOptions::NOHANG).map_err(|error| self.io_error(error))
    }

    /// Waits until the program has ended; its process id stays reserved until [`Self::finish`].
    pub(super) fn wait(&self) -> Result<(), ProcessError> {
        has_process_ended(self.pid, WaitIdOptions::empty()).map(drop).map_err(|error| self.io_error(error))
    }

    /// Waits for the end of the program and releases its process id.
    pub(super) fn finish(self) -> Result<FinishedProcess, ProcessError> {
        self.wait()?;
        let duration = self.started.elapsed();
        // Removed from the registry before the id is released: a signal must not reach a new process with that id.
        self.registry.remove(self.pid);
        let status = self.handle.wait().map_err(|error| self.io_error(error))?.status;
        Ok(FinishedProcess { exit: Exit::from_status(status), pid: self.pid(), duration })
    }
}

fn has_process_ended(pid: Pid, hang: WaitIdOptions) -> rustix::io::Result<bool> {
    loop {
        match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | hang) {
            Ok(status) => return Ok(status.is_some()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}
