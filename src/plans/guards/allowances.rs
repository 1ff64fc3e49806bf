//! Exceptions of `--allow`: the stack that an exception without a stack means, and which exceptions were needed.

use std::{
    cell::{Cell, OnceCell},
    collections::BTreeSet,
};

use super::losses;
use crate::{
    config::Guards,
    diagnostic::closest,
    model::{
        ActionInvocation, Block, Guard, GuardException, NamedResource, Outcome, ResourceAddress,
        ResourceChange, StackId,
    },
    plans::{Review, ReviewStack},
    ui::shell_word,
};

/// Exceptions (`--allow`) of a run.
#[derive(Debug, Clone, Default)]
pub struct Allowances(Vec<Exception>);

/// Exception with its use so far.
#[derive(Debug, Clone)]
struct Exception {
    allow: GuardException,
    /// True once the exception has allowed something.
    used: Cell<bool>,
    /// Stack that the exception means if the user named none (`delete:ADDRESS`), once it is known.
    stack: OnceCell<StackId>,
}

impl Exception {
    /// Returns the address of an exception that names no stack (`delete:ADDRESS`) and whose stack is not known yet.
    fn unresolved(&self) -> Option<&ResourceAddress> {
        match &self.allow {
            GuardException::Delete(NamedResource { stack: None, address })
            | GuardException::Change(NamedResource { stack: None, address }) => {
                self.stack.get().is_none().then_some(address)
            }
            _ => None,
        }
    }

    /// Returns true if the exception is for this resource of this stack.
    fn is_for(&self, stack: &StackId, address: &ResourceAddress) -> bool {
        let (GuardException::Delete(named) | GuardException::Change(named)) = &self.allow else {
            return false;
        };
        named.address == *address && named.stack.as_ref().or(self.stack.get()) == Some(stack)
    }

    /// Returns true if the exception could allow this change.
    fn covers(&self, change: &ResourceChange, guards: &Guards) -> bool {
        match &self.allow {
            GuardException::Delete(named) => {
                losses(change, guards).iter().any(|loss| *loss.address == named.address)
            }
            GuardException::Change(named) => {
                change.address == named.address && !change.action.is_destructive()
            }
            _ => false,
        }
    }

    /// Returns true if the exception could allow this action of a provider.
    fn covers_action(&self, action: &ActionInvocation) -> bool {
        matches!(&self.allow, GuardException::Change(named) if named.address == action.address)
    }

    /// Stores the only matching stack as the stack of the exception, or returns the refusal if several stacks match.
    fn resolve_stack(&self, stacks: &[&StackId]) -> Option<Block> {
        match stacks {
            [] => None,
            [stack] => {
                // Stored once: for a stack that matches in a later round, the user has to name the stack.
                self.stack.get_or_init(|| (*stack).clone());
                None
            }
            several => Some(self.ambiguous(several)),
        }
    }

    /// Returns the refusal of an exception that matches several stacks.
    fn ambiguous(&self, stacks: &[&StackId]) -> Block {
        let long = |stack: &&StackId| match &self.allow {
            GuardException::Delete(named) => {
                Some(GuardException::Delete(NamedResource::of_stack(stack, &named.address)))
            }
            GuardException::Change(named) => {
                Some(GuardException::Change(NamedResource::of_stack(stack, &named.address)))
            }
            _ => None,
        };
        let forms = stacks.iter().filter_map(long);
        let forms: Vec<String> =
            forms.map(|allow| format!("`--allow {}`", shell_word(&allow.to_string()))).collect();
        let message = format!(
            "`{}` could mean several stacks: name the one that is meant by {}",
            self.allow,
            forms.join(" or ")
        );
        Block::new(Guard::Allow, message)
    }
}

