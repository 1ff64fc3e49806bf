//! Crash after each event: envctl is killed right after one event of a deploy, and resumed.

use std::collections::BTreeSet;

use crate::support::{Driven, ENVIRONMENTS, Run, Shop};

const STACKS: [&str; 4] = ["network", "database", "app: network database", "web: app"];

/// Returns the names of the stacks.
fn names() -> impl Iterator<Item = &'static str> {
    STACKS.into_iter().map(|stack| stack.split(':').next().unwrap_or(stack))
}

/// Runs a deploy that kills itself after an event, and completes it; returns false when there is no such event.
#[track_caller]
fn killed_and_resumed(engine: &Driven, event: usize) -> bool {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&STACKS);
    let killing = shop.env.clone().var("ENVCTL_TEST_KILL_AFTER_EVENT", event.to_string());
    let killed = killing.run(["deploy", "production", "--confirm", "--jobs", "2"]);
    if !killed.was_killed() {
        killed.exits(0);
        assert_done(&shop, engine, event);
        return false;
    }
    // Nobody has confirmed by then: resuming needs another confirmation in production.
    let unconfirmed = shop.run(["runs", "resume"]);
    let nothing = unconfirmed.stderr.contains("there is nothing to resume");
    let confirmed = if nothing || unconfirmed.stderr.contains("there is no run to resume") {
        shop.run(["deploy", "production", "--confirm"])
    } else {
        resumed_after(&shop, &unconfirmed)
    };
    assert_eq!(
        confirmed.code(),
        0,
        "killed after event {event}, {}\n{killed}\n{unconfirmed}\n{confirmed}",
        engine.name()
    );
    assert_done(&shop, engine, event);
    true
}

/// Confirms the review of a resume that had no confirmation.
#[track_caller]
fn resumed_after(shop: &Shop, unconfirmed: &Run) -> Run {
    if unconfirmed.code() == 0 {
        // Every stack was done before.
        return shop.run(["plan", "production", "--detailed-exitcode"]);
    }
    assert_eq!(unconfirmed.code(), 3, "{unconfirmed}");
    shop.run(["runs", "resume", "--confirm"])
}

/// Asserts that every state is that of an uninterrupted run, written once.
#[track_caller]
fn assert_done(shop: &Shop, engine: &Driven, event: usize) {
    for stack in names() {
        let value = shop.deployed_value(stack, "production");
        assert_eq!(value.as_deref(), Some("first"), "{stack}, event {event}, {}", engine.name());
    }
    if engine.is_fake() {
        for stack in names() {
            let state = shop.state(stack, "production").expect("a state");
            assert_eq!(state["serial"], 1, "{stack} was written once, event {event}");
        }
        let applied: Vec<String> =
            shop.log().iter().filter_map(|line| Some(line["applying"].as_str()?.to_owned())).collect();
        let distinct: BTreeSet<&String> = applied.iter().collect();
        assert_eq!(
            applied.len(),
            distinct.len(),
            "a plan file was applied twice, event {event}: {applied:?}"
        );
    }
    shop.run(["plan", "production", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_deploy_killed_after_any_event_is_resumed_to_the_same_end() {
    let events = (0..200).take_while(|event| killed_and_resumed(&Driven::Fake, *event)).count();
    assert!(events > 20, "{events} events");
}

#[test(engines(tofu, terraform))]
fn a_killed_deploy_of_a_real_engine_is_resumed_to_the_same_end(engine: &Driven) {
    for event in [9, 12, 14, 17, 20] {
        killed_and_resumed(engine, event);
    }
}
