//! Writer that appends events to a journal.

use std::{fs::File, io::Write as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::{JournalError, RunDir};
use crate::{event::Event, files};

/// Journal of a running run; lines are only appended.
#[derive(Debug)]
pub struct Journal {
    dir: RunDir,
    path: Utf8PathBuf,
    file: File,
    entry_synced: bool,
    broken: bool,
}

impl Journal {
    /// Creates the journal of a new run; an existing one is never opened again.
    pub fn create(dir: RunDir) -> Result<Self, JournalError> {
        let path = dir.journal();
        let file = files::create_new(&path).map_err(JournalError::io("create", &path))?;
        Ok(Self { dir, path, file, entry_synced: false, broken: false })
    }

    /// Makes a journal in a file that a test can make fail.
    #[cfg(test)]
    pub(crate) fn in_file(dir: RunDir, file: File) -> Self {
        Self { path: dir.journal(), dir, file, entry_synced: false, broken: false }
    }

    /// Returns the folder of the run.
    pub fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// Returns the path of the journal.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Appends one event as one line and hands it to the operating system.
    ///
    /// After a failure nothing is appended any more: a partial line must stay the last one.
    pub fn append(&mut self, event: &Event) -> Result<(), JournalError> {
        if self.broken {
            return Err(JournalError::Gap { path: self.path.clone() });
        }
        let written = serde_json::to_vec(event).map_err(std::io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            self.file.write_all(&line)
        });
        self.note_failure("write", written)
    }

    /// Syncs the journal: returns when all appended events are on the disk.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        if self.broken {
            return Err(JournalError::Gap { path: self.path.clone() });
        }
        let mut synced = self.file.sync_data();
        if !self.entry_synced {
            // The directory entry needs a sync too: without its name the synced file would be lost.
            let runs = self.dir.path().parent().unwrap_or(self.dir.path());
            synced =
                synced.and_then(|()| files::sync_dir(self.dir.path())).and_then(|()| files::sync_dir(runs));
            self.entry_synced = synced.is_ok();
        }
        self.note_failure("sync", synced)
    }

    fn note_failure(&mut self, verb: &'static str, result: std::io::Result<()>) -> Result<(), JournalError> {
        self.broken |= result.is_err();
        result.map_err(JournalError::io(verb, &self.path))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::{RunStore, fold::tests::event, new_run_id};
    use super::*;
    use crate::{
        event::EventKind,
        model::{ExitStatus, SystemClock},
    };

    fn finished(seq: u64) -> Event {
        event(seq, EventKind::RunFinished { status: ExitStatus::Success })
    }

    fn journal(root: &tempfile::TempDir) -> Journal {
        let store = RunStore::new(Utf8Path::from_path(root.path()).unwrap());
        Journal::create(store.create(&new_run_id(&SystemClock)).unwrap()).unwrap()
    }

    #[test]
    fn each_event_is_a_line_of_its_own_in_a_private_file() {
        let root = tempfile::tempdir().unwrap();
        let mut journal = journal(&root);
        journal.append(&finished(0)).unwrap();
        journal.append(&finished(1)).unwrap();
        journal.sync().unwrap();
        let text = std::fs::read_to_string(journal.path()).unwrap();
        let events: Vec<Event> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(events, [finished(0), finished(1)]);
        let mode = |path: &Utf8Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(journal.path()), 0o600);
        for dir in [journal.dir().path(), &journal.dir().logs(), &journal.dir().plans()] {
            assert_eq!(mode(dir), 0o700, "{dir}");
        }
    }

    #[test]
    fn nothing_follows_a_line_that_could_not_be_written() {
        let root = tempfile::tempdir().unwrap();
        let mut journal = journal(&root);
        // Every write to `/dev/full` fails as on a full disk.
        journal.file = File::options().append(true).open("/dev/full").unwrap();
        assert!(journal.append(&finished(0)).unwrap_err().to_string().contains("journal.jsonl"));
        journal.file = File::options().append(true).open(journal.path()).unwrap();
        assert!(matches!(journal.append(&finished(0)), Err(JournalError::Gap { .. })));
        assert!(matches!(journal.sync(), Err(JournalError::Gap { .. })));
        assert_eq!(std::fs::read_to_string(journal.path()).unwrap(), "");
    }
}
