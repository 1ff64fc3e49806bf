//! Ctrl-C: the engine gets one signal and the time that it needs, and the run reports it: guarantee 7.

use rustix::process::Signal;
use serde_json::json;

use crate::{support::Run, support::Shop};

/// Runs two stacks, of which the first waits in one of its steps, sends a signal there as a terminal does, and lets
/// the step end.
#[track_caller]
fn interrupted<const N: usize>(shop: &Shop, verb: &str, args: [&str; N], signal: Signal) -> Run {
    let go = shop.marker("go.marker");
    let waiting = json!({ "wait_for": go, "ignore_sigint": true });
    shop.behave("network", &json!({ verb: waiting }));
    let mut running = shop.env.spawn(args);
    running.wait_until("it listens", || shop.log().iter().any(|line| line.get("listening").is_some()));
    running.signal(signal);
    running.wait_until("the engine was told", || shop.count("signal", "INT") > 0);
    // The journal shows that the first signal was handled.
    running.wait_until("the signal was noted", || journal(shop).contains("interrupt_requested"));
    let log = shop.log();
    let engine = log.iter().find(|line| line.get("listening").is_some()).expect("it listens");
    assert_eq!(engine["group"], engine["listening"], "a group of its own, which no terminal signals");
    std::fs::write(&go, "").unwrap();
    running.wait()
}

/// Returns the journal of the newest run.
fn journal(shop: &Shop) -> String {
    let runs = shop.project.path(".envctl/runs").read_dir().unwrap();
    let run = runs.map(|entry| entry.unwrap().path()).max().unwrap();
    std::fs::read_to_string(run.join("journal.jsonl")).unwrap_or_default()
}

fn result(shop: &Shop) -> (String, Vec<String>) {
    let report = shop.run(["runs", "show", "--json"]).exits(0).json();
    let stacks = report["stacks"].as_array().unwrap();
    let word = |value: &serde_json::Value| value.as_str().unwrap_or("?").to_owned();
    let stacks = stacks.iter().map(|stack| format!("{} {}", word(&stack["stack"]), word(&stack["result"])));
    (word(&report["result"]), stacks.collect())
}

#[test]
fn an_interrupted_plan_tells_the_engine_once_and_exits_with_130() {
    let shop = Shop::of(&["network", "app: network"]);

    let run = interrupted(&shop, "plan", ["plan", "staging"], Signal::INT).exits(130);

    run.tells("interrupted: nothing new starts; waiting for running engines to stop cleanly");
    assert_eq!(shop.count("signal", "INT"), 1, "exactly one, although the whole group of envctl got one");
    assert_eq!(shop.folders("plan"), ["network"], "nothing new started");
    let (run, stacks) = result(&shop);
    assert_eq!(run, "interrupted");
    assert_eq!(stacks.last().map(String::as_str), Some("app interrupted"));
}

#[test]
fn an_interrupted_apply_has_no_time_limit_and_writes_its_state() {
    let shop = Shop::of(&["network", "app: network"]);

    interrupted(&shop, "apply", ["deploy", "staging", "--yes"], Signal::INT).exits(130);

    assert_eq!(shop.count("signal", "INT"), 1);
    assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("first"), "it finished its work");
    assert_eq!(shop.folders("apply"), ["network"]);
    let (run, stacks) = result(&shop);
    assert_eq!((&*run, stacks.last().map(String::as_str)), ("interrupted", Some("app interrupted")));
}

#[test]
fn an_engine_that_stops_at_an_interrupt_was_interrupted_not_failed() {
    let shop = Shop::of(&["network"]);
    let never = shop.marker("never.marker");
    shop.behave("network", &json!({ "apply": { "wait_for": never } }));
    let mut running = shop.env.spawn(["deploy", "staging", "--yes", "--json"]);
    running.wait_until("it listens", || shop.log().iter().any(|line| line.get("listening").is_some()));
    running.signal(Signal::INT);

    let run = running.wait().exits(130);

    let report = run.report();
    assert_eq!((report.result(), report.stacks()), ("interrupted", vec!["network interrupted".to_owned()]));
    assert_eq!(shop.count("signal", "INT"), 1);
}

#[test]
fn sigterm_exits_with_143_and_sighup_with_129() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let shop = Shop::of(&["network"]);
        interrupted(&shop, "plan", ["plan", "staging"], signal).exits(code);
        assert_eq!(shop.count("signal", "INT"), 1, "engines are always told by SIGINT");
    }
}

#[test]
fn a_second_signal_only_warns_a_third_tells_again_and_a_fourth_kills() {
    let shop = Shop::of(&["network"]);
    let never = shop.marker("never.marker");
    shop.behave("network", &json!({ "apply": { "wait_for": never, "ignore_sigint": true } }));
    let mut running = shop.env.spawn(["deploy", "staging", "--yes"]);
    running.wait_until("it listens", || shop.log().iter().any(|line| line.get("listening").is_some()));
    for count in 1..=4 {
        running.signal(Signal::INT);
        if count < 4 {
            let noted = || journal(&shop).matches("interrupt_requested").count() == count;
            running.wait_until("the signal was noted", noted);
        }
        let told = if count < 3 { 1 } else { 2 };
        if count < 4 {
            running.wait_until("the engine was told", || shop.count("signal", "INT") == told);
        }
    }

    let run = running.wait().exits(130);

    run.tells("a third interrupt asks the engines to stop at once").tells("the engines were killed");
    assert_eq!(shop.count("signal", "INT"), 2);
    assert_eq!(shop.state("network", "staging"), None);
}
