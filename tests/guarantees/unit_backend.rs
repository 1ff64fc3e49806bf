//! 3. The wrong environment is impossible, or refused: a unit is deployed to the state of its `remote_state`.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::support::{Env, Project, programs};

const ENVIRONMENTS: &str = "[project]\nname = \"shop\"\nengine = \"terragrunt\"\n\n[environments.dev]\n\n[environments.prod]\n\
                            confirm = true\n\n[stacks.app]\npath = \"live/{env}/app\"\n";

/// Makes a unit in two environments with a state each, deploys production, changes its value, and removes envctl's
/// records.
fn units() -> (Project, Env) {
    let [terragrunt, tofu] = programs(["terragrunt", "tofu"]);
    let project = Project::without_files();
    project.git(["init", "--quiet", "--initial-branch=main"]);
    project.write("environments.toml", ENVIRONMENTS);
    project.write("module/main.tf", "resource \"terraform_data\" \"a\" {\n  input = \"first\"\n}\n");
    for environment in ["dev", "prod"] {
        let state = state(&project, environment);
        let unit = format!(
            "terraform {{\n  source = \"../../../module\"\n}}\nremote_state {{\n  backend = \"local\"\n  generate = {{\n    path      = \
             \"backend.tf\"\n    if_exists = \"overwrite\"\n  }}\n  config = {{\n    path = \"{}\"\n  }}\n}}\n",
            state.display()
        );
        project.write(&format!("live/{environment}/app/terragrunt.hcl"), &unit);
    }
    project.commit("Begin");
    let env = Env::new(&project).with(&terragrunt).with(&tofu).with_system();
    env.run(["deploy", "prod", "--confirm"]).exits(0);
    project.edit("module/main.tf", "first", "second");
    fs::remove_dir_all(project.path(".envctl")).unwrap();
    (project, env)
}

fn state(project: &Project, environment: &str) -> PathBuf {
    project.around().join(format!("state/{environment}.tfstate"))
}

/// Adds arguments to `init` of the unit of dev.
fn add_arguments(project: &Project, line: &str) {
    let block = format!(
        "terraform {{\n  extra_arguments \"more\" {{\n    commands = [\"init\"]\n    {line}\n  }}\n  source"
    );
    project.edit("live/dev/app/terragrunt.hcl", "terraform {\n  source", &block);
}

/// Changes the backend records and generated backends of dev below a folder to the state of production.
fn edit_cache(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            edit_cache(&path);
        } else if entry.file_name() == "terraform.tfstate" || entry.file_name() == "backend.tf" {
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, text.replace("state/dev.tfstate", "state/prod.tfstate")).unwrap();
        }
    }
}

#[test(engines(terragrunt))]
fn arguments_of_a_unit_take_no_deployment_to_another_state() {
    let pair = |project: &Project| format!("-backend-config=path={}", state(project, "prod").display());
    for how in ["env_vars", "arguments"] {
        let (project, env) = units();
        let line = match how {
            "env_vars" => format!("env_vars = {{ TF_CLI_ARGS_init = \"{}\" }}", pair(&project)),
            _ => format!("arguments = [\"{}\"]", pair(&project)),
        };
        add_arguments(&project, &line);
        let before = fs::read(state(&project, "prod")).unwrap();

        let run = env.run(["deploy", "dev", "--yes"]).exits(3);

        run.tells("its `remote_state` says").tells("state/prod.tfstate in place of local:");
        let taint = ["exec", "dev", "app", "--yes", "--", "taint", "terraform_data.a"];
        env.run(taint).exits(3).tells("its `remote_state` says");
        assert!(fs::read(state(&project, "prod")).unwrap() == before, "{how}");
        assert!(!state(&project, "dev").exists(), "{how}");
    }
}

#[test(engines(terragrunt))]
fn an_edited_cache_takes_no_unit_to_another_state() {
    let (project, env) = units();
    env.run(["plan", "dev"]).exits(0);
    edit_cache(&project.path("live/dev"));
    let before = fs::read(state(&project, "prod")).unwrap();

    env.run(["deploy", "dev", "--yes"]).exits(3).tells("state/prod.tfstate in place of local:");

    assert!(fs::read(state(&project, "prod")).unwrap() == before);
    fs::remove_dir_all(project.path("live/dev/app/.terragrunt-cache")).unwrap();
    env.run(["deploy", "dev", "--yes"]).exits(0);
    assert!(fs::read_to_string(state(&project, "dev")).unwrap().contains("second"));
    assert!(fs::read(state(&project, "prod")).unwrap() == before);
}

#[test(engines(terragrunt))]
fn an_edited_cache_shows_no_other_state() {
    let (project, env) = units();
    env.run(["plan", "dev"]).exits(0);
    edit_cache(&project.path("live/dev"));

    for command in [
        &["output", "dev", "app"] as &[&str],
        &["exec", "dev", "app", "--", "output", "-json"],
        &["exec", "dev", "app", "--", "state", "list"],
        &["exec", "dev", "app", "--", "state", "pull"],
    ] {
        let run = env.run_args(command).exits(3).tells("its `remote_state` says");
        run.hides("terraform_data");
    }

    fs::remove_dir_all(project.path("live/dev/app/.terragrunt-cache")).unwrap();
    env.run(["exec", "prod", "app", "--", "state", "list"]).exits(0).prints("terraform_data.a");
}

#[test(engines(terragrunt))]
fn a_linked_environment_folder_is_refused_by_every_run() {
    let (project, env) = units();
    fs::remove_dir_all(project.path("live/dev")).unwrap();
    symlink("prod", project.path("live/dev")).unwrap();
    let before = fs::read(state(&project, "prod")).unwrap();

    for command in [&["check", "dev"] as &[&str], &["deploy", "dev", "--yes"], &["plan", "prod"]] {
        let run = env.run_args(command);
        assert_ne!(run.code(), 0, "{command:?}: {run}");
        run.tells("`dev/app` in `live/dev/app`")
            .tells("`prod/app` in `live/prod/app`")
            .tells("are one folder through `live/dev`");
    }

    assert!(fs::read(state(&project, "prod")).unwrap() == before);
}
