//! Effects of typed commands of OpenTofu, Terraform and Terragrunt, by the table of their verbs.

use std::ffi::{OsStr, OsString};

use super::{
    arguments::{MULTI_UNIT_FLAGS, PLAIN_FLAGS, flag_name, positionals},
    verb_table::{ReadOnlyForms, VarFilesRule, verb_facts},
};

/// Flags of Terragrunt that cause no write and change no meaning, beside those of every command.
const HARMLESS: &[&str] = &["--check", "--diff", "--json", "--with-metadata"];

/// Flags with which an engine only prints its help.
const HELP: &[&str] = &["-h", "-help", "--help"];

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
    let Some(plain) = args.iter().map(|arg| arg.to_str()).collect::<Option<Vec<_>>>() else { return true };
    // The flag creates the bucket of a unit's state.
    if plain.iter().any(|arg| arg.trim_start_matches('-').starts_with("backend-bootstrap")) {
        return true;
    }
    let has_only = |args: &[&str], known: &[&[&str]]| {
        args.iter().all(|arg| known.iter().any(|names| names.contains(arg)))
    };
    match plain.as_slice() {
        [flag] if HELP.contains(flag) => return false,
        ["run", rest @ ..] => {
            return match rest.iter().position(|arg| *arg == "--") {
                Some(at) => {
                    !has_only(&rest[..at], &[PLAIN_FLAGS, MULTI_UNIT_FLAGS])
                        || !changes_nothing(&args[at + 2..])
                }
                // Flags of Terragrunt may take a value, so the verb is uncertain.
                None => true,
            };
        }
        _ => {}
    }
    let facts = verb_facts(args);
    let rest = &plain[facts.words.len()..];
    let is_known = || has_only(rest, &[PLAIN_FLAGS, MULTI_UNIT_FLAGS, HARMLESS]);
    match facts.read_only_forms {
        ReadOnlyForms::InTerragrunt => false,
        ReadOnlyForms::InTerragruntWithKnownFlags => !is_known(),
        ReadOnlyForms::InTerragruntWithCheckFlag => !(rest.contains(&"--check") && is_known()),
        ReadOnlyForms::Never
        | ReadOnlyForms::Always
        | ReadOnlyForms::WithoutSubcommand
        | ReadOnlyForms::WithCheckFlag => !changes_nothing(args),
    }
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

/// Returns true if OpenTofu and Terraform change nothing in any form of the verb; without arguments they print their help.
fn changes_nothing(args: &[OsString]) -> bool {
    match args {
        [] => true,
        [flag] if VERSION.iter().any(|known| flag == known) => true,
        _ => match verb_facts(args).read_only_forms {
            ReadOnlyForms::Always => true,
            ReadOnlyForms::WithoutSubcommand => args.len() == 1,
            _ => false,
        },
    }
}

