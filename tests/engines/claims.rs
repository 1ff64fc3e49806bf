//! Claims on state addresses: two instances never share a state, even if only an engine can evaluate its address.

use std::fs;

use envctl::{
    engine::{PlanMode, PlanRequest, Target},
    model::{Failure, FailureKind},
};

use crate::{
    bench::{Bench, Stack, refusal},
    under_test::UnderTest,
};

/// Returns the stack in an environment without a workspace.
fn without_workspace(bench: &Bench, name: &str) -> Target {
    Target { workspace: None, ..bench.target(name) }
}

fn bench(engine: UnderTest) -> Bench {
    let bench = Bench::new(engine);
    bench.write(&Stack { resources: vec![("a", "\"x\"")], ..Stack::default() });
    bench
}

#[track_caller]
fn assert_shared(failure: &Failure) {
    let start = "`production/app` and `staging/app` have the same state: ";
    assert!(failure.summary.starts_with(start), "{failure:?}");
    assert_eq!(failure.kind, FailureKind::Refused);
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_second_environment_with_the_same_state_is_refused(engine: UnderTest) {
    let bench = bench(engine);
    bench.deploy(&without_workspace(&bench, "staging"));
    let other = without_workspace(&bench, "production");
    for mode in [PlanMode::Normal, PlanMode::Destroy] {
        let request = PlanRequest { mode, ..bench.request(&other) };
        let refused = refusal(bench.plan_as(&other, &request));
        assert_shared(&refused);
        assert!(refused.summary.ends_with("infra/app/terraform.tfstate"), "{refused:?}");
        assert!(!request.out.exists());
    }
    assert_eq!(bench.plan(&without_workspace(&bench, "staging")).unwrap().exit_code, 0);
    // With a workspace of its own the instance has another state.
    let own = bench.target("production");
    let engine = bench.engine();
    bench.with_session(|session| engine.prepare(&own, true, session)).unwrap();
    assert_eq!(bench.plan(&own).unwrap().exit_code, 2);
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn what_was_recorded_of_an_instance_that_is_gone_or_moved_blocks_nothing(engine: UnderTest) {
    let bench = bench(engine);
    let first = without_workspace(&bench, "staging");
    bench.plan(&first).unwrap();
    let mut other = without_workspace(&bench, "production");
    assert_shared(&refusal(bench.plan(&other)));
    other.neighbours.environments = std::sync::Arc::new(["production".to_owned()].into());
    assert_eq!(bench.plan(&other).unwrap().exit_code, 2, "staging is gone");
    let refused = refusal(bench.plan(&first));
    assert!(refused.summary.starts_with("`staging/app` and `production/app`"), "{refused:?}");
    // Removing the record, as the message says, frees the address.
    let record = other.state_dir.join("address");
    assert!(refused.detail.contains(&format!("remove `{record}`")), "{refused:?}");
    fs::remove_file(record).unwrap();
    assert_eq!(bench.plan(&first).unwrap().exit_code, 2);
    // The instance moves to a state of its own.
    let engine = bench.engine();
    let moved = bench.target("staging");
    bench.with_session(|session| engine.prepare(&moved, true, session)).unwrap();
    assert_eq!(bench.plan(&without_workspace(&bench, "production")).unwrap().exit_code, 2);
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_copy_of_another_environments_state_is_known_by_its_lineage(engine: UnderTest) {
    let bench = bench(engine);
    let engine = bench.engine();
    let targets = ["staging", "production"].map(|name| bench.target(name));
    for target in &targets {
        bench.with_session(|session| engine.prepare(target, true, session)).unwrap();
    }
    bench.deploy(&targets[0]);
    let states = bench.dir().join("terraform.tfstate.d");
    let copy = states.join("production/terraform.tfstate");
    fs::create_dir_all(copy.parent().unwrap()).unwrap();
    fs::copy(states.join("staging/terraform.tfstate"), copy).unwrap();
    let accepting = PlanRequest { accept_lineage: true, ..bench.request(&targets[1]) };
    let refused = refusal(bench.plan_as(&targets[1], &accepting));
    assert_shared(&refused);
    assert!(refused.summary.contains("the same state: lineage "), "{refused:?}");
    assert!(!accepting.out.exists());
    assert_eq!(bench.plan(&targets[0]).unwrap().exit_code, 0);
}
