//! Operations of an engine: the trait [`Engine`], whose provided methods serve every engine alike.

use std::{collections::BTreeSet, ffi::OsString, io};

use camino::Utf8Path;

use super::{
    Applied, BoundContent, EffectiveInit, EngineError, KnownOutputs, PlanFacts, PlanRequest, Planned,
    PrintedOutput, Session, StateIdentity, StateMove, Target,
    driver::{Driver, Invocation},
    flags::lacks_exclude,
    process::call::run_inherited,
    recovery,
    state::{read, recorded_outputs::known_outputs},
    terraform::{
        applying,
        backend_check::{check_plan, claim_checked},
    },
};
use crate::{
    model::{EngineName, Failure, ResourceAddress},
    process::{CommandLine, Exit, Stream},
};

/// One engine at one version. Methods block; they are called from worker threads.
pub trait Engine: Driver + BoundContent + Send + Sync {
    /// Returns the engine as a `Driver`, for the functions that plan, apply and read a state.
    fn driver(&self) -> &dyn Driver;

    /// Returns an operation of this engine on an instance, whose processes run in a session.
    fn invocation<'a>(&'a self, target: &'a Target, session: &'a Session<'a>) -> Invocation<'a> {
        Invocation::new(self.driver(), target, session)
    }

    /// Returns the name of the engine.
    fn name(&self) -> EngineName {
        self.installed().name
    }

    /// Returns the names of the engines that run: this one, and the one that it drives.
    fn engines(&self) -> Vec<EngineName> {
        [self.name()].into_iter().chain(self.driven().map(|(name, _)| name)).collect()
    }

    /// Returns the version of the engine: `1.12.6`.
    fn version(&self) -> &str {
        &self.installed().version
    }

    /// Returns the driven engine with its version; `None` for an engine that makes plans itself.
    fn driven(&self) -> Option<(EngineName, &str)> {
        None
    }

    /// Returns the name and version of the engine that makes the plans.
    fn planning_engine(&self) -> (EngineName, &str) {
        self.driven().unwrap_or_else(|| (self.name(), self.version()))
    }

    /// Returns the version as text, with the driven engine: `1.1.3 driving tofu 1.12.6`.
    fn version_text(&self) -> String {
        match self.driven() {
            Some((name, version)) => format!("{} driving {name} {version}", self.version()),
            None => self.version().to_owned(),
        }
    }

    /// Returns the reason why the engine's plans cannot leave a resource out by `-exclude`; `None` if they can.
    fn lacks_exclude(&self) -> Option<String> {
        lacks_exclude(self.core())
    }

    /// Refuses a plan of an instance whose state is lost or waits to be saved, as local files show; asks no engine.
    fn check_plannable(&self, target: &Target) -> Result<(), Failure> {
        recovery::refuse_to_plan(target, false)
    }

