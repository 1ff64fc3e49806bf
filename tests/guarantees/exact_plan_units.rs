//! 1. The plan you saw is the plan that is applied: every way in which a Terragrunt unit names files is bound.

use std::{fs, path::PathBuf};

use crate::support::{Env, Project, app_unit};

const UNIT: &str = r#"
include "root" {
  path = find_in_parent_folders("root.hcl")
}
include "common" {
  path   = "${dirname(find_in_parent_folders("root.hcl"))}/../_envcommon/app.hcl"
  expose = true
}
inputs = {
  region = read_terragrunt_config(find_in_parent_folders("region.hcl")).locals.name
}
terraform {
  source = include.common.locals.src
  before_hook "before" {
    commands = ["apply"]
    execute  = ["sh", "${dirname(find_in_parent_folders("root.hcl"))}/../common/hook.sh"]
  }
  extra_arguments "values" {
    commands           = ["plan"]
    optional_var_files = ["${dirname(find_in_parent_folders("root.hcl"))}/opt.tfvars"]
  }
}
"#;

const COMMON: &str = r#"
locals {
  src  = "${dirname(find_in_parent_folders("root.hcl"))}/../mod"
  text = file("text.txt")
}
inputs = {
  text = local.text
}
"#;

/// Files that the unit depends on, each with text to append and the reason that `--changed` reports.
const FILES: [(&str, &str, &str); 7] = [
    ("_envcommon/app.hcl", "# edited\n", "changed include: _envcommon/app.hcl"),
    ("live/region.hcl", "# edited\n", "changed include: live/region.hcl"),
    ("_envcommon/text.txt", "two", "changed file that HCL names: _envcommon/text.txt"),
    ("common/hook.sh", "true # edited\n", "changed file that HCL names: common/hook.sh"),
    ("mod/main.tf", "# edited\n", "changed module: mod/main.tf"),
    ("mod/new.tf", "# new\n", "changed module: mod/new.tf"),
    ("live/opt.tfvars", "# new\n", "changed file that HCL names: live/opt.tfvars"),
];

/// Makes a unit that depends on all of [`FILES`]; returns the path of its state, and of a file that its hook writes.
fn unit() -> (Project, Env, PathBuf, PathBuf) {
    let (project, env) = app_unit("live/app");
    let (state, ran) = (project.around().join("app.tfstate"), project.around().join("ran"));
    project.write(
        "live/root.hcl",
        &format!(
            "remote_state {{\n  backend = \"local\"\n  generate = {{\n    path = \"backend.tf\"\n    if_exists = \"overwrite\"\n  \
             }}\n  config = {{\n    path = \"{}\"\n  }}\n}}\n",
            state.display()
        ),
    );
    project.write("live/app/terragrunt.hcl", UNIT);
    project.write("live/region.hcl", "locals {\n  name = \"eu\"\n}\n");
    project.write("_envcommon/app.hcl", COMMON);
    project.write("_envcommon/text.txt", "one");
    project.write("common/hook.sh", &format!("touch '{}'\n", ran.display()));
    project.write(
        "mod/main.tf",
        "variable \"text\" {}\nresource \"terraform_data\" \"a\" {\n  input = var.text\n}\n",
    );
    project.commit("Begin");
    (project, env.with_system(), state, ran)
}

/// Makes a unit whose parent sets a `download_dir` in the project.
fn downloading() -> (Project, Env) {
    let (project, env) = app_unit("live/app");
    project.write(
        "live/root.hcl",
        "download_dir = \"${get_parent_terragrunt_dir()}/../cache\"\nremote_state {\n  backend = \"local\"\n  generate = {\n    \
         path = \"backend.tf\"\n    if_exists = \"overwrite\"\n  }\n  config = {\n    \
         path = \"${get_parent_terragrunt_dir()}/../state/${path_relative_to_include()}.tfstate\"\n  }\n}\n",
    );
    project.write(
        "live/app/terragrunt.hcl",
        "include \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n}\nterraform {\n  source = \"../../mod\"\n}\n",
    );
    project.write("mod/main.tf", "resource \"terraform_data\" \"a\" {\n  input = \"one\"\n}\n");
    project.write("mod/more.tf", "resource \"terraform_data\" \"b\" {\n}\n");
    project.write(".gitignore", "cache/\nstate/\n");
    project.commit("Begin");
    (project, env)
}

