//! 1. The plan you saw is the plan that is applied: with the locked providers, whatever overrides a CLI configuration has.

use std::fs;

use serde_json::json;

use crate::support::{Driven, ENVIRONMENTS, Shop, plain};

const BY_THE_ENGINE: &str = "the engine says that development overrides of providers are in effect";

/// CLI configurations with overrides whose keyword is escaped: a search of the text does not find them.
const ESCAPED: [(&str, &str); 2] = [
    ("rc.json", r#"{"provider_installation":[{"dev_\u006fverrides":[{"x/y":"/tmp"}],"direct":[{}]}]}"#),
    (
        "rc",
        "provider_installation {\n  \"dev_\\u006fverrides\" {\n    \"x/y\" = \"/tmp\"\n  }\n  direct {}\n}\n",
    ),
];

#[test(engines(tofu, terraform))]
fn overrides_that_only_the_engine_can_read_are_refused(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    for (name, text) in ESCAPED {
        let file = shop.project.around().join(name);
        fs::write(&file, text).unwrap();
        let env = shop.env.clone().var("TF_CLI_CONFIG_FILE", &file);
        let report = env.run(["deploy", "production", "--confirm", "--json"]).exits(3).json();
        let block = &report["stacks"][0]["blocked"][0];
        assert_eq!(block["guard"], "binding", "{}", engine.name());
        assert!(block["message"].as_str().unwrap().starts_with(BY_THE_ENGINE), "{block}");
        assert_eq!(shop.deployed_value("app", "production"), None, "{}", engine.name());

        let run = env.run(["plan", "staging"]).exits(0);
        run.prints("warning: app: Provider development overrides are in effect");
    }
    // A clean plan with overrides is not reliable either.
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    let env = shop.env.clone().var("TF_CLI_CONFIG_FILE", shop.project.around().join("rc"));
    env.run(["plan", "production"]).exits(3).tells(BY_THE_ENGINE);
}

#[test]
fn the_engines_own_warning_of_overrides_is_enough() {
    let shop = Shop::driven_by(&Driven::Fake, ENVIRONMENTS).with_stacks(&["app"]);
    let warning = json!({
        "@level": "warn",
        "@message": "Warning: Provider development overrides are in effect",
        "type": "diagnostic",
        "diagnostic": { "severity": "warning", "summary": "Provider development overrides are in effect" }
    });
    let mut script = plain("app");
    script["steps"] = json!({ "plan": { "stdout": [warning.to_string()] } });
    shop.script("app", &script);
    shop.run(["deploy", "production", "--confirm"]).exits(3).tells(BY_THE_ENGINE);
    assert_eq!(shop.deployed_value("app", "production"), None);
    assert_eq!(shop.folders("apply"), [""; 0]);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
}

#[test(engines(fake, tofu, terraform))]
fn a_typed_command_starts_no_other_providers_either(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    let env = shop.env.clone().var("TF_REATTACH_PROVIDERS", "{}");
    let exec =
        |typed: &[&str]| env.run_args(&[&["exec", "production", "app", "--confirm", "--"], typed].concat());
    for typed in [&["apply", "-auto-approve"] as &[&str], &["taint", "terraform_data.app"]] {
        exec(typed).exits(3).tells("`TF_REATTACH_PROVIDERS` is set: the providers would not be the locked");
    }
    exec(&["state", "pull"]).exits(0).prints("terraform_data");
}
