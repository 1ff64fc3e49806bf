use std::sync::{Barrier, Mutex, mpsc::sync_channel};

use super::super::{
    InterruptLevel, Limits, StepEnd, StepHandle, StepInput,
    rig::{Rig, Script, changes, failed, id, jobs, outcome, step},
};
use super::*;
use crate::{
    event::{
        StepFinished,
        StepKind::{self, Apply, Plan},
    },
    journal::Journal,
    model::ExitStatus,
};

fn ended(outcomes: &BTreeMap<StackId, Outcome>) -> Vec<String> {
    outcomes.iter().map(|(stack, how)| format!("{stack} {}", outcome(how))).collect()
}

#[test]
fn steps_start_in_order_and_consumers_get_all_events() {
    let mut rig = Rig::new(&["a", "b"]);
    let steps = [step(Plan, "b", &["a"]), step(Plan, "a", &[])];
    let outcomes = rig.dispatcher.run(&steps, &jobs(2), &Script::default().runner()).unwrap();
    assert_eq!(ended(&outcomes), ["a changed", "b changed"]);
    assert_eq!(rig.event_texts(), ["Plan a", "a changed", "Plan b", "b changed"]);
}

#[test]
fn as_many_steps_run_at_once_as_there_are_jobs() {
    let mut rig = Rig::new(&["a", "b", "c"]);
    let together = Arc::new(Barrier::new(3));
    let mut script = Script::default();
    for stack in ["a", "b", "c"] {
        let together = Arc::clone(&together);
        // Each step blocks here until all three have started.
        script = script.on(stack, move |_| {
            together.wait();
            Outcome::Clean
        });
    }
    let steps = ["a", "b", "c"].map(|stack| step(Plan, stack, &[]));
    let outcomes = rig.dispatcher.run(&steps, &jobs(3), &script.runner()).unwrap();
    assert_eq!(ended(&outcomes), ["a clean", "b clean", "c clean"]);
}

#[test]
fn a_failure_skips_its_dependents_and_is_named_as_the_cause() {
    let mut rig = Rig::new(&["a", "b", "c", "d"]);
    let steps =
        [step(Plan, "a", &[]), step(Plan, "b", &["a"]), step(Plan, "c", &["b"]), step(Plan, "d", &[])];
    let script = Script::default().on("a", |_| failed());
    let outcomes = rig.dispatcher.run(&steps, &jobs(1), &script.runner()).unwrap();
    let skipped = "skipped: Dependency(\"a\")";
    let expected =
        ["a failed: boom".to_owned(), format!("b {skipped}"), format!("c {skipped}"), "d changed".to_owned()];
    assert_eq!(ended(&outcomes), expected);
    assert_eq!(rig.dispatcher.status(false), ExitStatus::Failed);
}

#[test]
fn with_fail_fast_a_failure_skips_everything() {
    let mut rig = Rig::new(&["a", "b"]);
    let limits = Limits { fail_fast: true, ..jobs(1) };
    let steps = [step(Plan, "a", &[]), step(Plan, "b", &[])];
    let outcomes =
        rig.dispatcher.run(&steps, &limits, &Script::default().on("a", |_| failed()).runner()).unwrap();
    assert_eq!(ended(&outcomes), ["a failed: boom", "b skipped: FailFast(\"a\")"]);
}

#[test]
fn dependents_of_a_deferred_stack_are_deferred() {
    let mut rig = Rig::new(&["app", "dns", "edge"]);
    let steps = [step(Plan, "app", &[]), step(Plan, "dns", &["app"]), step(Plan, "edge", &["dns"])];
    let script = Script::default().on("app", |_| Outcome::Deferred { because: id("network") });
    let outcomes = rig.dispatcher.run(&steps, &jobs(1), &script.runner()).unwrap();
    assert_eq!(
        ended(&outcomes),
        ["app deferred: network", "dns deferred: network", "edge deferred: network"]
    );
}

#[test]
fn a_panic_is_a_defect_of_one_step() {
    let mut rig = Rig::new(&["a", "b"]);
    let steps = [step(Plan, "a", &[]), step(Plan, "b", &[])];
    let script = Script::default().on("a", |_| panic!("index out of bounds"));
    let outcomes = rig.dispatcher.run(&steps, &jobs(1), &script.runner()).unwrap();
    assert_eq!(ended(&outcomes), ["a failed: envctl panicked: index out of bounds", "b changed"]);
    assert_eq!(rig.dispatcher.status(false), ExitStatus::Defect);
}

struct Confused;

