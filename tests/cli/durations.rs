//! Durations of steps: their record, their effect on the order of stacks, and `--eta`.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::{Value, json};

use crate::support::{Shop, error};

const FILE: &str = ".envctl/durations/staging.json";

fn known(shop: &Shop, stacks: &Value) {
    shop.project.write(FILE, &json!({ "format": 1, "stacks": stacks }).to_string());
}

/// Returns the recorded stacks, each with its steps and the number of measurements.
fn measured(shop: &Shop) -> Vec<String> {
    let document: Value = serde_json::from_str(&shop.project.read(FILE)).unwrap();
    let stacks = document["stacks"].as_object().unwrap().iter();
    let words = stacks.map(|(stack, tasks)| {
        let tasks = tasks.as_object().unwrap().iter();
        let counted = tasks.map(|(task, list)| format!("{task} {}", list.as_array().unwrap().len()));
        format!("{stack}: {}", counted.collect::<Vec<_>>().join(", "))
    });
    words.collect()
}

#[test]
fn a_run_keeps_how_long_the_steps_took_that_ended_well() {
    let shop = Shop::of(&["network", "app: network", "broken", "mail: broken"]);
    shop.behave("broken", &json!({ "plan": error("boom", "") }));

    shop.run(["plan", "staging"]).exits(1);
    assert_eq!(measured(&shop), ["app: plan 1", "network: plan 1"]);
    assert_eq!(shop.project.path(FILE).metadata().unwrap().permissions().mode() & 0o777, 0o600);

    shop.run(["deploy", "staging", "network", "app", "--yes"]).exits(0);
    shop.run(["plan", "staging", "network", "--target", "terraform_data.network"]).exits(0);
    assert_eq!(measured(&shop), ["app: plan 2, apply 1", "network: plan 2, apply 1"], "a part is no measure");

    shop.run(["destroy", "staging", "app", "--yes"]).exits(0);
    assert_eq!(measured(&shop), ["app: plan 3, apply 1, destroy 1", "network: plan 2, apply 1"]);
}

#[test]
fn plans_that_were_taken_over_are_no_measure_of_a_plan() {
    let shop = Shop::of(&["network"]);
    shop.run(["plan", "staging"]).exits(0);
    shop.run(["apply", "last", "--yes"]).exits(0);
    assert_eq!(measured(&shop), ["network: plan 1, apply 1"]);
}

#[test]
fn what_has_the_longest_way_to_go_comes_first() {
    let shop = Shop::of(&["alpha", "beta", "gamma", "head", "tail: head"]);
    shop.run(["plan", "staging", "--jobs", "1"]).exits(0);
    assert_eq!(shop.folders("plan"), ["head", "alpha", "beta", "gamma", "tail"], "without history");
    shop.forget_calls();

    let took = |plan: u32| json!({ "plan": [plan], "apply": [10_000 - plan] });
    let all = json!({ "alpha": took(1000), "beta": took(3000), "head": took(100), "tail": took(2500) });
    known(&shop, &all);
    shop.run(["plan", "staging", "--jobs", "1"]).exits(0);
    // `gamma` has no record and counts as the median: 1.75 s.
    assert_eq!(shop.folders("plan"), ["beta", "head", "tail", "gamma", "alpha"]);
    shop.forget_calls();

    known(&shop, &all);
    shop.run(["deploy", "staging", "--jobs", "1", "--yes"]).exits(0);
    assert_eq!(shop.folders("apply"), ["head", "alpha", "gamma", "tail", "beta"], "by what applies took");
    shop.forget_calls();

    known(
        &shop,
        &json!({ "alpha": { "destroy": [50] }, "gamma": { "destroy": [90] }, "tail": { "destroy": [10] } }),
    );
    shop.run(["destroy", "staging", "alpha", "gamma", "tail", "--jobs", "1", "--yes"]).exits(0);
    assert_eq!(shop.folders("apply"), ["gamma", "alpha", "tail"], "by what destructions took");
}

