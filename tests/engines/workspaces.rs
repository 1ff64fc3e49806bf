//! Workspaces: envctl looks them up before it selects them, and creates them only on request.

use std::{fs, thread};

use envctl::engine::{Backend, EngineError, PlanRequest};
use serde_json::json;

use crate::{
    bench::{Bench, Stack, actions, failure, files},
    under_test::UnderTest,
};

fn stack() -> Stack {
    Stack { resources: vec![("a", "var.value")], variables: vec!["value"], ..Stack::default() }
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_missing_workspace_is_refused_and_leaves_no_trace(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { resources: vec![("a", "\"x\"")], ..Stack::default() });
    let target = bench.target("stagign");
    let before = files(&bench.dir());
    for _ in 0..2 {
        match bench.plan(&target) {
            Err(EngineError::MissingWorkspace { wanted, existing }) => {
                assert_eq!((wanted.as_str(), existing), ("stagign", vec!["default".to_owned()]));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(files(&bench.dir()), before);
    assert!(!target.state_dir.exists() || files(&target.state_dir).is_empty());
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_workspace_is_made_on_purpose_and_then_trusted(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { resources: vec![("a", "\"x\"")], ..Stack::default() });
    let target = bench.target("staging");
    let engine = bench.engine();
    bench.with_session(|session| engine.prepare(&target, true, session)).unwrap();
    let (planned, processes) = bench.processes(|| bench.plan(&target).unwrap());
    assert_eq!(processes, 4, "no state is known yet: `workspace list`, a plan, and `show` twice");
    assert_eq!(planned.facts.unwrap().workspace, "staging");
    bench.apply(&target).unwrap();
    assert!(bench.state(&target).to_string().contains("terraform_data"));
    let (clean, processes) = bench.processes(|| bench.plan(&target).unwrap());
    assert_eq!((clean.exit_code, processes), (0, 1));
    // A new clone has no data directory, and finds the workspace.
    fs::remove_dir_all(bench.path(".envctl/staging")).unwrap();
    assert_eq!(bench.plan(&target).unwrap().exit_code, 0);
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_selection_made_by_hand_does_not_count(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { resources: vec![("a", "\"x\"")], ..Stack::default() });
    let target = bench.target("default");
    bench.deploy(&target);
    fs::create_dir_all(&target.data_dir).unwrap();
    fs::write(target.data_dir.join("environment"), "staging").unwrap();
    let planned = bench.plan(&target).unwrap();
    assert_eq!((planned.exit_code, planned.facts.unwrap().workspace.as_str()), (0, "default"));
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn two_environments_of_one_folder_are_planned_and_applied_at_once(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&stack());
    thread::scope(|scope| {
        for name in ["staging", "production"] {
            let bench = &bench;
            scope.spawn(move || {
                let mut target = bench.target(name);
                let values = bench.path(name).with_extension("tfvars.json");
                fs::write(&values, json!({ "value": format!("of-{name}") }).to_string()).unwrap();
                target.var_files = vec![values];
                let engine = bench.engine();
                bench.with_session(|session| engine.prepare(&target, true, session)).unwrap();
                assert_eq!(actions(&bench.plan(&target).unwrap()), ["terraform_data.a create"]);
                bench.apply(&target).unwrap();
            });
        }
    });
    for (name, other) in [("staging", "production"), ("production", "staging")] {
        let state = bench.state(&bench.target(name)).to_string();
        assert!(state.contains(&format!("of-{name}")) && !state.contains(&format!("of-{other}")), "{state}");
    }
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_second_environment_of_a_local_block_has_nothing_to_migrate(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { resources: vec![("a", "\"x\"")], backend: true, ..Stack::default() });
    for name in ["staging", "production"] {
        let mut target = bench.target(name);
        target.backend.backend_type = Some("local".to_owned());
        target.backend.config = Some(serde_json::Map::new());
        let engine = bench.engine();
        bench.with_session(|session| engine.prepare(&target, true, session)).unwrap();
        bench.deploy(&target);
        assert!(bench.dir().join(format!("terraform.tfstate.d/{name}/terraform.tfstate")).is_file());
    }
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn pairs_that_are_taken_away_and_a_block_that_changes_need_no_migration(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { resources: vec![("a", "\"x\"")], backend: true, ..Stack::default() });
    let mut target = bench.target("default");
    let file = bench.path("pairs.tfbackend");
    fs::write(&file, format!("path = \"{}\"\n", bench.path("elsewhere.tfstate"))).unwrap();
    let path = |path: &str| Some([("path".to_owned(), json!(path))].into_iter().collect());
    target.backend = Backend {
        backend_type: Some("local".to_owned()),
        files: Vec::new(),
        pairs_file: Some(file),
        config: path(bench.path("elsewhere.tfstate").as_str()),
        digest: "pairs".to_owned(),
    };
    bench.deploy(&target);
    assert!(bench.path("elsewhere.tfstate").is_file());
    // Without the pairs the state is at the path of the block.
    target.backend.pairs_file = None;
    target.backend.config = Some(serde_json::Map::new());
    "none".clone_into(&mut target.backend.digest);
    let accepting = PlanRequest { accept_lineage: true, ..bench.request(&target) };
    assert_eq!(bench.plan_as(&target, &accepting).unwrap().exit_code, 2);
    bench.apply(&target).unwrap();
    assert!(bench.dir().join("terraform.tfstate").is_file());
    // Without the block the state is the same one, and no record of the earlier backend is left.
    bench.write(&Stack { resources: vec![("a", "\"x\"")], ..Stack::default() });
    target.backend.backend_type = None;
    assert_eq!(bench.plan(&target).unwrap().exit_code, 0);
    if !bench.under_test.is_fake {
        let block = "terraform {\n  backend \"local\" {\n    path = \"../third.tfstate\"\n  }\n}\n";
        fs::write(bench.dir().join("backend.tf"), block).unwrap();
        target.backend.backend_type = Some("local".to_owned());
        target.backend.config = path("../third.tfstate");
        assert_eq!(bench.plan_as(&target, &accepting).unwrap().exit_code, 2);
    }
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn backend_pairs_reach_the_backend_by_a_file_and_never_mix(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { resources: vec![("a", "\"x\"")], backend: true, ..Stack::default() });
    let with_path = |name: &str| {
        let mut target = bench.target("default");
        target.data_dir = bench.path("data").join(name);
        target.state_dir = bench.path("state").join(name);
        let file = bench.path(name).with_extension("backend");
        fs::write(&file, format!("path = \"{}\"\n", bench.path("states").join(name))).unwrap();
        let (backend_type, digest) = (Some("local".to_owned()), name.to_owned());
        target.backend =
            Backend { backend_type, files: Vec::new(), pairs_file: Some(file), config: None, digest };
        target
    };
    let (one, two) = (with_path("one"), with_path("two"));
    bench.deploy(&one);
    assert!(bench.path("states/one").is_file() && !bench.path("states/two").exists());
    assert_eq!(bench.plan(&two).unwrap().exit_code, 2);
    bench.apply(&two).unwrap();
    let (clean, processes) = bench.processes(|| bench.plan(&one).unwrap());
    assert_eq!((clean.exit_code, processes), (0, 1));
    // With other pairs the instance is initialised again, and has another state.
    let mut moved = one.clone();
    moved.backend = two.backend.clone();
    let failure = failure(bench.plan(&moved));
    assert_eq!(failure.summary, "the state was replaced by another one");
}
