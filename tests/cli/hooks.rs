//! Hooks: programs of the user that run before and after a stack's steps.

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Shop, error};

/// Makes a project of one stack with these hooks, each a line for `sh -c`.
fn shop(hooks: &[(&str, &str)]) -> Shop {
    Shop::of(&["network"]).with_hooks("network", hooks)
}

/// Returns a line of shell that appends a word to a file beside the project.
fn say(words: &str) -> String {
    format!("echo {words} >> ../said")
}

fn said(shop: &Shop) -> Vec<String> {
    let text = fs::read_to_string(shop.marker("said")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn hooks_run_in_the_folder_and_with_the_variables_of_the_stack() {
    let lines = ["before_plan", "after_plan", "before_apply", "after_apply", "on_failure"]
        .map(|moment| (moment, say(&format!("{moment} $COLOUR $(basename $PWD)"))));
    let shop = shop(&lines.each_ref().map(|(moment, line)| (*moment, line.as_str())));
    shop.append("environments.toml", "\n[stacks.network.env]\nCOLOUR = \"red\"\n");

    shop.env.clone().with_system().run(["deploy", "staging", "--yes"]).exits(0);

    let moments = ["before_plan", "after_plan", "before_apply", "after_apply"];
    assert_eq!(said(&shop), moments.map(|moment| format!("{moment} red project")));
}

#[test]
fn a_clean_stack_runs_no_apply_hooks_and_a_skipped_one_runs_none() {
    let shop = shop(&[("before_apply", &say("before_apply")), ("after_plan", &say("after_plan"))]);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(said(&shop), ["after_plan", "before_apply"]);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(said(&shop), ["after_plan", "before_apply", "after_plan"]);

    shop.stack("base", &[], &json!({ "steps": { "plan": error("boom", "") } }));
    shop.project.edit(
        "environments.toml",
        "path = \"network\"\nneeds = []",
        "path = \"network\"\nneeds = [\"base\"]",
    );
    let report = shop.run(["deploy", "staging", "--yes", "--json"]).exits(1).report();
    assert_eq!(report.stacks(), ["base failed", "network skipped"]);
    assert_eq!(said(&shop).len(), 3);
}

#[test]
fn a_failed_before_plan_hook_fails_the_stack_without_an_engine() {
    let shop =
        shop(&[("before_plan", "echo first; echo last >&2; exit 3"), ("on_failure", &say("on_failure"))]);

    let run = shop.run(["plan", "staging", "--json"]).exits(1);

    let report = run.report();
    let told = &report.stack("network")["error"];
    let summary = "hook before_plan `sh -c echo first; echo last >&2; exit 3` failed (exit status 3)";
    assert_eq!(told["summary"], summary);
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.contains("first") && detail.contains("last"), "{detail}");
    assert_eq!(shop.folders("init"), Vec::<String>::new());
    assert_eq!(said(&shop), ["on_failure"]);
    let log = fs::read_to_string(report.stack("network")["log"].as_str().unwrap()).unwrap();
    assert!(log.contains("\nfirst\n") && log.contains("(exit status 3)"), "{log}");
}

#[test]
fn a_hook_after_the_plan_that_fails_keeps_it_from_being_applied() {
    let shop = shop(&[("after_plan", "exit 1")]);

    let report = shop.run(["deploy", "staging", "--yes", "--json"]).exits(1).report();

    assert_eq!(report.stacks(), ["network failed"]);
    assert_eq!(shop.folders("apply"), Vec::<String>::new());
    assert_eq!(report.stack("network")["plan"], Value::Null);
    let plans = shop.project.path(&format!("{}/plans", shop.newest_run()));
    let left: Vec<_> = plans
        .read_dir()
        .into_iter()
        .flatten()
        .filter_map(|file| file.ok()?.path().extension().map(ToOwned::to_owned))
        .collect();
    assert!(!left.iter().any(|extension| extension == "tfplan"), "{left:?}");
}

#[test]
fn a_hook_before_the_apply_that_fails_keeps_it_from_being_started() {
    let shop = shop(&[("before_apply", "exit 1"), ("after_apply", &say("after_apply"))]);

    let report = shop.run(["deploy", "staging", "--yes", "--json"]).exits(1).report();

    assert_eq!(
        report.stack("network")["error"]["summary"],
        "hook before_apply `sh -c exit 1` failed (exit status 1)"
    );
    assert_eq!(shop.folders("apply"), Vec::<String>::new());
    assert_eq!(said(&shop), Vec::<String>::new());
}

#[test]
fn a_change_by_a_before_apply_hook_is_seen_before_the_apply() {
    let shop = shop(&[("before_apply", "echo '# changed' >> network/main.tf")]);

    let report = shop.run(["deploy", "staging", "--yes", "--json"]).exits(3).report();

    let blocked = report.stack("network")["blocked"].to_string();
    assert!(blocked.contains("main.tf"), "{blocked}");
    assert_eq!(shop.folders("apply"), Vec::<String>::new());
}

#[test]
fn a_hook_after_the_apply_that_fails_says_that_the_state_was_changed() {
    let shop = shop(&[("after_apply", "echo unwell; exit 1")]);

    let report = shop.run(["deploy", "staging", "--yes", "--json"]).exits(1).report();

    let detail = report.stack("network")["error"]["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("the changes were applied, and the state has them"), "{detail}");
    assert!(detail.ends_with("unwell"), "{detail}");
    assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("first"));
}

#[test]
fn a_hook_on_failure_that_fails_is_a_note_beside_the_failure() {
    let shop = shop(&[("on_failure", "exit 4")]);
    shop.behave("network", &json!({ "plan": error("boom", "") }));

    let report = shop.run(["plan", "staging", "--json"]).exits(1).report();

    assert_eq!(report.stack("network")["error"]["summary"], "boom");
    let note = json!("hook on_failure `sh -c exit 4` failed (exit status 4)");
    assert!(report.stack("network")["notes"].as_array().unwrap().contains(&note));
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let shop = Shop::of(&["network"]);
    shop.append("environments.toml", "\n[stacks.network.hooks]\nbefore_plan = [[\"./tools/build\"]]\n");
    let report = shop.run(["plan", "staging", "--json"]).exits(1).report();
    let summary = report.stack("network")["error"]["summary"].as_str().unwrap().to_owned();
    assert!(summary.starts_with("hook before_plan `./tools/build` cannot be run: program `"), "{summary}");
    assert!(summary.ends_with("tools/build` does not exist"), "{summary}");
}

#[test]
fn a_missing_program_is_named_without_the_whole_path() {
    let shop = Shop::of(&["network"]);
    shop.append("environments.toml", "\n[stacks.network.hooks]\nbefore_plan = [[\"no-such\", \"-x\"]]\n");
    let report = shop.run(["plan", "staging", "--json"]).exits(1).report();
    let error = &report.stack("network")["error"];
    assert_eq!(
        error["summary"],
        "hook before_plan `no-such -x` cannot be run: program `no-such` was not found on PATH"
    );
    let detail = error["detail"].as_str().unwrap();
    assert!(detail.starts_with("the PATH that was searched is `/"), "{detail}");
}

#[test]
fn the_output_of_a_hook_is_masked_in_log_and_report() {
    let shop = shop(&[("before_plan", "echo the-$TOKEN-is-here; exit 1")]);
    shop.append("environments.toml", "\n[stacks.network.env]\nTOKEN = { env = \"SECRET_TOKEN\" }\n");
    let env = shop.env.clone().var("SECRET_TOKEN", "abcdef-sentinel");

    let run = env.run(["plan", "staging", "--json"]).exits(1).hides("abcdef-sentinel");

    assert_eq!(run.report().stack("network")["error"]["detail"], "the-(redacted)-is-here");
    let log = fs::read_to_string(run.report().stack("network")["log"].as_str().unwrap()).unwrap();
    assert!(log.contains("the-(redacted)-is-here") && !log.contains("sentinel"), "{log}");
}

#[test]
fn an_interrupt_gives_a_running_hook_one_sigint() {
    let line = "trap 'echo told >> ../said; exit 1' INT; touch ../begun; while :; do sleep 0.01; done";
    let shop = shop(&[("before_plan", line), ("on_failure", &say("on_failure"))]);
    let mut running = shop.env.clone().with_system().spawn(["plan", "staging", "--json"]);
    running.wait_until("the hook runs", || shop.marker("begun").exists());
    running.signal(Signal::INT);

    let report = running.wait().exits(130).report();

    assert_eq!(report.stacks(), ["network interrupted"]);
    assert_eq!(said(&shop), ["told"]);
    assert_eq!(shop.folders("init"), Vec::<String>::new());
}

#[test]
fn a_stack_that_is_planned_again_has_the_hooks_of_a_plan_again() {
    let shop = Shop::of(&["network", "app: network"]);
    let hook = |moment| format!("{moment} = [[\"sh\", \"-c\", {}]]\n", Value::from(say(moment)));
    let hooks: String = ["before_plan", "after_plan", "before_apply", "after_apply"].map(hook).concat();
    shop.append("environments.toml", &format!("\n[stacks.app.hooks]\n{hooks}"));
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    let plan = ["before_plan", "after_plan"];
    assert_eq!(said(&shop), [&plan[..], &["before_apply"], &plan, &["after_apply"]].concat());

    // A hook that fails keeps the new plan from being applied.
    fs::remove_file(shop.marker("said")).unwrap();
    shop.change("network", "second");
    shop.change("app", "second");
    shop.project.edit(
        "environments.toml",
        "echo after_plan",
        "test -e ../again && exit 1; echo > ../again; echo after_plan",
    );
    let report = shop.run(["deploy", "staging", "--yes", "--json"]).exits(1).report();
    assert_eq!(report.stacks(), ["network applied", "app failed"]);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"));
}
