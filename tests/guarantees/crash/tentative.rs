//! Resuming stacks whose plans were tentative: they are planned again, with the outputs that exist by now.

use std::{fs, path::PathBuf};

use serde_json::json;

use crate::support::{Driven, ENVIRONMENTS, Shop, error};

/// Makes `network`, `app`, which takes its output, and `web`, which takes that of `app`, all with mocks.
fn shop(engine: &Driven) -> Shop {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    shop.stack(
        "network",
        &[],
        &json!({ "resources": { "terraform_data.network": "n" }, "outputs": { "v": "n" } }),
    );
    for (stack, from) in [("app", "network"), ("web", "app")] {
        let value = format!("{stack}(${{var.v}})");
        let resources = json!({ format!("terraform_data.{stack}"): value });
        let script = json!({ "resources": resources, "outputs": { "v": value }, "variables": ["v"] });
        shop.stack(stack, &[], &script);
        shop.append(
            "environments.toml",
            &format!("inputs = {{ v = \"{from}.v\" }}\nmocks.{from} = {{ v = \"MOCK\" }}\n"),
        );
    }
    shop.project.write(".gitignore", "terraform.tfstate*\n*.marker\n.fake-engine-failures\n");
    shop.project.commit("Begin");
    shop
}

/// Lets the first apply of a stack fail; the returned file lets a later one pass.
fn fail_once(shop: &Shop, engine: &Driven, stack: &str) -> PathBuf {
    let marker = shop.marker("may-pass.marker");
    if engine.is_fake() {
        let mut script: serde_json::Value =
            serde_json::from_str(&shop.project.read(&format!("{stack}/fake-engine.json"))).unwrap();
        script["steps"] = json!({ "apply": { "error": error("it broke", "")["error"], "error_times": 1 } });
        shop.project.write(&format!("{stack}/fake-engine.json"), &script.to_string());
    } else {
        let fails = format!(
            "  provisioner \"local-exec\" {{\n    command = \"test -e {} || (echo it broke; exit 1)\"\n  }}\n}}\n",
            marker.display()
        );
        let text = shop.project.read(&format!("{stack}/main.tf")).replacen(
            "\n}\n\noutput",
            &format!("\n{fails}\noutput"),
            1,
        );
        shop.project.write(&format!("{stack}/main.tf"), &text);
    }
    shop.project.commit("It breaks");
    marker
}

#[track_caller]
fn deployed_with_real_outputs(shop: &Shop) {
    for (stack, value) in [("network", "n"), ("app", "app(n)"), ("web", "web(app(n))")] {
        assert_eq!(shop.deployed_value(stack, "production").as_deref(), Some(value), "{stack}");
        assert!(!shop.state(stack, "production").unwrap().to_string().contains("MOCK"), "{stack}");
    }
    shop.run(["plan", "production", "--detailed-exitcode"]).exits(0);
}

#[test(engines(fake, tofu, terraform))]
fn a_tentative_plan_is_made_again_in_the_resumed_run(engine: &Driven) {
    let shop = shop(engine);
    let marker = fail_once(&shop, engine, "app");
    shop.run(["deploy", "production", "--confirm"]).exits(1).tells("it broke");
    fs::write(marker, "").unwrap();

    shop.run(["runs", "resume", "--confirm", "--confirm-rounds"]).exits(0).hides("out of date");

    deployed_with_real_outputs(&shop);
}

#[test(engines(fake, tofu, terraform))]
fn a_plan_on_a_mock_of_a_stack_that_was_never_begun_is_made_again(engine: &Driven) {
    let shop = shop(engine);
    let marker = fail_once(&shop, engine, "network");
    shop.run(["deploy", "production", "--confirm"]).exits(1).tells("it broke");
    fs::write(marker, "").unwrap();

    shop.run(["runs", "resume", "--confirm", "--confirm-rounds"]).exits(0);

    deployed_with_real_outputs(&shop);
}

#[test(engines(tofu, terraform))]
fn a_tentative_plan_gets_outputs_of_a_stack_that_was_deployed_alone(engine: &Driven) {
    let shop = shop(engine);
    let marker = fail_once(&shop, engine, "app");
    shop.run(["deploy", "production", "--confirm"]).exits(1).tells("it broke");
    fs::write(marker, "").unwrap();
    shop.run(["exec", "production", "app", "--confirm", "--", "apply", "-auto-approve"]).exits(0);

    shop.run(["runs", "resume", "--confirm", "--confirm-rounds"]).exits(0);

    deployed_with_real_outputs(&shop);
}
