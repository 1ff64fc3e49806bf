//! Inputs from outputs that the same run changes: dependants are planned with the planned values.

use serde_json::{Value, json};

use crate::support::{Shop, error};

/// Deploys `network` and `app`, which takes the input `place` from it, with the value `here`.
fn deployed() -> Shop {
    let app = json!({ "resources": { "terraform_data.app": "in ${var.place}" }, "variables": ["place"] });
    let shop = Shop::new()
        .with_stack("network", &[], &json!({}))
        .with_stack("app", &[], &app)
        .with_inputs("place = \"network.place\"");
    network(&shop, &json!({ "place": "here" }), &[]);
    shop.committed().deployed()
}

/// Returns the id of the newest run.
fn run_id(shop: &Shop) -> String {
    shop.newest_run().rsplit('/').next().unwrap().to_owned()
}

fn network(shop: &Shop, outputs: &Value, unknown: &[&str]) {
    let resources = json!({ "terraform_data.network": outputs.to_string() });
    shop.script("network", &json!({ "resources": resources, "outputs": outputs, "unknown": unknown }));
}

#[track_caller]
fn deployed_to(shop: &Shop, environment: &str, network: &str, app: &str) {
    let network_state = shop.state("network", environment).unwrap();
    assert_eq!(network_state["outputs"]["place"]["value"], network);
    assert_eq!(shop.deployed_value("app", environment).as_deref(), Some(app));
}

#[test]
fn a_planned_value_is_in_the_first_review_and_confirmed_with_it() {
    let shop = deployed();
    network(&shop, &json!({ "place": "there" }), &[]);
    let report = shop.run(["plan", "staging", "--json"]).exits(0).report();
    assert_eq!(report.stacks(), ["network changes", "app changes"]);
    assert_eq!(report.stack("app")["tentative"], false);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    deployed_to(&shop, "staging", "there", "in there");
}

#[test]
fn stored_plans_with_a_planned_value_are_applied_one_after_the_other() {
    let shop = deployed();
    network(&shop, &json!({ "place": "there" }), &[]);
    shop.run(["plan", "staging"]).exits(0);
    shop.run(["apply", &run_id(&shop), "--yes"]).exits(0);
    deployed_to(&shop, "staging", "there", "in there");
}

#[test]
fn a_stored_plan_with_a_planned_value_is_not_applied_on_another_one() {
    let shop = deployed();
    network(&shop, &json!({ "place": "there" }), &[]);
    shop.run(["plan", "staging"]).exits(0);
    let run = run_id(&shop);
    // The applied value differs from the planned one.
    network(&shop, &json!({ "place": "elsewhere" }), &[]);
    shop.run(["deploy", "staging", "network", "--yes"]).exits(0);
    shop.run(["apply", &run, "--yes"]).exits(3);
    deployed_to(&shop, "staging", "elsewhere", "in here");
}

#[test]
fn an_unknown_output_makes_a_plan_tentative_and_its_change_unconfirmed() {
    let shop = deployed();
    network(&shop, &json!({ "place": "there" }), &["place"]);
    let report = shop.run(["plan", "staging", "--json"]).exits(0).report();
    assert_eq!(report.stacks(), ["network changes", "app clean"]);
    let app = report.stack("app");
    assert_eq!(
        (&app["tentative"], &app["notes"]),
        (&json!(true), &json!(["tentative: `network.place` will change"]))
    );
    let summary = shop.marker("summary.md");
    shop.run(["plan", "staging", "--summary", summary.to_str().unwrap()]).exits(0);
    assert!(std::fs::read_to_string(&summary).unwrap().contains("| no changes, tentative |"));
    shop.run(["deploy", "staging", "--confirm"]).exits(3).tells("terraform_data.app");
    deployed_to(&shop, "staging", "there", "in here");
}

#[test]
fn an_output_that_goes_is_an_error_before_anything_is_applied() {
    let shop = deployed();
    network(&shop, &json!({ "spot": "there" }), &[]);
    let run = shop.run(["deploy", "staging", "--yes"]).exits(4);
    run.tells("`place` takes `network.place`: `network` has no output `place` once its plan is applied")
        .tells("its outputs are: `spot`");
    deployed_to(&shop, "staging", "here", "in here");
}

#[test]
fn an_output_that_no_plan_makes_is_an_error_even_with_a_mock() {
    for mocks in ["", "mocks.network = { plaice = \"nowhere\" }\n"] {
        let shop = Shop::new();
        shop.stack("network", &[], &json!({}));
        network(&shop, &json!({ "place": "here" }), &[]);
        shop.stack("app", &[], &json!({ "variables": ["place"] }));
        shop.append("environments.toml", &format!("inputs = {{ place = \"network.plaice\" }}\n{mocks}"));
        shop.project.commit("Begin");
        let run = shop.run(["deploy", "staging", "--yes"]).exits(4);
        run.tells("`network` has no output `plaice`").tells("its outputs are: `place`");
        assert_eq!(shop.state("network", "staging"), None, "{mocks}");
    }
}

#[test]
fn a_null_within_an_output_is_refused_before_its_stack_is_applied() {
    for (path, null) in [("place.at", "place.at"), ("place.in[1]", "place.in[1]")] {
        let shop = Shop::new();
        shop.stack("network", &[], &json!({}));
        network(&shop, &json!({ "place": { "at": null, "in": ["x", null] } }), &[]);
        shop.stack("app", &[], &json!({ "variables": ["place"] }));
        shop.append("environments.toml", &format!("inputs = {{ place = \"network.{path}\" }}\n"));
        shop.project.commit("Begin");
        let told = format!("`place` takes `network.{path}`: `{null}` is null");
        shop.run(["deploy", "staging", "--yes"]).exits(4).tells(&told);
        assert_eq!(shop.state("network", "staging"), None, "{path}");

        // The state's output is refused too, with `network` in the run and without.
        shop.run(["deploy", "staging", "network", "--yes"]).exits(0);
        for stacks in [&["network", "app"] as &[&str], &["app"]] {
            shop.env.run_args(&[&["deploy", "staging", "--yes"], stacks].concat()).exits(4).tells(&told);
        }
        // Inside a larger value a null is passed on.
        shop.project.edit("environments.toml", &format!("network.{path}"), "network.place");
        shop.run(["plan", "staging", "app"]).exits(0);
    }
}

#[test]
fn a_plan_that_fails_with_a_planned_value_is_made_with_the_present_one() {
    let shop = deployed();
    network(&shop, &json!({ "place": "there" }), &[]);
    // Simulates a data source that does not find the new place yet.
    let mut fails = error("no matching place found", "");
    fails["error_times"] = json!(1);
    let resources = json!({ "terraform_data.app": "in ${var.place}" });
    shop.script(
        "app",
        &json!({ "resources": resources, "variables": ["place"], "steps": { "plan": fails } }),
    );
    let report = shop.run(["plan", "staging", "--json"]).exits(0).report();
    assert_eq!(report.stacks(), ["network changes", "app clean"]);
    let app = report.stack("app");
    assert_eq!(app["tentative"], true);
    assert!(
        app["notes"].to_string().contains("with its values as they are planned: no matching place found"),
        "{app}"
    );
}

#[test]
fn a_stack_that_is_planned_alone_gets_no_planned_output() {
    let shop = deployed();
    network(&shop, &json!({ "place": "there" }), &[]);
    let report = shop.run(["plan", "staging", "app", "--json"]).exits(0).report();
    assert_eq!(report.stacks(), ["app clean"]);
}
