//! 3. The wrong environment is impossible, or refused: a state that vanished or went back is detected, in every backend.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::support::{Driven, ENVIRONMENTS, Run, Shop};

const STATE: &str = "app/terraform.tfstate.d/staging/terraform.tfstate";
const WENT_BACK: &str = "the state went back to an earlier version";
const VANISHED: &str = "the state has vanished";
const ALLOW: &str = "--allow=lineage:staging/app";

/// Deploys a stack twice, and returns a copy of its state from before the second deploy.
#[track_caller]
fn deployed_twice(engine: &Driven) -> (Shop, PathBuf) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]).deployed();
    let older = shop.marker("older.tfstate");
    fs::copy(shop.project.path(STATE), &older).unwrap();
    shop.change("app", "second");
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    (shop, older)
}

fn restore(shop: &Shop, older: &PathBuf) {
    fs::copy(older, shop.project.path(STATE)).unwrap();
}

fn serial(shop: &Shop) -> u64 {
    shop.state("app", "staging").unwrap()["serial"].as_u64().unwrap()
}

#[track_caller]
fn exec(shop: &Shop, flags: &[&str], typed: &[&str]) -> Run {
    shop.env.run_args(&[&["exec", "staging", "app", "--yes"], flags, &["--"], typed].concat())
}

#[test(engines(fake, tofu, terraform))]
fn a_state_that_went_back_is_refused_until_that_is_accepted(engine: &Driven) {
    let (shop, older) = deployed_twice(engine);
    let newer = serial(&shop);
    restore(&shop, &older);
    let older = serial(&shop);
    assert!(older < newer, "{}", engine.name());

    let run = shop.run(["plan", "staging"]).exits(3);
    run.tells(WENT_BACK)
        .tells(&format!("the serial {newer} or a higher one\n    now it is {older}"))
        .tells("`envctl plan staging --allow lineage:staging/app` takes it");
    shop.run(["deploy", "staging", "--yes"]).exits(3).tells(WENT_BACK);
    shop.run(["deploy", "staging", "--yes", "--allow", "lineage:production/app"]).exits(3);
    exec(&shop, &[], &["state", "rm", "terraform_data.app"]).exits(3).tells(WENT_BACK);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"), "{}", engine.name());

    shop.run(["plan", "staging", ALLOW]).exits(0);
    shop.run(["plan", "staging"]).exits(0);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("second"), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_stored_plan_of_a_state_that_went_back_to_it_is_refused(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]).deployed();
    let older = shop.marker("older.tfstate");
    fs::copy(shop.project.path(STATE), &older).unwrap();
    shop.change("app", "second");
    shop.run(["plan", "staging"]).exits(0);
    let run = shop.newest_run();
    let run = run.rsplit('/').next().unwrap();
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    restore(&shop, &older);

    shop.run(["apply", run, "--yes"]).exits(3).tells(WENT_BACK);

    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"), "{}", engine.name());
}

#[test(engines(tofu, terraform))]
fn an_older_state_that_is_pushed_by_force_is_said_and_refused(engine: &Driven) {
    let (shop, older) = deployed_twice(engine);
    let before = serial(&shop);
    let push = ["state", "push", "-force", older.to_str().unwrap()];
    let pushed = exec(&shop, &[], &push).exits(0);
    // OpenTofu gives a pushed state a serial above that of the state before: it counts as a new version.
    if engine.name() == "tofu" {
        assert!(serial(&shop) > before);
        shop.run(["plan", "staging"]).exits(0);
        return;
    }
    assert!(serial(&shop) < before);
    pushed.tells(WENT_BACK);
    exec(&shop, &[], &["apply", "-auto-approve"]).exits(3).tells(WENT_BACK);
    shop.run(["plan", "staging"]).exits(3).tells(WENT_BACK);

    exec(&shop, &[ALLOW], &push).exits(0);
    exec(&shop, &[], &["apply", "-auto-approve"]).exits(0);
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
}

