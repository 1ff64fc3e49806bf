//! 3. The wrong environment is impossible, or refused.

use std::fs;

use crate::support::{Driven, ENVIRONMENTS, Shop};

#[test(engines(fake, tofu, terraform))]
fn an_inherited_workspace_data_directory_or_flag_steers_no_engine(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    shop.change("app", "second");
    let elsewhere = shop.marker("elsewhere");
    let env = shop
        .env
        .clone()
        .var("TF_WORKSPACE", "production")
        .var("TF_DATA_DIR", &elsewhere)
        .var("TF_CLI_ARGS", "-destroy")
        .var("TF_CLI_ARGS_plan", "-destroy")
        .var("TF_INPUT", "1")
        .var("TG_WORKING_DIR", "/nowhere");

    env.run(["deploy", "staging", "--yes"]).exits(0);

    let value = |workspace| shop.deployed_value("app", workspace);
    assert_eq!(value("staging").as_deref(), Some("second"), "{}", engine.name());
    assert_eq!(value("production").as_deref(), Some("first"), "{}", engine.name());
    assert!(!elsewhere.exists(), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_workspace_is_never_made_by_accident(engine: &Driven) {
    let environments = ENVIRONMENTS.replace("create_workspace = \"always\"\n", "");
    let shop = Shop::driven_by(engine, &environments).with_stacks(&["app"]);

    let run = shop.run(["deploy", "staging", "--yes"]).exits(3);

    run.tells("workspace `staging` of `staging/app` does not exist");
    assert!(!shop.project.path("app/terraform.tfstate.d").exists(), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_vanished_state_is_refused_although_the_engine_would_create_it(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]).deployed();
    let state = shop.project.path("app/terraform.tfstate.d/staging/terraform.tfstate");
    fs::remove_file(&state).unwrap();

    shop.run(["deploy", "staging", "--yes"])
        .exits(3)
        .tells("the state has vanished")
        .tells("there is none at `local:");
    shop.run(["deploy", "staging", "--yes", "--allow", "lineage:production/app"]).exits(3);
    assert!(!state.exists(), "{}", engine.name());

    shop.run(["deploy", "staging", "--yes", "--allow", "lineage:staging/app"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn two_instances_never_share_a_state(engine: &Driven) {
    // Both environments have the same folder and workspace: each deploy would change the other.
    let environments = ENVIRONMENTS.replace("workspace = \"production\"", "workspace = \"staging\"");
    let shop = Shop::driven_by(engine, &environments).with_stacks(&["app"]);

    for environment in ["staging", "production"] {
        let run = shop.run(["deploy", environment, "--confirm"]);
        assert_ne!(run.code(), 0, "{run}");
        run.tells("have the same state");
    }
    assert!(!shop.project.path("app/terraform.tfstate.d").exists(), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_state_that_was_copied_from_another_environment_is_refused(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]).deployed();
    let state = |workspace: &str| {
        shop.project.path(&format!("app/terraform.tfstate.d/{workspace}/terraform.tfstate"))
    };
    fs::create_dir_all(state("production").parent().unwrap()).unwrap();
    fs::copy(state("staging"), state("production")).unwrap();
    shop.change("app", "second");

    let run = shop.run(["deploy", "production", "--confirm"]);

    assert_eq!(run.code(), 3, "{run}");
    run.tells("`production/app` and `staging/app` have the same state: lineage ");
    assert_eq!(shop.deployed_value("app", "production").as_deref(), Some("first"), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_branch_guard_binds_its_environment_and_ignores_git_variables(engine: &Driven) {
    let guarded = ENVIRONMENTS.to_owned() + "guards.branch = [\"main\"]\n";
    let shop = Shop::driven_by(engine, &guarded).with_stacks(&["app"]);
    // Another repository, on the branch that the guard demands.
    let other = shop.marker("other");
    shop.project.git(["clone", "--quiet", ".", other.to_str().unwrap()]);
    shop.project.git(["switch", "--quiet", "--create", "topic"]);

    shop.run(["deploy", "staging", "--yes"]).exits(0);
    for env in [shop.env.clone(), shop.env.clone().var("GIT_DIR", other.join(".git"))] {
        env.run(["deploy", "production", "--confirm"]).exits(3).tells("HEAD is `topic`, not `main`");
    }
    assert_eq!(shop.deployed_value("app", "production"), None, "{}", engine.name());
}
