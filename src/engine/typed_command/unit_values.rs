//! Index of var files in a typed command of Terragrunt.

use std::ffi::OsString;

use super::{
    arguments::{MANY_UNITS, PLAIN_FLAGS},
    typed_arguments::place_in_apply,
    verb_table::needs_values,
    verbs::place_of_var_files,
};
use crate::engine::{Target, flags::var_files, program::installed::Installed};

/// Index of var files in a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Place {
    /// Index of the argument that they come before.
    At(usize),
    /// No index: the command takes no var files.
    Nowhere,
    /// No known index, although the command may need values.
    Unknown,
}

/// Inserts the var files of a unit into a command.
pub(in crate::engine) fn with_values(core: &Installed, target: &Target, args: &[OsString]) -> Vec<OsString> {
    let mut args = args.to_vec();
    let of_plan = || {
        let start = start_of_engine(&args)?;
        place_in_apply(core, target, &args[start..]).map(|place| start + place)
    };
    let at = match place_in_unit(&args) {
        Place::At(at) => Some(at),
        Place::Nowhere => of_plan(),
        Place::Unknown => None,
    };
    if let Some(at) = at {
        args.splice(at..at, var_files(target));
    }
    args
}

/// Returns the index of var files in a command of Terragrunt.
pub(in crate::engine) fn place_in_unit(args: &[OsString]) -> Place {
    match start_of_engine(args) {
        Some(at) => {
            place_of_var_files(&args[at..], false).map_or(Place::Nowhere, |place| Place::At(at + place))
        }
        None if args.iter().any(needs_values) => Place::Unknown,
        None => Place::Nowhere,
    }
}

/// Returns true if a typed command needs the values of variables.
pub fn takes_values(args: &[OsString]) -> bool {
    // A saved plan has no values of ephemeral variables. Terragrunt has several forms of `apply`.
    place_of_var_files(args, false).is_some()
        || args.first().is_some_and(|verb| verb == "apply")
        || place_in_unit(args) != Place::Nowhere
}

/// Returns the index of the engine's own verb in a command of Terragrunt for one unit; absent if it is uncertain.
///
/// Flags of Terragrunt may take a separate argument as their value, so that arguments behind an unknown flag are uncertain.
fn start_of_engine(args: &[OsString]) -> Option<usize> {
    let plain: Vec<&str> = args.iter().map(|arg| arg.to_str().unwrap_or_default()).collect();
    if plain.iter().take_while(|arg| **arg != "--").any(|arg| MANY_UNITS.contains(arg)) {
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
    fn values_follow_the_verb_wherever_it_can_be_told() {
        for (line, place) in [
            ("plan -no-color", Place::At(1)),
            ("apply -auto-approve", Place::At(1)),
            ("apply FILE", Place::Nowhere),
            ("run -- plan -no-color", Place::At(3)),
            ("run --non-interactive -- apply -auto-approve", Place::At(4)),
            ("run -- output -json", Place::Nowhere),
            ("output -json", Place::Nowhere),
            ("state list", Place::Nowhere),
            ("find --json", Place::Nowhere),
            ("run --all -- output", Place::Nowhere),
            ("", Place::Nowhere),
            ("run plan", Place::Unknown),
            ("run --all -- plan", Place::Unknown),
            ("run --working-dir x -- plan", Place::Unknown),
            ("plan --all", Place::Unknown),
            ("stack run apply", Place::Unknown),
            ("--working-dir x apply", Place::Unknown),
        ] {
            let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            assert_eq!(place_in_unit(&args), place, "{line}");
        }
    }
}
