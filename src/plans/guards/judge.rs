//! Evaluation of all guards over a review.

use jiff::Timestamp;

use super::{
    Allowances, ExternalFacts, Rules, Tally, external::refuse_outside_window, judge_external, limits, plan,
    resources,
};
use crate::{
    model::{Block, Blocked},
    plans::Review,
};

/// Returns the refusals that keep the plans of a review from being applied; none when no stack would change.
pub fn judge(
    review: &Review,
    rules: Rules<'_>,
    facts: ExternalFacts<'_>,
    before: Tally,
    allowed: &Allowances,
) -> Vec<Blocked> {
    if review.changed_stacks().next().is_none() {
        return Vec::new();
    }
    let ambiguous = allowed.resolve_in_review(review, rules.guards);
    let mut found: Vec<Blocked> = ambiguous.into_iter().map(|block| Blocked { stack: None, block }).collect();
    for stack in review.changed_stacks() {
        let changes = stack.outcome.changes().into_iter().flat_map(|changes| &changes.resources);
        let actions = stack.outcome.changes().into_iter().flat_map(|changes| &changes.actions);
        let mut blocks = Vec::from_iter(plan::refuse_incomplete(stack, rules, allowed));
        blocks.extend(plan::refuse_old(stack, rules, facts.now, allowed));
        blocks.extend(
            changes.flat_map(|change| resources::refuse_change(&stack.stack, change, rules, allowed)),
        );
        blocks.extend(
            actions.flat_map(|action| resources::refuse_action(&stack.stack, action, rules, allowed)),
        );
        found.extend(blocks.into_iter().map(|block| Blocked { stack: Some(stack.stack.clone()), block }));
    }
    let of_changes: Vec<Block> = found.iter().map(|blocked| blocked.block.clone()).collect();
    let whole = limits::refuse_totals(review, rules, before, allowed, &of_changes)
        .into_iter()
        .chain(judge_external(rules, facts, allowed));
    found.extend(whole.map(|block| Blocked { stack: None, block }));
    found
}

