//! Adapter for OpenTofu and Terraform.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    io,
    sync::Arc,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    applying,
    backend_check::{BackendInFolder, check_plan, check_stated, claim_checked},
    backend_record::BackendRecord,
    data_dir,
    effective_init::effective_init,
    init::LookUp,
    install::InitModules,
    lockfile::LockfilePolicy,
    planning::{self, Attempt},
};
use crate::{
    config::EngineSettings,
    engine::{
        Applied, EffectiveInit, Engine, EngineError, KnownOutputs, PlanFacts, PlanRequest, Planned,
        PrintedOutput, Session, StateIdentity, Target, TypedColors,
        driver::Driver,
        flags::{apply_args, lacks_exclude, plan_args, var_files},
        process::{
            call::{Dialect, not_run},
            folder_lock::{FolderLock, LockMode, lock_installed},
        },
        program::installed::Installed,
        state::{
            moved::{StateMove, state_move},
            recorded_outputs::known_outputs,
        },
        typed_command::{migrating::around_migration, mutating, typed_arguments::typed_arguments, verbs},
    },
    files::DigestCache,
    model::{EngineName, Failure, ResourceAddress},
    process::{CommandLine, Exit, Stream},
};

/// Engine that an adapter runs: OpenTofu or Terraform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Flavor {
    /// OpenTofu, whose backends and module sources may use variables.
    OpenTofu,
    /// HashiCorp Terraform.
    Terraform,
}

/// OpenTofu or Terraform at one version.
#[derive(Debug)]
pub(in crate::engine) struct Terraform {
    flavor: Flavor,
    pub(in crate::engine) installed: Installed,
    settings: EngineSettings,
    pub(in crate::engine) digests: Arc<DigestCache>,
}

impl Terraform {
    pub(in crate::engine) fn new(
        flavor: Flavor,
        installed: Installed,
        settings: EngineSettings,
        digests: Arc<DigestCache>,
    ) -> Self {
        Self { flavor, installed, settings, digests }
    }

    pub(in crate::engine) fn program(&self) -> &Utf8Path {
        &self.installed.program
    }

    pub(in crate::engine) fn version_text(&self) -> &str {
        &self.installed.version
    }

    pub(in crate::engine) fn settings(&self) -> &EngineSettings {
        &self.settings
    }

    /// Returns true if `init` has `-json`. Source: changelogs of Terraform 1.9 and OpenTofu 1.8.
    pub(super) fn speaks_json_in_init(&self) -> bool {
        self.installed.is_at_least(match self.flavor {
            Flavor::OpenTofu => (1, 8),
            Flavor::Terraform => (1, 9),
        })
    }

    /// Returns a command in the stack's folder with its data directory, without a workspace.
    pub(in crate::engine) fn bare(&self, target: &Target) -> CommandLine {
        let mut command =
            CommandLine::new(self.program().as_os_str(), target.dir.clone(), (*target.env).clone())
                .env("TF_DATA_DIR", data_dir::relative(target).into_os_string());
        command.env.remove(OsStr::new("TF_WORKSPACE"));
        match &self.settings.plugin_cache {
            Some(cache) => command.env("TF_PLUGIN_CACHE_DIR", cache.as_os_str()),
            None => command,
        }
    }

    /// Returns a command in the instance's workspace; the default one is set too, since the user may have selected another
    /// one.
    fn in_workspace(&self, target: &Target) -> CommandLine {
        self.bare(target).env("TF_WORKSPACE", target.workspace.as_deref().unwrap_or("default"))
    }

    /// Returns true if every verb that reads backends or module sources needs the variables: OpenTofu allows variables in
    /// both, Terraform in module sources (`const`). Source: changelogs of OpenTofu 1.8 and Terraform 1.15.
    fn variables_everywhere(&self) -> bool {
        self.installed.is_at_least(match self.flavor {
            Flavor::OpenTofu => (1, 8),
            Flavor::Terraform => (1, 15),
        })
    }

