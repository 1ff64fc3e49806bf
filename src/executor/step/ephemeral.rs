//! Ephemeral variables of a plan: a plan file does not contain their values, so digests of them are bound, and compared
//! before they are passed again at apply.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::{
    input_digests::digest,
    ready_stack::{PendingPlan, ReadyStack},
    run_context::RunContext,
    step_result::{binding_refusal, engine_error_result},
};
use crate::{
    engine::{EffectiveInit, EngineError, PlanFileError, Session, layout::auto_var_files},
    files,
    hcl::read_var_file,
    model::{Block, Failure, FailureKind, Guard, Outcome},
    plans::{Binding, KEYED, Mismatch, PlanManifest, ProjectKey},
};

/// Prefix of the items of ephemeral variables.
const ITEM: &str = "ephemeral variable ";

/// Values of variables as JSON, or the digest of the var file that sets them; `None` for variables that no
/// source known to envctl sets.
type GivenValues = BTreeMap<String, Option<String>>;

/// Returns the item of an ephemeral variable.
pub(super) fn ephemeral_item(variable: &str) -> String {
    format!("{ITEM}{variable}")
}

/// Binds a new plan to the values of the ephemeral variables that it was made with. Refuses a plan with an ephemeral
/// variable whose value the apply would not get again: OpenTofu silently takes the default of such a variable.
pub(super) fn ephemeral_items(
    run: &RunContext,
    ready: &ReadyStack,
    effective_init: &EffectiveInit,
    plan: &Utf8Path,
    session: &Session<'_>,
) -> Result<Binding, Box<Outcome>> {
    let failed = |failure| Box::new(Outcome::Failed(failure));
    let names = match ready.engine.ephemeral_variables(plan) {
        Ok(names) => names,
        // All variables with known values are bound, because an encrypted plan does not tell which ones it uses.
        Err(PlanFileError::Opaque { .. }) => Vec::new(),
        Err(error) => return Err(failed(Failure::new(FailureKind::Engine, error.to_string()))),
    };
    let given = given_values(ready, names.iter().map(String::as_str), effective_init).map_err(failed)?;
    let given = with_unit_values(ready, given, session)
        .map_err(|error| Box::new(engine_error_result(error, ready).outcome))?;
    let mut items = Binding::default();
    for (name, value) in given {
        let Some(value) = value else {
            let message = format!(
                "the plan was made with a value of the ephemeral variable `{name}` that its apply would not get again: give it by \
                 `vars`, `var_files`, `inputs` or `secrets`, or by `inputs` of its unit"
            );
            return Err(Box::new(Outcome::Refused(vec![Block::new(Guard::Binding, message)])));
        };
        items.bind(ephemeral_item(&name), keyed_value(&run.key, &name, &value));
    }
    Ok(items)
}

/// Returns the current values of the ephemeral variables of a plan. Values that only a Terragrunt unit sets count as
/// unchanged: Terragrunt reports them right before the apply.
pub(super) fn ephemeral_items_now(
    key: &ProjectKey,
    ready: &ReadyStack,
    effective_init: &EffectiveInit,
    manifest: &PlanManifest,
) -> Result<Binding, Failure> {
    let mut items = Binding::default();
    for (name, value) in given_values(ready, ephemeral_variables(manifest), effective_init)? {
        let item = ephemeral_item(&name);
        match (value, manifest.items.get(&item)) {
            (Some(value), _) => items.bind(item, keyed_value(key, &name, &value)),
            (None, Some(then)) if !ready.engine.plans_in_stack_folder() => items.bind(item, then),
            (None, _) => {}
        }
    }
    Ok(items)
}

/// Refuses a plan with an ephemeral variable to which its Terragrunt unit gives another value now.
pub(super) fn refuse_other_unit_values(
    key: &ProjectKey,
    ready: &ReadyStack,
    effective_init: &EffectiveInit,
    manifest: &PlanManifest,
    session: &Session<'_>,
) -> Result<(), Box<Outcome>> {
    let failed = |failure| Box::new(Outcome::Failed(failure));
    if ready.engine.plans_in_stack_folder() {
        return Ok(());
    }
    let mut given = given_values(ready, ephemeral_variables(manifest), effective_init).map_err(failed)?;
    given.retain(|_, value| value.is_none());
    let given = with_unit_values(ready, given, session)
        .map_err(|error| Box::new(engine_error_result(error, ready).outcome))?;
    for (name, value) in given {
        let (item, now) = (ephemeral_item(&name), value.map(|value| keyed_value(key, &name, &value)));
        let then = manifest.items.get(&item);
        if then != now.as_deref() {
            let mismatch = Mismatch::new(&item, then, now.as_deref());
            return Err(Box::new(Outcome::Refused(binding_refusal(&mismatch))));
        }
    }
    Ok(())
}

