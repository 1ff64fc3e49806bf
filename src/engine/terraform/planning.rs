//! One plan: the JSON stream while it runs, the plan file afterwards, and `show` if there are changes.

use camino::Utf8Path;

use super::backend_check::{current_backend, planned_backend, refused_claim};
use crate::{
    engine::{
        EngineError, PlanFacts, PlanRequest, Planned, Session, StateIdentity, Target,
        driver::{Driver, Invocation},
        messages::{
            exit_error::{command_error, stream_error},
            failure::{init_needed, warnings},
        },
        plan_file::{
            metadata::{PlanFileError, PlanVerdict, plan_facts, plan_verdict},
            plan_json::{self, PlanJson},
        },
        process::call::{StreamResult, capture, stream},
        recovery,
        state::{
            claims::claim_backend,
            lineage::{self, KnownState},
        },
    },
    files,
    model::{EngineName, Failure, FailureKind},
    process::{CommandLine, Exit},
    ui::visible,
};

/// Result of an attempt to plan.
pub(in crate::engine) enum PlanAttempt {
    /// Plan that the engine finished.
    Planned(Box<Planned>),
    /// Failure of a plan that needs an `init` first.
    InitNeeded(Failure),
}

/// Makes a plan, in a file that only its owner may read.
pub(in crate::engine) fn plan(
    invocation: Invocation<'_>,
    request: &PlanRequest,
) -> Result<PlanAttempt, EngineError> {
    let Invocation { driver, target, .. } = invocation;
    recovery::refuse_to_plan(target, request.accept_lineage).map_err(EngineError::Failed)?;
    driver.check_backend(target)?;
    make_private(&request.out).map_err(EngineError::Failed)?;
    let attempt = plan_into(invocation, request);
    if !matches!(attempt, Ok(PlanAttempt::Planned(_))) {
        // The file of a failed plan is useless, and must not be taken for a plan.
        remove_plan_file(request).map_err(EngineError::Failed)?;
    } else if request.accept_lineage {
        recovery::accept_loss(target).map_err(EngineError::Failed)?;
    }
    attempt
}

/// Removes the plan file of an earlier or a failed attempt.
fn remove_plan_file(request: &PlanRequest) -> Result<(), Failure> {
    files::remove_if_there(&request.out).map_err(|error| {
        let summary = format!("cannot remove the unusable plan file `{}`: {error}", request.out);
        Failure::new(FailureKind::Unknown, summary)
    })
}

fn plan_into(invocation: Invocation<'_>, request: &PlanRequest) -> Result<PlanAttempt, EngineError> {
    let Invocation { driver, target, session } = invocation;
    let known_state = KnownState::read(target).map_err(EngineError::Failed)?;
    let streamed = stream(session, target, &driver.plan_command(target, request))?;
    let Exit::Code(exit_code @ (0 | 2)) = streamed.exit else {
        return match stream_error(invocation, &streamed, "plan") {
            EngineError::Failed(failure) if init_needed(&streamed.diagnostics) => {
                Ok(PlanAttempt::InitNeeded(failure))
            }
            error => Err(error),
        };
    };
    let mut notes = check_stream(driver, target, &streamed, exit_code)?;
    let facts = checked_facts(driver, target, request, &mut notes).map_err(EngineError::Failed)?;
    driver.check_backend(target)?;
    let backend = facts.as_ref().map(|facts| planned_backend(driver, target, facts)).transpose()?;
    let narrowing_arguments = narrowed_by_others(facts.as_ref(), request);
    let is_narrowed = request.is_narrowed() || !narrowing_arguments.is_empty();
    let is_clean = exit_code == 0
        && !streamed.has_deferred_changes
        && !has_unreported_changes(driver, request, is_narrowed)?;
    let (PlanJson { changes, planned_digests, outputs, deferred, configurations, .. }, diff) = if is_clean {
        Default::default()
    } else {
        let plan = exact_changes(invocation, request, exit_code, is_narrowed)?;
        (plan, diff(invocation, request)?)
    };
    if !narrowing_arguments.is_empty() {
        let what = narrowing_arguments.join(", ");
        notes.push(format!(
            "incomplete: planned with {what}, by flags of environments.toml or arguments of the unit"
        ));
    }
    notes.extend(deferred.iter().map(|what| format!("incomplete: the engine deferred {what}")));
    let failed = |failure| EngineError::Failed(Failure { engine_exit_code: Some(exit_code), ..failure });
    if let (Some(facts), Some(backend)) = (&facts, &backend) {
        let state = StateIdentity { lineage: facts.lineage.clone(), serial: facts.serial };
        if known_state.is_none() && !state.lineage.is_empty() {
            invocation.check_unit_backend(Some(facts))?;
        }
        lineage::check_and_record(target, backend, &known_state, &state, request.accept_lineage)
            .map_err(failed)?;
    } else if let Some(backend) = current_backend(driver, target).map_err(failed)? {
        // The state of an encrypted plan is known only from the backend in force.
        claim_backend(target, &backend.record, &backend.folder)
            .map_err(|failure| refused_claim(Failure { engine_exit_code: Some(exit_code), ..failure }))?;
    }
    let diff = with_configurations(diff, &configurations, session);
    let tentative = driver.is_tentative(target, &streamed.stderr);
    Ok(PlanAttempt::Planned(Box::new(Planned {
        changes,
        planned_digests,
        outputs,
        facts,
        diff,
        tentative,
        deferred,
        narrowing_arguments,
        dev_overrides: has_dev_overrides(&streamed),
        notes,
        lockfile: None,
        exit_code,
    })))
}