    /// Initialises the instance if its fingerprint changed, then makes sure that its workspace exists.
    ///
    /// A missing workspace is created only if `create_workspace` is set; otherwise the error is
    /// [`EngineError::MissingWorkspace`] and nothing is left behind.
    fn prepare(
        &self,
        target: &Target,
        create_workspace: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError>;

    /// Initialises the instance for a command outside a run. The workspace is asked for even if no init is needed, since
    /// the engine would create a missing one. A workspace that is missing although a state is known is refused, unless
    /// `accept_lineage`.
    fn enter(
        &self,
        target: &Target,
        create_workspace: bool,
        accept_lineage: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError>;

    /// Plans a prepared instance into a file; initialises once more if the engine asks for it, as part of the same attempt.
    fn plan(
        &self,
        target: &Target,
        request: &PlanRequest,
        session: &Session<'_>,
    ) -> Result<Planned, EngineError>;

    /// Applies a plan file: never retried, never killed, output to files.
    fn apply(&self, target: &Target, plan: &Utf8Path, session: &Session<'_>) -> Result<Applied, EngineError> {
        applying::apply(self.invocation(target, session), plan)
    }

    /// Returns the old and the new state of a typed `init`, as far as files show; `None` if the state stays in place.
    fn state_move(&self, _target: &Target, _args: &[OsString]) -> Result<Option<StateMove>, EngineError> {
        Ok(None)
    }

    /// Runs a command of the user (`envctl exec`) that may change a state, with the protections of an apply: one at a time in
    /// a folder, and not while a state that an engine could not save waits for its push (unless the command pushes that
    /// state). The program writes to files that are removed afterwards; `on_line` gets each line, with secrets masked.
    fn run_mutating(
        &self,
        target: &Target,
        args: &[OsString],
        session: &Session<'_>,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, EngineError>;

    /// Reads the outputs of a prepared instance, in the engine's order.
    fn outputs(&self, target: &Target, session: &Session<'_>) -> Result<Vec<PrintedOutput>, EngineError> {
        read::outputs(self.invocation(target, session))
    }

    /// Reads the outputs that other stacks may use. Refuses a state that is not the last known one (unless `accept_lineage`)
    /// or that waits to be saved. A local state is read as a file, any other from its backend; nothing is masked.
    fn known_outputs(
        &self,
        target: &Target,
        accept_lineage: bool,
        session: &Session<'_>,
    ) -> Result<KnownOutputs, EngineError> {
        known_outputs(self.invocation(target, session), self.effective_init(target), accept_lineage)
    }

    /// Returns the facts behind a plan of a prepared instance, as they are now; starts no process.
    fn effective_init(&self, target: &Target) -> io::Result<EffectiveInit>;

    /// Compares the backend of a plan file with the one in force and with the states of other instances; starts no process.
    fn check_plan_backend(&self, target: &Target, facts: &PlanFacts) -> Result<(), EngineError> {
        claim_checked(self.driver(), target)?;
        check_plan(self.driver(), target, facts)
    }

    /// Reads lineage and serial of a prepared instance's state from its backend.
    fn state_identity(&self, target: &Target, session: &Session<'_>) -> Result<StateIdentity, EngineError> {
        read::state_identity(self.invocation(target, session))
    }

    /// Returns lineage and serial of a prepared instance's state; a local state is read without a process.
    fn state_version(&self, target: &Target, session: &Session<'_>) -> Result<StateIdentity, EngineError> {
        read::state_version(self.invocation(target, session))
    }

    /// Reads the state of a prepared instance from its backend and records its lineage. Refuses a state that is not the last
    /// known one or went back (unless `accept_lineage`), and one that belongs to another instance.
    fn known_state(
        &self,
        target: &Target,
        accept_lineage: bool,
        session: &Session<'_>,
    ) -> Result<StateIdentity, EngineError> {
        read::known_state(self.invocation(target, session), accept_lineage)
    }

    /// Refuses a state that the caller has read, in the cases of [`Engine::known_state`]; starts no process.
    fn check_state(
        &self,
        target: &Target,
        state: &StateIdentity,
        accept_lineage: bool,
    ) -> Result<(), EngineError> {
        read::check_state(self.driver(), target, state, accept_lineage)
    }

    /// Reads the addresses of the resources in a prepared instance's state from its backend.
    fn state_addresses(
        &self,
        target: &Target,
        session: &Session<'_>,
    ) -> Result<BTreeSet<ResourceAddress>, EngineError> {
        read::state_addresses(self.invocation(target, session))
    }

    /// Runs any command that changes nothing, with the user's own streams. Meanwhile no envctl process installs anything in
    /// the stack's folder.
    fn run_reading(
        &self,
        target: &Target,
        args: &[OsString],
        session: &Session<'_>,
    ) -> Result<Exit, EngineError> {
        let _used = self.lock_in_use(target, session)?;
        run_inherited(&self.command(target, args), session)
    }

    /// Returns the command line of any command of the engine for a prepared instance, for `envctl exec` and `envctl shell`.
    fn command(&self, target: &Target, args: &[OsString]) -> CommandLine;

    /// Returns the `dependency` blocks of a unit by their labels, with includes merged, as Terragrunt renders them; `None`
    /// for other engines.
    fn dependencies(
        &self,
        _target: &Target,
        _session: &Session<'_>,
    ) -> Result<Option<serde_json::Map<String, serde_json::Value>>, EngineError> {
        Ok(None)
    }

    /// Returns the variables that a unit itself gives to the apply of a plan, as Terragrunt renders them: `inputs`, and
    /// `TF_VAR_*` of `extra_arguments`. Empty for other engines.
    fn unit_variables(
        &self,
        _target: &Target,
        _session: &Session<'_>,
    ) -> Result<serde_json::Map<String, serde_json::Value>, EngineError> {
        Ok(serde_json::Map::new())
    }

    /// Returns true if a typed command may change a state or anything else.
    fn is_mutating(&self, args: &[OsString]) -> bool;

    /// Returns true if the engine's backend sees exactly the target's environment variables. False for Terragrunt, whose
    /// files may set other credentials.
    fn keeps_environment(&self) -> bool {
        true
    }

    /// Returns true if values, var files and backend pairs of environments.toml reach this engine's stacks by declared
    /// variables (false for Terragrunt, which passes them on unchecked).
    fn plans_in_stack_folder(&self) -> bool;
}
