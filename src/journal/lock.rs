//! Lock that admits one deploy per environment at a time: a file lock of the operating system, released whenever its
//! holder ends.

use std::{
    fs::{File, TryLockError},
    io::{self, Seek as _, Write as _},
    thread,
    time::Duration,
};

use camino::Utf8PathBuf;
use jiff::Timestamp;
use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};
use serde::{Deserialize, Serialize};

use super::{JournalError, RunStore};
use crate::{
    files,
    model::{EnvName, RunId},
};

/// Process that holds the lock of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// Run that holds the lock; `None` for a command outside a run.
    pub run: Option<RunId>,
    /// Verb of the command: `deploy`.
    pub verb: String,
    /// User name from the operating system or CI.
    pub user: Option<String>,
    /// Name of the machine on which the holder runs.
    pub host: Option<String>,
    /// Process id of envctl.
    pub pid: u32,
    /// Time when the lock was taken.
    pub since: Timestamp,
}

impl LockHolder {
    /// Returns true if the holder ran on the machine of `other` and its process has ended.
    fn is_gone(&self, other: &Self) -> bool {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        self.host == other.host && pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH))
    }
}

/// Time that the lock of a holder whose process has ended may still be held.
const HOLDER_EXIT_TIME: Duration = Duration::from_secs(2);

/// Interval between attempts to take the lock.
const RETRY_INTERVAL: Duration = Duration::from_millis(10);

/// Lock of an environment, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

/// Reason why the lock of an environment was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds the lock.
    #[error("`{environment}` is locked")]
    Taken {
        /// Environment that is locked.
        environment: EnvName,
        /// Holder of the lock; `None` when it has not written its name yet.
        holder: Option<Box<LockHolder>>,
    },
    /// The lock file cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl RunStore {
    /// Returns the path of an environment's lock file.
    pub fn lock_file(&self, environment: &EnvName) -> Utf8PathBuf {
        self.home().join("locks").join(format!("{environment}.lock"))
    }

    /// Takes the lock of an environment and writes its holder into the file. Never waits for a living holder.
    pub fn lock(&self, environment: &EnvName, holder: &LockHolder) -> Result<RunLock, LockError> {
        let path = self.lock_file(environment);
        let locks = self.envctl_dir()?.join("locks");
        files::create_dirs(&locks).map_err(JournalError::io("create", &locks))?;
        let mut file = files::open_own(&path).map_err(JournalError::io("use", &path))?;
        let mut time_left = HOLDER_EXIT_TIME;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let text = files::read_whole(&path).unwrap_or_default();
                    let found: Option<Box<LockHolder>> = serde_json::from_slice(&text).ok().map(Box::new);
                    // A child that envctl was forking when it was killed inherits the lock until it executes its
                    // program.
                    let is_gone = found.as_ref().is_some_and(|found| found.is_gone(holder));
                    if !is_gone || time_left.is_zero() {
                        return Err(LockError::Taken { environment: environment.clone(), holder: found });
                    }
                    thread::sleep(RETRY_INTERVAL);
                    time_left = time_left.saturating_sub(RETRY_INTERVAL);
                }
                Err(TryLockError::Error(error)) => return Err(JournalError::io("lock", path)(error).into()),
            }
        }
        write(&mut file, holder).map_err(JournalError::io("write", path))?;
        Ok(RunLock { _file: file })
    }
}

/// Overwrites the locked file in place: a replacement would not be locked.
fn write(file: &mut File, holder: &LockHolder) -> io::Result<()> {
    let text = serde_json::to_vec(holder)?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&text)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use camino::Utf8Path;

    use super::*;

    fn holder(verb: &str) -> LockHolder {
        LockHolder {
            run: Some(RunId::new(1, 1)),
            verb: verb.to_owned(),
            user: Some("ann".to_owned()),
            host: None,
            pid: std::process::id(),
            since: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_environment_has_one_lock_that_names_its_holder() {
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
    fn a_lock_of_an_ended_process_is_awaited_until_it_is_released() {
        let root = tempfile::tempdir().unwrap();
        let store = RunStore::new(Utf8Path::from_path(root.path()).unwrap());
        let staging: EnvName = "staging".parse().unwrap();
        // No process has this id.
        let gone = LockHolder { pid: 0x7fff_fffe, ..holder("deploy") };
        let left_behind = store.lock(&staging, &gone).unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| store.lock(&staging, &holder("resume")));
            drop(left_behind);
            waiting.join().unwrap().unwrap();
        });
        assert!(fs::read_to_string(store.lock_file(&staging)).unwrap().contains(r#""verb":"resume""#));
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