    pub(in crate::engine) fn locks_plugin_cache(&self, target: &Target) -> bool {
        self.installed.locks_plugin_cache(target)
    }

    pub(super) fn early_var_files(&self, target: &Target) -> Vec<OsString> {
        if self.variables_everywhere() { var_files(target) } else { Vec::new() }
    }

    pub(super) fn init_command(
        &self,
        target: &Target,
        (reconfigure, keeps_lockfile): (bool, bool),
        modules: InitModules,
    ) -> CommandLine {
        let mut command = self.bare(target).args(["init", "-input=false", "-no-color"]);
        // The backend record in the data directory is envctl's own, so that there is never a state to migrate.
        if reconfigure {
            command = command.arg("-reconfigure");
        }
        if self.speaks_json_in_init() {
            command = command.arg("-json");
        }
        if modules == InitModules::Skip {
            command = command.arg("-get=false");
        }
        if let Some(file) = &target.backend.config_file {
            command = command.arg(format!("-backend-config={file}"));
        }
        if keeps_lockfile {
            command = command.arg("-lockfile=readonly");
        }
        if target.lockfile == LockfilePolicy::Upgraded {
            command = command.arg("-upgrade");
        }
        command.args(self.early_var_files(target)).args(&self.settings.init_args)
    }

    /// Plans under the shared lock on the folder, so that no process installs meanwhile.
    fn plan_once(
        &self,
        target: &Target,
        request: &PlanRequest,
        session: &Session<'_>,
    ) -> Result<Attempt, EngineError> {
        let _used = lock_installed(target, LockMode::OthersWhoShare, session)?;
        planning::plan(self, target, request, session)
    }

    /// Returns true if `workspace list` has `-json`. Source: measured; Terraform 1.11 has not.
    pub(super) fn speaks_json_in_workspace_list(&self) -> bool {
        self.flavor == Flavor::OpenTofu && self.installed.is_at_least((1, 12))
    }
}

impl Driver for Terraform {
    fn program_name(&self) -> &str {
        self.name().as_str()
    }

    fn core(&self) -> &Installed {
        &self.installed
    }

    fn dialect(&self) -> Dialect {
        Dialect::Pure
    }

    fn check_version(&self, said: &str) -> Result<Option<String>, Failure> {
        self.installed.check_said(said)
    }

    fn plan_command(&self, target: &Target, request: &PlanRequest) -> CommandLine {
        self.in_workspace(target).args(plan_args(target, request)).args(&self.settings.plan_args)
    }

    fn show_command(&self, target: &Target, plan: &Utf8Path, json: bool) -> io::Result<CommandLine> {
        let format = if json { "-json" } else { "-no-color" };
        let command = self.in_workspace(target).args(["show", format]).args(self.early_var_files(target));
        Ok(command.arg(plan.as_os_str()))
    }

    fn apply_command(&self, target: &Target, plan: &Utf8Path, with_values: bool) -> CommandLine {
        self.in_workspace(target)
            .args(apply_args(target, with_values))
            .args(&self.settings.apply_args)
            .arg(plan.as_os_str())
    }

    fn output_command(&self, target: &Target) -> CommandLine {
        self.in_workspace(target).args(["output", "-json"]).args(self.early_var_files(target))
    }

    fn state_command(&self, target: &Target) -> CommandLine {
        self.in_workspace(target).args(["state", "pull", "-no-color"]).args(self.early_var_files(target))
    }

    fn check_backend(&self, target: &Target) -> Result<Option<BackendRecord>, EngineError> {
        check_stated(target, &target.data_dir).map(Some)
    }

    fn backends_in_force(&self, target: &Target) -> io::Result<Vec<BackendInFolder>> {
        Ok(vec![BackendInFolder::read(&target.data_dir, &target.dir)?])
    }

    fn lock_in_use(&self, target: &Target, session: &Session<'_>) -> Result<Option<FolderLock>, EngineError> {
        lock_installed(target, LockMode::OthersWhoShare, session).map(Some)
    }

