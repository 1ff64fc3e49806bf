//! Effects of typed commands of OpenTofu, Terraform and Terragrunt, by the table of their verbs.

use std::ffi::{OsStr, OsString};

use super::{
    arguments::{PLAIN_FLAGS, beyond_reading, beyond_reading_in_terragrunt, positionals},
    verb_table::{ReadOnlyForms, VarFilesRule, verb_facts},
};

/// Flags with which an engine only prints its help.
const HELP: &[&str] = &["-h", "-help", "--help"];

/// Flags that keep `fmt` from writing.
const FMT_CHECKS: &[&str] =
    &["-check", "--check", "-check=true", "--check=true", "-write=false", "--write=false"];

/// Flags with which an engine only prints its version, if they stand alone.
const VERSION: &[&str] = &["-v", "-version", "--version"];

/// Returns true if a command may change a state or anything else, as an unknown command may.
///
/// The first argument must be the verb: before a verb the value of a flag could be taken for it.
pub(in crate::engine) fn is_mutating(args: &[OsString]) -> bool {
    // Both engines search for these flags at any position, and only print their help then.
    let asks_for_help = args
        .iter()
        .filter_map(|arg| arg.to_str())
        .take_while(|arg| *arg != "--")
        .any(|arg| HELP.contains(&arg));
    let only_checks =
        verb_facts(args).read_only_forms == ReadOnlyForms::WithCheckFlag && only_checks(&args[1..]);
    !(asks_for_help || changes_nothing(args) || only_checks)
}

/// Returns true if a command of Terragrunt may change a state or anything else; `run` counts as the command that it runs.
///
/// Flags of Terragrunt may stand at any position and take values, so a command with an unknown one counts as changing.
pub(in crate::engine) fn is_mutating_in_terragrunt(args: &[OsString]) -> bool {
    match args {
        [flag] if HELP.iter().any(|help| flag == help) => return false,
        [verb, rest @ ..] if verb == "run" => {
            let is_plain = |arg: &OsString| PLAIN_FLAGS.iter().any(|plain| arg == plain);
            let own = rest.iter().take_while(|arg| is_plain(arg)).count();
            return match rest.get(own) {
                Some(arg) if arg == "--" => !changes_nothing(&rest[own + 1..]),
                // Flags of Terragrunt may take a value, so the verb is uncertain.
                _ => true,
            };
        }
        _ => {}
    }
    let facts = verb_facts(args);
    let rest = args.get(facts.words.len()..).unwrap_or_default();
    let only_reads = beyond_reading_in_terragrunt(rest).is_none();
    let reads = match facts.read_only_forms {
        ReadOnlyForms::WithReadingFlags | ReadOnlyForms::InTerragrunt => only_reads,
        ReadOnlyForms::InTerragruntWithCheckFlag => only_reads && rest.iter().any(|arg| arg == "--check"),
        ReadOnlyForms::Never | ReadOnlyForms::WithoutSubcommand | ReadOnlyForms::WithCheckFlag => {
            changes_nothing(args)
        }
    };
    !reads
}

/// Returns true if the first argument is this verb.
fn first_is(args: &[OsString], verb: &str) -> bool {
    args.first().is_some_and(|first| first == verb)
}

/// Returns the command that `run --` of Terragrunt passes on, or the command itself.
fn without_run(args: &[OsString]) -> &[OsString] {
    let behind = args.iter().position(|arg| arg == "--").filter(|_| first_is(args, "run"));
    behind.map_or(args, |at| &args[at + 1..])
}

/// Returns true if the verb of a command that changes no state may read one.
pub(in crate::engine) fn reads_a_state(args: &[OsString]) -> bool {
    verb_facts(args).reads_state
}

/// Returns true if OpenTofu and Terraform change nothing with these arguments; without any they print their help.
fn changes_nothing(args: &[OsString]) -> bool {
    match args {
        [] => true,
        [flag] if VERSION.iter().any(|known| flag == known) => true,
        _ => match verb_facts(args).read_only_forms {
            ReadOnlyForms::WithReadingFlags => beyond_reading(args).is_none(),
            ReadOnlyForms::WithoutSubcommand => args.len() == 1,
            _ => false,
        },
    }
}

