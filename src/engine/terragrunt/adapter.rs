//! Adapter for Terragrunt, unit by unit: Terragrunt drives OpenTofu or Terraform and passes on their output and exit code.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    io,
    sync::Arc,
};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value};

use super::{
    rendered,
    unit_backend::{check_unit_backend, is_initialised},
    unit_folders::{
        download_dir, files_named, has_engine_run, make_download_dir, working_folder, working_folders,
    },
};
use crate::{
    config::EngineSettings,
    engine::{
        Applied, EffectiveInit, Engine, EngineError, KnownOutputs, PlanFacts, PlanRequest, Planned,
        PrintedOutput, Session, StateIdentity, Target, Typed, TypedColors,
        driver::Driver,
        environment::variables::plugin_cache,
        flags::{apply_args, lacks_exclude, plan_args},
        process::call::{Dialect, not_run},
        program::installed::Installed,
        state::{moved::StateMove, recorded_outputs::known_outputs},
        terraform::{
            applying,
            backend_check::{BackendInFolder, check_plan},
            backend_record::BackendRecord,
            effective_init::effective_init,
        },
        typed,
        typed_command::{
            migrating::refuse_unit,
            mutating,
            unit_values::{Place, place_in_unit, with_values},
            verbs,
        },
    },
    files::DigestCache,
    model::{EngineName, Failure, FailureKind, ResourceAddress},
    process::{CommandLine, Exit, SignalTarget, Stream},
};

/// Variables of every process: no retry, no question, and a log in one format. At log level `error` the warning about mocked
/// outputs would be missing.
const SET: &[(&str, &str)] = &[
    ("TG_NO_AUTO_RETRY", "true"),
    ("TG_NON_INTERACTIVE", "true"),
    ("TG_LOG_LEVEL", "warn"),
    ("TG_LOG_FORMAT", "bare"),
    (NO_COLOR, "true"),
];

/// Takes the colours from Terragrunt and its engine.
const NO_COLOR: &str = "TG_NO_COLOR";

/// Variable with the flags of every init that Terragrunt runs.
pub(super) const INIT_FLAGS: &str = "TF_CLI_ARGS_init";

/// Flag that makes an init fail if it would change the lock file, which is the user's.
pub(super) const READ_ONLY: &str = "-lockfile=readonly";

/// Terragrunt at one version, with the engine that it drives.
#[derive(Debug)]
pub(in crate::engine) struct Terragrunt {
    pub(in crate::engine) installed: Installed,
    pub(in crate::engine) driven: Installed,
    pub(in crate::engine) settings: EngineSettings,
    pub(in crate::engine) digests: Arc<DigestCache>,
}

impl Terragrunt {
    pub(in crate::engine) fn new(
        installed: Installed,
        driven: Installed,
        settings: EngineSettings,
        digests: Arc<DigestCache>,
    ) -> Self {
        Self { installed, driven, settings, digests }
    }

    /// Returns a command in the unit's folder. It has no data directory: Terragrunt would use that also for the units whose
    /// outputs it reads. Instances of one folder have separate download directories.
    pub(in crate::engine) fn bare(&self, target: &Target) -> CommandLine {
        let mut command =
            CommandLine::new(self.installed.program.as_os_str(), target.dir.clone(), (*target.env).clone())
                .env("TG_TF_PATH", self.driven.program.as_os_str());
        for (name, value) in SET {
            command = command.env(*name, *value);
        }
        command.env.remove(OsStr::new("TF_WORKSPACE"));
        if let Some(folder) = download_dir(target) {
            command = command.env("TG_DOWNLOAD_DIR", folder.as_os_str());
        }
        // Terragrunt runs an init whenever it needs one, and has no option for the flags of that init.
        if target.keeps_lockfile() {
            command = command.env(INIT_FLAGS, READ_ONLY);
        }
        command.signal = SignalTarget::Children;
        match &self.settings.plugin_cache {
            Some(cache) => command.env("TF_PLUGIN_CACHE_DIR", cache.as_os_str()),
            None => command,
        }
    }

    /// Returns `terragrunt VERB --tf-path … --non-interactive -- ARGS`.
    pub(super) fn passed_on(
        &self,
        target: &Target,
        verb: &str,
        args: impl IntoIterator<Item = OsString>,
    ) -> CommandLine {
        self.bare(target)
            .args([verb, "--tf-path", self.driven.program.as_str(), "--non-interactive", "--"])
            .args(args)
    }

    /// Returns `terragrunt render --format json`.
    pub(super) fn render_command(&self, target: &Target) -> CommandLine {
        let driven = self.driven.program.as_str();
        self.bare(target).args(["render", "--format", "json", "--tf-path", driven, "--non-interactive"])
    }
}

