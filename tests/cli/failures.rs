//! Failures do not stop independent stacks, and the exit code is right: guarantees 5 and 10.

use serde_json::{Value, json};

use crate::{
    support::Program,
    support::{Shop, error},
};

const STACKS: [&str; 6] = ["network", "database: network", "app: database", "web: app", "mail", "cron: mail"];

fn boom() -> Value {
    json!({ "error": { "summary": "boom", "detail": "at the worst time" } })
}

#[test]
fn a_failed_plan_skips_its_dependents_and_no_others() {
    let shop = Shop::of(&STACKS);
    shop.behave("database", &json!({ "plan": boom() }));

    let report = shop.run(["plan", "staging", "--json"]).exits(1).report();

    assert_eq!(
        report.stacks(),
        ["network changes", "database failed", "app skipped", "web skipped", "mail changes", "cron changes"]
    );
    assert_eq!(report.stack("app")["because"], "database");
    assert_eq!(report.stack("web")["because"], "database", "the cause, not the neighbour");
    assert!(!shop.calls().iter().any(|call| call.starts_with("app ") || call.starts_with("web ")));
}

#[test]
fn a_failed_apply_skips_its_dependents_and_no_others() {
    let shop = Shop::of(&STACKS);
    shop.behave("database", &json!({ "apply": boom() }));

    let run = shop.run(["deploy", "staging", "--yes", "--json"]).exits(1);

    let report = run.report();
    assert_eq!(report.result(), "failed");
    for (stack, result) in [
        ("network", "applied"),
        ("database", "failed"),
        ("app", "skipped"),
        ("web", "skipped"),
        ("mail", "applied"),
        ("cron", "applied"),
    ] {
        assert_eq!(report.stack(stack)["result"], result, "{stack}");
    }
    assert_eq!(report.stack("database")["error"]["summary"], "boom");
    assert_eq!(shop.deployed_value("app", "staging"), None);
    assert_eq!(shop.deployed_value("cron", "staging").as_deref(), Some("first"));
}

#[test]
fn fail_fast_starts_nothing_after_the_first_failure() {
    let shop = Shop::of(&["aaa", "bbb", "ccc: bbb"]);
    shop.behave("aaa", &json!({ "plan": boom() }));

    let report = shop.run(["plan", "staging", "--fail-fast", "--jobs", "1", "--json"]).exits(1).report();

    let planned = shop.folders("plan");
    let place = planned.iter().position(|folder| folder == "aaa").expect("it was started");
    assert_eq!(planned.len(), place + 1, "nothing starts after it: {planned:?}");
    assert!(report.stacks().iter().any(|stack| stack.ends_with("skipped")), "{:?}", report.stacks());
    shop.run(["plan", "staging", "--fail-fast", "--keep-going"]).exits(64);
}

#[test]
fn the_worst_ending_of_several_stacks_is_the_exit_code() {
    let shop = Shop::of(&["network", "mail", "web"]);
    let locked = error("Error acquiring the state lock", "Lock Info:\n  ID: 1");
    let config = error("No value for required variable", "x");
    for (network, mail, code) in [
        (json!({}), json!({}), 2),
        (locked.clone(), json!({}), 5),
        (config.clone(), json!({}), 4),
        (locked, config.clone(), 4),
        (config, boom(), 1),
        (boom(), json!({ "signal": 9 }), 1),
    ] {
        shop.behave("network", &json!({ "plan": network }));
        shop.behave("mail", &json!({ "plan": mail }));
        let run = shop.run(["plan", "staging", "--detailed-exitcode", "--json"]);
        assert_eq!((run.code(), &run.json()["exit_code"]), (code, &json!(code)), "{run}");
    }
}

