//! Binds a plan to all of its inputs, and checks before its apply that none of them changed.

use std::collections::BTreeSet;

use camino::Utf8Path;
use sha2::{Digest as _, Sha256};

use super::{
    applied_last,
    ephemeral::{ephemeral_item, ephemeral_items, ephemeral_items_now},
    input_digests::{InputDigests, digest},
    ready_stack::{PendingPlan, PlanOptions, ReadyStack},
    recorded::{programs, recorded_differences, recorded_items},
    reviewed_address::reviewed_address,
    run_context::RunContext,
    step_context::StepContext,
};
use crate::{
    engine::{
        EffectiveInit, EngineError, LocalIdentity, PlanFacts, PlanMode, Planned, RemoteVersion,
        StateIdentity, aws_credentials, bound_variables, plan_facts, replaced_providers, shared_accounts,
        state_at,
    },
    model::{Block, Failure, FailureKind, Guard, Outcome, PlannedDigests, StackId, hex},
    plans::{Binding, EXECUTABLE, KEYED, Mismatch, PlanManifest, SHA256, SealError},
};

/// Inputs of a plan, recorded before it is made.
pub(super) struct InputsBeforePlan {
    /// Digests of the input files.
    pub(super) contents: InputDigests,
    /// Identity of a state in a local file; `None` for other backends.
    pub(super) state: Option<LocalIdentity>,
    /// Entity tag (`ETag`) of the state from the server of its backend; `None` unless clean plans may be reused later.
    pub(super) etag: Option<RemoteVersion>,
}

impl InputsBeforePlan {
    /// Reads the inputs before the engine plans.
    pub(super) fn read(ready: &ReadyStack) -> Result<Self, Failure> {
        let effective_init = ready.effective_init()?;
        // The engine reports a state that cannot be read.
        let state = effective_init.address.as_deref().and_then(|address| state_at(address).ok().flatten());
        Ok(Self { contents: InputDigests::read(ready, &effective_init)?, state, etag: None })
    }

    /// Replaces the lock file's digest by the one after the plan's own init.
    pub(super) fn with_lockfile(mut self, digest: Option<String>) -> Self {
        if let Some(digest) = digest {
            self.contents.lockfile = Some(format!("{SHA256}{digest}"));
        }
        self
    }
}

/// Items that a comparison covers.
#[derive(Clone, Copy)]
pub(super) enum CompareScope<'a> {
    /// All items but the backend, which is known only after an init.
    BeforeInit,
    /// All items but the state itself: the engine compares its serial.
    AfterInit,
    /// All items, with the state's identity as the backend returned it.
    WithState(&'a StateIdentity),
}

/// Names of items that are known only after an init.
const INIT_ITEMS: &[&str] = &["backend", "state address"];

/// Returns the refusal of providers that are not the locked ones.
fn overrides_refusal(found: &str) -> Vec<Block> {
    let message = format!(
        "{found}: the providers would not be the locked ones, which an environment with `confirm` refuses"
    );
    vec![Block::new(Guard::Binding, message)]
}

/// Prefix of items for packages that an init downloaded.
const FETCHED_PREFIX: &str = "fetched ";

/// Returns the refusal of any plan in an environment with `confirm`, if providers are replaced by local ones.
pub(super) fn refuse_provider_overrides(ready: &ReadyStack) -> Option<Vec<Block>> {
    if !ready.plan_inputs.protected {
        return None;
    }
    replaced_providers(&ready.target.env).map(|found| overrides_refusal(&found))
}

/// Returns the refusal of a plan that the engine made with development overrides, in an environment with `confirm`.
pub(super) fn refuse_dev_overrides(ready: &ReadyStack, planned: &Planned) -> Option<Vec<Block>> {
    let is_refused = ready.plan_inputs.protected && planned.dev_overrides;
    is_refused
        .then(|| overrides_refusal("the engine says that development overrides of providers are in effect"))
}

