//! Record of a lost state: an apply created resources, but no file holds the state. The instance is blocked until the user
//! accepts the loss or pushes a state.

use std::{fs, io};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::{
    engine::{
        Target,
        next_command::{allow_lineage, exec_line},
    },
    files,
    model::{Failure, FailureKind},
};

/// File in the instance's folder that records a lost state.
pub(super) const RECORD: &str = "lost-state.json";

/// File in the instance's folder that records a running apply. If its state is lost and the disk is full, envctl renames
/// the file to [`RECORD`].
pub(super) const STARTED: &str = "apply-begun.json";

/// File in the instance's folder with what an engine left of a state, if that is no valid state.
pub(super) const DAMAGED: &str = "errored.torn";

/// Record of a running apply or of a lost state.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// Log of the command, in the folder of its run.
    log: Utf8PathBuf,
    /// Resources that the command had done.
    done: Vec<String>,
}

/// Returns the path to which envctl moves an invalid state file of an engine.
pub(super) fn damaged_path(target: &Target) -> Utf8PathBuf {
    target.state_dir.join(DAMAGED)
}

/// Writes the record of a running apply, so that a lost state can be recorded even on a full disk.
pub(in crate::engine) fn record_start(target: &Target, log: &Utf8Path) -> Result<(), Failure> {
    let path = target.state_dir.join(STARTED);
    write(&path, log, &[]).map_err(|error| {
        let summary = format!("cannot write `{path}`, without which nothing is begun: {error}");
        Failure::new(FailureKind::State, summary)
    })
}

/// Removes the record of a running apply, whose state is saved; returns a note if that fails.
pub(in crate::engine) fn remove_start(target: &Target) -> Option<String> {
    let path = target.state_dir.join(STARTED);
    let error = files::remove_if_there(&path).err()?;
    Some(format!("`{path}` could not be removed: {error}"))
}

/// Records a lost state, which blocks the instance.
pub(super) fn record_loss(target: &Target, log: &Utf8Path, done: &[String]) -> io::Result<()> {
    let [record, begun] = [RECORD, STARTED].map(|name| target.state_dir.join(name));
    match write(&record, log, done).and_then(|()| files::open_regular(&record)?.sync_all()) {
        Ok(()) => files::remove_if_there(&begun)?,
        Err(error) => fs::rename(begun, record).map_err(|_| error)?,
    }
    files::sync_dir(&target.state_dir)
}

fn write(path: &Utf8Path, log: &Utf8Path, done: &[String]) -> io::Result<()> {
    let record = Record { log: log.to_owned(), done: done.to_vec() };
    files::write(path, &serde_json::to_vec_pretty(&record)?)
}

/// Records a lost state after a command whose changes are not in the state, and returns the failure. `ended` describes the
/// end of the command.
pub(in crate::engine) fn record_missing(
    target: &Target,
    log: &Utf8Path,
    ended: &str,
    done: &[String],
) -> Failure {
    let blocked = block_text(record_loss(target, log, done).err().map(|error| error.to_string()));
    let summary = format!("the apply {ended}, and the state does not have what it did");
    let detail = format!(
        "{}; {}: {blocked}\nthe engine wrote another state, or something put an earlier one back: look for `-state` or `-state-out` in \
         `extra_arguments` or `TF_CLI_ARGS_apply` of the unit, for its hooks, and for a program around the engine",
        progress_text(done, log),
        recovery_hint(target)
    );
    Failure::new(FailureKind::State, summary).with_detail(detail)
}

/// Refuses a further command if a lost state is recorded.
pub(super) fn refuse_if_lost(target: &Target) -> Result<(), Failure> {
    let path = target.state_dir.join(RECORD);
    let bytes = match files::read_whole(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            let summary = format!("cannot read `{path}`, the record of a lost state: {error}");
            return Err(Failure::new(FailureKind::State, summary));
        }
    };
    let summary =
        "an earlier apply left a state without what it did, or could not save it, and no copy of it is left";
    let detail = match serde_json::from_slice::<Record>(&bytes) {
        Ok(Record { log, done }) => format!("{}; {}", progress_text(&done, &log), recovery_hint(target)),
        Err(error) => {
            format!("the record `{path}` cannot be parsed: {error}; {}", recovery_hint(target))
        }
    };
    Err(Failure::new(FailureKind::Refused, summary).with_detail(detail))
}

/// Describes whether the instance is blocked; `error` is the reason why envctl could not block it.
pub(super) fn block_text(error: Option<String>) -> String {
    match error {
        None => "nothing is planned or changed here until then".to_owned(),
        Some(error) => format!("**nothing keeps the next apply from making it again**: {error}"),
    }
}

/// Describes the resources that a command had done and that the state may lack, and its log.
pub(super) fn progress_text(done: &[String], log: &Utf8Path) -> String {
    if done.is_empty() {
        return format!("what it did is in `{log}`");
    }
    format!("it was done with `{}`, which the state may not have (`{log}`)", done.join("`, `"))
}

/// Describes how the user recovers from a lost state.
pub(super) fn recovery_hint(target: &Target) -> String {
    format!(
        "bring that into the state by `{}` or push a copy of the state, then plan with `{}`",
        exec_line(target, &["import", "ADDRESS", "ID"]),
        allow_lineage(&target.instance)
    )
}

/// Removes the record of a lost state: the user has accepted the loss, or pushed a state.
pub(in crate::engine) fn accept_loss(target: &Target) -> Result<(), Failure> {
    for name in [DAMAGED, RECORD] {
        let path = target.state_dir.join(name);
        files::remove_if_there(&path).map_err(|error| {
            let summary = format!("cannot remove `{path}`, the record of a lost state: {error}");
            Failure::new(FailureKind::State, summary)
        })?;
    }
    Ok(())
}

/// Returns the error of a write to the stack's folder; `None` if the folder is writable. An engine that cannot save a state
/// leaves it there, or loses it.
pub fn unwritable(target: &Target) -> Option<io::Error> {
    // The file has no name, so that no other program finds it among the files of the stack.
    tempfile::tempfile_in(&target.dir).err()
}
