//! Actions of providers and deferred changes (Terraform since 1.14), on the fake engine with output as in Terraform's
//! sources.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Shop, plain};

/// Makes a project with stack `app` on a Terraform 1.14, environment `dev`, and `production` with these guards.
fn shop(guards: &str, more: &[(&str, Value)]) -> Shop {
    let text = format!(
        "[project]\nname = \"shop\"\nengine = \"terraform\"\n\n[defaults]\nworkspace = \"{{env}}\"\ncreate_workspace = \"always\"\n\n[environments.dev]\n\n[environments.production]\nconfirm = true\n\n\
         [environments.production.guards]\n{guards}\n"
    );
    let shop = Shop::with(&text);
    shop.env.link("terraform", Path::new(env!("CARGO_BIN_EXE_envctl-fake-engine")));
    let mut script = plain("app");
    script["version"] = json!("1.14.0");
    shop.stack("app", &[], &script);
    shop.project.commit("Begin");
    for environment in ["dev", "production"] {
        shop.run(["deploy", environment, "app", "--yes", "--confirm"]).exits(0);
    }
    for (key, value) in more {
        script[key] = value.clone();
    }
    shop.script("app", &script);
    shop.forget_calls();
    shop
}

/// Returns two actions: one is triggered by a resource, the other by `-invoke`.
fn actions() -> Value {
    json!({ "action.x_run.warm": ["terraform_data.app", "AfterUpdate"], "module.m.action.x_run.say": null })
}

#[test]
fn a_plan_of_actions_alone_is_shown_and_applied() {
    let shop = shop("", &[("actions", actions())]);
    let plan = shop.run(["plan", "dev", "--detailed-exitcode"]).exits(2);
    plan.prints("!actions").prints("Actions to invoke:").prints(
        "  app: action.x_run.warm (AfterUpdate of terraform_data.app)\n  app: module.m.action.x_run.say\n",
    );
    let report = shop.run(["plan", "dev", "--json"]).exits(0).json();
    assert_eq!(report["totals"]["actions"], 2);
    assert_eq!(
        report["stacks"][0]["actions"],
        json!([
            { "address": "action.x_run.warm", "trigger": { "resource": "terraform_data.app", "event": "AfterUpdate" } },
            { "address": "module.m.action.x_run.say" },
        ])
    );
    assert_eq!(report["stacks"][0]["resources"], json!([]));

    // A stored plan, whose actions come from the journal, and a deploy.
    let run = report["run"].as_str().unwrap();
    shop.run(["apply", run, "--yes"]).exits(0).tells("2 actions invoked");
    shop.run(["deploy", "dev"]).exits(3).tells("would change 2 actions in 1 stack");
    shop.run(["deploy", "dev", "--yes"]).exits(0).tells("2 actions invoked");
    assert_eq!(shop.folders("apply").len(), 2);
}

#[test]
fn the_digest_of_a_review_covers_the_actions() {
    let digest = |actions: Value| {
        let resources = json!({ "terraform_data.app": "second" });
        let shop = shop("", &[("actions", actions), ("resources", resources)]);
        shop.run(["plan", "dev", "--json"]).exits(0).json()["digest"].as_str().unwrap().to_owned()
    };
    assert_eq!(digest(json!({})), digest(json!({})));
    assert_ne!(digest(json!({})), digest(actions()));
}

#[test]
fn the_digest_of_a_review_covers_the_configuration_of_an_action() {
    let planned = |configuration: Value| {
        let configurations = json!({ "action.x_run.warm": configuration });
        let shop = shop("", &[("actions", actions()), ("configurations", configurations)]);
        let digest =
            shop.run(["plan", "dev", "--json"]).exits(0).json()["digest"].as_str().unwrap().to_owned();
        (digest, shop.run(["plan", "dev"]).exits(0))
    };
    let (first, shown) = planned(json!({ "config_values": { "n": 1, "to": ["a", { "b": null }] } }));
    shown
        .prints("Configuration of the actions:\n\naction.x_run.warm (AfterUpdate of terraform_data.app)\n    n = 1\n")
        .prints("    to = [\"a\", {\"b\" = null}]\n")
        .hides("not told apart");
    let (other, _) = planned(json!({ "config_values": { "n": 2, "to": ["a", { "b": null }] } }));
    assert_ne!(first, other);
    let (nested, _) = planned(json!({ "config_values": { "n": 1, "to": ["a", { "b": 0 }] } }));
    assert_ne!(first, nested);
    let (unknown, shown) = planned(json!({ "config_values": { "n": 1 }, "config_unknown": { "to": true } }));
    assert_ne!(first, unknown);
    drop(shown.prints("    to = (known after apply)\n"));

    let masked = |value: &str| {
        planned(json!({ "config_values": { "n": 1, "to": value }, "config_sensitive": { "to": true } }))
    };
    let ((one, shown), (two, _)) = (masked("SENTINEL-1"), masked("SENTINEL-2"));
    assert_eq!(one, two);
    shown.prints("    to = (sensitive value)\n").prints("masked values are not told apart").hides("SENTINEL");
}

