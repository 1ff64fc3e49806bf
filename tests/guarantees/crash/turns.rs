//! Environment lock: one deploy at a time, and none while an engine of an earlier one runs.

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Running, Shop};

/// Starts a deploy whose engine waits for a file in the apply of `network`.
#[track_caller]
fn held(shop: &Shop) -> Running {
    let go = shop.marker("go.marker");
    shop.behave("network", &json!({ "apply": { "wait_for": go, "ignore_sigint": true } }));
    let mut running = shop.env.spawn(["deploy", "staging", "--yes"]);
    running.wait_until("it applies", || engine(shop).is_some());
    running
}

/// Returns the process id of the waiting engine.
fn engine(shop: &Shop) -> Option<u64> {
    shop.log().iter().find_map(|line| line["listening"].as_u64())
}

#[track_caller]
fn let_go(shop: &Shop) {
    std::fs::write(shop.marker("go.marker"), "").unwrap();
}

/// Returns true if the journal of the newest run holds a text.
fn journal_holds(shop: &Shop, text: &str) -> bool {
    let journal = shop.project.path(&shop.newest_run()).join("journal.jsonl");
    std::fs::read_to_string(journal).is_ok_and(|journal| journal.contains(text))
}

#[test]
fn a_second_deploy_exits_with_5_names_the_holder_and_starts_nothing() {
    let shop = Shop::of(&["network", "app: network"]);
    let mut running = held(&shop);
    running.wait_until("it is recorded", || journal_holds(&shop, "engine_started"));
    let run = shop.newest_run();
    let id = run.rsplit('/').next().unwrap();
    let before = shop.log().len();

    for args in [["deploy", "staging", "--yes"], ["destroy", "staging", "--yes"]] {
        let holder = format!("`staging` is locked: `envctl deploy`, run {id}");
        shop.run(args).exits(5).tells(&holder).tells("(process ").tells("nothing was started");
    }
    shop.run(["exec", "staging", "app", "--yes", "--", "state", "rm", "a.b"])
        .exits(5)
        .tells("`staging` is locked");
    let json = shop.run(["deploy", "staging", "--yes", "--json"]).exits(5).json();
    assert_eq!((&json["result"], &json["exit_code"]), (&json!("locked"), &json!(5)));
    assert_eq!(json["error"]["kind"], json!("locked"));
    assert_eq!(shop.newest_run(), run, "no run was begun");
    assert_eq!(shop.log().len(), before, "no engine was called for its work");

    shop.run(["plan", "production", "app"]).exits(0);
    let_go(&shop);
    running.wait().exits(0);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
}

#[test]
fn a_deploy_waits_for_an_engine_that_outlived_its_killed_envctl() {
    let shop = Shop::of(&["network", "app: network"]);
    let mut first = held(&shop);
    first.wait_until("it is recorded", || journal_holds(&shop, "engine_started"));
    first.signal(Signal::KILL);
    first.wait();
    let pid = engine(&shop).unwrap();
    let calls = shop.calls();

    let mut second = shop.env.spawn(["deploy", "staging", "--yes"]);
    second.wait_until_it_tells("waiting for the engine of stack `network`");
    assert_eq!(shop.calls(), calls, "it starts nothing meanwhile");
    let_go(&shop);

    let run = second.wait().exits(0);
    run.tells(&format!("waiting for the engine of stack `network` (process {pid})"));
    assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("first"));
    assert_eq!(shop.folders("apply"), ["network", "app"], "what the engine finished alone is not done again");
}

#[test]
fn waiting_for_an_engine_can_be_interrupted() {
    let shop = Shop::of(&["network"]);
    let mut first = held(&shop);
    first.wait_until("it is recorded", || journal_holds(&shop, "engine_started"));
    first.signal(Signal::KILL);
    first.wait();
    let calls = shop.calls();

    let mut second = shop.env.spawn(["deploy", "staging", "--yes"]);
    second.wait_until_it_tells("waiting for the engine of stack `network`");
    second.signal(Signal::INT);

    let run = second.wait().exits(130);
    run.tells(&format!("nothing was started, process {} still runs", engine(&shop).unwrap()));
    assert_eq!(shop.calls(), calls);
    let_go(&shop);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
}

#[test]
fn an_engine_in_no_journal_is_found_by_the_files_that_it_writes() {
    let shop = Shop::of(&["network"]);
    let mut first = held(&shop);
    first.wait_until("it is recorded", || journal_holds(&shop, "engine_started"));
    first.signal(Signal::KILL);
    first.wait();
    // Simulates a kill between the start of the engine and its event.
    let journal = format!("{}/journal.jsonl", shop.newest_run());
    let text = shop.project.read(&journal);
    let kept: Vec<&str> = text.lines().take_while(|line| !line.contains("\"step\":\"apply\"")).collect();
    shop.project.write(&journal, &(kept.join("\n") + "\n"));

    let mut second = shop.env.spawn(["deploy", "staging", "--yes"]);
    second.wait_until_it_tells("waiting for the engine of stack `network`");
    let_go(&shop);

    second.wait().exits(0);
    assert_eq!(shop.folders("apply"), ["network"]);
}

#[test]
fn a_deploy_waits_for_the_engine_of_a_killed_exec() {
    let shop = Shop::of(&["network"]).deployed();
    shop.behave("network", &json!({ "state rm": { "wait_for": shop.marker("go.marker") } }));
    let exec = ["exec", "staging", "network", "--yes", "--", "state", "rm", "terraform_data.network"];
    let mut first = shop.env.spawn(exec);
    first.wait_until("it applies", || engine(&shop).is_some());
    first.signal(Signal::KILL);
    first.wait();

    let mut second = shop.env.spawn(["deploy", "staging", "--yes"]);
    second.wait_until_it_tells("waiting for the engine (process ");
    let_go(&shop);

    second.wait().exits(0);
}
