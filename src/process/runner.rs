//! Runner that starts all programs of a run: counts and follows them, masks their output, and forwards interrupts.

use std::{io, time::Duration};

use camino::Utf8Path;

use super::{
    CapturedOutput, CommandLine, FinishedProcess, ProcessError, ProcessEvent, Redactor, Stream,
    lines::LineSplitter,
    pipes::drain,
    registry::Registry,
    start::{RunningProcess, StandardStreams, start},
    tail::{OutputFile, follow_output_files},
};

/// Starts programs; one runner per run, shared by its threads.
///
/// Every program not started by [`Runner::inherit`] has an empty standard input and its own process group, so that no
/// signal of the terminal reaches it: only [`Runner::interrupt`] does.
#[derive(Default)]
pub struct Runner {
    registry: Registry,
    redactor: Redactor,
}

impl Runner {
    /// Makes a runner that has started no program yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the redactor for the lines that the runner passes on; secrets can be added to it.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Returns the number of programs that were started.
    pub fn started_count(&self) -> u64 {
        self.registry.started_count()
    }

    /// Returns the number of programs that run now, except inherited ones.
    pub fn running_count(&self) -> usize {
        self.registry.running_count()
    }

    /// Prevents further starts, and sends exactly one SIGINT to each running program, by its
    /// [`SignalTarget`](super::SignalTarget). A second call sends one more.
    pub fn interrupt(&self) {
        self.registry.interrupt();
    }

    /// Returns true if [`Runner::interrupt`] was called.
    pub fn is_interrupted(&self) -> bool {
        self.registry.is_interrupted()
    }

    /// Waits for a time; an interrupt ends the wait at once.
    pub fn pause(&self, time: Duration) {
        self.registry.pause(time);
    }

    /// Kills every running program with its process group, even if that loses a state.
    pub fn kill_groups(&self) {
        self.registry.kill_groups();
    }

    /// Runs a program that changes nothing and passes on its lines with secrets masked, in order within each stream.
    pub fn read(
        &self,
        command: &CommandLine,
        on_event: &mut dyn FnMut(ProcessEvent<'_>),
    ) -> Result<FinishedProcess, ProcessError> {
        let (running, stdout, stderr) = self.start_piped(command)?;
        on_event(ProcessEvent::Started { pid: running.pid() });
        let read = self.pass_on_lines(on_event, |on_bytes| drain(&running, stdout, stderr, on_bytes));
        let finished = running.finish();
        read.and(finished)
    }

    /// Runs a program that may change something. It writes to two files, which envctl follows, so that the program
    /// can finish even when envctl is killed. Existing files are replaced; only their owner may read them.
    pub fn mutate(
        &self,
        command: &CommandLine,
        stdout: &Utf8Path,
        stderr: &Utf8Path,
        on_event: &mut dyn FnMut(ProcessEvent<'_>),
    ) -> Result<FinishedProcess, ProcessError> {
        let program = command.program.to_string_lossy();
        let (out, out_writer) = OutputFile::create(stdout, &program)?;
        let (err, err_writer) = OutputFile::create(stderr, &program)?;
        let running =
            start(command, StandardStreams::To(out_writer.into(), err_writer.into()), &self.registry)?;
        on_event(ProcessEvent::Started { pid: running.pid() });
        let mut files = [(Stream::Stdout, out), (Stream::Stderr, err)];
        let followed =
            self.pass_on_lines(on_event, |on_bytes| follow_output_files(&running, &mut files, on_bytes));
        let finished = running.finish();
        followed.and(finished)
    }

    /// Runs a program and returns its unmasked output.
    pub fn capture(&self, command: &CommandLine) -> Result<CapturedOutput, ProcessError> {
        self.capture_started(command, &mut |_| {})
    }

    /// Runs a program as [`Runner::capture`] does, and passes on its process id before reading any output.
    pub fn capture_started(
        &self,
        command: &CommandLine,
        on_start: &mut dyn FnMut(u32),
    ) -> Result<CapturedOutput, ProcessError> {
        let (running, stdout, stderr) = self.start_piped(command)?;
        on_start(running.pid());
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let read = drain(&running, stdout, stderr, &mut |stream, bytes| match stream {
            Stream::Stdout => out.extend_from_slice(bytes),
            Stream::Stderr => err.extend_from_slice(bytes),
        });
        let finished = running.finish();
        let finished = read.and(finished)?;
        Ok(CapturedOutput { exit: finished.exit, pid: finished.pid, stdout: out, stderr: err })
    }

    /// Runs a program on envctl's own terminal, unmasked and in its process group: Ctrl-C reaches it directly.
    pub fn inherit(&self, command: &CommandLine) -> Result<FinishedProcess, ProcessError> {
        start(command, StandardStreams::Inherited, &self.registry)?.finish()
    }

    fn start_piped(
        &self,
        command: &CommandLine,
    ) -> Result<(RunningProcess<'_>, io::PipeReader, io::PipeReader), ProcessError> {
        let pipe = || {
            io::pipe().map_err(|source| ProcessError::Start {
                program: command.program.to_string_lossy().into_owned(),
                source,
            })
        };
        let (stdout, out_writer) = pipe()?;
        let (stderr, err_writer) = pipe()?;
        let running =
            start(command, StandardStreams::To(out_writer.into(), err_writer.into()), &self.registry)?;
        Ok((running, stdout, stderr))
    }

    /// Splits the output that `read` returns into lines, masks and passes them on, including an unfinished last line
    /// of each stream.
    fn pass_on_lines(
        &self,
        on_event: &mut dyn FnMut(ProcessEvent<'_>),
        read: impl FnOnce(&mut dyn FnMut(Stream, &[u8])) -> Result<(), ProcessError>,
    ) -> Result<(), ProcessError> {
        let mut emit = |stream, raw: &str| {
            on_event(ProcessEvent::Line { stream, text: &self.redactor.mask(raw), raw });
        };
        let (mut out, mut err) = (LineSplitter::new(), LineSplitter::new());
        read(&mut |stream, bytes| {
            let lines = match stream {
                Stream::Stdout => &mut out,
                Stream::Stderr => &mut err,
            };
            lines.push(bytes, &mut |line| emit(stream, line));
        })?;
        out.finish(&mut |line| emit(Stream::Stdout, line));
        err.finish(&mut |line| emit(Stream::Stderr, line));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
