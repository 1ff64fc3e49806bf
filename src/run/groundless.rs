//! Tentative plans that no apply in this run can make final, because an upstream stack is not part of the run.

use std::collections::{BTreeSet, HashMap};

use super::{Context, open::Opened};
use crate::{
    engine::PlanMode,
    executor::Refusal,
    graph::StackGraph,
    inventory::Instance,
    model::{Block, Blocked, EnvName, Guard, Outcome, StackId, TENTATIVE},
    plans::{Review, ReviewStack},
    ui::shell_word,
};

/// Dependencies of each stack that are not part of the run.
#[derive(Debug, Default)]
pub(crate) struct MissingUpstreams(HashMap<StackId, Vec<StackId>>);

impl MissingUpstreams {
    /// Returns the missing dependencies of these instances, in a run over `graph`.
    pub(crate) fn of(instances: &[&Instance], graph: &StackGraph) -> Self {
        let absent = instances.iter().filter_map(|instance| {
            let needs = instance.needs.iter().filter(|need| !graph.contains(need.as_str()));
            let needs: Vec<StackId> = needs.cloned().collect();
            (!needs.is_empty()).then(|| (instance.id.stack.clone(), needs))
        });
        Self(absent.collect())
    }
}

impl Opened {
    /// Returns the reasons why the plans of a review must not be applied now.
    pub(crate) fn judge(&self, context: &Context, review: &Review) -> Vec<Blocked> {
        let mut blocked = self.guarded.judge(context, review);
        // The plans of an earlier run may use what it applied itself; and a destroy plan is never made again.
        if !self.next_commands.adopts && self.mode == PlanMode::Normal {
            let groundless = review.changed().filter(|stack| stack.tentative);
            blocked.extend(groundless.flat_map(|stack| self.groundless(stack, review)));
        }
        blocked
    }

    /// Returns the refusal of a tentative plan that no apply in this run can make final, with the reasons.
    fn groundless(&self, tentative: &ReviewStack, review: &Review) -> Vec<Blocked> {
        if self.may_be_settled(&tentative.stack, review) {
            return Vec::new();
        }
        let absent = self.absent_of(&tentative.stack);
        let message = if absent.is_empty() {
            "its plan rests on values that are not known, and nothing in this run makes them so".to_owned()
        } else {
            let names: Vec<String> = absent.iter().map(|stack| format!("`{stack}`")).collect();
            let verb = if names.len() == 1 { "is" } else { "are" };
            format!("its plan rests on values that are not known before {} {verb} applied", names.join(", "))
        };
        let why = tentative.notes.iter().filter_map(|note| note.strip_prefix(TENTATIVE)).map(str::to_owned);
        let blocks = std::iter::once(message).chain(why).map(|message| Block::new(Guard::Tentative, message));
        blocks.map(|block| Blocked { stack: Some(tentative.stack.clone()), block }).collect()
    }

    /// Returns true if an apply in this run may provide the values of a tentative plan. If Terragrunt itself chose the
    /// mocks, any change in a dependency counts.
    fn may_be_settled(&self, stack: &StackId, review: &Review) -> bool {
        let mocks_of = self.deployment.mocks_of(stack);
        if !mocks_of.is_empty() {
            return mocks_of.iter().all(|source| self.deployment.graph().contains(source.as_str()));
        }
        let below = self.deployment.graph().dependencies(std::slice::from_ref(stack));
        let changes = |other: &ReviewStack| {
            matches!(other.outcome, Outcome::Changed(_) | Outcome::Deferred { .. })
                && below.contains(&other.stack)
        };
        review.stacks.iter().any(changes)
    }

    /// Returns the stacks that have to be applied first and are not part of the run: the upstream stacks of mocks or, if
    /// these are not known, all dependencies outside of the run.
    fn absent_of(&self, stack: &StackId) -> BTreeSet<StackId> {
        let mut absent: BTreeSet<StackId> = self.deployment.mocks_of(stack).into_iter().collect();
        absent.retain(|source| !self.deployment.graph().contains(source.as_str()));
        if absent.is_empty() { self.needed_beside(stack) } else { absent }
    }

    fn needed_beside(&self, stack: &StackId) -> BTreeSet<StackId> {
        let mut below = self.deployment.graph().dependencies(std::slice::from_ref(stack));
        below.push(stack.clone());
        below.iter().filter_map(|stack| self.absent.0.get(stack)).flatten().cloned().collect()
    }

    /// Returns the command to run first, if tentative plans are refused; absent if only excluding their stacks would help.
    pub(crate) fn first(&self, blocked: &[Blocked]) -> Option<String> {
        let groundless = blocked.iter().filter(|found| found.block.guard == Guard::Tentative);
        let absent: BTreeSet<StackId> =
            groundless.filter_map(|found| found.stack.as_ref()).flat_map(|s| self.absent_of(s)).collect();
        let first = |environment: &EnvName| {
            let names: Vec<_> = absent.iter().map(|stack| shell_word(stack.as_str())).collect();
            format!("envctl deploy {environment} {}", names.join(" "))
        };
        (!absent.is_empty()).then(|| first(&self.environment))
    }

    /// Returns the refusal of a review, with the command to run first if tentative plans are refused.
    pub(crate) fn refusal(&self, blocked: &[Blocked]) -> Refusal {
        let refusal = self.guarded.refusal(blocked);
        if !is_any_groundless(blocked) {
            return refusal;
        }
        let hint = self.first(blocked).map_or_else(
            || "`--exclude` leaves such a stack out".to_owned(),
            |first| format!("`{first}` comes first"),
        );
        let summary = if are_all_groundless(blocked) {
            format!("not all of this can be applied in `{}` yet", self.environment)
        } else {
            refusal.summary
        };
        Refusal { summary, hint: Some(hint), ..refusal }
    }
}

/// Returns true if tentative plans are among the refused ones.
pub(super) fn is_any_groundless(blocked: &[Blocked]) -> bool {
    blocked.iter().any(|found| found.block.guard == Guard::Tentative)
}

/// Returns true if only tentative plans are refused.
pub(super) fn are_all_groundless(blocked: &[Blocked]) -> bool {
    blocked.iter().all(|found| found.block.guard == Guard::Tentative)
}
