//! `envctl init` on small trees that imitate the layouts of repositories: the whole file that it writes, and
//! `check --offline` on it.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::{Env, Program, Project, Run};

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

/// Returns what `check` refuses and no comment of the file asks a person for.
fn unasked(toml: &str, check: &Run) -> Vec<String> {
    let asks =
        ["# to decide:", "# to fill in:", "# vars = {", "= \"…\""].iter().any(|mark| toml.contains(mark));
    if check.code() == 0 || asks && check.stderr.contains("the workspace has no name") {
        return Vec::new();
    }
    let Ok(report) = serde_json::from_str::<Value>(&check.stdout) else { return vec![check.to_string()] };
    let comments: Vec<&str> = toml.lines().filter_map(|line| Some(line.split_once('#')?.1)).collect();
    let is_asked = |finding: &str| {
        let mut names = finding.split('`').skip(1).step_by(2);
        asks && names.any(|name| comments.iter().any(|comment| comment.contains(name)))
    };
    let items = report["items"].as_array().cloned().unwrap_or_default();
    let red = items.iter().filter(|item| item["status"] == "red");
    let findings = red.flat_map(|item| item["findings"].as_array().cloned().unwrap_or_default());
    findings.map(|finding| finding.to_string()).filter(|finding| !is_asked(finding)).collect()
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
fn check_refuses_only_what_a_comment_of_init_asks_for() {
    let mut wrong = Vec::new();
    for name in repositories() {
        let project = Project::from_fixture(&format!("repositories/{name}"));
        let env = Env::new(&project).with(&an_engine());
        env.run(["init", "--force"]).exits(0);
        let check = env.run(["check", "--offline", "--json"]);
        let text = project.read("environments.toml");
        wrong.extend(unasked(&text, &check).into_iter().map(|finding| format!("{name}: {finding}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Makes a project of two folders that no name tells to be environments.
fn blue_and_green() -> (Project, Env) {
    let project = Project::without_files();
    for folder in ["blue", "green"] {
        let backend = format!("terraform {{\n  backend \"local\" {{\n    path = \"{folder}\"\n  }}\n}}\n");
        project.write(&format!("live/{folder}/net/main.tf"), &backend);
    }
    let env = Env::new(&project).with(&an_engine());
    (project, env)
}

#[test]
fn env_names_the_folders_of_environments() {
    let (project, env) = blue_and_green();
    env.run(["init", "--env", "blue=live/blue", "--env", "green=live/green"]).exits(0);
    let written = project.read("environments.toml");
    assert!(written.contains("\n[stacks.net]\npath = \"live/{env}/net\"\n"), "{written}");
    env.run(["check", "--offline"]).exits(0);
    let list = env.run(["list", "--json"]).exits(0).json();
    assert_eq!(list["instances"].as_array().unwrap().len(), 2, "{list}");
}

#[test]
fn env_refuses_what_is_no_folder_below_the_file() {
    let (project, env) = blue_and_green();
    for (value, reason) in [
        ("blue", "write it as `--env NAME=FOLDER`"),
        ("blue=live/red", "there is no folder `live/red`"),
        ("blue=.", "`.` is not below the folder of the written file"),
        ("a/b=live/blue", "`a/b`"),
    ] {
        env.run(["init", "--env", value]).exits(64).tells(reason);
    }
    assert!(!project.path("environments.toml").exists());
}

#[test]
fn the_schema_is_written_beside_the_file_and_not_replaced() {
    let (project, env) = blue_and_green();
    env.run(["init", "--print"]).exits(0).prints("#:schema ./environments.schema.json\n");
    assert!(!project.path("environments.schema.json").exists());
    env.run(["init"]).exits(0).tells("wrote `environments.toml`, and `environments.schema.json`");
    let schema = env.run(["generate", "schema", "environments"]).exits(0).stdout;
    assert_eq!(project.read("environments.schema.json"), schema);
    fs::remove_file(project.path("environments.toml")).unwrap();
    project.write("environments.schema.json", "{}");
    env.run(["init"]).exits(0).tells("`environments.schema.json` is there already and was left");
    assert_eq!(project.read("environments.schema.json"), "{}");
    env.run(["init", "--force"]).exits(0);
    assert_eq!(project.read("environments.schema.json"), schema);
}

#[test]
fn the_last_lines_name_open_decisions_and_the_next_commands() {
    let (project, env) = blue_and_green();
    let run = env.run(["init"]).exits(0);
    let written = project.read("environments.toml");
    let line = written.lines().position(|line| line.contains("# to decide: its name")).unwrap() + 1;
    let run = run.tells("to decide in `environments.toml`:").tells(&format!("line {line}: its name"));
    run.tells("`envctl check`, `envctl plan default`, `envctl deploy default`");
}

#[test]
fn a_catalog_of_stacks_alone_is_named_and_writes_no_file() {
    let project = Project::without_files();
    let stack = "unit \"net\" {\n  source = \"../../units/net\"\n  path = values.path\n}\n";
    project.write("stacks/app/terragrunt.stack.hcl", stack);
    project.write("units/net/terragrunt.hcl", "inputs = {\n  size = values.size\n}\n");
    let env = Env::new(&project).with(&an_engine());
    let run = env.run(["init"]).exits(4).tells("there is no stack here or below");
    run.tells("stacks/app/terragrunt.stack.hcl: a catalog of Terragrunt stacks");
    assert!(!project.path("environments.toml").exists());
}
