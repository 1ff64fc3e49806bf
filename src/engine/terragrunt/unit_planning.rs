//! Plan of a Terragrunt unit, with the cases in which Terragrunt makes none.

use super::{
    commands::Terragrunt,
    unit_exclusion::{exclusion, texts_of_unit},
};
use crate::engine::{
    EngineError, PlanMode, PlanRequest, Planned, Session, StateIdentity, Target,
    detect::LOCKFILE,
    driver::{Driver, Invocation},
    process::{call::capture, document::document},
    state::{
        file::StateFile,
        lineage::{self, KnownState},
    },
    terraform::{
        lockfile::reports_stale_lockfile,
        planning::{self, PlanAttempt},
    },
};

/// Flags with which Terragrunt (1.1.3, measured) evaluates a unit without the outputs of its dependencies: `inputs` are left
/// out then, and every other expression with an output is empty.
const WITHOUT_OUTPUTS: [&str; 3] = ["--experiment", "optional-dependency-outputs", "--no-dependency-outputs"];

/// Error messages of Terragrunt (1.1.3, measured) about a dependency without any outputs, or without the output that a unit
/// refers to.
const LACKS_OUTPUTS: [&str; 3] =
    ["There is no variable named \"dependency\"", "detected no outputs", "does not have an attribute named"];

/// Names of top-level blocks and attributes in a unit's file; `inputs`, which cannot affect the backend, is left out.
const TOP_LEVEL_NAMES: [&str; 22] = [
    "remote_state",
    "generate",
    "terraform",
    "locals",
    "include",
    "dependency",
    "dependencies",
    "exclude",
    "errors",
    "engine",
    "feature",
    "download_dir",
    "catalog",
    "iam_assume_role_duration",
    "iam_assume_role_session_name",
    "iam_role",
    "iam_web_identity_token",
    "prevent_destroy",
    "retryable_errors",
    "skip",
    "terraform_binary",
    "terraform_version_constraint",
];

/// Blocks that refer to other units; the word at the start of such a block is no use of an output.
const DEPENDENCY_BLOCKS: [&str; 2] = ["dependency", "dependencies"];

/// Plans a unit; returns [`EngineError::Excluded`] for one that is excluded, or that is already destroyed.
pub(super) fn plan_unit(
    engine: &Terragrunt,
    target: &Target,
    request: &PlanRequest,
    session: &Session<'_>,
) -> Result<Planned, EngineError> {
    let planned = |attempt| match attempt {
        PlanAttempt::Planned(planned) => Ok(*planned),
        PlanAttempt::InitNeeded(failure) => Err(EngineError::Failed(failure)),
    };
    if let Some(why) = exclusion(engine, target, request.mode, false, session)? {
        return Err(EngineError::Excluded(why));
    }
    let had_lockfile = target.dir.join(LOCKFILE).exists();
    let ended = match planning::plan(Invocation::new(engine, target, session), request).and_then(planned) {
        Err(error) if has_no_output(&error) => {
            let why = exclusion(engine, target, request.mode, true, session)?;
            Err(why.map_or(error, EngineError::Excluded))
        }
        // Terragrunt initialises by itself with `-lockfile=readonly`, or regards an incomplete init as done.
        Err(error) if reports_stale_lockfile(&error) => {
            let lockfile = engine.update_lockfile(target, error, session)?;
            let planned =
                planning::plan(Invocation::new(engine, target, session), request).and_then(planned)?;
            Ok(Planned { lockfile, ..planned })
        }
        Err(error) if request.mode == PlanMode::Destroy && lacks_outputs(&error) => {
            if is_destroyed(engine, target, request.accept_lineage, session)? {
                let why = "nothing of it is there any more, and units that it depends on have no outputs";
                return Err(EngineError::Excluded(why.to_owned()));
            }
            Err(error)
        }
        ended => ended,
    };
    if !had_lockfile {
        target.note_written_lockfile(None, session)?;
    }
    ended
}

