//! `envctl init` on small trees that imitate the layouts of repositories: the whole file that it writes, and
//! `check --offline` on it.

use std::{fs, path::Path};

use crate::support::{Env, Program, Project};

/// Returns a program that stands in for an engine: `init` and `check --offline` start none.
fn an_engine() -> Program {
    Program { name: "tofu", path: "/bin/true".into() }
}

/// Returns the names of the trees in `fixtures/repositories`.
fn repositories() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repositories");
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

/// Returns true if a comment in the file asks a person to decide something.
fn asks_a_person(text: &str) -> bool {
    ["# to decide:", "# to fill in:", "= \"…\""].iter().any(|mark| text.contains(mark))
}

#[test]
fn init_writes_the_expected_file_for_each_layout() {
    let mut wrong = Vec::new();
    for name in repositories() {
        let project = Project::from_fixture(&format!("repositories/{name}"));
        let expected = project.read("environments.toml");
        let env = Env::new(&project).with(&an_engine());
        env.run(["init", "--force"]).exits(0);
        let written = project.read("environments.toml");
        if std::env::var_os("UPDATE_REPOSITORIES").is_some() {
            let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repositories");
            fs::write(fixture.join(&name).join("environments.toml"), &written).unwrap();
        } else if written != expected {
            wrong.push(format!("--- {name}: expected\n{expected}\n+++ {name}: written\n{written}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn check_accepts_what_init_wrote_or_a_comment_asks_for_more() {
    for name in repositories() {
        let project = Project::from_fixture(&format!("repositories/{name}"));
        let env = Env::new(&project).with(&an_engine());
        env.run(["init", "--force"]).exits(0);
        let run = env.run(["check", "--offline"]);
        let is_open = asks_a_person(&project.read("environments.toml"));
        assert!(run.code() == 0 || is_open, "{name}: {run}");
    }
}
