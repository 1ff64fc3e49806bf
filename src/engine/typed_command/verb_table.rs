//! Table of the verbs of OpenTofu, Terraform and Terragrunt, with the facts by which a typed command is judged.

use std::ffi::OsString;

use crate::diagnostic::closest;

/// Forms of a verb that change no state and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadOnlyForms {
    /// No form is known to change nothing.
    Never,
    /// Every form changes nothing if it has reading flags only.
    WithReadingFlags,
    /// The verb alone, without any argument, changes nothing.
    WithoutSubcommand,
    /// OpenTofu and Terraform change nothing if a flag makes the verb check only, apart from reading flags.
    WithCheckFlag,
    /// Verb of Terragrunt that changes nothing if it has reading flags only.
    InTerragrunt,
    /// Verb of Terragrunt that changes nothing if it has reading flags only, `--check` among them.
    InTerragruntWithCheckFlag,
}

/// Var files that a verb takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VarFilesRule {
    /// The engine refuses var files for this verb.
    Refused,
    /// Var files behind the verb.
    Taken,
    /// Var files behind the verb, unless a plan file is applied, which holds its values.
    TakenWithoutPlanFile,
    /// Var files behind the verb, on an engine whose module sources may use variables.
    TakenForModuleSources,
    /// Var files behind the subcommand, on an engine whose module sources may use variables.
    TakenBehindSubcommand,
}

/// Rule by which the intent of a command follows from its verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IntentRule {
    /// The command may change every resource, or its effect is unknown.
    Everything,
    /// The command has an effect that cannot be judged, but creates no resource of the stack.
    WithoutResources,
    /// The command changes no resource and no state.
    Nothing,
    /// The command applies its plan file, or everything without one.
    Apply,
    /// The command changes the state of the addresses that it names.
    Addresses,
    /// The command removes the addresses that it names from the state.
    ForgottenAddresses,
    /// The command changes the state of its first argument, an address; the provider's id of the resource follows.
    FirstAddress,
    /// The command replaces the state by a file.
    Push,
    /// The subcommand decides, and is unknown.
    UnknownSubcommand,
    /// The flags decide which backend is initialised.
    Init,
    /// The command behind `--` decides.
    Run,
    /// The command acts on another workspace.
    OtherWorkspace,
    /// The command acts on other stacks.
    OtherStacks,
    /// The command runs any program.
    Program,
    /// The command changes a backend.
    Backend,
}

/// Facts about a verb by which a typed command is judged.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the table, read on its own")]
pub(super) struct VerbFacts {
    /// First word of the command, or its first two.
    pub(super) words: &'static [&'static str],
    /// Forms of the verb that change nothing.
    pub(super) read_only_forms: ReadOnlyForms,
    /// True if the verb may read a state.
    pub(super) reads_state: bool,
    /// True if the engine creates a missing workspace for the verb. Most verbs do so as soon as they read a state, also
    /// `state pull` and `output` (measured on OpenTofu 1.12.6 and Terraform 1.11.4). A push may create a workspace for the
    /// state that it brings, and a lock may remain of a deleted workspace.
    pub(super) makes_workspace: bool,
    /// Var files that the verb takes.
    pub(super) var_files: VarFilesRule,
    /// True if the verb never evaluates a variable.
    pub(super) ignores_variables: bool,
    /// True if the verb installs modules or providers in the folder of its stack.
    pub(super) installs: bool,
    /// True if the user needs the verb to save a state that an engine could not save: to push it, or to release a lock
    /// before the push.
    pub(super) saves_state: bool,
    /// Rule by which the intent of the command follows.
    pub(super) intent: IntentRule,
}

/// Facts about an unknown verb, which counts as the most dangerous one.
const UNKNOWN: VerbFacts = VerbFacts {
    words: &[],
    read_only_forms: ReadOnlyForms::Never,
    reads_state: false,
    makes_workspace: true,
    var_files: VarFilesRule::Refused,
    ignores_variables: false,
    installs: false,
    saves_state: false,
    intent: IntentRule::Everything,
};

/// Facts about an unknown verb that changes no resource and no state.
const HARMLESS: VerbFacts = VerbFacts { intent: IntentRule::Nothing, ..UNKNOWN };

/// Facts about a verb that changes nothing.
const READING: VerbFacts = VerbFacts { read_only_forms: ReadOnlyForms::WithReadingFlags, ..HARMLESS };

/// Facts about a subcommand of `state`.
const STATE: VerbFacts = VerbFacts {
    reads_state: true,
    var_files: VarFilesRule::TakenBehindSubcommand,
    intent: IntentRule::UnknownSubcommand,
    ..UNKNOWN
};

/// Facts about a subcommand of `state` that changes nothing.
const STATE_READING: VerbFacts =
    VerbFacts { read_only_forms: ReadOnlyForms::WithReadingFlags, intent: IntentRule::Nothing, ..STATE };

/// Facts about a subcommand of `workspace`.
const WORKSPACE: VerbFacts = VerbFacts {
    makes_workspace: false,
    var_files: VarFilesRule::TakenBehindSubcommand,
    intent: IntentRule::OtherWorkspace,
    ..UNKNOWN
};

