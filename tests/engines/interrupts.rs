//! Interrupts: the engine itself gets one SIGINT and stops.

use std::fs;

use envctl::{
    engine::{EngineError, Progress, Session},
    model::EngineName,
};
use serde_json::json;

use crate::{
    bench::{Bench, Stack},
    under_test::{self, UnderTest},
};

#[test]
fn the_fake_gets_exactly_one_signal_and_its_step_is_interrupted() {
    let bench = Bench::new(under_test::fake(EngineName::Tofu));
    let never = bench.path("never");
    bench.write(&Stack {
        resources: vec![("a", "\"x\"")],
        steps: json!({ "apply": { "stderr": ["ready"], "wait_for": never } }),
        ..Stack::default()
    });
    let target = bench.target("default");
    bench.plan(&target).unwrap();
    let engine = bench.engine();
    let log = bench.log();
    let result = std::thread::scope(|scope| {
        scope.spawn(|| {
            // The fake engine prints `ready` to standard error alone, which goes to the log.
            while !fs::read_to_string(&log).unwrap_or_default().contains("ready") {
                std::thread::yield_now();
            }
            bench.runner.interrupt();
        });
        bench.with_session(|session| engine.apply(&target, &bench.request(&target).out, session))
    });
    assert!(matches!(result, Err(EngineError::Interrupted { .. })), "{result:?}");
    assert_eq!(bench.calls().iter().filter(|call| call["signal"] == "INT").count(), 1);
}

#[test(engines(tofu, terraform))]
fn a_cancelled_provisioner_is_told_of_and_its_resource_is_replaced_next(engine: UnderTest) {
    let bench = Bench::new(engine);
    let hcl = "resource \"terraform_data\" \"slow\" {\n  provisioner \"local-exec\" {\n    command = \"sleep 1000\"\n  }\n}\n";
    bench.write(&Stack { hcl, ..Stack::default() });
    let target = bench.target("default");
    bench.plan(&target).unwrap();
    let engine = bench.engine();
    let observer = |progress| {
        if progress == Progress::Doing("terraform_data.slow: provisioning with local-exec".to_owned()) {
            bench.runner.interrupt();
        }
    };
    let session = Session { runner: &bench.runner, log: &bench.log(), observer: &observer };
    match engine.apply(&target, &bench.request(&target).out, &session) {
        Err(EngineError::Interrupted { notes }) => assert!(notes[0].contains("tainted"), "{notes:?}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.state(&target)["resources"][0]["instances"][0]["status"], "tainted");
}
