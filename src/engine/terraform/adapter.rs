//! Adapter for OpenTofu and Terraform.

use std::{ffi::OsString, io};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    backend_check::check_configured,
    backend_record::{BackendInFolder, BackendRecord},
    commands::Terraform,
    effective_init::effective_init,
    planning::{self, PlanAttempt},
    workspace_policy::{WorkspaceLookup, WorkspacePolicy},
};
use crate::{
    engine::{
        EffectiveInit, Engine, EngineError, EngineLabel, PlanRequest, Planned, Session, StateMove, Target,
        TypedColors,
        driver::{Driver, Invocation},
        flags::{apply_args, plan_args},
        process::{
            document::Dialect,
            folder_lock::{FolderLock, LockMode, lock_installed},
        },
        program::installed::InstalledEngine,
        recovery::UNSAVED,
        state::moved::state_move,
        typed_command::{migrating::around_migration, mutating, typed_arguments::typed_arguments, verbs},
    },
    process::{CommandLine, Exit, Stream},
};

impl Driver for Terraform {
    fn installed(&self) -> &InstalledEngine {
        &self.installed
    }

    fn core(&self) -> &InstalledEngine {
        &self.installed
    }

    fn dialect(&self) -> Dialect {
        Dialect::Pure
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
        check_configured(target, &target.data_dir).map(Some)
    }

    fn backends_in_force(&self, target: &Target) -> io::Result<Vec<BackendInFolder>> {
        Ok(vec![BackendInFolder::read(&target.data_dir, &target.dir)?])
    }

    fn lock_in_use(&self, target: &Target, session: &Session<'_>) -> Result<Option<FolderLock>, EngineError> {
        lock_installed(target, LockMode::Shared, session).map(Some)
    }

    fn is_tentative(&self, _: &Target, _: &[String]) -> bool {
        // envctl itself sets stand-in values for these engines, and knows where.
        false
    }

    fn unsaved_states(&self, target: &Target) -> io::Result<Vec<Utf8PathBuf>> {
        let path = target.dir.join(UNSAVED);
        Ok(path.try_exists()?.then_some(path).into_iter().collect())
    }
}

impl Engine for Terraform {
    fn driver(&self) -> &dyn Driver {
        self
    }

    fn prepare(
        &self,
        target: &Target,
        create_workspace: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        let workspace = WorkspacePolicy { create: create_workspace, lookup: WorkspaceLookup::AfterInit };
        self.initialise(target, workspace, false, session)
    }

    fn enter(
        &self,
        target: &Target,
        create_workspace: bool,
        accept_lineage: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        let workspace =
            WorkspacePolicy { create: create_workspace, lookup: WorkspaceLookup::Always { accept_lineage } };
        self.initialise(target, workspace, false, session)
    }

    fn plan(
        &self,
        target: &Target,
        request: &PlanRequest,
        session: &Session<'_>,
    ) -> Result<Planned, EngineError> {
        if let PlanAttempt::Planned(planned) = plan_once(self, target, request, session)? {
            return Ok(*planned);
        }
        let before = target.lockfile_digest()?;
        let workspace = WorkspacePolicy { create: false, lookup: WorkspaceLookup::AfterInit };
        self.initialise(target, workspace, true, session)?;
        let lockfile = target.lockfile_digest()?;
        match plan_once(self, target, request, session)? {
            PlanAttempt::Planned(planned) => {
                Ok(Planned { lockfile: lockfile.filter(|now| Some(now) != before.as_ref()), ..*planned })
            }
            PlanAttempt::InitNeeded(failure) => Err(EngineError::Failed(failure)),
        }
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
        around_migration(self, target, session, args, on_line, |args, on_line| {
            let command = || {
                if verbs::installs(args) {
                    let lock = lock_installed(target, LockMode::Exclusive, session)?;
                    return Ok((Some(lock), self.installing_command(target, args, session)?));
                }
                Ok((self.lock_in_use(target, session)?, self.command(target, args)))
            };
            mutating::run_mutating(Invocation::new(self, target, session), &command, args, on_line)
        })
    }

    fn effective_init(&self, target: &Target) -> io::Result<EffectiveInit> {
        let engine =
            EngineLabel { name: self.name().as_str().to_owned(), version: self.installed.version.clone() };
        effective_init(target, engine, &self.settings, &target.data_dir, &target.dir)
    }

    fn command(&self, target: &Target, args: &[OsString]) -> CommandLine {
        let args = typed_arguments(&self.installed, target, args, self.needs_variables_everywhere());
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

    fn plans_in_stack_folder(&self) -> bool {
        true
    }
}

/// Plans under the shared lock on the folder, so that no process installs meanwhile.
fn plan_once(
    engine: &Terraform,
    target: &Target,
    request: &PlanRequest,
    session: &Session<'_>,
) -> Result<PlanAttempt, EngineError> {
    let _used = lock_installed(target, LockMode::Shared, session)?;
    planning::plan(Invocation::new(engine, target, session), request)
}
