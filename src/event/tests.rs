use super::*;

fn stack() -> StackId {
    "network".parse().unwrap()
}

#[test]
fn an_event_reads_back_as_it_was_written() {
    let finished = StepFinished {
        duration: 0.25,
        engine_exit_code: Some(2),
        notes: vec!["a note".to_owned()],
        ..StepFinished::new(stack(), StepKind::Plan, Outcome::Changed(crate::model::Changes::default()))
    };
    let kinds = [
        EventKind::StepStarted { stack: stack(), step: StepKind::Apply },
        EventKind::StepFinished(Box::new(finished)),
        EventKind::StackSkipped { stack: stack(), outcome: Outcome::Deferred { because: stack() } },
        EventKind::Decided(Decision::Confirmed {
            by: "--confirm".to_owned(),
            record: GateRecord { acked: vec!["on-call".to_owned()], ..GateRecord::default() },
        }),
        EventKind::HookStarted {
            stack: stack(),
            step: StepKind::Apply,
            hook: "before_apply".to_owned(),
            program: "npm".to_owned(),
            pid: 7,
            start_time: Some(1),
            boot_id: None,
        },
        EventKind::HookEnded {
            stack: stack(),
            step: StepKind::Apply,
            hook: "before_apply".to_owned(),
            pid: 7,
            exit: "exit status 0".to_owned(),
        },
        EventKind::RunFinished { status: ExitStatus::Interrupted(2) },
    ];
    for (seq, kind) in (0..).zip(kinds) {
        let event = Event { seq, at: Timestamp::UNIX_EPOCH, kind };
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
    }
}

#[test]
fn a_gate_of_an_older_journal_has_no_record() {
    for (text, decision) in [
        (
            r#"{"answer":"confirmed","by":"--yes"}"#,
            Decision::Confirmed { by: "--yes".to_owned(), record: GateRecord::default() },
        ),
        (
            r#"{"answer":"refused","because":"no"}"#,
            Decision::Refused {
                because: "no".to_owned(),
                detail: String::new(),
                next: None,
                record: GateRecord::default(),
            },
        ),
    ] {
        assert_eq!(serde_json::from_str::<Decision>(text).unwrap(), decision);
    }
    let text = r#"{"seq":1,"at":"1970-01-01T00:00:00Z","event":"reviewed","digest":"d","totals":{"create":0,"update":0,"replace":0,"delete":0,"forget":0,"import":0,"move":0,"outputs":0}}"#;
    let event: Event = serde_json::from_str(text).unwrap();
    assert!(matches!(event.kind, EventKind::Reviewed { blocked, .. } if blocked.is_empty()));
}

#[test]
fn the_start_of_an_engine_in_an_older_journal_reads_without_its_identity() {
    let line = r#"{"seq":3,"at":"1970-01-01T00:00:00Z","event":"engine_started","stack":"network","step":"apply","pid":7}"#;
    let event: Event = serde_json::from_str(line).unwrap();
    let (stack, step) = (stack(), StepKind::Apply);
    let kind = EventKind::EngineStarted { stack, step, pid: 7, start_time: None, boot_id: None };
    assert_eq!(event.kind, kind);
    assert_eq!(serde_json::to_string(&event).unwrap(), line);
}

#[test]
fn what_may_change_a_state_is_synced_first() {
    assert!(EventKind::StepStarted { stack: stack(), step: StepKind::Apply }.is_synced());
    assert!(!EventKind::StepStarted { stack: stack(), step: StepKind::Plan }.is_synced());
    let (stack, step) = (stack(), StepKind::Apply);
    assert!(EventKind::EngineStarted { stack, step, pid: 1, start_time: None, boot_id: None }.is_synced());
}