/// Writes the manifest of a plan with changes next to the plan file, and returns it with notes; or the reason why
/// the plan cannot be bound.
pub(super) fn bind(
    step: &StepContext<'_>,
    ready: &ReadyStack,
    before: InputsBeforePlan,
    planned: &Planned,
    file: &Utf8Path,
) -> Result<(PlanManifest, Vec<String>), Box<Outcome>> {
    let run = step.run;
    let failed = |failure| Box::new(Outcome::Failed(failure));
    if planned.facts.is_none() && ready.plan_inputs.protected {
        let message = "the plan file cannot be read, so that nobody can tell what it was made for: an environment with \
                       `confirm` refuses it";
        return Err(Box::new(Outcome::Refused(vec![Block::new(Guard::Binding, message)])));
    }
    let effective_init = ready.effective_init().map_err(failed)?;
    let ephemeral = ephemeral_items(run, ready, &effective_init, file, step.session)?;
    let after = InputDigests::read(ready, &effective_init).map_err(failed)?;
    let mut before = before.contents;
    before.renew_packages(ready).map_err(failed)?;
    before.renew_copies(ready, &after);
    let (contents, notes) = before.merge(after);
    let state = planned.facts.as_ref().map(PlanFacts::state_at_plan_time).unwrap_or_default();
    let manifest = PlanManifest {
        changes: planned.changes.clone(),
        created: run.clock.now(),
        deferred: planned.deferred.clone(),
        narrowing_arguments: planned.narrowing_arguments.clone(),
        diff: hex(&Sha256::digest(&planned.diff)),
        environment: ready.target.instance.environment.clone(),
        format: PlanManifest::FORMAT,
        items: bound_items(run, ready, ephemeral, &contents, &effective_init, &state)
            .and_then(|b| with_plan_file(b, file))
            .map_err(failed)?,
        from_plans: ready.from_plans.clone(),
        recorded: recorded_items(&run.key, ready).map_err(failed)?,
        known_values: keyed_values(run, &planned.planned_digests),
        notes: planned.notes.clone(),
        reviewed_address: reviewed_address(
            effective_init.address.as_deref(),
            &effective_init.backend_config,
            &ready.target.project,
        ),
        run: run.id.clone(),
        applied_at_plan: step.stack_run.applied_at_plan.iter().cloned().collect(),
        stack: ready.target.instance.stack.clone(),
        tentative: planned.tentative,
    };
    let path = file.with_extension("manifest.json");
    let unwritten = |error: SealError| failed(Failure::new(FailureKind::Unknown, error.to_string()));
    manifest.write(&run.key, &path).map_err(unwritten)?;
    Ok((manifest, notes))
}

/// Returns the known values of a plan as keyed digests: without the project's key no value can be guessed from
/// them. A name that contains a secret becomes a digest too.
pub(super) fn keyed_values(run: &RunContext, known: &PlannedDigests) -> PlannedDigests {
    let hidden = |name: &str| {
        let open = !run.runner.redactor().contains_secret(name);
        if open { name.to_owned() } else { run.key.digest("known name", name.as_bytes()) }
    };
    known.map(&hidden, &|digest| run.key.digest("known value", digest.as_bytes()))
}

/// Returns the first item that changed since the plan was made, if there is one.
pub(super) fn find_mismatch(
    run: &RunContext,
    applied: &BTreeSet<StackId>,
    ready: &ReadyStack,
    pending: &PendingPlan,
    check: CompareScope<'_>,
) -> Result<Option<Mismatch>, Failure> {
    let Some(manifest) = &pending.manifest else { return Ok(None) };
    let effective_init = ready.effective_init()?;
    let contents = InputDigests::read(ready, &effective_init)?;
    let facts = plan_facts(&pending.file).ok();
    let state = match check {
        // If the plan file cannot be read, only the engine knows the state that the plan was made on.
        CompareScope::WithState(state) => facts.is_some().then_some(state),
        CompareScope::BeforeInit | CompareScope::AfterInit => None,
    };
    let in_file = facts.as_ref().map(PlanFacts::state_at_plan_time).unwrap_or_default();
    let ephemeral = ephemeral_items_now(&run.key, ready, &effective_init, manifest)?;
    let now = bound_items(run, ready, ephemeral, &contents, &effective_init, state.unwrap_or(&in_file))?;
    let now = with_plan_file(now, &pending.file)?;
    let unreadable = || {
        let refuses = ready.plan_inputs.protected && facts.is_none();
        refuses.then(|| Mismatch::new("plan file", Some("readable"), None))
    };
    // Stacks that this run applied, and values from plans, lead to new plans: they are not compared.
    let left_out_names: Vec<String> = applied.iter().map(upstream_item).collect();
    let value_items = manifest
        .from_plans
        .iter()
        .flat_map(|name| [value_item(name), format!("variable TF_VAR_{name}"), ephemeral_item(name)]);
    let left_out_names: Vec<String> = left_out_names.into_iter().chain(value_items).collect();
    let mut left_out: Vec<&str> = left_out_names.iter().map(String::as_str).collect();
    if matches!(check, CompareScope::BeforeInit) {
        left_out.extend(INIT_ITEMS);
        // An init may still download packages that the plan was made with.
        let items = manifest.items.names().chain(now.names());
        left_out.extend(items.filter(|item| item.starts_with(FETCHED_PREFIX)));
        if effective_init.modules.is_none() {
            // Before an init not all modules are known.
            let files = manifest.items.names().filter(|item| item.starts_with("file "));
            left_out.extend(files.filter(|item| now.get(item).is_none()));
        }
    }
    let items = manifest.items.without_items(&left_out).mismatch(&now.without_items(&left_out));
    // A recorded difference that is not bound may be the cause of a bound one.
    let with_recorded_differences = |mismatch: Option<Mismatch>| match mismatch {
        Some(found) => Ok(Some(Mismatch {
            recorded_differences: recorded_differences(&run.key, ready, manifest)?,
            ..found
        })),
        None => Ok(None),
    };
    if matches!(check, CompareScope::BeforeInit) {
        return with_recorded_differences(items);
    }
    // Facts in the plan file itself are compared in addition to its manifest.
    let of_file = || {
        facts.as_ref().and_then(|facts| {
            plan_file_mismatch(facts, ready, manifest, &effective_init, &run.options, state)
        })
    };
    let mismatch = items.or_else(of_file).or_else(unreadable);
    if let (None, Some(facts)) = (&mismatch, &facts) {
        ready.engine.check_plan_backend(&ready.target, facts).map_err(backend_failure)?;
    }
    with_recorded_differences(mismatch)
}

