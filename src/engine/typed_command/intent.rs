//! Effect of a typed command on resources and state, for the confirmation: such commands have no plan to review.

use std::ffi::{OsStr, OsString};

use super::arguments::{flag_name, positionals};

/// Effect of a typed command. A command whose effect is uncertain counts as the most dangerous one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// Changes any resource of the stack's files and state, or has an unknown effect.
    Everything {
        /// Verb of the command: `apply`.
        verb: String,
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
        /// Path of the file as typed; absent unless there is exactly one.
        file: Option<OsString>,
    },
    /// Migration of the state to the backend that the files and environments.toml state.
    MigrateState,
    /// Runs another program, or moves the state elsewhere: such a command cannot be confirmed by its effect.
    Unjudged {
        /// Command in the words of messages: `` `init -reconfigure` ``.
        what: String,
        /// Hint on how to proceed instead.
        instead: &'static str,
    },
    /// Acts on something other than the instance that it is run for.
    Astray {
        /// Reason in the words of messages: `` `workspace select` acts on another workspace ``.
        what: String,
        /// Hint on how to proceed instead.
        instead: &'static str,
    },
    /// Changes no resource and no state.
    Other,
}

/// Verbs that change no resource and no state; reading verbs are classified here only if their flags hide their effect.
const HARMLESS: &[&str] = &[
    "catalog",
    "console",
    "dag",
    "fd",
    "find",
    "fmt",
    "force-unlock",
    "get",
    "graph",
    "hcl",
    "info",
    "list",
    "login",
    "logout",
    "ls",
    "metadata",
    "modules",
    "output",
    "plan",
    "providers",
    "render",
    "scaffold",
    "show",
    "validate",
    "version",
];