impl StepRunner for Confused {
    fn run(&self, _: &StackId, _: StepKind, input: StepInput, _: &dyn StepHandle) -> StepEnd {
        let finished = StepFinished::new(id("z"), Apply, Outcome::Clean);
        StepEnd { finished, stack_run: input.stack_run, has_applied: false }
    }
}

#[test]
fn the_result_of_a_step_is_recorded_under_its_own_stack() {
    let mut rig = Rig::new(&["a"]);
    let confused: Arc<dyn StepRunner> = Arc::new(Confused);
    let outcomes = rig.dispatcher.run(&[step(Plan, "a", &[])], &jobs(1), &confused).unwrap();
    assert_eq!(ended(&outcomes), ["a clean"]);
}

/// Step runner that writes each step into the diff of its stack, and fails on request.
struct DiffWriter;

impl StepRunner for DiffWriter {
    fn run(&self, stack: &StackId, kind: StepKind, input: StepInput, _: &dyn StepHandle) -> StepEnd {
        assert!(*stack != id("b") || kind == Plan, "no apply");
        let mut stack_run = input.stack_run;
        stack_run.diff.push_str(&format!("{kind:?} "));
        let finished = StepFinished::new(stack.clone(), kind, Outcome::Clean);
        StepEnd { finished, stack_run, has_applied: kind == Apply }
    }
}

#[test]
fn a_steps_state_returns_to_the_dispatcher_unless_it_panics() {
    let mut rig = Rig::new(&["a", "b"]);
    let runner: Arc<dyn StepRunner> = Arc::new(DiffWriter);
    rig.dispatcher.run(&[step(Plan, "a", &[]), step(Plan, "b", &[])], &jobs(2), &runner).unwrap();
    let runs = &rig.dispatcher.stack_runs;
    assert_eq!((runs.diff(&id("a")), runs.diff(&id("b"))), ("Plan ".to_owned(), "Plan ".to_owned()));
    rig.dispatcher.run(&[step(Apply, "a", &[]), step(Apply, "b", &[])], &jobs(2), &runner).unwrap();
    let runs = &rig.dispatcher.stack_runs;
    assert_eq!((runs.diff(&id("a")), runs.diff(&id("b"))), ("Plan Apply ".to_owned(), String::new()));
    assert_eq!(*runs.applied(), [id("a")].into());
}