/// Returns all items that a plan is bound to except its own file, in the order in which a refusal names them.
/// `ephemeral` contains the items of its ephemeral variables.
pub(super) fn bound_items(
    run: &RunContext,
    ready: &ReadyStack,
    ephemeral: Binding,
    contents: &InputDigests,
    effective_init: &EffectiveInit,
    state: &StateIdentity,
) -> Result<Binding, Failure> {
    let (target, plan_inputs) = (&ready.target, &ready.plan_inputs);
    let mut binding = Binding::default();
    let mut bind = |item: &str, value: &str| binding.bind(item, value);
    let keyed = |item: &str, value: &[u8]| format!("{KEYED}{}", run.key.digest(item, value));
    bind("environment", target.instance.environment.as_str());
    bind("stack", target.instance.stack.as_str());
    bind("confirmation", if plan_inputs.protected { "needed" } else { "not needed" });
    bind("state address", effective_init.address.as_deref().unwrap_or("unknown"));
    bind("workspace", target.workspace.as_deref().unwrap_or("default"));
    let config = serde_json::Value::Object(effective_init.backend_config.clone()).to_string();
    let digest_of_config = run.key.digest("backend", config.as_bytes());
    bind(
        "backend",
        &format!("{} {}", effective_init.backend_type, digest_of_config.get(..16).unwrap_or_default()),
    );
    if let Some(identity) = &plan_inputs.identity {
        bind("identity", identity);
    }
    binding.extend(ephemeral);
    let mut bind = |item: &str, value: &str| binding.bind(item, value);
    for name in bound_variables(&target.env, &plan_inputs.configured_variables, &plan_inputs.bound_patterns) {
        if let Some(value) = target.env.get(std::ffi::OsStr::new(name)) {
            let item = format!("variable {name}");
            bind(&item, &keyed(&item, value.as_encoded_bytes()));
        }
    }
    bind("AWS credentials", aws_credentials(&target.env));
    let profile = effective_init.backend_config.get("profile").and_then(serde_json::Value::as_str);
    for (name, value) in shared_accounts(&target.env, &target.dir, profile.as_slice()) {
        let item = format!("account setting {name}");
        bind(&item, &keyed(&item, value.as_bytes()));
    }
    let settings: Vec<String> =
        contents.settings.iter().map(|(path, digest)| format!("{path} {digest}")).collect();
    bind("CLI config", &settings.join(", "));
    bind("plugin cache", effective_init.plugin_cache.as_deref().map_or("", Utf8Path::as_str));
    bind("engine", &effective_init.engine.name);
    bind("engine version", &effective_init.engine.version);
    for program in programs(ready)? {
        bind(program.role, &format!("{SHA256}{}", program.digest));
    }
    bind("flags", &effective_init.flags.join(" "));
    bind("mode", mode_name(run.options.mode));
    bind("targets", &run.options.targets.join(" "));
    if !run.options.excludes.is_empty() {
        bind("excludes", &run.options.excludes.join(" "));
    }
    bind("replace", &run.options.replace.join(" "));
    let order: Vec<&str> = contents.var_files.iter().map(|(path, _)| path.as_str()).collect();
    for (path, digest) in &contents.var_files {
        bind(&format!("var file {path}"), digest);
    }
    bind("order of var files", &order.join(", "));
    for (path, digest) in &contents.backend_files {
        bind(&format!("backend file {path}"), digest);
    }
    for (name, value) in plan_inputs.generated_values() {
        let item = value_item(name);
        bind(&item, &keyed(&item, value.as_bytes()));
    }
    bind("backend pairs", &keyed("backend pairs", target.backend.digest.as_bytes()));
    if let Some(digest) = &contents.lockfile {
        bind("lockfile", digest);
    }
    for (name, package) in &contents.packages {
        let digest = Sha256::digest(format!("{} {}", package.configuration, package.other_files));
        bind(&format!("{FETCHED_PREFIX}{name}"), &format!("{SHA256}{}", hex(&digest)));
    }
    for (path, input) in &contents.files {
        let suffix = if input.executable { EXECUTABLE } else { "" };
        bind(&format!("file {path}"), &format!("{SHA256}{}{suffix}", input.digest));
    }
    for upstream in &plan_inputs.upstreams {
        let by = applied_last::last_run(target, upstream).map_err(|error| {
            let summary = format!("cannot tell who applied `{upstream}` last: {error}");
            Failure::new(FailureKind::Unknown, summary)
        })?;
        bind(&upstream_item(upstream), &by);
    }
    bind("state lineage", &state.lineage);
    bind("state serial", &state.serial.to_string());
    Ok(binding)
}