/// Returns the refusal of an exception whose address is in no plan.
fn refuse_unknown_address(
    allow: &GuardException,
    named: &NamedResource,
    addresses: &[&ResourceAddress],
) -> Block {
    let plans = match &named.stack {
        Some(stack) => format!("the plan of `{stack}` has"),
        None => "the plans of this run have".to_owned(),
    };
    let meant = closest(named.address.as_str(), addresses.iter().map(|address| address.as_str()));
    let meant = meant.map_or(String::new(), |known| format!("; did you mean `{known}`?"));
    let allow = shell_word(&allow.to_string());
    Block::new(Guard::Allow, format!("`--allow {allow}`: {plans} no change of `{}`{meant}", named.address))
}

impl Allowances {
    /// Makes exceptions of which none is used yet.
    pub fn new(allows: &[GuardException]) -> Self {
        let exception = |allow: &GuardException| Exception {
            allow: allow.clone(),
            used: Cell::new(false),
            stack: OnceCell::new(),
        };
        Self(allows.iter().map(exception).collect())
    }

    /// Returns a copy with further exceptions, whose use is not recorded in these.
    #[must_use]
    pub(super) fn with(&self, allows: &[GuardException]) -> Self {
        let mut all = self.clone();
        all.0.extend(Self::new(allows).0);
        all
    }

    /// Finds the stack of each exception that names none (`delete:ADDRESS`): the stack of the review with a matching
    /// change. Returns the refusals of exceptions that match several stacks.
    pub fn resolve_in_review(&self, review: &Review, guards: &Guards) -> Vec<Block> {
        let has = |exception: &Exception, stack: &ReviewStack| {
            stack.outcome.changes().is_some_and(|changes| {
                changes.resources.iter().any(|change| exception.covers(change, guards))
                    || changes.actions.iter().any(|action| exception.covers_action(action))
            })
        };
        let resolve = |exception: &Exception| {
            exception.unresolved()?;
            let stacks = review.changed_stacks().filter(|stack| has(exception, stack));
            exception.resolve_stack(&stacks.map(|stack| &stack.stack).collect::<Vec<_>>())
        };
        self.0.iter().filter_map(resolve).collect()
    }

    /// Returns the refusals of exceptions whose address is in no plan of the review: most likely typing
    /// errors. An exception is not refused while a plan that it could mean is missing or tentative, or when no plan has
    /// changes.
    pub fn refuse_unknown_addresses(&self, review: &Review) -> Vec<Block> {
        let is_final = |stack: &ReviewStack| match &stack.outcome {
            Outcome::Changed(_) => !stack.tentative,
            Outcome::Clean => true,
            _ => false,
        };
        let are_all_final = review.stacks.iter().all(is_final);
        let refuse = |exception: &Exception| {
            let (GuardException::Delete(named) | GuardException::Change(named)) = &exception.allow else {
                return None;
            };
            let plans: Vec<&ReviewStack> = match &named.stack {
                Some(stack) => {
                    review.changed_stacks().filter(|plan| plan.stack == *stack && !plan.tentative).collect()
                }
                None if are_all_final => review.changed_stacks().collect(),
                None => return None,
            };
            let changes = || plans.iter().filter_map(|plan| plan.outcome.changes());
            let actions = changes().flat_map(|changes| &changes.actions).map(|action| &action.address);
            let addresses: Vec<&ResourceAddress> = changes()
                .flat_map(|changes| &changes.resources)
                .flat_map(|change| [Some(&change.address), change.previous_address.as_ref()])
                .flatten()
                .chain(actions)
                .collect();
            (!plans.is_empty() && !addresses.contains(&&named.address))
                .then(|| refuse_unknown_address(&exception.allow, named, &addresses))
        };
        self.0.iter().filter_map(refuse).collect()
    }

    /// Finds the stack of each exception that names none (`delete:ADDRESS`): the only stack of an `exec` command. Returns
    /// the refusals of these exceptions if the command has several stacks.
    pub fn resolve_for_stacks(&self, stacks: &[StackId]) -> Vec<Block> {
        let stacks: Vec<&StackId> = stacks.iter().collect();
        self.0
            .iter()
            .filter(|exception| exception.unresolved().is_some())
            .filter_map(|e| e.resolve_stack(&stacks))
            .collect()
    }

