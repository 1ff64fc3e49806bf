//! Intent of a typed command for resources and state, for the confirmation: such commands have no plan to review.

use std::ffi::OsString;

use super::{
    arguments::{PLAIN_FLAGS, flag_name, positionals},
    verb_table::{IntentRule, verb_facts},
};

/// Intent of a typed command for resources and the state. A command whose effect is uncertain counts as the most dangerous
/// one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// Changes any resource of the stack's files and state, or has an unknown effect.
    Everything {
        /// Verb of the command: `apply`.
        verb: String,
        /// False if the command is known to create no resource of the stack.
        creates_resources: bool,
    },
    /// Applies a plan file.
    PlanFile {
        /// Path of the plan file as typed.
        file: OsString,
    },
    /// Changes the state of these resources and modules.
    Named {
        /// Addresses as typed.
        addresses: Vec<String>,
        /// True if the command removes them from the state.
        forgets: bool,
    },
    /// Replaces the state by the content of a file.
    Push {
        /// Path of the file as typed; `None` unless there is exactly one.
        file: Option<OsString>,
    },
    /// Moves the state to the backend that the files and environments.toml configure.
    MigrateState,
    /// Runs another program, or moves the state elsewhere: the user cannot confirm such a command by its effect.
    Unclassified {
        /// Command in the words of messages: `` `init -reconfigure` ``.
        command: String,
        /// Hint on how to proceed instead.
        hint: &'static str,
    },
    /// Acts on something other than the instance that it is run for.
    OutOfScope {
        /// Reason in the words of messages: `` `workspace select` acts on another workspace ``.
        reason: String,
        /// Hint on how to proceed instead.
        hint: &'static str,
    },
    /// Changes no resource and no state.
    Harmless,
}

/// Flags with which Terragrunt runs a command in other units, or runs another engine.
const OTHER_STACKS: &[&str] = &[
    "a",
    "all",
    "chdir",
    "config",
    "filter",
    "filter-affected",
    "filters-file",
    "graph",
    "graph-root",
    "tf-path",
    "units-that-include",
    "working-dir",
];

/// Flags with which an engine reads or writes a file of the user's choice in place of the instance's state.
const STATE_FILE: &[&str] = &["state", "state-out"];

/// Flags of `init` that decide which backend holds the state.
const BACKEND: &[&str] = &["force-copy", "from-module", "migrate-state", "reconfigure"];

/// Flags of `init` that move a state to the configured backend.
const MIGRATION: &[&str] = &["force-copy", "migrate-state"];

const VERB_FIRST_HINT: &str = "the engine's verb comes first; its folder is that of the stack";
const STACK_HINT: &str =
    "type the command for one stack, as `-- plan`; `envctl exec ENV --all` runs it in every stack";
const WORKSPACE_HINT: &str =
    "`workspace` in environments.toml says which; one that is left over is deleted in `envctl shell`";
const BACKEND_HINT: &str = "`backend` in environments.toml says where the state is; a state is moved by `state pull` and `state push`";

impl Intent {
    /// Returns true if the command reads the present state before it changes something. A push does not: it replaces the
    /// state.
    pub fn builds_on_state(&self) -> bool {
        !matches!(self, Self::Harmless | Self::Push { .. } | Self::MigrateState)
    }
}