/// Returns the failure of a comparison of backends, which starts no process.
fn backend_failure(error: EngineError) -> Failure {
    match error {
        EngineError::Failed(failure)
        | EngineError::WrongBackend(failure)
        | EngineError::KeptLockfile(failure) => failure,
        other => Failure::new(FailureKind::Defect, other.to_string()),
    }
}

/// Adds the digest of the plan file as the last item.
fn with_plan_file(mut binding: Binding, file: &Utf8Path) -> Result<Binding, Failure> {
    binding.bind("plan file", digest(file)?.unwrap_or_else(|| "gone".to_owned()));
    Ok(binding)
}

/// Returns the item name of a variable's value.
fn value_item(variable: &str) -> String {
    format!("value {variable}")
}

/// Returns the item name of an upstream stack.
fn upstream_item(stack: &StackId) -> String {
    format!("upstream {stack}")
}

fn mode_name(mode: PlanMode) -> &'static str {
    match mode {
        PlanMode::Normal => "normal",
        PlanMode::Destroy => "destroy",
        PlanMode::RefreshOnly => "refresh-only",
    }
}

/// Returns the first fact in a plan file that contradicts the run, independent of its manifest.
fn plan_file_mismatch(
    facts: &PlanFacts,
    ready: &ReadyStack,
    manifest: &PlanManifest,
    effective_init: &EffectiveInit,
    options: &PlanOptions,
    state: Option<&StateIdentity>,
) -> Option<Mismatch> {
    let backend = ready.target.backend.backend_type.as_ref().unwrap_or(&effective_init.backend_type);
    // Flags in environments.toml and arguments of a unit may limit every plan; they are bound as flags.
    let narrowed =
        effective_init.flags.iter().any(|flag| flag.contains("-target") || flag.contains("-exclude"))
            || !manifest.narrowing_arguments.is_empty();
    let extent = |targets: bool| if targets { "a part" } else { "everything" };
    let (targets, excludes) = (extent(!facts.targets.is_empty()), extent(!facts.excludes.is_empty()));
    let serial = (facts.serial.to_string(), state.map(|state| state.serial.to_string()));
    let pairs = [
        ("workspace", facts.workspace.as_str(), Some(ready.target.workspace.as_deref().unwrap_or("default"))),
        ("backend", facts.backend_type.as_str(), Some(backend.as_str())),
        ("mode", mode_name(facts.mode), Some(mode_name(options.mode))),
        ("targets", targets, Some(extent(!options.targets.is_empty())).filter(|_| !narrowed)),
        ("excludes", excludes, Some(extent(!options.excludes.is_empty())).filter(|_| !narrowed)),
        ("state lineage", facts.lineage.as_str(), state.map(|state| state.lineage.as_str())),
        ("state serial", serial.0.as_str(), serial.1.as_deref()),
    ];
    let other = pairs.into_iter().find(|(_, then, now)| now.is_some_and(|now| now != *then))?;
    Some(Mismatch::new(other.0, Some(other.1), other.2))
}
