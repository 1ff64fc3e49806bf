//! Record of the run that applied each instance last. A plan that uses outputs of another stack is bound to that
//! stack's last apply.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{engine::Target, files, model::StackId};

/// File in an instance's state folder that names the run that applied it last.
const FILE: &str = "applied";

/// Beginning of the record of a typed command; the time follows.
pub const TYPED_COMMAND: &str = "a command at ";

/// Records the run that is about to apply an instance.
pub(in crate::executor) fn record(target: &Target, run: &str) -> io::Result<()> {
    files::write(&path(&target.state_dir), run.as_bytes())
}

/// Puts back the record that an instance had before a command that left its state as it was; `None` if it had none.
pub(in crate::executor) fn restore(target: &Target, former: Option<&str>) -> io::Result<()> {
    match former {
        Some(run) => record(target, run),
        None => files::remove_if_there(&path(&target.state_dir)),
    }
}

/// Returns the run that applied an instance last, or the typed command that changed it after that; `None` without a record.
pub(in crate::executor) fn read(target: &Target) -> io::Result<Option<String>> {
    read_in(&target.state_dir)
}

/// Returns the run that applied a stack last in the environment of a target, by the record in `.envctl`.
pub(in crate::executor) fn last_run(target: &Target, stack: &StackId) -> io::Result<String> {
    let environment = target.state_dir.parent().unwrap_or(&target.state_dir);
    let run = read_in(&environment.join(stack.file_name()))?;
    Ok(run.unwrap_or_else(|| "nothing known".to_owned()))
}

/// Returns the path of the record in the folder of an instance.
pub(in crate::executor) fn path(folder: &Utf8Path) -> Utf8PathBuf {
    folder.join(FILE)
}

fn read_in(folder: &Utf8Path) -> io::Result<Option<String>> {
    match files::read_whole_text(&path(folder)) {
        Ok(run) => Ok(Some(run)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
