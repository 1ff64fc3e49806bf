//! Plans that use outputs of other stacks which will change: they are made again after those stacks are applied.

use super::{ready_stack::ReadyStack, step_context::StepContext, step_result::StepResult};
use crate::{engine::PlanMode, model::Outcome};

/// Returns a note for each stack whose apply leads to a new plan of this one, because its outputs change.
///
/// Values of `inputs` are not included: their plan uses the planned outputs, or is tentative.
pub(super) fn replan_notes(
    step: &mut StepContext<'_>,
    ready: &ReadyStack,
    result: &StepResult,
) -> Vec<String> {
    let is_planned = matches!(result.outcome, Outcome::Clean | Outcome::Changed(_)) && !result.tentative;
    let mut notes = Vec::new();
    if is_planned && ready.reads_states && step.run.options.mode == PlanMode::Normal {
        notes.extend(ready.needs.iter().filter_map(|need| {
            let dependency = step.dependencies.get(need)?;
            let names: Vec<String> =
                dependency.changed_outputs.iter().map(|name| format!("`{name}`")).collect();
            match names.as_slice() {
                [] if dependency.is_provisional => {
                    Some(format!("planned again if `{need}` is applied, which is itself planned again"))
                }
                [] => None,
                [name] => Some(format!("planned again once `{need}` is applied: its output {name} changes")),
                names => Some(format!(
                    "planned again once `{need}` is applied: its outputs {} change",
                    names.join(", ")
                )),
            }
        }));
    }
    step.stack_run.is_provisional = !notes.is_empty();
    notes
}