/// Flags with which Terragrunt runs in other units, or runs another engine.
const ASTRAY: &[&str] = &[
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

/// Flags of `init` that move a state to the stated backend.
const MIGRATION: &[&str] = &["force-copy", "migrate-state"];

const VERB_FIRST: &str = "the engine's verb comes first; its folder is that of the stack";
const ITS_STACK: &str = "name the stack; `--all` before `--` runs it in every stack";
const ITS_WORKSPACE: &str =
    "`workspace` in environments.toml says which; one that is left over is deleted in `envctl shell`";
const ITS_BACKEND: &str = "`backend` in environments.toml says where the state is; a state is moved by `state pull` and `state push`";

/// Returns the effect of a typed command.
pub fn typed(args: &[OsString]) -> Typed {
    let Some((first, rest)) = args.split_first() else { return Typed::Other };
    let verb = first.to_string_lossy();
    if verb.is_empty() || verb.starts_with('-') {
        return Typed::Astray { what: format!("`{verb}` stands before the verb"), instead: VERB_FIRST };
    }
    let flags = || rest.iter().filter_map(|arg| flag_name(arg));
    // `test` has a `-filter` of its own, and is classified as a whole.
    let astray = |arg: &&OsString| verb != "test" && flag_name(arg).is_some_and(is_astray);
    if let Some(arg) = rest.iter().find(astray) {
        let arg = arg.to_string_lossy();
        let flag = arg.split('=').next().unwrap_or_default();
        return Typed::Astray { what: format!("`{flag}` acts on more than the stack"), instead: ITS_STACK };
    }
    if let Some(flag) = flags().find(|flag| STATE_FILE.contains(flag)) {
        return Typed::Astray { what: format!("`-{flag}` takes another state"), instead: ITS_BACKEND };
    }
    match &*verb {
        "apply" => match positionals(rest) {
            [] => Typed::Everything { verb: verb.into_owned() },
            [file, ..] => Typed::PlanFile { file: file.clone() },
        },
        "state" => state(rest),
        "taint" | "untaint" => named(positionals(rest), false),
        // The address comes first, then the id.
        "import" => named(&positionals(rest)[..positionals(rest).len().min(1)], false),
        "workspace" | "env" => {
            let words: Vec<_> = args.iter().take(2).map(|word| word.to_string_lossy()).collect();
            let what = format!("`{}` acts on another workspace", words.join(" "));
            Typed::Astray { what, instead: ITS_WORKSPACE }
        }
        "init" => init(rest),
        "run" => run(rest),
        "run-all" | "apply-all" | "destroy-all" | "stack" => {
            Typed::Astray { what: format!("`{verb}` acts on more than the stack"), instead: ITS_STACK }
        }
        "exec" => Typed::Unjudged {
            what: "`exec`, which runs any program,".to_owned(),
            instead: "what is typed into `envctl shell` is not judged",
        },
        "backend" if rest.first().is_none_or(|word| word != "bootstrap") => {
            Typed::Unjudged { what: "`backend`".to_owned(), instead: ITS_BACKEND }
        }
        "backend" => Typed::Other,
        known if HARMLESS.contains(&known) => Typed::Other,
        _ => Typed::Everything { verb: verb.into_owned() },
    }
}

fn is_astray(flag: &str) -> bool {
    ASTRAY.contains(&flag) || flag.starts_with("queue-") || flag.starts_with("terragrunt-")
}

fn state(args: &[OsString]) -> Typed {
    let (verb, rest) = match args.split_first() {
        Some((verb, rest)) => (verb.to_string_lossy(), positionals(rest)),
        None => return Typed::Other,
    };
    match &*verb {
        "rm" => named(rest, true),
        "mv" => named(rest, false),
        "push" => Typed::Push {
            file: match rest {
                [file] => Some(file.clone()),
                _ => None,
            },
        },
        "list" | "show" | "pull" => Typed::Other,
        _ => Typed::Everything { verb: format!("state {verb}") },
    }
}

/// Returns the effect of a command on addresses; words that start with a dash are flags, which may come last.
fn named(words: &[OsString], forgets: bool) -> Typed {
    let is_address = |word: &&OsString| !word.as_encoded_bytes().starts_with(b"-");
    let addresses = words.iter().filter(is_address).map(|word| word.to_string_lossy().into_owned());
    Typed::Named { addresses: addresses.collect(), forgets }
}

fn init(args: &[OsString]) -> Typed {
    let named = |wanted: &[&str]| {
        let mut flags = args.iter().filter_map(|arg| flag_name(arg));
        flags.find(|flag| wanted.contains(flag)).map(str::to_owned)
    };
    if named(&["backend-config"]).is_some() {
        let what = "`init -backend-config` takes another state".to_owned();
        return Typed::Astray { what, instead: ITS_BACKEND };
    }
    let mut flags = args.iter().filter(|arg| flag_name(arg).is_some_and(|flag| BACKEND.contains(&flag)));
    let migrates = flags.clone().any(|arg| arg.to_str().is_some_and(|arg| arg.ends_with("-migrate-state")));
    if migrates && flags.all(|arg| flag_name(arg).is_some_and(|flag| MIGRATION.contains(&flag))) {
        return Typed::MigrateState;
    }
    match named(BACKEND) {
        Some(flag) => Typed::Unjudged { what: format!("`init -{flag}`"), instead: ITS_BACKEND },
        None => Typed::Other,
    }
}

/// Returns the effect of Terragrunt's `run`: its command is certain only behind `--`.
fn run(args: &[OsString]) -> Typed {
    const ALONE: &[&str] = &["--no-auto-init", "--no-auto-retry", "--no-color", "--non-interactive"];
    let own = args.iter().take_while(|arg| *arg != "--").count();
    let plain = args[..own].iter().all(|arg| ALONE.iter().any(|known| arg == OsStr::new(known)));
    match args.get(own + 1..) {
        Some(rest) if plain => typed(rest),
        _ => Typed::Astray {
            what: "what `run` runs cannot be told from its flags".to_owned(),
            instead: "it is written `run -- VERB …`",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Typed {
        typed(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn what_makes_no_plan_and_what_nobody_knows_changes_everything() {
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
            assert_eq!(told(line), Typed::Everything { verb: word.to_owned() }, "{line}");
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
            assert_eq!(told(line), Typed::PlanFile { file: "FILE".into() }, "{line}");
        }
    }

    #[test]
    fn what_changes_a_state_names_it() {
        let named = |words: &[&str], forgets| {
            let addresses = words.iter().map(|word| (*word).to_owned()).collect();
            Typed::Named { addresses, forgets }
        };
        assert_eq!(told("state rm -lock=false a.b module.c"), named(&["a.b", "module.c"], true));
        assert_eq!(told("state rm -lock-timeout 1s a.b -no-color"), named(&["a.b"], true));
        assert_eq!(told("state mv -backup x a.b c.d"), named(&["a.b", "c.d"], false));
        assert_eq!(told("taint a.b"), named(&["a.b"], false));
        assert_eq!(told("import -var x=1 a.b apply"), named(&["a.b"], false));
        assert_eq!(told("run -- state rm a.b"), named(&["a.b"], true));
        assert_eq!(told("state push -force f"), Typed::Push { file: Some("f".into()) });
        assert_eq!(told("state push f g"), Typed::Push { file: None });
        for other in
            ["init", "init -upgrade", "fmt", "force-unlock 1", "providers lock", "backend bootstrap", ""]
        {
            assert_eq!(told(other), Typed::Other, "{other}");
        }
    }

    #[test]
    fn what_leaves_the_instance_is_astray() {
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
            assert!(matches!(told(line), Typed::Astray { .. }), "{line}: {:?}", told(line));
        }
        for line in
            ["init -migrate-state", "init -force-copy --migrate-state -upgrade", "run -- init -migrate-state"]
        {
            assert_eq!(told(line), Typed::MigrateState, "{line}");
        }
        for line in [
            "init -migrate-state=false",
            "init -migrate-state -reconfigure",
            "init --force-copy",
            "exec -- tofu apply FILE",
            "backend delete",
        ] {
            assert!(matches!(told(line), Typed::Unjudged { .. }), "{line}: {:?}", told(line));
        }
    }
}
