//! 1. The plan you saw is the plan that is applied: the engine itself detects a state that changes at the last moment.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Driven, ENVIRONMENTS, Env, Shop};

const STATE: &str = "app/terraform.tfstate.d/staging/terraform.tfstate";

/// Deploys a stack and changes it; a hook that runs after envctl's last comparison sets this key of the state to
/// another value.
#[track_caller]
fn shop(engine: &Driven, key: &str, value: &Value) -> Shop {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]).deployed();
    let mut state: Value = serde_json::from_str(&shop.project.read(STATE)).unwrap();
    state[key] = value.clone();
    fs::write(shop.marker("moved"), state.to_string()).unwrap();
    shop.change("app", "second");
    let hook = format!("cp ../moved {STATE}");
    shop.with_hooks("app", &[("before_apply", &hook)]).with_env(Env::with_system)
}

#[test(engines(fake, tofu, terraform))]
fn a_state_that_moves_after_the_last_check_is_refused_by_the_engine(engine: &Driven) {
    for (key, value) in [("serial", json!(40)), ("lineage", json!("b0a4ffb7-6b17-4a2c-a72b-53c7b3d4f5ad"))] {
        let shop = shop(engine, key, &value);

        let run = shop.run(["deploy", "staging", "--yes", "--json"]).exits(3);

        let report = run.report();
        assert_eq!(report.stacks(), ["app refused"], "{}", engine.name());
        let blocked = &report.stack("app")["blocked"][0];
        assert_eq!(blocked["guard"], "binding", "{blocked}");
        let message = blocked["message"].as_str().unwrap();
        let item = format!("`state {key}` is not what it was when it was planned: then `");
        assert!(message.starts_with(&item), "{}: {message}", engine.name());
        assert!(message.ends_with("now `another one`"), "{message}");
        assert_eq!(report.result(), "refused", "nothing failed, nothing was begun");
        assert_eq!(report.stack("app")["error"], json!(null));
        if engine.is_fake() {
            assert_eq!(shop.folders("apply"), ["app"], "the engine was asked, and once");
        }
        let state: Value = serde_json::from_str(&shop.project.read(STATE)).unwrap();
        assert_eq!(state[key], value, "{}", engine.name());
        assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"), "{}", engine.name());
        let plans = shop.project.path(&shop.newest_run()).join("plans");
        let left: Vec<_> = plans.read_dir().unwrap().map(|file| file.unwrap().file_name()).collect();
        let is_plan = |name: &std::ffi::OsString| name.to_string_lossy().ends_with(".tfplan");
        assert!(!left.iter().any(is_plan), "{left:?}");
    }
}
