//! `envctl runs`: past runs, their reviews, diffs and logs.

use schemars::JsonSchema;
use serde::Serialize;

use super::{gc, resume};
use crate::{
    files,
    journal::{JournalError, RunStore, StoredRun},
    model::{
        ChangeCounts, EnvName, ExitStatus, Report, RunId, RunResult, RunVerb, StackId, StackNote,
        StackReport, StackResult,
    },
    reporter::report_table,
    run::{
        Context, Stopped,
        resumable::hint_unfinished,
        unreadable_run::{UnreadableRun, report_of},
    },
    ui::{Align, Count, Role, Table, seconds},
};

/// Arguments of `envctl runs`.
#[derive(Debug, Clone)]
pub enum RunsRequest {
    /// Lists runs, newest first.
    List {
        /// Name of the environment; `None` for all environments.
        environment: Option<String>,
        /// Maximum number of runs.
        limit: usize,
        /// True for output as JSON.
        json: bool,
    },
    /// One run, or the diff of one stack.
    Show {
        /// Id of a run, the beginning of an id, or `last`.
        run: String,
        /// Name of the stack; `None` for the whole run.
        stack: Option<String>,
        /// True for output as JSON.
        json: bool,
    },
    /// Removes old runs.
    Gc(gc::GcRequest),
    /// Resume a run that did not end successfully.
    Resume(Box<resume::ResumeRequest>),
    /// Prints the logs of the engines.
    Log {
        /// Id of a run, the beginning of an id, or `last`.
        run: String,
        /// Name of the stack; `None` for all stacks.
        stack: Option<String>,
    },
}

/// Output of `envctl runs list --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunsDocument {
    /// Version of this format: 1.
    format: u32,
    /// Runs, newest first.
    runs: Vec<RunEntry>,
    /// Runs that cannot be read: what they changed is unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<UnreadableEntry>,
}

/// One run that cannot be read.
#[derive(Debug, Serialize, JsonSchema)]
struct UnreadableEntry {
    /// Id of the run.
    #[schemars(with = "String")]
    run: RunId,
    /// Name of the environment; absent if the request of the run cannot be read either.
    #[schemars(with = "Option<String>")]
    environment: Option<EnvName>,
    /// Reason, with the path of the journal.
    reason: String,
}

/// Run in the list of runs.
#[derive(Debug, Serialize, JsonSchema)]
struct RunEntry {
    /// Id of the run.
    #[schemars(with = "String")]
    run: RunId,
    /// Verb of the run.
    command: RunVerb,
    /// Name of the environment.
    #[schemars(with = "String")]
    environment: EnvName,
    /// Result of the run; absent if it did not end.
    result: Option<RunResult>,
    /// Exit code of the verb.
    exit_code: Option<u8>,
    /// Start of the run.
    started: String,
    /// Duration in seconds.
    duration: f64,
    /// Commit of the run.
    commit: Option<String>,
    /// Number of changes of each kind.
    totals: ChangeCounts,
}

impl From<Report> for RunEntry {
    fn from(report: Report) -> Self {
        Self {
            run: report.run,
            command: report.command,
            environment: report.environment,
            result: report.result,
            exit_code: report.exit_code,
            started: report.started.to_string(),
            duration: report.duration,
            commit: report.commit,
            totals: report.totals,
        }
    }
}

/// Runs `envctl runs`.
pub fn run(context: &Context, request: &RunsRequest) -> anyhow::Result<ExitStatus> {
    let root = context.config_file()?.parent().map_or_else(|| context.dir.clone(), ToOwned::to_owned);
    let store = RunStore::new(&root);
    match request {
        RunsRequest::Gc(request) => gc::run(context, request),
        RunsRequest::Resume(request) => resume::run(context, request),
        RunsRequest::List { environment, limit, json } => {
            print_list(context, &store, environment.as_deref(), *limit, *json)
        }
        RunsRequest::Show { run, stack: None, json } => print_run(context, &store, &store.find(run)?, *json),
        RunsRequest::Show { run, stack: Some(stack), .. } => {
            print_diff(context, &store, &store.find(run)?, stack)
        }
        RunsRequest::Log { run, stack } => print_log(context, &store, &store.find(run)?, stack.as_deref()),
    }
}