/// Returns the refusal of a planned stack whose unit now sets other values of ephemeral variables; checked before the
/// first apply of the run. A stack that is planned again after another one gets its values anew.
pub(super) fn other_unit_values_refusal(
    run: &RunContext,
    ready: &ReadyStack,
    pending: &PendingPlan,
) -> Option<Outcome> {
    let manifest = pending.manifest.as_ref()?;
    let log = run.dir.log(&ready.target.instance.stack);
    let session = Session { runner: &run.runner, log: &log, observer: &|_| {} };
    let compared = ready.effective_init().map_err(|failure| Box::new(Outcome::Failed(failure))).and_then(
        |effective_init| refuse_other_unit_values(&run.key, ready, &effective_init, manifest, &session),
    );
    compared.err().map(|outcome| *outcome)
}

fn keyed_value(key: &ProjectKey, variable: &str, value: &str) -> String {
    format!("{KEYED}{}", key.digest(&ephemeral_item(variable), value.as_bytes()))
}

/// Returns the names of the ephemeral variables that a plan is bound to.
fn ephemeral_variables(manifest: &PlanManifest) -> impl Iterator<Item = &str> {
    manifest.items.names().filter_map(|item| item.strip_prefix(ITEM))
}

/// Adds the values that a unit itself sets; starts no process if none is missing.
fn with_unit_values(
    ready: &ReadyStack,
    mut given: GivenValues,
    session: &Session<'_>,
) -> Result<GivenValues, EngineError> {
    if given.values().any(Option::is_none) {
        let unit = ready.engine.unit_variables(&ready.target, session)?;
        for (name, value) in &mut given {
            *value = value.take().or_else(|| unit.get(name).map(Value::to_string));
        }
    }
    Ok(given)
}

/// Returns the values that the target gives to variables, by the engines' order of precedence.
fn given_values<'n>(
    ready: &ReadyStack,
    names: impl Iterator<Item = &'n str>,
    effective_init: &EffectiveInit,
) -> Result<GivenValues, Failure> {
    names.map(|name| Ok((name.to_owned(), given_value(ready, name, effective_init)?))).collect()
}

fn given_value(
    ready: &ReadyStack,
    name: &str,
    effective_init: &EffectiveInit,
) -> Result<Option<String>, Failure> {
    let generated = ready.plan_inputs.generated_values().find(|(variable, _)| variable == name);
    if let Some((_, value)) = generated {
        return Ok(Some(value.clone()));
    }
    for file in var_files(ready, effective_init).iter().rev() {
        match read_var_file(file, &ready.target.project) {
            Ok(content) => match content.get(name).map(|attribute| attribute.value.literal()) {
                Some(Some(value)) => return Ok(Some(value.to_string())),
                Some(None) => return digest(file),
                None => {}
            },
            // The engine could read the file: its values are unchanged as long as its content is.
            Err(_) => return digest(file),
        }
    }
    let inherited = ready.target.env.get(std::ffi::OsStr::new(&format!("TF_VAR_{name}")));
    Ok(inherited.map(|text| Value::from(text.to_string_lossy()).to_string()))
}

/// Returns the var files of the user that the engine reads, in ascending order of precedence.
fn var_files(ready: &ReadyStack, effective_init: &EffectiveInit) -> Vec<Utf8PathBuf> {
    let declared =
        ready.target.var_files.iter().filter(|file| !ready.target.generated_values.contains(file)).cloned();
    // The engine runs where its lockfile lies.
    let folder = effective_init.lockfile.parent().unwrap_or(&ready.target.dir);
    let names = files::entry_names_if_readable(folder);
    let auto = auto_var_files(names.iter().map(String::as_str));
    auto.iter().map(|file| folder.join(file)).chain(declared).collect()
}

/// Returns the var file that overrides a variable set by the environment, with a verb for the message; a file that
/// cannot be parsed may override it too.
pub(super) fn overriding_var_file(ready: &ReadyStack, variable: &str) -> Result<Option<String>, Failure> {
    if ready.plan_inputs.generated_values().any(|(name, _)| name == variable) {
        return Ok(None);
    }
    let project = &ready.target.project;
    let verb = |file: &Utf8PathBuf| match read_var_file(file, project) {
        Ok(set) => set.contains_key(variable).then_some("sets it as well"),
        Err(_) => Some("may set it as well, since envctl cannot parse it"),
    };
    let files = var_files(ready, &ready.effective_init()?);
    let found = files.iter().rev().find_map(|file| Some((file, verb(file)?)));
    Ok(found.map(|(file, verb)| format!("`{}` {verb}", file.strip_prefix(project).unwrap_or(file))))
}
