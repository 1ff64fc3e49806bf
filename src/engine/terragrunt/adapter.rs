//! Adapter for Terragrunt, unit by unit: Terragrunt drives OpenTofu or Terraform and passes on their output and exit code.

use std::{
    ffi::{OsStr, OsString},
    io,
};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value};

use super::{
    commands::{INIT_FLAGS, NO_COLOR, Terragrunt},
    rendered,
    unit_backend::{check_unit_backend, is_initialised},
    unit_folders::{backends_in_force, files_named, make_download_dir, working_folder},
    unit_planning::plan_unit,
};
use crate::{
    engine::{
        EffectiveInit, Engine, EngineError, EngineLabel, Intent, PlanFacts, PlanRequest, Planned, Session,
        StateMove, Target, TypedColors,
        driver::{Driver, Invocation},
        environment::variables::plugin_cache,
        flags::{apply_args, plan_args},
        intent_of,
        process::{call::run_inherited, document::Dialect},
        program::installed::InstalledEngine,
        recovery::UNSAVED,
        terraform::{
            backend_record::{BackendInFolder, BackendRecord},
            effective_init::effective_init,
        },
        typed_command::{migrating::refuse_unit, mutating, unit_values::with_values, verbs},
    },
    model::{EngineName, Failure, FailureKind},
    process::{CommandLine, Exit, Stream},
};

impl Driver for Terragrunt {
    fn installed(&self) -> &InstalledEngine {
        &self.installed
    }

    fn core(&self) -> &InstalledEngine {
        &self.driven
    }

    fn dialect(&self) -> Dialect {
        Dialect::Mixed
    }

    fn plan_command(&self, target: &Target, request: &PlanRequest) -> CommandLine {
        let args = plan_args(target, request).into_iter().skip(1);
        self.driven_command(target, "plan", args.chain(self.settings.plan_args.iter().map(OsString::from)))
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
        self.driven_command(target, "apply", args.chain(more).chain([plan.as_os_str().to_owned()]))
    }

    fn output_command(&self, target: &Target) -> CommandLine {
        self.driven_command(target, "output", ["-json".into()])
    }

    fn state_command(&self, target: &Target) -> CommandLine {
        self.driven_command(target, "state", ["pull".into(), "-no-color".into()])
    }

    fn check_backend(&self, _: &Target) -> Result<Option<BackendRecord>, EngineError> {
        Ok(None)
    }

    fn backends_in_force(&self, target: &Target) -> io::Result<Vec<BackendInFolder>> {
        backends_in_force(target)
    }

    fn check_unit_backend(
        &self,
        target: &Target,
        facts: Option<&PlanFacts>,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        check_unit_backend(Invocation::new(self, target, session), facts, &self.render_command(target))
    }

    fn is_tentative(&self, _: &Target, stderr: &[String]) -> bool {
        // Terragrunt does not warn of mocks that are merged with existing outputs: the caller has to compare those.
        stderr.iter().any(|line| line.contains("mock outputs provided"))
    }

    fn unsaved_states(&self, target: &Target) -> io::Result<Vec<Utf8PathBuf>> {
        files_named(target, UNSAVED)
    }
}

impl Engine for Terragrunt {
    fn driver(&self) -> &dyn Driver {
        self
    }

    fn driven(&self) -> Option<(EngineName, &str)> {
        Some((self.driven.name, &self.driven.version))
    }

    fn prepare(
        &self,
        target: &Target,
        _create_workspace: bool,
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
        if target.backend.config_files().next().is_some() {
            return refuse(
                "a Terragrunt unit takes its backend from `remote_state`, not from `backend` pairs or `backend_files`",
            );
        }
        make_download_dir(target).map_err(EngineError::Failed)?;
        match plugin_cache(&self.settings, target) {
            Some(cache) => self.fill_plugin_cache(target, &cache, session),
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
        self.prepare(target, create_workspace, session)
    }

    fn plan(
        &self,
        target: &Target,
        request: &PlanRequest,
        session: &Session<'_>,
    ) -> Result<Planned, EngineError> {
        plan_unit(self, target, request, session)
    }

    fn state_move(&self, _: &Target, args: &[OsString]) -> Result<Option<StateMove>, EngineError> {
        if intent_of(args) == Intent::MigrateState { Err(refuse_unit()) } else { Ok(None) }
    }

    fn run_mutating(
        &self,
        target: &Target,
        args: &[OsString],
        session: &Session<'_>,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, EngineError> {
        let command = || Ok((None, self.command(target, args)));
        mutating::run_mutating(Invocation::new(self, target, session), &command, args, on_line)
    }

    fn run_reading(
        &self,
        target: &Target,
        args: &[OsString],
        session: &Session<'_>,
    ) -> Result<Exit, EngineError> {
        // Terragrunt initialises a unit without an init, with the backend that the unit configures.
        if verbs::reads_a_state(args) && is_initialised(target)? {
            self.check_unit_backend(target, None, session)?;
        }
        run_inherited(&self.command(target, args), session)
    }

    fn effective_init(&self, target: &Target) -> io::Result<EffectiveInit> {
        let name = format!("{} driving {}", self.name().as_str(), self.driven.name.as_str());
        let version = format!("{} driving {}", self.installed.version, self.driven.version);
        let folder = working_folder(target)?;
        let engine = EngineLabel { name, version };
        effective_init(target, engine, &self.settings, &folder.join(".terraform"), &folder)
    }

    fn command(&self, target: &Target, args: &[OsString]) -> CommandLine {
        let mut command = self.base_command(target).args(with_values(&self.driven, target, args));
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
        rendered::dependencies(Invocation::new(self, target, session), &self.render_command(target)).map(Some)
    }

    fn unit_variables(
        &self,
        target: &Target,
        session: &Session<'_>,
    ) -> Result<Map<String, Value>, EngineError> {
        rendered::variables(Invocation::new(self, target, session), &self.render_command(target))
    }

    fn is_mutating(&self, args: &[OsString]) -> bool {
        verbs::is_mutating_in_terragrunt(args)
    }

    fn keeps_environment(&self) -> bool {
        false
    }

    fn plans_in_stack_folder(&self) -> bool {
        false
    }
}
