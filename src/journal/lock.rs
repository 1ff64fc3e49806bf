//! One deploy per environment at a time: a lock of the operating system, which ends with its holder however that ends.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Seek as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
};

use camino::Utf8PathBuf;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{JournalError, RunStore};
use crate::{
    files,
    model::{EnvName, RunId},
};

/// Who holds the lock of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The run; none for a command outside a run.
    pub run: Option<RunId>,
    /// The verb.
    pub verb: String,
    /// Who started it, as the operating system or CI names them.
    pub user: Option<String>,
    /// On which machine.
    pub host: Option<String>,
    /// envctl's process.
    pub pid: u32,
    /// Since when.
    pub since: Timestamp,
}

/// The lock of an environment, held until it is dropped or its process ends.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("`{environment}` is locked")]
    Taken {
        /// The environment.
        environment: EnvName,
        /// Who; none when they have not written it down yet.
        holder: Option<Box<Holder>>,
    },
    /// The file cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl RunStore {
    /// The file of an environment's lock.
    pub fn lock_file(&self, environment: &EnvName) -> Utf8PathBuf {
        self.home().join("locks").join(format!("{environment}.lock"))
    }

    /// Takes the lock of an environment and writes down who has it; never waits.
    pub fn lock(&self, environment: &EnvName, holder: &Holder) -> Result<RunLock, LockError> {
        let path = self.lock_file(environment);
        let locks = self.envctl_dir()?.join("locks");
        files::create_dirs(&locks).map_err(JournalError::io("create", &locks))?;
        let opened =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = opened.map_err(JournalError::io("create", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let text = fs::read(&path).unwrap_or_default();
                let holder = serde_json::from_slice(&text).ok().map(Box::new);
                return Err(LockError::Taken { environment: environment.clone(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(JournalError::io("lock", path)(error).into()),
        }
        write(&mut file, holder).map_err(JournalError::io("write", path))?;
        Ok(RunLock { _file: file })
    }
}

/// Into the locked file itself: a new one in its place would not be locked.
fn write(file: &mut File, holder: &Holder) -> io::Result<()> {
    let text = serde_json::to_vec(holder)?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use camino::Utf8Path;

    use super::*;

    fn holder(verb: &str) -> Holder {
        Holder {
            run: Some(RunId::new(1, 1)),
            verb: verb.to_owned(),
            user: Some("ann".to_owned()),
            host: None,
            pid: 7,
            since: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn one_at_a_time_has_the_lock_of_an_environment_and_the_next_one_learns_who() {
        let root = tempfile::tempdir().unwrap();
        let store = RunStore::new(Utf8Path::from_path(root.path()).unwrap());
        let (staging, production): (EnvName, EnvName) =
            ("staging".parse().unwrap(), "production".parse().unwrap());
        let held = store.lock(&staging, &holder("destroy")).unwrap();
        let other = store.lock(&production, &holder("deploy")).unwrap();
        match store.lock(&staging, &holder("deploy")) {
            Err(LockError::Taken { environment, holder: Some(found) }) => {
                assert_eq!((environment, *found), (staging.clone(), holder("destroy")));
            }
            unexpected => panic!("{unexpected:?}"),
        }
        let mode = |path: &Utf8Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let path = store.lock_file(&staging);
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        drop((held, other));
        drop(store.lock(&staging, &holder("exec")).unwrap());
        assert!(fs::read_to_string(path).unwrap().contains(r#""verb":"exec""#));
    }

    #[test]
    fn a_holder_that_has_not_written_yet_is_unknown_and_still_has_the_lock() {
        let root = tempfile::tempdir().unwrap();
        let store = RunStore::new(Utf8Path::from_path(root.path()).unwrap());
        let staging: EnvName = "staging".parse().unwrap();
        let held = store.lock(&staging, &holder("deploy")).unwrap();
        fs::write(store.lock_file(&staging), "{\"ru").unwrap();
        let refused = store.lock(&staging, &holder("deploy")).unwrap_err();
        assert!(matches!(refused, LockError::Taken { holder: None, .. }));
        drop(held);
    }
}
