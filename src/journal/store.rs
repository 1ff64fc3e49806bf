//! All runs of a project: their folders, a list of them, and lookup by id.

use std::{fs, io};

use camino::{Utf8Path, Utf8PathBuf};

use super::{FoldError, JournalContent, JournalError, RunDir, StoreError, fold, read_journal};
use crate::{
    event::{Event, EventKind},
    files,
    model::{EnvName, Report, RunId},
};

/// Runs of one project.
#[derive(Debug, Clone)]
pub struct RunStore {
    envctl: Utf8PathBuf,
}

/// Run that has a folder; its journal has not been read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRun {
    /// Id of the run.
    pub id: RunId,
    /// Folder of the run.
    pub dir: RunDir,
}

impl StoredRun {
    /// Reads the journal. An empty one is an error, and so is one that ends before the end of a run that has its report.
    pub fn events(&self) -> Result<JournalContent, JournalError> {
        let (path, recorded) = (self.dir.journal(), read_journal(&self.dir.journal())?);
        if recorded.events.is_empty() {
            return Err(JournalError::Fold { path, source: FoldError::NotStarted });
        }
        let is_end = |event: &Event| matches!(event.kind, EventKind::RunFinished { .. });
        if self.dir.report().exists() && !recorded.events.iter().any(is_end) {
            return Err(JournalError::CutOff { path });
        }
        Ok(recorded)
    }

    /// Returns true if the run may have begun. A run that was killed at once has no event, no log and no report: it has
    /// started no program.
    pub fn may_have_begun(&self) -> bool {
        let is_empty = |folder: &Utf8Path| match fs::read_dir(folder) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        let has_no_event = match read_journal(&self.dir.journal()) {
            Ok(recorded) => recorded.events.is_empty(),
            Err(JournalError::Io { source, .. }) => source.kind() == io::ErrorKind::NotFound,
            Err(_) => false,
        };
        !(has_no_event && is_empty(&self.dir.logs()) && !self.dir.report().exists())
    }

    /// Reads the journal and folds it into a report.
    pub fn report(&self) -> Result<Report, JournalError> {
        fold(&self.events()?.events).map_err(|source| JournalError::Fold { path: self.dir.journal(), source })
    }
}

impl RunStore {
    /// Makes the store of the project whose environments.toml lies in `root`. Creates no folder yet.
    pub fn new(root: &Utf8Path) -> Self {
        Self { envctl: root.join(".envctl") }
    }

    /// Returns the `.envctl` folder; creates it with its `.gitignore` if missing.
    pub fn envctl_dir(&self) -> Result<&Utf8Path, JournalError> {
        files::create_dirs(&self.envctl).map_err(JournalError::io("use", &self.envctl))?;
        let ignore = self.envctl.join(".gitignore");
        if !ignore.exists() {
            files::write(&ignore, b"*\n").map_err(JournalError::io("write", &ignore))?;
        }
        Ok(&self.envctl)
    }

    /// Returns the `.envctl` folder, which may be missing.
    pub fn home(&self) -> &Utf8Path {
        &self.envctl
    }

    /// Returns the folder of all runs, which may be missing.
    pub fn runs_dir(&self) -> Utf8PathBuf {
        self.envctl.join("runs")
    }

    /// Returns the file with the step durations of an environment, which may be missing.
    pub fn durations_file(&self, environment: &EnvName) -> Utf8PathBuf {
        self.envctl.join("durations").join(format!("{environment}.json"))
    }

    /// Creates the folder of a new run.
    pub fn create(&self, id: &RunId) -> Result<RunDir, JournalError> {
        self.envctl_dir()?;
        let runs = self.runs_dir();
        files::create_dirs(&runs).map_err(JournalError::io("use", &runs))?;
        RunDir::create(runs.join(id.as_str()))
    }

