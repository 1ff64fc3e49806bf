//! One process of an engine: start, log, progress and output.

use camino::Utf8PathBuf;

use super::{document::Dialect, log::Log};
use crate::{
    engine::{
        EngineError, Progress, Session, Target,
        messages::{
            stream_json::{self, EngineDiagnostic, Message},
            value_place::with_place,
        },
        recovery::{EngineReports, StateMask},
    },
    files,
    model::{Failure, FailureKind},
    process::{
        CapturedOutput, CommandLine, Exit, FinishedProcess, ProcessError, ProcessEvent, Stream,
        without_credentials,
    },
    ui::uncolored,
};

/// Output and end of an engine process that wrote a JSON stream.
#[derive(Debug)]
pub(in crate::engine) struct StreamResult {
    /// Exit of the process.
    pub(in crate::engine) exit: Exit,
    /// Version that the engine reported.
    pub(in crate::engine) version: Option<String>,
    /// First resource or output that the engine would change.
    pub(in crate::engine) first_change: Option<String>,
    /// True if the engine deferred a change to a later plan.
    pub(in crate::engine) has_deferred_changes: bool,
    /// Reports of the engine on its work and on the state.
    pub(in crate::engine) reports: EngineReports,
    /// Warnings and errors that the engine reported.
    pub(in crate::engine) diagnostics: Vec<EngineDiagnostic>,
    /// First line on standard output that was no JSON object.
    pub(in crate::engine) non_json_output: Option<String>,
    /// Last lines of standard error.
    pub(in crate::engine) stderr: Vec<String>,
    /// Messages for the user.
    pub(in crate::engine) notes: Vec<String>,
    /// Filter that hides the state if the engine prints it.
    state_mask: StateMask,
}

/// Files that receive standard output and standard error of a command that may change a state. They hold secrets: envctl
/// removes them as soon as it has read what it needs.
#[derive(Debug)]
pub(in crate::engine) struct OutputFiles {
    /// File of standard output.
    pub(in crate::engine) stdout: Utf8PathBuf,
    /// File of standard error.
    pub(in crate::engine) stderr: Utf8PathBuf,
}

impl OutputFiles {
    /// Returns the paths of the output files for the next command of a session.
    pub(in crate::engine) fn for_session(session: &Session<'_>) -> Self {
        let [stdout, stderr] = ["stdout", "stderr"].map(|name| session.log.with_extension(name));
        Self { stdout, stderr }
    }

    /// Removes the files; returns a note for each that could not be removed.
    pub(in crate::engine) fn remove(self) -> Vec<String> {
        let removed = [self.stdout, self.stderr].map(|file| (files::remove_if_there(&file), file));
        let kept = removed.into_iter().filter_map(|(result, file)| Some((result.err()?, file)));
        kept.map(|(error, file)| format!("`{file}` may hold secrets and could not be removed: {error}"))
            .collect()
    }
}

/// Number of lines of standard error that are kept: the last ones hold the error.
const KEPT_LINES: usize = 200;

