//! Locks on folders, between threads and between envctl processes. Most are taken on the folder itself, so that no lock
//! file remains.

use std::{
    fs::{self, File, TryLockError},
    io, thread,
    time::Duration,
};

use camino::Utf8Path;
use sha2::{Digest, Sha256};

use crate::{
    engine::{EngineError, Progress, Session, Target, layout::ENGINE_FOLDER},
    files,
    model::{Failure, FailureKind, hex},
};

/// Lock on a folder, held until it is dropped.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// Folder of the lock files for the `.terraform` of stack folders: a lock must outlive that folder.
const LOCKS_FOLDER: &str = ".envctl/locks";

/// Mode in which a lock is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum LockMode {
    /// No other process holds the lock.
    Exclusive,
    /// Other processes may hold the lock in the same mode.
    Shared,
}

/// Longest pause between two attempts to take a lock. The pauses grow up to it, so that envctl notices an interrupt soon.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// Waits for the exclusive lock on a folder, and shows `words` as progress meanwhile.
pub(in crate::engine) fn lock(
    folder: &Utf8Path,
    words: &str,
    session: &Session<'_>,
) -> Result<FolderLock, EngineError> {
    wait_for_folder(folder, LockMode::Exclusive, words, session)
}

/// Waits for the exclusive lock on a stack's folder, which serializes applies.
pub(in crate::engine) fn lock_for_apply(
    target: &Target,
    session: &Session<'_>,
) -> Result<FolderLock, EngineError> {
    lock(&target.dir, "waiting for another apply in this folder", session)
}

/// Waits until providers may be installed into a plugin cache: with a shared lock if the cache has all providers of the lock
/// file, with an exclusive one otherwise.
///
/// Terraform, and OpenTofu before 1.10, copy into the cache without a lock of their own, so that parallel first inits break
/// each other; an engine that locks the cache itself needs the shared lock only.
pub(in crate::engine) fn lock_plugin_cache(
    cache: &Utf8Path,
    lockfile: &Utf8Path,
    locks_itself: bool,
    session: &Session<'_>,
) -> Result<FolderLock, EngineError> {
    let words = "waiting for another init to fill the plugin cache";
    fs::create_dir_all(cache).map_err(|error| lock_error(cache, &error))?;
    // Held during the check and afterwards: no other process installs meanwhile, and inits that install nothing run in
    // parallel.
    let shared = wait_for_folder(cache, LockMode::Shared, words, session)?;
    if locks_itself || has_providers(cache, lockfile) {
        return Ok(shared);
    }
    drop(shared);
    wait_for_folder(cache, LockMode::Exclusive, words, session)
}

/// Waits for the lock on the modules and providers that are installed in the `.terraform` of a stack's folder: shared to
/// use them, exclusive to install.
///
/// The lock on the stack's folder itself serializes applies. A caller that needs both locks takes the one on the stack's
/// folder first.
pub(in crate::engine) fn lock_installed(
    target: &Target,
    mode: LockMode,
    session: &Session<'_>,
) -> Result<FolderLock, EngineError> {
    let words = match mode {
        LockMode::Exclusive => "waiting for plans and applies in this folder to end before an init",
        LockMode::Shared => "waiting for an init in this folder",
    };
    let real = files::resolve_links(&target.dir.join(ENGINE_FOLDER));
    let locks = target.project.join(LOCKS_FOLDER);
    let path = locks.join(hex(&Sha256::digest(real.as_str())));
    let opened = files::create_dirs(&locks).and_then(|()| files::open_own(&path));
    wait_for_file(opened.map_err(|error| lock_error(&path, &error))?, &path, mode, words, session)
}

fn wait_for_folder(
    folder: &Utf8Path,
    mode: LockMode,
    words: &str,
    session: &Session<'_>,
) -> Result<FolderLock, EngineError> {
    let file = files::open_folder(folder).map_err(|error| lock_error(folder, &error))?;
    wait_for_file(file, folder, mode, words, session)
}

