//! Which stacks a verb takes: names, globs and tags, and where only changed ones are asked for what git says.

use std::{sync::Arc, thread};

use super::{Context, Stopped, Usage};
use crate::{
    config::{Config, Environment},
    graph::{Selected, Selection},
    inventory::{
        Inventory,
        changes::{Changes, Gone, NoChanges},
    },
    model::{EnvName, ExitStatus},
    process::Runner,
    ui::shell_word,
};

/// What git is asked while everything else is loaded.
pub(super) struct Asked {
    selection: Selection,
    answer: Option<thread::JoinHandle<Result<Changes, NoChanges>>>,
    known: Option<Changes>,
}

impl Asked {
    /// The answer, said once and kept; none where nobody asked.
    fn answer(&mut self, context: &Context) -> anyhow::Result<Option<&Changes>> {
        if let Some(answer) = self.answer.take() {
            let answer = answer.join().map_err(|_| Stopped::defect("the thread that asks git ended"))?;
            let changes = answer.map_err(|error| stopped(&error))?;
            tell(context, &changes);
            self.known = Some(changes);
        }
        Ok(self.known.as_ref())
    }
}

impl Context {
    /// Begins to ask git what has changed, where a selection wants to know: before environments.toml is read, since both
    /// take their time.
    pub(super) fn ask_changes(&self, selection: &Selection, runner: &Arc<Runner>) -> Result<Asked, Usage> {
        let file = self.config_file()?;
        let answer = selection.changed.clone().map(|since| {
            let (runner, env) = (Arc::clone(runner), self.env.clone());
            thread::spawn(move || Changes::read(&runner, &file, &env, &since))
        });
        Ok(Asked { selection: selection.clone(), answer, known: None })
    }

    /// The stacks that are asked for, needs first, each with why it is in; and those that are gone, which is said.
    pub(super) fn select(
        &self,
        (config, environment): (&Config, &Environment),
        inventory: &Inventory,
        asked: &mut Asked,
    ) -> anyhow::Result<(Vec<Selected>, Vec<Gone>)> {
        let selection = asked.selection.clone();
        let Some(changes) = asked.answer(self)? else {
            return Ok((inventory.graph().select(&selection, None)?, Vec::new()));
        };
        let outcome = changes.outcome(inventory, (config, environment), &self.overrides);
        let selected = inventory.graph().select(&selection, Some(&outcome.touched))?;
        for gone in &outcome.gone {
            tell_gone(self, changes, &environment.name, gone);
        }
        Ok((selected, outcome.gone))
    }
}

/// Says what is compared with what.
fn tell(context: &Context, changes: &Changes) {
    let base = &changes.base;
    if base.is_head && !base.named {
        let shown = base.shown();
        context.printer.note(format_args!(
            "HEAD has nothing that {shown} has not: only what is not committed counts as changed"
        ));
        context.printer.hint("`--changed=HEAD~1` compares with the commit before");
    } else {
        context.printer.note(format_args!("changed is what is not as where HEAD left {}", base.shown()));
    }
}

/// Says that a stack is gone, and what to do about what it made.
fn tell_gone(context: &Context, changes: &Changes, environment: &EnvName, gone: &Gone) {
    let (stack, base) = (&gone.stack, &changes.base);
    context.printer.warn(format_args!(
        "stack `{stack}` (`{}`) of `{environment}` is gone since HEAD left {}; what it made is not",
        gone.path,
        base.shown()
    ));
    let tree = shell_word(&changes.beside());
    context.printer.hint(format_args!(
        "to destroy it: `git worktree add {tree} {}`, and in there `envctl destroy {environment} {}`",
        base.short(),
        shell_word(stack.as_str())
    ));
}

fn stopped(error: &NoChanges) -> anyhow::Error {
    let stopped = Stopped { status: ExitStatus::Usage, message: error.to_string(), hints: Vec::new() };
    match error.hint() {
        Some(hint) => stopped.hint(hint).into(),
        None => stopped.into(),
    }
}
