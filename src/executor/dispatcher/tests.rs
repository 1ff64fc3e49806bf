use std::sync::Mutex;

use super::super::{
    Answer, Confirmation, GateRequest, GateRound, Prompt, Prompter, ReviewSummary,
    rig::{Rig, Script, id, jobs, step},
};
use super::*;
use crate::{
    event::StepKind::{Apply, Plan},
    journal::{Journal, fold, read_journal},
    model::{ChangeCounts, GateRecord, RunResult},
};

/// Prompter with a scripted answer, or none; records its prompts and whether they were abandoned.
#[derive(Default)]
struct Person {
    answer: Option<Answer>,
    signal: Option<tokio::sync::mpsc::UnboundedSender<u8>>,
    asked: Mutex<Vec<Prompt>>,
    abandoned: Mutex<bool>,
}

impl Prompter for Person {
    fn ask(&self, ask: &Prompt) -> io::Result<Answer> {
        self.asked.lock().unwrap().push(ask.clone());
        if let Some(signal) = &self.signal {
            signal.send(2).unwrap();
            // The user never answers.
            loop {
                std::thread::park();
            }
        }
        self.answer.clone().ok_or_else(|| io::Error::other("no terminal"))
    }

    fn restore_terminal(&self) {
        *self.abandoned.lock().unwrap() = true;
    }
}

fn gate_with(rig: &mut Rig, protected: bool, person: &Arc<Person>) -> GateResult {
    let environment = "staging".parse().unwrap();
    let totals = ChangeCounts { create: 1, ..ChangeCounts::default() };
    let review = ReviewSummary { digest: "9f2c41d0a7b35e18".to_owned(), totals, stacks: 1 };
    let request = GateRequest {
        invocation: "envctl deploy staging",
        environment: &environment,
        protected,
        destroy: false,
        confirmation: None::<&Confirmation>,
        yes: false,
        round: &GateRound::default(),
        terminal: true,
        review: &review,
        record: &GateRecord::default(),
    };
    let prompter: Arc<dyn Prompter> = Arc::<Person>::clone(person);
    rig.dispatcher.gate(&request, &prompter).unwrap()
}

#[test]
fn a_run_replayed_from_its_journal_gives_the_same_report() {
    let mut dir = None;
    let mut rig = Rig::with_journal(&["a", "b"], |run| {
        dir = Some(run.clone());
        Journal::create(run).unwrap()
    });
    let dir = dir.unwrap();
    let runner = Script::default().runner();
    rig.dispatcher.run(&[step(Plan, "a", &[]), step(Plan, "b", &["a"])], &jobs(2), &runner).unwrap();
    let totals = ChangeCounts { create: 2, ..ChangeCounts::default() };
    rig.dispatcher
        .emit(EventKind::Reviewed { round: 1, digest: "9f2c".to_owned(), totals, blocked: vec![] })
        .unwrap();
    let person = Arc::new(Person { answer: Some(Answer::Yes), ..Person::default() });
    assert_eq!(gate_with(&mut rig, false, &person), GateResult::Confirmed);
    rig.dispatcher.run(&[step(Apply, "a", &[]), step(Apply, "b", &["a"])], &jobs(2), &runner).unwrap();
    let status = rig.dispatcher.status(false);
    let finished = rig.dispatcher.finish(status);
    assert_eq!(finished.notes, [""; 0]);
    let report = finished.report.unwrap();
    assert_eq!((report.result, report.exit_code), (Some(RunResult::Applied), Some(0)));
    let recorded = read_journal(&dir.journal()).unwrap();
    assert!(!recorded.is_last_line_cut);
    assert_eq!(fold(&recorded.events).unwrap(), report);
    let written: Report = serde_json::from_slice(&std::fs::read(dir.report()).unwrap()).unwrap();
    assert_eq!(written, report);
}

#[test]
fn nothing_is_started_for_a_verb_without_steps() {
    let mut rig = Rig::new(&["a"]);
    assert!(rig.dispatcher.run(&[], &jobs(1), &Script::default().runner()).unwrap().is_empty());
    assert_eq!(rig.dispatcher.status(true), ExitStatus::Success);
    assert!(rig.dispatcher.signal_runtime.is_none());
}

#[test]
fn the_answer_at_the_gate_is_recorded() {
    let mut rig = Rig::new(&["a"]);
    let person = Arc::new(Person { answer: Some(Answer::Typed("prod".to_owned())), ..Person::default() });
    let GateResult::Refused(refusal) = gate_with(&mut rig, true, &person) else { panic!("refused") };
    assert_eq!(refusal.summary, "`prod` was typed, not `staging`");
    assert_eq!(rig.event_texts(), [format!("{:?}", refusal.decision(&GateRecord::default()))]);
    assert!(
        matches!(&person.asked.lock().unwrap()[..], [Prompt::TypeName { name, .. }] if name == "staging")
    );
    assert_eq!(rig.dispatcher.status(false), ExitStatus::Refused);
    let person = Arc::new(Person { answer: Some(Answer::Typed("staging".to_owned())), ..Person::default() });
    assert_eq!(gate_with(&mut rig, true, &person), GateResult::Confirmed);
    let confirmed = Decision::Confirmed { by: "typed".to_owned(), record: GateRecord::default() };
    assert_eq!(rig.event_texts()[1..], [format!("{confirmed:?}")]);
}

#[test]
fn a_question_that_cannot_be_asked_is_a_refusal() {
    let mut rig = Rig::new(&["a"]);
    let GateResult::Refused(refusal) = gate_with(&mut rig, true, &Arc::default()) else { panic!("refused") };
    assert_eq!(refusal.summary, "`staging` needs a confirmation, and asking for it failed: no terminal");
}

#[test]
fn a_signal_at_the_prompt_refuses_and_counts_as_an_interrupt() {
    let mut rig = Rig::new(&["a"]);
    let person = Arc::new(Person { signal: Some(rig.signals.clone()), ..Person::default() });
    assert_eq!(gate_with(&mut rig, false, &person), GateResult::Interrupted(2));
    assert!(*person.abandoned.lock().unwrap());
    let told = rig.event_texts();
    assert_eq!(told[0], "signal 2, the 1.");
    assert!(told[1].contains("interrupted before it was confirmed"), "{told:?}");
    assert_eq!(rig.dispatcher.status(false), ExitStatus::Interrupted(2));
}

#[test]
fn no_prompt_is_shown_after_a_signal() {
    let mut rig = Rig::new(&["a"]);
    rig.dispatcher.run(&[step(Plan, "a", &[])], &jobs(1), &Script::default().runner()).unwrap();
    rig.signals.send(15).unwrap();
    let person = Arc::new(Person { answer: Some(Answer::Yes), ..Person::default() });
    assert_eq!(gate_with(&mut rig, false, &person), GateResult::Interrupted(15));
    assert!(person.asked.lock().unwrap().is_empty());
}

#[test]
fn an_event_about_a_foreign_stack_is_an_error() {
    let mut rig = Rig::new(&["a"]);
    let stray = EventKind::StackSkipped { stack: id("z"), outcome: Outcome::Interrupted };
    assert!(matches!(rig.dispatcher.emit(stray), Err(DispatchError::Fold(FoldError::UnknownStack { .. }))));
}
