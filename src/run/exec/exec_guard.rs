//! Checks of a typed command that need the engine and its files: the origin of a plan file, and the losses of a state.

use std::{ffi::OsStr, io};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    engine::{EngineError, Intent, Session, is_rescued, plan_facts, replaced_providers, state_addresses},
    executor::ReadyStack,
    files,
    model::{Block, Blocked, Failure, FailureKind, Guard, StackId},
    plans::guards::{InstanceState, mismatch_with_instance, resources_at},
    run::environment_guards::EnvironmentGuards,
};

/// Instance that a typed command is about to run for.
pub(crate) struct ExecCheck<'a> {
    /// Stack of the instance.
    pub(crate) stack: &'a StackId,
    /// Folder of all runs.
    pub(crate) runs: &'a Utf8Path,
    /// Engine and target of the instance.
    pub(crate) work: &'a ReadyStack,
    /// Session of the engine.
    pub(crate) session: &'a Session<'a>,
}

/// Result of the checks of a typed command.
#[derive(Debug, Default)]
pub(crate) struct ExecVerdict {
    /// Blocks of the guards; empty if the command may run.
    pub(crate) blocked: Vec<Blocked>,
    /// Id of the run that stored the plan file on the command line; `None` without a plan file of a run.
    pub(crate) run: Option<String>,
}

