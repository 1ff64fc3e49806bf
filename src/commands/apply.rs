//! `envctl apply`: apply the plans that an earlier run stored, if everything is still as it was when they were made.

use super::{
    Confirm, Context, RunRequest, Stopped, Usage,
    opening::Wish,
    rollout::{self, TakenOver},
    stored::{Stored, stored},
};
use crate::{
    engine::PlanMode,
    graph::Selection,
    journal::{RunStore, StoredRun},
    model::{ExitStatus, RunResult},
};

/// The verb's name.
const VERB: &str = "apply";

/// What to apply.
#[derive(Debug, Clone)]
pub struct Request {
    /// Id of a run, the beginning of one, or `last`.
    pub run: String,
    /// How to run it; environment, stacks, targets and replacements are those of the stored run.
    pub how: RunRequest,
    /// The answer to the gate, given in advance.
    pub confirm: Confirm,
}

/// Applies.
pub fn run(context: &Context, request: &Request) -> anyhow::Result<ExitStatus> {
    if let Some((path, _)) = context.overrides.sets.first() {
        let message = format!(
            "`--set {path}=…` is not for `apply`: a stored plan has the values that it was made with"
        );
        return Err(Usage::Other(message).into());
    }
    let root = context.config_file()?.parent().map_or_else(|| context.dir.clone(), ToOwned::to_owned);
    let store = RunStore::new(&root);
    let found = match request.run.as_str() {
        "last" => newest_that_planned(&store)?,
        named => store.find(named)?,
    };
    let Stored { asked, stacks } = stored(&store, &found)?;
    let how = RunRequest {
        environment: Some(asked.environment.to_string()),
        selection: Selection {
            patterns: asked.stacks.iter().map(ToString::to_string).collect(),
            ..Selection::default()
        },
        targets: asked.targets,
        excludes: asked.excludes,
        replace: asked.replace,
        stored: Some(found.id),
        ..request.how.clone()
    };
    let wish = Wish { command: VERB, mode: if asked.destroy { PlanMode::Destroy } else { PlanMode::Normal } };
    let context = context.with_values(asked.vars, asked.sets);
    rollout::run_adopting(
        &context,
        &how,
        &request.confirm,
        wish,
        TakenOver { stacks, ..TakenOver::default() },
    )
}

/// The newest run that made plans: one that was refused its gate has none of its own, and hides none. A run without anything
/// to apply is not passed over: an older one, perhaps of another environment, is never meant.
fn newest_that_planned(store: &RunStore) -> anyhow::Result<StoredRun> {
    for run in store.list()? {
        let report = run.report()?;
        if report.command != VERB || report.result != Some(RunResult::Refused) {
            return Ok(run);
        }
    }
    Err(Stopped::refused("no run has made any plans").hint("`envctl plan ENV` makes some").into())
}
