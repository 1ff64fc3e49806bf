//! Record of the run that applied each instance last. A plan that uses outputs of another stack is bound to that
//! stack's last apply.

use std::io;

use crate::{engine::Target, files, model::StackId};

/// File in an instance's state folder that names the run that applied it last.
const FILE: &str = "applied";

/// Records the run that is about to apply an instance.
pub(in crate::executor) fn record(target: &Target, run: &str) -> io::Result<()> {
    files::write(&target.state_dir.join(FILE), run.as_bytes())
}

/// Returns the run that applied a stack last in the environment of a target, by the record in `.envctl`.
pub(in crate::executor) fn last_run(target: &Target, stack: &StackId) -> io::Result<String> {
    let environment = target.state_dir.parent().unwrap_or(&target.state_dir);
    match files::read_whole_text(&environment.join(stack.file_name()).join(FILE)) {
        Ok(run) => Ok(run),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok("nothing known".to_owned()),
        Err(error) => Err(error),
    }
}
