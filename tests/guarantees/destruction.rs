//! 4. Destruction needs to be named.

use serde_json::json;

use crate::support::{Driven, Run, Shop, each_engine, real_engines};

const GUARDED: &str = "[project]
name = \"shop\"

[environments.production]
confirm = true
workspace = \"production\"
create_workspace = \"always\"
guards.protect = [\"terraform_data.database\"]
";

/// A deployed production whose database is protected.
fn deployed(engine: &Driven) -> Shop {
    let shop = Shop::driven_by(engine, GUARDED).with_stacks(&["database"]);
    deploy(&shop, &[]).exits(0);
    shop
}

fn deploy(shop: &Shop, flags: &[&str]) -> Run {
    shop.env.run_args(&[&["deploy", "production", "--confirm"], flags].concat())
}

/// The guard refuses, names the resource and what would let it through, and nothing is lost.
#[track_caller]
fn refuses(shop: &Shop, engine: &Driven, address: &str) {
    let run = deploy(shop, &[]).exits(3).tells("error: `protect` refuses this in `production`");
    run.tells(&format!("--allow delete:{address}"));
    let report = deploy(shop, &["--json", "--allow", "delete:terraform_data.another"]).exits(3).json();
    let block = &report["stacks"][0]["blocked"][0];
    assert_eq!(
        (&block["guard"], &block["address"]),
        (&json!("protect"), &json!(address)),
        "{}",
        engine.name()
    );
    assert_eq!(shop.deployed_value("database", "production").as_deref(), Some("first"), "{}", engine.name());
}

#[test]
fn a_protected_resource_is_not_deleted_unless_it_is_named() {
    for engine in each_engine() {
        let shop = deployed(&engine);
        shop.script("database", &json!({ "outputs": { "id": "database-1" } }));

        refuses(&shop, &engine, "terraform_data.database");

        deploy(&shop, &["--allow", "delete:terraform_data.database"]).exits(0);
        assert_eq!(shop.deployed_value("database", "production"), None, "{}", engine.name());
    }
}

#[test]
fn a_protected_resource_is_not_replaced_unless_it_is_named() {
    for engine in each_engine() {
        let shop = deployed(&engine);
        let resources = json!({ "terraform_data.database": "second" });
        let replaced = json!(["terraform_data.database"]);
        shop.script(
            "database",
            &json!({ "resources": resources, "replaced": replaced, "outputs": { "id": "database-1" } }),
        );
        if !engine.is_fake() {
            let text = "resource \"terraform_data\" \"database\" {\n  input = \"second\"\n  triggers_replace = 1\n}\n\
                        output \"id\" {\n  value = \"database-1\"\n}\n";
            shop.project.write("database/main.tf", text);
        }

        refuses(&shop, &engine, "terraform_data.database");

        deploy(&shop, &["--allow", "delete:terraform_data.database"]).exits(0);
        assert_eq!(
            shop.deployed_value("database", "production").as_deref(),
            Some("second"),
            "{}",
            engine.name()
        );
    }
}

#[test]
fn a_protected_resource_is_neither_destroyed_with_the_rest_by_the_digest_alone() {
    for engine in each_engine() {
        let shop = deployed(&engine);
        let report = shop.run(["destroy", "production", "--json"]).exits(3).report();
        let confirm = format!("--confirm={}", report.digest());

        shop.run(["destroy", "production", &confirm]).exits(3).tells("`protect` refuses this");
        assert_eq!(
            shop.deployed_value("database", "production").as_deref(),
            Some("first"),
            "{}",
            engine.name()
        );

        let allow = "--allow=delete:terraform_data.database";
        shop.run(["destroy", "production", &confirm, allow]).exits(0);
        assert_eq!(shop.deployed_value("database", "production"), None, "{}", engine.name());
    }
}

#[test]
fn a_protected_resource_is_not_forgotten_unless_it_is_named() {
    for engine in real_engines() {
        let shop = deployed(&engine);
        let text = "removed {\n  from = terraform_data.database\n  lifecycle {\n    destroy = false\n  }\n}\n\
                    output \"id\" {\n  value = \"database-1\"\n}\n";
        shop.project.write("database/main.tf", text);

        refuses(&shop, &engine, "terraform_data.database");

        deploy(&shop, &["--allow", "delete:terraform_data.database"]).exits(0);
        assert_eq!(shop.deployed_value("database", "production"), None, "{}", engine.name());
    }
}

#[test]
fn a_new_address_is_no_way_round_the_protection_of_the_old_one() {
    for engine in real_engines() {
        let shop = deployed(&engine);
        let text = "moved {\n  from = terraform_data.database\n  to   = terraform_data.renamed\n}\n\
                    resource \"terraform_data\" \"renamed\" {\n  input = \"second\"\n  triggers_replace = 1\n}\n\
                    output \"id\" {\n  value = \"database-1\"\n}\n";
        shop.project.write("database/main.tf", text);

        refuses(&shop, &engine, "terraform_data.renamed");
    }
}

#[test]
fn a_command_typed_by_hand_is_no_way_round_either() {
    for engine in each_engine() {
        let shop = deployed(&engine);
        for typed in [
            &["state", "rm", "terraform_data.database"] as &[&str],
            &["taint", "terraform_data.database"],
            &["destroy", "-auto-approve"],
            &["apply", "-auto-approve", "-destroy"],
        ] {
            let exec = ["exec", "production", "database", "--confirm", "--"];
            shop.env.run_args(&[&exec, typed].concat()).exits(3);
            assert_eq!(shop.deployed_value("database", "production").as_deref(), Some("first"), "{typed:?}");
        }
        let typed = ["state", "rm", "terraform_data.database"];
        let allow = [
            "exec",
            "production",
            "database",
            "--confirm",
            "--allow",
            "delete:terraform_data.database",
            "--",
        ];
        shop.env.run_args(&[&allow as &[&str], &typed].concat()).exits(0);
        assert_eq!(shop.deployed_value("database", "production"), None, "{}", engine.name());
    }
}

#[test]
fn an_incomplete_plan_is_refused_unless_that_is_named() {
    for engine in each_engine() {
        let shop = Shop::driven_by(&engine, GUARDED).with_stacks(&["database"]);
        let target = ["--target", "terraform_data.database"];

        deploy(&shop, &target).exits(3).tells("`incomplete` refuses this").tells("--allow incomplete");
        assert_eq!(shop.deployed_value("database", "production"), None, "{}", engine.name());

        deploy(&shop, &[&target as &[&str], &["--allow", "incomplete"]].concat()).exits(0);
        assert_eq!(
            shop.deployed_value("database", "production").as_deref(),
            Some("first"),
            "{}",
            engine.name()
        );
    }
}

#[test]
fn nothing_lets_a_plan_through_that_went_wrong() {
    let shop = deployed(&Driven::Fake);
    shop.change("database", "second");
    let mut all = Vec::new();
    for allow in [
        "delete:terraform_data.database",
        "change:terraform_data.database",
        "deletes=9",
        "changes=9",
        "incomplete",
        "age",
        "window",
    ] {
        all.extend(["--allow", allow]);
    }
    for steps in [
        json!({ "plan": { "exit": 1 } }),
        json!({ "plan": { "exit_after": 1 } }),
        json!({ "show": { "exit": 1 } }),
        json!({ "show": { "stdout": ["no JSON"], "exit": 0 } }),
    ] {
        let mut script = json!({ "resources": { "terraform_data.database": "second" }, "outputs": { "id": "database-1" } });
        script["steps"] = steps.clone();
        shop.script("database", &script);
        let run = deploy(&shop, &all);
        assert_ne!(run.code(), 0, "{steps}\n{run}");
        assert_eq!(shop.deployed_value("database", "production").as_deref(), Some("first"), "{steps}\n{run}");
    }
}
