//! Guards over a plan itself: how old it is, and whether it is complete. One that cannot be read is
//! refused when it is made.

use jiff::Timestamp;

use super::{Allowances, Rules};
use crate::{
    model::{Allow, Block},
    plans::ReviewStack,
    ui::seconds,
};

/// What refuses a plan that leaves something out.
pub(super) fn incomplete(stack: &ReviewStack, rules: Rules<'_>, allowed: &Allowances) -> Option<Block> {
    if !(rules.confirm && stack.incomplete) || allowed.take(&Allow::Incomplete) {
        return None;
    }
    let message = "the plan is incomplete: only a part of the stack was planned";
    Some(Block { allow: Some(Allow::Incomplete.to_string()), ..Block::new("incomplete", message) })
}

/// What refuses a plan that is too old at that time; one whose age nobody knows is.
pub(super) fn old(
    stack: &ReviewStack,
    rules: Rules<'_>,
    now: Timestamp,
    allowed: &Allowances,
) -> Option<Block> {
    let limit = rules.guards.max_plan_age?;
    let age = stack.planned_at.map(|planned| now.duration_since(planned));
    // A clock that was set back makes a plan of the future: nobody knows its age either.
    let age = age.and_then(|age| std::time::Duration::try_from(age).ok());
    if age.is_some_and(|age| age <= limit) || allowed.take(&Allow::Age) {
        return None;
    }
    let limit = seconds(limit.as_secs_f64());
    let message = match age {
        Some(age) => format!("the plan is {} old, at most {limit} is allowed", seconds(age.as_secs_f64())),
        None => format!("nobody knows how old the plan is, at most {limit} is allowed"),
    };
    Some(Block { allow: Some(Allow::Age.to_string()), ..Block::new("max_plan_age", message) })
}
