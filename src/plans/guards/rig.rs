//! Reviews for the tests of the guards.

use jiff::Timestamp;

use crate::{
    model::{Action, ActionInvocation, Changes, Outcome, ResourceChange},
    plans::{Review, ReviewStack},
};

/// Time of every plan in these reviews, in seconds since 1970.
pub(super) const PLANNED: i64 = 1_700_000_000;

pub(super) fn review(stacks: Vec<ReviewStack>) -> Review {
    Review { environment: "production".parse().unwrap(), destroy: false, stacks }
}

/// Makes the invocation of a provider action without a trigger.
pub(super) fn invoked(address: &str) -> ActionInvocation {
    ActionInvocation { address: address.parse().unwrap(), trigger: None }
}

/// Makes a stack with these changes.
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