/// Returns the intent of a typed command.
pub fn intent_of(args: &[OsString]) -> Intent {
    let Some((first, rest)) = args.split_first() else { return Intent::Harmless };
    let verb = first.to_string_lossy();
    if verb.is_empty() || verb.starts_with('-') {
        return out_of_scope(format!("`{verb}` stands before the verb"), VERB_FIRST_HINT);
    }
    // `test` has a `-filter` of its own, and is classified as a whole.
    let leaves_stack = |arg: &&OsString| verb != "test" && flag_name(arg).is_some_and(leaves_stack);
    if let Some(arg) = rest.iter().find(leaves_stack) {
        let arg = arg.to_string_lossy();
        let flag = arg.split('=').next().unwrap_or_default();
        return out_of_scope(format!("`{flag}` acts on more than the stack"), STACK_HINT);
    }
    if let Some(flag) = rest.iter().filter_map(|arg| flag_name(arg)).find(|flag| STATE_FILE.contains(flag)) {
        return out_of_scope(format!("`-{flag}` takes another state"), BACKEND_HINT);
    }
    let facts = verb_facts(args);
    let words = &args[..args.len().min(2)];
    let words = words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let behind = positionals(&args[facts.words.len().max(1)..]);
    match facts.intent {
        IntentRule::Everything => Intent::Everything { verb: verb.into_owned(), creates_resources: true },
        IntentRule::WithoutResources => {
            Intent::Everything { verb: verb.into_owned(), creates_resources: false }
        }
        IntentRule::Nothing => Intent::Harmless,
        IntentRule::Apply => match behind {
            [] => Intent::Everything { verb: verb.into_owned(), creates_resources: true },
            [file, ..] => Intent::PlanFile { file: file.clone() },
        },
        IntentRule::Addresses => address_intent(behind, false),
        IntentRule::ForgottenAddresses => address_intent(behind, true),
        IntentRule::FirstAddress => address_intent(&behind[..behind.len().min(1)], false),
        IntentRule::Push => Intent::Push {
            file: match behind {
                [file] => Some(file.clone()),
                _ => None,
            },
        },
        IntentRule::UnknownSubcommand if rest.is_empty() => Intent::Harmless,
        IntentRule::UnknownSubcommand => Intent::Everything { verb: words, creates_resources: true },
        IntentRule::Init => init_intent(rest),
        IntentRule::Run => run_intent(rest),
        IntentRule::OtherWorkspace => {
            out_of_scope(format!("`{words}` acts on another workspace"), WORKSPACE_HINT)
        }
        IntentRule::OtherStacks => out_of_scope(format!("`{verb}` acts on more than the stack"), STACK_HINT),
        IntentRule::Program => Intent::Unclassified {
            command: "`exec`, which runs any program,".to_owned(),
            hint: "what is typed into `envctl shell` is not judged",
        },
        IntentRule::Backend => Intent::Unclassified { command: "`backend`".to_owned(), hint: BACKEND_HINT },
    }
}

fn out_of_scope(reason: String, hint: &'static str) -> Intent {
    Intent::OutOfScope { reason, hint }
}

/// Returns true if a flag of Terragrunt makes the command run in other units, or run another engine.
fn leaves_stack(flag: &str) -> bool {
    OTHER_STACKS.contains(&flag) || flag.starts_with("queue-") || flag.starts_with("terragrunt-")
}

/// Returns the intent of a command that changes the state of the addresses among `words`; words that start with a dash are
/// flags, which may come last. `forgets` is true if the command removes the addresses from the state.
fn address_intent(words: &[OsString], forgets: bool) -> Intent {
    let is_address = |word: &&OsString| !word.as_encoded_bytes().starts_with(b"-");
    let addresses = words.iter().filter(is_address).map(|word| word.to_string_lossy().into_owned());
    Intent::Named { addresses: addresses.collect(), forgets }
}

/// Returns the intent of an `init`, by its flags.
fn init_intent(args: &[OsString]) -> Intent {
    let named = |wanted: &[&str]| {
        let mut flags = args.iter().filter_map(|arg| flag_name(arg));
        flags.find(|flag| wanted.contains(flag)).map(str::to_owned)
    };
    if named(&["backend-config"]).is_some() {
        let reason = "`init -backend-config` takes another state".to_owned();
        return Intent::OutOfScope { reason, hint: BACKEND_HINT };
    }
    let mut flags = args.iter().filter(|arg| flag_name(arg).is_some_and(|flag| BACKEND.contains(&flag)));
    let migrates = flags.clone().any(|arg| arg.to_str().is_some_and(|arg| arg.ends_with("-migrate-state")));
    if migrates && flags.all(|arg| flag_name(arg).is_some_and(|flag| MIGRATION.contains(&flag))) {
        return Intent::MigrateState;
    }
    match named(BACKEND) {
        Some(flag) => Intent::Unclassified { command: format!("`init -{flag}`"), hint: BACKEND_HINT },
        None => Intent::Harmless,
    }
}

