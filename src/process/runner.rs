//! Runs programs for a whole run: each is counted, watched, masked, and asked to stop when the user wants that.

use std::{io, time::Duration};

use camino::Utf8Path;

use super::{
    Captured, CommandLine, Finished, ProcessError, ProcessEvent, Redactor, Stream,
    lines::Lines,
    pipes::drain,
    registry::Registry,
    start::{Running, Streams, start},
    tail::{OutputFile, follow},
};

/// Runs programs; one for a whole run, shared by its threads.
///
/// Every program but one started by [`Runner::inherit`] has an empty standard input and leads a process group of its
/// own, so that no signal of the terminal reaches it: only [`Runner::interrupt`] does.
#[derive(Default)]
pub struct Runner {
    registry: Registry,
    redactor: Redactor,
}

impl Runner {
    /// A runner that has started nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What masks secrets in the lines that it hands on; secrets can be added to it.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// How many programs it has started.
    pub fn started(&self) -> u64 {
        self.registry.count()
    }

    /// How many of them run right now, apart from inherited ones.
    pub fn running(&self) -> usize {
        self.registry.running()
    }

    /// From now on nothing starts any more, and each running program gets exactly one SIGINT: the process itself, not
    /// its group. Called again, it sends one more.
    pub fn interrupt(&self) {
        self.registry.interrupt();
    }

    /// Whether [`Runner::interrupt`] was called.
    pub fn is_interrupted(&self) -> bool {
        self.registry.is_interrupted()
    }

    /// Waits for a while; an interrupt ends the wait at once.
    pub fn pause(&self, time: Duration) {
        self.registry.pause(time);
    }

    /// Kills every running program with its process group, whatever that loses.
    pub fn kill_groups(&self) {
        self.registry.kill_groups();
    }

    /// Runs a program that changes nothing and hands on its lines, each stream in its order, with secrets masked.
    pub fn read(
        &self,
        command: &CommandLine,
        on_event: &mut dyn FnMut(ProcessEvent<'_>),
    ) -> Result<Finished, ProcessError> {
        let (running, stdout, stderr) = self.start_piped(command)?;
        on_event(ProcessEvent::Started { pid: running.pid() });
        let read = self.split(on_event, |on_bytes| drain(&running, stdout, stderr, on_bytes));
        let finished = running.finish();
        read.and(finished)
    }

    /// Runs a program that may change something: it writes to two files of its own, which are followed, so that it
    /// finishes even when envctl is killed. Both are made anew, readable by their owner alone.
    pub fn mutate(
        &self,
        command: &CommandLine,
        stdout: &Utf8Path,
        stderr: &Utf8Path,
        on_event: &mut dyn FnMut(ProcessEvent<'_>),
    ) -> Result<Finished, ProcessError> {
        let program = command.program.to_string_lossy();
        let (out, out_writer) = OutputFile::create(stdout, &program)?;
        let (err, err_writer) = OutputFile::create(stderr, &program)?;
        let running = start(command, Streams::To(out_writer.into(), err_writer.into()), &self.registry)?;
        on_event(ProcessEvent::Started { pid: running.pid() });
        let mut files = [(Stream::Stdout, out), (Stream::Stderr, err)];
        let followed = self.split(on_event, |on_bytes| follow(&running, &mut files, on_bytes));
        let finished = running.finish();
        followed.and(finished)
    }

    /// Runs a program and keeps what it writes, unmasked.
    pub fn capture(&self, command: &CommandLine) -> Result<Captured, ProcessError> {
        self.capture_started(command, &mut |_| {})
    }

    /// As [`Runner::capture`], and says the process id before anything is read.
    pub fn capture_started(
        &self,
        command: &CommandLine,
        on_start: &mut dyn FnMut(u32),
    ) -> Result<Captured, ProcessError> {
        let (running, stdout, stderr) = self.start_piped(command)?;
        on_start(running.pid());
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let read = drain(&running, stdout, stderr, &mut |stream, bytes| match stream {
            Stream::Stdout => out.extend_from_slice(bytes),
            Stream::Stderr => err.extend_from_slice(bytes),
        });
        let finished = running.finish();
        let finished = read.and(finished)?;
        Ok(Captured { exit: finished.exit, pid: finished.pid, stdout: out, stderr: err })
    }

    /// Runs a program on envctl's own terminal, unmasked and in its process group: Ctrl-C reaches it directly.
    pub fn inherit(&self, command: &CommandLine) -> Result<Finished, ProcessError> {
        start(command, Streams::Inherited, &self.registry)?.finish()
    }

    fn start_piped(
        &self,
        command: &CommandLine,
    ) -> Result<(Running<'_>, io::PipeReader, io::PipeReader), ProcessError> {
        let pipe = || {
            io::pipe().map_err(|source| ProcessError::Start {
                program: command.program.to_string_lossy().into_owned(),
                source,
            })
        };
        let (stdout, out_writer) = pipe()?;
        let (stderr, err_writer) = pipe()?;
        let running = start(command, Streams::To(out_writer.into(), err_writer.into()), &self.registry)?;
        Ok((running, stdout, stderr))
    }

    /// Cuts what `read` reads into lines, masks them and hands them on, the last one of each stream included.
    fn split(
        &self,
        on_event: &mut dyn FnMut(ProcessEvent<'_>),
        read: impl FnOnce(&mut dyn FnMut(Stream, &[u8])) -> Result<(), ProcessError>,
    ) -> Result<(), ProcessError> {
        let mut hand_on = |stream, raw: &str| {
            on_event(ProcessEvent::Line { stream, text: &self.redactor.mask(raw), raw });
        };
        let (mut out, mut err) = (Lines::new(), Lines::new());
        read(&mut |stream, bytes| {
            let lines = match stream {
                Stream::Stdout => &mut out,
                Stream::Stderr => &mut err,
            };
            lines.push(bytes, &mut |line| hand_on(stream, line));
        })?;
        out.finish(&mut |line| hand_on(Stream::Stdout, line));
        err.finish(&mut |line| hand_on(Stream::Stderr, line));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
