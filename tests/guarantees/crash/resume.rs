//! Resuming: finished stacks are not repeated, confirmed plans are applied, and every other plan needs a new
//! confirmation.

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Shop, error};

/// Returns the id of the newest run.
fn newest(shop: &Shop) -> String {
    shop.newest_run().rsplit('/').next().unwrap_or_default().to_owned()
}

/// Makes a deploy in which `app` fails, so that `web` is skipped.
fn failed() -> Shop {
    let shop = Shop::of(&["network", "app: network", "web: app"]);
    shop.behave("app", &json!({ "apply": { "error": error("it broke", "")["error"], "error_times": 1 } }));
    shop.project.write(".gitignore", "terraform.tfstate*\n*.marker\n.fake-engine-failures\n");
    shop.run(["deploy", "production", "--confirm"]).exits(1);
    shop
}

#[test]
fn only_what_is_left_of_a_failed_deploy_is_reviewed_and_applied_again() {
    let shop = failed();
    let run = newest(&shop);
    shop.forget_calls();

    shop.run(["runs", "resume", "--confirm"]).exits(0).prints("web");

    assert_eq!(shop.folders("apply"), ["app", "web"], "`network` is done");
    assert_eq!(shop.folders("plan").iter().filter(|folder| *folder == "network").count(), 0);
    let journal = shop.project.read(&format!("{}/journal.jsonl", shop.newest_run()));
    assert!(journal.lines().next().unwrap().contains(&format!("\"resumes\":\"{run}\"")), "{journal}");
    for stack in ["network", "app", "web"] {
        assert_eq!(shop.state(stack, "production").unwrap()["serial"], 1, "{stack}");
    }
}

#[test]
fn the_gate_of_production_is_asked_again() {
    let shop = failed();
    shop.forget_calls();

    shop.run(["runs", "resume"]).exits(3).tells("envctl runs resume");
    shop.run(["runs", "resume", "--yes"]).exits(3);

    assert_eq!(shop.folders("apply"), [""; 0]);
}

#[test]
fn a_run_is_resumed_once() {
    let shop = failed();
    let run = newest(&shop);
    shop.run(["runs", "resume", &run, "--confirm"]).exits(0);
    let newer = newest(&shop);

    let again = shop.run(["runs", "resume", &run, "--confirm"]).exits(3);

    again.tells(&format!("run {run} was resumed by run {newer} already"));
    shop.run(["runs", "resume"]).exits(64).tells("there is no run to resume");
}

#[test]
fn a_run_in_which_nothing_was_confirmed_is_not_resumed() {
    let shop = Shop::of(&["network"]);
    shop.run(["deploy", "production"]).exits(3);

    let run = newest(&shop);
    shop.run(["runs", "resume", &run])
        .exits(3)
        .tells("there is nothing to resume")
        .tells("envctl deploy production");
}

#[test]
fn a_run_after_which_the_environment_was_changed_is_not_resumed() {
    let shop = failed();
    let run = newest(&shop);
    shop.run(["deploy", "production", "--confirm"]).exits(0);

    let refused = shop.run(["runs", "resume", &run, "--confirm"]).exits(3);

    refused.tells(&format!("has changed `production` after run {run}"));
}

#[test]
fn a_stack_with_other_files_than_at_its_plan_is_refused() {
    let shop = failed();
    shop.change("web", "second");

    shop.run(["runs", "resume", "--confirm"]).exits(3).tells("web");

    assert_eq!(shop.state("web", "production"), None);
}

#[test]
fn a_killed_destroy_is_resumed_in_reverse_order() {
    let shop = Shop::of(&["network", "app: network"]);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.forget_calls();
    let go = shop.marker("go.marker");
    shop.behave("app", &json!({ "apply": { "wait_for": go, "ignore_sigint": true } }));
    let mut running = shop.env.spawn(["destroy", "staging", "--yes"]);
    running.wait_until("it applies", || shop.log().iter().any(|line| line.get("listening").is_some()));
    running.signal(Signal::KILL);
    assert!(running.wait().was_killed());
    std::fs::write(&go, "").unwrap();

    shop.run(["runs", "resume", "--yes"]).exits(0);

    assert_eq!(shop.folders("apply"), ["app", "network"]);
    for stack in ["network", "app"] {
        assert_eq!(shop.deployed_value(stack, "staging"), None, "{stack}");
    }
}

#[test]
fn a_plan_from_before_an_apply_that_nobody_saw_the_end_of_is_made_again() {
    let shop = Shop::new();
    let network = |id: &str, steps: serde_json::Value| json!({ "resources": { "terraform_data.network": id }, "outputs": { "id": id }, "steps": steps });
    let remote = json!({ "net": "../network/terraform.tfstate.d/staging/terraform.tfstate" });
    let app = |version: &str| json!({ "resources": { "terraform_data.app": format!("{version} ${{net.id}}") }, "remote": remote });
    shop.stack("network", &[], &network("one", json!({})));
    shop.stack("app", &["network"], &app("1"));
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.forget_calls();
    let go = shop.marker("go.marker");
    shop.script("network", &network("two", json!({ "apply": { "wait_for": go, "ignore_sigint": true } })));
    shop.script("app", &app("2"));
    let mut running = shop.env.spawn(["deploy", "staging", "--yes"]);
    running.wait_until("it applies", || shop.log().iter().any(|line| line.get("listening").is_some()));
    running.signal(Signal::KILL);
    assert!(running.wait().was_killed());
    std::fs::write(&go, "").unwrap();

    // The confirmed plan of `app` set `2 one`.
    let run = shop.run(["runs", "resume", "--yes"]).exits(3);
    run.tells("terraform_data.app: sets input to another value than was confirmed");
    assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("two"), "it finished alone");
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("1 one"));

    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("2 two"));
    assert_eq!(shop.folders("apply"), ["network", "app"]);
}

/// Returns the plan files of all runs.
fn plan_files(shop: &Shop) -> Vec<String> {
    let runs = shop.project.path(".envctl/runs").read_dir().unwrap();
    let plans = runs.map(|run| run.unwrap().path().join("plans")).filter(|plans| plans.is_dir());
    let files = plans.flat_map(|plans| plans.read_dir().unwrap());
    let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".tfplan")).collect()
}

#[test]
fn the_plan_that_a_killed_apply_was_at_is_removed_once_its_engine_has_ended() {
    for follow_up in [["runs", "resume", "--confirm"], ["deploy", "production", "--confirm"]] {
        let shop = Shop::of(&["network"]);
        let go = shop.marker("go.marker");
        shop.behave("network", &json!({ "apply": { "wait_for": go, "ignore_sigint": true } }));
        let mut running = shop.env.spawn(["deploy", "production", "--confirm"]);
        running.wait_until("it applies", || shop.log().iter().any(|line| line.get("listening").is_some()));
        running.signal(Signal::KILL);
        assert!(running.wait().was_killed());
        assert_eq!(plan_files(&shop), ["network.begun.tfplan"]);

        let mut next = shop.env.spawn(follow_up);
        next.wait_until_it_tells("waiting for the engine of stack `network`");
        assert_eq!(plan_files(&shop), ["network.begun.tfplan"], "its engine has it");
        std::fs::write(&go, "").unwrap();

        next.wait().exits(0);
        assert_eq!(plan_files(&shop), [""; 0], "{follow_up:?}");
    }
}