    /// Lists all runs, newest first. Only real folders named by a run id count: a symbolic link could lead outside
    /// the project.
    ///
    /// Journals are not read, so a broken journal is reported by [`StoredRun::report`] and hides no other run.
    pub fn list(&self) -> Result<Vec<StoredRun>, JournalError> {
        let runs = self.runs_dir();
        if runs.is_symlink() {
            let error = io::Error::other("it is a link, and envctl keeps its runs in a real folder");
            return Err(JournalError::io("read", runs)(error));
        }
        let entries = match fs::read_dir(&runs) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(JournalError::io("read", runs)(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(JournalError::io("read", &runs))?;
            let is_folder = entry.file_type().map_err(JournalError::io("read", &runs))?.is_dir();
            let id = entry.file_name().to_str().and_then(|name| name.parse::<RunId>().ok());
            if let Some(id) = id.filter(|_| is_folder) {
                let dir = RunDir::new(runs.join(id.as_str()));
                found.push(StoredRun { id, dir });
            }
        }
        found.sort_by(|a, b| b.id.cmp(&a.id));
        Ok(found)
    }

    /// Finds a run by `last`, an id, or the beginning of an id if it is unambiguous; in upper or lower case.
    pub fn find(&self, wanted: &str) -> Result<StoredRun, StoreError> {
        let mut runs = self.list()?;
        if runs.is_empty() {
            return Err(StoreError::Empty(self.runs_dir()));
        }
        if wanted == "last" {
            return Ok(runs.remove(0));
        }
        let prefix = wanted.to_ascii_uppercase();
        runs.retain(|run| !prefix.is_empty() && run.id.as_str().starts_with(&prefix));
        match runs.len() {
            0 => Err(StoreError::NotFound(wanted.to_owned())),
            1 => Ok(runs.remove(0)),
            count => Err(StoreError::Ambiguous { prefix: wanted.to_owned(), count }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::super::{
        Journal,
        fold::tests::{event, run_started},
    };
    use super::*;
    use crate::model::RunVerb;

    fn store(root: &tempfile::TempDir) -> RunStore {
        RunStore::new(Utf8Path::from_path(root.path()).unwrap())
    }

    /// Creates runs with these ids, each with a first event.
    fn with_runs(root: &tempfile::TempDir, ids: &[&RunId]) -> RunStore {
        let store = store(root);
        for id in ids {
            let mut journal = Journal::create(store.create(id).unwrap()).unwrap();
            journal.append(&event(0, run_started(&["a"]))).unwrap();
        }
        store
    }

    #[test]
    fn the_folder_hides_itself_from_git_and_others() {
        let root = tempfile::tempdir().unwrap();
        let dir = with_runs(&root, &[&RunId::new(1, 1)]).envctl_dir().unwrap().to_owned();
        assert_eq!(fs::read_to_string(dir.join(".gitignore")).unwrap(), "*\n");
        for private in [dir.clone(), dir.join("runs")] {
            assert_eq!(private.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn runs_are_listed_newest_first_and_a_broken_one_hides_no_other() {
        let root = tempfile::tempdir().unwrap();
        let (old, new) = (RunId::new(1, 1), RunId::new(2, 0));
        let store = with_runs(&root, &[&old, &new]);
        fs::create_dir(store.runs_dir().join("not-a-run")).unwrap();
        let linked = store.runs_dir().join(RunId::new(3, 0).as_str());
        symlink(store.runs_dir().join(new.as_str()), linked).unwrap();
        fs::write(store.runs_dir().join(RunId::new(4, 0).as_str()), "").unwrap();
        fs::write(store.runs_dir().join(new.as_str()).join("journal.jsonl"), "{}\n{}\n").unwrap();
        let runs = store.list().unwrap();
        assert_eq!(runs.iter().map(|run| &run.id).collect::<Vec<_>>(), [&new, &old]);
        assert!(matches!(runs[0].report(), Err(JournalError::BrokenLine { line: 1, .. })));
        assert_eq!(runs[1].report().unwrap().command, RunVerb::Deploy);
    }

    #[test]
    fn a_run_is_found_by_the_beginning_of_its_id() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(store(&root).find("last"), Err(StoreError::Empty(_))));
        let (one, two) = (RunId::new(1_469_918_176_385, 1), RunId::new(1 << 41, 2));
        let store = with_runs(&root, &[&two, &one]);
        assert_eq!(store.find("last").unwrap().id, two);
        assert_eq!(store.find(one.as_str()).unwrap().id, one);
        assert_eq!(store.find("01aryz").unwrap().id, one);
        assert!(matches!(store.find("0"), Err(StoreError::Ambiguous { count: 2, .. })));
        assert!(matches!(store.find("ZZ"), Err(StoreError::NotFound(_))));
        assert!(matches!(store.find(""), Err(StoreError::NotFound(_))));
    }

    #[test]
    fn a_run_is_never_made_twice() {
        let root = tempfile::tempdir().unwrap();
        let id = RunId::new(1, 1);
        let store = with_runs(&root, &[&id]);
        assert!(matches!(store.create(&id), Err(JournalError::Io { operation: "create", .. })));
    }
}
