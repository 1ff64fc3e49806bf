//! Var files and plugin caches, by version of the engine.

use std::{fs, os::unix::fs::symlink};

use serde_json::json;

use crate::support::{Shop, plain};

/// Returns the verbs of a first plan with changes that got a var file, on the fake engine at a version.
fn verbs_with_var_files(engine: &str, version: &str) -> Vec<String> {
    let shop = Shop::with(&format!(
        "[project]\nname = \"p\"\nengine = \"{engine}\"\n[environments.dev]\nworkspace = \"dev\"\ncreate_workspace = \"always\"\n\
         var_files = [\"own.tfvars\"]\n"
    ));
    let link = shop.project.around().join("bin").join(engine);
    if !link.exists() {
        symlink(env!("CARGO_BIN_EXE_envctl-fake-engine"), link).unwrap();
    }
    let mut script = plain("app");
    script["version"] = json!(version);
    shop.stack("app", &[], &script);
    shop.project.write("app/own.tfvars", "");
    let env = shop.env.clone().var("FAKE_ENGINE_VERSION", version);
    env.run(["plan", "dev"]).exits(0);
    env.run(["exec", "dev", "app", "--", "validate"]);
    let log = shop.log();
    let calls = log.iter().filter_map(|line| line["argv"].as_array());
    let mut verbs: Vec<String> = calls
        .filter(|argv| argv.iter().any(|arg| arg.as_str().is_some_and(|arg| arg.starts_with("-var-file="))))
        .map(|argv| argv[1].as_str().unwrap().to_owned())
        .collect();
    verbs.sort();
    verbs.dedup();
    verbs
}

#[test]
fn terraform_gets_var_files_everywhere_from_1_15_as_opentofu_from_1_8() {
    let everywhere = ["init", "plan", "show", "validate", "workspace"];
    for (engine, version, expected) in [
        ("terraform", "1.11.4", &["plan"] as &[&str]),
        ("terraform", "1.14.9", &["plan"]),
        ("terraform", "1.15.0", &everywhere),
        ("terraform", "1.16.0-beta1", &everywhere),
        ("terraform", "2.0.0", &everywhere),
        ("tofu", "1.7.9", &["plan"]),
        ("tofu", "1.8.0", &everywhere),
    ] {
        assert_eq!(verbs_with_var_files(engine, version), expected, "{engine} {version}");
    }
}

/// Runs the first inits of two stacks with one plugin cache, each of which waits until the other runs; returns the
/// exit code.
fn init_at_once(version: &str) -> i32 {
    let shop = Shop::with(
        "[project]\nname = \"p\"\nengine = \"tofu\"\n[tofu]\nplugin_cache = \"cache\"\n[environments.dev]\njobs = 2\n",
    );
    for (stack, other) in [("a", "b"), ("b", "a")] {
        let mut script = plain(stack);
        script["steps"] = json!({ "init": { "touch": shop.marker(stack), "wait_for": shop.marker(other) } });
        shop.stack(stack, &[], &script);
    }
    let env = shop.env.clone().var("FAKE_ENGINE_VERSION", version);
    let code = env.run(["plan", "dev"]).code();
    assert!(fs::exists(shop.marker("a")).unwrap());
    code
}

#[test]
fn first_inits_of_opentofu_from_1_10_fill_one_plugin_cache_at_once() {
    assert_eq!(init_at_once("1.10.0"), 0);
    assert_eq!(init_at_once("1.12.6"), 0);
}