/// Returns true if the flags of `fmt` keep it from writing; no flag of `fmt` takes its value as a separate argument.
fn only_checks(args: &[OsString]) -> bool {
    let flags = args.iter().filter_map(|arg| arg.to_str()).take_while(|arg| *arg != "--");
    let flags: Vec<&str> = flags.filter_map(|arg| arg.strip_prefix('-')).collect();
    let flags = flags.iter().map(|flag| flag.strip_prefix('-').unwrap_or(flag));
    let mut keeps = false;
    for flag in flags {
        match flag {
            "check" | "check=true" | "write=false" => keeps = true,
            // A later flag would override the first.
            flag if flag.starts_with("check") || flag.starts_with("write") => return false,
            _ => {}
        }
    }
    keeps
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

/// Returns the index for var files in a typed command, behind its verb; `None` if the verb takes none.
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

/// Returns the flag with which a reading command writes a file of the user's choice; `None` if it has none.
pub fn writes_a_file(args: &[OsString]) -> Option<&str> {
    const WRITING: &[&str] = &["out", "generate-config-out", "json-into", "out-file", "write"];
    args.iter().filter_map(|arg| flag_name(arg)).find(|flag| WRITING.contains(flag))
}

/// Returns true if a typed command may evaluate variables, and so needs their values. A command that may change something
/// always counts: its output is masked, so that its secrets must be known.
pub fn evaluates_variables(args: &[OsString]) -> bool {
    let facts = verb_facts(args);
    let reads_with_values =
        facts.read_only_forms == ReadOnlyForms::Always && facts.var_files == VarFilesRule::Taken;
    // The arguments may start with a flag, or be for Terragrunt only.
    !facts.ignores_variables && (reads_with_values || is_mutating(args))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn only_what_is_known_to_read_is_not_mutating() {
        for command in [
            "plan",
            "plan -out=p",
            "show -json p",
            "state list",
            "state pull",
            "output -json",
            "validate",
            "workspace list",
            "providers",
            "fmt -check",
            "version",
            "-help",
            "-version",
            "apply -help",
            "apply --help",
            "fmt -write=false -diff",
            "",
        ] {
            assert!(!is_mutating(&split(command)), "{command}");
        }
        for mutating in [
            "apply",
            "apply p",
            "destroy",
            "import a b",
            "state rm a",
            "state push f",
            "state",
            "workspace new x",
            "workspace select x",
            "taint a",
            "force-unlock 1",
            "init",
            "refresh",
            "fmt",
            "fmt -check=false",
            "brand-new",
            "-chdir=x apply",
            "-chdir plan apply",
            "-lock-timeout=1s plan",
            "apply -help=false",
            "apply -- -help",
            "apply -version",
            "state -lock=false list",
            "state -backup list rm a",
            "workspace -no-color list",
            "providers mirror x",
            "fmt -check -check=false",
            "fmt -- -check",
            "providers lock",
            "test",
        ] {
            assert!(is_mutating(&split(mutating)), "{mutating}");
        }
    }

    #[test]
    fn terragrunts_own_verbs_are_known() {
        for command in [
            "find --dag",
            "list",
            "run -- plan",
            "run --all -- state list",
            "run --all --non-interactive -- output -json",
            "plan",
            "plan --all",
            "state list",
            "render --json",
            "hcl validate",
            "hcl fmt --check",
            "--help",
        ] {
            assert!(!is_mutating_in_terragrunt(&split(command)), "{command}");
        }
        for mutating in [
            "run -- apply",
            "run apply -- -auto-approve",
            "run apply -- plan",
            "run plan -- -out=p",
            "run --working-dir plan apply",
            "run --working-dir plan -- apply",
            "run --working-dir -- plan",
            "run --tf-path plan apply -- show",
            "run --all plan",
            "run --all -- destroy",
            "run -- -chdir=x plan",
            "run -- state --lock list rm a",
            "--working-dir plan apply",
            "--working-dir plan",
            "apply --working-dir plan",
            "apply --working-dir --help",
            "state --working-dir list rm a",
            "exec -- plan",
            "plan --backend-bootstrap",
            "hcl fmt",
            "hcl fmt --file --check",
            "hcl fmt --check --file x",
            "fmt --working-dir -check",
            "backend bootstrap",
            "render --write",
            "render -w",
            "render --json --out plan -w",
            "apply",
        ] {
            assert!(is_mutating_in_terragrunt(&split(mutating)), "{mutating}");
        }
    }

    #[test]
    fn only_commands_that_evaluate_variables_need_their_values() {
        for line in
            ["output", "state list", "workspace list", "providers", "version", "fmt", "show", "state pull"]
        {
            assert!(!evaluates_variables(&split(line)), "{line}");
        }
        let evaluating = [
            "plan",
            "apply",
            "destroy",
            "console",
            "refresh",
            "import a b",
            "test",
            "apply FILE",
            "init",
            "brand-new",
            "-chdir=x output",
            "run --all -- plan",
        ];
        for line in evaluating {
            assert!(evaluates_variables(&split(line)), "{line}");
        }
    }

    #[test]
    fn var_files_follow_the_verbs_that_take_them() {
        let index = |line: &str, everywhere| index_of_var_files(&split(line), everywhere);
        assert_eq!(index("plan -no-color", false), Some(1));
        assert_eq!(index("-chdir=x import a b", false), Some(2));
        assert_eq!(index("apply -auto-approve", false), Some(1));
        assert_eq!(index("apply -var x=1 -target a.b", false), Some(1));
        assert_eq!(index("apply plan-file", false), None);
        assert_eq!(index("output -json", false), None);
        assert_eq!(index("output -json", true), Some(1));
        assert_eq!(index("state list", true), Some(2));
        assert_eq!(index("version", true), None);
    }

    #[test]
    fn commands_that_never_look_for_a_state_make_no_workspace() {
        for without in
            ["validate", "fmt -check", "workspace list", "state push f", "force-unlock 1", "", "-help"]
        {
            assert!(!may_make_workspace(&split(without)), "{without}");
        }
        for with in
            ["plan", "apply", "output", "state pull", "state list", "init", "graph", "-lock=false plan"]
        {
            assert!(may_make_workspace(&split(with)), "{with}");
        }
    }
}
