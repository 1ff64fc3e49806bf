//! Reviews for the tests of the guards.

use jiff::Timestamp;

use crate::{
    model::{Action, ActionInvocation, Changes, Outcome, ResourceChange},
    plans::{Review, ReviewStack},
};

/// When every plan of these reviews was made, in seconds.
pub(super) const PLANNED: i64 = 1_700_000_000;

/// A review over stacks.
pub(super) fn review(stacks: Vec<ReviewStack>) -> Review {
    Review { environment: "production".parse().unwrap(), destroy: false, stacks }
}

/// An invocation of an action of a provider that was asked for by its address.
pub(super) fn invoked(address: &str) -> ActionInvocation {
    ActionInvocation { address: address.parse().unwrap(), trigger: None }
}

/// A stack that would do this.
pub(super) fn stack(name: &str, changes: &[(&str, Action)]) -> ReviewStack {
    let resources = changes
        .iter()
        .map(|(address, action)| ResourceChange::new(address.parse().unwrap(), *action))
        .collect();
    ReviewStack {
        planned_at: Some(Timestamp::from_second(PLANNED).unwrap()),
        ..ReviewStack::new(
            name.parse().unwrap(),
            Outcome::Changed(Changes { resources, ..Changes::default() }),
        )
    }
}