/// Returns the refusals by guards that depend on the time, for a review that the user has read meanwhile: a window that
/// has closed and plans that became too old.
pub fn judge_time(review: &Review, rules: Rules<'_>, now: Timestamp, allowed: &Allowances) -> Vec<Blocked> {
    let old = review.changed_stacks().filter_map(|stack| {
        let block = plan::refuse_old(stack, rules, now, allowed)?;
        Some(Blocked { stack: Some(stack.stack.clone()), block })
    });
    old.chain(refuse_outside_window(rules, now, allowed).map(|block| Blocked { stack: None, block }))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        config::Guards,
        model::{Action, GuardException, Outcome},
        plans::guards::rig::{PLANNED, review, stack},
    };

    fn facts(seconds: i64) -> ExternalFacts<'static> {
        let now = Timestamp::from_second(PLANNED + seconds).unwrap();
        ExternalFacts { now, tree: None }
    }

    fn guards_of(blocked: &[Blocked]) -> Vec<String> {
        let place = |b: &Blocked| b.stack.as_ref().map_or("run".to_owned(), ToString::to_string);
        blocked.iter().map(|b| format!("{} {}", place(b), b.block.guard)).collect()
    }

    fn judged(review: &Review, guards: &Guards, confirm: bool, at: i64, allow: &[&str]) -> Vec<String> {
        let allows: Vec<GuardException> = allow.iter().map(|text| text.parse().unwrap()).collect();
        let rules = Rules { guards, confirm };
        guards_of(&judge(review, rules, facts(at), Tally::default(), &Allowances::new(&allows)))
    }

    #[test]
    fn an_incomplete_plan_is_refused_where_a_confirmation_is_needed() {
        for (incomplete, allow, refused) in [
            (false, &[] as &[&str], &[] as &[&str]),
            (true, &[], &["app incomplete"]),
            (true, &["incomplete"], &[]),
            (true, &["changes=9"], &["app incomplete"]),
        ] {
            let mut app = stack("app", &[("a.b", Action::Create)]);
            app.incomplete = incomplete;
            let review = review(vec![app]);
            assert_eq!(judged(&review, &Guards::default(), true, 0, allow), refused);
            assert_eq!(judged(&review, &Guards::default(), false, 0, allow), [""; 0]);
        }
    }

    #[test]
    fn a_plan_is_refused_once_it_is_too_old() {
        let guards = Guards { max_plan_age: Some(Duration::from_mins(1)), ..Guards::default() };
        let mut plans = review(vec![stack("app", &[("a.b", Action::Create)])]);
        for (age, refused) in
            [(0, &[] as &[&str]), (60, &[]), (61, &["app max_plan_age"]), (-1, &["app max_plan_age"])]
        {
            assert_eq!(judged(&plans, &guards, false, age, &[]), refused, "{age}");
            assert_eq!(judged(&plans, &guards, false, age, &["age"]), [""; 0]);
            let now = facts(age).now;
            let late =
                judge_time(&plans, Rules { guards: &guards, confirm: false }, now, &Allowances::default());
            assert_eq!(guards_of(&late), refused);
        }
        plans.stacks[0].planned_at = None;
        assert_eq!(judged(&plans, &guards, false, 0, &[]), ["app max_plan_age"]);
    }

    #[test]
    fn a_review_without_changes_is_not_refused() {
        let guards = Guards { branch: vec!["main".to_owned()], clean_tree: true, ..Guards::default() };
        let mut clean = stack("app", &[]);
        clean.outcome = Outcome::Clean;
        assert_eq!(judged(&review(vec![clean]), &guards, true, 0, &[]), [""; 0]);
        let changed = review(vec![stack("app", &[("a.b", Action::Create)])]);
        assert_eq!(judged(&changed, &guards, true, 0, &[]), ["run branch", "run clean_tree"]);
    }

    #[test]
    fn what_other_refusals_name_is_left_out_of_the_proposed_number_of_losses() {
        let guards = |max_deletes| Guards {
            protect: vec!["a.*".parse().unwrap()],
            max_deletes: Some(max_deletes),
            ..Guards::default()
        };
        let plans = review(vec![
            stack("app", &[("a.b", Action::Delete), ("x.y", Action::Delete)]),
            stack("web", &[("a.c", Action::Delete), ("x.z", Action::Forget)]),
        ]);
        let proposed = |guards: &Guards, allow: &[&str]| {
            let allows: Vec<GuardException> = allow.iter().map(|text| text.parse().unwrap()).collect();
            let rules = Rules { guards, confirm: false };
            let blocked = judge(&plans, rules, facts(0), Tally::default(), &Allowances::new(&allows));
            blocked.into_iter().filter_map(|blocked| blocked.block.allow).collect::<Vec<_>>()
        };
        for (max_deletes, expected) in [
            (1, vec!["delete:app/a.b", "delete:web/a.c", "deletes=2"]),
            (3, vec!["delete:app/a.b", "delete:web/a.c", "delete:app/a.b"]),
            (4, vec!["delete:app/a.b", "delete:web/a.c"]),
        ] {
            let guards = guards(max_deletes);
            assert_eq!(proposed(&guards, &[]), expected, "{max_deletes}");
            assert_eq!(proposed(&guards, &expected), [""; 0], "{max_deletes}");
        }
        assert_eq!(proposed(&guards(1), &["delete:app/a.b"]), ["delete:web/a.c", "deletes=2"]);
    }

    #[test]
    fn an_unused_exception_is_reported() {
        let guards = Guards { protect: vec!["a.*".parse().unwrap()], ..Guards::default() };
        let plans = review(vec![stack("app", &[("a.b", Action::Delete), ("x.y", Action::Delete)])]);
        let allows = ["delete:a.b", "delete:x.y", "window"].map(|text| text.parse().unwrap());
        let allowed = Allowances::new(&allows);
        let rules = Rules { guards: &guards, confirm: false };
        assert_eq!(judge(&plans, rules, facts(0), Tally::default(), &allowed), []);
        assert_eq!(allowed.used_exceptions(), ["delete:a.b"]);
        assert_eq!(allowed.unused_exceptions(|_| true), ["delete:x.y", "window"]);
    }
}
