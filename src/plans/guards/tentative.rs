//! Refusal of tentative plans that no apply in the run can make final.

use std::collections::{BTreeSet, HashMap};

use crate::{
    graph::StackGraph,
    inventory::Instance,
    model::{Block, Blocked, Guard, Outcome, StackId, tentative_reasons},
    plans::{Review, ReviewStack},
};

/// Dependencies of each stack that are not part of the run.
#[derive(Debug, Default)]
pub struct MissingUpstreams(HashMap<StackId, Vec<StackId>>);

impl MissingUpstreams {
    /// Returns the missing dependencies of these instances, in a run over `graph`.
    pub fn new(instances: &[&Instance], graph: &StackGraph) -> Self {
        let absent = instances.iter().filter_map(|instance| {
            let needs = instance.needs.iter().filter(|need| !graph.contains(need.as_str()));
            let needs: Vec<StackId> = needs.cloned().collect();
            (!needs.is_empty()).then(|| (instance.id.stack.clone(), needs))
        });
        Self(absent.collect())
    }
}

/// Stacks that provide the values of a run's plans.
#[derive(Clone, Copy)]
pub struct ValueProviders<'a> {
    /// Stacks of the run.
    pub graph: &'a StackGraph,
    /// Dependencies that are not part of the run.
    pub missing: &'a MissingUpstreams,
    /// Returns the stacks whose outputs were replaced by mocks in the plan of a stack; empty if envctl does not know them.
    pub stacks_mocked_for: &'a dyn Fn(&StackId) -> Vec<StackId>,
}

impl ValueProviders<'_> {
    /// Returns the refusals of the tentative plans of a review that no apply in the run can make final.
    pub fn judge(&self, review: &Review) -> Vec<Blocked> {
        let tentative = review.changed_stacks().filter(|stack| stack.tentative);
        let refused = tentative.filter(|stack| !self.may_become_final(&stack.stack, review));
        refused.flat_map(|stack| self.refusals(stack)).collect()
    }

    /// Returns the stacks outside of the run that the user has to apply before this stack: those whose outputs were
    /// replaced by mocks or, if these are not known, all dependencies outside of the run.
    pub fn stacks_to_apply_first(&self, stack: &StackId) -> BTreeSet<StackId> {
        let mut absent: BTreeSet<StackId> = (self.stacks_mocked_for)(stack).into_iter().collect();
        absent.retain(|source| !self.graph.contains(source.as_str()));
        if absent.is_empty() { self.missing_upstreams_below(stack) } else { absent }
    }

    /// Returns the refusal of a tentative plan, with the reasons why it is tentative.
    fn refusals(&self, tentative: &ReviewStack) -> Vec<Blocked> {
        let absent = self.stacks_to_apply_first(&tentative.stack);
        let message = if absent.is_empty() {
            "its plan rests on values that are not known, and nothing in this run makes them so".to_owned()
        } else {
            let names: Vec<String> = absent.iter().map(|stack| format!("`{stack}`")).collect();
            let verb = if names.len() == 1 { "is" } else { "are" };
            format!("its plan rests on values that are not known before {} {verb} applied", names.join(", "))
        };
        let why = tentative_reasons(&tentative.notes).map(str::to_owned);
        let blocks = std::iter::once(message).chain(why).map(|message| Block::new(Guard::Tentative, message));
        blocks.map(|block| Blocked { stack: Some(tentative.stack.clone()), block }).collect()
    }

    /// Returns true if an apply in this run may provide the values of a tentative plan. If Terragrunt itself chose the
    /// mocks, any change in a dependency counts.
    fn may_become_final(&self, stack: &StackId, review: &Review) -> bool {
        let stacks_mocked_for = (self.stacks_mocked_for)(stack);
        if !stacks_mocked_for.is_empty() {
            return stacks_mocked_for.iter().all(|source| self.graph.contains(source.as_str()));
        }
        let below = self.graph.dependencies(std::slice::from_ref(stack));
        let changes = |other: &ReviewStack| {
            matches!(other.outcome, Outcome::Changed(_) | Outcome::Deferred { .. })
                && below.contains(&other.stack)
        };
        review.stacks.iter().any(changes)
    }

    /// Returns the missing dependencies of a stack and of all stacks that it depends on.
    fn missing_upstreams_below(&self, stack: &StackId) -> BTreeSet<StackId> {
        let mut below = self.graph.dependencies(std::slice::from_ref(stack));
        below.push(stack.clone());
        below.iter().filter_map(|stack| self.missing.0.get(stack)).flatten().cloned().collect()
    }
}

