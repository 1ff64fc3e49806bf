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
    for args in [&["runs", "resume", &run] as &[&str], &["runs", "resume"]] {
        let refused = shop.env.run_args(args).exits(3);
        refused.tells(&format!("nothing of run {run} was confirmed")).tells("`envctl deploy production`");
    }
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    shop.run(["runs", "resume"]).exits(64).tells("there is no run to resume");
    shop.run(["plan", "production"]).exits(0);
    shop.run(["runs", "resume"]).exits(64).tells("there is no run to resume");
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
fn a_resumed_run_does_not_call_a_stack_that_it_applied_unchanged() {
    let shop = failed();
    let run = newest(&shop);

    let resumed = shop.run(["runs", "resume", "--confirm", "--summary", "summary.md"]).exits(0);

    let earlier = format!("applied earlier by run {run}");
    let rows = resumed.stdout.lines().filter(|line| line.starts_with("network ")).collect::<Vec<_>>();
    assert_eq!(rows.len(), 2, "review and result: {resumed}");
    assert!(rows.iter().all(|row| row.ends_with(&earlier)), "{rows:?}");
    assert!(resumed.stderr.contains(&format!("network  {earlier}")), "{resumed}");
    assert!(!resumed.stdout.contains("no changes"), "{resumed}");
    assert!(shop.project.read("summary.md").contains(&earlier), "{}", shop.project.read("summary.md"));
    let report = shop.run(["runs", "show", "last", "--json"]).exits(0).json();
    let network = report["stacks"].as_array().unwrap().iter().find(|s| s["stack"] == "network").unwrap();
    assert_eq!((&network["result"], &network["notes"]), (&json!("clean"), &json!([earlier])));
}

#[test]
fn a_resumed_run_does_not_call_a_stack_that_it_destroyed_unchanged() {
    let shop = Shop::of(&["network", "app: network", "web: app"]).deployed();
    shop.project.write(".gitignore", "terraform.tfstate*\n*.marker\n.fake-engine-failures\n");
    shop.behave("app", &json!({ "apply": { "error": error("it broke", "")["error"], "error_times": 1 } }));
    shop.run(["destroy", "staging", "--yes"]).exits(1);
    let run = newest(&shop);

    let resumed = shop.run(["runs", "resume", "--yes"]).exits(0);

    resumed.prints(&format!("destroyed earlier by run {run}")).hides("no changes");
}

#[test]
fn a_state_that_vanished_after_the_run_wrote_it_stops_the_resumed_run() {
    for (change, reason) in [
        ("removed", "the state has vanished"),
        ("replaced", "the state was replaced by another one"),
        ("torn", "is damaged (EOF while parsing"),
        ("emptied", "the state has vanished"),
    ] {
        let shop = failed();
        let path = shop.project.path("network/terraform.tfstate.d/production/terraform.tfstate");
        let text = std::fs::read_to_string(&path).unwrap();
        let lineage = shop.state("network", "production").unwrap()["lineage"].as_str().unwrap().to_owned();
        match change {
            "removed" => std::fs::remove_file(&path).unwrap(),
            "replaced" => std::fs::write(&path, text.replace(&lineage, "another-lineage")).unwrap(),
            "torn" => std::fs::write(&path, &text[..text.len() / 2]).unwrap(),
            _ => std::fs::write(&path, "{}").unwrap(),
        }
        shop.forget_calls();

        let run = shop.run(["runs", "resume", "--confirm"]).exits(3);

        let run = run.prints("network").tells(reason);
        if change != "torn" {
            run.tells("--allow lineage:production/network");
        }
        assert_eq!(shop.folders("apply"), [""; 0], "{change}");
        assert!(!shop.calls().iter().any(|call| call.starts_with("network ")), "{:?}", shop.calls());
    }
}

#[test]
fn a_stack_that_a_typed_command_changed_since_stops_the_resumed_run() {
    let shop = failed();
    let deployed = newest(&shop);
    shop.run(["exec", "production", "network", "--confirm", "--", "state", "rm", "terraform_data.network"])
        .exits(0);
    shop.forget_calls();

    let run = shop.run(["runs", "resume", "--confirm"]).exits(3);

    run.tells(&format!("`production/network` was done by run {deployed} and changed by a command at "));
    assert_eq!(shop.folders("apply"), [""; 0]);
    assert_eq!(shop.deployed_value("app", "production"), None);
}

#[test]
fn a_vanished_state_that_is_accepted_is_planned_again_in_the_resumed_run() {
    let shop = failed();
    std::fs::remove_file(shop.project.path("network/terraform.tfstate.d/production/terraform.tfstate"))
        .unwrap();
    shop.run(["runs", "resume", "--allow", "lineage:production/network", "--confirm"]).exits(0);
    for stack in ["network", "app", "web"] {
        assert_eq!(shop.deployed_value(stack, "production").as_deref(), Some("first"), "{stack}");
    }
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
fn the_plan_of_a_killed_apply_is_removed_once_its_engine_has_ended() {
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