/// Returns true if the state of a unit holds no resources. The state is read without the outputs of other units, which may
/// be gone.
fn is_destroyed(
    engine: &Terragrunt,
    target: &Target,
    accept_lineage: bool,
    session: &Session<'_>,
) -> Result<bool, EngineError> {
    // If the backend depends on an output, the state is unknown.
    let are_known = |texts: Vec<String>| texts.iter().all(|text| uses_outputs_of_units_only_in_inputs(text));
    if !texts_of_unit(target).is_some_and(are_known) {
        return Ok(false);
    }
    let known = KnownState::read(target).map_err(EngineError::Failed)?;
    let command = engine.base_command(target).args(["state", "pull", "-no-color"]).args(WITHOUT_OUTPUTS);
    let pulled = capture(session, &command)?;
    if !pulled.exit.is_success() {
        return Ok(false);
    }
    let state = if pulled.stdout.contains(&b'{') {
        let Ok(state) = document::<StateFile>(&pulled.stdout, engine.dialect()) else { return Ok(false) };
        state
    } else {
        StateFile::default()
    };
    let identity: &StateIdentity = &state.identity;
    lineage::check_and_record_in_force(engine, target, &known, identity, accept_lineage)
        .map_err(EngineError::Failed)?;
    let is_missing = identity.lineage.is_empty();
    Ok(is_missing || state.addresses().is_ok_and(|addresses| addresses.is_empty()))
}

/// Returns true if Terragrunt exited with 0 without output of an engine, as with `no_run`.
fn has_no_output(error: &EngineError) -> bool {
    matches!(error, EngineError::Failed(failure) if failure.summary.contains("did not say its version"))
}

/// Returns true if Terragrunt failed since another unit has no outputs, or not the one that the unit refers to.
fn lacks_outputs(error: &EngineError) -> bool {
    let EngineError::Failed(failure) = error else { return false };
    LACKS_OUTPUTS.iter().any(|words| failure.summary.contains(words) || failure.detail.contains(words))
}

/// Returns true if the text of a unit's file uses outputs of other units in `inputs` only. It is checked line by line; an
/// unusual line counts as a use outside of `inputs`.
fn uses_outputs_of_units_only_in_inputs(text: &str) -> bool {
    let mut in_inputs = false;
    let lines = text.lines().map(str::trim_start).filter(|line| !line.starts_with(['#', '/']));
    for line in lines {
        let word = line.split(|c: char| !is_name_char(c)).next().unwrap_or_default();
        let rest = &line[word.len()..];
        let begins = TOP_LEVEL_NAMES.contains(&word) && rest.starts_with([' ', '\t', '{', '=', '"']);
        if word == "inputs" && rest.trim_start().starts_with('=') {
            in_inputs = true;
        } else if begins {
            in_inputs = false;
        }
        let said = if begins && DEPENDENCY_BLOCKS.contains(&word) { rest } else { line };
        if !in_inputs && names_dependency(said) {
            return false;
        }
    }
    true
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Returns true if a text contains the word `dependency`, the object with the outputs of other units.
fn names_dependency(text: &str) -> bool {
    text.split(|c: char| !is_name_char(c)).any(|word| word == "dependency")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_outside_of_inputs_may_decide_where_a_state_is() {
        let inputs = "dependency \"vpc\" {\n  config_path = \"../vpc\"\n}\ninputs = {\n  id = dependency.vpc.outputs.id\n}\n";
        assert!(uses_outputs_of_units_only_in_inputs(inputs));
        assert!(uses_outputs_of_units_only_in_inputs(&format!(
            "# A dependency.\n{inputs}dependencies {{\n  paths = [\"../dns\"]\n}}\n"
        )));
        for other in [
            "remote_state {\n  config = { key = dependency.vpc.outputs.id }\n}\n",
            "  generate \"b\" {\n  contents = \"${dependency.vpc.outputs.id}\"\n}\n",
            "terraform { source = dependency.vpc.outputs.id }\n",
            "remote_state {\n  config = { key = dependency[\"vpc\"].outputs.id }\n}\n",
            "iam_role = dependency.vpc.outputs.role\n",
            "locals {\n  ids = values(dependency)\n}\n",
            "dependency \"dns\" { config_path = dependency.vpc.outputs.path }\n",
        ] {
            assert!(!uses_outputs_of_units_only_in_inputs(other), "{other}");
            assert!(!uses_outputs_of_units_only_in_inputs(&format!("{inputs}{other}")), "{other}");
        }
        assert!(
            !uses_outputs_of_units_only_in_inputs("{\"inputs\": {\"id\": \"${dependency.vpc.outputs.id}\"}}"),
            "JSON is not looked into"
        );
    }
}
