//! 1. The plan you saw is the plan that is applied: whichever way a unit names the files that it is made from.

use std::fs;

use crate::support::{Env, Project, programs};

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

#[test]
fn the_plan_of_a_unit_is_bound_to_what_its_functions_lead_to() {
    let Some([terragrunt, tofu]) = programs(["terragrunt", "tofu"]) else { return };
    let project = Project::without_files();
    project.git(["init", "--quiet", "--initial-branch=main"]);
    project.write(
        "environments.toml",
        "[project]\nname = \"shop\"\n\n[environments.dev]\n\n[stacks.app]\npath = \"live/app\"\nengine = \"terragrunt\"\n",
    );
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
    project.write("common/hook.sh", "true\n");
    project.write(
        "mod/main.tf",
        "variable \"text\" {}\nresource \"terraform_data\" \"a\" {\n  input = var.text\n}\n",
    );
    project.commit("Begin");
    let env = Env::new(&project).with(&terragrunt).with(&tofu).with_system();
    env.run(["plan", "dev"]).exits(0);

    let hook = format!("touch '{}'\n", ran.display());
    for (file, text) in [
        ("_envcommon/app.hcl", "# edited\n"),
        ("live/region.hcl", "# edited\n"),
        ("_envcommon/text.txt", "two"),
        ("common/hook.sh", hook.as_str()),
        ("mod/main.tf", "# edited\n"),
        ("mod/new.tf", "# new\n"),
        ("live/opt.tfvars", "# new\n"),
    ] {
        let before = fs::read_to_string(project.path(file)).ok();
        project.write(file, &(before.clone().unwrap_or_default() + text));
        let refused = env.run(["apply", "last", "--yes"]).exits(3);
        refused.tells(&format!("`file {file}` is not what it was when it was planned"));
        match before {
            Some(before) => project.write(file, &before),
            None => fs::remove_file(project.path(file)).unwrap(),
        }
        assert!(!state.exists() && !ran.exists(), "{file}: nothing was applied, no hook ran");
    }
    env.run(["apply", "last", "--yes"]).exits(0);
    assert!(state.exists());
}