impl Driver for Terragrunt {
    fn program_name(&self) -> &str {
        self.name().as_str()
    }

    fn core(&self) -> &Installed {
        &self.driven
    }

    fn dialect(&self) -> Dialect {
        Dialect::Mixed
    }

    fn check_version(&self, said: &str) -> Result<Option<String>, Failure> {
        self.driven.check_said(said)
    }

    fn plan_command(&self, target: &Target, request: &PlanRequest) -> CommandLine {
        let args = plan_args(target, request).into_iter().skip(1);
        self.passed_on(target, "plan", args.chain(self.settings.plan_args.iter().map(OsString::from)))
    }

    /// Returns a command of the driven engine itself, in the folder where the unit was initialised: Terragrunt would read
    /// the outputs of other units again, and fail if `mock_outputs_allowed_terraform_commands` does not name `show`.
    fn show_command(&self, target: &Target, plan: &Utf8Path, json: bool) -> io::Result<CommandLine> {
        let format = if json { "-json" } else { "-no-color" };
        let mut command =
            CommandLine::new(self.driven.program.as_os_str(), working_folder(target)?, (*target.env).clone());
        command.env.remove(OsStr::new("TF_WORKSPACE"));
        Ok(command.args(["show", format]).arg(plan.as_os_str()))
    }

    fn apply_command(&self, target: &Target, plan: &Utf8Path, with_values: bool) -> CommandLine {
        let args = apply_args(target, with_values).into_iter().skip(1);
        let more = self.settings.apply_args.iter().map(OsString::from);
        self.passed_on(target, "apply", args.chain(more).chain([plan.as_os_str().to_owned()]))
    }

    fn output_command(&self, target: &Target) -> CommandLine {
        self.passed_on(target, "output", ["-json".into()])
    }

    fn state_command(&self, target: &Target) -> CommandLine {
        self.passed_on(target, "state", ["pull".into(), "-no-color".into()])
    }

    fn check_backend(&self, _: &Target) -> Result<Option<BackendRecord>, EngineError> {
        Ok(None)
    }

    fn backends_in_force(&self, target: &Target) -> io::Result<Vec<BackendInFolder>> {
        let folders = working_folders(target)?;
        let known = folders.iter().filter(|folder| has_engine_run(folder));
        known.map(|folder| BackendInFolder::read(&folder.join(".terraform"), folder)).collect()
    }

    fn check_unit_backend(
        &self,
        target: &Target,
        facts: Option<&PlanFacts>,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        check_unit_backend(self, (target, facts), &self.render_command(target), session)
    }

    fn is_tentative(&self, _: &Target, stderr: &[String]) -> bool {
        // Terragrunt does not warn of mocks that are merged with existing outputs: the caller has to compare those.
        stderr.iter().any(|line| line.contains("mock outputs provided"))
    }

    fn unsaved_states(&self, target: &Target) -> io::Result<Vec<Utf8PathBuf>> {
        files_named(target, crate::engine::recovery::UNSAVED)
    }
}

impl Engine for Terragrunt {
    fn name(&self) -> EngineName {
        EngineName::Terragrunt
    }

    fn engines(&self) -> Vec<EngineName> {
        vec![self.name(), self.driven.name]
    }

    fn version(&self) -> &str {
        &self.installed.version
    }

    fn driven(&self) -> Option<(EngineName, &str)> {
        Some((self.driven.name, &self.driven.version))
    }

    fn lacks_exclude(&self) -> Option<String> {
        lacks_exclude(&self.driven)
    }

    fn prepare(
        &self,
        target: &Target,
        _create_workspace: bool,
        force: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        let refuse = |summary: &str| {
            Err(EngineError::Failed(Failure::new(
                FailureKind::Config,
                format!("{}: {summary}", target.instance),
            )))
        };
        if target.workspace.as_deref().is_some_and(|name| name != "default") {
            return refuse(
                "Terragrunt has no workspaces; its units have a folder or a `remote_state` key each",
            );
        }
        if target.backend.config_file.is_some() {
            return refuse(
                "a Terragrunt unit takes its backend from `remote_state`, not from `backend` pairs",
            );
        }
        make_download_dir(target).map_err(EngineError::Failed)?;
        match plugin_cache(&self.settings, target) {
            Some(cache) => self.fill_plugin_cache(target, &cache, force, session),
            None => Ok(()),
        }
    }

    /// Prepares the unit, which has no workspace that could be missing.
    fn enter(
        &self,
        target: &Target,
        create_workspace: bool,
        _accept_lineage: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        self.prepare(target, create_workspace, false, session)
    }

