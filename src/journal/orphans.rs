//! Engines and hooks that still run although their envctl was killed.

use std::io;

use camino::Utf8PathBuf;

use super::{JournalContent, JournalError, RunDir, RunStore, StoredRun, read_journal};
use crate::{
    event::EventKind,
    files,
    model::{EnvName, RunId, StackId},
    process::{ProcessIdentity, WritingProcess, processes_writing_below},
};

/// Programs and files of unfinished runs and commands of one environment, whose envctl has ended.
#[derive(Debug, Default)]
pub struct Leftovers {
    runs: Vec<UnfinishedRun>,
    /// Folders of single commands that were not removed.
    commands: Vec<Utf8PathBuf>,
    /// Runs whose journals cannot be read, with the error.
    pub unreadable: Vec<(RunId, JournalError)>,
}

#[derive(Debug)]
struct UnfinishedRun {
    id: RunId,
    dir: RunDir,
    stacks: Vec<StackId>,
    started: Vec<(StackId, Program, ProcessIdentity)>,
}

/// Kind of a program that envctl started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// The program is an engine.
    Engine,
    /// Hook with its name; the name is `None` when the journal does not record the hook.
    Hook(Option<String>),
}

/// Program that still runs although its envctl has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrphanProcess {
    /// Run of the program; `None` for a command outside a run.
    pub run: Option<RunId>,
    /// Stack of the program; `None` when unknown.
    pub stack: Option<StackId>,
    /// Kind of program.
    pub program: Program,
    /// Process id.
    pub pid: u32,
}

fn unfinished_run(
    run: &StoredRun,
    recorded: &JournalContent,
    environment: &EnvName,
) -> Option<UnfinishedRun> {
    let (mut stacks, mut started) = (Vec::new(), Vec::new());
    for event in &recorded.events {
        match &event.kind {
            EventKind::RunStarted { environment: other, .. } if other != environment => return None,
            EventKind::RunStarted { stacks: all, .. } => {
                stacks.extend(all.iter().map(|stack| stack.stack.clone()));
            }
            EventKind::EngineStarted { stack, pid, start_time, boot_id, .. } => {
                let identity =
                    ProcessIdentity { pid: *pid, start_time: *start_time, boot_id: boot_id.clone() };
                started.push((stack.clone(), Program::Engine, identity));
            }
            EventKind::HookStarted { stack, hook, pid, start_time, boot_id, .. } => {
                let identity =
                    ProcessIdentity { pid: *pid, start_time: *start_time, boot_id: boot_id.clone() };
                started.push((stack.clone(), Program::Hook(Some(hook.clone())), identity));
            }
            EventKind::RunFinished { .. } => return None,
            _ => {}
        }
    }
    Some(UnfinishedRun { id: run.id.clone(), dir: run.dir.clone(), stacks, started })
}

impl Leftovers {
    /// Finds the programs and files that unfinished runs and commands of an environment have left behind.
    pub fn find(store: &RunStore, environment: &EnvName) -> Result<Self, JournalError> {
        let mut found = Self { commands: store.command_dirs(environment)?, ..Self::default() };
        for run in store.list()? {
            // The report is written after the last event.
            if run.dir.report().exists() {
                continue;
            }
            match read_journal(&run.dir.journal()) {
                Ok(recorded) => found.runs.extend(unfinished_run(&run, &recorded, environment)),
                Err(JournalError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    let (id, dir) = (run.id.clone(), run.dir.clone());
                    found.runs.push(UnfinishedRun { id, dir, stacks: Vec::new(), started: Vec::new() });
                    found.unreadable.push((run.id, error));
                }
            }
        }
        Ok(found)
    }

    /// Returns the programs that run now, each once.
    ///
    /// Programs in the journal are recognized by their identity. A program that was started right before envctl was
    /// killed is in no journal; it is recognized by the output files that it has open.
    pub fn running_programs(&self) -> Vec<OrphanProcess> {
        let mut found: Vec<OrphanProcess> = Vec::new();
        for run in &self.runs {
            let known = run.started.iter().filter(|(.., identity)| identity.is_alive());
            let known = known.map(|(stack, program, own)| (Some(stack.clone()), program.clone(), own.pid));
            for (stack, program, pid) in known.chain(run.writers()) {
                if found.iter().all(|other| other.pid != pid) {
                    found.push(OrphanProcess { run: Some(run.id.clone()), stack, program, pid });
                }
            }
        }
        for writer in self.commands.iter().flat_map(|folder| processes_writing_below(folder)) {
            if let Some(program) = program_of_output(&writer)
                && found.iter().all(|other| other.pid != writer.pid)
            {
                found.push(OrphanProcess { run: None, stack: None, program, pid: writer.pid });
            }
        }
        found
    }

