//! Position of var files in a typed command of Terragrunt.

use std::ffi::OsString;

use super::{
    arguments::{MULTI_UNIT_FLAGS, PLAIN_FLAGS},
    typed_arguments::index_in_apply,
    verb_table::needs_values,
    verbs::index_of_var_files,
};
use crate::engine::{Target, flags::var_files, program::installed::InstalledEngine};

/// Position of var files in a typed command of Terragrunt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum VarFilesIndex {
    /// Index of the argument before which the var files are inserted.
    At(usize),
    /// No index: the command takes no var files.
    Nowhere,
    /// No certain index, although the command may need the values in the var files.
    Unknown,
}

/// Inserts the var files of a unit into a command.
pub(in crate::engine) fn with_values(
    core: &InstalledEngine,
    target: &Target,
    args: &[OsString],
) -> Vec<OsString> {
    let mut args = args.to_vec();
    let of_plan = || {
        let start = start_of_engine(&args)?;
        index_in_apply(core, target, &args[start..]).map(|index| start + index)
    };
    let at = match index_in_unit_command(&args) {
        VarFilesIndex::At(at) => Some(at),
        VarFilesIndex::Nowhere => of_plan(),
        VarFilesIndex::Unknown => None,
    };
    if let Some(at) = at {
        args.splice(at..at, var_files(target));
    }
    args
}

/// Returns the position of var files in a typed command of Terragrunt.
fn index_in_unit_command(args: &[OsString]) -> VarFilesIndex {
    match start_of_engine(args) {
        Some(at) => index_of_var_files(&args[at..], false)
            .map_or(VarFilesIndex::Nowhere, |index| VarFilesIndex::At(at + index)),
        None if args.iter().any(needs_values) => VarFilesIndex::Unknown,
        None => VarFilesIndex::Nowhere,
    }
}

/// Returns true if a typed command needs the values of variables.
pub fn takes_values(args: &[OsString]) -> bool {
    // A saved plan has no values of ephemeral variables. Terragrunt has several forms of `apply`.
    index_of_var_files(args, false).is_some()
        || args.first().is_some_and(|verb| verb == "apply")
        || index_in_unit_command(args) != VarFilesIndex::Nowhere
}

/// Returns the index of the engine's own verb in a command of Terragrunt for one unit; `None` if it is uncertain.
///
/// Flags of Terragrunt may take a separate argument as their value, so that arguments behind an unknown flag are uncertain.
fn start_of_engine(args: &[OsString]) -> Option<usize> {
    let plain: Vec<&str> = args.iter().map(|arg| arg.to_str().unwrap_or_default()).collect();
    if plain.iter().take_while(|arg| **arg != "--").any(|arg| MULTI_UNIT_FLAGS.contains(arg)) {
        return None;
    }
    match plain.as_slice() {
        ["run", rest @ ..] => {
            let flags = rest.iter().take_while(|arg| PLAIN_FLAGS.contains(arg)).count();
            (rest.get(flags) == Some(&"--")).then_some(flags + 2)
        }
        [verb, ..] if !verb.starts_with('-') && *verb != "stack" => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn var_files_follow_the_verb_if_its_index_is_certain() {
        for (line, index) in [
            ("plan -no-color", VarFilesIndex::At(1)),
            ("apply -auto-approve", VarFilesIndex::At(1)),
            ("apply FILE", VarFilesIndex::Nowhere),
            ("run -- plan -no-color", VarFilesIndex::At(3)),
            ("run --non-interactive -- apply -auto-approve", VarFilesIndex::At(4)),
            ("run -- output -json", VarFilesIndex::Nowhere),
            ("output -json", VarFilesIndex::Nowhere),
            ("state list", VarFilesIndex::Nowhere),
            ("find --json", VarFilesIndex::Nowhere),
            ("run --all -- output", VarFilesIndex::Nowhere),
            ("", VarFilesIndex::Nowhere),
            ("run plan", VarFilesIndex::Unknown),
            ("run --all -- plan", VarFilesIndex::Unknown),
            ("run --working-dir x -- plan", VarFilesIndex::Unknown),
            ("plan --all", VarFilesIndex::Unknown),
            ("stack run apply", VarFilesIndex::Unknown),
            ("--working-dir x apply", VarFilesIndex::Unknown),
        ] {
            let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            assert_eq!(index_in_unit_command(&args), index, "{line}");
        }
    }
}
