//! Lineages: a state that vanished is detected, whatever the engine reports.

use std::fs;

use envctl::engine::PlanRequest;

use crate::{
    bench::{Bench, Stack, actions, failure},
    under_test::UnderTest,
};

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_vanished_state_is_refused_until_that_is_accepted(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { resources: vec![("a", "\"x\"")], ..Stack::default() });
    let target = bench.target("default");
    // No plan follows the first apply: envctl must record its lineage.
    bench.deploy(&target);
    fs::remove_file(bench.dir().join("terraform.tfstate")).unwrap();
    for _ in 0..2 {
        let failure = failure(bench.plan(&target));
        assert_eq!(failure.summary, "the state has vanished");
        assert_eq!(serde_json::to_value(failure.kind).unwrap(), "refused");
        assert!(failure.detail.contains("--allow lineage:default/app`"), "{}", failure.detail);
        assert!(!bench.request(&target).out.exists(), "no plan is left that could be applied");
    }
    let accepting = PlanRequest { accept_lineage: true, ..bench.request(&target) };
    assert_eq!(actions(&bench.plan_as(&target, &accepting).unwrap()), ["terraform_data.a create"]);
    assert_eq!(bench.plan(&target).unwrap().exit_code, 2);
}

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_workspace_that_vanished_is_noticed_by_its_state(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { resources: vec![("a", "\"x\"")], ..Stack::default() });
    let target = bench.target("staging");
    let engine = bench.engine();
    bench.with_session(|session| engine.prepare(&target, true, session)).unwrap();
    bench.deploy(&target);
    fs::remove_dir_all(bench.dir().join("terraform.tfstate.d/staging")).unwrap();
    assert_eq!(failure(bench.plan(&target)).summary, "the state has vanished");
}
