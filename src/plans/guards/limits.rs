//! Guards over all changes of a run: `max_deletes` and `max_changes`.

use super::{Allowances, Rules, losses, rules::refusal};
use crate::{
    config::Guards,
    model::{Block, Guard, GuardException, ResourceChange, StackId},
    plans::Review,
};

/// Number of deletes and changes in the rounds that were already confirmed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Losses that no exception allows.
    pub deletes: u64,
    /// Changed resources, and invocations of provider actions.
    pub changes: u64,
}

impl Tally {
    /// Adds the changes of a review. A loss that `--allow delete:` names is not counted as a delete.
    #[must_use]
    pub fn with_review(self, review: &Review, guards: &Guards, allowed: &Allowances) -> Self {
        let plans = review.changed_stacks().filter_map(|stack| stack.outcome.changes());
        let actions: u64 = plans.map(|changes| changes.actions.len() as u64).sum();
        let all = review.changed_stacks().flat_map(|stack| {
            let changes = stack.outcome.changes().into_iter().flat_map(|changes| &changes.resources);
            changes.map(|change| (&stack.stack, change))
        });
        let changed = all.filter(|(_, change)| change.is_change());
        let before = Self { changes: self.changes + actions, ..self };
        changed.fold(before, |tally, (stack, change)| Self {
            deletes: tally.deletes + u64::from(causes_unallowed_loss(stack, change, guards, allowed)),
            changes: tally.changes + 1,
        })
    }
}

/// Returns true if a change would cause a loss that no exception allows.
pub(super) fn causes_unallowed_loss(
    stack: &StackId,
    change: &ResourceChange,
    guards: &Guards,
    allowed: &Allowances,
) -> bool {
    losses(change, guards).iter().any(|loss| !allowed.take_loss(stack, loss.address))
}

/// Returns the refusals of a review by `max_deletes` and `max_changes`; `others` are the refusals of its changes.
pub(super) fn refuse_totals(
    review: &Review,
    rules: Rules<'_>,
    before: Tally,
    allowed: &Allowances,
    others: &[Block],
) -> Vec<Block> {
    let (max_deletes, max_changes) = (rules.guards.max_deletes, rules.guards.max_changes);
    if max_deletes.is_none() && max_changes.is_none() {
        return Vec::new();
    }
    // Without `max_deletes` no exception is marked as used for a loss.
    let named = if max_deletes.is_some() { allowed } else { &Allowances::default() };
    let proposed = proposed_exceptions(others);
    let with_proposed = before.with_review(review, rules.guards, &allowed.with(&proposed));
    refuse_tally(before.with_review(review, rules.guards, named), with_proposed, &proposed, rules, allowed)
}

/// Returns the exceptions for losses that refusals propose.
pub(super) fn proposed_exceptions(refusals: &[Block]) -> Vec<GuardException> {
    let proposed = refusals.iter().filter_map(|block| block.allow.as_ref()?.parse().ok());
    proposed.filter(|allow| matches!(allow, GuardException::Delete(_))).collect()
}

