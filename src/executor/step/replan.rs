//! Plans that use outputs of other stacks which will change: they are made again after those stacks are applied.

use std::collections::BTreeSet;

use super::{ended::Ended, work::Work, worker::Worker};
use crate::{
    engine::PlanMode,
    executor::mutex::lock,
    model::{Outcome, StackId},
};

impl Worker {
    /// Returns a note for each stack whose apply leads to a new plan of this one, because its outputs change.
    ///
    /// Values of `inputs` are not included: their plan uses the planned outputs, or is tentative.
    pub(super) fn planned_again_later(&self, stack: &StackId, work: &Work, ended: &Ended) -> Vec<String> {
        let is_planned = matches!(ended.outcome, Outcome::Clean | Outcome::Changed(_)) && !ended.tentative;
        let mut notes = Vec::new();
        if is_planned && work.reads_states && self.options.mode == PlanMode::Normal {
            let (pending, provisional) = (lock(&self.pending), lock(&self.provisional));
            notes.extend(work.needs.iter().filter_map(|need| {
                let changes = pending.get(need).map(|pending| &pending.changes.outputs);
                let names: BTreeSet<&str> =
                    changes.into_iter().flatten().map(|output| output.name.as_str()).collect();
                let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
                match names.as_slice() {
                    [] if provisional.contains(need) => {
                        Some(format!("planned again if `{need}` is applied, which is itself planned again"))
                    }
                    [] => None,
                    [name] => {
                        Some(format!("planned again once `{need}` is applied: its output {name} changes"))
                    }
                    names => Some(format!(
                        "planned again once `{need}` is applied: its outputs {} change",
                        names.join(", ")
                    )),
                }
            }));
        }
        let mut provisional = lock(&self.provisional);
        if notes.is_empty() {
            provisional.remove(stack);
        } else {
            provisional.insert(stack.clone());
        }
        notes
    }
}
