//! Life of a stack: first deploy, clean plan, change, destruction.

use std::{fs, os::unix::fs::PermissionsExt};

use envctl::engine::{PlanMode, Progress, clean_environment};
use serde_json::json;

use crate::{
    bench::{Bench, Stack, actions, failure},
    under_test::UnderTest,
};

fn stack() -> Stack {
    Stack {
        resources: vec![("a", "var.value"), ("b", "\"fixed\"")],
        outputs: vec![("o", "\"out\"")],
        variables: vec!["value"],
        ..Stack::default()
    }
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_stack_is_planned_applied_and_clean_with_one_process(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&stack());
    let mut target = bench.target("default");
    let values = bench.path("values with space.tfvars.json");
    fs::write(&values, json!({ "value": "one" }).to_string()).unwrap();
    target.var_files = vec![values.clone()];

    let planned = bench.plan(&target).unwrap();
    assert_eq!(planned.exit_code, 2);
    assert_eq!(actions(&planned), ["terraform_data.a create", "terraform_data.b create"]);
    assert_eq!(planned.changes.outputs[0].name, "o");
    assert!(planned.diff.contains("terraform_data.a"), "{}", planned.diff);
    assert!(!planned.tentative);
    let plan = fs::metadata(bench.request(&target).out).unwrap();
    assert_eq!(plan.permissions().mode() & 0o777, 0o600);

    let applied = bench.apply(&target).unwrap();
    assert_eq!((applied.exit_code, applied.notes), (0, Vec::<String>::new()));
    assert!(bench.state(&target).to_string().contains("one"));
    let doing = |progress: &Progress| matches!(progress, Progress::Doing(text) if text == "terraform_data.a: creating");
    assert!(bench.progress.lock().unwrap().iter().any(doing));
    assert!(fs::read_to_string(bench.log()).unwrap().contains("terraform_data.a"));
    let left: Vec<_> = fs::read_dir(bench.path("logs")).unwrap().collect();
    assert_eq!(left.len(), 1, "the raw output of an apply is removed");

    let (clean, processes) = bench.processes(|| bench.plan(&target).unwrap());
    assert_eq!((clean.exit_code, clean.changes.is_empty(), processes), (0, true, 1));
    assert_eq!(clean.diff, "");

    fs::write(&values, json!({ "value": "two" }).to_string()).unwrap();
    let (changed, processes) = bench.processes(|| bench.plan(&target).unwrap());
    assert_eq!(actions(&changed), ["terraform_data.a update"]);
    assert!(changed.changes.resources[0].attributes.contains(&"input".to_owned()));
    assert_eq!(processes, 3, "a plan, and `show` twice");
    bench.apply(&target).unwrap();
    assert!(bench.state(&target).to_string().contains("two"));
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_settings_file_that_is_missing_stops_nothing(engine: UnderTest) {
    let mut bench = Bench::new(engine);
    let missing = ("TF_CLI_CONFIG_FILE".into(), bench.path("missing.rc").into_std_path_buf().into());
    let (env, removed) = clean_environment(bench.env.clone().into_iter().chain([missing.clone()]));
    assert!(removed.contains(&"TF_CLI_CONFIG_FILE".to_owned()), "{removed:?}");
    bench.env = env;
    bench.write(&Stack { outputs: vec![("name", "\"x\"")], ..Stack::default() });
    let mut target = bench.target("staging");
    let engine = bench.engine();
    bench.with_session(|session| engine.prepare(&target, true, session)).unwrap();
    bench.deploy(&target);
    // A variable of the instance is kept, and output that is one JSON document is parsed nevertheless.
    std::sync::Arc::make_mut(&mut target.env).extend([missing.clone()]);
    let outputs = bench.with_session(|session| engine.outputs(&target, session)).unwrap();
    assert_eq!(outputs[0].value.to_string(), "\"x\"");
    bench.env.extend([missing]);
    fs::remove_file(bench.path(".envctl/cache/engines.json")).unwrap();
    assert_eq!(bench.engine().version(), engine.version());
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_stack_is_destroyed_by_a_plan_of_its_own(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { resources: vec![("a", "\"x\"")], ..Stack::default() });
    let target = bench.target("default");
    bench.deploy(&target);
    let request = envctl::engine::PlanRequest { mode: PlanMode::Destroy, ..bench.request(&target) };
    let planned = bench.plan_as(&target, &request).unwrap();
    assert_eq!(actions(&planned), ["terraform_data.a delete"]);
    assert_eq!(planned.facts.unwrap().mode, PlanMode::Destroy);
    bench.apply(&target).unwrap();
    assert!(!bench.state(&target)["resources"].to_string().contains("terraform_data"));
    assert_eq!(bench.plan_as(&target, &request).unwrap().exit_code, 0);
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn the_plan_file_tells_what_the_plan_was_made_for(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { resources: vec![("a", "\"x\""), ("b", "\"x\"")], ..Stack::default() });
    let target = bench.target("default");
    let request = envctl::engine::PlanRequest {
        targets: vec!["terraform_data.a".to_owned()],
        ..bench.request(&target)
    };
    let facts = bench.plan_as(&target, &request).unwrap().facts.unwrap();
    assert_eq!((facts.lineage.as_str(), facts.serial), ("", 0));
    assert_eq!(facts.targets, ["terraform_data.a"]);
    bench.deploy(&target);
    let facts = bench.plan(&target).unwrap().facts.unwrap();
    let state = bench.state(&target);
    assert_eq!(state["lineage"], facts.lineage);
    assert_eq!(state["serial"], facts.serial);
    assert_eq!((facts.workspace.as_str(), facts.backend_type.as_str()), ("default", "local"));
    assert_eq!(facts.version, bench.engine().version());
    assert!(facts.targets.is_empty() && facts.excludes.is_empty() && !facts.errored);
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn outputs_have_their_values_and_types(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { outputs: vec![("name", "\"x\"")], ..Stack::default() });
    let target = bench.target("default");
    bench.deploy(&target);
    let engine = bench.engine();
    let outputs = bench.with_session(|session| engine.outputs(&target, session)).unwrap();
    assert_eq!(outputs.len(), 1);
    assert_eq!(
        (outputs[0].name.as_str(), &*outputs[0].value.to_string(), outputs[0].sensitive),
        ("name", "\"x\"", false)
    );
    assert_eq!(outputs[0].kind.0, json!("string"));
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_plan_that_was_overtaken_is_not_applied(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { resources: vec![("a", "\"x\"")], ..Stack::default() });
    let target = bench.target("default");
    bench.plan(&target).unwrap();
    bench.apply(&target).unwrap();
    let failure = failure(bench.apply(&target));
    assert_eq!(failure.summary, "Saved plan is stale");
    assert_eq!(serde_json::to_value(failure.kind).unwrap(), "state");
    assert_eq!(failure.engine_exit_code, Some(1));
}
