//! Removal of old runs: `runs gc` keeps every run that is still needed.

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Shop, error};

/// Returns the ids of all runs, oldest first.
fn runs(shop: &Shop) -> Vec<String> {
    let runs = shop.project.path(".envctl/runs").read_dir().expect("there are runs");
    let mut ids: Vec<String> =
        runs.map(|run| run.expect("a run").file_name().into_string().expect("UTF-8")).collect();
    ids.sort();
    ids
}

#[test]
fn old_runs_of_each_environment_are_removed_with_the_freed_size() {
    let shop = Shop::of(&["network"]).deployed();
    for environment in ["staging", "production", "staging"] {
        shop.run(["plan", environment]).exits(0);
    }
    let before = runs(&shop);

    let dry = shop.run(["runs", "gc", "--keep", "1", "--dry-run"]).exits(0).tells("2 runs would go");
    assert_eq!(dry.stdout.lines().rev().collect::<Vec<_>>(), [&*before[0], &*before[1]]);
    assert_eq!(runs(&shop), before);
    shop.run(["runs", "gc"]).exits(0).tells("0 runs removed");
    shop.run(["runs", "gc", "--keep", "1"]).exits(0).tells("2 runs removed, ").tells(" kB freed");

    assert_eq!(runs(&shop), before[2..]);
}

#[test]
fn the_age_is_that_of_the_configuration() {
    let shop = Shop::of(&["network"]).deployed();
    shop.append("environments.toml", "\n[store]\nkeep = \"0s\"\n");

    shop.run(["runs", "gc", "--older-than", "1d"]).exits(0).tells("0 runs removed");
    shop.run(["runs", "gc"]).exits(0).tells("1 run removed");
    shop.run(["runs", "gc", "--older-than", "soon"]).exits(64).tells("it must start with a whole number");
}

#[test]
fn a_running_run_stays() {
    let shop = Shop::of(&["network"]);
    let go = shop.marker("go.marker");
    shop.behave("network", &json!({ "apply": { "wait_for": go, "ignore_sigint": true } }));
    let mut running = shop.env.spawn(["deploy", "staging", "--yes"]);
    running.wait_until("it applies", || shop.log().iter().any(|line| line.get("listening").is_some()));
    let run = runs(&shop);

    shop.run(["runs", "gc", "--older-than", "0s"])
        .exits(0)
        .tells(&format!("run {} stays: it is still running", run[0]));
    running.signal(Signal::KILL);
    running.wait();
    shop.run(["runs", "gc", "--older-than", "0s"]).exits(0).tells("it is still running");

    assert_eq!(runs(&shop), run, "its engine runs still");
    std::fs::write(&go, "").unwrap();
    shop.run(["runs", "resume", "--yes"]).exits(0);
}

#[test]
fn what_could_be_resumed_stays_until_it_was() {
    let shop = Shop::of(&["network"]);
    shop.behave(
        "network",
        &json!({ "apply": { "error": error("it broke", "")["error"], "error_times": 1 } }),
    );
    let failed = shop.run(["deploy", "staging", "--yes"]).exits(1);
    let run = runs(&shop);
    failed.tells(&format!("`envctl runs resume {}` goes on with what is left", run[0]));
    shop.run(["runs", "list"]).exits(0).tells(&format!("`envctl runs resume {}`", run[0]));

    shop.run(["runs", "gc", "--older-than", "0s"]).exits(0).tells("it is unfinished").tells("0 runs removed");

    shop.run(["runs", "resume", "--yes"]).exits(0);
    shop.run(["runs", "gc", "--older-than", "0s"]).exits(0).tells("2 runs removed");
}

/// Returns the folders of commands under `.envctl`.
fn commands(shop: &Shop) -> Vec<String> {
    let entries = shop.project.path(".envctl").read_dir().unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("command-")).collect()
}

#[test]
fn what_a_killed_exec_left_goes_and_what_a_living_one_has_stays() {
    let shop = Shop::of(&["network"]).deployed();
    let go = shop.marker("go.marker");
    shop.behave("network", &json!({ "state rm": { "wait_for": go, "ignore_sigint": true } }));
    let exec = ["exec", "staging", "network", "--yes", "--", "state", "rm", "terraform_data.network"];
    let mut killed = shop.env.spawn(exec);
    let engines = || shop.log().iter().filter(|line| line.get("listening").is_some()).count();
    killed.wait_until("its engine works", || engines() == 1);
    let folder = commands(&shop).remove(0);

    shop.run(["runs", "gc"]).exits(0).tells("0 runs removed");
    assert_eq!(commands(&shop), [&*folder], "envctl lives");
    killed.signal(Signal::KILL);
    assert!(killed.wait().was_killed());
    shop.run(["runs", "gc"]).exits(0).tells(&format!("{folder} stays: process ")).tells("0 runs removed");
    assert_eq!(commands(&shop), [&*folder], "its engine lives");

    std::fs::write(&go, "").unwrap();
    // `exec` waits for the engine and removes its folder.
    shop.run(exec).exits(0);
    assert_eq!(commands(&shop), [&*folder]);
    std::fs::remove_file(&go).unwrap();
    let mut living = shop.env.spawn(exec);
    living.wait_until("another engine works", || engines() == 3);
    let dry = shop.run(["runs", "gc", "--dry-run"]).exits(0);
    assert_eq!(dry.stdout.trim_end(), folder);
    dry.tells("0 runs and 1 folder of killed commands would go");
    assert_eq!(commands(&shop).len(), 2);

    shop.run(["runs", "gc"]).exits(0).tells("0 runs and 1 folder of killed commands removed, ");

    let left = commands(&shop);
    assert!(left.len() == 1 && left[0] != folder, "{left:?}");
    std::fs::write(&go, "").unwrap();
    living.wait().exits(0);
    assert_eq!(commands(&shop), [""; 0]);
}