/// Facts about a verb that takes values and changes resources.
const VALUES: VerbFacts = VerbFacts { var_files: VarFilesRule::Taken, ..UNKNOWN };

/// Known verbs; of the rows that fit a command, the one with the most words counts.
const VERBS: &[VerbFacts] = &[
    VerbFacts {
        words: &["apply"],
        var_files: VarFilesRule::TakenWithoutPlanFile,
        intent: IntentRule::Apply,
        ..UNKNOWN
    },
    VerbFacts { words: &["apply-all"], intent: IntentRule::OtherStacks, ..UNKNOWN },
    VerbFacts { words: &["backend"], intent: IntentRule::Backend, ..UNKNOWN },
    VerbFacts { words: &["backend", "bootstrap"], ..HARMLESS },
    VerbFacts { words: &["catalog"], ..HARMLESS },
    VerbFacts { words: &["console"], reads_state: true, var_files: VarFilesRule::Taken, ..READING },
    VerbFacts { words: &["dag"], ..HARMLESS },
    VerbFacts { words: &["dag", "graph"], read_only_forms: ReadOnlyForms::InTerragrunt, ..HARMLESS },
    VerbFacts { words: &["destroy"], ..VALUES },
    VerbFacts { words: &["destroy-all"], intent: IntentRule::OtherStacks, ..UNKNOWN },
    VerbFacts { words: &["env"], intent: IntentRule::OtherWorkspace, ..UNKNOWN },
    VerbFacts { words: &["exec"], intent: IntentRule::Program, ..UNKNOWN },
    VerbFacts { words: &["fd"], ..HARMLESS },
    VerbFacts { words: &["find"], read_only_forms: ReadOnlyForms::InTerragrunt, ..HARMLESS },
    VerbFacts {
        words: &["fmt"],
        read_only_forms: ReadOnlyForms::WithCheckFlag,
        makes_workspace: false,
        ignores_variables: true,
        ..HARMLESS
    },
    VerbFacts {
        words: &["force-unlock"],
        makes_workspace: false,
        ignores_variables: true,
        saves_state: true,
        ..HARMLESS
    },
    VerbFacts { words: &["get"], makes_workspace: false, installs: true, ..HARMLESS },
    VerbFacts {
        words: &["graph"],
        reads_state: true,
        var_files: VarFilesRule::TakenForModuleSources,
        ..READING
    },
    VerbFacts { words: &["hcl"], ..HARMLESS },
    VerbFacts {
        words: &["hcl", "fmt"],
        read_only_forms: ReadOnlyForms::InTerragruntWithCheckFlag,
        ..HARMLESS
    },
    VerbFacts {
        words: &["hcl", "format"],
        read_only_forms: ReadOnlyForms::InTerragruntWithCheckFlag,
        ..HARMLESS
    },
    VerbFacts { words: &["hcl", "validate"], read_only_forms: ReadOnlyForms::InTerragrunt, ..HARMLESS },
    VerbFacts { words: &["import"], intent: IntentRule::FirstAddress, ..VALUES },
    VerbFacts { words: &["info"], read_only_forms: ReadOnlyForms::InTerragrunt, ..HARMLESS },
    VerbFacts {
        words: &["init"],
        var_files: VarFilesRule::TakenForModuleSources,
        installs: true,
        intent: IntentRule::Init,
        ..UNKNOWN
    },
    VerbFacts { words: &["list"], read_only_forms: ReadOnlyForms::InTerragrunt, ..HARMLESS },
    VerbFacts { words: &["login"], makes_workspace: false, ignores_variables: true, ..HARMLESS },
    VerbFacts { words: &["logout"], makes_workspace: false, ignores_variables: true, ..HARMLESS },
    VerbFacts { words: &["ls"], ..HARMLESS },
    VerbFacts { words: &["metadata"], read_only_forms: ReadOnlyForms::WithoutSubcommand, ..HARMLESS },
    VerbFacts { words: &["metadata", "functions"], makes_workspace: false, ..READING },
    VerbFacts { words: &["modules"], ..HARMLESS },
    VerbFacts {
        words: &["output"],
        reads_state: true,
        var_files: VarFilesRule::TakenForModuleSources,
        ..READING
    },
    VerbFacts { words: &["plan"], reads_state: true, var_files: VarFilesRule::Taken, ..READING },
    VerbFacts { words: &["providers"], read_only_forms: ReadOnlyForms::WithoutSubcommand, ..HARMLESS },
    VerbFacts { words: &["providers", "schema"], ..READING },
    VerbFacts { words: &["refresh"], intent: IntentRule::WithoutResources, ..VALUES },
    VerbFacts { words: &["render"], read_only_forms: ReadOnlyForms::InTerragrunt, ..HARMLESS },
    VerbFacts { words: &["run"], intent: IntentRule::Run, ..UNKNOWN },
    VerbFacts { words: &["run-all"], intent: IntentRule::OtherStacks, ..UNKNOWN },
    VerbFacts { words: &["scaffold"], ..HARMLESS },
    VerbFacts {
        words: &["show"],
        reads_state: true,
        var_files: VarFilesRule::TakenForModuleSources,
        ..READING
    },
    VerbFacts { words: &["stack"], intent: IntentRule::OtherStacks, ..UNKNOWN },
    VerbFacts { words: &["state"], ..STATE },
    VerbFacts { words: &["state", "list"], ..STATE_READING },
    VerbFacts { words: &["state", "mv"], intent: IntentRule::Addresses, ..STATE },
    VerbFacts { words: &["state", "pull"], ..STATE_READING },
    VerbFacts {
        words: &["state", "push"],
        makes_workspace: false,
        saves_state: true,
        intent: IntentRule::Push,
        ..STATE
    },
    VerbFacts { words: &["state", "rm"], intent: IntentRule::ForgottenAddresses, ..STATE },
    VerbFacts { words: &["state", "show"], ..STATE_READING },
    VerbFacts { words: &["taint"], intent: IntentRule::Addresses, ..UNKNOWN },
    VerbFacts { words: &["test"], intent: IntentRule::WithoutResources, ..VALUES },
    VerbFacts { words: &["untaint"], intent: IntentRule::Addresses, ..UNKNOWN },
    VerbFacts {
        words: &["validate"],
        makes_workspace: false,
        var_files: VarFilesRule::TakenForModuleSources,
        ..READING
    },
    VerbFacts { words: &["version"], makes_workspace: false, ignores_variables: true, ..READING },
    VerbFacts { words: &["workspace"], ..WORKSPACE },
    VerbFacts {
        words: &["workspace", "list"],
        read_only_forms: ReadOnlyForms::WithReadingFlags,
        ..WORKSPACE
    },
    VerbFacts {
        words: &["workspace", "show"],
        read_only_forms: ReadOnlyForms::WithReadingFlags,
        ..WORKSPACE
    },
];