/// Returns true if the flags of `fmt` keep it from writing; no flag of `fmt` takes its value as a separate argument.
fn only_checks(args: &[OsString]) -> bool {
    let has_flag = |names: &[&str]| args.iter().any(|arg| names.iter().any(|name| arg == name));
    let keeps = |arg: &&OsString| FMT_CHECKS.iter().any(|flag| *arg == flag);
    // A later flag would override the first, so every other form of both is unknown.
    let others: Vec<OsString> = args.iter().filter(|arg| !keeps(arg)).cloned().collect();
    has_flag(FMT_CHECKS) && beyond_reading(&others).is_none()
}

/// Returns true if a command installs modules or providers in the folder of the stack.
pub(in crate::engine) fn installs(args: &[OsString]) -> bool {
    verb_facts(args).installs
}

/// Returns true if a command is `providers lock`, also behind `run --`.
pub(in crate::engine) fn writes_lockfile(args: &[OsString]) -> bool {
    let rest = without_run(args);
    first_is(rest, "providers") && first_is(&rest[1..], "lock")
}

/// Returns true if a flag of `init` keeps it from writing the lock file.
pub(in crate::engine) fn keeps_lockfile(arg: &OsStr) -> bool {
    ["-lockfile=readonly", "--lockfile=readonly"].iter().any(|flag| arg == *flag)
}

/// Returns true if a flag of `init` or `get` installs newer versions than the present ones.
pub(in crate::engine) fn is_upgrade(arg: &OsStr) -> bool {
    arg.to_str().is_some_and(|arg| {
        let flag = arg.trim_start_matches('-');
        arg.starts_with('-') && ["upgrade", "upgrade=true"].contains(&flag)
    })
}

/// Returns true if the user needs the command to save a state that an engine could not save: to push it, or to release a
/// lock before the push.
pub(super) fn saves_a_state(args: &[OsString]) -> bool {
    let is_passed_on = first_is(args, "run") && args.get(1).is_some_and(|arg| arg == "--");
    verb_facts(if is_passed_on { &args[2..] } else { args }).saves_state
}

/// Returns true if a command runs an init, after which the content of the data directory is unknown.
pub(in crate::engine) fn is_init(args: &[OsString]) -> bool {
    first_is(without_run(args), "init")
}

/// Returns true if an engine creates a missing workspace when it runs the command.
pub fn may_make_workspace(args: &[OsString]) -> bool {
    let prints = |first: &OsString| first.is_empty() || HELP.iter().chain(VERSION).any(|flag| first == flag);
    args.first().is_some_and(|first| !prints(first)) && verb_facts(args).makes_workspace
}

/// Returns the index at which envctl inserts var files into a typed command, behind its verb; `None` if the verb takes none.
///
/// `everywhere` is true for OpenTofu from 1.8 and Terraform from 1.15, whose module sources may use variables.
pub(super) fn index_of_var_files(args: &[OsString], everywhere: bool) -> Option<usize> {
    let word =
        |args: &[OsString]| args.iter().position(|arg| arg.to_str().is_some_and(|arg| !arg.starts_with('-')));
    let at = word(args)?;
    let rest = &args[at + 1..];
    let takes_them = match verb_facts(&args[at..]).var_files {
        VarFilesRule::Refused => false,
        VarFilesRule::Taken => true,
        VarFilesRule::TakenWithoutPlanFile => positionals(rest).is_empty(),
        VarFilesRule::TakenForModuleSources => everywhere,
        VarFilesRule::TakenBehindSubcommand => {
            let subcommand = word(rest)?;
            return everywhere.then_some(at + subcommand + 2);
        }
    };
    takes_them.then_some(at + 1)
}

/// Returns the argument of a command for which it counts as one that may change something, although its verb reads: a flag
/// that may write a file or reach another stack.
pub fn flag_beyond_reading(args: &[OsString]) -> Option<&OsString> {
    let args = without_run(args);
    let facts = verb_facts(args);
    if facts.read_only_forms == ReadOnlyForms::Never {
        return None;
    }
    beyond_reading_in_terragrunt(&args[facts.words.len()..])
}

/// Returns true if a typed command may evaluate variables, and so needs their values. A command that may change something
/// always counts: its output is masked, so that its secrets must be known.
pub fn evaluates_variables(args: &[OsString]) -> bool {
    let facts = verb_facts(args);
    let reads_with_values =
        facts.read_only_forms == ReadOnlyForms::WithReadingFlags && facts.var_files == VarFilesRule::Taken;
    // The arguments may start with a flag, or be for Terragrunt only.
    !facts.ignores_variables && (reads_with_values || is_mutating(args))
}

#[cfg(test)]
mod tests;
