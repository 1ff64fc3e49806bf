//! 4. Destruction needs to be named.

use serde_json::json;

use crate::support::{Driven, Run, Shop};

const GUARDED: &str = "[project]
name = \"shop\"

[environments.production]
confirm = true
workspace = \"production\"
create_workspace = \"always\"
guards.protect = [\"terraform_data.database\"]
";

/// Deploys a production whose database is protected.
fn deployed(engine: &Driven) -> Shop {
    let shop = Shop::driven_by(engine, GUARDED).with_stacks(&["database"]);
    deploy(&shop, &[]).exits(0);
    shop
}

fn deploy(shop: &Shop, flags: &[&str]) -> Run {
    shop.env.run_args(&[&["deploy", "production", "--confirm"], flags].concat())
}

/// Asserts that the guard refuses, that the message names the resource and the flag, and that the resource is kept.
#[track_caller]
fn refuses(shop: &Shop, engine: &Driven, address: &str) {
    let run = deploy(shop, &[]).exits(3).tells("error: `protect` refuses this in `production`");
    run.tells(&format!("--allow delete:database/{address}"));
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

#[test(engines(fake, tofu, terraform))]
fn a_protected_resource_is_not_deleted_unless_it_is_named(engine: &Driven) {
    let shop = deployed(engine);
    shop.script("database", &json!({ "outputs": { "id": "database-1" } }));

    refuses(&shop, engine, "terraform_data.database");

    deploy(&shop, &["--allow", "delete:terraform_data.database"]).exits(0);
    assert_eq!(shop.deployed_value("database", "production"), None, "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_protected_resource_is_not_replaced_unless_it_is_named(engine: &Driven) {
    let shop = deployed(engine);
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

    refuses(&shop, engine, "terraform_data.database");

    deploy(&shop, &["--allow", "delete:terraform_data.database"]).exits(0);
    assert_eq!(shop.deployed_value("database", "production").as_deref(), Some("second"), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_confirmed_digest_alone_does_not_destroy_a_protected_resource(engine: &Driven) {
    let shop = deployed(engine);
    let report = shop.run(["destroy", "production", "--json"]).exits(3).report();
    let confirm = format!("--confirm={}", report.digest());

    shop.run(["destroy", "production", &confirm]).exits(3).tells("`protect` refuses this");
    assert_eq!(shop.deployed_value("database", "production").as_deref(), Some("first"), "{}", engine.name());

    let allow = "--allow=delete:terraform_data.database";
    shop.run(["destroy", "production", &confirm, allow]).exits(0);
    assert_eq!(shop.deployed_value("database", "production"), None, "{}", engine.name());
}

#[test(engines(tofu, terraform))]
fn a_protected_resource_is_not_forgotten_unless_it_is_named(engine: &Driven) {
    let shop = deployed(engine);
    let text = "removed {\n  from = terraform_data.database\n  lifecycle {\n    destroy = false\n  }\n}\n\
                output \"id\" {\n  value = \"database-1\"\n}\n";
    shop.project.write("database/main.tf", text);

    refuses(&shop, engine, "terraform_data.database");

    deploy(&shop, &["--allow", "delete:terraform_data.database"]).exits(0);
    assert_eq!(shop.deployed_value("database", "production"), None, "{}", engine.name());
}

#[test(engines(tofu, terraform))]
fn a_new_address_is_no_way_round_the_protection_of_the_old_one(engine: &Driven) {
    let shop = deployed(engine);
    let text = "moved {\n  from = terraform_data.database\n  to   = terraform_data.renamed\n}\n\
                resource \"terraform_data\" \"renamed\" {\n  input = \"second\"\n  triggers_replace = 1\n}\n\
                output \"id\" {\n  value = \"database-1\"\n}\n";
    shop.project.write("database/main.tf", text);

    refuses(&shop, engine, "terraform_data.renamed");
}

/// Returns the configuration of a stack whose only resource was moved.
fn moved(from: &str, to: &str, resource: &str) -> String {
    format!(
        "moved {{\n  from = {from}\n  to   = {to}\n}}\n{resource}output \"id\" {{\n  value = \"database-1\"\n}}\n"
    )
}

#[test(engines(tofu, terraform))]
fn a_protected_resource_does_not_leave_its_protection_by_a_move(engine: &Driven) {
    let plain = |name: &str| format!("resource \"terraform_data\" \"{name}\" {{\n  input = \"first\"\n}}\n");
    let module = "module \"m\" {\n  source = \"../module\"\n}\n";
    for (protect, to, resource) in [
        ("terraform_data.database", "terraform_data.renamed", plain("renamed")),
        ("terraform_data.d*", "module.m.terraform_data.x", module.to_owned()),
    ] {
        let shop = Shop::driven_by(engine, &GUARDED.replace("terraform_data.database", protect));
        let shop = shop.with_stacks(&["database"]);
        shop.project.write("module/main.tf", &plain("x"));
        deploy(&shop, &[]).exits(0);
        shop.project.write("database/main.tf", &moved("terraform_data.database", to, &resource));

        let run = deploy(&shop, &[]).exits(3).tells("error: `protect` refuses this in `production`");
        run.tells("--allow delete:database/terraform_data.database")
            .prints(&format!("move out of protection database: terraform_data.database to {to}"));
        let new = format!("delete:database/{to}");
        let report = deploy(&shop, &["--json", "--allow", &new]).exits(3).json();
        assert_eq!(report["stacks"][0]["blocked"][0]["address"], "terraform_data.database");
        let state = shop.state("database", "production").unwrap();
        assert_eq!(state["resources"][0]["name"], "database", "{}", engine.name());

        deploy(&shop, &["--allow", "delete:database/terraform_data.database"]).exits(0);
        let state = shop.state("database", "production").unwrap();
        assert_ne!(state["resources"][0]["name"], "database", "{}", engine.name());
    }
}

#[test(engines(tofu, terraform))]
fn moves_of_modules_and_of_single_instances_out_of_protection_are_refused(engine: &Driven) {
    let call = |name: &str| format!("module \"{name}\" {{\n  source = \"../module\"\n}}\n");
    let counted =
        |index: &str| format!("resource \"terraform_data\" \"a\" {{\n  {index}\n  input = \"first\"\n}}\n");
    for (protect, before, after, old) in [
        ("module.a.**", call("a"), moved("module.a", "module.b", &call("b")), "module.a.terraform_data.x"),
        (
            "terraform_data.a[0]",
            counted("count = 1"),
            moved("terraform_data.a[0]", "terraform_data.a[\"k/e\"]", &counted("for_each = { \"k/e\" = 1 }")),
            "terraform_data.a[0]",
        ),
        // The engine moves this address without a `moved` block.
        ("terraform_data.a[0]", counted("count = 1"), counted(""), "terraform_data.a[0]"),
    ] {
        let shop = Shop::driven_by(engine, &GUARDED.replace("terraform_data.database", protect));
        let shop = shop.with_stacks(&["database"]);
        shop.project.write("module/main.tf", "resource \"terraform_data\" \"x\" {\n  input = \"first\"\n}\n");
        shop.project.write("database/main.tf", &before);
        deploy(&shop, &[]).exits(0);
        let deployed = shop.state("database", "production").unwrap();
        shop.project.write("database/main.tf", &after);
        let run = deploy(&shop, &[]).exits(3).tells("would be moved to");
        assert_eq!(shop.state("database", "production").unwrap(), deployed, "{protect}\n{run}");
        deploy(&shop, &["--allow", &format!("delete:{old}")]).exits(0);
    }
}

#[test(engines(fake, tofu, terraform))]
fn an_exception_is_for_the_resource_of_one_stack(engine: &Driven) {
    let shop = Shop::driven_by(engine, GUARDED).with_stacks(&["database", "copy"]);
    let with = json!({ "resources": { "terraform_data.database": "first" } });
    shop.script("copy", &with);
    deploy(&shop, &[]).exits(0);
    for stack in ["database", "copy"] {
        shop.script(stack, &json!({}));
    }

    let short = deploy(&shop, &["--allow", "delete:terraform_data.database"]).exits(3);
    short.tells("could mean several stacks").tells("`--allow delete:copy/terraform_data.database`");
    deploy(&shop, &["--allow", "delete:copy/terraform_data.database"]).exits(3);
    for stack in ["database", "copy"] {
        let value = shop.deployed_value(stack, "production");
        assert_eq!(value.as_deref(), Some("first"), "{}", engine.name());
    }

    shop.script("database", &json!({ "resources": { "terraform_data.database": "first" } }));
    deploy(&shop, &["--allow", "delete:copy/terraform_data.database"]).exits(0);
    assert_eq!(shop.deployed_value("database", "production").as_deref(), Some("first"));
    assert_eq!(shop.deployed_value("copy", "production"), None, "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_state_moved_by_hand_does_not_take_its_protection_away(engine: &Driven) {
    let shop = deployed(engine);
    let exec = |allow: &[&str]| {
        let typed = ["--", "state", "mv", "terraform_data.database", "terraform_data.other"];
        shop.env.run_args(&[&["exec", "production", "database", "--confirm"], allow, &typed].concat())
    };
    exec(&[]).exits(3).tells("--allow delete:database/terraform_data.database");
    exec(&["--allow", "delete:database/terraform_data.other"]).exits(3);
    assert_eq!(shop.deployed_value("database", "production").as_deref(), Some("first"));
    if !engine.is_fake() {
        exec(&["--allow", "delete:terraform_data.database"]).exits(0);
        assert_eq!(shop.state("database", "production").unwrap()["resources"][0]["name"], "other");
    }
}

#[test(engines(fake, tofu, terraform))]
fn a_command_typed_by_hand_is_no_way_round_either(engine: &Driven) {
    let shop = deployed(engine);
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
    let allow =
        ["exec", "production", "database", "--confirm", "--allow", "delete:terraform_data.database", "--"];
    shop.env.run_args(&[&allow as &[&str], &typed].concat()).exits(0);
    assert_eq!(shop.deployed_value("database", "production"), None, "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn an_incomplete_plan_is_refused_unless_that_is_named(engine: &Driven) {
    let shop = Shop::driven_by(engine, GUARDED).with_stacks(&["database"]);
    let target = ["--target", "terraform_data.database"];

    deploy(&shop, &target).exits(3).tells("`incomplete` refuses this").tells("--allow incomplete");
    assert_eq!(shop.deployed_value("database", "production"), None, "{}", engine.name());

    deploy(&shop, &[&target as &[&str], &["--allow", "incomplete"]].concat()).exits(0);
    assert_eq!(shop.deployed_value("database", "production").as_deref(), Some("first"), "{}", engine.name());
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
