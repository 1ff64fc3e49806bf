//! Screens of `status` and `runs`, at fixed times.

use std::fs;

use serde_json::json;

use super::{change, on_60_columns, project, several};
use crate::support::{Shop, error};

/// Sets the clock of envctl.
fn at(shop: &Shop, time: &str) {
    fs::write(shop.marker("clock"), format!("2026-01-05T{time}:00Z")).unwrap();
}

/// Starts the clock of envctl at 10:00.
fn with_clock(shop: Shop) -> Shop {
    at(&shop, "10:00");
    let clock = shop.marker("clock");
    shop.with_env(|env| env.var("ENVCTL_TEST_CLOCK", clock))
}

/// Makes a staging that was deployed at 10:00, and sets the clock to 12:30.
fn deployed() -> Shop {
    let shop = with_clock(several()).deployed();
    at(&shop, "12:30");
    shop
}

/// Makes a staging with an apply that failed at 10:00, and sets the clock to 12:30.
fn failed() -> Shop {
    let shop = with_clock(project());
    shop.behave("database", &json!({ "apply": error("creating the instance", "quota exceeded") }));
    shop.run(["deploy", "staging", "--yes"]).exits(1);
    // The order of later steps does not depend on measured durations.
    fs::remove_dir_all(shop.project.path(".envctl/durations")).unwrap();
    at(&shop, "12:30");
    shop
}

/// Makes a staging with changes that were planned at 12:30 and a stack that is not declared any more, and sets the
/// clock to 13:45.
fn pending() -> Shop {
    let shop = deployed();
    change(&shop);
    shop.run(["plan", "staging"]).exits(0);
    let text = shop.project.read("environments.toml");
    let (before, _) = text.split_once("\n[stacks.mail]").unwrap();
    shop.project.write("environments.toml", before);
    at(&shop, "13:45");
    shop
}

#[test]
fn the_status_before_the_first_run() {
    insta::assert_snapshot!(project().run(["status"]).exits(0).snapshot());
}

#[test]
fn the_status_of_a_deployed_environment() {
    insta::assert_snapshot!(deployed().run(["status", "staging"]).exits(0).snapshot());
}

#[test]
fn the_status_with_pending_changes_and_a_removed_stack() {
    insta::assert_snapshot!(pending().run(["status"]).exits(0).snapshot());
}

#[test]
fn the_status_with_pending_changes_in_60_columns() {
    insta::assert_snapshot!(on_60_columns(&pending(), ["status", "staging"]));
}

#[test]
fn the_status_after_a_failed_deploy() {
    insta::assert_snapshot!(failed().run(["status", "staging"]).exits(0).snapshot());
}

#[test]
fn the_runs_of_a_project() {
    let shop = failed();
    shop.run(["plan", "production"]).exits(0);
    at(&shop, "12:45");
    shop.run(["deploy", "production"]).exits(3);
    insta::assert_snapshot!(shop.run(["runs", "list"]).exits(0).snapshot());
}

#[test]
fn the_runs_of_a_project_in_60_columns() {
    insta::assert_snapshot!(on_60_columns(&failed(), ["runs", "list"]));
}

#[test]
fn no_runs() {
    insta::assert_snapshot!(project().run(["runs", "list"]).exits(0).snapshot());
}

#[test]
fn a_run_that_failed() {
    insta::assert_snapshot!(failed().run(["runs", "show"]).exits(0).snapshot());
}

#[test]
fn the_changes_of_a_stack_in_a_run() {
    let shop = deployed();
    change(&shop);
    shop.run(["plan", "staging"]).exits(0);
    insta::assert_snapshot!(shop.run(["runs", "show", "last", "network"]).exits(0).snapshot());
}

#[test]
fn a_resumed_run() {
    let shop = failed();
    shop.behave("database", &json!({}));
    insta::assert_snapshot!(shop.run(["runs", "resume", "--yes"]).snapshot());
}

#[test]
fn removed_runs() {
    insta::assert_snapshot!(failed().run(["runs", "gc"]).exits(0).snapshot());
}
