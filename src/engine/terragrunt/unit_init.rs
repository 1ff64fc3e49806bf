//! Init of a Terragrunt unit if a plugin cache has to be filled by one process at a time.

use std::{
    ffi::{OsStr, OsString},
    io,
};

use camino::Utf8Path;

use super::{
    commands::{INIT_FLAGS, READ_ONLY, Terragrunt},
    unit_folders::download_dir,
};
use crate::{
    engine::{
        Engine, EngineError, Session, Target,
        detect::LOCKFILE,
        driver::Invocation,
        environment::variables::plugin_cache,
        layout::unit_file_in,
        messages::exit_error::command_error,
        process::{call::capture, folder_lock::lock_plugin_cache},
        terraform::{fingerprint::Fingerprint, lockfile::reports_stale_lockfile},
    },
    files,
    model::{Failure, FailureKind},
};

impl Terragrunt {
    /// Initialises a unit under the lock of the plugin cache; without such a cache Terragrunt itself runs the init.
    pub(super) fn fill_plugin_cache(
        &self,
        target: &Target,
        cache: &Utf8Path,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        let unusable = |error: io::Error| {
            let summary = format!("cannot read the unit in `{}`: {error}", target.dir);
            EngineError::Failed(Failure::new(FailureKind::Config, summary))
        };
        let fingerprint = || -> io::Result<Fingerprint> {
            let unit = files::read_text(&unit_file_in(&target.dir))?;
            let folder = download_dir(target).unwrap_or_default();
            let (own, driven) = (self.version(), &*self.driven.version);
            let inputs = [own, driven, &target.backend.digest, cache.as_str(), &unit, folder.as_str()];
            Fingerprint::compute(&target.dir, &inputs)
        };
        if fingerprint().map_err(unusable)?.is_current(&target.state_dir) {
            return Ok(());
        }
        let lock = lock_plugin_cache(
            cache,
            &target.dir.join(LOCKFILE),
            self.driven.locks_plugin_cache(target),
            session,
        )?;
        let args = self.settings.init_args.iter().map(OsString::from);
        let read_only = target.keeps_lockfile().then(|| OsString::from(READ_ONLY));
        let ended = self.init_unit(target, read_only.into_iter().chain(args), session);
        drop(lock);
        match ended {
            Err(error) if reports_stale_lockfile(&error) => {
                self.update_lockfile(target, error, session)?;
            }
            ended => ended?,
        }
        fingerprint().and_then(|taken| taken.save(&target.state_dir)).map_err(unusable)
    }

    /// Initialises a unit again to update its outdated lock file, if the policy allows that; refuses otherwise, with
    /// `error`. Returns the digest of the lock file if it has changed.
    pub(super) fn update_lockfile(
        &self,
        target: &Target,
        error: EngineError,
        session: &Session<'_>,
    ) -> Result<Option<String>, EngineError> {
        if !target.may_update_lockfile(self.driven.name) {
            return Err(target.refuse_stale_lockfile(error));
        }
        let before = target.lockfile_digest()?;
        let cache = plugin_cache(&self.settings, target);
        let lock = cache
            .map(|cache| {
                lock_plugin_cache(
                    &cache,
                    &target.dir.join(LOCKFILE),
                    self.driven.locks_plugin_cache(target),
                    session,
                )
            })
            .transpose()?;
        let ended = self.init_unit(target, self.settings.init_args.iter().map(OsString::from), session);
        drop(lock);
        ended?;
        target.note_written_lockfile(before.as_ref(), session)?;
        Ok(target.lockfile_digest()?.filter(|now| Some(now) != before.as_ref()))
    }

    fn init_unit(
        &self,
        target: &Target,
        args: impl Iterator<Item = OsString>,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        let args = ["-input=false", "-no-color"].map(OsString::from).into_iter().chain(args);
        let mut command = self.driven_command(target, "init", args);
        command.env.remove(OsStr::new(INIT_FLAGS));
        let captured = capture(session, &command)?;
        if captured.exit.is_success() {
            return Ok(());
        }
        Err(command_error(Invocation::new(self, target, session), &captured, "init"))
    }
}
