//! Engines that die, report falsely or print garbage: guarantees 5, 10 and 11.

use std::fs;

use serde_json::{Value, json};

use crate::{
    support::{Driven, Env, Project, programs},
    support::{Shop, error, script},
};

/// Plans a stack that misbehaves beside one that does not, and returns the error in the report.
#[track_caller]
fn failure(steps: &Value) -> Value {
    let shop = Shop::of(&["network", "mail"]);
    shop.behave("network", steps);
    let report = shop.run(["plan", "staging", "--json", "--detailed-exitcode"]).exits(1).report();
    assert_eq!(report.stacks(), ["network failed", "mail changes"], "a sibling goes on");
    report.stack("network")["error"].clone()
}

#[test]
fn an_engine_killed_by_a_signal_is_a_failure_never_no_changes() {
    for signal in [9, 15, 6] {
        let error = failure(&json!({ "plan": { "signal": signal } }));
        assert_eq!(error["summary"], format!("`tofu plan` was killed by signal {signal}"));
        assert_eq!(error["kind"], "engine");
    }
}

#[test]
fn exit_3_is_a_failure() {
    let error = failure(&json!({ "plan": { "exit_after": 3 } }));
    assert_eq!(error["summary"], "`tofu plan` ended with status 3, which no engine does");
}

#[test]
fn garbage_on_stdout_is_a_failure_that_shows_it() {
    let error = failure(&json!({ "plan": { "stdout": ["<html>"], "exit": 0 } }));
    assert_eq!(error["summary"], "`tofu` wrote something that is not its JSON: `<html>`");
}

#[test]
fn a_wrapper_that_says_0_with_changes_is_lying() {
    let error = failure(&json!({ "plan": { "exit_after": 0 } }));
    let lie = "`tofu plan` ended with status 0, no changes, and yet would change `terraform_data.network`";
    assert_eq!(error["summary"], lie);
}

#[test]
fn a_silent_success_is_no_success() {
    let error = failure(&json!({ "plan": { "exit": 0 } }));
    assert_eq!(error["summary"], "`tofu` did not say its version: it may not be the engine");
}

#[test]
fn an_apply_that_is_killed_fails_and_is_not_tried_again() {
    let shop = Shop::of(&["network"]);
    shop.behave("network", &json!({ "apply": { "signal": 9 } }));

    shop.run(["deploy", "staging", "--yes"]).exits(1).tells("`tofu apply` was killed by signal 9");

    assert_eq!(shop.folders("apply").len(), 1);
    assert_eq!(shop.state("network", "staging"), None);
}

#[test]
fn an_apply_that_fails_in_its_middle_is_1_whatever_its_words() {
    let shop = Shop::of(&["network"]);
    let mut wrong = error("Invalid function argument", "while it ran");
    wrong["error"]["file"] = json!("main.tf");
    wrong["error"]["line"] = json!(2);
    shop.behave("network", &json!({ "apply": wrong }));

    let run = shop.run(["deploy", "staging", "--yes"]).exits(1);

    run.tells("apply failed (config): Invalid function argument").tells("at network/main.tf:2");
}

#[test]
fn a_missing_engine_is_4_and_says_what_to_do() {
    let shop = Shop::of(&["network"]);
    fs::remove_file(shop.marker("bin/tofu")).unwrap();
    let run = shop.run(["plan", "staging"]).exits(4);
    let run = run.tells("`network` names no engine, and neither `tofu` nor `terraform` is on PATH");
    run.tells("install one, or write `program = \"/path/to/it\"` under `[tofu]` or `[terraform]`");

    // A named engine is not detected.
    shop.project.edit("environments.toml", "name = \"shop\"", "name = \"shop\"\nengine = \"tofu\"");
    let run = shop.run(["plan", "staging"]).exits(4).tells("engine `tofu` cannot be used").tells("PATH");
    run.tells("hint: install it, or name its program in environments.toml: `[tofu]`");

    shop.append("environments.toml", "\n[tofu]\nprogram = \"/nowhere/tofu\"\n");
    shop.run(["plan", "staging"]).exits(4).tells("program `/nowhere/tofu` does not exist");
}

#[test]
fn an_engine_that_cannot_be_executed_is_4() {
    let shop = Shop::of(&["network"]);
    let program = shop.marker("engine");
    fs::write(&program, "not a program").unwrap();
    shop.append("environments.toml", &format!("\n[tofu]\nprogram = \"{}\"\n", program.display()));
    shop.project.edit("environments.toml", "name = \"shop\"", "name = \"shop\"\nengine = \"tofu\"");

    shop.run(["plan", "staging"]).exits(4).tells(&format!("`{}` is not executable", program.display()));

    script(&program, "not a program");
    let run = shop.run(["plan", "staging"]).exits(4);
    run.tells(&format!("cannot start `{}`: Exec format error", program.display()));
}

#[test]
fn broken_hcl_is_shown_with_file_and_line_and_only_asked_about() {
    let shop = Shop::of(&["network"]);
    shop.project.write("network/main.tf", "resource \"terraform_data\" \"a\" {\n  input = \n}\n");

    let run = shop.run(["plan", "staging"]).exits(4);

    run.tells("network/main.tf:2");
    assert_eq!(shop.calls(), ["network fmt"]);
}

#[test(engines(tofu))]
fn what_only_the_engine_finds_wrong_is_shown_with_file_and_line() {
    let [tofu] = programs(["tofu"]);
    let project = Project::without_files();
    project.write(
        "environments.toml",
        "[project]\nname = \"p\"\n[environments.staging]\n[stacks.app]\npath = \"infra/app\"\n",
    );
    project.write("infra/app/main.tf", "resource \"terraform_data\" \"a\" {\n  input = var.missing\n}\n");

    let run = Env::new(&project).with(&tofu).run(["plan", "staging", "--json"]).exits(4);

    let report = run.report();
    let error = &report.stack("app")["error"];
    assert_eq!(error["summary"], "Reference to undeclared input variable");
    assert_eq!((&error["file"], &error["line"]), (&json!("infra/app/main.tf"), &json!(2)));
    run.tells("at infra/app/main.tf:2");
}

#[test(engines(tofu, terraform))]
fn users_of_module_addresses_are_in_no_file_and_no_output(engine: &Driven) {
    let shop = Shop::driven_by(
        engine,
        "[project]\nname = \"p\"\n[environments.dev]\n[stacks.app]\npath = \"app\"\n",
    );
    let module = |name: &str, source: &str| format!("module \"{name}\" {{\n  source = \"{source}\"\n}}\n");
    let git = module("a", "git::https://user:SENTINEL@127.0.0.1:9/none.git");
    shop.project.write("app/main.tf", &(git + &module("b", "https://SENTINEL@127.0.0.1:9/none.zip")));

    let run = shop.run(["plan", "dev"]).exits(1).tells("127.0.0.1:9/none.git").hides("SENTINEL");

    drop(run);
    shop.run(["plan", "dev", "--json"]).exits(1).hides("SENTINEL");
    assert_eq!(shop.project.files_with("SENTINEL"), [""; 0]);
}
