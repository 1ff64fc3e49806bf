//! Misbehaviour that only the fake engine can show.

use std::fs;

use envctl::{
    engine::EngineError,
    model::{EngineName, FailureKind},
};
use serde_json::{Value, json};

use crate::{
    bench::{Bench, Stack, failure},
    under_test::fake,
};

fn bench(steps: Value) -> Bench {
    let bench = Bench::new(fake(EngineName::Tofu));
    bench.write(&Stack { resources: vec![("a", "\"x\"")], steps, ..Stack::default() });
    bench
}

fn plan_failure(steps: Value) -> envctl::model::Failure {
    let bench = bench(steps);
    let found = failure(bench.plan(&bench.target("default")));
    assert!(!bench.request(&bench.target("default")).out.exists());
    found
}

#[test]
fn an_engine_that_was_killed_has_failed() {
    let failure = plan_failure(json!({ "plan": { "signal": 9 } }));
    assert_eq!(failure.summary, "`tofu plan` was killed by signal 9");
    assert_eq!((failure.kind, failure.engine_exit_code), (FailureKind::Engine, None));
}

#[test]
fn a_status_that_no_engine_has_is_a_failure() {
    let failure = plan_failure(json!({ "plan": { "exit_after": 3 } }));
    assert_eq!(failure.summary, "`tofu plan` ended with status 3, which no engine does");
    assert_eq!((failure.kind, failure.engine_exit_code), (FailureKind::Engine, Some(3)));
}

#[test]
fn status_0_with_changes_in_the_stream_is_a_lie() {
    let failure = plan_failure(json!({ "plan": { "exit_after": 0 } }));
    assert_eq!(
        failure.summary,
        "`tofu plan` ended with status 0, no changes, and yet would change `terraform_data.a`"
    );
    assert_eq!(failure.kind, FailureKind::Engine);
}

#[test]
fn garbage_on_standard_output_is_a_failure_that_shows_it() {
    let failure = plan_failure(json!({ "plan": { "stdout": ["hello \u{1b}[31m"], "exit": 0 } }));
    assert_eq!(failure.summary, "`tofu` wrote something that is not its JSON: `hello \\u{1b}[31m`");
    assert_eq!(failure.kind, FailureKind::Engine);
    let silent = plan_failure(json!({ "plan": { "exit": 0 } }));
    assert_eq!(silent.summary, "`tofu` did not say its version: it may not be the engine");
}

#[test]
fn a_show_that_cannot_be_read_is_a_failure() {
    let garbage = plan_failure(json!({ "show": { "stdout": ["{"], "exit": 0 } }));
    assert!(garbage.summary.starts_with("`tofu show -json` cannot be understood: "), "{garbage:?}");
    let nothing = plan_failure(json!({ "show": { "stdout": ["{\"format_version\":\"1.2\"}"], "exit": 0 } }));
    assert_eq!(nothing.summary, "`tofu plan` ended with status 2, changes, and yet its plan names none");
    let killed = plan_failure(json!({ "show": { "signal": 15 } }));
    assert_eq!(killed.summary, "`tofu show -json` was killed by signal 15");
}