/// Prints the newest runs.
fn print_list(
    context: &Context,
    store: &RunStore,
    environment: Option<&str>,
    limit: usize,
    json: bool,
) -> anyhow::Result<ExitStatus> {
    let wanted = match environment {
        Some(word) => Some(context.config()?.environment(word)?.name.clone()),
        None => None,
    };
    let (mut reports, mut unreadable) = (Vec::new(), Vec::new());
    for stored in store.list()? {
        if reports.len() == limit {
            break;
        }
        match stored.report() {
            Ok(report) if wanted.as_ref().is_none_or(|w| *w == report.environment) => reports.push(report),
            Ok(_) => {}
            Err(_) if !stored.may_have_begun() => {}
            Err(error) => {
                let run = UnreadableRun::new(store, &stored, error);
                if wanted.as_ref().is_none_or(|wanted| run.may_concern(wanted)) {
                    run.print(context);
                    unreadable.push(run);
                }
            }
        }
    }
    if json {
        let unreadable = unreadable.into_iter().map(|run| UnreadableEntry {
            run: run.id,
            environment: run.environment,
            reason: run.error.to_string(),
        });
        let document = RunsDocument {
            format: 1,
            runs: reports.into_iter().map(RunEntry::from).collect(),
            unreadable: unreadable.collect(),
        };
        context.printer.data(format_args!("{}\n", serde_json::to_string_pretty(&document)?))?;
        return Ok(ExitStatus::Success);
    }
    if reports.is_empty() {
        if unreadable.is_empty() {
            context.printer.say("no runs yet");
        }
        return Ok(ExitStatus::Success);
    }
    let styles = context.printer.out_styles();
    let mut table = Table::new(&[
        ("RUN", Align::Left),
        ("STARTED", Align::Left),
        ("VERB", Align::Left),
        ("ENVIRONMENT", Align::Left),
        ("RESULT", Align::Left),
        ("CHANGES", Align::Right),
        ("TIME", Align::Right),
    ]);
    for report in reports {
        let result = report.result.map_or("unfinished", RunResult::as_str);
        let role = match report.result {
            Some(RunResult::Clean | RunResult::Changes | RunResult::Applied) => Role::Success,
            _ => Role::Warning,
        };
        table.row([
            report.run.to_string(),
            report.started.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
            report.command.to_string(),
            report.environment.to_string(),
            styles.paint(role, result),
            report.totals.resources().to_string(),
            seconds(report.duration),
        ]);
    }
    table.drop_to_fit(context.printer.width(), &["TIME", "CHANGES", "STARTED"]);
    context.printer.text(table.render(context.printer.width()))?;
    hint_unfinished(context, store)?;
    Ok(ExitStatus::Success)
}

/// Prints the report of a run.
fn print_run(
    context: &Context,
    store: &RunStore,
    stored: &StoredRun,
    json: bool,
) -> anyhow::Result<ExitStatus> {
    let report = report_of(context, store, stored)?;
    if json {
        context.printer.data(format_args!("{}\n", serde_json::to_string_pretty(&report)?))?;
        return Ok(ExitStatus::Success);
    }
    let styles = context.printer.out_styles();
    let result = report.result.map_or("unfinished", RunResult::as_str);
    let heading = format!(
        "{} {} {}: {result}, {}, {}",
        report.run,
        report.command,
        report.environment,
        Count(report.stacks.len() as u64, "stack"),
        seconds(report.duration)
    );
    context.printer.prose(format_args!("{}\n", styles.paint(Role::Heading, heading)))?;
    if let Some(digest) = &report.digest {
        context.printer.text(format_args!("review {}\n", digest.get(..16).unwrap_or(digest)))?;
    }
    if let Some(error) = &report.error {
        context.printer.prose(format_args!("{}\n", error.summary))?;
    }
    context.printer.text("\n")?;
    context.printer.text(report_table(&report, styles, context.printer.width()))?;
    for stack in report.stacks.iter().filter(|s| !s.resources.is_empty()) {
        context.printer.text(format_args!("\n{}\n", styles.paint(Role::Heading, &stack.stack)))?;
        for resource in &stack.resources {
            context.printer.text(format_args!("  {} {}\n", resource.action, resource.address))?;
        }
    }
    Ok(ExitStatus::Success)
}

