//! Help of each verb.

use crate::support::{Env, Project, registry::NamedRow};

/// Verb whose help is a screen; empty for envctl itself.
struct Verb(&'static [&'static str]);

const VERBS: &[Verb] = &[
    Verb(&[]),
    Verb(&["plan"]),
    Verb(&["deploy"]),
    Verb(&["apply"]),
    Verb(&["destroy"]),
    Verb(&["check"]),
    Verb(&["status"]),
    Verb(&["list"]),
    Verb(&["graph"]),
    Verb(&["output"]),
    Verb(&["exec"]),
    Verb(&["shell"]),
    Verb(&["config"]),
    Verb(&["runs"]),
    Verb(&["runs", "list"]),
    Verb(&["runs", "show"]),
    Verb(&["runs", "log"]),
    Verb(&["runs", "resume"]),
    Verb(&["runs", "gc"]),
    Verb(&["generate"]),
    Verb(&["init"]),
    Verb(&["doctor"]),
];

impl NamedRow for Verb {
    fn name(&self) -> String {
        if self.0.is_empty() { "envctl".to_owned() } else { self.0.join(" ") }
    }
}

#[test(rows(VERBS))]
fn the_help_of_a_verb(verb: &Verb) {
    let project = Project::without_files();
    let run = Env::new(&project).run_args(&[verb.0, &["-h"]].concat()).exits(0);
    insta::assert_snapshot!(format!("help_{}", verb.name().replace(' ', "_")), run.snapshot());
}

#[test]
fn each_verb_has_its_help_here() {
    let project = Project::without_files();
    let help = Env::new(&project).run(["-h"]).exits(0).stdout;
    let commands = help.split("Commands:\n").nth(1).unwrap().lines().take_while(|line| !line.is_empty());
    let named = commands.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    for verb in named.filter_map(|line| line.split_whitespace().next()).filter(|verb| *verb != "help") {
        assert!(VERBS.iter().any(|row| row.0 == [verb]), "`{verb}` has no row");
    }
}
