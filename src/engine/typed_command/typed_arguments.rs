//! Arguments of a typed command of OpenTofu or Terraform, with the var files and backend pairs of its instance.

use std::ffi::OsString;

use camino::Utf8Path;

use super::{arguments::positionals, verbs};
use crate::engine::{
    Target,
    flags::{backend_config, var_files},
    plan_file::plan_variables::takes_var_files,
    program::installed::InstalledEngine,
};

/// Inserts the var files of the instance into a typed command, and its backend pairs into an `init`. `everywhere` is true
/// for an engine whose module sources may use variables.
pub(in crate::engine) fn typed_arguments(
    core: &InstalledEngine,
    target: &Target,
    args: &[OsString],
    everywhere: bool,
) -> Vec<OsString> {
    let mut args = args.to_vec();
    let at = verbs::index_of_var_files(&args, everywhere).or_else(|| index_in_apply(core, target, &args));
    if let Some(at) = at {
        args.splice(at..at, var_files(target));
    }
    // A typed init initialises the instance's own backend too.
    if verbs::is_init(&args) {
        args.splice(1..1, backend_config(target));
    }
    args
}

/// Returns the index for var files in the apply of a plan file that needs them again; `None` for any other command.
pub(super) fn index_in_apply(core: &InstalledEngine, target: &Target, args: &[OsString]) -> Option<usize> {
    let (verb, rest) = args.split_first()?;
    let file = positionals(rest).first().filter(|_| verb == "apply")?;
    let plan = target.dir.join(Utf8Path::from_path(file.as_ref())?);
    // An unreadable plan file was refused before.
    takes_var_files(core, target, &plan).unwrap_or_default().then_some(1)
}
