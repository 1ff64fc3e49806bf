//! Screens of refusals: guards, workspaces, confirmations, stored plans, and wrong arguments.

use serde_json::json;

use super::{changed, on_columns, project};
use crate::support::{ENVIRONMENTS, Shop, plain};

#[test]
fn a_deploy_without_a_confirmation() {
    insta::assert_snapshot!(changed().run(["deploy", "staging"]).exits(3).snapshot());
}

#[test]
fn a_deploy_that_was_confirmed_for_another_plan() {
    let shop = Shop::of(&["network"]);
    insta::assert_snapshot!(
        shop.run(["deploy", "production", "--confirm=0123456789abcdef"]).exits(3).snapshot()
    );
}

#[test]
fn a_deploy_that_was_confirmed_for_another_plan_in_50_columns() {
    let shop = Shop::of(&["network"]);
    insta::assert_snapshot!(on_columns(50, &shop, ["deploy", "production", "--confirm=0123456789abcdef"]));
}

/// Makes a deployed production with these guards, and removes or changes its resource.
fn guarded(guards: &str) -> Shop {
    let shop = Shop::with(&format!("{ENVIRONMENTS}{guards}\n")).with_stacks(&["network"]);
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    shop.script("network", &json!({ "outputs": { "id": "network-1" } }));
    shop
}

#[test]
fn a_deletion_of_a_protected_resource() {
    let shop = guarded("guards.protect = [\"terraform_data.*\"]");
    insta::assert_snapshot!(shop.run(["deploy", "production", "--confirm"]).exits(3).snapshot());
}

#[test]
fn a_run_on_another_branch() {
    let shop = Shop::new().with_guards("production", "branch = [\"release/*\"]").with_stacks(&["network"]);
    insta::assert_snapshot!(shop.run(["deploy", "production", "--confirm"]).exits(3).snapshot());
}

#[test]
fn several_guards_at_once() {
    let shop = guarded("guards = { max_deletes = 0, clean_tree = true }");
    insta::assert_snapshot!(shop.run(["deploy", "production"]).exits(3).snapshot());
}

#[test]
fn a_missing_workspace() {
    let text = "[project]\nname = \"shop\"\n\n[environments.staging]\nworkspace = \"staging\"\n";
    let shop = Shop::with(text).with_stacks(&["network"]);
    insta::assert_snapshot!(shop.run(["plan", "staging"]).exits(3).snapshot());
}

#[test]
fn a_stored_plan_whose_files_have_changed() {
    let shop = project();
    shop.run(["plan", "staging", "network"]).exits(0);
    shop.change("network", "second");
    insta::assert_snapshot!(shop.run(["apply", "last", "--yes"]).exits(3).snapshot());
}

#[test]
fn a_state_that_has_vanished() {
    let shop = Shop::of(&["network"]).deployed();
    std::fs::remove_dir_all(shop.project.path("network/terraform.tfstate.d")).unwrap();
    insta::assert_snapshot!(shop.run(["plan", "staging"]).exits(3).snapshot());
}

#[test]
fn a_destroy_of_a_protected_environment() {
    let shop = Shop::of(&["network"]);
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    insta::assert_snapshot!(shop.run(["destroy", "production"]).exits(3).snapshot());
}

#[test]
fn a_verb_that_read_only_refuses() {
    let shop = Shop::of(&["network"]);
    let run = shop.env.clone().var("ENVCTL_READ_ONLY", "1").run(["deploy", "staging", "--yes"]);
    insta::assert_snapshot!(run.exits(3).snapshot());
}

#[test]
fn no_environment() {
    insta::assert_snapshot!(project().run(["plan"]).exits(64).snapshot());
}

#[test]
fn an_unknown_environment() {
    insta::assert_snapshot!(project().run(["plan", "prodution"]).exits(64).snapshot());
}

#[test]
fn an_unknown_stack() {
    insta::assert_snapshot!(project().run(["plan", "staging", "databse"]).exits(64).snapshot());
}

#[test]
fn an_unknown_flag() {
    insta::assert_snapshot!(project().run(["plan", "staging", "--targt=a"]).exits(64).snapshot());
}

#[test]
fn no_environments_toml() {
    let shop = Shop::new();
    std::fs::remove_file(shop.project.path("environments.toml")).unwrap();
    insta::assert_snapshot!(shop.run(["plan", "staging"]).snapshot());
}

#[test]
fn errors_of_environments_toml() {
    let shop = Shop::new()
        .with_stack("app", &["netwrok"], &plain("app"))
        .with_keys("worksapce = \"x\"\nretries = \"two\"");
    insta::assert_snapshot!(shop.run(["plan", "staging"]).exits(4).snapshot());
}
