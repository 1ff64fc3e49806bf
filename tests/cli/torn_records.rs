//! Torn, empty and missing records in `.envctl`: what they held is unknown, and no command takes it for absent.

use std::fs;

use serde_json::json;

use crate::support::{Shop, error, plain};

/// Damage to a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Empty,
    CutInHalf,
    Garbage,
    Gone,
}

fn damage(shop: &Shop, file: &str, damage: Damage) {
    let path = shop.project.path(file);
    let bytes = fs::read(&path).unwrap();
    match damage {
        Damage::Empty => fs::write(&path, "").unwrap(),
        Damage::CutInHalf => fs::write(&path, &bytes[..bytes.len() / 2]).unwrap(),
        Damage::Garbage => fs::write(&path, "{x\n{y\n").unwrap(),
        Damage::Gone => fs::remove_file(&path).unwrap(),
    }
}

/// Makes a deployed project and damages the journal of its only run.
fn with_journal(how: Damage) -> Shop {
    let shop = Shop::of(&["network", "app: network"]).deployed();
    damage(&shop, &format!("{}/journal.jsonl", shop.newest_run()), how);
    shop
}

/// Returns the steps of a stack whose first apply fails.
fn fails_once() -> serde_json::Value {
    json!({ "apply": { "error": error("it broke", "")["error"], "error_times": 1 } })
}

const DAMAGES: [Damage; 4] = [Damage::Empty, Damage::CutInHalf, Damage::Garbage, Damage::Gone];

#[test]
fn what_a_run_with_a_torn_journal_changed_is_unknown_everywhere() {
    for how in DAMAGES {
        let shop = with_journal(how);
        let run = shop.newest_run().rsplit('/').next().unwrap().to_owned();
        let journal = format!("{}/journal.jsonl", shop.newest_run());
        let unknown = format!("what run {run} changed is unknown: ");

        let status = shop.run(["status", "staging"]).exits(0);
        let status =
            status.tells(&unknown).tells(&journal).tells("`envctl plan staging` shows what is left to do");
        let status = status.prints(&format!("last run: unknown ({run})"));
        status.prints_row(&["network", "unknown", "unknown"]).hides("never");
        let document = shop.run(["status", "staging", "--json"]).exits(0).json();
        assert_eq!(document["environments"][0]["unreadable_runs"][0], *run, "{how:?}");

        let list = shop.run(["runs", "list"]).exits(0);
        list.tells(&unknown).tells(&journal).hides("no runs yet");
        let document = shop.run(["runs", "list", "--json"]).exits(0).json();
        assert_eq!(document["unreadable"][0]["run"], *run, "{how:?}");
        assert_eq!(document["unreadable"][0]["environment"], "staging", "{how:?}");

        shop.run(["runs", "show", "last"]).exits(1).tells(&unknown).tells(&journal);
        let resumed = shop.run(["runs", "resume", "--yes"]).exits(3);
        resumed.tells(&unknown).tells(&journal).hides("ended well");
        shop.run(["runs", "resume", &run, "--yes"]).exits(1).tells(&unknown).tells(&journal);

        shop.run(["check", "staging", "--offline"]).exits(0);
        shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
        shop.run(["output", "staging", "network"]).exits(0).prints("network-1");
    }
}

#[test]
fn a_stack_that_is_gone_is_unknown_if_the_run_that_made_it_cannot_be_read() {
    for how in DAMAGES {
        let shop = with_journal(how);
        let before = shop.project.read("environments.toml");
        let (kept, _) = before.split_once("\n[stacks.app]").unwrap();
        shop.project.write("environments.toml", kept);

        for args in
            [&["status", "staging"] as &[&str], &["check", "staging", "--offline"], &["plan", "staging"]]
        {
            let run = shop.env.run_args(args).exits(0);
            run.tells("what stack `app` of `staging` has is unknown: run ").tells("journal.jsonl");
        }
    }
}

#[test]
fn an_older_run_is_not_resumed_before_it_is_known_what_came_after_it() {
    let shop = Shop::of(&["network"]);
    shop.behave("network", &fails_once());
    shop.project.write(".gitignore", "terraform.tfstate*\n.fake-engine-failures\n");
    shop.run(["deploy", "staging", "--yes"]).exits(1);
    let failed = shop.newest_run().rsplit('/').next().unwrap().to_owned();
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    damage(&shop, &format!("{}/journal.jsonl", shop.newest_run()), Damage::Empty);

    for args in [&["runs", "resume", "--yes"] as &[&str], &["runs", "resume", &failed, "--yes"]] {
        shop.env.run_args(args).exits(3).tells("changed is unknown: ").tells("journal.jsonl");
    }
    let listed = shop.run(["runs", "list"]).exits(0);
    listed.prints(&failed).hides(&format!("envctl runs resume {failed}"));
}