    /// Removes the plan files that these runs were applying: these files hold values and cannot be applied again. To be
    /// called when no program of these runs is running. Returns the files that could not be removed, with the error.
    pub fn remove_begun_plans(&self) -> Vec<(Utf8PathBuf, io::Error)> {
        let plans = |run: &UnfinishedRun| -> Vec<_> {
            run.stacks.iter().flat_map(|stack| run.dir.begun_plans(stack)).collect()
        };
        let removed = self.runs.iter().flat_map(plans).map(|file| (files::remove_if_there(&file), file));
        removed.filter_map(|(done, file)| Some((file, done.err()?))).collect()
    }
}

impl UnfinishedRun {
    /// Returns the processes that write to a file of the run, with the stack of the file.
    fn writers(&self) -> impl Iterator<Item = (Option<StackId>, Program, u32)> {
        processes_writing_below(self.dir.path()).into_iter().filter_map(|writer| {
            let stack = self.stacks.iter().find(|stack| Some(&*stack.file_name()) == writer.file.file_stem());
            Some((stack.cloned(), program_of_output(&writer)?, writer.pid))
        })
    }
}

/// Returns the kind of program that writes to a file; `None` for a log, which envctl itself writes.
fn program_of_output(writer: &WritingProcess) -> Option<Program> {
    match writer.file.extension()? {
        "stdout" | "stderr" => Some(Program::Engine),
        "hook-stdout" | "hook-stderr" => Some(Program::Hook(None)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use camino::Utf8Path;

    use super::super::{
        Journal,
        fold::tests::{event, run_started},
    };
    use super::*;
    use crate::{event::StepKind, model::ExitStatus};

    fn started(stack: &str, identity: ProcessIdentity) -> EventKind {
        let (stack, step) = (stack.parse().unwrap(), StepKind::Apply);
        let ProcessIdentity { pid, start_time, boot_id } = identity;
        EventKind::EngineStarted { stack, step, pid, start_time, boot_id }
    }

    /// Returns the engines of a run of `a` and `b` that are alive, this test process being the only one that runs.
    fn running_programs(events: Vec<EventKind>) -> Vec<(Option<StackId>, u32)> {
        let root = tempfile::tempdir().unwrap();
        let store = RunStore::new(Utf8Path::from_path(root.path()).unwrap());
        let mut journal = Journal::create(store.create(&RunId::new(1, 1)).unwrap()).unwrap();
        let events = std::iter::once(run_started(&["a", "b"])).chain(events);
        for (seq, kind) in (0..).zip(events) {
            journal.append(&event(seq, kind)).unwrap();
        }
        let environment = "staging".parse().unwrap();
        let found = Leftovers::find(&store, &environment).unwrap();
        assert!(found.unreadable.is_empty());
        assert_eq!(Leftovers::find(&store, &"another".parse().unwrap()).unwrap().running_programs(), []);
        found.running_programs().into_iter().map(|engine| (engine.stack, engine.pid)).collect()
    }

    #[test]
    fn an_engine_of_an_unfinished_run_is_found_while_it_is_the_same_process() {
        let own = ProcessIdentity::from_pid(std::process::id());
        let gone = ProcessIdentity { start_time: own.start_time.map(|time| time + 1), ..own.clone() };
        let expected = [(Some("b".parse().unwrap()), own.pid)];
        assert_eq!(
            running_programs(vec![started("a", gone), started("b", own.clone()), started("b", own.clone())]),
            expected
        );
        let finished = EventKind::RunFinished { status: ExitStatus::Failed };
        assert_eq!(running_programs(vec![started("b", own), finished]), []);
    }

    #[test]
    fn an_unreadable_journal_is_reported() {
        let root = tempfile::tempdir().unwrap();
        let store = RunStore::new(Utf8Path::from_path(root.path()).unwrap());
        let dir = store.create(&RunId::new(1, 1)).unwrap();
        let environment = "staging".parse().unwrap();
        assert!(Leftovers::find(&store, &environment).unwrap().unreadable.is_empty(), "it never began");
        fs::write(dir.journal(), "{}\n{}\n").unwrap();
        assert_eq!(Leftovers::find(&store, &environment).unwrap().unreadable.len(), 1);
    }
}