#[test]
fn progress_is_shown_and_not_recorded() {
    let mut rig = Rig::new(&["a"]);
    let script = Script::default().on("a", |port| {
        port.progress("creating".to_owned());
        Outcome::Clean
    });
    rig.dispatcher.run(&[step(Plan, "a", &[])], &jobs(1), &script.runner()).unwrap();
    let (live, recorded): (Vec<_>, Vec<_>) =
        rig.events().into_iter().partition(|event| !event.kind.is_recorded());
    assert_eq!(live.len(), 1);
    assert_eq!(recorded.iter().map(|event| event.seq).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn the_first_signal_lets_running_steps_end_and_starts_no_other() {
    let mut rig = Rig::new(&["a", "b", "c"]);
    let (signals, levels) = (rig.signals.clone(), Arc::clone(&rig.levels));
    let script = Script::default().on("a", move |port| {
        signals.send(2).unwrap();
        // The reply to this comes after the signal, which the dispatcher handles first.
        port.engine_started(7).unwrap();
        assert_eq!(*levels.lock().unwrap(), [InterruptLevel::Interrupt]);
        Outcome::Applied(changes())
    });
    let ran = Arc::clone(&script.ran);
    let runner = script.runner();
    let steps = [step(Apply, "a", &[]), step(Apply, "b", &["a"]), step(Apply, "c", &[])];
    let outcomes = rig.dispatcher.run(&steps, &jobs(1), &runner).unwrap();
    assert_eq!(ended(&outcomes), ["a applied", "b interrupted", "c interrupted"]);
    assert_eq!(rig.dispatcher.status(false), ExitStatus::Interrupted(2));
    let again = rig.dispatcher.run(&[step(Plan, "b", &[])], &jobs(1), &runner).unwrap();
    assert_eq!(ended(&again), ["b interrupted"]);
    assert_eq!(*ran.lock().unwrap(), [(id("a"), Apply)]);
}

#[test]
fn each_signal_raises_the_interrupt_level_of_a_running_step() {
    let mut rig = Rig::new(&["a"]);
    let signals = rig.signals.clone();
    let script = Script::default().on("a", move |port| {
        for signal in [15, 2, 1, 2, 15] {
            signals.send(signal).unwrap();
        }
        port.engine_started(7).unwrap();
        Outcome::Interrupted
    });
    rig.dispatcher.run(&[step(Apply, "a", &[])], &jobs(1), &script.runner()).unwrap();
    assert_eq!(
        *rig.levels.lock().unwrap(),
        [
            InterruptLevel::Interrupt,
            InterruptLevel::Warn,
            InterruptLevel::InterruptAgain,
            InterruptLevel::Kill
        ]
    );
    assert_eq!(rig.dispatcher.status(false), ExitStatus::Interrupted(15));
    let told = rig.event_texts();
    assert_eq!(
        told[1..5],
        ["signal 15, the 1.", "signal 2, the 2.", "signal 2, the 3.", "signal 15, the 4."]
    );
}

#[test]
fn a_signal_between_two_rounds_stops_the_second() {
    let mut rig = Rig::new(&["a"]);
    let script = Script::default();
    let ran = Arc::clone(&script.ran);
    let runner = script.runner();
    rig.dispatcher.run(&[step(Plan, "a", &[])], &jobs(1), &runner).unwrap();
    rig.signals.send(1).unwrap();
    let outcomes = rig.dispatcher.run(&[step(Apply, "a", &[])], &jobs(1), &runner).unwrap();
    assert_eq!(ended(&outcomes), ["a interrupted"]);
    assert_eq!(*ran.lock().unwrap(), [(id("a"), Plan)]);
    assert_eq!(rig.dispatcher.first_signal(), Some(1));
}

#[test]
fn a_mutating_step_and_its_engine_are_recorded_before_they_run() {
    let mut dir = None;
    let mut rig = Rig::with_journal(&["a"], |run| {
        dir = Some(run.clone());
        Journal::create(run).unwrap()
    });
    let journal = dir.unwrap().journal();
    let last = move || std::fs::read_to_string(&journal).unwrap().lines().last().unwrap().to_owned();
    let script = Script::default().on("a", move |port| {
        assert!(last().contains(r#""event":"step_started","stack":"a","step":"apply""#), "{}", last());
        port.engine_started(4711).unwrap();
        assert!(
            last().contains(r#""event":"engine_started","stack":"a","step":"apply","pid":4711"#),
            "{}",
            last()
        );
        Outcome::Applied(changes())
    });
    let outcomes = rig.dispatcher.run(&[step(Apply, "a", &[])], &jobs(1), &script.runner()).unwrap();
    assert_eq!(ended(&outcomes), ["a applied"]);
}

#[test]
fn a_journal_write_error_stops_new_applies_and_lets_running_ones_end() {
    let memory = rustix::fs::memfd_create("journal", rustix::fs::MemfdFlags::ALLOW_SEALING).unwrap();
    let handle = memory.try_clone().unwrap();
    let mut rig = Rig::with_journal(&["a", "b", "c", "d"], |dir| Journal::in_file(dir, memory.into()));
    let (full, disk_is_full) = sync_channel(1);
    let disk_is_full = Mutex::new(disk_is_full);
    let both_run = Arc::new(Barrier::new(2));
    let too = Arc::clone(&both_run);
    let script = Script::default()
        .on("a", move |port| {
            both_run.wait();
            // From here on the file cannot grow, as on a full disk.
            rustix::fs::fcntl_add_seals(&handle, rustix::fs::SealFlags::GROW).unwrap();
            let recorded = port.engine_started(7);
            full.send(()).unwrap();
            let refused = recorded.unwrap_err();
            assert!(refused.to_string().contains("journal.jsonl"), "{refused}");
            Outcome::Applied(changes())
        })
        .on("b", move |_| {
            too.wait();
            disk_is_full.lock().unwrap().recv().unwrap();
            Outcome::Applied(changes())
        });
    let ran = Arc::clone(&script.ran);
    let runner = script.runner();
    let steps =
        [step(Apply, "a", &[]), step(Apply, "b", &[]), step(Apply, "c", &["a"]), step(Apply, "d", &["c"])];
    let outcomes = rig.dispatcher.run(&steps, &jobs(2), &runner).unwrap();
    assert_eq!(
        ended(&outcomes),
        ["a applied", "b applied", "c refused: journal", "d skipped: Dependency(\"c\")"]
    );
    assert_eq!(ran.lock().unwrap().len(), 2);
    assert_eq!(rig.dispatcher.status(false), ExitStatus::Failed);
    let planned = rig.dispatcher.run(&[step(Plan, "c", &[])], &jobs(1), &runner).unwrap();
    assert_eq!(ended(&planned), ["c changed"], "a plan changes nothing and may go on");
    let notes = rig.dispatcher.finish(ExitStatus::Failed).notes;
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].starts_with("cannot write `") && notes[0].contains("journal.jsonl"), "{notes:?}");
}
