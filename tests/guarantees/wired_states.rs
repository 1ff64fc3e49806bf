//! 3. The wrong environment is impossible, or refused: states that stacks take inputs from.

use serde_json::{Value, json};

use crate::support::{Driven, ENVIRONMENTS, Shop};

/// Makes `app`, which takes `place` from `network`; both are deployed in production, and `app` has a change.
fn deployed(engine: &Driven, hook: &str) -> Shop {
    let network = json!({ "resources": { "terraform_data.network": "n" }, "outputs": { "place": "here" } });
    let shop = Shop::driven_by(engine, ENVIRONMENTS)
        .with_stack("network", &[], &network)
        .with_stack("app", &[], &json!({ "variables": ["place"] }))
        .with_inputs("place = \"network.place\"")
        .with_keys(hook);
    app(&shop, "first");
    let shop = shop.committed();
    shop.run(["deploy", "production", "--confirm", "--confirm-rounds"]).exits(0);
    app(&shop, "second");
    shop
}

fn app(shop: &Shop, edition: &str) {
    let resources = json!({ "terraform_data.app": format!("{edition} in ${{var.place}}") });
    shop.script("app", &json!({ "resources": resources, "variables": ["place"] }));
}

const STATE: &str = "network/terraform.tfstate.d/production/terraform.tfstate";

/// Changes the state of `network` without envctl or the engine.
fn rewrite(shop: &Shop, change: impl FnOnce(&mut Value)) {
    let mut state: Value = serde_json::from_str(&shop.project.read(STATE)).unwrap();
    state["outputs"]["place"]["value"] = json!("FOREIGN");
    change(&mut state);
    shop.project.write(STATE, &state.to_string());
}

#[test(engines(fake, tofu, terraform))]
fn no_value_comes_from_a_foreign_or_unsaved_state(engine: &Driven) {
    let shop = deployed(engine, "");
    rewrite(&shop, |state| state["lineage"] = json!("11111111-2222-3333-4444-555555555555"));
    let run = shop.run(["deploy", "production", "app", "--confirm"]).exits(3);
    run.tells("cannot read the outputs of `network`: the state was replaced by another one");
    assert_eq!(
        shop.deployed_value("app", "production").as_deref(),
        Some("first in here"),
        "{}",
        engine.name()
    );

    let shop = deployed(engine, "");
    shop.project.write("network/errored.tfstate", &shop.project.read(STATE));
    let run = shop.run(["deploy", "production", "app", "--confirm"]);
    run.tells("cannot read the outputs of `network`").tells("errored.tfstate");
    assert_eq!(
        shop.deployed_value("app", "production").as_deref(),
        Some("first in here"),
        "{}",
        engine.name()
    );
}

#[test(engines(fake, tofu, terraform))]
fn a_value_that_has_changed_since_it_was_reviewed_is_not_applied(engine: &Driven) {
    // Another program writes that state while the user reads the review.
    let hook = format!("hooks.before_apply = [[\"cp\", \"changed.json\", \"{STATE}\"]]\n");
    let shop = deployed(engine, "");
    shop.append("environments.toml", &hook);
    let before = shop.project.read(STATE);
    rewrite(&shop, |state| state["serial"] = json!(state["serial"].as_u64().unwrap() + 1));
    shop.project.write("changed.json", &shop.project.read(STATE));
    shop.project.write(STATE, &before);
    shop.project.commit("A hook");

    let env = shop.env.clone().with_system();
    let run = env.run(["deploy", "production", "app", "--confirm"]).exits(3);
    run.tells("value place");
    assert_eq!(
        shop.deployed_value("app", "production").as_deref(),
        Some("first in here"),
        "{}",
        engine.name()
    );
}
