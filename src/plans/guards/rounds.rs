//! Losses that first appear in later rounds: `--confirm-rounds` does not confirm them.

use std::{collections::BTreeSet, fmt};

use super::{Allowances, LossKind, losses};
use crate::{
    config::Guards,
    model::{ResourceAddress, StackId},
    plans::Review,
};

/// Loss of one object, as a review showed it to the user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShownLoss {
    /// Stack whose state holds the object.
    pub stack: StackId,
    /// Address that an exception names: for a move out of protection the old one.
    pub address: ResourceAddress,
    /// Key of a deposed object; `None` for the current object.
    pub deposed: Option<String>,
    /// Word that the review prints: `delete`, `replace`, `move out of protection` …
    pub word: &'static str,
    /// New address of a move out of protection; `None` for other losses.
    pub moved_to: Option<ResourceAddress>,
}

impl fmt::Display for ShownLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.word, self.stack, self.address)
    }
}

/// Returns the losses that a review shows under these guards, deposed objects by their key.
pub fn shown_losses(review: &Review, guards: &Guards) -> BTreeSet<ShownLoss> {
    review
        .resource_changes()
        .flat_map(|(stack, change)| {
            losses(change, guards).into_iter().map(move |loss| ShownLoss {
                stack: stack.clone(),
                address: loss.address.clone(),
                deposed: change.deposed.clone(),
                word: loss.kind.as_str(),
                moved_to: match loss.kind {
                    LossKind::MoveOutOfProtection { to } => Some(to.clone()),
                    LossKind::Action(_) => None,
                },
            })
        })
        .collect()
}

/// Returns the losses of a later round's review that no confirmed review has shown and no `--allow delete:`
/// names.
pub fn unseen_losses(
    review: &Review,
    guards: &Guards,
    shown: &BTreeSet<ShownLoss>,
    allowed: &Allowances,
) -> Vec<ShownLoss> {
    let losses = shown_losses(review, guards).into_iter();
    losses.filter(|loss| !shown.contains(loss) && !allowed.take_loss(&loss.stack, &loss.address)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Action, Outcome, ReplaceOrder},
        plans::guards::rig::{review, stack},
    };

    #[test]
    fn a_loss_counts_as_shown_only_for_its_stack_and_action() {
        let replace = Action::Replace(ReplaceOrder::DeleteFirst);
        let none = Guards::default();
        let first = review(vec![stack("app", &[("a.b", replace), ("a.c", Action::Delete)])]);
        let shown = shown_losses(&first, &none);
        let unseen = |name: &str, address: &str, action: Action, allow: &[&str]| {
            let allows: Vec<_> = allow.iter().map(|text| text.parse().unwrap()).collect();
            let later = review(vec![stack(name, &[(address, action)])]);
            !unseen_losses(&later, &none, &shown, &Allowances::new(&allows)).is_empty()
        };
        assert!(!unseen("app", "a.b", replace, &[]));
        assert!(!unseen("app", "a.b", Action::Replace(ReplaceOrder::CreateFirst), &[]));
        assert!(!unseen("app", "a.c", Action::Delete, &[]));
        assert!(unseen("app", "a.b", Action::Delete, &[]));
        assert!(unseen("web", "a.b", replace, &[]));
        assert!(unseen("app", "a.d", Action::Forget, &[]));
        assert!(unseen("app", "a.d", Action::Unknown, &[]));
        assert!(!unseen("app", "a.d", Action::Forget, &["delete:app/a.d"]));
        assert!(unseen("app", "a.d", Action::Forget, &["delete:web/a.d"]));
        assert!(!unseen("app", "a.d", Action::Update, &[]) && !unseen("app", "a.d", Action::Create, &[]));
    }

    #[test]
    fn a_move_out_of_protection_is_a_loss_of_the_old_address() {
        let guards = Guards { protect: vec!["a.b".parse().unwrap()], ..Guards::default() };
        let mut moved = review(vec![stack("app", &[("a.c", Action::NoOp)])]);
        let Outcome::Changed(changes) = &mut moved.stacks[0].outcome else { panic!("it changes") };
        changes.resources[0].previous_address = Some("a.b".parse().unwrap());
        let unseen = |shown: &BTreeSet<ShownLoss>, allow: &[&str]| {
            let allows: Vec<_> = allow.iter().map(|text| text.parse().unwrap()).collect();
            let unseen = unseen_losses(&moved, &guards, shown, &Allowances::new(&allows));
            unseen.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(unseen(&BTreeSet::new(), &[]), ["move out of protection app: a.b"]);
        assert_eq!(unseen(&shown_losses(&moved, &guards), &[]), [""; 0]);
        assert_eq!(unseen(&BTreeSet::new(), &["delete:app/a.b"]), [""; 0]);
    }
}
