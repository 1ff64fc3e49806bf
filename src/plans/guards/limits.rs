//! Guards over all changes of a run together: `max_deletes` and `max_changes`.

use super::{Allowances, Rules};
use crate::{
    model::{Allow, Block},
    plans::Review,
};

/// How much a run changed in rounds that were confirmed already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Deletes, replaces and forgets that no exception names.
    pub deletes: u64,
    /// Changed resources.
    pub changes: u64,
}

impl Tally {
    /// The same with what this review would do on top; what `delete:ADDR` names is no delete.
    #[must_use]
    pub fn with(self, review: &Review, allowed: &Allowances) -> Self {
        let all = review.changed().flat_map(|stack| {
            let changes = stack.outcome.changes().into_iter().flat_map(|changes| &changes.resources);
            changes.map(|change| (&stack.stack, change))
        });
        let (mut deletes, mut changes) = (self.deletes, self.changes);
        for (stack, change) in all.filter(|(_, change)| change.is_change()) {
            changes += 1;
            let named = || allowed.take_loss(stack, &change.address);
            deletes += u64::from(change.action.is_destructive() && !named());
        }
        Self { deletes, changes }
    }
}

/// What refuses the run as a whole because of how much it does.
pub(super) fn blocks(review: &Review, rules: Rules<'_>, before: Tally, allowed: &Allowances) -> Vec<Block> {
    let (max_deletes, max_changes) = (rules.guards.max_deletes, rules.guards.max_changes);
    if max_deletes.is_none() && max_changes.is_none() {
        return Vec::new();
    }
    // Without that limit nothing is counted, and no exception is used.
    let named = if max_deletes.is_some() { allowed } else { &Allowances::default() };
    of_tally(before.with(review, named), rules, allowed)
}

/// What refuses as much as this.
pub(super) fn of_tally(tally: Tally, rules: Rules<'_>, allowed: &Allowances) -> Vec<Block> {
    let (max_deletes, max_changes) = (rules.guards.max_deletes, rules.guards.max_changes);
    let mut found = Vec::new();
    if let Some(limit) = max_deletes.filter(|limit| tally.deletes > *limit)
        && !allowed.take_deletes(tally.deletes)
    {
        let message =
            format!("{} would be deleted, replaced or forgotten, at most {limit} may be", tally.deletes);
        found.push(block("max_deletes", message, &Allow::Deletes(tally.deletes)));
    }
    if let Some(limit) = max_changes.filter(|limit| tally.changes > *limit)
        && !allowed.take_changes(tally.changes)
    {
        let message = format!("{} would be changed, at most {limit} may be", tally.changes);
        found.push(block("max_changes", message, &Allow::Changes(tally.changes)));
    }
    found
}

fn block(guard: &str, message: String, allow: &Allow) -> Block {
    Block { allow: Some(allow.to_string()), ..Block::new(guard, message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Guards,
        model::Action,
        plans::guards::rig::{review, stack},
    };

    fn judged(guards: &Guards, before: Tally, allow: &[&str]) -> Vec<(String, Option<String>)> {
        let allows: Vec<Allow> = allow.iter().map(|text| text.parse().unwrap()).collect();
        let review = review(vec![
            stack("network", &[("a.gone", Action::Delete), ("a.new", Action::Create)]),
            stack("app", &[("a.gone", Action::Forget), ("a.read", Action::Read)]),
        ]);
        let blocks = blocks(&review, Rules { guards, confirm: false }, before, &Allowances::new(&allows));
        blocks.into_iter().map(|block| (block.message, block.allow)).collect()
    }

    #[test]
    fn the_losses_of_all_stacks_are_counted_together() {
        let limit = |max| Guards { max_deletes: Some(max), ..Guards::default() };
        assert_eq!(judged(&limit(2), Tally::default(), &[]), []);
        let message = "2 would be deleted, replaced or forgotten, at most 1 may be".to_owned();
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
    fn what_an_earlier_round_did_counts_too() {
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
