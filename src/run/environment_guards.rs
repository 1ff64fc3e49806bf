//! Guards around a review, and the exceptions to them (`--allow`).

use std::{collections::BTreeSet, sync::Arc};

use camino::Utf8PathBuf;
use jiff::Timestamp;

use super::{
    Context, actor,
    preflight::{checklist::Checklist, clean_tree_paths::CleanTreePaths},
};
use crate::{
    config::{Config, Environment, Guards},
    engine::Intent,
    executor::Refusal,
    git::{CleanPaths, NoWorkingTree, WorkingTree},
    inventory::{Instance, Modules, plan_inputs::InputError},
    model::{
        Block, Blocked, EnvName, GateRecord, Guard, GuardException, InstanceId, ResourceAddress, StackId,
    },
    plans::{
        Review,
        guards::{
            Allowances, EarlierChanges, ExternalFacts, Loss, Rules, ShownLoss, Tally,
            addresses_without_exception, judge, judge_external, judge_time, losses_of_review,
            refuse_removals, refuse_typed_command, shown_losses, unseen_losses,
        },
    },
    process::Runner,
    ui::shell_word,
};

/// Guards of an environment, with their exceptions and counts in this run.
pub(crate) struct EnvironmentGuards {
    environment: EnvName,
    guards: Guards,
    confirm: bool,
    /// Exceptions of `--allow`.
    allowed: Allowances,
    /// Empty list, for counts without exceptions.
    no_exceptions: Allowances,
    /// Exceptions for the states of instances that are not in the run.
    foreign_exceptions: Vec<String>,
    root: Utf8PathBuf,
    clean_tree_paths: Option<CleanTreePaths>,
    runner: Arc<Runner>,
    /// Counts for the limits, of all reviews that this run has confirmed.
    tally: Tally,
    /// Changes of the runs that this run resumes.
    earlier: EarlierChanges,
    /// Identity that the identity check returned.
    acting: Option<String>,
    /// Checklist at the gate.
    pub(crate) checklist: Checklist,
}

impl EnvironmentGuards {
    /// Returns the guards of an environment for these instances.
    pub(crate) fn new(
        config: &Config,
        environment: &Environment,
        instances: &[&Instance],
        modules: &Modules,
        runner: &Arc<Runner>,
        allow: &[GuardException],
    ) -> Self {
        let clean_tree_paths =
            environment.guards.clean_tree.then(|| CleanTreePaths::for_instances(config, instances, modules));
        let known = |allow: &GuardException| match allow {
            GuardException::Lineage(wanted) => instances.iter().any(|instance| instance.id == *wanted),
            _ => true,
        };
        Self {
            environment: environment.name.clone(),
            guards: environment.guards.clone(),
            confirm: environment.confirm,
            allowed: Allowances::new(allow),
            no_exceptions: Allowances::default(),
            foreign_exceptions: allow.iter().filter(|allow| !known(allow)).map(ToString::to_string).collect(),
            root: config.root().to_owned(),
            clean_tree_paths,
            runner: Arc::clone(runner),
            tally: Tally::default(),
            earlier: EarlierChanges::default(),
            acting: None,
            checklist: Checklist::for_environment(environment),
        }
    }

    /// Sets the identity that the identity check returned.
    pub(super) fn with_identity(self, who: Option<String>) -> Self {
        Self { acting: who, ..self }
    }

    /// Adds the changes of the resumed runs to the counts for limits.
    pub(crate) fn count_earlier_changes(&mut self, earlier: EarlierChanges) {
        self.earlier = earlier;
    }

    /// Returns the identity that the engines act under; `None` without an identity check.
    pub(crate) fn acting_identity(&self) -> Option<&str> {
        self.acting.as_deref()
    }

    /// Returns true if the environment has `confirm = true`.
    pub(super) fn needs_confirmation(&self) -> bool {
        self.confirm
    }