/// Returns true if tentative plans are among the refused ones.
pub fn is_any_tentative(blocked: &[Blocked]) -> bool {
    blocked.iter().any(|found| found.block.guard == Guard::Tentative)
}

/// Returns true if only tentative plans are refused.
pub fn are_all_tentative(blocked: &[Blocked]) -> bool {
    blocked.iter().all(|found| found.block.guard == Guard::Tentative)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        graph::StackNode,
        model::{Action, TentativeReason},
        plans::guards::rig::{review, stack},
    };

    fn id(name: &str) -> StackId {
        name.parse().unwrap()
    }

    /// Makes the graph of a run over `network` and `app`, which depends on it.
    fn graph() -> StackGraph {
        let node = |name: &str, needs: &[&str]| StackNode {
            stack: id(name),
            needs: needs.iter().map(|need| id(need)).collect(),
            tags: Vec::new(),
        };
        StackGraph::new(vec![node("network", &[]), node("app", &["network"])]).unwrap()
    }

    /// Judges a tentative plan of `app` whose stack has these mocks and these dependencies outside of the run.
    fn judged(network: Outcome, mocks: &[&str], missing: &[&str]) -> Vec<String> {
        let mut app = stack("app", &[("a.b", Action::Create)]);
        app.tentative = true;
        let reason = TentativeReason::Mocks(vec!["network.id".to_owned()]);
        app.notes = vec!["planned twice".to_owned(), reason.note()];
        let review = review(vec![ReviewStack::new(id("network"), network), app]);
        let missing = missing.iter().map(|need| id(need)).collect::<Vec<_>>();
        let missing = MissingUpstreams(HashMap::from([(id("network"), missing)]));
        let stacks_mocked_for = |_: &StackId| mocks.iter().map(|name| id(name)).collect();
        let providers =
            ValueProviders { graph: &graph(), missing: &missing, stacks_mocked_for: &stacks_mocked_for };
        let blocked = providers.judge(&review);
        assert!(blocked.iter().all(|found| found.stack == Some(id("app"))), "{blocked:?}");
        assert!(are_all_tentative(&blocked), "{blocked:?}");
        assert_eq!(is_any_tentative(&blocked), !blocked.is_empty());
        blocked.into_iter().map(|found| found.block.message).collect()
    }

    fn changed() -> Outcome {
        stack("network", &[("a.b", Action::Create)]).outcome
    }

    #[test]
    fn a_plan_with_mocks_of_a_stack_outside_the_run_is_refused() {
        let refused = judged(changed(), &["network", "dns"], &[]);
        assert_eq!(
            refused,
            ["its plan rests on values that are not known before `dns` is applied", "`network.id` is a mock"]
        );
    }

    #[test]
    fn a_plan_with_mocks_of_stacks_in_the_run_is_not_refused() {
        assert_eq!(judged(Outcome::Clean, &["network"], &["dns"]), [""; 0]);
    }

    #[test]
    fn a_change_in_a_dependency_may_settle_a_plan_with_unknown_mocks() {
        assert_eq!(judged(changed(), &[], &["dns"]), [""; 0]);
        assert_eq!(judged(Outcome::Deferred { because: id("dns") }, &[], &["dns"]), [""; 0]);
    }

    #[test]
    fn a_plan_with_unknown_mocks_is_refused_if_no_dependency_changes() {
        let needs = judged(Outcome::Clean, &[], &["dns", "vault"]);
        assert_eq!(needs[0], "its plan rests on values that are not known before `dns`, `vault` are applied");
        let none = judged(Outcome::Clean, &[], &[]);
        assert_eq!(
            none[0],
            "its plan rests on values that are not known, and nothing in this run makes them so"
        );
    }
}
