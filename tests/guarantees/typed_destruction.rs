//! 4. Destruction needs to be named: also by commands that the user types for the engine.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Driven, Run, Shop};

fn deployed(engine: &Driven, guards: &str) -> Shop {
    let text = "[project]\nname = \"shop\"\n\n[environments.production]\nconfirm = true\nworkspace = \"production\"\n\
                create_workspace = \"always\"\n";
    let shop = Shop::driven_by(engine, &format!("{text}{guards}\n")).with_stacks(&["database"]);
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    shop
}

#[track_caller]
fn exec(shop: &Shop, flags: &[&str], typed: &[&str]) -> Run {
    shop.env.run_args(&[&["exec", "production", "database", "--confirm"], flags, &["--"], typed].concat())
}

#[track_caller]
fn is_still_there(shop: &Shop, engine: &Driven, run: &Run) {
    let value = shop.deployed_value("database", "production");
    assert_eq!(value.as_deref(), Some("first"), "{}\n{run}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn an_address_is_not_hidden_by_how_it_is_written(engine: &Driven) {
    let shop = deployed(engine, "guards.protect = [\"terraform_data.database\"]");
    for address in [
        "terraform_data . database",
        "terraform_data.database ",
        "terraform_data/**/.database",
        "terraform_data.database # mine",
        "terraform_data.\ndatabase",
        "terraform_data.database // mine",
    ] {
        for typed in [
            &["state", "rm", address] as &[&str],
            &["state", "rm", "-lock-timeout", "1s", address],
            &["state", "mv", address, "terraform_data.other"],
            &["taint", address],
            &["untaint", address],
            &["import", address, "x"],
        ] {
            let run = exec(&shop, &[], typed).exits(3).tells("`state list` shows how addresses are written");
            is_still_there(&shop, engine, &run);
        }
    }
}

/// Writes the state of production without its resources, with a higher serial, and returns the path.
fn emptied(shop: &Shop, file: &str) -> String {
    let mut state: Value = shop.state("database", "production").unwrap();
    state["resources"] = json!([]);
    state["serial"] = json!(99);
    shop.project.write(file, &state.to_string());
    shop.project.path(file).to_str().unwrap().to_owned()
}

#[test(engines(tofu, terraform))]
fn a_state_that_is_pushed_loses_nothing_that_nobody_named(engine: &Driven) {
    for (guards, words) in [
        ("guards.protect = [\"terraform_data.database\"]", "protected by `terraform_data.database`"),
        (
            "guards.max_deletes = 0",
            "1 would be deleted, replaced, forgotten or moved out of protection, at most 0 may be",
        ),
        (
            "guards.deny_actions = [ { match = \"terraform_data.*\", actions = [\"forget\"] } ]",
            "`forget` is denied for `terraform_data.*`",
        ),
    ] {
        let shop = deployed(engine, guards);
        let file = emptied(&shop, "empty.json");
        for typed in [
            &["state", "push", "-force", &file] as &[&str],
            &["state", "push", "-lock-timeout", "1s", "../empty.json"],
            &["state", "push", "--", &file],
        ] {
            let run = exec(&shop, &[], typed).exits(3).tells(words);
            is_still_there(&shop, engine, &run);
        }
        let run = exec(&shop, &[], &["state", "push", "-"]).exits(3).tells("cannot be compared");
        is_still_there(&shop, engine, &run);
        exec(&shop, &["--allow", "delete:terraform_data.database"], &["state", "push", &file]).exits(0);
        assert_eq!(shop.deployed_value("database", "production"), None, "{}", engine.name());
    }
}

#[test(engines(tofu, terraform))]
fn a_state_that_keeps_everything_and_one_that_envctl_rescued_are_pushed(engine: &Driven) {
    let shop = deployed(engine, "guards.protect = [\"terraform_data.database\"]");
    let mut state = shop.state("database", "production").unwrap();
    state["serial"] = json!(50);
    shop.project.write("same.json", &state.to_string());
    exec(&shop, &[], &["state", "push", "../same.json"]).exits(0);
    assert_eq!(shop.state("database", "production").unwrap()["serial"], 50);

    let kept = emptied(&shop, ".envctl/instances/production/database/errored.tfstate");
    exec(&shop, &[], &["state", "push", &kept]).exits(0);
    assert_eq!(shop.deployed_value("database", "production"), None, "{}", engine.name());
    assert!(fs::metadata(&kept).is_err(), "what was pushed is gone");
}

#[test(engines(tofu, terraform))]
fn what_is_forgotten_by_hand_counts_for_the_limits(engine: &Driven) {
    let shop = deployed(engine, "guards.max_deletes = 0");
    let typed = ["state", "rm", "terraform_data.database"];
    let run = exec(&shop, &[], &typed).exits(3).tells("--allow deletes=1");
    is_still_there(&shop, engine, &run);
    exec(&shop, &["--allow", "deletes=1"], &typed).exits(0);
    assert_eq!(shop.deployed_value("database", "production"), None, "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn no_typed_command_acts_on_another_workspace_or_backend(engine: &Driven) {
    let shop = deployed(engine, "");
    for typed in [
        &["workspace", "select", "default"] as &[&str],
        &["workspace", "new", "other"],
        &["workspace", "delete", "-force", "default"],
        &["env", "delete", "default"],
    ] {
        let run = exec(&shop, &[], typed).exits(3).tells("acts on another workspace");
        is_still_there(&shop, engine, &run);
    }
    for flag in ["-migrate-state=true", "-force-copy", "-reconfigure", "-backend-config=path=x"] {
        let name = flag.split('=').next().unwrap();
        let run = exec(&shop, &[], &["init", flag]).exits(3).tells(&format!("`init {name}`"));
        is_still_there(&shop, engine, &run);
    }
    exec(&shop, &[], &["init"]).exits(0);
    let guarded = deployed(engine, "guards.protect = [\"terraform_data.*\"]");
    for typed in
        [&["test"] as &[&str], &["state", "replace-provider", "hashicorp/a", "hashicorp/b"], &["brand-new"]]
    {
        exec(&guarded, &[], typed).exits(3).tells("makes no plan that the environment's guards could judge");
    }
}