#[test]
fn warnings_on_standard_error_and_processes_left_behind_harm_nothing() {
    let bench = bench(json!({ "plan": { "stderr": ["Warning: old"], "grandchild": true } }));
    assert_eq!(bench.plan(&bench.target("default")).unwrap().exit_code, 2);
    assert!(fs::read_to_string(bench.log()).unwrap().contains("Warning: old"));
    let left = bench.calls().iter().find_map(|call| call["grandchild"].as_i64()).unwrap();
    let left = rustix::process::Pid::from_raw(i32::try_from(left).unwrap()).unwrap();
    rustix::process::kill_process(left, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn a_warm_clean_plan_is_one_process_and_that_is_a_plan() {
    let bench = bench(json!({}));
    let target = bench.target("default");
    bench.deploy(&target);
    let before = bench.calls().len();
    bench.plan(&target).unwrap();
    let calls = bench.calls();
    let verbs: Vec<_> = calls[before..].iter().filter_map(|call| call["argv"][1].as_str()).collect();
    assert_eq!(verbs, ["plan"]);
    assert_eq!(calls[before]["workspace"], "default");
    // The data directory is relative to the stack's folder, `infra/app`.
    let data_dir = calls[before]["data_dir"].as_str().unwrap();
    assert_eq!(target.dir.join(data_dir).canonicalize().unwrap(), target.data_dir.canonicalize().unwrap());
    assert!(data_dir.starts_with("../../"), "{data_dir}");
}

#[test]
fn a_state_that_could_not_be_saved_is_kept_and_blocks_the_next_apply() {
    let bench = bench(json!({ "apply": { "lose_state": "file" } }));
    let target = bench.target("default");
    bench.plan(&target).unwrap();
    let lost = failure(bench.apply(&target));
    let kept = target.state_dir.join("errored.tfstate");
    assert_eq!(lost.summary, format!("the state could not be saved; it is kept in `{kept}`"));
    assert_eq!((lost.kind, lost.engine_exit_code), (FailureKind::State, Some(1)));
    assert!(lost.detail.contains("no space left on device"), "{}", lost.detail);
    assert!(fs::read_to_string(&kept).unwrap().contains("terraform_data.a"));
    assert!(!bench.dir().join("errored.tfstate").exists());
    let again = failure(bench.apply(&target));
    assert!(again.summary.starts_with("an earlier apply could not save its state"), "{again:?}");
    assert!(again.detail.contains("state push"), "{again:?}");
}

#[test]
fn another_version_behind_the_same_program_is_noticed_and_asked_for_anew() {
    let mut bench = bench(json!({}));
    let target = bench.target("default");
    bench.deploy(&target);
    bench.env.insert("FAKE_ENGINE_VERSION".into(), "1.13.0".into());
    let other = envctl::engine::Target { env: bench.env.clone().into(), ..target.clone() };
    let planned = bench.plan(&other).unwrap();
    assert!(planned.notes[0].ends_with("ran as 1.13.0 here, not as 1.12.6"), "{:?}", planned.notes);
    assert_eq!(bench.engine().version(), "1.13.0");

    bench.settings.version = Some(("~> 1.13.0".parse().unwrap(), 0..1));
    let engine = bench.engine();
    bench.env.insert("FAKE_ENGINE_VERSION".into(), "1.14.0".into());
    let refused = envctl::engine::Target { env: bench.env.clone().into(), ..target };
    let result = bench.with_session(|session| {
        engine.prepare(&refused, false, session)?;
        engine.plan(&refused, &bench.request(&refused), session)
    });
    assert!(
        failure(result).summary.ends_with("ran as tofu 1.14.0, and environments.toml requires `~> 1.13.0`")
    );
}

#[test]
fn secrets_are_masked_in_failures_and_logs() {
    let error = json!({ "summary": "bad hunter2-hunter2", "detail": "with \"hunter2-hunter2\" inside" });
    let bench = bench(json!({ "plan": { "error": error, "stderr": ["hunter2-hunter2"] } }));
    bench.runner.redactor().add("hunter2-hunter2");
    let failure = failure(bench.plan(&bench.target("default")));
    assert_eq!(
        (failure.summary.as_str(), failure.detail.as_str()),
        ("bad (redacted)", "with \"(redacted)\" inside")
    );
    assert!(!fs::read_to_string(bench.log()).unwrap().contains("hunter2"));
}

#[test]
fn a_failure_that_passes_is_a_failure_each_time() {
    let error = json!({ "summary": "Error refreshing state", "detail": "dial tcp: i/o timeout" });
    let bench = bench(json!({ "plan": { "error": error, "error_times": 2 } }));
    let target = bench.target("default");
    for _ in 0..2 {
        assert_eq!(failure(bench.plan(&target)).kind, FailureKind::Network);
    }
    assert_eq!(bench.plan(&target).unwrap().exit_code, 2);
}

#[test]
fn nothing_starts_after_an_interrupt() {
    let bench = bench(json!({}));
    let engine = bench.engine();
    let target = bench.target("default");
    bench.runner.interrupt();
    let result = bench.with_session(|session| engine.prepare(&target, false, session));
    assert!(matches!(result, Err(EngineError::Interrupted { .. })));
    assert_eq!(bench.calls().len(), 1, "only the question for the version");
}