/// Returns the facts about the verb of a command; its first argument must be the verb.
pub(super) fn verb_facts(args: &[OsString]) -> &'static VerbFacts {
    let fits = |facts: &&VerbFacts| {
        facts.words.len() <= args.len() && facts.words.iter().zip(args).all(|(word, arg)| arg == word)
    };
    VERBS.iter().filter(fits).max_by_key(|facts| facts.words.len()).unwrap_or(&UNKNOWN)
}

/// Verbs of some version of an engine that are similar to one of the table, and are passed on as unknown ones.
const SIMILAR_VERBS: [&str; 1] = ["stacks"];

/// Returns true if a word is a verb of an engine.
pub fn is_verb(word: &str) -> bool {
    SIMILAR_VERBS.contains(&word) || VERBS.iter().any(|facts| facts.words[0] == word)
}

/// Returns the command with the verb, or the subcommand of `state`, that was probably meant by a mistyped one; absent if
/// the verb is known, or similar to none.
pub fn corrected_verb(args: &[OsString]) -> Option<Vec<OsString>> {
    let first = args.first()?.to_str()?;
    let (at, typed, names): (_, _, Vec<&str>) = if !is_verb(first) {
        (0, first, VERBS.iter().map(|facts| facts.words[0]).collect())
    } else if verb_facts(args).intent == IntentRule::UnknownSubcommand {
        let below = VERBS.iter().filter(|facts| facts.words.len() == 2 && facts.words[0] == first);
        (1, args.get(1)?.to_str()?, below.map(|facts| facts.words[1]).collect())
    } else {
        return None;
    };
    let meant = closest(typed, names)?;
    let mut corrected = args.to_vec();
    corrected[at] = meant.into();
    Some(corrected)
}

/// Returns true if a word is a verb that needs the values of variables in every form but the apply of a plan file.
pub(super) fn needs_values(word: &OsString) -> bool {
    let facts = verb_facts(std::slice::from_ref(word));
    matches!(facts.var_files, VarFilesRule::Taken | VarFilesRule::TakenWithoutPlanFile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_verb_is_corrected_and_a_far_one_is_not() {
        let corrected = |typed: &str| {
            let args: Vec<OsString> = typed.split(' ').map(OsString::from).collect();
            let words = corrected_verb(&args)?;
            Some(words.join(std::ffi::OsStr::new(" ")).into_string().unwrap())
        };
        for (typed, meant) in [
            ("stat list", "state list"),
            ("aplly -auto-approve", "apply -auto-approve"),
            ("validaet", "validate"),
            ("unitaint a.b", "untaint a.b"),
            ("state lsit", "state list"),
        ] {
            assert_eq!(corrected(typed).as_deref(), Some(meant), "{typed}");
        }
        for typed in
            ["state list", "state", "state -json", "query", "stacks", "providers lokc", "-chdir=x plan"]
        {
            assert_eq!(corrected(typed), None, "{typed}");
        }
    }

    #[test]
    fn each_verb_has_one_row() {
        for (at, facts) in VERBS.iter().enumerate() {
            assert!(!facts.words.is_empty());
            assert!(VERBS[at + 1..].iter().all(|other| other.words != facts.words), "{:?}", facts.words);
        }
    }
}
