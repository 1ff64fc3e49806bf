//! Gate of a typed command that may change a state: guards, checklist and confirmation in one step.

use super::{exec_guard::ExecVerdict, prepared::PreparedInstances, request::ExecRequest};
use crate::{
    config::{Config, Environment, EnvironmentScope},
    engine::{GivenFlags, StateMove, UNKNOWN_ADDRESS, flag_beyond_reading, intent_of},
    executor::{Answer, Prompt, PromptResult, Refusal},
    model::{Blocked, Guard, StackId},
    run::{
        Context, Stopped,
        environment_guards::{EnvironmentGuards, allow_flags},
        preflight::{
            allowed_names::check_allowed_names,
            checklist::{ChecklistResult, check_acks},
        },
        project::ValidatedInventory,
    },
    ui::shell_word,
};

/// Typed command at its gate.
pub(crate) struct ExecGate<'a> {
    /// Environment of the verb.
    pub(crate) context: &'a Context,
    /// Environment of the stacks.
    pub(crate) environment: &'a Environment,
    /// Arguments of `envctl exec`.
    pub(crate) request: &'a ExecRequest,
    /// Stacks of the command, in order.
    pub(crate) stacks: &'a [StackId],
    /// Flags that a suggested command repeats, without hidden values.
    pub(crate) given_flags: GivenFlags,
}