#[test]
fn a_history_that_is_torn_or_foreign_is_none() {
    let shop = Shop::of(&["alpha", "beta"]);
    let whole = json!({ "format": 1, "stacks": { "alpha": { "plan": [1] }, "beta": { "plan": [9000] } } });
    let whole = whole.to_string();
    for text in [&whole[..whole.len() - 3], "", "not JSON", "[]", &whole.replace(":1,", ":2,")] {
        shop.project.write(FILE, text);
        let run = shop.run(["plan", "staging", "--jobs", "1", "--eta"]).exits(0);
        assert_eq!(shop.folders("plan"), ["alpha", "beta"], "{text}");
        assert!(
            run.stderr.contains("eta: planning 2 stacks: not known, no earlier run here has planned any\n")
        );
        assert!(!run.stderr.contains("warning"), "{}", run.stderr);
        assert_eq!(measured(&shop), ["alpha: plan 1", "beta: plan 1"], "replaced");
        shop.forget_calls();
    }
}

#[test]
fn durations_that_cannot_be_kept_are_said_and_fail_nothing() {
    let shop = Shop::of(&["network"]);
    fs::create_dir_all(shop.project.path(FILE)).unwrap();
    let run = shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert!(run.stderr.contains("warning: the durations output was given up: "), "{}", run.stderr);
}

#[test]
fn eta_prints_estimates_before_the_plans_and_in_the_review() {
    let shop = Shop::of(&["network", "app: network", "mail", "new"]);
    let took = |plan: u32, apply: u32| json!({ "plan": [plan], "apply": [apply] });
    known(
        &shop,
        &json!({ "network": took(2000, 60_000), "app": took(1000, 30_000), "mail": took(4000, 3000) }),
    );

    let run = shop.run(["deploy", "staging", "--eta", "--jobs", "2"]).exits(3);

    // `mail` and `network` start, then `app` beside `mail`, then `new`, which counts as 2 s.
    let guess = "; 1 without history, taken for the one in the middle\n";
    let plan = format!("eta: planning 4 stacks: about 5.0s, 2 at once{guess}");
    let apply = format!("eta: applying up to 4 stacks: about 1m 30s, 2 at once{guess}");
    assert!(run.stderr.starts_with(&format!("{plan}{apply}")), "{}", run.stderr);
    let review = format!("eta: applying 4 stacks: about 1m 30s, 2 at once{guess}");
    assert!(run.stdout.ends_with(&format!("  4 stacks to change\n{review}")), "{}", run.stdout);
}

#[test]
fn the_report_has_what_was_expected_when_it_is_known_or_asked_for() {
    let shop = Shop::of(&["network"]);
    let eta = |args: &[&str]| {
        let run = shop.env.run_args(&[&["plan", "staging", "--json", "--jobs", "3"], args].concat());
        run.exits(0).json()["eta"].clone()
    };
    assert_eq!(eta(&[]), Value::Null, "nothing is known and nobody asked");
    fs::remove_file(shop.project.path(FILE)).unwrap();
    let unknown = json!({ "seconds": null, "steps": 1, "without_history": 1, "jobs": 1 });
    assert_eq!(eta(&["--eta"]), json!({ "plan": unknown, "apply": unknown }));
    known(&shop, &json!({ "network": { "plan": [1500], "apply": [2500] } }));
    let known = |seconds: f64| json!({ "seconds": seconds, "steps": 1, "without_history": 0, "jobs": 1 });
    assert_eq!(eta(&[]), json!({ "plan": known(1.5), "apply": known(2.5) }));
}

#[test]
fn what_was_planned_before_counts_only_with_its_apply() {
    let shop = Shop::of(&["network", "app: network"]);
    shop.run(["plan", "staging"]).exits(0);
    known(&shop, &json!({ "network": { "plan": [9000], "apply": [1000] }, "app": { "apply": [2000] } }));

    let run = shop.run(["apply", "last", "--eta", "--jobs", "2", "--yes"]).exits(0);

    assert!(
        run.stderr.starts_with("eta: applying up to 2 stacks: about 3.0s, 1 at once\n"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("planning"), "{}", run.stderr);
    assert!(run.stdout.contains("\neta: applying 2 stacks: about 3.0s, 1 at once\n"), "{}", run.stdout);
}

#[test]
fn a_verb_that_runs_no_steps_has_no_eta() {
    let shop = Shop::of(&["network"]);
    for verb in ["list", "check", "output", "status"] {
        let run = shop.run([verb, "staging", "--eta"]).exits(64);
        assert!(run.stderr.contains("unknown flag `--eta`"), "{}", run.stderr);
    }
}
