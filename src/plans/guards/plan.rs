//! Guards over a plan itself: its age, and whether it is complete. A plan that cannot be read is refused when
//! it is made.

use jiff::Timestamp;

use super::{Allowances, Rules, rules::refusal};
use crate::{
    model::{Block, Guard, GuardException},
    plans::ReviewStack,
    ui::seconds,
};

/// Returns the refusal of a plan that covers only a part of its stack.
pub(super) fn refuse_incomplete(
    stack: &ReviewStack,
    rules: Rules<'_>,
    allowed: &Allowances,
) -> Option<Block> {
    if !(rules.confirm && stack.incomplete) || allowed.take(&GuardException::Incomplete) {
        return None;
    }
    let message = "the plan is incomplete: only a part of the stack was planned";
    Some(refusal(Guard::Incomplete, message, &GuardException::Incomplete))
}

/// Returns the refusal of a plan that is older than `max_plan_age`, or of unknown age.
pub(super) fn refuse_old(
    stack: &ReviewStack,
    rules: Rules<'_>,
    now: Timestamp,
    allowed: &Allowances,
) -> Option<Block> {
    let limit = rules.guards.max_plan_age?;
    let age = stack.planned_at.map(|planned| now.duration_since(planned));
    // A clock that was set back puts the plan into the future: its age is then unknown too.
    let age = age.and_then(|age| std::time::Duration::try_from(age).ok());
    if age.is_some_and(|age| age <= limit) || allowed.take(&GuardException::Age) {
        return None;
    }
    let limit = seconds(limit.as_secs_f64());
    let message = match age {
        Some(age) => format!("the plan is {} old, at most {limit} is allowed", seconds(age.as_secs_f64())),
        None => format!("nobody knows how old the plan is, at most {limit} is allowed"),
    };
    Some(refusal(Guard::MaxPlanAge, message, &GuardException::Age))
}
