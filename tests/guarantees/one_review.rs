//! 2. One review, one confirmation, then no surprise.

use serde_json::{Value, json};

use crate::support::{Driven, ENVIRONMENTS, Shop};

/// Makes a project in which `app` reads an output of `network` from its state.
#[track_caller]
fn shop(engine: &Driven) -> Shop {
    let state = "../network/terraform.tfstate.d/staging/terraform.tfstate";
    let app = json!({
        "resources": { "terraform_data.app": "${net.id}" }, "remote": { "net": state }, "outputs": { "id": "app-1" },
    });
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stack("network", &[], &network("one")).with_stack(
        "app",
        &["network"],
        &app,
    );
    if !engine.is_fake() {
        shop.project.write(
            "app/main.tf",
            "data \"terraform_remote_state\" \"net\" {\n  backend = \"local\"\n  config = {\n    \
             path = \"../network/terraform.tfstate.d/${terraform.workspace}/terraform.tfstate\"\n  }\n}\n\
             resource \"terraform_data\" \"app\" {\n  input = data.terraform_remote_state.net.outputs.id\n}\n",
        );
    }
    shop.committed()
}

/// Returns true if the state of `app` in staging holds a text; false without a state.
fn app_holds(shop: &Shop, text: &str) -> bool {
    shop.state("app", "staging").is_some_and(|state| state.to_string().contains(&format!("\"{text}\"")))
}

fn network(id: &str) -> Value {
    json!({ "resources": { "terraform_data.network": id }, "outputs": { "id": id } })
}

#[test(engines(fake, tofu, terraform))]
fn equal_plans_have_an_equal_digest_which_a_later_command_can_quote(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network", "app: network"]);
    let digest = || shop.run(["plan", "production", "--json"]).exits(0).report().digest().to_owned();
    let first = digest();
    assert_eq!(first, digest(), "{}", engine.name());
    shop.run(["apply", "last", &format!("--confirm={}", "0".repeat(16))])
        .exits(3)
        .tells("the plans changed: you confirmed");
    // The refused run took the plans over, applied none of them, and returned them.
    let run = shop.run(["runs", "list", "--json"]).json()["runs"][1]["run"].as_str().unwrap().to_owned();
    shop.run(["apply", &run, &format!("--confirm={first}")]).exits(0);
    assert_eq!(shop.deployed_value("app", "production").unwrap(), "first");
}

#[test(engines(fake, tofu, terraform))]
fn a_stored_plan_is_planned_again_after_its_upstream_was_applied(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network", "app: network"]);
    let digest = shop.run(["plan", "production", "--json"]).exits(0).report().digest().to_owned();
    let report = shop.run(["apply", "last", &format!("--confirm={digest}"), "--json"]).exits(0).report();
    assert_eq!(report.stacks(), ["network applied", "app applied"], "{}", engine.name());
    let notes = report.stack("app")["notes"].to_string();
    assert!(notes.contains("planned again, because `network` was applied"), "{notes}");
}

#[test(engines(fake, tofu, terraform))]
fn what_goes_beyond_the_confirmed_plan_is_not_applied(engine: &Driven) {
    let shop = shop(engine);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert!(app_holds(&shop, "one") && !app_holds(&shop, "two"), "{}", engine.name());
    shop.script("network", &network("two"));

    // The review has `app` clean; its later change was not confirmed.
    shop.run(["plan", "staging"]).exits(0);
    shop.run(["apply", "last", "--confirm"]).exits(3).tells("not in what was confirmed");

    assert_eq!(shop.deployed_value("network", "staging").unwrap(), "two", "{}", engine.name());
    assert!(app_holds(&shop, "one") && !app_holds(&shop, "two"), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_value_that_was_seen_is_the_value_that_is_set(engine: &Driven) {
    let shop = shop(engine);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.script("network", &network("two"));
    // The review shows `one again`, which depends on the output before the apply.
    if engine.is_fake() {
        let state = "../network/terraform.tfstate.d/staging/terraform.tfstate";
        let resources = json!({ "terraform_data.app": "${net.id} again" });
        shop.script("app", &json!({ "resources": resources, "remote": { "net": state } }));
    } else {
        let text = shop.project.read("app/main.tf");
        let reference = "data.terraform_remote_state.net.outputs.id";
        shop.project.write("app/main.tf", &text.replace(reference, &format!("\"${{{reference}}} again\"")));
    }

    let run = shop.run(["deploy", "staging", "--confirm"]).exits(3);

    run.tells("terraform_data.app: sets input to another value than was confirmed");
    assert_eq!(shop.deployed_value("network", "staging").unwrap(), "two", "{}", engine.name());
    assert!(app_holds(&shop, "one") && !app_holds(&shop, "two again"), "{}", engine.name());
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert!(app_holds(&shop, "two again"), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_stack_that_could_not_be_planned_before_has_a_gate_of_its_own(engine: &Driven) {
    let shop = shop(engine);
    let digest = shop.run(["plan", "staging", "--json"]).exits(0).report().digest().to_owned();
    let run = shop.run(["apply", "last", &format!("--confirm={digest}")]).exits(3);
    run.tells("error: round 2 in `staging` needs a confirmation of its own");
    assert_eq!(shop.deployed_value("network", "staging").unwrap(), "one", "{}", engine.name());
    assert!(!app_holds(&shop, "one"), "{}", engine.name());
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert!(app_holds(&shop, "one") && !app_holds(&shop, "two"), "{}", engine.name());
}
