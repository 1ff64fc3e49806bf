//! Screens of `plan`.

use serde_json::json;

use super::{changed, on_60_columns, one_at_a_time, project};
use crate::support::{Shop, error, plain};

#[test]
fn a_plan_with_each_kind_of_change() {
    insta::assert_snapshot!(changed().run(["plan", "staging"]).snapshot());
}

#[test]
fn a_plan_with_each_kind_of_change_in_60_columns() {
    insta::assert_snapshot!(on_60_columns(&changed(), ["plan", "staging"]));
}

#[test]
fn a_plan_of_new_stacks() {
    insta::assert_snapshot!(project().run(["plan", "production"]).snapshot());
}

#[test]
fn a_plan_without_changes() {
    insta::assert_snapshot!(project().deployed().run(["plan", "staging"]).snapshot());
}

#[test]
fn a_plan_that_fails_with_the_engines_error() {
    let shop = project();
    let denied = error("Error acquiring the state lock", "AccessDenied: not authorized to s3:GetObject");
    shop.behave("database", &json!({ "plan": denied }));
    insta::assert_snapshot!(shop.run(["plan", "staging"]).snapshot());
}

#[test]
fn a_plan_that_fails_in_60_columns() {
    let shop = project();
    let denied = error("Error acquiring the state lock", "AccessDenied: not authorized to s3:GetObject");
    shop.behave("database", &json!({ "plan": denied }));
    insta::assert_snapshot!(on_60_columns(&shop, ["plan", "staging", "--no-progress"]));
}

/// Makes `app`, whose input comes from the planned `network`.
pub(super) fn wired(keys: &str) -> Shop {
    let app = json!({ "resources": { "terraform_data.app": "in ${var.place}" }, "variables": ["place"] });
    Shop::new()
        .with_env(one_at_a_time)
        .with_stack("network", &[], &plain("network"))
        .with_stack("app", &[], &app)
        .with_inputs("place = \"network.id\"")
        .with_keys(keys)
        .committed()
}

#[test]
fn a_plan_with_a_stack_of_a_planned_output() {
    let shop = wired("").deployed();
    let mut network = plain("network");
    network["outputs"] = json!({ "id": "network-2" });
    shop.script("network", &network);
    insta::assert_snapshot!(shop.run(["plan", "staging"]).snapshot());
}

#[test]
fn a_plan_with_a_deferred_stack() {
    insta::assert_snapshot!(wired("").run(["plan", "staging"]).snapshot());
}

#[test]
fn a_plan_with_a_mock() {
    let shop = wired("mocks.network = { id = \"none-yet\" }");
    let mut network = plain("network");
    network["unknown"] = json!(["id"]);
    shop.script("network", &network);
    insta::assert_snapshot!(shop.run(["plan", "staging"]).snapshot());
}

#[test]
fn a_plan_of_one_resource_alone() {
    let run = changed().run(["plan", "staging", "network", "--target", "terraform_data.vpc"]);
    insta::assert_snapshot!(run.snapshot());
}

#[test]
fn a_quiet_plan() {
    insta::assert_snapshot!(changed().run(["plan", "staging", "--quiet"]).snapshot());
}
