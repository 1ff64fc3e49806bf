//! 10. Exit codes tell the truth.

use serde_json::json;

use crate::support::{Env, Program, Shop, error};

/// Returns a shell, which runs envctl as users do.
fn shell() -> Program {
    Program { name: "bash", path: "/bin/bash".into() }
}

/// Returns the project's environment with envctl and the system's programs on PATH.
fn desk(shop: &Shop) -> Env {
    shop.env.clone().with_envctl().with_system()
}

#[test]
fn each_situation_has_its_code() {
    let shop = Shop::of(&["network", "app: network"]);
    shop.run(["plan", "staging"]).exits(0);
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(2);
    shop.run(["deploy", "production"]).exits(3);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
    shop.run(["plan", "stagin"]).exits(64);
    shop.run(["plan", "staging", "ap"]).exits(64);
    shop.run(["plan", "staging", "--no-such-flag"]).exits(64);
    shop.behave("app", &json!({ "plan": error("boom", "") }));
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(1);
    shop.project.edit("environments.toml", "confirm = true", "confirm = 7");
    shop.run(["plan", "staging"]).exits(4);
}

#[test]
fn of_several_stacks_the_worst_counts() {
    let shop = Shop::of(&["changed", "failing", "locked"]);
    let lock = error(
        "Error acquiring the state lock",
        "Lock Info:\n  ID:        1\n  Who:       somebody@somewhere\n",
    );
    shop.behave("locked", &json!({ "plan": lock }));
    shop.run(["plan", "staging", "changed", "locked", "--detailed-exitcode"]).exits(5);
    shop.behave("failing", &json!({ "plan": error("boom", "") }));

    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(1);
}

#[test]
fn a_pipe_behind_envctl_hides_no_failure_from_a_shell_that_asks() {
    let shop = Shop::of(&["network"]);
    shop.behave("network", &json!({ "plan": error("boom", "") }));
    let desk = desk(&shop);

    desk.run_program(&shell(), &["-c", "set -o pipefail; envctl plan staging | tee out.txt"]).exits(1);
    desk.run_program(&shell(), &["-c", "envctl plan staging | cat; exit ${PIPESTATUS[0]}"]).exits(1);

    assert!(shop.project.read("out.txt").contains("boom"));
}

#[test]
fn a_closed_output_pipe_stops_no_apply_and_is_no_success() {
    let shop = Shop::of(&["network", "app: network"]);
    let command = "envctl deploy staging --yes | true; exit ${PIPESTATUS[0]}";

    let run = desk(&shop).run_program(&shell(), &["-c", command]);

    assert!([0, 1].contains(&run.code()), "{run}");
    let report = shop.run(["runs", "show", "--json"]).exits(0).json();
    assert_eq!(report["exit_code"].as_i64().map(|code| code == 0), Some(run.code() == 0), "{report}\n{run}");
    let done = [shop.deployed_value("network", "staging"), shop.deployed_value("app", "staging")];
    let lines = report["stacks"].as_array().unwrap();
    for (stack, value) in lines.iter().zip(done) {
        assert_eq!(
            stack["result"] == "applied",
            value.is_some(),
            "the record agrees with the state: {report}"
        );
    }
}

#[test]
fn a_closed_standard_output_is_a_failure_not_a_silence() {
    let shop = Shop::of(&["network"]);

    let run = desk(&shop).run_program(&shell(), &["-c", "envctl list staging --json >/dev/full"]);

    run.exits(1).tells("standard output");
}
