//! Workspaces: they are created only on request.

use std::path::Path;

use crate::{
    support::{Env, Project, programs},
    support::{Shop, plain},
};

const ASK: &str = "[project]
name = \"shop\"

[environments.staging]
workspace = \"staging\"
";

fn shop(environments: &str) -> Shop {
    Shop::with(environments).with_stack("network", &[], &plain("network")).with_stack(
        "app",
        &["network"],
        &plain("app"),
    )
}

/// Asserts that neither the engine nor envctl left a file for the stacks.
#[track_caller]
fn assert_no_trace(root: &Path) {
    for stack in ["network", "app"] {
        for left in ["terraform.tfstate", "terraform.tfstate.d", ".terraform", ".terraform.lock.hcl"] {
            assert!(!root.join(stack).join(left).exists(), "{stack}/{left} was left behind");
        }
        let own = root.join(".envctl/instances/staging").join(stack);
        let left: Vec<_> =
            own.read_dir().into_iter().flatten().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.is_empty(), "{stack}: {left:?}");
    }
}

#[test]
fn a_missing_workspace_is_refused_and_leaves_no_trace() {
    let shop = shop(ASK);
    for args in [["plan", "staging"], ["deploy", "staging"], ["destroy", "staging"]] {
        // A destruction starts with the dependant.
        let (first, then) = if args[0] == "destroy" { ("app", "network") } else { ("network", "app") };
        let message = format!("workspace `staging` of `staging/{first}` does not exist (there are: default)");
        let run = shop.run(args).exits(3).tells(&message).tells(then);
        let run = run.tells(&format!("skipped: `{first}` did not succeed"));
        run.tells(&format!("hint: `envctl {} staging --create-workspace` makes it", args[0]));
        assert_no_trace(&shop.project.root());
    }
    assert_eq!(shop.folders("plan"), [""; 0], "not even a plan");
}

#[test(engines(tofu))]
fn a_missing_workspace_leaves_no_trace_on_a_real_engine() {
    let [tofu] = programs(["tofu"]);
    let project = Project::without_files();
    project.write("environments.toml", &format!("{ASK}\n[stacks.network]\npath = \"network\"\n"));
    project.write("network/main.tf", "resource \"terraform_data\" \"a\" {}\n");
    let env = Env::new(&project).with(&tofu);
    for _ in 0..2 {
        env.run(["plan", "staging"]).exits(3).tells("--create-workspace");
        assert_no_trace(&project.root());
    }

    env.run(["plan", "staging", "--create-workspace"]).exits(0);

    assert!(project.path("network/terraform.tfstate.d/staging").exists());
}

#[test(engines(tofu))]
fn a_state_whose_address_only_the_engine_knows_belongs_to_one_environment() {
    let [tofu] = programs(["tofu"]);
    let project = Project::without_files();
    project.write(
        "environments.toml",
        "[project]\nname = \"p\"\n[environments.staging]\n[environments.production]\n[stacks.app]\npath = \"app\"\n\
         var_files = [\"{env}.tfvars\"]\n",
    );
    for environment in ["staging", "production"] {
        project.write(&format!("app/{environment}.tfvars"), "where = \"one.tfstate\"\n");
    }
    project.write(
        "app/main.tf",
        "variable \"where\" {}\nterraform {\n  backend \"local\" {\n    path = var.where\n  }\n}\n\
         resource \"terraform_data\" \"a\" {}\n",
    );
    let env = Env::new(&project).with(&tofu);
    env.run(["deploy", "staging", "--yes"]).exits(0);
    let before = project.read("app/one.tfstate");

    for args in [["plan", "production"], ["deploy", "production"], ["destroy", "production"]] {
        let run = env.run_args(&[&args[..], &["--yes"][..usize::from(args[0] != "plan")]].concat()).exits(3);
        run.prints("`production/app` and `staging/app` have the same state");
    }

    assert_eq!(project.read("app/one.tfstate"), before);
    project.edit("app/production.tfvars", "one", "two");
    env.run(["deploy", "production", "--yes"]).exits(0);
    assert_ne!(project.read("app/two.tfstate"), before);
    env.run(["destroy", "staging", "--yes"]).exits(0);
}

#[test(engines(tofu))]
fn a_backend_of_equal_variables_is_refused_before_it_is_initialised() {
    let [tofu] = programs(["tofu"]);
    let project = Project::without_files();
    let environments = "[project]\nname = \"p\"\n[environments.staging]\n[environments.production]\n[stacks.app]\npath = \"app\"\n";
    project.write("environments.toml", &format!("{environments}vars.where = \"one\"\n"));
    project.write(
        "app/main.tf",
        "variable \"where\" {}\nlocals {\n  folder = \"states\"\n}\nterraform {\n  backend \"local\" {\n    \
         path = \"${local.folder}/${var.where}.tfstate\"\n  }\n}\n",
    );
    let env = Env::new(&project).with(&tofu);

    for args in [&["plan", "staging"][..], &["deploy", "production", "--yes"]] {
        env.run_args(args)
            .exits(4)
            .tells("have the same state: the variables that their backend is made of have the same values");
    }
    assert!(!project.path("app/.terraform").exists() && !project.path("app/states").exists());
}

#[test]
fn create_workspace_makes_it_and_the_next_plan_takes_it() {
    let shop = shop(ASK);

    shop.run(["plan", "staging", "--create-workspace"]).exits(0);

    assert_eq!(shop.folders("workspace new"), ["network", "app"]);
    assert!(shop.project.path("network/terraform.tfstate.d/staging").exists());
    shop.forget_calls();
    shop.run(["plan", "staging"]).exits(0);
    assert_eq!(shop.folders("workspace new"), [""; 0]);
    assert_eq!(shop.folders("init"), [""; 0]);
}

#[test]
fn create_workspace_always_makes_it_without_a_flag() {
    let shop = shop(&format!("{ASK}create_workspace = \"always\"\n"));

    shop.run(["plan", "staging"]).exits(0);

    assert_eq!(shop.folders("workspace new"), ["network", "app"]);
}

#[test]
fn create_workspace_never_refuses_and_the_flag_is_a_purpose() {
    let shop = shop(&format!("{ASK}create_workspace = \"never\"\n"));
    shop.run(["plan", "staging"]).exits(3).tells("does not exist");
    assert_no_trace(&shop.project.root());
    shop.run(["plan", "staging", "--create-workspace"]).exits(0);
}

#[test]
fn every_verb_that_needs_the_workspace_refuses_without_it() {
    let shop = shop(ASK);
    let message = "error: workspace `staging` of stack `app` does not exist";
    shop.run(["exec", "staging", "app", "--", "state", "pull"]).exits(3).tells(message);
    shop.run(["output", "staging", "app"]).exits(3).tells(message).tells("there are: default");
    shop.run(["shell", "staging", "app"]).exits(3).tells(message);
    assert_no_trace(&shop.project.root());
}
