//! Screens of `output` and `exec`.

use serde_json::json;

use super::project;
use crate::support::{Shop, plain};

/// Deploys a stack with outputs of several types, one of them sensitive.
fn outputs() -> Shop {
    let mut script = plain("app");
    script["outputs"] = json!({
        "url": "https://app.example.com", "zones": ["a", "b"], "password": "hush-hush",
        "limits": { "cpu": 2, "memory": "4Gi" },
    });
    script["sensitive"] = json!(["password"]);
    Shop::new()
        .with_stack("network", &[], &plain("network"))
        .with_stack("app", &["network"], &script)
        .committed()
        .deployed()
}

#[test]
fn the_outputs_of_an_environment() {
    insta::assert_snapshot!(outputs().run(["output", "staging"]).exits(0).snapshot());
}

#[test]
fn the_outputs_of_a_stack_as_json() {
    insta::assert_snapshot!(outputs().run(["output", "staging", "app", "--json"]).exits(0).snapshot());
}

#[test]
fn one_output() {
    insta::assert_snapshot!(outputs().run(["output", "staging", "app", "url"]).exits(0).snapshot());
}

#[test]
fn a_sensitive_output() {
    insta::assert_snapshot!(outputs().run(["output", "staging", "app", "password"]).exits(3).snapshot());
}

#[test]
fn an_unknown_output() {
    insta::assert_snapshot!(outputs().run(["output", "staging", "app", "ulr"]).snapshot());
}

#[test]
fn the_outputs_of_an_environment_that_was_not_deployed() {
    insta::assert_snapshot!(outputs().run(["output", "production"]).snapshot());
}

#[test]
fn a_typed_command_that_needs_a_confirmation() {
    let run =
        project().deployed().run(["exec", "staging", "mail", "--", "state", "rm", "terraform_data.mail"]);
    insta::assert_snapshot!(run.exits(3).snapshot());
}