#[test]
fn guards_match_the_address_of_an_action_and_an_exception_names_it() {
    let exceptions = ["--allow=change:app/action.x_run.warm", "--allow=change:app/module.m.action.x_run.say"];
    for (guards, guard) in [
        ("protect = [\"action.x_run.*\"]", "protect"),
        ("deny_actions = [{ match = \"action.*.*\", actions = [\"invoke\"] }]", "deny_actions"),
    ] {
        let shop = shop(guards, &[("actions", actions())]);
        let refused = shop.run(["deploy", "production", "--confirm", "--json"]).exits(3).json();
        let blocked = refused["stacks"][0]["blocked"].as_array().unwrap();
        assert_eq!(blocked.len(), 2, "{blocked:?}");
        assert_eq!(blocked[0]["guard"], guard);
        assert_eq!(blocked[0]["allow"], "change:app/action.x_run.warm");
        shop.run(["deploy", "production", "--confirm", exceptions[0]])
            .exits(3)
            .prints("module.m.action.x_run.say");
        let mistyped = "--allow=change:app/action.x_run.warn";
        let meant =
            shop.run(["deploy", "production", "--confirm", exceptions[0], exceptions[1], mistyped]).exits(3);
        meant.tells("did you mean `action.x_run.warm`?");
        assert_eq!(shop.folders("apply").len(), 0);
        shop.run(["deploy", "production", "--confirm", exceptions[0], exceptions[1]]).exits(0);
    }
}

#[test]
fn actions_count_for_the_limit_of_changes() {
    let shop = shop("max_changes = 1", &[("actions", actions())]);
    let refused = shop.run(["deploy", "production", "--confirm"]).exits(3);
    refused.prints("2 would be changed, at most 1 may be").tells("--allow changes=2");
    assert_eq!(shop.folders("apply").len(), 0);
    shop.run(["deploy", "production", "--confirm", "--allow", "changes=2"]).exits(0);
}

#[test]
fn deferred_changes_make_a_plan_incomplete_and_never_clean() {
    let deferred = json!({ "terraform_data.later[*]": "instance_count_unknown" });
    let what = "the engine deferred `terraform_data.later[*]` (instance_count_unknown)";
    // With a change, the plan can be applied; an environment with `confirm` needs `--allow incomplete`.
    let resources = json!({ "terraform_data.app": "second" });
    let shop_of_both = shop("", &[("deferred", deferred.clone()), ("resources", resources)]);
    let report = shop_of_both.run(["plan", "dev", "--json"]).exits(0).json();
    assert_eq!(report["stacks"][0]["incomplete"], true);
    assert!(report["stacks"][0]["notes"].to_string().contains(what), "{report}");
    shop_of_both.run(["deploy", "production", "--confirm"]).exits(3).prints("incomplete");
    let stored = shop_of_both.run(["plan", "production", "--json"]).exits(0).json();
    let run = stored["run"].as_str().unwrap();
    shop_of_both.run(["apply", run, "--confirm"]).exits(3).prints("incomplete");
    shop_of_both.run(["deploy", "production", "--confirm", "--allow", "incomplete"]).exits(0);
    let report = shop_of_both.run(["deploy", "dev", "--yes", "--json"]).exits(0).json();
    assert_eq!(report["stacks"][0]["result"], "applied");
    assert_eq!(report["stacks"][0]["incomplete"], true);

    // Without a change there is no plan to apply, and the stack is not clean.
    let shop_of_one = shop("", &[("deferred", deferred)]);
    for environment in ["dev", "production"] {
        let refused =
            shop_of_one.run(["deploy", environment, "--yes", "--confirm", "--allow", "incomplete"]).exits(3);
        refused.tells(what);
    }
    let report = shop_of_one.run(["plan", "dev", "--json"]).exits(3).json();
    assert_eq!(report["stacks"][0]["result"], "refused");
    assert_eq!(report["stacks"][0]["incomplete"], true);
    assert_eq!(shop_of_one.folders("apply").len(), 0);
}
