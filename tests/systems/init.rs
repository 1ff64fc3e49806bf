//! `envctl init` on each of the five systems: the written file has the same instances as the system's own file.

use std::{collections::BTreeSet, fs};

use crate::support::{Env, Program, Project, programs};

/// Environment, folder and workspace of an instance.
type Instance = (String, String, Option<String>);

fn instances(env: &Env) -> BTreeSet<Instance> {
    let list = env.run(["list", "--json"]).exits(0).json();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let instances = list["instances"].as_array().expect("instances").iter().map(|one| {
        let place = text(&one["environment"]).zip(text(&one["path"])).expect("an environment and a path");
        (place.0, place.1, text(&one["workspace"]))
    });
    instances.collect()
}

/// Returns a program that stands in for an engine: `list` only checks that it exists.
fn an_engine() -> Program {
    Program { name: "tofu", path: "/bin/true".into() }
}

fn finds_what_its_owner_wrote(system: &str, engine: &Program) {
    let project = Project::from_fixture(&format!("systems/{system}"));
    let env = Env::new(&project).with(engine);
    let wanted = instances(&env);
    assert!(wanted.len() > 1, "{wanted:?}");
    fs::remove_file(project.path("environments.toml")).expect("the owner's file");
    let run = env.run(["init"]).exits(0).tells("wrote `environments.toml`").tells("`envctl check`");
    assert_eq!(run.stdout, "");
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(format!("init-{system}"), project.read("environments.toml"));
    });
    assert_eq!(instances(&env), wanted);
    let untouched = project.git(["status", "--porcelain"]);
    assert_eq!(
        untouched, " M environments.toml\n?? environments.schema.json\n",
        "nothing but the file and its schema was written"
    );
}

#[test]
fn init_finds_the_workspaces_of_one_root() {
    finds_what_its_owner_wrote("workspaces", &an_engine());
}

#[test]
fn init_finds_a_root_that_each_environment_has_a_key_in() {
    finds_what_its_owner_wrote("backend-keys", &an_engine());
}

#[test]
fn init_finds_a_directory_per_environment() {
    finds_what_its_owner_wrote("directories", &an_engine());
}

#[test]
fn init_finds_the_stacks_of_three_environments_and_what_they_need() {
    finds_what_its_owner_wrote("promotion", &an_engine());
}

#[test(engines(terragrunt))]
fn init_finds_a_terragrunt_live_tree() {
    let [terragrunt] = programs(["terragrunt"]);
    finds_what_its_owner_wrote("terragrunt-live", &terragrunt);
}

#[test]
fn init_leaves_a_file_that_is_there() {
    let project = Project::from_fixture("systems/directories");
    let env = Env::new(&project);
    let before = project.read("environments.toml");
    env.run(["init"]).exits(3).tells("`environments.toml` is there already").tells("`envctl init --force`");
    let printed = env.run(["init", "--print"]).exits(0).prints("path = \"environments/{env}\"");
    assert_eq!(project.read("environments.toml"), before);
    env.run(["init", "--force"]).exits(0);
    assert_eq!(project.read("environments.toml"), printed.stdout);
}

#[test]
fn init_writes_nothing_where_there_is_nothing() {
    let project = Project::without_files();
    project.write("modules/network/main.tf", "variable \"cidr\" {}\n");
    let env = Env::new(&project);
    env.run(["init"]).exits(4).tells("there is no stack here or below").tells("terragrunt.hcl");
    env.run(["init", "--print"]).exits(4);
    let left: Vec<_> = fs::read_dir(project.root()).expect("the project").collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn init_says_what_it_found_and_what_it_could_not_read() {
    let project = Project::without_files();
    project.write("infra/staging/main.tf", "resource {\n");
    project.write("infra/production/main.tf", "terraform {\n  backend \"local\" {}\n}\n");
    project.write("infra/staging/x.auto.tfvars", "");
    Env::new(&project)
        .run(["init"])
        .exits(0)
        .tells("has a folder per environment, infra/{env}: staging, production")
        .tells("warning: infra/staging/main.tf:1");
}