    /// Returns true if exactly this exception was given, and marks it as used. Exceptions for a resource are
    /// looked up by [`Self::take_loss`] and [`Self::take_change`].
    pub(super) fn take(&self, wanted: &GuardException) -> bool {
        self.mark_used(|exception| exception.allow == *wanted)
    }

    /// Returns true if an exception allows the loss of this resource (`delete:`), and marks it as used.
    pub fn take_loss(&self, stack: &StackId, address: &ResourceAddress) -> bool {
        self.mark_used(|exception| {
            matches!(exception.allow, GuardException::Delete(_)) && exception.is_for(stack, address)
        })
    }

    /// Returns true if an exception allows a change of this resource that loses nothing (`change:`), and
    /// marks it as used.
    pub(super) fn take_change(&self, stack: &StackId, address: &ResourceAddress) -> bool {
        self.mark_used(|exception| {
            matches!(exception.allow, GuardException::Change(_)) && exception.is_for(stack, address)
        })
    }

    /// Returns true if an exception allows at least this number of deletes.
    pub(super) fn take_deletes(&self, found: u64) -> bool {
        self.mark_used(
            |exception| matches!(&exception.allow, GuardException::Deletes(limit) if *limit >= found),
        )
    }

    /// Returns true if an exception allows at least this number of changes.
    pub(super) fn take_changes(&self, found: u64) -> bool {
        self.mark_used(
            |exception| matches!(&exception.allow, GuardException::Changes(limit) if *limit >= found),
        )
    }

    fn mark_used(&self, fits: impl Fn(&Exception) -> bool) -> bool {
        let mut found = false;
        for exception in self.0.iter().filter(|exception| fits(exception)) {
            exception.used.set(true);
            found = true;
        }
        found
    }

    /// Returns the exceptions for a command that continues the run, with the stack that was found for those that named
    /// none.
    pub fn resolved_exceptions(&self) -> Vec<GuardException> {
        let resolved = |exception: &Exception| match (&exception.allow, exception.stack.get()) {
            (GuardException::Delete(named), Some(stack)) => {
                GuardException::Delete(NamedResource::of_stack(stack, &named.address))
            }
            (GuardException::Change(named), Some(stack)) => {
                GuardException::Change(NamedResource::of_stack(stack, &named.address))
            }
            (allow, _) => allow.clone(),
        };
        self.0.iter().map(resolved).collect()
    }

    /// Returns the exceptions that allowed something, as the user types them.
    pub fn used_exceptions(&self) -> Vec<String> {
        self.exceptions_as_text(true, |allow| !matches!(allow, GuardException::Lineage(_)))
    }

    /// Returns the exceptions that were not needed so far and that `condition` accepts.
    pub fn unused_exceptions(&self, condition: impl Fn(&GuardException) -> bool) -> Vec<String> {
        self.exceptions_as_text(false, condition)
    }

    /// Returns the exceptions that are used, or those that are not, as the user types them.
    fn exceptions_as_text(&self, used: bool, condition: impl Fn(&GuardException) -> bool) -> Vec<String> {
        let found = self.0.iter().filter(|e| e.used.get() == used && condition(&e.allow));
        let unique: BTreeSet<String> = found.map(|exception| exception.allow.to_string()).collect();
        unique.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::Action,
        plans::guards::rig::{review, stack},
    };

    fn allowances(allow: &[&str]) -> Allowances {
        Allowances::new(&allow.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>())
    }

    fn takes(allowed: &Allowances, stack: &str) -> bool {
        allowed.take_loss(&stack.parse().unwrap(), &"a.b".parse().unwrap())
    }

    #[test]
    fn a_short_form_is_for_the_only_stack_that_would_lose_it() {
        let allowed = allowances(&["delete:a.b"]);
        assert!(!takes(&allowed, "app"), "no review was seen");
        let plans =
            review(vec![stack("app", &[("a.b", Action::Delete)]), stack("db", &[("a.b", Action::Create)])]);
        assert_eq!(allowed.resolve_in_review(&plans, &Guards::default()), []);
        assert!(takes(&allowed, "app") && !takes(&allowed, "db"));
    }

