//! Arguments of a command that a user types for OpenTofu or Terraform, with what it gets of its instance.

use std::ffi::OsString;

use camino::Utf8Path;

use super::{
    Target, arguments::positionals, flags::var_files, installed::Installed, plan_variables::takes_var_files,
    verbs,
};

/// Returns the arguments of a typed command with the var files of its instance where they belong, and for an `init` with its
/// backend pairs. `everywhere` is true for an engine whose module sources may use variables.
pub(super) fn typed_arguments(
    core: &Installed,
    target: &Target,
    args: &[OsString],
    everywhere: bool,
) -> Vec<OsString> {
    let mut args = args.to_vec();
    let at =
        verbs::place_of_var_files(&args, everywhere).or_else(|| place_in_apply(core, &target.dir, &args));
    if let Some(at) = at {
        args.splice(at..at, var_files(target));
    }
    // What is initialised by hand is the instance's own state too.
    let pairs = target.backend.config_file.as_ref().filter(|_| verbs::is_init(&args));
    if let Some(file) = pairs {
        args.insert(1, format!("-backend-config={file}").into());
    }
    args
}

/// Returns the place of var files in the apply of a plan file that was made with ephemeral variables: it has no values of them.
pub(super) fn place_in_apply(core: &Installed, dir: &Utf8Path, args: &[OsString]) -> Option<usize> {
    let (verb, rest) = args.split_first()?;
    let file = positionals(rest).first().filter(|_| verb == "apply")?;
    let plan = dir.join(Utf8Path::from_path(file.as_ref())?);
    // A file that cannot be read was refused before.
    takes_var_files(core, &plan).unwrap_or_default().then_some(1)
}