#[test(engines(tofu, terraform))]
fn a_clean_plan_is_not_reused_for_a_state_that_went_back_to_it(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]).deployed();
    shop.run(["plan", "staging", "--reuse"]).exits(0);
    shop.run(["plan", "staging", "--reuse", "--detailed-exitcode"]).exits(0).prints("reused");
    let older = shop.marker("older.tfstate");
    fs::copy(shop.project.path(STATE), &older).unwrap();
    exec(&shop, &[], &["apply", "-auto-approve", "-replace=terraform_data.app"]).exits(0);
    restore(&shop, &older);

    shop.run(["plan", "staging", "--reuse"]).exits(3).tells(WENT_BACK);
}

#[test(engines(fake, tofu, terraform))]
fn outputs_of_a_state_that_went_back_are_not_shown(engine: &Driven) {
    let (shop, older) = deployed_twice(engine);
    shop.run(["output", "staging", "app"]).exits(0).prints("app-1");
    restore(&shop, &older);

    shop.run(["output", "staging", "app"]).exits(3).tells(WENT_BACK);
    shop.run(["output", "staging", "app", "--json"]).exits(3).tells(WENT_BACK);
}

#[test(engines(tofu, terraform))]
fn a_state_that_others_wrote_or_nobody_changed_is_no_older_one(engine: &Driven) {
    let (shop, _) = deployed_twice(engine);
    let path = shop.project.path(STATE);
    let mut state: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    state["serial"] = 41.into();
    fs::write(&path, state.to_string()).unwrap();

    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
    exec(&shop, &[], &["apply", "-refresh-only", "-auto-approve"]).exits(0);
    exec(&shop, &[], &["apply", "-auto-approve"]).exits(0);
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);

    state["serial"] = 40.into();
    fs::write(&path, state.to_string()).unwrap();
    shop.run(["plan", "staging"]).exits(3).tells(WENT_BACK);
}

#[test(engines(fake, tofu, terraform))]
fn a_lineage_that_an_older_envctl_recorded_is_still_known(engine: &Driven) {
    let (shop, _) = deployed_twice(engine);
    fs::remove_file(shop.project.path(".envctl/instances/staging/app/last-state.json")).unwrap();
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
    fs::remove_file(shop.project.path(".envctl/instances/staging/app/last-state.json")).unwrap();
    fs::remove_file(shop.project.path(STATE)).unwrap();

    shop.run(["plan", "staging"]).exits(3).tells(VANISHED);
}

#[test(engines(tofu, terraform))]
fn a_state_that_is_not_at_a_new_address_is_said_with_the_old_one(engine: &Driven) {
    let environments =
        "[project]\nname = \"shop\"\n\n[environments.staging]\nbackend.local = { path = \"one.tfstate\" }\n";
    let shop = Shop::driven_by(engine, environments);
    let mut script = crate::support::plain("app");
    script["backend"] = "local".into();
    shop.stack("app", &[], &script);
    let shop = shop.deployed();
    shop.project.edit("environments.toml", "one.tfstate", "two.tfstate");

    for _ in 0..2 {
        let run = shop.run(["plan", "staging"]).exits(3);
        run.tells(VANISHED)
            .tells("app/one.tfstate`\n    the address is `local:")
            .tells("app/two.tfstate` now\n    hint: ")
            .tells("`envctl exec staging app -- init -migrate-state`");
    }
    fs::rename(shop.project.path("app/one.tfstate"), shop.project.path("app/two.tfstate")).unwrap();
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
    fs::remove_file(shop.project.path("app/two.tfstate")).unwrap();
    let run = shop.run(["plan", "staging"]).exits(3).tells(VANISHED);
    assert!(!run.stderr.contains("migrate-state"), "{run}");
}

#[test(engines(fake, tofu, terraform))]
fn a_renamed_stack_keeps_its_state_and_what_is_known_of_it(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]).deployed();
    shop.project.edit("environments.toml", "[stacks.app]", "[stacks.web]");

    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
    let kept = fs::read(shop.project.path(STATE)).unwrap();
    fs::remove_file(shop.project.path(STATE)).unwrap();
    shop.run(["deploy", "staging", "--yes"]).exits(3).tells(VANISHED);
    assert!(!shop.project.path(STATE).exists(), "{}", engine.name());

    // The earlier name again, as on another branch.
    shop.project.edit("environments.toml", "[stacks.web]", "[stacks.app]");
    shop.run(["plan", "staging"]).exits(3).tells(VANISHED);
    fs::write(shop.project.path(STATE), kept).unwrap();
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
}