fn wait_for_file(
    file: File,
    path: &Utf8Path,
    mode: LockMode,
    words: &str,
    session: &Session<'_>,
) -> Result<FolderLock, EngineError> {
    let mut pause = Duration::ZERO;
    loop {
        let tried = match mode {
            LockMode::Exclusive => file.try_lock(),
            LockMode::Shared => file.try_lock_shared(),
        };
        match tried {
            Ok(()) => return Ok(FolderLock { _file: file }),
            Err(TryLockError::WouldBlock) if session.runner.is_interrupted() => {
                return Err(EngineError::Interrupted { notes: Vec::new() });
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(lock_error(path, &error)),
        }
        if pause.is_zero() {
            (session.observer)(Progress::Doing(words.to_owned()));
        }
        pause = (pause * 2).clamp(Duration::from_millis(1), LONGEST_WAIT);
        thread::sleep(pause);
    }
}

fn lock_error(path: &Utf8Path, error: &io::Error) -> EngineError {
    EngineError::Failed(Failure::new(FailureKind::Config, format!("cannot lock `{path}`: {error}")))
}

/// Returns true if a lock file names providers, and a folder of installed providers has all of them.
pub(in crate::engine) fn has_providers(folder: &Utf8Path, lockfile: &Utf8Path) -> bool {
    files::read_text(lockfile).is_ok_and(|text| {
        let mut folders = provider_folders(&text).peekable();
        folders.peek().is_some() && folders.all(|provider| folder.join(provider).is_dir())
    })
}

/// Returns `registry/namespace/name/version` of each provider in a lock file.
fn provider_folders(lockfile: &str) -> impl Iterator<Item = String> {
    let mut provider = None;
    lockfile.lines().filter_map(move |line| {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("provider \"") {
            provider = rest.split('"').next();
            return None;
        }
        let version = line.strip_prefix("version")?.trim_start().strip_prefix('=')?.trim().trim_matches('"');
        Some(format!("{}/{version}", provider.take()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Runner;

    const LOCKFILE: &str = "# made\n\nprovider \"registry.opentofu.org/hashicorp/local\" {\n  version     = \"2.9.0\"\n  \
                            constraints = \">= 2.5.0\"\n  hashes = [\n    \"h1:x\",\n  ]\n}\n";

    fn with_session<T>(
        runner: &Runner,
        observer: &(dyn Fn(Progress) + Sync),
        run: impl FnOnce(&Session<'_>) -> T,
    ) -> T {
        run(&Session { runner, log: Utf8Path::new("/nowhere"), observer })
    }

    #[test]
    fn the_folders_of_a_lockfiles_providers_are_known() {
        let folders: Vec<_> = provider_folders(LOCKFILE).collect();
        assert_eq!(folders, ["registry.opentofu.org/hashicorp/local/2.9.0"]);
    }

    #[test]
    fn installs_take_turns_and_those_who_install_nothing_pass_together() {
        let folder = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(folder.path()).unwrap();
        let (cache, lockfile) = (dir.join("cache"), dir.join("lock.hcl"));
        let is_free = |shared: bool| {
            let file = File::open(&cache).unwrap();
            if shared { file.try_lock_shared().is_ok() } else { file.try_lock().is_ok() }
        };
        fs::write(&lockfile, LOCKFILE).unwrap();
        with_session(&Runner::new(), &|_| {}, |session| {
            let installing = lock_plugin_cache(&cache, &lockfile, false, session).unwrap();
            assert!(!is_free(true));
            drop(installing);
            fs::create_dir_all(cache.join("registry.opentofu.org/hashicorp/local/2.9.0")).unwrap();
            let passing = lock_plugin_cache(&cache, &lockfile, false, session).unwrap();
            assert!(is_free(true) && !is_free(false));
            drop(passing);
            assert!(is_free(false));
        });
    }

    #[test]
    fn a_waiting_process_reports_it_once_and_stops_when_interrupted() {
        let folder = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(folder.path()).unwrap();
        let held = File::open(dir).unwrap();
        held.lock().unwrap();
        let runner = Runner::new();
        let said = std::sync::Mutex::new(Vec::new());
        let observer = |progress| {
            said.lock().unwrap().push(progress);
            runner.interrupt();
        };
        let result = with_session(&runner, &observer, |session| lock(dir, "waiting", session).map(drop));
        assert!(matches!(result, Err(EngineError::Interrupted { .. })));
        assert_eq!(*said.lock().unwrap(), [Progress::Doing("waiting".to_owned())]);
    }
}