    #[test]
    fn a_short_form_that_two_stacks_could_mean_is_refused_with_the_long_forms() {
        for actions in [[Action::Delete, Action::Forget], [Action::Unknown, Action::Delete]] {
            let allowed = allowances(&["delete:a.b"]);
            let [app, db] = actions;
            let plans = review(vec![stack("app", &[("a.b", app)]), stack("live/db", &[("a.b", db)])]);
            let refused = allowed.resolve_in_review(&plans, &Guards::default());
            let message = "`delete:a.b` could mean several stacks: name the one that is meant by `--allow delete:app/a.b` or `--allow delete:live/db/a.b`";
            assert_eq!((refused[0].guard.as_str(), refused[0].message.as_str()), ("allow", message));
            assert!(!takes(&allowed, "app") && !takes(&allowed, "live/db"));
        }
        let changes = allowances(&["change:a.b"]);
        let plans =
            review(vec![stack("app", &[("a.b", Action::Update)]), stack("db", &[("a.b", Action::Create)])]);
        assert_eq!(changes.resolve_in_review(&plans, &Guards::default()).len(), 1);
    }

    #[test]
    fn a_short_form_used_in_one_round_is_not_for_a_stack_of_the_next() {
        let allowed = allowances(&["delete:a.b"]);
        let round = |name: &str| review(vec![stack(name, &[("a.b", Action::Delete)])]);
        assert_eq!(allowed.resolve_in_review(&round("app"), &Guards::default()), []);
        assert_eq!(allowed.resolve_in_review(&round("db"), &Guards::default()), []);
        assert!(takes(&allowed, "app") && !takes(&allowed, "db"));
    }

    #[test]
    fn an_address_that_no_plan_has_is_refused_with_the_closest_one() {
        let plans = || {
            let mut later = stack("later", &[("a.b", Action::Create)]);
            later.tentative = true;
            let mut clean = stack("clean", &[]);
            clean.outcome = Outcome::Clean;
            vec![stack("app", &[("a.bcd", Action::Delete), ("x.y", Action::Update)]), later, clean]
        };
        let refused = |allow: &str, stacks: Vec<ReviewStack>| {
            let blocks = allowances(&[allow]).refuse_unknown_addresses(&review(stacks));
            blocks.into_iter().map(|block| block.message).collect::<Vec<_>>()
        };
        let wrong =
            "`--allow delete:app/a.bce`: the plan of `app` has no change of `a.bce`; did you mean `a.bcd`?";
        assert_eq!(refused("delete:app/a.bce", plans()), [wrong]);
        let far = "`--allow change:app/far.away`: the plan of `app` has no change of `far.away`";
        assert_eq!(refused("change:app/far.away", plans()), [far]);
        for fits in ["delete:app/a.bcd", "delete:app/x.y", "delete:later/z.z", "delete:clean/z.z", "window"] {
            assert_eq!(refused(fits, plans()), [""; 0], "{fits}");
        }
        assert_eq!(refused("delete:z.z", plans()), [""; 0], "`later` may have it");
        let short = "`--allow delete:z.z`: the plans of this run have no change of `z.z`";
        assert_eq!(refused("delete:z.z", plans().drain(..1).collect()), [short]);
    }

    #[test]
    fn a_typed_command_over_several_stacks_takes_long_forms_alone() {
        let stacks: Vec<StackId> = ["app", "db"].map(|name| name.parse().unwrap()).into();
        let short = allowances(&["delete:a.b", "window", "delete:db/a.b"]);
        let refused = short.resolve_for_stacks(&stacks);
        assert_eq!(refused.len(), 1);
        assert!(refused[0].message.ends_with("`--allow delete:app/a.b` or `--allow delete:db/a.b`"));
        assert!(!takes(&short, "app") && takes(&short, "db"));
        let one = allowances(&["delete:a.b"]);
        assert_eq!(one.resolve_for_stacks(&stacks[..1]), []);
        assert!(takes(&one, "app"));
    }
}