#[test(engines(fake, tofu, terraform))]
fn a_stack_whose_state_vanished_as_it_was_renamed_is_refused(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]).deployed();
    let discovered = "[discover]\npaths = [\"<unit>\"]\nname = \"svc/{unit}\"\n";
    let renamed = shop.project.read("environments.toml");
    let (before, _) = renamed.split_once("[stacks.app]").unwrap();
    shop.project.write("environments.toml", &format!("{before}{discovered}"));
    fs::remove_file(shop.project.path(STATE)).unwrap();

    let run = shop.run(["deploy", "staging", "--yes"]).exits(3);

    run.tells(VANISHED).tells("lineage:staging/svc/app");
    assert!(!shop.project.path(STATE).exists(), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_renamed_environment_keeps_what_is_known_of_its_states(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]).deployed();
    shop.project.edit("environments.toml", "[environments.staging]", "[environments.stage]");
    fs::remove_file(shop.project.path(STATE)).unwrap();

    shop.run(["deploy", "stage", "--yes"]).exits(3).tells(VANISHED);

    assert!(!shop.project.path(STATE).exists(), "{}", engine.name());
}

#[test(engines(tofu, terraform))]
fn a_stack_of_another_folder_does_not_take_a_state_over(engine: &Driven) {
    let environments = "[project]\nname = \"shop\"\n\n[environments.staging]\nbackend.local = { path = \"../shared.tfstate\" }\n";
    let shop = Shop::driven_by(engine, environments);
    let mut script = crate::support::plain("app");
    script["backend"] = "local".into();
    shop.stack("app", &[], &script);
    let shop = shop.deployed();
    shop.script("web", &script);
    shop.project.edit("environments.toml", "[stacks.app]\npath = \"app\"", "[stacks.web]\npath = \"web\"");

    let run = shop.run(["plan", "staging"]);

    assert_eq!(run.code(), 3, "{run}");
    run.tells("`staging/web` and `staging/app` have the same state");
}

#[test(engines(fake, tofu, terraform))]
fn a_workspace_that_is_gone_before_the_first_apply_is_not_made(engine: &Driven) {
    let environments = ENVIRONMENTS.replace("create_workspace = \"always\"\n", "");
    let shop = Shop::driven_by(engine, &environments).with_stacks(&["app"]);
    shop.run(["plan", "staging", "--create-workspace"]).exits(0);
    let states = shop.project.path("app/terraform.tfstate.d");
    fs::remove_dir_all(&states).unwrap();

    for command in ["plan", "deploy"] {
        let run = shop.run([command, "staging"]).exits(3);
        run.tells("workspace `staging` of `staging/app` does not exist");
        assert!(!states.exists(), "{}: {command}", engine.name());
    }
}

#[test(engines(fake, tofu, terraform))]
fn a_workspace_of_a_cached_data_directory_is_looked_up_without_a_record(engine: &Driven) {
    let environments = ENVIRONMENTS.replace("create_workspace = \"always\"\n", "");
    let shop = Shop::driven_by(engine, &environments).with_stacks(&["app"]);
    shop.run(["deploy", "staging", "--yes", "--create-workspace"]).exits(0);
    // A CI job that caches only the data directories, and a changed name of the workspace.
    let forget_state = || {
        for record in ["lineage", "last-state.json"] {
            fs::remove_file(shop.project.path(".envctl/instances/staging/app").join(record)).unwrap();
        }
    };
    forget_state();
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
    forget_state();
    let states = shop.project.path("app/terraform.tfstate.d");
    fs::remove_dir_all(&states).unwrap();

    let run = shop.run(["plan", "staging"]).exits(3);
    run.tells("workspace `staging` of `staging/app` does not exist");
    shop.project.edit("environments.toml", "workspace = \"staging\"", "workspace = \"typo\"");
    let run = shop.run(["plan", "staging"]).exits(3);
    run.tells("workspace `typo` of `staging/app` does not exist");
    assert!(!states.exists(), "{}", engine.name());
}
