//! `envctl apply`: applies the stored plans of an earlier run, if none of their inputs changed since.

use crate::{
    engine::PlanMode,
    journal::{RunStore, StoreError, StoredRun},
    model::{ExitStatus, RunResult, RunVerb},
    run::{
        Confirm, Context, RunRequest, Stopped, Usage,
        request::RunMode,
        rounds::{self, PriorResults},
        stored_plans::{StoredPlans, read_stored_plans, request_of_stored_run},
    },
};

/// Arguments of `envctl apply`.
#[derive(Debug, Clone)]
pub struct ApplyRequest {
    /// Id of a run, the beginning of an id, or `last`.
    pub run: String,
    /// Options of the run; environment, stacks, targets and replacements are those of the stored run.
    pub options: RunRequest,
    /// Answer to the gate from flags.
    pub confirm: Confirm,
}

/// Runs `envctl apply`.
pub fn run(context: &Context, request: &ApplyRequest) -> anyhow::Result<ExitStatus> {
    if let Some((path, _)) = context.overrides.sets.first() {
        let message = format!(
            "`--set {path}=…` is not for `apply`: a stored plan has the values that it was made with"
        );
        return Err(Usage::Other(message).into());
    }
    let root = context.config_file()?.parent().map_or_else(|| context.dir.clone(), ToOwned::to_owned);
    let store = RunStore::new(&root);
    let found = match request.run.as_str() {
        "last" => newest_run_with_plans(context, &store)?,
        named => store.find(named).map_err(|error| explain_environment_name(context, named, error))?,
    };
    let StoredPlans { stored_request, stacks } =
        read_stored_plans(context, &request.options, &store, &found)?;
    let options =
        RunRequest { stored: Some(found.id), ..request_of_stored_run(&stored_request, &request.options) };
    let run_mode = RunMode {
        verb: RunVerb::Apply,
        mode: if stored_request.destroy { PlanMode::Destroy } else { PlanMode::Normal },
    };
    let context = context.with_values(stored_request.vars, stored_request.sets);
    rounds::run_with_prior_results(
        &context,
        &options,
        &request.confirm,
        run_mode,
        PriorResults { stacks, ..PriorResults::default() },
    )
}

/// Returns the error for a word that names no run: if it is an environment, the hint says what to type for one.
fn explain_environment_name(context: &Context, word: &str, error: StoreError) -> anyhow::Error {
    // An error of environments.toml is not what the user asks about here.
    let Ok(config) = context.config() else { return error.into() };
    if config.environment(word).is_err() {
        return error.into();
    }
    let flags = context.given_flags();
    let (deploy, apply) = (flags.command(&format!("deploy {word}")), flags.command("apply last"));
    let hint = format!(
        "`{word}` is an environment: `{deploy}` plans and applies, `{apply}` applies the plans of the newest run"
    );
    Stopped { status: ExitStatus::Usage, message: error.to_string(), hints: vec![hint] }.into()
}

/// Returns the newest run that made plans. An `apply` that was refused at its gate made none and is skipped. A run without
/// changes is not skipped: the user never means an older run, perhaps of another environment.
fn newest_run_with_plans(context: &Context, store: &RunStore) -> anyhow::Result<StoredRun> {
    for run in store.list()? {
        let report = run.report()?;
        if report.command != RunVerb::Apply || report.result != Some(RunResult::Refused) {
            return Ok(run);
        }
    }
    let plan = context.given_flags().command("plan ENV");
    Err(Stopped::refused("no run has made any plans").hint(format!("`{plan}` makes some")).into())
}