/// Runs a command that changes nothing and reads its JSON stream.
pub(in crate::engine) fn stream(
    session: &Session<'_>,
    target: &Target,
    command: &CommandLine,
) -> Result<StreamResult, EngineError> {
    let run = |on_event: &mut dyn FnMut(ProcessEvent<'_>)| session.runner.read(command, on_event);
    run_streamed(session, target, command, false, |on_event| run(on_event).map(|end| end.exit))
}

/// Runs a command that may change a state and reads its JSON stream from `output_files`, which the caller removes: the log
/// has their content, masked.
pub(in crate::engine) fn stream_mutating(
    session: &Session<'_>,
    target: &Target,
    command: &CommandLine,
    output_files: &OutputFiles,
) -> Result<StreamResult, EngineError> {
    run_streamed(session, target, command, true, |on_event| {
        session
            .runner
            .mutate(command, &output_files.stdout, &output_files.stderr, on_event)
            .map(|end| end.exit)
    })
}

/// Runs a command by `run` and reads its JSON stream while it runs.
fn run_streamed(
    session: &Session<'_>,
    target: &Target,
    command: &CommandLine,
    mutating: bool,
    run: impl FnOnce(&mut dyn FnMut(ProcessEvent<'_>)) -> Result<Exit, ProcessError>,
) -> Result<StreamResult, EngineError> {
    let mut log = Log::open(session.log, session.runner.redactor());
    log.command(command);
    let mut streamed = StreamResult {
        exit: Exit::Code(0),
        version: None,
        first_change: None,
        has_deferred_changes: false,
        reports: EngineReports::default(),
        diagnostics: Vec::new(),
        non_json_output: None,
        stderr: Vec::new(),
        notes: Vec::new(),
        state_mask: StateMask::default(),
    };
    streamed.exit = run(&mut |event| match event {
        ProcessEvent::Started { pid } => (session.observer)(Progress::Started { pid, mutating }),
        ProcessEvent::Line { stream: Stream::Stdout, raw, .. } => {
            streamed.read_line(raw, &mut log, session, target);
        }
        ProcessEvent::Line { stream: Stream::Stderr, text, .. } => {
            let stderr = &mut streamed.stderr;
            streamed.state_mask.filter(Stream::Stderr, text, &mut |text| keep_stderr(stderr, text, &mut log));
        }
    })
    .map_err(start_error)?;
    let stderr = &mut streamed.stderr;
    streamed.state_mask.flush(&mut |text| keep_stderr(stderr, text, &mut log));
    // A plan with changes exits with 2, which is no failure.
    if !streamed.exit.is_success() && (mutating || streamed.exit != Exit::Code(2)) {
        log.line(&format!("({})", streamed.exit));
    }
    streamed.notes.extend(log.note());
    Ok(streamed)
}

/// Keeps a line of standard error in memory, without the oldest of more than [`KEPT_LINES`], and in the log.
fn keep_stderr(stderr: &mut Vec<String>, line: &str, log: &mut Log<'_>) {
    log.line(line);
    if stderr.len() == KEPT_LINES {
        stderr.remove(0);
    }
    stderr.push(without_credentials(line).into_owned());
}

impl StreamResult {
    /// Returns true if the engine printed the whole state.
    pub(in crate::engine) fn printed_its_state(&self) -> bool {
        self.state_mask.has_seen_state()
    }

    /// Parses an unmasked line of the engine; stored texts are masked.
    fn read_line(&mut self, raw: &str, log: &mut Log<'_>, session: &Session<'_>, target: &Target) {
        if let Some(instead) = self.state_mask.replacement(raw) {
            return log.line(instead);
        }
        let redactor = session.runner.redactor();
        let masked = |text: &str| redactor.mask(text).into_owned();
        let doing = |words: &str| (session.observer)(Progress::Doing(masked(words)));
        let (before, line) = stream_json::parse_within(raw);
        if !before.trim().is_empty() {
            log.line(before);
            self.non_json_output.get_or_insert_with(|| masked(before).chars().take(200).collect());
        }
        let Some(line) = line else { return };
        self.reports.record(&line.message, redactor);
        match line.message {
            Message::Diagnostic(diagnostic) => {
                let diagnostic = diagnostic.masked(redactor);
                log.diagnostic(&with_place(&diagnostic, target), &target.project);
                self.diagnostics.push(diagnostic);
                return;
            }
            Message::Version(version) => {
                self.version.get_or_insert(version);
            }
            Message::PlannedChange { address, action } => {
                if action != "noop" {
                    self.first_change.get_or_insert_with(|| masked(&address));
                }
            }
            Message::PlannedAction(address) => {
                self.first_change.get_or_insert_with(|| masked(&address));
            }
            Message::DeferredChange => self.has_deferred_changes = true,
            Message::Outputs(outputs) => {
                let changed =
                    outputs.into_iter().find(|(_, action)| action.as_ref().is_some_and(|a| a != "noop"));
                if let Some((name, _)) = changed {
                    self.first_change.get_or_insert_with(|| masked(&format!("output {name}")));
                }
            }
            Message::Doing(words) => doing(&words),
            Message::Done { address, .. } => doing(&format!("{address}: done")),
            Message::Errored { address, .. } => doing(&format!("{address}: failed")),
            Message::ProvisionerFailed(address) => doing(&format!("{address}: provisioning failed")),
            Message::Summary(_) | Message::Other => {}
        }
        log.line(&line.text);
    }

    /// Returns a failure if standard output holds anything but JSON objects, whatever the exit code.
    pub(in crate::engine) fn non_json_output(&self, program: &str, dialect: Dialect) -> Option<Failure> {
        let non_json_output = self.non_json_output.as_ref().filter(|_| dialect == Dialect::Pure)?;
        let summary =
            format!("`{program}` wrote something that is not its JSON: `{}`", non_json_output.escape_debug());
        Some(Failure::new(FailureKind::Engine, summary).with_detail(self.stderr.join("\n")))
    }

    /// Returns a failure if the standard output of a process that exited with 0 is not that of an engine, which always
    /// reports its version.
    pub(in crate::engine) fn implausible_output(&self, program: &str, dialect: Dialect) -> Option<Failure> {
        self.non_json_output(program, dialect).or_else(|| {
            let summary = format!("`{program}` did not say its version: it may not be the engine");
            let failure = Failure::new(FailureKind::Engine, summary).with_detail(self.stderr.join("\n"));
            self.version.is_none().then_some(failure)
        })
    }
}

/// Runs a command that changes nothing and returns its output; standard error goes to the log.
pub(in crate::engine) fn capture(
    session: &Session<'_>,
    command: &CommandLine,
) -> Result<CapturedOutput, EngineError> {
    let mut log = Log::open(session.log, session.runner.redactor());
    log.command(command);
    let captured = session
        .runner
        .capture_started(command, &mut |pid| (session.observer)(Progress::Started { pid, mutating: false }))
        .map_err(start_error)?;
    for line in String::from_utf8_lossy(&captured.stderr).lines() {
        log.line(line);
    }
    if !captured.exit.is_success() {
        log.line(&format!("({})", captured.exit));
    }
    Ok(captured)
}

/// Result of a command that may change a state.
#[derive(Debug)]
pub(in crate::engine) struct MutationResult {
    /// Exit code and process id.
    pub(in crate::engine) finished: FinishedProcess,
    /// True if the command printed its whole state.
    pub(in crate::engine) printed_its_state: bool,
    /// Reports of the engine on its work and on the state.
    pub(in crate::engine) reports: EngineReports,
}

/// Runs a command that may change a state, with its output in `output_files`, which the caller removes. Passes each line to
/// `on_line` and to the log, masked.
pub(in crate::engine) fn mutate(
    session: &Session<'_>,
    command: &CommandLine,
    output_files: &OutputFiles,
    on_line: &mut dyn FnMut(Stream, &str),
) -> Result<MutationResult, EngineError> {
    let mut log = Log::open(session.log, session.runner.redactor());
    log.command(command);
    let (mut state_mask, mut reports) = (StateMask::default(), EngineReports::default());
    let redactor = session.runner.redactor();
    let finished = session
        .runner
        .mutate(command, &output_files.stdout, &output_files.stderr, &mut |event| match event {
            ProcessEvent::Started { pid } => (session.observer)(Progress::Started { pid, mutating: true }),
            // A typed command may lack `-no-color`.
            ProcessEvent::Line { stream, text, raw } => {
                // Masking may break JSON, and masked addresses are not those of the state.
                if stream == Stream::Stdout {
                    reports.record_text(stream, &uncolored(raw), redactor);
                }
                state_mask.filter(stream, &uncolored(text), &mut |text| {
                    if stream == Stream::Stderr {
                        reports.record_text(stream, text, redactor);
                    }
                    log.line(text);
                    on_line(stream, text);
                });
            }
        })
        .map_err(start_error)?;
    state_mask.flush(&mut |text| {
        log.line(text);
        on_line(Stream::Stderr, text);
    });
    if !finished.exit.is_success() {
        log.line(&format!("({})", finished.exit));
    }
    if let Some(note) = log.note() {
        on_line(Stream::Stderr, &note);
    }
    Ok(MutationResult { finished, printed_its_state: state_mask.has_seen_state(), reports })
}

/// Runs a command that may change a state and returns its output, for callers that show the output only on a failure.
pub(in crate::engine) fn capture_mutating(
    session: &Session<'_>,
    command: &CommandLine,
) -> Result<CapturedOutput, EngineError> {
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let output_files = OutputFiles::for_session(session);
    let ran = mutate(session, command, &output_files, &mut |stream, text| {
        let said = match stream {
            Stream::Stdout => &mut stdout,
            Stream::Stderr => &mut stderr,
        };
        said.push_str(text);
        said.push('\n');
    });
    for note in output_files.remove() {
        stderr.push_str(&note);
        stderr.push('\n');
    }
    let finished = ran?.finished;
    let (stdout, stderr) = (stdout.into_bytes(), stderr.into_bytes());
    Ok(CapturedOutput { exit: finished.exit, pid: finished.pid, stdout, stderr })
}

/// Runs a command with the user's own streams.
pub(in crate::engine) fn run_inherited(
    command: &CommandLine,
    session: &Session<'_>,
) -> Result<Exit, EngineError> {
    Ok(session.runner.inherit(command).map_err(start_error)?.exit)
}

/// Converts the error of a process that did not start or that the user interrupted.
fn start_error(error: ProcessError) -> EngineError {
    match error {
        ProcessError::Interrupted => EngineError::Interrupted { notes: Vec::new() },
        other => EngineError::Failed(Failure::new(FailureKind::Engine, other.to_string())),
    }
}