impl ExecCheck<'_> {
    /// Checks a command right before it runs.
    pub(crate) fn judge(
        &self,
        typed: &Intent,
        guards: &mut EnvironmentGuards,
    ) -> Result<ExecVerdict, EngineError> {
        if let Some(found) = self.replaced_providers(typed, guards) {
            return Ok(ExecVerdict { blocked: self.blocked(Guard::Binding, &found), run: None });
        }
        let blocked = match typed {
            Intent::PlanFile { file } => return self.check_plan_file(file),
            Intent::Push { file } if guards.judges_losses() => match self.pushed_state(file.as_deref()) {
                Err(why) => self.blocked(Guard::StatePush, &why),
                Ok(None) => Vec::new(),
                Ok(Some(text)) => {
                    let now = self.work.engine.state_addresses(&self.work.target, self.session)?;
                    match state_addresses(&text) {
                        Err(error) => {
                            self.blocked(Guard::StatePush, &format!("the file cannot be compared: {error}"))
                        }
                        Ok(then) => {
                            let lost: Vec<_> = now.difference(&then).cloned().collect();
                            guards.judge_lost(self.stack, &lost)
                        }
                    }
                }
            },
            Intent::Named { addresses, forgets: true } => {
                match guards.without_exception(self.stack, addresses).as_slice() {
                    [] => Vec::new(),
                    without_exception => {
                        let now = self.work.engine.state_addresses(&self.work.target, self.session)?;
                        guards.judge_lost(self.stack, &resources_at(without_exception, &now))
                    }
                }
            }
            _ => Vec::new(),
        };
        Ok(ExecVerdict { blocked, run: None })
    }

    /// Returns the refusal of a command that starts providers, in an environment with `confirm`
    /// whose providers are replaced.
    fn replaced_providers(&self, typed: &Intent, guards: &EnvironmentGuards) -> Option<String> {
        let starts =
            matches!(typed, Intent::Everything { .. } | Intent::PlanFile { .. } | Intent::Named { .. });
        let found =
            replaced_providers(&self.work.target.env).filter(|_| starts && guards.needs_confirmation())?;
        Some(format!("{found}: the providers would not be the locked ones"))
    }

    fn blocked(&self, guard: Guard, message: &str) -> Vec<Blocked> {
        vec![Blocked { stack: Some(self.stack.clone()), block: Block::new(guard, message) }]
    }

    /// Returns the path at which the engine finds a file; `None` for a relative path of a Terragrunt unit, whose
    /// working directory is not known.
    fn engine_path(&self, file: &OsStr) -> Option<Utf8PathBuf> {
        let file = Utf8Path::from_path(file.as_ref())?;
        let sure = file.is_absolute() || self.work.engine.plans_in_stack_folder();
        sure.then(|| self.work.target.dir.join(file))
    }

    /// Returns the content of the state file that is about to be pushed; `None` for a file in which envctl itself saved a
    /// state that an engine could not save.
    fn pushed_state(&self, file: Option<&OsStr>) -> Result<Option<Vec<u8>>, String> {
        let path = file.filter(|file| *file != "-").and_then(|file| self.engine_path(file));
        let Some(path) = path else {
            return Err("what is pushed cannot be compared with the state: name one file by its whole path"
                .to_owned());
        };
        if is_rescued(&self.work.target, &path) {
            return Ok(None);
        }
        files::read_whole(&path)
            .map(Some)
            .map_err(|error| format!("`{path}` cannot be compared with the state: {error}"))
    }

    fn check_plan_file(&self, file: &OsStr) -> Result<ExecVerdict, EngineError> {
        let not =
            |message: &str| Ok(ExecVerdict { blocked: self.blocked(Guard::PlanFile, message), run: None });
        let Some(path) = self.engine_path(file) else { return not("a plan file is named by its whole path") };
        let facts = match plan_facts(&path) {
            Ok(facts) => facts,
            Err(error) => return not(&error.to_string()),
        };
        let unreadable = |error: io::Error| {
            let summary = format!("cannot compare `{path}` with the plans in `{}`: {error}", self.runs);
            EngineError::Failed(Failure::new(FailureKind::State, summary))
        };
        if let Some(run) = run_with_plan(self.runs, &path).map_err(unreadable)? {
            let message = format!("`{path}` is a plan that envctl keeps");
            return Ok(ExecVerdict { blocked: self.blocked(Guard::PlanFile, &message), run: Some(run) });
        }
        let ReadyStack { engine, target, .. } = self.work;
        let effective_init = engine.effective_init(target).map_err(unreadable)?;
        let state = engine.state_identity(target, self.session)?;
        let instance_state = InstanceState {
            workspace: target.workspace.as_deref(),
            backend_type: &effective_init.backend_type,
            lineage: &state.lineage,
        };
        if let Some(why) = mismatch_with_instance(&facts, instance_state) {
            return not(&format!("`{path}` is no plan of this state: {why}"));
        }
        // An apply reads only the backend in the plan file.
        match engine.check_plan_backend(target, &facts) {
            Err(EngineError::WrongBackend(failure)) => {
                not(&format!("`{path}` is no plan of this state: {}", failure.summary))
            }
            checked => checked.map(|()| ExecVerdict::default()),
        }
    }
}

/// Returns the run that stored a plan file or the original of a copy; also a run of another project.
fn run_with_plan(runs: &Utf8Path, file: &Utf8Path) -> io::Result<Option<String>> {
    let real = file.canonicalize_utf8()?;
    let names: Vec<&str> = real.components().map(|part| part.as_str()).collect();
    if let Some(at) = names.windows(2).position(|pair| pair == [".envctl", "runs"]) {
        return Ok(names.get(at + 2).map(|run| (*run).to_owned()));
    }
    let bytes = files::read_whole(file)?;
    for run in folder_entries(runs)? {
        for plan in folder_entries(&run.join("plans"))? {
            let same_size = plan.metadata().is_ok_and(|plan| plan.len() == bytes.len() as u64);
            if same_size && files::read_whole(&plan)? == bytes {
                return Ok(run.file_name().map(str::to_owned));
            }
        }
    }
    Ok(None)
}

/// Returns the paths in a folder; empty if it does not exist.
fn folder_entries(folder: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>> {
    match folder.read_dir_utf8() {
        Ok(entries) => entries.map(|entry| entry.map(camino::Utf8DirEntry::into_path)).collect(),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}
