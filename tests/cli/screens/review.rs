//! Screens of `deploy`, `destroy` and `apply`: the review of 1, 10 and 40 stacks, the gate, and the result.

use serde_json::json;

use super::{changed, on_60_columns, one_at_a_time, plan::wired, project};
use crate::support::{IdleTerminal, Shop, Streams, error};

/// Makes this many stacks without dependencies, of which each third has no changes.
fn stacks(count: usize) -> Shop {
    let names: Vec<String> = (1..=count).map(|number| format!("service-{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let shop = Shop::of(&names).with_env(one_at_a_time);
    for name in names.iter().step_by(3) {
        shop.script(name, &json!({}));
    }
    shop
}

#[test]
fn the_review_of_one_stack() {
    let shop = Shop::of(&["network"]);
    insta::assert_snapshot!(shop.run(["deploy", "production"]).exits(3).snapshot());
}

#[test]
fn the_review_of_ten_stacks() {
    insta::assert_snapshot!(stacks(10).run(["deploy", "production"]).exits(3).snapshot());
}

#[test]
fn the_review_of_ten_stacks_in_60_columns() {
    insta::assert_snapshot!(on_60_columns(&stacks(10), ["plan", "production", "--no-progress"]));
}

#[test]
fn the_review_of_forty_stacks() {
    insta::assert_snapshot!(stacks(40).run(["deploy", "production"]).exits(3).snapshot());
}

#[test]
fn the_result_of_a_deploy() {
    insta::assert_snapshot!(changed().run(["deploy", "staging", "--yes"]).exits(0).snapshot());
}

#[test]
fn the_result_of_a_deploy_in_60_columns() {
    insta::assert_snapshot!(on_60_columns(&changed(), ["deploy", "staging", "--yes"]));
}

#[test]
fn the_result_of_a_deploy_without_changes() {
    insta::assert_snapshot!(project().deployed().run(["deploy", "staging", "--yes"]).exits(0).snapshot());
}

#[test]
fn the_result_of_a_deploy_with_a_failed_apply() {
    let shop = project();
    shop.behave("database", &json!({ "apply": error("creating the instance", "quota exceeded") }));
    insta::assert_snapshot!(shop.run(["deploy", "staging", "--yes"]).exits(1).snapshot());
}

#[test]
fn the_result_of_a_deploy_with_a_failed_apply_in_60_columns() {
    let shop = project();
    shop.behave("database", &json!({ "apply": error("creating the instance", "quota exceeded") }));
    insta::assert_snapshot!(on_60_columns(&shop, ["deploy", "staging", "--yes", "--no-progress"]));
}

#[test]
fn the_result_of_a_deploy_in_two_rounds() {
    insta::assert_snapshot!(wired("").run(["deploy", "staging", "--yes"]).exits(0).snapshot());
}

#[test]
fn the_result_of_a_destroy() {
    insta::assert_snapshot!(project().deployed().run(["destroy", "staging", "--yes"]).exits(0).snapshot());
}

#[test]
fn the_result_of_an_applied_plan() {
    let shop = project();
    shop.run(["plan", "staging", "network"]).exits(0);
    insta::assert_snapshot!(shop.run(["apply", "last", "--yes"]).exits(0).snapshot());
}

/// Returns what a terminal shows of a question that is answered with this line.
fn asked(shop: &Shop, args: [&str; 4], question: &str, answer: &str) -> String {
    let terminal = shop.env.on_terminal(IdleTerminal::open(), Streams::AllButOutput, args);
    terminal.shows(question).types(answer).wait().snapshot()
}

#[test]
fn the_question_of_an_environment_without_confirm() {
    let args = ["deploy", "staging", "--no-progress", "--color=never"];
    insta::assert_snapshot!(asked(&Shop::of(&["network"]), args, "[y/N] ", "y\n"));
}

#[test]
fn the_question_of_a_protected_environment() {
    let args = ["deploy", "production", "--no-progress", "--color=never"];
    insta::assert_snapshot!(asked(
        &Shop::of(&["network"]),
        args,
        "Type `production` to apply: ",
        "production\n"
    ));
}
