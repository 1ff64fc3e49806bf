//! 1. The plan you saw is the plan that is applied: a plan file that only its engine can read is refused in production.

use std::fs;

use serde_json::json;

use crate::support::{Driven, ENVIRONMENTS, Shop, plain};

/// Encryption of plan files alone.
const ENCRYPTION: &str = "key_provider \"pbkdf2\" \"own\" {\n  passphrase = \"correct horse battery staple\"\n}\n\
                          method \"aes_gcm\" \"own\" {\n  keys = key_provider.pbkdf2.own\n}\n\
                          plan {\n  method = method.aes_gcm.own\n}\n";

/// Makes a stack for an engine that can encrypt plan files.
fn shop(engine: &Driven) -> Shop {
    Shop::driven_by(engine, ENVIRONMENTS)
        .with_stack("app", &[], &opaque("first"))
        .with_env(|env| env.var("TF_ENCRYPTION", ENCRYPTION))
        .committed()
}

fn opaque(value: &str) -> serde_json::Value {
    let mut script = plain("app");
    script["resources"] = json!({ "terraform_data.app": value });
    script["opaque"] = json!(true);
    script
}

/// Returns the plan file of the newest run, absent when it has none.
fn plan_file(shop: &Shop) -> Option<Vec<u8>> {
    fs::read(shop.project.path(&format!("{}/plans/app.tfplan", shop.newest_run()))).ok()
}

#[test(engines(fake, tofu))]
fn an_encrypted_plan_file_is_refused_where_a_confirmation_is_needed(engine: &Driven) {
    let shop = shop(engine);
    for args in [&["plan", "production", "--json"][..], &["deploy", "production", "--confirm", "--json"]] {
        let run = shop.env.run_args(args).exits(3);

        let report = run.report();
        assert_eq!(report.stacks(), ["app refused"], "{}", engine.name());
        let blocked = &report.stack("app")["blocked"][0];
        assert_eq!((&blocked["guard"], &blocked["allow"]), (&json!("binding"), &json!(null)));
        let message = blocked["message"].as_str().unwrap();
        assert!(message.starts_with("the plan file cannot be read"), "{message}");
        assert_eq!(plan_file(&shop), None, "nobody can apply it later");
    }
    assert_eq!(shop.folders("apply"), [""; 0]);
    assert_eq!(shop.deployed_value("app", "production"), None, "{}", engine.name());
}

#[test(engines(fake, tofu))]
fn elsewhere_it_is_applied_with_a_word_and_bound_by_all_that_can_be_known(engine: &Driven) {
    let shop = shop(engine);
    let run = shop.run(["deploy", "staging", "--yes", "--json"]).exits(0);
    let notes = run.report().stack("app")["notes"].to_string();
    assert!(notes.contains("the plan file is encrypted: what it was made for cannot be checked"), "{notes}");
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"), "{}", engine.name());

    shop.script("app", &opaque("second"));
    shop.run(["plan", "staging"]).exits(0);
    let stored = plan_file(&shop).unwrap();
    assert!(!stored.starts_with(b"PK"), "{}: nobody can read it", engine.name());
    let other = shop.env.clone().var("TF_ENCRYPTION", format!("# another\n{ENCRYPTION}"));
    other.run(["apply", "last", "--yes"]).exits(3).tells("`variable TF_ENCRYPTION`");
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"), "{}", engine.name());

    shop.run(["plan", "staging"]).exits(0);
    shop.run(["apply", "last", "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("second"), "{}", engine.name());
}

#[test(engines(fake, tofu))]
fn a_stored_plan_that_was_made_unreadable_is_refused_everywhere(engine: &Driven) {
    let shop = shop(engine);
    let shop = shop.with_env(|env| env.without("TF_ENCRYPTION"));
    shop.script("app", &plain("app"));
    for (environment, answer) in [("staging", "--yes"), ("production", "--confirm")] {
        shop.run(["plan", environment]).exits(0);
        let run = shop.newest_run();
        let file = shop.project.path(&format!("{run}/plans/app.tfplan"));
        let mut bytes = fs::read(&file).unwrap();
        for byte in &mut bytes {
            *byte = !*byte;
        }
        fs::write(&file, bytes).unwrap();

        let run = run.rsplit('/').next().unwrap();
        shop.run(["apply", run, answer]).exits(3).tells("`plan file` is not what it was");
        assert_eq!(shop.deployed_value("app", environment), None, "{}", engine.name());
    }
}