    fn is_tentative(&self, _: &Target, _: &[String]) -> bool {
        // envctl itself sets stand-in values for these engines, and knows where.
        false
    }

    fn unsaved_states(&self, target: &Target) -> io::Result<Vec<Utf8PathBuf>> {
        let path = target.dir.join(crate::engine::recovery::UNSAVED);
        Ok(path.try_exists()?.then_some(path).into_iter().collect())
    }
}

impl Engine for Terraform {
    fn name(&self) -> EngineName {
        match self.flavor {
            Flavor::OpenTofu => EngineName::Tofu,
            Flavor::Terraform => EngineName::Terraform,
        }
    }

    fn version(&self) -> &str {
        &self.installed.version
    }

    fn lacks_exclude(&self) -> Option<String> {
        lacks_exclude(&self.installed)
    }

    fn prepare(
        &self,
        target: &Target,
        create_workspace: bool,
        force: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        self.initialise(target, (create_workspace, LookUp::AfterInit), force, session)
    }

    fn enter(
        &self,
        target: &Target,
        create_workspace: bool,
        accept_lineage: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        self.initialise(target, (create_workspace, LookUp::Always { accept_lineage }), false, session)
    }

    fn plan(
        &self,
        target: &Target,
        request: &PlanRequest,
        session: &Session<'_>,
    ) -> Result<Planned, EngineError> {
        if let Attempt::Planned(planned) = self.plan_once(target, request, session)? {
            return Ok(*planned);
        }
        let before = target.lockfile_digest()?;
        self.initialise(target, (false, LookUp::AfterInit), true, session)?;
        let lockfile = target.lockfile_digest()?;
        match self.plan_once(target, request, session)? {
            Attempt::Planned(planned) => {
                Ok(Planned { lockfile: lockfile.filter(|now| Some(now) != before.as_ref()), ..*planned })
            }
            Attempt::InitNeeded(failure) => Err(EngineError::Failed(failure)),
        }
    }

    fn apply(&self, target: &Target, plan: &Utf8Path, session: &Session<'_>) -> Result<Applied, EngineError> {
        applying::apply(self, target, plan, session)
    }

    fn state_move(&self, target: &Target, args: &[OsString]) -> Result<Option<StateMove>, EngineError> {
        state_move(target, args)
    }

    fn run_mutating(
        &self,
        target: &Target,
        args: &[OsString],
        session: &Session<'_>,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, EngineError> {
        around_migration((self, target, session), args, on_line, |args, on_line| {
            let command = || {
                if verbs::installs(args) {
                    let lock = lock_installed(target, LockMode::Nobody, session)?;
                    return Ok((Some(lock), self.installing_command(target, args, session)?));
                }
                Ok((self.lock_in_use(target, session)?, self.command(target, args)))
            };
            mutating::run_mutating(self, target, (&command, args), session, on_line)
        })
    }

    fn run_reading(
        &self,
        target: &Target,
        args: &[OsString],
        session: &Session<'_>,
    ) -> Result<Exit, EngineError> {
        let _used = lock_installed(target, LockMode::OthersWhoShare, session)?;
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
        let engine = (self.name().as_str().to_owned(), self.installed.version.clone());
        effective_init(target, engine, &self.settings, &target.data_dir, &target.dir)
    }

    fn check_plan_backend(&self, target: &Target, facts: &PlanFacts) -> Result<(), EngineError> {
        claim_checked(self, target)?;
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
        let args = typed_arguments(&self.installed, target, args, self.variables_everywhere());
        let command = self.in_workspace(target).args(args);
        match target.typed_colors {
            // Every verb takes the flag from there, in its place (measured on OpenTofu 1.12.6 and Terraform 1.11.4).
            TypedColors::Off => command.env("TF_CLI_ARGS", "-no-color"),
            TypedColors::On | TypedColors::Unset => command,
        }
    }

    fn is_mutating(&self, args: &[OsString]) -> bool {
        verbs::is_mutating(args)
    }

    fn reads_root_module(&self) -> bool {
        true
    }
}