/// Summary of the warning that an engine prints if the providers of a developer replace the locked ones, wherever that is
/// set.
///
/// Measured on OpenTofu 1.12.6 and Terraform 1.11.4: each plan and each init prints it, also as a diagnostic of the JSON
/// stream.
const DEV_OVERRIDES: &str = "Provider development overrides are in effect";

/// Returns true if the engine warned of development overrides.
fn has_dev_overrides(streamed: &StreamResult) -> bool {
    streamed.diagnostics.iter().any(|found| found.summary.contains(DEV_OVERRIDES))
        || streamed.stderr.iter().any(|line| line.contains(DEV_OVERRIDES))
}

/// Checks a stream that exited with 0 or 2 for contradictions; returns notes for the user.
fn check_stream(
    driver: &dyn Driver,
    target: &Target,
    streamed: &StreamResult,
    exit_code: i32,
) -> Result<Vec<String>, EngineError> {
    let warnings = warnings(&streamed.diagnostics, target);
    let program = driver.program_name();
    let distrust =
        |failure: Failure| EngineError::Failed(Failure { engine_exit_code: Some(exit_code), ..failure });
    if let Some(failure) = streamed.implausible_output(program, driver.dialect()) {
        return Err(distrust(failure));
    }
    if let Some(error) = streamed.diagnostics.iter().find(|found| found.is_error()) {
        let summary =
            format!("`{program} plan` ended with status {exit_code} in spite of an error: {}", error.summary);
        return Err(distrust(Failure::new(FailureKind::Engine, summary).with_detail(&*error.detail)));
    }
    if let (0, Some(change)) = (exit_code, &streamed.first_change) {
        let summary =
            format!("`{program} plan` ended with status 0, no changes, and yet would change `{change}`");
        return Err(distrust(Failure::new(FailureKind::Engine, summary)));
    }
    let mut notes = streamed.notes.clone();
    notes.extend(warnings);
    if let Some(version) = &streamed.version {
        notes.extend(driver.check_version(version).map_err(distrust)?);
    }
    Ok(notes)
}

/// Reads the metadata of the plan file; refuses a plan with errors and one of another mode, workspace or backend type.
fn checked_facts(
    driver: &dyn Driver,
    target: &Target,
    request: &PlanRequest,
    notes: &mut Vec<String>,
) -> Result<Option<PlanFacts>, Failure> {
    let facts = match plan_facts(&request.out) {
        Ok(facts) => facts,
        Err(PlanFileError::Opaque { .. }) => {
            notes.push("the plan file is encrypted: what it was made for cannot be checked".to_owned());
            return Ok(None);
        }
        Err(error) => return Err(Failure::new(FailureKind::Engine, error.to_string())),
    };
    let wanted = target.workspace.as_deref().unwrap_or("default");
    let program = driver.program_name();
    if facts.errored {
        let summary = format!("`{program} plan` ended well, and yet its plan file says that planning failed");
        return Err(Failure::new(FailureKind::Engine, summary));
    }
    if facts.mode != request.mode {
        let summary =
            format!("the plan file is for a {:?} plan, not for a {:?} one", facts.mode, request.mode);
        return Err(Failure::new(FailureKind::Engine, summary));
    }
    if facts.workspace != wanted {
        let summary = format!("the plan was made in workspace `{}`, not in `{wanted}`", facts.workspace);
        return Err(Failure::new(FailureKind::State, summary));
    }
    if let Some(backend_type) = &target.backend.backend_type
        && facts.backend_type != *backend_type
    {
        let summary =
            format!("the plan was made on backend `{}`, not on `{backend_type}`", facts.backend_type);
        return Err(Failure::new(FailureKind::State, summary));
    }
    Ok(Some(facts))
}

fn show_command(
    driver: &dyn Driver,
    target: &Target,
    request: &PlanRequest,
    json: bool,
) -> Result<CommandLine, EngineError> {
    driver.show_command(target, &request.out, json).map_err(|error| {
        let summary = format!("cannot tell where the plan of `{}` was made: {error}", target.instance);
        EngineError::Failed(Failure::new(FailureKind::State, summary))
    })
}

/// First version of Terraform whose plans say if they are complete.
const COMPLETE_SINCE: (u64, u64) = (1, 9);