#[test(engines(terragrunt))]
fn a_unit_with_downloads_in_the_project_is_planned_after_a_module_change() {
    let (project, env) = downloading();
    // Another unit downloads into the same folder, before and after this one.
    let other = project.read("live/app/terragrunt.hcl").replace("../../mod\"", "../../other\"");
    project.write("live/other/terragrunt.hcl", &(other + "dependencies {\n  paths = [\"../app\"]\n}\n"));
    project.write("other/main.tf", "resource \"terraform_data\" \"other\" {\n  input = \"one\"\n}\n");
    let stack = "\n[stacks.other]\npath = \"live/other\"\nengine = \"terragrunt\"\n";
    project.write("environments.toml", &(project.read("environments.toml") + stack));
    env.run(["deploy", "dev", "--yes"]).exits(0);
    project.edit("other/main.tf", "one", "two");
    project.edit("mod/main.tf", "one", "two");
    fs::remove_file(project.path("mod/more.tf")).unwrap();
    project.write("mod/new.tf", "resource \"terraform_data\" \"c\" {\n}\n");

    env.run(["deploy", "dev", "--yes"]).exits(0);

    let state = project.read("state/app.tfstate");
    assert!(state.contains("\"two\"") && state.contains("\"c\"") && !state.contains("\"b\""), "{state}");
    project.edit("mod/main.tf", "two", "three");
    // The plan of the other unit is clean, and reused by the apply.
    env.run(["plan", "dev"]).exits(0);
    let below = |folder: &PathBuf| {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.collect::<Vec<_>>()
    };
    let copies = below(&project.path("cache"))
        .into_iter()
        .flat_map(|unit| below(&unit))
        .map(|copy| copy.join("main.tf"));
    let is_of_app = |copy: &PathBuf| fs::read_to_string(copy).unwrap().contains("three");
    let copy = copies.into_iter().find(is_of_app).unwrap();
    for edited in [project.path("mod/main.tf"), copy] {
        let before = fs::read_to_string(&edited).unwrap();
        fs::write(&edited, before.clone() + "# edited\n").unwrap();
        env.run(["apply", "last", "--yes"]).exits(3).tells("is not what it was when it was planned");
        fs::write(&edited, before).unwrap();
    }
    env.run(["apply", "last", "--yes"]).exits(0);
    assert!(project.read("state/app.tfstate").contains("\"three\""));
}

/// Appends to a file, and returns a closure that restores it.
fn edited(project: &Project, file: &str, more: &str) -> impl FnOnce() {
    let path = project.path(file);
    let before = fs::read_to_string(&path).ok();
    project.write(file, &(before.clone().unwrap_or_default() + more));
    move || match before {
        Some(before) => fs::write(path, before).unwrap(),
        None => fs::remove_file(path).unwrap(),
    }
}

#[test(engines(terragrunt))]
fn the_plan_of_a_unit_is_bound_to_what_its_functions_lead_to() {
    let (project, env, state, ran) = unit();
    env.run(["plan", "dev"]).exits(0);
    for (file, more, _) in FILES {
        let undo = edited(&project, file, more);
        let refused = env.run(["apply", "last", "--yes"]).exits(3);
        refused.tells(&format!("`file {file}` is not what it was when it was planned"));
        undo();
        assert!(!state.exists() && !ran.exists(), "{file}: nothing was applied, no hook ran");
    }
    env.run(["apply", "last", "--yes"]).exits(0);
    assert!(state.exists() && ran.exists());
}

#[test(engines(terragrunt))]
fn files_that_functions_of_a_unit_read_are_seen_by_changed_and_reuse() {
    let (project, env, ..) = unit();
    env.run(["deploy", "dev", "--yes"]).exits(0);
    project.commit("Deploy");
    env.run(["plan", "dev"]).exits(0);
    let kept = project.read(".envctl/instances/dev/app/clean.json");
    let why = || {
        let listed = env.run(["list", "dev", "--changed=HEAD", "--why", "--json"]).exits(0).json();
        let instances = listed["instances"].as_array().unwrap();
        instances.iter().map(|instance| instance["why"][0].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let is_reused = || {
        let report = env.run(["plan", "dev", "--reuse", "--json"]).exits(0).json();
        report["stacks"][0]["reused"].as_bool().unwrap()
    };
    assert_eq!(why(), [""; 0]);
    assert!(is_reused());
    for (file, more, reason) in FILES {
        let undo = edited(&project, file, more);
        assert_eq!(why(), [reason]);
        assert!(!is_reused(), "{file}");
        undo();
        // Restores the record of the clean plan that was made before the edit.
        project.write(".envctl/instances/dev/app/clean.json", &kept);
    }
    assert!(is_reused());
}