    fn plan(
        &self,
        target: &Target,
        request: &PlanRequest,
        session: &Session<'_>,
    ) -> Result<Planned, EngineError> {
        self.plan_unit(target, request, session)
    }

    fn apply(&self, target: &Target, plan: &Utf8Path, session: &Session<'_>) -> Result<Applied, EngineError> {
        applying::apply(self, target, plan, session)
    }

    fn state_move(&self, _: &Target, args: &[OsString]) -> Result<Option<StateMove>, EngineError> {
        if typed(args) == Typed::MigrateState { Err(refuse_unit()) } else { Ok(None) }
    }

    fn run_mutating(
        &self,
        target: &Target,
        args: &[OsString],
        session: &Session<'_>,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, EngineError> {
        let command = || Ok((None, self.command(target, args)));
        mutating::run_mutating(self, target, (&command, args), session, on_line)
    }

    fn run_reading(
        &self,
        target: &Target,
        args: &[OsString],
        session: &Session<'_>,
    ) -> Result<Exit, EngineError> {
        // Terragrunt initialises a unit without an init, with the backend that the unit states.
        if verbs::reads_a_state(args) && is_initialised(target)? {
            self.check_unit_backend(target, None, session)?;
        }
        let ended = session.runner.inherit(&self.command(target, args)).map_err(not_run)?;
        Ok(ended.exit)
    }

    fn outputs(&self, target: &Target, session: &Session<'_>) -> Result<Vec<PrintedOutput>, EngineError> {
        applying::outputs(self, target, session)
    }

    fn known_outputs(
        &self,
        target: &Target,
        accept_lineage: bool,
        session: &Session<'_>,
    ) -> Result<KnownOutputs, EngineError> {
        known_outputs(self, (target, self.effective_init(target)), accept_lineage, session)
    }

    fn effective_init(&self, target: &Target) -> io::Result<EffectiveInit> {
        let engine = format!("{} driving {}", self.name().as_str(), self.driven.name.as_str());
        let version = format!("{} driving {}", self.installed.version, self.driven.version);
        let folder = working_folder(target)?;
        effective_init(target, (engine, version), &self.settings, &folder.join(".terraform"), &folder)
    }

    fn check_plan_backend(&self, target: &Target, facts: &PlanFacts) -> Result<(), EngineError> {
        check_plan(self, target, facts)
    }

    fn state_identity(&self, target: &Target, session: &Session<'_>) -> Result<StateIdentity, EngineError> {
        applying::state_identity(self, target, session)
    }

    fn known_state(
        &self,
        target: &Target,
        accept_lineage: bool,
        session: &Session<'_>,
    ) -> Result<StateIdentity, EngineError> {
        applying::known_state(self, target, accept_lineage, session)
    }

    fn check_state(
        &self,
        target: &Target,
        state: &StateIdentity,
        accept_lineage: bool,
    ) -> Result<(), EngineError> {
        applying::check_state(self, target, state, accept_lineage)
    }

    fn state_addresses(
        &self,
        target: &Target,
        session: &Session<'_>,
    ) -> Result<BTreeSet<ResourceAddress>, EngineError> {
        applying::state_addresses(self, target, session)
    }

    fn command(&self, target: &Target, args: &[OsString]) -> CommandLine {
        let mut command = self.bare(target).args(with_values(&self.driven, target, args));
        // A typed init has only the flags that the user typed: `-upgrade` would contradict.
        if args.iter().any(|arg| arg == "init") || verbs::writes_lockfile(args) {
            command.env.remove(OsStr::new(INIT_FLAGS));
        }
        if target.typed_colors == TypedColors::On {
            command.env.remove(OsStr::new(NO_COLOR));
        }
        command
    }

    fn dependencies(
        &self,
        target: &Target,
        session: &Session<'_>,
    ) -> Result<Option<Map<String, Value>>, EngineError> {
        rendered::dependencies(self, (&self.render_command(target), target), session).map(Some)
    }

    fn unit_variables(
        &self,
        target: &Target,
        session: &Session<'_>,
    ) -> Result<Map<String, Value>, EngineError> {
        rendered::variables(self, (&self.render_command(target), target), session)
    }

    fn loses_values(&self, target: &Target, args: &[OsString]) -> bool {
        !target.var_files.is_empty() && place_in_unit(args) == Place::Unknown
    }

    fn is_mutating(&self, args: &[OsString]) -> bool {
        verbs::is_mutating_in_terragrunt(args)
    }

    fn keeps_environment(&self) -> bool {
        false
    }

    fn reads_root_module(&self) -> bool {
        false
    }
}