/// Returns true if a plan that exited with 0 changes something, or defers something to a later plan. Deferral is expected of
/// a narrowed plan.
fn has_unreported_changes(
    driver: &dyn Driver,
    request: &PlanRequest,
    is_narrowed: bool,
) -> Result<bool, EngineError> {
    let core = driver.core();
    if core.name != EngineName::Terraform || !core.is_at_least(COMPLETE_SINCE) {
        return Ok(false);
    }
    match plan_verdict(&request.out) {
        Ok(PlanVerdict { applyable, complete }) => Ok(applyable || !(complete || is_narrowed)),
        Err(PlanFileError::Opaque { .. }) => Ok(false),
        Err(error) => Err(EngineError::Failed(Failure::new(FailureKind::Engine, error.to_string()))),
    }
}

/// Returns the `-target` and `-exclude` arguments in a plan file that the user did not type.
fn narrowed_by_others(facts: Option<&PlanFacts>, request: &PlanRequest) -> Vec<String> {
    let Some(facts) = facts.filter(|_| !request.is_narrowed()) else { return Vec::new() };
    let targets = facts.targets.iter().map(|address| format!("`-target={address}`"));
    targets.chain(facts.excludes.iter().map(|address| format!("`-exclude={address}`"))).collect()
}

/// Returns the changes of a plan from `show -json`.
fn exact_changes(
    invocation: Invocation<'_>,
    request: &PlanRequest,
    exit_code: i32,
    is_narrowed: bool,
) -> Result<PlanJson, EngineError> {
    let Invocation { driver, target, session } = invocation;
    let program = driver.program_name();
    let shown = capture(session, &show_command(driver, target, request, true)?)?;
    if !shown.exit.is_success() {
        return Err(command_error(invocation, &shown, "show -json"));
    }
    let failed = |summary: String| EngineError::Failed(Failure::new(FailureKind::Engine, summary));
    let mut plan = plan_json::parse(&shown.stdout, driver.dialect(), request.mode)
        .map_err(|error| failed(format!("`{program} show -json` cannot be understood: {error}")))?;
    if plan.errored {
        return Err(failed(format!(
            "`{program} plan` ended with status {exit_code}, and yet planning failed"
        )));
    }
    if plan.complete == Some(false) && plan.deferred.is_empty() && !is_narrowed {
        plan.deferred.push("something that it does not name".to_owned());
    }
    if plan.changes.is_empty() && plan.deferred.is_empty() {
        let says =
            if exit_code == 0 { "made a plan that can be applied" } else { "ended with status 2, changes" };
        return Err(failed(format!("`{program} plan` {says}, and yet its plan names none")));
    }
    if !plan.changes.is_empty() && plan.applyable == Some(false) {
        let summary = format!("`{program} plan` names changes, and yet says that its plan cannot be applied");
        return Err(failed(summary));
    }
    if exit_code == 0 && !plan.changes.is_empty() {
        let summary =
            format!("`{program} plan` ended with status 0, no changes, and yet its plan names some");
        return Err(failed(summary));
    }
    // The keys of a map are values too.
    for attribute in plan.changes.resources.iter_mut().flat_map(|change| &mut change.attributes) {
        *attribute = visible(&session.runner.redactor().mask(attribute)).into_owned();
    }
    Ok(plan)
}

/// Returns the diff of a plan as the engine prints it, for the review.
fn diff(invocation: Invocation<'_>, request: &PlanRequest) -> Result<String, EngineError> {
    let Invocation { driver, target, session } = invocation;
    let shown = capture(session, &show_command(driver, target, request, false)?)?;
    if !shown.exit.is_success() {
        return Err(command_error(invocation, &shown, "show"));
    }
    let text = String::from_utf8_lossy(&shown.stdout);
    Ok(visible(&session.runner.redactor().mask(text.trim_matches('\n'))).into_owned())
}

/// Appends the configurations of actions to a diff: not every engine prints them, and the user reviews them too.
fn with_configurations(diff: String, configurations: &[String], session: &Session<'_>) -> String {
    if configurations.is_empty() {
        return diff;
    }
    let text = configurations.join("\n\n");
    let text = visible(&session.runner.redactor().mask(&text)).into_owned();
    format!("{diff}\n\nConfiguration of the actions:\n\n{text}")
}

/// Creates an empty plan file that only its owner may read, before the engine writes it: the engine keeps that mode, and
/// plans hold secrets.
fn make_private(plan: &Utf8Path) -> Result<(), Failure> {
    let made = plan
        .parent()
        .map_or(Ok(()), files::create_dirs)
        .and_then(|()| files::remove_if_there(plan))
        .and_then(|()| files::create_new(plan));
    made.map(drop).map_err(|error| {
        Failure::new(FailureKind::Unknown, format!("cannot make the plan file `{plan}`: {error}"))
    })
}