impl ExecGate<'_> {
    /// Passes the gate, or refuses with everything that is missing. There is no review, so no digest can confirm it.
    pub(crate) fn pass(
        &self,
        config: &Config,
        validated: &ValidatedInventory,
        prepared: &PreparedInstances,
    ) -> anyhow::Result<EnvironmentGuards> {
        let Self { context, environment, request, stacks, .. } = self;
        let ValidatedInventory { inventory, modules } = validated;
        check_acks(environment, &request.acks)?;
        check_allowed_names(EnvironmentScope { config, environment }, inventory, &request.allow)?;
        let instances: Vec<_> = inventory.instances().filter(|i| stacks.contains(&i.id.stack)).collect();
        let mut guarded = EnvironmentGuards::new(
            config,
            environment,
            &instances,
            modules,
            &prepared.runner,
            &request.allow,
        );
        let typed = intent_of(&request.args);
        let mut blocked = guarded.judge_without_plan(context);
        blocked.extend(guarded.refuse_ambiguous_exceptions(stacks));
        blocked.extend(stacks.iter().flat_map(|stack| guarded.judge_typed(stack, &typed)));
        let moves = prepared.state_moves(stacks, &request.args)?;
        if let Some(refusal) = self.incomplete_answers(&guarded, &blocked, &moves) {
            return Err(self.refusal_error(&guarded, &refusal, &ExecVerdict { blocked, run: None }).into());
        }
        let interactive = context.terminal.interactive;
        let checked = guarded.checklist.confirm_items(interactive, &request.acks, |ask| {
            Ok(context.interrupts.ask(ask, &context.prompter))
        })?;
        match checked {
            ChecklistResult::Refused(refusal) => {
                return Err(self.refusal_error(&guarded, &refusal, &ExecVerdict::default()).into());
            }
            ChecklistResult::Interrupted(signal) => return Err(Stopped::interrupted(Some(signal)).into()),
            ChecklistResult::Confirmed => {}
        }
        if self.is_confirmed() || self.ask(&moves)? {
            Ok(guarded)
        } else {
            Err(self
                .refusal_error(&guarded, &self.unconfirmed_refusal(&moves), &ExecVerdict::default())
                .into())
        }
    }

    /// Returns the refusal for the guards' findings in one stack, after its engine and files were checked.
    pub(crate) fn refusal(&self, guarded: &EnvironmentGuards, found: &ExecVerdict) -> Stopped {
        guarded.warn_unused_exceptions(self.context, None);
        self.refusal_error(guarded, &guarded.refusal(&found.blocked), found)
    }

    /// Returns one refusal for all missing answers that no prompt can get: blocks of guards, and without a terminal the
    /// checklist and the confirmation.
    fn incomplete_answers(
        &self,
        guarded: &EnvironmentGuards,
        blocked: &[Blocked],
        moves: &[StateMove],
    ) -> Option<Refusal> {
        let nobody_to_ask = !self.context.terminal.interactive;
        let guards = (!blocked.is_empty()).then(|| {
            guarded.warn_unused_exceptions(self.context, None);
            guarded.refusal(blocked)
        });
        // A refusal without an exception is final: no answer changes it.
        let wants_answers = nobody_to_ask && allow_flags(blocked).is_some();
        let checklist =
            guarded.checklist.refusal_of_unconfirmed(&self.request.acks).filter(|_| wants_answers);
        let unconfirmed = (wants_answers && !self.is_confirmed()).then(|| self.unconfirmed_refusal(moves));
        let reasons = [guards, checklist, unconfirmed].into_iter().flatten();
        reasons.reduce(|refusal, other| refusal.and(&other))
    }

    /// Returns a refusal as the error of the verb, with the complete command that answers it.
    fn refusal_error(&self, guarded: &EnvironmentGuards, refusal: &Refusal, found: &ExecVerdict) -> Stopped {
        let message = format!("{}\n{}", refusal.summary, refusal.indented());
        let mut stopped = Stopped::refused(message.trim_end());
        if let Some(flags) = allow_flags(&found.blocked) {
            let meant = if flags.is_empty() { "" } else { "if this is intended: " };
            stopped = stopped.hint(format!("{meant}`{}`", self.command(guarded, flags)));
        }
        let line =
            |verb: &str| self.given_flags.command_with_values(&format!("{verb} {}", self.environment.name));
        let by = |guard: Guard| found.blocked.iter().any(|found| found.block.guard == guard);
        if by(Guard::Plan) {
            let (deploy, destroy) = (line("deploy"), line("destroy"));
            stopped = stopped.hint(format!("`{deploy}` and `{destroy}` make a plan"));
        }
        if let Some(run) = &found.run {
            stopped = stopped.hint(format!("`{}`", self.given_flags.command(&format!("apply {run}"))));
        } else if by(Guard::PlanFile) {
            let (plan, apply) = (line("plan"), self.given_flags.command("apply RUN"));
            stopped = stopped.hint(format!("`{plan}` and `{apply}`"));
        }
        stopped
    }

    /// Returns the command line to type again: with these flags and every answer that the gate needs.
    fn command(&self, guarded: &EnvironmentGuards, allow_flags: Vec<String>) -> String {
        let Self { context, environment, request, .. } = self;
        let given = request.allow.iter().map(|allow| format!("--allow {}", shell_word(&allow.to_string())));
        let acks = request.acks.iter().map(|id| format!("--ack {}", shell_word(id)));
        let workspace = context.overrides.create_workspace.map(|_| "--create-workspace".to_owned());
        let confirm = match (request.confirm, request.yes && !environment.confirm, environment.confirm) {
            (true, ..) | (_, _, true) => "--confirm",
            (_, true, _) | (_, _, false) => "--yes",
        };
        let exec = format!("exec {} {}", environment.name, request.stack_words());
        let words = std::iter::once(self.given_flags.command(&exec))
            .chain(given)
            .chain(allow_flags)
            .chain(acks)
            .chain(guarded.checklist.ack_flags(&request.acks))
            .chain(workspace)
            .chain(self.given_flags.values(false))
            .chain([confirm.to_owned(), "--".to_owned(), request.engine_command_line()]);
        words.collect::<Vec<_>>().join(" ")
    }

    /// Returns true if a flag confirms the command.
    fn is_confirmed(&self) -> bool {
        self.request.confirm || (self.request.yes && !self.environment.confirm)
    }

    /// Shows the states that move, and asks the user for the confirmation.
    fn ask(&self, moves: &[StateMove]) -> anyhow::Result<bool> {
        for line in moves.iter().flat_map(state_move_lines) {
            self.context.printer.say_always(line);
        }
        let name = self.environment.name.to_string();
        let what = self.command_text();
        let ask = if self.environment.confirm {
            Prompt::TypeName { question: format!("{what}. Type `{name}` to run it"), name: name.clone() }
        } else {
            Prompt::YesNo { question: format!("{what}. Run it?") }
        };
        match self.context.interrupts.ask(&ask, &self.context.prompter) {
            PromptResult::Answered(Answer::Yes) => Ok(true),
            PromptResult::Answered(Answer::Typed(typed)) => Ok(typed == name),
            PromptResult::Answered(Answer::No) => Ok(false),
            PromptResult::Failed(error) => Err(error.into()),
            PromptResult::Interrupted(signal) => Err(Stopped::interrupted(Some(signal)).into()),
        }
    }

    fn unconfirmed_refusal(&self, moves: &[StateMove]) -> Refusal {
        let mut detail: Vec<String> = moves.iter().flat_map(state_move_lines).collect();
        if let Some(flag) = flag_beyond_reading(&self.request.args) {
            let name = flag.to_string_lossy();
            let name = name.split('=').next().unwrap_or_default();
            detail.push(format!("`{name}` may write a file or reach another stack"));
        }
        let summary = format!("{} and was not confirmed", self.command_text());
        Refusal { summary, detail: detail.join("\n"), hint: None, next: None }
    }

    /// Returns a text with the command, its stacks and its environment: `` `state rm a.b` may change `app` in `staging` ``.
    fn command_text(&self) -> String {
        let names: Vec<String> = self.stacks.iter().map(|stack| format!("`{stack}`")).collect();
        format!(
            "`{}` may change {} in `{}`",
            self.request.engine_command_line(),
            names.join(", "),
            self.environment.name
        )
    }
}

/// Returns lines with the old and new address of a state that a typed `init` moves or leaves, and the backup folder.
fn state_move_lines(state: &StateMove) -> Vec<String> {
    let StateMove { stack, from, to, backup } = state;
    let to = to.as_deref().unwrap_or(UNKNOWN_ADDRESS);
    match backup {
        Some(folder) => vec![
            format!("`{stack}` moves its state:"),
            format!("  from    {from}"),
            format!("  to      {to}"),
            format!("  backup  {folder}/"),
        ],
        None => vec![
            format!("`{stack}` takes another state and copies nothing:"),
            format!("  from    {from} (stays there)"),
            format!("  to      {to}"),
        ],
    }
}