/// Prints the diff of a stack in a run.
fn print_diff(
    context: &Context,
    store: &RunStore,
    stored: &StoredRun,
    stack: &str,
) -> anyhow::Result<ExitStatus> {
    let report = report_of(context, store, stored)?;
    let stack = find_stack(&report, stack)?;
    match files::read_whole_text(&stored.dir.diff(&stack)) {
        Ok(diff) => context.printer.text(format_args!("{}\n", diff.trim_end_matches('\n')))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let reported = report.stacks.iter().find(|reported| reported.stack == stack);
            context.printer.say(no_diff_message(reported, &stack));
        }
        Err(error) => return Err(JournalError::io("read", stored.dir.diff(&stack))(error).into()),
    }
    Ok(ExitStatus::Success)
}

/// Returns the line about a stack without a diff: its result in the run.
fn no_diff_message(reported: Option<&StackReport>, stack: &StackId) -> String {
    let notes = reported.iter().flat_map(|reported| &reported.notes);
    match reported.and_then(|reported| reported.result) {
        Some(StackResult::Clean) => format!("`{stack}` had no changes in this run"),
        Some(StackResult::Deferred) => {
            let mut reasons = notes.filter_map(|note| match StackNote::parse(note) {
                StackNote::Deferred(reason) => Some(reason),
                _ => None,
            });
            let reason = reasons.next().map_or(String::new(), |reason| format!(": {reason}"));
            format!("`{stack}` was deferred in this run{reason}")
        }
        Some(result) => format!("`{stack}` has no diff in this run; its result is `{}`", result.as_str()),
        None => format!("`{stack}` has no diff in this run, which did not finish it"),
    }
}

/// Prints the logs of a run, or of one stack in it.
fn print_log(
    context: &Context,
    store: &RunStore,
    stored: &StoredRun,
    stack: Option<&str>,
) -> anyhow::Result<ExitStatus> {
    let report = report_of(context, store, stored)?;
    let stacks = match stack {
        Some(stack) => vec![find_stack(&report, stack)?],
        None => report.stacks.into_iter().map(|s| s.stack).collect(),
    };
    let several = stacks.len() > 1;
    for stack in stacks {
        let path = stored.dir.log(&stack);
        let text = match files::read_whole(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(JournalError::io("read", path)(error).into()),
        };
        if several {
            let heading = context.printer.out_styles().paint(Role::Heading, format_args!("# {stack}"));
            context.printer.text(format_args!("{heading}\n"))?;
        }
        context.printer.text(text)?;
    }
    Ok(ExitStatus::Success)
}

/// Returns the stack of this name in a run, or the error for an unknown name.
fn find_stack(report: &Report, name: &str) -> anyhow::Result<StackId> {
    if let Some(stack) = report.stacks.iter().find(|s| s.stack.as_str() == name) {
        return Ok(stack.stack.clone());
    }
    let names: Vec<&str> = report.stacks.iter().map(|s| s.stack.as_str()).collect();
    let error = Stopped {
        status: ExitStatus::Usage,
        message: format!("run {} has no stack `{name}`", report.run),
        hints: vec![if names.is_empty() {
            "no stack was part of it".to_owned()
        } else {
            format!("it has {}", names.join(", "))
        }],
    };
    Err(error.into())
}
