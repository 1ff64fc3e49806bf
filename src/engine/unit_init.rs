//! Initialises a Terragrunt unit where a plugin cache must be filled by one process at a time.

use std::{
    ffi::{OsStr, OsString},
    io,
};

use camino::Utf8Path;

use super::{
    Engine, EngineError, Session, Target,
    call::capture,
    detect::LOCKFILE,
    ending::failed_text,
    fingerprint::Fingerprint,
    folder_lock::lock_plugin_cache,
    layout::UNIT_FILE,
    terragrunt::{INIT_FLAGS, READ_ONLY, Terragrunt},
    unit_folders::download_dir,
};
use crate::{
    files,
    model::{Failure, FailureKind},
};

impl Terragrunt {
    /// Initialises a unit under the lock of the plugin cache; without such a cache Terragrunt does so by itself.
    pub(super) fn fill_plugin_cache(
        &self,
        target: &Target,
        cache: &Utf8Path,
        force: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        let unusable = |error: io::Error| {
            let summary = format!("cannot read the unit in `{}`: {error}", target.dir);
            EngineError::Failed(Failure::new(FailureKind::Config, summary))
        };
        let fingerprint = || -> io::Result<Fingerprint> {
            let unit = files::read_text(&target.dir.join(UNIT_FILE))?;
            let folder = download_dir(target).unwrap_or_default();
            let (own, driven) = (self.version(), &*self.driven.version);
            let inputs = [own, driven, &target.backend.digest, cache.as_str(), &unit, folder.as_str()];
            Fingerprint::of(&target.dir, &inputs)
        };
        if !force && fingerprint().map_err(unusable)?.is_current(&target.state_dir) {
            return Ok(());
        }
        let lock = lock_plugin_cache(cache, &target.dir.join(LOCKFILE), session)?;
        let args = self.settings.init_args.iter().map(OsString::from);
        let is_kept = target.read_only || target.dir.join(LOCKFILE).exists();
        let read_only = is_kept.then(|| OsString::from(READ_ONLY));
        let args = ["-input=false", "-no-color"].map(OsString::from).into_iter().chain(read_only).chain(args);
        let mut command = self.passed_on(target, "init", args);
        command.env.remove(OsStr::new(INIT_FLAGS));
        let captured = capture(session, &command)?;
        drop(lock);
        if !captured.exit.is_success() {
            return Err(failed_text(self, &captured, "init", target, session));
        }
        fingerprint().and_then(|taken| taken.save(&target.state_dir)).map_err(unusable)
    }
}
