//! Run that has started: its plans, its rounds and the position of its reviews.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Context, RunRequest, environment_guards::EnvironmentGuards, environment_lock::EnvironmentLock,
    gate_answers::GateAnswers, next_commands::NextCommands, request::RunMode, revision_query::RevisionQuery,
    upstream_flags::OutsideVariables,
};
use crate::{
    engine::{GivenFlags, PlanMode},
    event::{EventKind, Revision},
    executor::{Answer, Deployment, GateRound, Prompt, PromptResult},
    model::{ChangedSince, EnvName, Outcome, RunId, RunVerb, StackId},
    plans::{Review, guards::MissingUpstreams},
    process::Runner,
};

/// Run that has started.
pub(crate) struct Run {
    /// Stacks and steps of the run.
    pub(crate) deployment: Deployment,
    /// Id of the run.
    pub(crate) id: RunId,
    /// Environment of the run.
    pub(crate) environment: EnvName,
    /// True if the environment has `confirm = true`.
    pub(super) needs_confirmation: bool,
    /// Guards of the environment.
    pub(crate) guards: EnvironmentGuards,
    /// Verb of the run.
    pub(crate) verb: RunVerb,
    /// Commands for hints about the next step.
    pub(crate) next_commands: NextCommands,
    /// Flags that suggested commands repeat, without hidden values.
    pub(super) given_flags: GivenFlags,
    /// Variables that the stacks outside of the run declare: a suggested command for these stacks sets no others.
    pub(super) outside_variables: OutsideVariables,
    /// Git revision that the run starts from.
    pub(crate) revision_query: RevisionQuery,
    /// Mode of the plans.
    pub(crate) mode: PlanMode,
    /// True if estimated durations are printed (`--eta`).
    pub(crate) eta: bool,
    /// Base of the comparison with `--changed`.
    pub(crate) changed_since: Option<ChangedSince>,
    /// Stacks outside of the run that its stacks depend on.
    pub(super) missing_upstreams: MissingUpstreams,
    /// Runner of programs; its redactor knows the secrets of the stacks.
    pub(crate) runner: Arc<Runner>,
    /// Stacks for which envctl asks the user before it creates a missing workspace.
    pub(super) stacks_asking_for_workspace: Vec<StackId>,
    /// Lock of the environment, held until the run is closed.
    pub(super) _lock: Option<EnvironmentLock>,
}

impl Run {
    /// Plans every stack; prompts about missing workspaces in an interactive terminal.
    pub(crate) fn plan_all(&mut self, context: &Context) -> anyhow::Result<()> {
        let stacks = self.deployment.stacks();
        self.say_eta(context, &stacks)?;
        let planned = self.deployment.plan(&stacks);
        self.record_revision()?;
        planned?;
        let missing: Vec<StackId> = self
            .deployment
            .stacks_without_workspace()
            .into_iter()
            .filter(|s| self.stacks_asking_for_workspace.contains(s))
            .collect();
        if missing.is_empty() || !context.terminal.interactive {
            self.hint_missing_workspaces(context);
            return Ok(());
        }
        let question = self.workspace_question(&missing);
        let asked = self.deployment.dispatcher().ask(&Prompt::YesNo { question }, &context.prompter)?;
        if matches!(asked, PromptResult::Answered(Answer::Yes)) {
            self.deployment.plan_with_workspaces(&missing)?;
        }
        self.hint_missing_workspaces(context);
        Ok(())
    }

    /// Returns the question whether to create the workspaces of these stacks.
    fn workspace_question(&mut self, stacks: &[StackId]) -> String {
        let report = self.deployment.dispatcher().report();
        let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for stack in report.iter().flat_map(|report| &report.stacks).filter(|s| stacks.contains(&s.stack)) {
            let workspace = stack.workspace.clone().unwrap_or_default();
            wanted.entry(workspace).or_default().push(format!("`{}`", stack.stack));
        }
        let one = |(workspace, stacks): (String, Vec<String>)| {
            let noun = if stacks.len() == 1 { "stack" } else { "stacks" };
            format!("workspace `{workspace}` for {noun} {}", stacks.join(", "))
        };
        format!("Create {}?", wanted.into_iter().map(one).collect::<Vec<_>>().join(" and "))
    }

