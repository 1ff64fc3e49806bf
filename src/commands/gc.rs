//! `envctl runs gc`: removes old runs, plan files first, and the remains of killed commands.

use std::{fs, io, time::Duration};

use camino::Utf8Path;

use crate::{
    journal::{AbandonedCommand, GcCandidate, JournalError, RunStore, StoredRun, Verdict, verdicts},
    model::ExitStatus,
    process::{processes_using, processes_writing_below},
    run::{
        Context, last_deployment::keep_deployments, raw_output_recovery::recover_raw_output,
        resumable::RunEvents,
    },
    ui::Count,
};

/// Arguments of `envctl runs gc`.
#[derive(Debug, Clone)]
pub struct GcRequest {
    /// Minimum age of removed runs; `None` for `store.keep`, or else thirty days, unless `keep` is given.
    pub older_than: Option<Duration>,
    /// Number of newest runs of each environment to keep.
    pub keep: Option<usize>,
    /// True if nothing is removed and the list is printed.
    pub dry_run: bool,
}

/// Default minimum age of removed runs.
const DEFAULT_AGE: Duration = Duration::from_hours(30 * 24);

/// Folder with the backups of states that typed migrations moved.
const BACKUPS: &str = ".envctl/backups";

/// Runs `envctl runs gc`.
pub fn run(context: &Context, request: &GcRequest) -> anyhow::Result<ExitStatus> {
    let config = context.config()?;
    let store = RunStore::new(config.root());
    let runs = store.list()?;
    let candidates: Vec<GcCandidate> = runs.iter().map(|run| candidate_for_removal(context, run)).collect();
    let age = match (request.older_than, request.keep) {
        (Some(age), _) => Some(age),
        (None, Some(_)) => None,
        (None, None) => Some(config.keep_runs().unwrap_or(DEFAULT_AGE)),
    };
    let found = verdicts(&candidates, context.clock.now(), age, request.keep.unwrap_or(0));
    let mut old = Vec::new();
    for (run, verdict) in runs.iter().zip(found) {
        match verdict {
            Verdict::Remove => old.push(run),
            Verdict::Running => {
                context.printer.say(format_args!("run {} stays: it is still running", run.id));
            }
            Verdict::Resumable => {
                context.printer.say(format_args!("run {} stays: it is unfinished", run.id));
                let resume = context.given_flags().command(&format!("runs resume {}", run.id));
                context.printer.hint(format_args!("Continue: `{resume}`"));
            }
            Verdict::Young => {}
        }
    }
    if !request.dry_run {
        recover_raw_output(context, &store, None, None);
    }
    let abandoned = abandoned_commands(context, &store)?;
    let mut freed = 0;
    for folder in &abandoned {
        freed += size(&folder.path).map_err(JournalError::io("read", &folder.path))?;
        if request.dry_run {
            context.printer.data(format_args!("{}\n", folder.path.file_name().unwrap_or_default()))?;
        }
    }
    for run in &old {
        freed += size(run.dir.path()).map_err(JournalError::io("read", run.dir.path()))?;
        if request.dry_run {
            context.printer.data(format_args!("{}\n", run.id))?;
        }
    }
    let mut count = Count(old.len() as u64, "run").to_string();
    if !abandoned.is_empty() {
        count = format!("{count} and {} of killed commands", Count(abandoned.len() as u64, "folder"));
    }
    if request.dry_run {
        context.printer.say(format_args!("{count} would go, {}", Size(freed)));
        say_backups(context, config.root())?;
        return Ok(ExitStatus::Success);
    }
    keep_deployments(&store, &old)?;
    // A plan without its run cannot be applied; a run without its plans is still a record.
    for run in &old {
        remove_folder(&run.dir.plans())?;
    }
    for run in &old {
        remove_folder(run.dir.path())?;
    }
    for folder in &abandoned {
        remove_folder(&folder.path)?;
    }
    context.printer.say(format_args!("{count} removed, {} freed", Size(freed)));
    say_backups(context, config.root())?;
    Ok(ExitStatus::Success)
}

/// Prints the backups of typed migrations: each may be the last copy of a state, and none is removed with a run.
fn say_backups(context: &Context, root: &Utf8Path) -> Result<(), JournalError> {
    let folder = root.join(BACKUPS);
    if !folder.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    let (files, bytes) = count_and_size(&folder).map_err(JournalError::io("read", &folder))?;
    if files > 0 {
        let count = Count(files, "backup");
        let size = Size(bytes);
        context.printer.say(format_args!(
            "{count} of migrated states left in `{BACKUPS}`, {size}: to be removed by hand"
        ));
    }
    Ok(())
}

/// Returns the folders of killed commands that no process uses any more.
fn abandoned_commands(context: &Context, store: &RunStore) -> Result<Vec<AbandonedCommand>, JournalError> {
    let mut found = store.abandoned_commands()?;
    found.retain(|folder| match processes_using(&folder.path).first() {
        None => true,
        Some(pid) => {
            let name = folder.path.file_name().unwrap_or_default();
            context.printer.say(format_args!("{name} stays: process {pid} still uses it"));
            false
        }
    });
    Ok(found)
}

fn candidate_for_removal(context: &Context, run: &StoredRun) -> GcCandidate {
    // The report is written last; before that, the run's journal is open, or its engines have their files open.
    let running = !run.dir.report().exists() && !processes_writing_below(run.dir.path()).is_empty();
    let mut found = GcCandidate {
        id: run.id.clone(),
        environment: None,
        // The journal may be damaged, so the time comes from the id.
        started: run.id.started(),
        running,
        unfinished: false,
        changing: false,
        resumes: None,
    };
    match RunEvents::read(run.clone()) {
        Ok(events) => {
            found.environment = events.environment().cloned();
            found.changing = events.changed_environment().is_some();
            found.unfinished = !events.ended_successfully();
            found.resumes = events.resumes().cloned();
        }
        Err(error) => context.printer.warn(format_args!("run {}: {error}", run.id)),
    }
    found
}

/// Removes a folder; a folder that another process has removed is no error.
fn remove_folder(folder: &Utf8Path) -> Result<(), JournalError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(JournalError::io("remove", folder)(error))
        }
        _ => Ok(()),
    }
}

/// Returns the size of all files below a folder in bytes.
fn size(folder: &Utf8Path) -> io::Result<u64> {
    count_and_size(folder).map(|(_, bytes)| bytes)
}

/// Returns the number of all files below a folder, and their size in bytes.
fn count_and_size(folder: &Utf8Path) -> io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in folder.read_dir_utf8()? {
        let entry = entry?;
        let below = if entry.file_type()?.is_dir() {
            count_and_size(entry.path())?
        } else {
            (1, entry.metadata()?.len())
        };
        (files, bytes) = (files + below.0, bytes + below.1);
    }
    Ok((files, bytes))
}

/// Number of bytes, displayed with a unit.
struct Size(u64);

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            bytes @ 0..1_000 => write!(f, "{bytes} B"),
            bytes @ 1_000..1_000_000 => write!(f, "{} kB", bytes / 1_000),
            bytes => write!(f, "{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
        }
    }
}
