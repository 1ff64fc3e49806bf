//! 3. The wrong environment is impossible, or refused: the state of a first apply that failed is known afterwards.

use std::fs;

use rustix::process::Signal;

use serde_json::json;

use crate::support::{Driven, Shop};

const ENVIRONMENTS: &str = "[project]\nname = \"shop\"\n\n[environments.staging]\nbackend.local = { path = \"../state/one.tfstate\" }\n";

/// Shell line for an apply that fails before any change.
const NO: &str = r#"echo '{"@level":"error","@message":"Error: no","type":"diagnostic","diagnostic":{"severity":"error","summary":"no","detail":""}}'; exit 1"#;

/// Makes a stack whose first resource is created, and whose second one runs `command`.
fn stack(engine: &Driven, command: &str) -> Shop {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    shop.append("environments.toml", "\n[stacks.app]\npath = \"app\"\n");
    shop.project.write(
        "app/main.tf",
        &format!(
            "terraform {{\n  backend \"local\" {{}}\n}}\nresource \"terraform_data\" \"a\" {{\n  input = \"first\"\n}}\n\
             resource \"terraform_data\" \"b\" {{\n  depends_on = [terraform_data.a]\n  provisioner \"local-exec\" {{\n    \
             command = \"{command}\"\n  }}\n}}\n"
        ),
    );
    shop
}

fn move_address(shop: &Shop) {
    shop.project.edit("environments.toml", "state/one.tfstate", "moved/two.tfstate");
}

/// Asserts that envctl refuses a vanished state and a changed address.
#[track_caller]
fn is_known(shop: &Shop, engine: &Driven) {
    let state = shop.project.path("state/one.tfstate");
    let aside = shop.marker("aside.tfstate");
    fs::rename(&state, &aside).unwrap();
    shop.run(["deploy", "staging", "--yes"]).exits(3).tells("the state has vanished");
    assert!(!state.exists(), "{}", engine.name());
    fs::rename(&aside, &state).unwrap();
    move_address(shop);
    let run = shop.run(["deploy", "staging", "--yes"]).exits(3);
    run.tells("state/one.tfstate`").tells("moved/two.tfstate` now");
    assert!(!shop.project.path("moved/two.tfstate").exists(), "{}", engine.name());
    shop.project.edit("environments.toml", "moved/two.tfstate", "state/one.tfstate");
    shop.run(["deploy", "staging", "--yes"]).exits(0);
}

#[test(engines(tofu, terraform))]
fn the_state_that_a_failed_first_apply_left_is_known(engine: &Driven) {
    let shop = stack(engine, "test -e ../go");
    shop.run(["deploy", "staging", "--yes"]).exits(1);
    shop.project.write("go", "");
    move_address(&shop);
    let run = shop.run(["runs", "resume", "--yes"]).exits(3);
    run.tells("state/one.tfstate`").tells("moved/two.tfstate` now");
    shop.project.edit("environments.toml", "moved/two.tfstate", "state/one.tfstate");
    is_known(&shop, engine);

    let shop = stack(engine, "test -e ../go");
    shop.run(["exec", "staging", "app", "--yes", "--", "apply", "-auto-approve"]).exits(1);
    shop.project.write("go", "");
    is_known(&shop, engine);
}

#[test(engines(tofu, terraform))]
fn the_state_that_an_interrupted_first_apply_left_is_known(engine: &Driven) {
    let shop = stack(engine, ": > ../here; until test -e ../go; do :; done; test -e ../on");
    let mut running = shop.env.spawn(["deploy", "staging", "--yes"]);
    running.wait_until("it applies", || shop.project.path("here").exists());
    running.signal(Signal::INT);
    shop.project.write("go", "");
    assert_ne!(running.wait().code(), 0);
    shop.project.write("on", "");
    is_known(&shop, engine);
}

#[test(engines(tofu, terraform))]
fn a_killed_first_apply_goes_on_at_no_other_address(engine: &Driven) {
    let shop = stack(engine, ": > ../here; until test -e ../go; do :; done");
    let mut running = shop.env.spawn(["deploy", "staging", "--yes"]);
    running.wait_until("it applies", || shop.project.path("here").exists());
    running.signal(Signal::KILL);
    assert!(running.wait().was_killed());
    shop.project.write("go", "");
    move_address(&shop);

    shop.run(["runs", "resume", "--yes"])
        .exits(3)
        .tells("another one than the first apply began at")
        .tells("state/one.tfstate`")
        .tells("moved/two.tfstate` now")
        .tells("--allow lineage:staging/app");
    assert!(!shop.project.path("moved/two.tfstate").exists(), "{}", engine.name());
    shop.project.edit("environments.toml", "moved/two.tfstate", "state/one.tfstate");
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    is_known(&shop, engine);
}

#[test(engines(tofu, terraform))]
fn a_first_apply_that_did_nothing_keeps_no_address(engine: &Driven) {
    let shop = crate::wrapped::wrapped(engine, "resource \"terraform_data\" \"a\" {\n}\n");
    crate::wrapped::wrap_apply(&shop, engine, NO);
    shop.run(["deploy", "staging", "--yes"]).exits(1);
    let record = shop.project.path(".envctl/instances/staging/network/first-apply.json");
    assert!(!record.exists(), "{}", engine.name());
    crate::wrapped::wrap_apply(&shop, engine, "exec ENGINE \"$@\"");
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert!(!record.exists(), "{}", engine.name());
}

#[test]
fn a_first_state_that_could_not_be_read_back_is_not_made_anew() {
    let shop = Shop::of(&["network"]);
    shop.behave("network", &json!({ "state pull": { "error": { "summary": "no answer" } } }));
    shop.run(["deploy", "staging", "--yes"]).exits(0).tells("the new state's lineage is not known yet");
    shop.behave("network", &json!({}));
    let state = "network/terraform.tfstate.d/staging/terraform.tfstate";
    let text = shop.project.read(state);
    fs::remove_file(shop.project.path(state)).unwrap();

    let run = shop.run(["deploy", "staging", "--yes"]).exits(3);

    run.tells("the state has vanished")
        .tells("`terraform_data.network`")
        .tells("--allow lineage:staging/network");
    assert!(shop.state("network", "staging").is_none());
    shop.project.write(state, &text);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    fs::remove_file(shop.project.path(state)).unwrap();
    shop.run(["deploy", "staging", "--yes"]).exits(3).tells("the last known state had the lineage");
}

#[test(engines(tofu, terraform))]
fn a_resumed_run_takes_no_stack_over_whose_address_changed(engine: &Driven) {
    let shop = stack(engine, "true");
    shop.append("environments.toml", "\n[stacks.web]\npath = \"web\"\nneeds = [\"app\"]\n");
    shop.project.edit("environments.toml", "../state/one", "../state/{stack}");
    let files = shop.project.read("app/main.tf");
    shop.project.write("web/main.tf", &files.replace("\"true\"", "\"test -e ../go\""));
    shop.run(["deploy", "staging", "--yes"]).exits(1);
    shop.project.write("go", "");
    shop.project.edit("environments.toml", "../state/{stack}", "../moved/{stack}");

    let run = shop.run(["runs", "resume", "--yes"]).exits(3);

    run.tells("the state of `staging/app` lay at").tells("moved/app.tfstate` now");
    assert!(!shop.project.path("moved").exists(), "{}", engine.name());
    shop.project.edit("environments.toml", "../moved/{stack}", "../state/{stack}");
    shop.run(["runs", "resume", "--yes"]).exits(0);
}
