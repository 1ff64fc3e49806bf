//! Folder of a single command outside a run: the inputs of its engines and their output. Removed when the command
//! ends, unless it was killed or an output file of an engine is still needed.

use std::{
    fs::{File, TryLockError},
    io,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{JournalError, RunStore};
use crate::{files, model::EnvName};

/// Prefix of the names of command folders.
const PREFIX: &str = "command-";

/// Folder of a running command, locked by its process and removed when dropped.
#[derive(Debug)]
pub struct CommandDir {
    path: Utf8PathBuf,
    // Removed before the lock is released, so that no other process sees an existing folder without an owner.
    folder: tempfile::TempDir,
    _held: File,
}

impl CommandDir {
    /// Returns the path of the folder.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }
}

impl Drop for CommandDir {
    fn drop(&mut self) {
        // Output of an engine is deleted by the code that has read it. A file that is left may hold the only copy of
        // a state, so the folder stays.
        let is_output = |path: &Utf8Path| matches!(path.extension(), Some("stdout" | "stderr"));
        let left =
            self.path.read_dir_utf8().is_ok_and(|mut all| all.any(|e| e.is_ok_and(|e| is_output(e.path()))));
        self.folder.disable_cleanup(left);
    }
}

/// Folder of a command that was killed; locked, so that no other process takes it meanwhile.
#[derive(Debug)]
pub struct AbandonedCommand {
    /// Path of the command's folder.
    pub path: Utf8PathBuf,
    _held: File,
}

impl RunStore {
    /// Creates the folder of a command and locks it for the life of the process.
    pub fn command_dir(&self, environment: &EnvName) -> Result<CommandDir, JournalError> {
        let home = self.envctl_dir()?;
        let failed = |error| JournalError::io("create", home)(error);
        loop {
            let made = tempfile::Builder::new().prefix(&prefix(environment)).tempdir_in(home);
            let folder = made.map_err(failed)?;
            let path = Utf8PathBuf::try_from(folder.path().to_owned())
                .map_err(|error| failed(io::Error::other(error)))?;
            let held = files::open_folder(&path).map_err(failed)?;
            held.lock().map_err(failed)?;
            // Between creation and lock, another envctl process may have removed the folder as abandoned.
            if path.is_dir() {
                return Ok(CommandDir { path, folder, _held: held });
            }
        }
    }

    /// Returns the folders of an environment's commands, both running and killed.
    pub(super) fn command_dirs(&self, environment: &EnvName) -> Result<Vec<Utf8PathBuf>, JournalError> {
        let mut found = self.all_command_dirs()?;
        let prefix = prefix(environment);
        // The random part holds no dash: environment `a` must not match the folders of `a-b`.
        let own = |name: &str| name.strip_prefix(&prefix).is_some_and(|rest| !rest.contains('-'));
        found.retain(|path| path.file_name().is_some_and(own));
        Ok(found)
    }

    /// Returns the folders of commands that were killed, sorted and locked.
    pub fn abandoned_commands(&self) -> Result<Vec<AbandonedCommand>, JournalError> {
        let mut found = Vec::new();
        for path in self.all_command_dirs()? {
            let held = match files::open_folder(&path) {
                Ok(held) => held,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(JournalError::io("read", path)(error)),
            };
            match held.try_lock() {
                Ok(()) => found.push(AbandonedCommand { path, _held: held }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(JournalError::io("lock", path)(error)),
            }
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    fn all_command_dirs(&self) -> Result<Vec<Utf8PathBuf>, JournalError> {
        let entries = match self.home().read_dir_utf8() {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(JournalError::io("read", self.home())(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(JournalError::io("read", self.home()))?;
            if entry.file_name().starts_with(PREFIX) && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                found.push(entry.into_path());
            }
        }
        Ok(found)
    }
}

/// Returns the beginning of the folder names of an environment; a random part without a dash follows.
fn prefix(environment: &EnvName) -> String {
    format!("{PREFIX}{environment}-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_an_owner_until_its_command_ends() {
        let root = tempfile::tempdir().unwrap();
        let store = RunStore::new(Utf8Path::from_path(root.path()).unwrap());
        let staging: EnvName = "staging".parse().unwrap();
        assert!(store.abandoned_commands().unwrap().is_empty(), "there is no folder at all");
        let living = store.command_dir(&staging).unwrap();
        let killed = store.home().join("command-staging-x1");
        std::fs::create_dir(&killed).unwrap();
        std::fs::create_dir(store.home().join("command-staging-east-x1")).unwrap();

        let abandoned: Vec<_> = store.abandoned_commands().unwrap().into_iter().map(|one| one.path).collect();
        assert_eq!(abandoned, [store.home().join("command-staging-east-x1"), killed.clone()]);
        let mut own = vec![killed, living.path().to_owned()];
        let mut found = store.command_dirs(&staging).unwrap();
        own.sort();
        found.sort();
        assert_eq!(found, own, "those of `staging-east` are another environment's");

        let path = living.path().to_owned();
        drop(living);
        assert!(!path.exists());

        let needed = store.command_dir(&staging).unwrap();
        let output = needed.path().join("network.stdout");
        std::fs::write(&output, "all that is left of a state").unwrap();
        drop(needed);
        assert!(output.exists());
    }
}