#[test]
fn a_run_that_was_killed_before_its_first_event_hides_nothing() {
    let shop = Shop::of(&["network"]).deployed();
    let newer = shop.project.path(".envctl/runs/7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    for folder in ["inputs", "logs", "plans"] {
        fs::create_dir_all(newer.join(folder)).unwrap();
    }
    for journal in [None, Some(""), Some("{\"seq\":0,")] {
        if let Some(text) = journal {
            fs::write(newer.join("journal.jsonl"), text).unwrap();
        }
        shop.run(["status", "staging"]).exits(0).hides("unknown").prints("last run: deploy applied");
        shop.run(["runs", "list"]).exits(0).hides("unknown");
        shop.run(["runs", "resume"]).exits(64).tells("the newest of each environment ended well");
    }
}

#[test]
fn a_torn_report_of_a_run_changes_no_answer() {
    for how in DAMAGES {
        let shop = Shop::of(&["network"]).deployed();
        damage(&shop, &format!("{}/report.json", shop.newest_run()), how);
        shop.run(["status", "staging"]).exits(0).prints("last run: deploy applied").hides("unknown");
        shop.run(["runs", "show", "last"]).exits(0).prints("applied");
    }
}

#[test]
fn a_vanished_state_is_noticed_also_with_torn_records() {
    for (record, how) in [
        ("lineage", Damage::Empty),
        ("lineage", Damage::Garbage),
        ("lineage", Damage::CutInHalf),
        ("lineage", Damage::Gone),
        ("last-state.json", Damage::Gone),
        ("applied", Damage::Garbage),
        ("init", Damage::Garbage),
    ] {
        let shop = Shop::of(&["network"]).deployed();
        damage(&shop, &format!(".envctl/instances/staging/network/{record}"), how);
        fs::remove_file(shop.project.path("network/terraform.tfstate.d/staging/terraform.tfstate")).unwrap();

        let run = shop.run(["plan", "staging"]).exits(3);
        run.tells("the state has vanished").hides("to create");
    }
}

#[test]
fn a_torn_lineage_beside_its_record_changes_no_plan() {
    for how in DAMAGES {
        let shop = Shop::of(&["network"]).deployed();
        let lineage = ".envctl/instances/staging/network/lineage";
        let before = shop.project.read(lineage);
        damage(&shop, lineage, how);
        shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
        shop.run(["output", "staging", "network"]).exits(0).prints("network-1");
        assert_eq!(shop.project.read(lineage), before, "{how:?}: it is written again");
    }
}

#[test]
fn a_torn_record_of_the_last_state_is_named_with_the_way_out() {
    for how in [Damage::Empty, Damage::CutInHalf, Damage::Garbage] {
        let shop = Shop::of(&["network"]).deployed();
        let record = ".envctl/instances/staging/network/last-state.json";
        damage(&shop, record, how);
        let run = shop.run(["plan", "staging"]).exits(1);
        run.tells("/instances/staging/network/last-state.json`")
            .tells("hint: remove it: the lineage in `lineage`");
        fs::remove_file(shop.project.path(record)).unwrap();
        shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
    }
}

#[test]
fn a_torn_record_of_the_last_change_stops_a_resumed_run() {
    for (how, state) in [
        (Damage::Empty, "is damaged"),
        (Damage::Garbage, "is damaged"),
        (Damage::CutInHalf, "is damaged"),
        (Damage::Gone, "is gone"),
    ] {
        let shop = Shop::new();
        shop.stack("network", &[], &plain("network"));
        let mut app = plain("app");
        app["steps"] = fails_once();
        shop.stack("app", &["network"], &app);
        shop.project.write(".gitignore", "terraform.tfstate*\n.fake-engine-failures\n");
        shop.run(["deploy", "staging", "--yes"]).exits(1);
        damage(&shop, ".envctl/instances/staging/network/applied", how);

        let run = shop.run(["runs", "resume", "--yes"]).exits(3);

        run.tells("who changed it last is unknown: `")
            .tells(&format!("/network/applied` {state}"))
            .tells("deploy again");
    }
}
