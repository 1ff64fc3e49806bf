//! Who applied each instance last: a plan that rests on what another stack holds is for that apply of it.

use std::io;

use crate::{engine::Target, files, model::StackId};

/// The file in an instance's own folder that says so.
const FILE: &str = "applied";

/// Says who is about to apply an instance.
pub(super) fn note(target: &Target, by: &str) -> io::Result<()> {
    files::write(&target.state_dir.join(FILE), by.as_bytes())
}

/// Who applied a stack last, as far as this project knows, in the environment of a target.
pub(super) fn last(target: &Target, stack: &StackId) -> io::Result<String> {
    let environment = target.state_dir.parent().unwrap_or(&target.state_dir);
    match files::read_whole_text(&environment.join(stack.file_name()).join(FILE)) {
        Ok(by) => Ok(by),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok("nothing known".to_owned()),
        Err(error) => Err(error),
    }
}