/// Returns the intent of Terragrunt's `run`. The command of the driven engine is certain only behind `--`.
fn run_intent(args: &[OsString]) -> Intent {
    let separator = args.iter().take_while(|arg| *arg != "--").count();
    let plain = args[..separator].iter().all(|arg| PLAIN_FLAGS.iter().any(|known| arg == known));
    match args.get(separator + 1..) {
        Some(rest) if plain => intent_of(rest),
        _ => Intent::OutOfScope {
            reason: "the command that `run` runs is unclear from its flags".to_owned(),
            hint: "it is written `run -- VERB …`",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(line: &str) -> Intent {
        intent_of(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn commands_without_a_plan_and_unknown_ones_may_change_everything() {
        for (line, word) in [
            ("apply", "apply"),
            ("apply -auto-approve", "apply"),
            ("apply -var x=1 -lock-timeout 1s", "apply"),
            ("destroy -target a.b", "destroy"),
            ("refresh", "refresh"),
            ("run -- apply", "apply"),
            ("run --non-interactive -- destroy", "destroy"),
            ("test -filter=x", "test"),
            ("state replace-provider a b", "state replace-provider"),
            ("state rm-foo a.b state rm c.d", "state rm-foo"),
            ("state -lock=false rm a.b", "state -lock=false"),
            ("brand-new", "brand-new"),
        ] {
            let creates_resources = !["refresh", "test"].contains(&word);
            let expected = Intent::Everything { verb: word.to_owned(), creates_resources };
            assert_eq!(intent(line), expected, "{line}");
        }
    }

    #[test]
    fn a_plan_file_is_found_behind_the_flags() {
        for line in [
            "apply FILE",
            "apply -auto-approve FILE",
            "apply -var x=1 -lock-timeout 1s FILE",
            "apply -var=x FILE -no-color",
            "apply -- FILE",
            "run -- apply FILE",
            "run --non-interactive -- apply -parallelism 2 FILE",
        ] {
            assert_eq!(intent(line), Intent::PlanFile { file: "FILE".into() }, "{line}");
        }
    }

    #[test]
    fn commands_that_change_a_state_name_their_addresses() {
        let named = |words: &[&str], forgets| {
            let addresses = words.iter().map(|word| (*word).to_owned()).collect();
            Intent::Named { addresses, forgets }
        };
        assert_eq!(intent("state rm -lock=false a.b module.c"), named(&["a.b", "module.c"], true));
        assert_eq!(intent("state rm -lock-timeout 1s a.b -no-color"), named(&["a.b"], true));
        assert_eq!(intent("state mv -backup x a.b c.d"), named(&["a.b", "c.d"], false));
        assert_eq!(intent("taint a.b"), named(&["a.b"], false));
        assert_eq!(intent("import -var x=1 a.b apply"), named(&["a.b"], false));
        assert_eq!(intent("run -- state rm a.b"), named(&["a.b"], true));
        assert_eq!(intent("state push -force f"), Intent::Push { file: Some("f".into()) });
        assert_eq!(intent("state push f g"), Intent::Push { file: None });
        for other in
            ["init", "init -upgrade", "fmt", "force-unlock 1", "providers lock", "backend bootstrap", ""]
        {
            assert_eq!(intent(other), Intent::Harmless, "{other}");
        }
    }

    #[test]
    fn commands_that_leave_the_instance_are_out_of_scope() {
        for line in [
            "-chdir=x apply",
            "-chdir plan apply",
            "--working-dir x apply",
            "apply --all",
            "apply -a",
            "apply --working-dir=../other",
            "run --all destroy",
            "run --all -- destroy",
            "run apply FILE",
            "run apply -- plan",
            "run --tf-path x -- apply",
            "run-all apply",
            "stack run apply",
            "plan --queue-include-dir x",
            "workspace new x",
            "workspace delete -force old",
            "env select x",
            "init -backend-config=key=x",
            "apply -state=x",
            "state mv -state-out x a.b a.b",
            "state rm -state x a.b",
        ] {
            assert!(matches!(intent(line), Intent::OutOfScope { .. }), "{line}: {:?}", intent(line));
        }
        for line in
            ["init -migrate-state", "init -force-copy --migrate-state -upgrade", "run -- init -migrate-state"]
        {
            assert_eq!(intent(line), Intent::MigrateState, "{line}");
        }
        for line in [
            "init -migrate-state=false",
            "init -migrate-state -reconfigure",
            "init --force-copy",
            "exec -- tofu apply FILE",
            "backend delete",
        ] {
            assert!(matches!(intent(line), Intent::Unclassified { .. }), "{line}: {:?}", intent(line));
        }
    }

    #[test]
    fn changes_of_resources_or_of_a_part_of_the_state_build_on_it() {
        for with in ["apply", "apply FILE", "import a.b x", "state rm a.b", "taint a.b", "brand-new"] {
            assert!(intent(with).builds_on_state(), "{with}");
        }
        for without in ["state push f", "force-unlock 1", "fmt", "init -upgrade", "providers lock"] {
            assert!(!intent(without).builds_on_state(), "{without}");
        }
    }
}
