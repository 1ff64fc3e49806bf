//! Hooks that outlive a killed envctl: the next run waits for them as for an engine, since their changes are unknown.

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Env, Running, Shop};

/// Makes two stacks, the first of which has a hook that waits for a file; with `elsewhere` its output goes to
/// /dev/null, so that only the journal records it.
fn shop(moment: &str, elsewhere: bool) -> Shop {
    let quiet = if elsewhere { "exec > /dev/null 2>&1; " } else { "" };
    let hook =
        format!("{quiet}: > ../begun; while [ -e ../begun ] && [ ! -e ../go.marker ]; do sleep 0.01; done");
    Shop::of(&["network", "app: network"])
        .with_keys(&format!(
            "\n[stacks.network.hooks]\n{moment} = [[\"sh\", \"-c\", \"{hook}\", \"pass-phrase\"]]"
        ))
        .with_env(Env::with_system)
}

/// Kills a deploy while the hook runs.
#[track_caller]
fn killed(shop: &Shop) {
    let mut running: Running = shop.env.spawn(["deploy", "staging", "--yes"]);
    running.wait_until("its hook is recorded and runs", || {
        shop.marker("begun").exists() && !events(shop, "hook_started").is_empty()
    });
    running.signal(Signal::KILL);
    assert!(running.wait().was_killed());
}

/// Returns the events of one kind in the newest journal.
fn events(shop: &Shop, kind: &str) -> Vec<Value> {
    let journal = shop.project.path(&shop.newest_run()).join("journal.jsonl");
    let text = std::fs::read_to_string(journal).unwrap_or_default();
    let all = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    all.filter(|event| event["event"] == kind).collect()
}

#[track_caller]
fn let_go(shop: &Shop) {
    std::fs::write(shop.marker("go.marker"), "").unwrap();
}

#[test]
fn later_runs_wait_for_a_hook_that_outlived_its_killed_envctl() {
    for next in [&["runs", "resume", "--yes"][..], &["deploy", "staging", "--yes"]] {
        let shop = shop("before_apply", true);
        killed(&shop);
        let started = events(&shop, "hook_started").remove(0);
        let calls = shop.calls();

        let next: [&str; 3] = next.try_into().unwrap();
        let mut second = shop.env.spawn(next);
        let told =
            format!("waiting for the hook `before_apply` of stack `network` (process {})", started["pid"]);
        second.wait_until_it_tells(&told);
        assert_eq!(shop.calls(), calls, "it starts nothing meanwhile");
        let_go(&shop);

        second.wait().exits(0).tells("for what an earlier run left running");
        assert_eq!(shop.folders("apply"), ["network", "app"]);
    }
}

#[test]
fn a_hook_around_a_plan_is_waited_for_too() {
    let shop = shop("before_plan", true);
    killed(&shop);

    let mut second = shop.env.spawn(["deploy", "staging", "--yes"]);
    second.wait_until_it_tells("waiting for the hook `before_plan` of stack `network` (process ");
    let_go(&shop);

    second.wait().exits(0);
}

#[test]
fn a_hook_that_is_in_no_journal_is_found_by_the_files_that_it_writes_to() {
    let shop = shop("before_apply", false);
    killed(&shop);
    // Simulates a kill between the start of the hook and its event.
    let journal = format!("{}/journal.jsonl", shop.newest_run());
    let text = shop.project.read(&journal);
    let kept: Vec<&str> = text.lines().take_while(|line| !line.contains("\"hook_started\"")).collect();
    shop.project.write(&journal, &(kept.join("\n") + "\n"));

    let mut second = shop.env.spawn(["deploy", "staging", "--yes"]);
    second.wait_until_it_tells("waiting for a hook of stack `network` (process ");
    let_go(&shop);

    second.wait().exits(0);
}

#[test]
fn a_hook_is_recorded_like_an_engine_and_with_nothing_of_its_arguments() {
    let shop = shop("before_apply", false);
    let_go(&shop);

    shop.run(["deploy", "staging", "--yes"]).exits(0);

    let (started, ended) = (events(&shop, "hook_started").remove(0), events(&shop, "hook_ended").remove(0));
    let word = |event: &Value, key: &str| event[key].as_str().unwrap().to_owned();
    for event in [&started, &ended] {
        assert_eq!(
            [word(event, "stack"), word(event, "step"), word(event, "hook")],
            ["network", "apply", "before_apply"]
        );
    }
    assert_eq!(word(&started, "program"), "sh");
    assert!(started["start_time"].as_u64().is_some() && !word(&started, "boot_id").is_empty(), "{started}");
    assert_eq!(started["pid"], ended["pid"]);
    assert_eq!(word(&ended, "exit"), "exit status 0");
    let journal = shop.project.read(&format!("{}/journal.jsonl", shop.newest_run()));
    assert!(!journal.contains("pass-phrase"), "{journal}");
}