#[test]
fn a_lock_says_who_holds_it_since_when_and_how_to_release_it() {
    let shop = Shop::of(&["network"]);
    let info = "Lock Info:\n  ID:        6544-9f\n  Operation: OperationTypeApply\n  Who:       ci@runner\n  Created:   \
                2026-11-21 00:07:22.968715713 +0000 UTC\n";
    shop.behave("network", &json!({ "plan": error("Error acquiring the state lock", info) }));

    let run = shop.run(["plan", "staging", "--json"]).exits(5);

    let detail = run.report().stack("network")["error"]["detail"].as_str().unwrap().to_owned();
    let told = "held by ci@runner for: apply, since 2026-11-21 00:07:22 UTC, lock id 6544-9f\n\
                once no other process works on it: `envctl exec staging network -- force-unlock -force 6544-9f`\n";
    assert!(detail.starts_with(told), "{detail}");
    run.tells("held by ci@runner");
}

#[test]
fn a_refusal_is_worse_than_a_lock() {
    let shop = Shop::of(&["network", "mail"]);
    shop.project.edit(
        "environments.toml",
        "workspace = \"staging\"\ncreate_workspace = \"always\"",
        "workspace = \"staging\"",
    );
    let locked = error("Error acquiring the state lock", "Lock Info:\n  ID: 1");
    shop.behave("mail", &json!({ "init": locked }));
    shop.run(["plan", "staging"]).exits(3);
}

#[test]
fn detailed_exitcode_is_2_with_changes_and_0_without() {
    let shop = Shop::of(&["network"]);
    shop.run(["plan", "staging"]).exits(0);
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(2);
    let shop = shop.deployed();
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
    shop.run(["deploy", "staging", "--detailed-exitcode"]).exits(64);
}

#[test]
fn under_a_reader_that_went_away_the_exit_code_tells_the_truth() {
    let shop = Shop::of(&["network"]);
    let env = shop.env.clone().with_envctl();
    let sh = Program { name: "sh", path: "/bin/sh".into() };
    // POSIX sh has no pipefail: the exit code of the first command goes through a file.
    let through = |command: &str, reader: &str| {
        let script = format!("{{ {command}; echo $? > code; }} | {reader}; read code < code; exit $code");
        env.run_program(&sh, &["-c", &script])
    };
    // One reader closes the pipe at once, the other after a line.
    for reader in ["true", "{ read line; }"] {
        through("envctl plan staging --detailed-exitcode", reader).exits(2).hides("error");
        through("envctl list --json", reader).exits(0).hides("error");
    }
    shop.behave("network", &json!({ "plan": boom() }));
    through("envctl plan staging", "true").exits(1);
}

#[test]
fn a_passing_network_failure_is_the_networks() {
    let shop = Shop::of(&["network"]);
    shop.behave("network", &json!({ "plan": error("Error refreshing state", "dial tcp: i/o timeout") }));
    let report = shop.run(["plan", "staging", "--json"]).exits(1).report();
    assert_eq!(report.stack("network")["error"]["kind"], "network");
}

#[test]
fn a_vanished_state_is_refused_until_it_is_allowed_by_name() {
    let shop = Shop::of(&["network"]).deployed();
    std::fs::remove_dir_all(shop.project.path("network/terraform.tfstate.d")).unwrap();

    for args in [["plan", "staging"], ["deploy", "staging"]] {
        let run = shop.run(args).exits(3).tells("the state has vanished");
        run.tells("`envctl plan staging --allow lineage:staging/network` takes it");
    }
    shop.run(["plan", "staging", "--allow", "lineage:production/network"]).exits(3);
    assert_eq!(shop.folders("apply"), [""; 0]);

    let idle = "`--allow lineage:staging/network` had nothing to do";
    shop.run(["deploy", "staging", "--yes", "--allow", "lineage:staging/network"]).exits(0).hides(idle);
    for args in [&["plan", "staging"] as &[&str], &["deploy", "staging", "--yes"]] {
        let run = shop.env.run_args(&[args, &["--allow", "lineage:staging/network"]].concat()).exits(0);
        assert_eq!(run.stderr.matches(idle).count(), 1, "{run}");
    }
    assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("first"));
}
