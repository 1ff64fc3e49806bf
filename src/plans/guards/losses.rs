//! Losses: objects that a plan would delete, remove from a state, or move out of the protection of the
//! guards.
//!
//! | change                                              | loss                | exception that names it |
//! |-----------------------------------------------------|---------------------|-------------------------|
//! | delete, replace, forget, unknown                    | the action itself   | the address             |
//! | move to an address with less protection             | the move            | the old address         |
//!
//! `protect` covers delete, replace and forget; a rule of `deny_actions` covers those of them that it names.
//! A move to an address that fewer of these rules cover counts as a loss, because the next plan could delete the object there
//! without any exception.

use std::collections::BTreeSet;

use crate::{
    config::Guards,
    model::{Action, ResourceAddress, ResourceChange, StackId},
    plans::Review,
};

/// Actions that lose an object, in the words of `deny_actions`.
const LOSING_ACTIONS: [&str; 3] = ["delete", "forget", "replace"];

/// Loss of an object that a change would cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss<'a> {
    /// Address that an exception names: for a move out of protection the old one.
    pub address: &'a ResourceAddress,
    /// Kind of loss.
    pub kind: LossKind<'a>,
}

/// Kind of loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossKind<'a> {
    /// Loss by the action itself: delete, replace, forget, or an action that envctl does not know.
    Action(Action),
    /// Move to an address that the guards protect less than the old one.
    MoveOutOfProtection {
        /// New address of the moved resource.
        to: &'a ResourceAddress,
    },
}

impl LossKind<'_> {
    /// Returns the word that the review prints.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Action(action) => action.as_str(),
            Self::MoveOutOfProtection { .. } => "move out of protection",
        }
    }
}

/// Returns the losses that a change would cause under these guards: none, one, or two for a replaced resource
/// that also moves out of protection. Every other module asks this function what a loss is.
pub fn losses<'a>(change: &'a ResourceChange, guards: &Guards) -> Vec<Loss<'a>> {
    let mut found = Vec::new();
    if change.action.is_destructive() {
        found.push(Loss { address: &change.address, kind: LossKind::Action(change.action) });
    }
    let stays = !matches!(change.action, Action::Delete | Action::Forget);
    if stays
        && let Some(old) = &change.previous_address
        && !guarded_losses(guards, old).is_subset(&guarded_losses(guards, &change.address))
    {
        found.push(Loss { address: old, kind: LossKind::MoveOutOfProtection { to: &change.address } });
    }
    found
}

/// Returns the losses of all changes of a review, by stack.
pub fn losses_of_review<'a>(review: &'a Review, guards: &Guards) -> Vec<(&'a StackId, Loss<'a>)> {
    let changes = review.resource_changes();
    changes.flat_map(|(stack, change)| losses(change, guards).into_iter().map(move |l| (stack, l))).collect()
}

/// Returns the losing actions that the guards refuse at an address.
fn guarded_losses(guards: &Guards, address: &ResourceAddress) -> BTreeSet<&'static str> {
    let address = address.as_str();
    if guards.protect.iter().any(|pattern| pattern.matches(address)) {
        return LOSING_ACTIONS.into();
    }
    let rules = guards.deny_actions.iter().filter(|rule| rule.pattern.matches(address));
    let denied: BTreeSet<&str> = rules.flat_map(|rule| &rule.actions).copied().collect();
    // A replacement is refused by a rule that denies either word.
    let refused =
        |action: &&str| denied.contains(action) || (*action == "replace" && denied.contains("delete"));
    LOSING_ACTIONS.into_iter().filter(refused).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DenyRule;

    fn guards(protect: &[&str], deny: &[(&str, &'static str)]) -> Guards {
        let rule = |(pattern, action): &(&str, &'static str)| DenyRule {
            pattern: pattern.parse().unwrap(),
            actions: vec![action],
        };
        Guards {
            protect: protect.iter().map(|pattern| pattern.parse().unwrap()).collect(),
            deny_actions: deny.iter().map(rule).collect(),
            ..Guards::default()
        }
    }

    fn moved(from: &str, to: &str, action: Action) -> ResourceChange {
        ResourceChange {
            previous_address: Some(from.parse().unwrap()),
            ..ResourceChange::new(to.parse().unwrap(), action)
        }
    }

    fn words(change: &ResourceChange, guards: &Guards) -> Vec<(String, &'static str)> {
        losses(change, guards).into_iter().map(|l| (l.address.to_string(), l.kind.as_str())).collect()
    }

    #[test]
    fn a_move_to_an_address_with_less_protection_is_a_loss_of_the_old_address() {
        for (protect, deny, from, to, is_loss) in [
            (&["aws_db.main"] as &[&str], &[] as &[_], "aws_db.main", "aws_db.other", true),
            (&["aws_db.*"], &[], "aws_db.main", "aws_db.other", false),
            (&["aws_db.*"], &[], "aws_vm.main", "aws_db.main", false),
            (&["aws_db.main[0]"], &[], "aws_db.main[0]", "aws_db.main[1]", true),
            (&["aws_db.main[0]"], &[], "aws_db.main[0]", "aws_db.main", true),
            (&["aws_db.main"], &[], "aws_db.main", "aws_db.main[\"a\"]", false),
            (&["module.a.**"], &[], "module.a.aws_db.x", "module.b.aws_db.x", true),
            (&["module.a.**"], &[], "module.a.aws_db.x", "aws_db.x", true),
            (&["module.a[0].**"], &[], "module.a[0].aws_db.x", "module.a[1].aws_db.x", true),
            (&["module.a.**", "module.b.**"], &[], "module.a.aws_db.x", "module.b.aws_db.x", false),
            (&[], &[("aws_db.main", "delete")], "aws_db.main", "aws_db.other", true),
            (&[], &[("aws_db.main", "forget")], "aws_db.main", "aws_db.other", true),
            (&[], &[("aws_db.main", "update")], "aws_db.main", "aws_db.other", false),
            (&["aws_db.main"], &[("aws_db.other", "delete")], "aws_db.main", "aws_db.other", true),
            (&["aws_db.other"], &[("aws_db.main", "delete")], "aws_db.main", "aws_db.other", false),
            (
                &[],
                &[("aws_db.main", "replace"), ("aws_db.other", "delete")],
                "aws_db.main",
                "aws_db.other",
                false,
            ),
        ] {
            for action in [Action::NoOp, Action::Update] {
                let wanted = if is_loss { vec![(from.to_owned(), "move out of protection")] } else { vec![] };
                let found = words(&moved(from, to, action), &guards(protect, deny));
                assert_eq!(found, wanted, "{protect:?} {deny:?} {from} {to}");
            }
        }
    }

    #[test]
    fn a_moved_resource_that_is_gone_is_lost_once_and_a_replaced_one_twice() {
        let guards = guards(&["aws_db.main"], &[]);
        let other = |action| words(&moved("aws_db.main", "aws_db.other", action), &guards);
        assert_eq!(other(Action::Delete), [("aws_db.other".to_owned(), "delete")]);
        assert_eq!(other(Action::Forget), [("aws_db.other".to_owned(), "forget")]);
        let moved = ("aws_db.main".to_owned(), "move out of protection");
        assert_eq!(other(Action::Unknown), [("aws_db.other".to_owned(), "unknown"), moved.clone()]);
        assert_eq!(other(Action::ForgetAndCreate), [("aws_db.other".to_owned(), "forget-and-create"), moved]);
    }
}
