//! Which stacks a verb takes: names, globs and tags, and where only changed ones are asked for what git says.

use std::{sync::Arc, thread};

use super::{Context, Stopped};
use crate::{
    config::Config,
    graph::{Selected, Selection},
    inventory::{
        Inventory,
        changes::{Changes, NoChanges},
    },
    model::ExitStatus,
    process::Runner,
};

/// What git is asked while everything else is loaded.
pub(super) struct Asked {
    asked: Option<thread::JoinHandle<Result<Changes, NoChanges>>>,
    known: Option<Changes>,
}

impl Asked {
    /// The answer, said once and kept; none where nobody asked.
    fn answer(&mut self, context: &Context) -> anyhow::Result<Option<&Changes>> {
        if let Some(asked) = self.asked.take() {
            let answer = asked.join().map_err(|_| Stopped::defect("the thread that asks git ended"))?;
            let changes = answer.map_err(|error| stopped(&error))?;
            tell(context, &changes);
            self.known = Some(changes);
        }
        Ok(self.known.as_ref())
    }
}

impl Context {
    /// Begins to ask git what has changed, where a selection wants to know.
    pub(super) fn ask_changes(&self, config: &Config, selection: &Selection, runner: &Arc<Runner>) -> Asked {
        let asked = selection.changed.clone().map(|since| {
            let (runner, root, env) = (Arc::clone(runner), config.root().to_owned(), self.env.clone());
            thread::spawn(move || Changes::read(&runner, &root, &env, &since))
        });
        Asked { asked, known: None }
    }

    /// The stacks that are asked for, needs first, each with why it is in.
    pub(super) fn select(
        &self,
        config: &Config,
        inventory: &Inventory,
        selection: &Selection,
        asked: &mut Asked,
    ) -> anyhow::Result<Vec<Selected>> {
        let changes = asked.answer(self)?;
        let touched = changes.map(|changes| changes.touched(inventory, config));
        Ok(inventory.graph().select(selection, touched.as_ref())?)
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

fn stopped(error: &NoChanges) -> anyhow::Error {
    let stopped = Stopped { status: ExitStatus::Usage, message: error.to_string(), hints: Vec::new() };
    match error.hint() {
        Some(hint) => stopped.hint(hint).into(),
        None => stopped.into(),
    }
}