/// Returns the refusals of a total by `max_deletes` and `max_changes`. The exception that they propose is for the total
/// `with_proposed`, which remains after the exceptions `proposed` by refusals of single changes.
pub(super) fn refuse_tally(
    tally: Tally,
    with_proposed: Tally,
    proposed: &[GuardException],
    rules: Rules<'_>,
    allowed: &Allowances,
) -> Vec<Block> {
    let (max_deletes, max_changes) = (rules.guards.max_deletes, rules.guards.max_changes);
    let mut found = Vec::new();
    if let Some(limit) = max_deletes.filter(|limit| tally.deletes > *limit)
        && !allowed.take_deletes(tally.deletes)
    {
        let message = format!(
            "{} would be deleted, replaced, forgotten or moved out of protection, at most {limit} may be",
            tally.deletes
        );
        let remaining = GuardException::Deletes(with_proposed.deletes);
        // Named losses may suffice.
        let enough = proposed.first().filter(|_| with_proposed.deletes <= limit);
        found.push(refusal(Guard::MaxDeletes, message, enough.unwrap_or(&remaining)));
    }
    if let Some(limit) = max_changes.filter(|limit| tally.changes > *limit)
        && !allowed.take_changes(tally.changes)
    {
        let message = format!("{} would be changed, at most {limit} may be", tally.changes);
        found.push(refusal(Guard::MaxChanges, message, &GuardException::Changes(tally.changes)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Action, Outcome},
        plans::guards::rig::{invoked, review, stack},
    };

    fn judged(guards: &Guards, before: Tally, allow: &[&str]) -> Vec<(String, Option<String>)> {
        let allows: Vec<GuardException> = allow.iter().map(|text| text.parse().unwrap()).collect();
        let review = review(vec![
            stack("network", &[("a.gone", Action::Delete), ("a.new", Action::Create)]),
            stack("app", &[("a.gone", Action::Forget), ("a.read", Action::Read)]),
        ]);
        let blocks =
            refuse_totals(&review, Rules { guards, confirm: false }, before, &Allowances::new(&allows), &[]);
        blocks.into_iter().map(|block| (block.message, block.allow)).collect()
    }

    #[test]
    fn the_losses_of_all_stacks_are_counted_together() {
        let limit = |max| Guards { max_deletes: Some(max), ..Guards::default() };
        assert_eq!(judged(&limit(2), Tally::default(), &[]), []);
        let message =
            "2 would be deleted, replaced, forgotten or moved out of protection, at most 1 may be".to_owned();
        assert_eq!(judged(&limit(1), Tally::default(), &[]), [(message, Some("deletes=2".to_owned()))]);
        assert_eq!(judged(&limit(1), Tally::default(), &["deletes=2"]), []);
        assert_eq!(judged(&limit(0), Tally::default(), &["deletes=1"]).len(), 1);
        assert_eq!(
            judged(&limit(0), Tally::default(), &["delete:network/a.gone", "delete:app/a.gone"]),
            [],
            "what is named does not count"
        );
        let one = judged(&limit(0), Tally::default(), &["delete:app/a.gone"]);
        assert_eq!(one[0].1.as_deref(), Some("deletes=1"), "the other stack's counts");
    }

    #[test]
    fn a_move_out_of_protection_counts_as_the_loss_of_the_old_address() {
        let mut app = stack("app", &[("a.new", Action::NoOp), ("a.other", Action::Create)]);
        if let Outcome::Changed(changes) = &mut app.outcome {
            changes.resources[0].previous_address = Some("a.old".parse().unwrap());
        }
        let review = review(vec![app]);
        let guards = |protect: &str| Guards {
            protect: vec![protect.parse().unwrap()],
            max_deletes: Some(0),
            ..Guards::default()
        };
        let found = |guards: &Guards, allow: &[&str]| {
            let allows: Vec<GuardException> = allow.iter().map(|text| text.parse().unwrap()).collect();
            Tally::default().with_review(&review, guards, &Allowances::new(&allows))
        };
        assert_eq!(found(&guards("a.old"), &[]), Tally { deletes: 1, changes: 2 });
        assert_eq!(found(&guards("a.old"), &["delete:app/a.old"]), Tally { deletes: 0, changes: 2 });
        assert_eq!(found(&guards("a.*"), &[]), Tally { deletes: 0, changes: 2 });
    }

    #[test]
    fn each_invocation_of_an_action_counts_as_a_change() {
        let mut app = stack("app", &[("a.b", Action::Create)]);
        if let Outcome::Changed(changes) = &mut app.outcome {
            changes.actions = vec![invoked("action.x_run.warm"), invoked("module.m.action.x_run.say")];
        }
        let guards = |max| Guards { max_changes: Some(max), ..Guards::default() };
        let found = |guards: &Guards, stack| {
            let rules = Rules { guards, confirm: false };
            refuse_totals(&review(vec![stack]), rules, Tally::default(), &Allowances::default(), &[])
        };
        assert_eq!(found(&guards(3), app.clone()), []);
        assert_eq!(found(&guards(2), app)[0].allow.as_deref(), Some("changes=3"));
    }

    #[test]
    fn changes_of_earlier_rounds_count() {
        let guards = Guards { max_deletes: Some(2), max_changes: Some(4), ..Guards::default() };
        assert_eq!(judged(&guards, Tally { deletes: 0, changes: 1 }, &[]), []);
        assert_eq!(judged(&guards, Tally { deletes: 1, changes: 1 }, &[])[0].1.as_deref(), Some("deletes=3"));
        let changes = judged(&guards, Tally { deletes: 0, changes: 2 }, &[]);
        assert_eq!(
            changes,
            [("5 would be changed, at most 4 may be".to_owned(), Some("changes=5".to_owned()))]
        );
        assert_eq!(judged(&guards, Tally { deletes: 0, changes: 2 }, &["changes=5"]), []);
    }
}