    fn rules(&self) -> Rules<'_> {
        Rules { guards: &self.guards, confirm: self.confirm }
    }

    /// Returns the state of the working tree, if a guard needs it.
    fn ask_git(&self, context: &Context) -> Option<Result<WorkingTree, NoWorkingTree>> {
        self.guards.need_git().then(|| {
            let places = self
                .clean_tree_paths
                .as_ref()
                .map_or_else(|| Ok(CleanPaths::default()), CleanTreePaths::current_paths);
            let unknown =
                |error: InputError| NoWorkingTree { dir: self.root.clone(), reason: error.to_string() };
            WorkingTree::read(&self.runner, &self.root, &context.env, &places.map_err(unknown)?)
        })
    }

    /// Returns the reasons why the plans of a review must not be applied now.
    pub(crate) fn judge(&self, context: &Context, review: &Review) -> Vec<Blocked> {
        if review.changed_stacks().next().is_none() {
            return Vec::new();
        }
        let tree = self.ask_git(context);
        let facts = ExternalFacts { now: context.clock.now(), tree: tree.as_ref() };
        judge(review, self.rules(), facts, self.tally_before(review), &self.allowed)
    }

    /// Returns the refusals of exceptions whose address is in no plan of the first review.
    pub(crate) fn judge_exception_addresses(&self, review: &Review) -> Vec<Blocked> {
        let blocks = self.allowed.refuse_unknown_addresses(review);
        blocks.into_iter().map(|block| Blocked { stack: None, block }).collect()
    }

    /// Returns all resources that the plans of a review would lose, by stack: deleted, replaced, forgotten, unknown, or
    /// moved out of their protection.
    pub(super) fn losses<'r>(&self, review: &'r Review) -> Vec<(&'r StackId, Loss<'r>)> {
        losses_of_review(review, &self.guards)
    }

    /// Returns the refusals of exceptions that match several stacks of a typed command.
    pub(super) fn refuse_ambiguous_exceptions(&self, stacks: &[StackId]) -> Vec<Blocked> {
        let blocks = self.allowed.resolve_for_stacks(stacks);
        blocks.into_iter().map(|block| Blocked { stack: None, block }).collect()
    }

    /// Returns the reasons why a change without a plan must not be made now.
    pub(super) fn judge_without_plan(&self, context: &Context) -> Vec<Blocked> {
        let tree = self.ask_git(context);
        let facts = ExternalFacts { now: context.clock.now(), tree: tree.as_ref() };
        let blocks = judge_external(self.rules(), facts, &self.allowed);
        blocks.into_iter().map(|block| Blocked { stack: None, block }).collect()
    }

    /// Returns the reasons why a typed command must not run in a stack, as far as they are known
    /// before its engine is asked.
    pub(super) fn judge_typed(&self, stack: &StackId, typed: &Intent) -> Vec<Blocked> {
        of_stack(stack, refuse_typed_command(stack, typed, self.rules(), &self.allowed))
    }

    /// Returns true if a guard depends on the resources that a state loses.
    pub(super) fn judges_losses(&self) -> bool {
        self.guards.have_loss_rules()
    }

    /// Returns the reasons why the state of a stack must not lose these resources, which count for
    /// the limits of the command.
    pub(super) fn judge_lost(&mut self, stack: &StackId, lost: &[ResourceAddress]) -> Vec<Blocked> {
        let (blocks, tally) = refuse_removals(stack, lost, self.rules(), self.tally, &self.allowed);
        self.tally = tally;
        of_stack(stack, blocks)
    }

    /// Returns the addresses whose loss no `--allow` names, if a guard counts losses.
    pub(super) fn without_exception(&self, stack: &StackId, addresses: &[String]) -> Vec<String> {
        if self.guards.have_loss_limits() {
            addresses_without_exception(stack, addresses, &self.allowed)
        } else {
            Vec::new()
        }
    }

    /// Returns the guards that refuse a review because of the time that has passed since it was judged.
    pub(super) fn refusals_by_time(&self, review: &Review, now: Timestamp) -> Vec<Blocked> {
        judge_time(review, self.rules(), now, &self.allowed)
    }

    /// Returns the counts for limits before a review: of this run, and of the runs that it resumes.
    fn tally_before(&self, review: &Review) -> Tally {
        if self.guards.max_deletes.is_none() && self.guards.max_changes.is_none() {
            return self.tally;
        }
        let earlier = self.earlier.tally(review, &self.guards, self.uncounted_exceptions());
        Tally { deletes: self.tally.deletes + earlier.deletes, changes: self.tally.changes + earlier.changes }
    }

    /// Returns the exceptions whose losses the count of deletes leaves out; no exceptions if the environment has no
    /// `max_deletes`.
    fn uncounted_exceptions(&self) -> &Allowances {
        if self.guards.max_deletes.is_some() { &self.allowed } else { &self.no_exceptions }
    }

    /// Adds the changes of a confirmed review to the counts for the limits of the run.
    pub(crate) fn count_confirmed(&mut self, review: &Review) {
        if self.guards.max_deletes.is_some() || self.guards.max_changes.is_some() {
            self.tally =
                self.tally_before(review).with_review(review, &self.guards, self.uncounted_exceptions());
            self.earlier.drop_confirmed(review);
        }
    }

    /// Returns the losses of a later round's review that no confirmed review has shown and no
    /// `--allow delete:` names, one per line.
    pub(super) fn unseen_losses(&self, review: &Review, shown: &BTreeSet<ShownLoss>) -> Vec<String> {
        let unseen = unseen_losses(review, &self.guards, shown, &self.allowed);
        unseen.iter().map(ToString::to_string).collect()
    }

    /// Returns the losses that a review shows.
    pub(super) fn shown_losses(&self, review: &Review) -> BTreeSet<ShownLoss> {
        shown_losses(review, &self.guards)
    }

    /// Returns the exceptions that a command which continues the run has to repeat.
    pub(super) fn exceptions(&self) -> Vec<GuardException> {
        self.allowed.resolved_exceptions()
    }

    /// Returns the record that is stored with a decision of the gate.
    pub(super) fn record(&self, context: &Context, digest: Option<String>) -> GateRecord {
        GateRecord {
            user: actor::user(context),
            host: actor::host(),
            identity: self.acting.clone(),
            digest,
            allowed: self.allowed.used_exceptions(),
            acked: self.checklist.acked().to_vec(),
        }
    }

    /// Returns the refusal for the guards' findings, without the next command, which the caller adds.
    pub(crate) fn refusal(&self, blocked: &[Blocked]) -> Refusal {
        let mut guards: Vec<&Guard> = Vec::new();
        for found in blocked {
            if !guards.contains(&&found.block.guard) {
                guards.push(&found.block.guard);
            }
        }
        let names: Vec<String> = guards.into_iter().map(|guard| format!("`{guard}`")).collect();
        let verb = if names.len() == 1 { "refuses" } else { "refuse" };
        let lines: Vec<String> = blocked.iter().map(refusal_line).collect();
        Refusal {
            summary: format!("{} {verb} this in `{}`", names.join(", "), self.environment),
            detail: lines.join("\n"),
            hint: None,
            next: None,
        }
    }

    /// Warns about exceptions that had no effect. `accepted` are the instances whose states an exception accepted; `None`
    /// before the states were checked.
    pub(crate) fn warn_unused_exceptions(&self, context: &Context, accepted: Option<&[InstanceId]>) {
        let is_idle = |allow: &GuardException| match allow {
            GuardException::Lineage(wanted) => {
                !self.foreign_exceptions.contains(&allow.to_string())
                    && accepted.is_some_and(|accepted| !accepted.contains(wanted))
            }
            _ => true,
        };
        for allow in self.allowed.unused_exceptions(is_idle) {
            context.printer.warn(format_args!("`--allow {}` had nothing to do", shell_word(&allow)));
        }
        for allow in &self.foreign_exceptions {
            let allow = shell_word(allow);
            context.printer.warn(format_args!("`--allow {allow}` had nothing to do: it is not in this run"));
        }
    }
}

fn of_stack(stack: &StackId, blocks: Vec<Block>) -> Vec<Blocked> {
    blocks.into_iter().map(|block| Blocked { stack: Some(stack.clone()), block }).collect()
}

/// Returns a line about one refusal.
fn refusal_line(found: &Blocked) -> String {
    let stack = found.stack.as_ref().map_or(String::new(), |stack| format!(" {stack}"));
    let Block { guard, message, .. } = &found.block;
    format!("{guard}{stack}: {message}")
}

/// Returns the `--allow` flags that lift all refusals; `None` if one of them has no exception.
pub(super) fn allow_flags(blocked: &[Blocked]) -> Option<Vec<String>> {
    let mut flags: Vec<String> = Vec::new();
    for found in blocked {
        let allow = found.block.allow.as_ref()?;
        let flag = format!("--allow {}", shell_word(allow));
        if !flags.contains(&flag) {
            flags.push(flag);
        }
    }
    Some(flags)
}
