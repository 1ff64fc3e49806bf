//! Guards of time: a window, and the age of plans, evaluated again after the confirmation.

use crate::guards::{deploy, shop};

#[test]
fn a_closed_window_refuses_and_where_nothing_changes_nothing_is_refused() {
    // Three days from now: the day cannot come while the test runs.
    let day = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC).weekday().wrapping_add(3);
    let day = format!("{day:?}")[..3].to_lowercase();
    let shop = shop(
        &format!("window = [ {{ days = [\"{day}\"], from = \"00:00\", to = \"01:00\" }} ]"),
        &["network"],
    );
    deploy(&shop, &[]).exits(3).tells(&format!("window: changes are made {day} 00:00-01:00 UTC, not now"));
    deploy(&shop, &["--allow", "window"]).exits(0);
    deploy(&shop, &[]).exits(0);
}

#[test]
fn the_time_counts_again_once_the_gate_was_answered() {
    // A Monday; the user takes two hours to answer.
    let (now, late) = ("2026-11-23T10:00:00Z", "2026-11-23T12:00:00Z");
    for (guards, told, allow) in [
        (
            "max_plan_age = \"1h\"",
            "max_plan_age network: the plan is 2h 00m old, at most 1h 00m is allowed",
            "age",
        ),
        (
            "window = [ { days = [\"mon\"], from = \"09:00\", to = \"11:00\" } ]",
            "window: changes are made mon 09:00-11:00 UTC, not now",
            "window",
        ),
    ] {
        let shop = shop(guards, &["network"]);
        let clock = shop.marker("clock");
        let set = || std::fs::write(&clock, now).unwrap();
        let in_time = shop.with_env(|env| env.var("ENVCTL_TEST_CLOCK", &clock));
        let env = in_time.env.clone().var("ENVCTL_TEST_CLOCK_AFTER_GATE", late);
        set();

        env.run(["deploy", "production", "--confirm"]).exits(3).tells(told);

        let journal = in_time.project.read(&format!("{}/journal.jsonl", in_time.newest_run()));
        let answers: Vec<&str> = journal.lines().filter(|line| line.contains("\"decided\"")).collect();
        assert!(
            answers.len() == 2 && answers[0].contains("confirmed") && answers[1].contains("refused"),
            "{journal}"
        );
        assert_eq!(in_time.folders("apply"), [""; 0]);
        set();
        env.run(["deploy", "production", "--confirm", "--allow", allow]).exits(0);
        assert_eq!(in_time.folders("apply"), ["network"]);
    }
}

#[test]
fn a_plan_that_is_too_old_is_refused_even_after_it_was_confirmed() {
    let shop = shop("max_plan_age = \"0s\"", &["network"]);
    deploy(&shop, &[]).exits(3).tells("max_plan_age network: the plan is");
    deploy(&shop, &["--allow", "age"]).exits(0);
}
