//! Commands that may change a state: they are reported as such, and protected as an apply is.

use std::{fs, os::unix::fs::PermissionsExt};

use envctl::{
    engine::{EngineError, Progress, Target},
    model::{EngineName, FailureKind},
    process::{Exit, Stream},
};
use serde_json::{Value, json};

use crate::{
    bench::{Bench, Stack, failure},
    under_test::{UnderTest, fake},
};

fn bench(steps: Value) -> Bench {
    let bench = Bench::new(fake(EngineName::Tofu));
    bench.write(&Stack { resources: vec![("a", "\"x\"")], steps, ..Stack::default() });
    bench
}

fn run(bench: &Bench, target: &Target, args: &[&str]) -> (Result<Exit, EngineError>, Vec<String>) {
    let args: Vec<_> = args.iter().map(Into::into).collect();
    let (engine, mut lines) = (bench.engine(), Vec::new());
    let mut on_line = |_: Stream, text: &str| lines.push(text.to_owned());
    let ran = bench.with_session(|session| engine.run_mutating(target, &args, session, &mut on_line));
    (ran, lines)
}

const REMOVE: [&str; 3] = ["state", "rm", "terraform_data.a"];

#[test(engines(fake_tofu, fake_terraform, tofu, terraform))]
fn a_workspace_is_made_as_a_mutating_step(engine: UnderTest) {
    let bench = Bench::new(engine);
    bench.write(&Stack { resources: vec![("a", "\"x\"")], ..Stack::default() });
    let (target, engine) = (bench.target("staging"), bench.engine());
    bench.with_session(|session| engine.prepare(&target, true, session)).unwrap();
    let progress = bench.progress.lock().unwrap();
    let mutating = progress.iter().filter(|p| matches!(p, Progress::Started { mutating: true, .. }));
    assert_eq!(mutating.count(), 1, "{progress:?}");
}

#[test]
fn a_typed_command_leaves_its_lines_in_the_log_alone_and_masked() {
    let bench = bench(json!({ "state rm": { "stdout": ["with hunter2-hunter2"] } }));
    bench.runner.redactor().add("hunter2-hunter2");
    let target = bench.target("default");
    bench.deploy(&target);
    let (ran, lines) = run(&bench, &target, &REMOVE);
    assert_eq!(ran.unwrap(), Exit::Code(0));
    assert_eq!(lines, ["with (redacted)", "Removed terraform_data.a"]);
    let log = fs::read_to_string(bench.log()).unwrap();
    assert!(
        log.ends_with("$ tofu state rm terraform_data.a\nwith (redacted)\nRemoved terraform_data.a\n"),
        "{log}"
    );
    assert_eq!(fs::read_dir(bench.path("logs")).unwrap().count(), 1, "its output files are gone");
    let started = Progress::Started { pid: 0, mutating: true };
    let is_mutating = |p: &Progress| std::mem::discriminant(p) == std::mem::discriminant(&started);
    assert!(bench.progress.lock().unwrap().iter().any(is_mutating));
}

#[test]
fn a_typed_command_that_cannot_save_its_state_blocks_all_but_its_push() {
    let bench = bench(json!({ "state rm": { "lose_state": "file" } }));
    let target = bench.target("default");
    bench.deploy(&target);
    let lost = failure(run(&bench, &target, &REMOVE).0);
    let kept = target.state_dir.join("errored.tfstate");
    assert_eq!(lost.summary, format!("the state could not be saved; it is kept in `{kept}`"));
    assert_eq!(lost.kind, FailureKind::State);
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!bench.dir().join("errored.tfstate").exists());
    let calls = bench.calls().len();
    let blocked = failure(run(&bench, &target, &REMOVE).0);
    assert!(blocked.summary.starts_with("an earlier apply could not save its state"), "{blocked:?}");
    assert!(!bench.calls()[calls..].iter().any(|call| call["argv"][1] == "state"), "nothing was started");
    let (pushed, _) = run(&bench, &target, &["state", "push", kept.as_str()]);
    assert_eq!(pushed.unwrap(), Exit::Code(0));
    assert!(!kept.exists(), "what is saved blocks no more");
    assert!(!bench.state(&target).to_string().contains("terraform_data.a"), "the removal is saved now");
}

#[test]
fn a_typed_command_waits_for_its_turn_in_a_folder() {
    let bench = bench(json!({}));
    let target = bench.target("default");
    bench.deploy(&target);
    let held = fs::File::open(bench.dir()).unwrap();
    held.lock().unwrap();
    let engine = bench.engine();
    let observer = |progress: Progress| {
        if progress == Progress::Doing("waiting for another apply in this folder".to_owned()) {
            bench.runner.interrupt();
        }
    };
    let log = bench.log();
    let session = envctl::engine::Session { runner: &bench.runner, log: &log, observer: &observer };
    let ran = engine.run_mutating(&target, &REMOVE.map(Into::into), &session, &mut |_, _| {});
    assert!(matches!(ran, Err(EngineError::Interrupted { .. })), "{ran:?}");
    assert_eq!(bench.state(&target)["resources"][0]["name"], "a");
}