    /// Waits for git's answer, and records it in the journal.
    pub(super) fn record_revision(&mut self) -> anyhow::Result<()> {
        let unknown = RevisionQuery::Answered(Revision::default());
        let RevisionQuery::Asked(answer) = std::mem::replace(&mut self.revision_query, unknown) else {
            return Ok(());
        };
        let revision = answer.join().unwrap_or_default();
        self.revision_query = RevisionQuery::Answered(revision.clone());
        Ok(self.deployment.dispatcher().emit(EventKind::WorkingTree(revision))?)
    }

    /// Returns the stacks that this run has applied so far.
    pub(crate) fn applied_stacks(&mut self) -> BTreeSet<StackId> {
        let outcomes = self.deployment.dispatcher().outcomes().iter();
        let applied = outcomes.filter(|(_, outcome)| matches!(outcome, Outcome::Applied(_)));
        applied.map(|(stack, _)| stack.clone()).collect()
    }

    /// Returns the position of a review among those of the run, with the losses that no earlier review has shown.
    pub(super) fn gate_round(&mut self, answers: &GateAnswers, review: &Review) -> GateRound {
        let unseen = if answers.is_any_confirmed() && answers.confirm_rounds() {
            self.guards.unseen_losses(review, answers.losses_shown())
        } else {
            Vec::new()
        };
        let leaves_others = self.deployment.dispatcher().outcomes().values().any(|outcome| {
            outcome.is_left_undone()
                || matches!(outcome, Outcome::Failed(_) | Outcome::Refused(_) | Outcome::Interrupted)
        });
        GateRound {
            leaves_others,
            number: answers.round(),
            is_later: answers.is_any_confirmed(),
            confirm_rounds: answers.confirm_rounds(),
            unseen,
            applied: self.applied_stacks().iter().map(ToString::to_string).collect(),
        }
    }

    /// Returns the command that leads back to this review: the current command line, or after a confirmed round the
    /// `runs resume` command of the run.
    pub(super) fn invocation(
        &self,
        request: &RunRequest,
        answers: &GateAnswers,
        run_mode: RunMode,
    ) -> String {
        let mut request = request.clone();
        if answers.is_any_confirmed() {
            let answered = self.guards.checklist.acked().iter().filter(|id| !request.acks.contains(id));
            request.acks = request.acks.iter().chain(answered).cloned().collect();
            request.resumes = Some(self.id.clone());
            request.allow = self.guards.exceptions();
        }
        let line = request.command_line(run_mode.verb, &self.environment, &self.given_flags);
        if answers.confirm_rounds() { format!("{line} --confirm-rounds") } else { line }
    }

    /// Returns the stacks of another round: those whose new plan exceeds the confirmed one, or deferred stacks
    /// that can be planned now.
    pub(super) fn stacks_of_next_round(&mut self, context: &Context, number: u32) -> Vec<StackId> {
        let is_interrupted = self.deployment.dispatcher().first_signal().is_some();
        let (stacks, why) = if self.deployment.has_plan_beyond_confirmed() && !is_interrupted {
            let why = format!("Some plans now change more than you confirmed. Review them (round {number}):");
            (self.deployment.stacks_needing_confirmation(), why)
        } else {
            (self.deployment.plannable_stacks(), format!("Planning deferred stacks (round {number})"))
        };
        if !stacks.is_empty() {
            context.printer.say(why);
            if number == 2 {
                context.printer.note(
                    "a round plans the stacks that are ready, and applies them after a review of its own",
                );
            }
        }
        stacks
    }
}
