//! Initialises an instance and makes sure that its workspace exists, for OpenTofu and Terraform.

use std::{ffi::OsStr, fs, io};

use camino::Utf8Path;

use super::{
    backend_check::{check_configured, is_other_backend, refused_claim},
    backend_record::{BackendRecord, RECORD},
    commands::{InitModules, Terraform},
    computed_backend, data_dir,
    fingerprint::Fingerprint,
    install::{Install, is_unusable},
    lockfile::reports_stale_lockfile,
    workspace_list::workspaces,
    workspace_policy::{WorkspaceLookup, WorkspacePolicy},
};
use crate::{
    engine::{
        EngineError, LockfilePolicy, Progress, Session, Target, WorkspaceStatus,
        detect::LOCKFILE,
        driver::{Driver, Invocation},
        environment::variables::{backend_variables, plugin_cache},
        messages::{
            exit_error::{command_error, stream_error},
            failure::init_needed,
            text_diagnostics::from_text,
        },
        process::{
            call::{capture, capture_mutating, stream},
            document::Dialect,
            folder_lock::{LockMode, lock_installed, lock_plugin_cache},
        },
        state::{claims::claim_backend, lineage::KnownState},
        typed_command::{
            migrating::{keep_former, migration_needed},
            verbs::is_upgrade,
        },
    },
    files,
    model::{Failure, FailureKind},
};

/// Message of the engines if a data directory holds another backend than the one to initialise.
const OTHER_BACKEND: &str = "Backend configuration changed";

impl Terraform {
    /// Runs an init if the fingerprint changed or `force` is set, checks the workspace by its policy, and claims the state.
    pub(super) fn initialise(
        &self,
        target: &Target,
        workspace: WorkspacePolicy,
        force: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        let record = BackendRecord::read(&target.data_dir);
        // A record that cannot be parsed leads to an init, which replaces it.
        let before = record.as_ref().ok().and_then(Option::as_ref);
        // Without a record the engine was initialised for a local state, or an init has failed since.
        let local = BackendRecord::local();
        let former = before.unwrap_or(&local);
        let is_replaced = is_other_backend(target, former);
        if is_replaced {
            record_replaced_backend(target, former)?;
        }
        let force = force || (is_replaced && before.is_some());
        self.initialise_where_needed(target, &record, workspace, force, session)
            .map_err(|error| migration_needed(target, error))?;
        let backend = BackendRecord::in_force(&target.data_dir)
            .map_err(|error| file_error(&target.data_dir, &error))?;
        if let Some(before) = before {
            note_other_backend(target, before, &backend, session);
        }
        claim_backend(target, &backend, &target.dir).map(drop).map_err(|refused| {
            // The next attempt initialises again: an expression of the backend may have another value by then.
            match Fingerprint::forget(&target.state_dir) {
                Ok(()) => refused_claim(refused),
                Err(error) => file_error(&target.state_dir, &error),
            }
        })
    }

    fn initialise_where_needed(
        &self,
        target: &Target,
        record: &io::Result<Option<BackendRecord>>,
        workspace: WorkspacePolicy,
        force: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        if let Some(cache) = &self.settings().plugin_cache {
            // Every verb of an engine refuses a cache folder that does not exist.
            fs::create_dir_all(cache).map_err(|error| file_error(cache, &error))?;
        }
        // A link would point to a folder of others, which an init would change.
        make_private_folder(&target.data_dir)?;
        // The fingerprint lies in another folder than the data directory, which the user may have emptied.
        let is_file_there = data_dir::is_laid_out(&target.data_dir) && !is_unusable(target);
        let is_outside_run = matches!(workspace.lookup, WorkspaceLookup::Always { .. });
        if !force
            && is_file_there
            && self.fingerprint(target, record)?.is_current(&target.state_dir)
            && !(is_outside_run && computed_backend::is_outdated(self, target, session)?)
        {
            let is_known = || KnownState::read(target).map(|known| !known.is_none());
            return match workspace.lookup {
                WorkspaceLookup::AfterInit if is_known().map_err(EngineError::Failed)? => Ok(()),
                _ => self.enter_workspace(target, workspace, session),
            };
        }
        Fingerprint::forget(&target.state_dir).map_err(|error| file_error(&target.state_dir, &error))?;
        forget_selection(target)?;
        // A backend that the files no longer have would stay in the record, and stop every plan.
        remove_if_there(&target.data_dir.join(RECORD))?;
        let known = remember_local_backend(target)?;
        match self.run_init(target, !known, force, session) {
            // The program that runs as the engine initialises elsewhere: the check below names both addresses.
            Err(EngineError::Failed(failure)) if known && failure.summary.contains(OTHER_BACKEND) => {
                self.run_init(target, true, force, session)?;
            }
            ended => ended?,
        }
        let record = check_configured(target, &target.data_dir)?;
        self.enter_workspace(target, workspace, session)?;
        // Computed again: an init may write the lock file.
        self.fingerprint(target, &Ok(Some(record)))?
            .save(&target.state_dir)
            .map_err(|error| file_error(&target.state_dir, &error))
    }

    fn fingerprint(
        &self,
        target: &Target,
        record: &io::Result<Option<BackendRecord>>,
    ) -> Result<Fingerprint, EngineError> {
        let cache = plugin_cache(self.settings(), target).unwrap_or_default();
        let record = match record {
            Ok(Some(record)) => record.canonical(),
            Ok(None) => BackendRecord::local().canonical(),
            // No init leaves a record that cannot be parsed.
            Err(error) => error.to_string(),
        };
        let inputs = [
            "3",
            &record,
            self.program().as_str(),
            self.version_text(),
            target.backend.backend_type.as_deref().unwrap_or_default(),
            &target.backend.digest,
            target.workspace.as_deref().unwrap_or_default(),
            target.data_dir.as_str(),
            &self.settings().init_args.join("\n"),
            cache.as_str(),
            &backend_variables(&target.env),
        ];
        Fingerprint::compute(&target.dir, &inputs).map_err(|error| file_error(&target.dir, &error))
    }

    /// Runs `init`: at the same time as plans and applies in the same folder if nothing has to be installed, alone
    /// otherwise.
    fn run_init(
        &self,
        target: &Target,
        reconfigure: bool,
        force: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        let upgrades = target.lockfile == LockfilePolicy::Upgraded
            || self.settings().init_args.iter().any(|arg| is_upgrade(OsStr::new(arg)));
        if !(force || upgrades)
            && let Some((lock, modules)) = self.lock_if_complete(target, session)?
        {
            let ended = self.init_once(target, reconfigure, target.keeps_lockfile(), modules, session);
            drop(lock);
            match ended {
                // The tests of a stack may call modules that its own files do not name.
                Err(InitError { needs_modules: true, .. }) => {}
                // Other instances in the folder must not use a lock file while an init writes it.
                Err(failed)
                    if reports_stale_lockfile(&failed.error)
                        && target.may_update_lockfile(self.core().name) => {}
                ended => return ended.map_err(|failed| target.refuse_stale_lockfile(failed.error)),
            }
        }
        let lock = lock_installed(target, LockMode::Exclusive, session)?;
        let install = Install { update: upgrades, even_if_complete: true };
        let modules = self.install_modules(target, install, session);
        let ended = modules
            .map_err(InitError::from)
            .and_then(|modules| self.init_updating(target, reconfigure, modules, session));
        data_dir::remove_empty(target);
        drop(lock);
        ended.map_err(|failed| target.refuse_stale_lockfile(failed.error))
    }

    /// Runs an init; if the lock file is out of date and may be written, runs it again without `-lockfile=readonly`.
    fn init_updating(
        &self,
        target: &Target,
        reconfigure: bool,
        modules: InitModules,
        session: &Session<'_>,
    ) -> Result<(), InitError> {
        let keeps_lockfile = target.keeps_lockfile();
        let before = target.lockfile_digest()?;
        let mut ended = self.init_once(target, reconfigure, keeps_lockfile, modules, session);
        if keeps_lockfile
            && target.may_update_lockfile(self.core().name)
            && ended.as_ref().is_err_and(|failed| reports_stale_lockfile(&failed.error))
        {
            ended = self.init_once(target, reconfigure, false, modules, session);
        }
        target.note_written_lockfile(before.as_ref(), session)?;
        ended
    }

    fn init_once(
        &self,
        target: &Target,
        reconfigure: bool,
        keeps_lockfile: bool,
        modules: InitModules,
        session: &Session<'_>,
    ) -> Result<(), InitError> {
        let lockfile = target.dir.join(LOCKFILE);
        let cache = plugin_cache(self.settings(), target)
            .map(|cache| lock_plugin_cache(&cache, &lockfile, self.locks_plugin_cache(target), session))
            .transpose()?;
        let command = self.init_command(target, reconfigure, keeps_lockfile, modules);
        let ended = if self.speaks_json_in_init() {
            let streamed = stream(session, target, &command)?;
            if !streamed.exit.is_success() {
                let error = stream_error(Invocation::new(self, target, session), &streamed, "init");
                Err(InitError { error, needs_modules: init_needed(&streamed.diagnostics) })
                // Terraform 1.11 prints some lines as plain text even with `-json`.
            } else if let Some(failure) = streamed.implausible_output(self.program_name(), Dialect::Mixed) {
                Err(EngineError::Failed(failure).into())
            } else {
                Ok(())
            }
        } else {
            let captured = capture(session, &command)?;
            if captured.exit.is_success() {
                Ok(())
            } else {
                let needs_modules =
                    init_needed(&from_text(&String::from_utf8_lossy(&captured.stderr), &target.var_files));
                let error = command_error(Invocation::new(self, target, session), &captured, "init");
                Err(InitError { error, needs_modules })
            }
        };
        drop(cache);
        ended
    }

    /// Makes sure that the workspace exists.
    fn enter_workspace(
        &self,
        target: &Target,
        policy: WorkspacePolicy,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        if let Some(wanted) = target.workspace.as_deref().filter(|name| *name != "default")
            && let WorkspaceStatus::Missing(existing) = self.workspace_status(target, wanted, session)?
        {
            if let WorkspaceLookup::Always { accept_lineage } = policy.lookup {
                let vanished = refuse_lost_workspace(target);
                if accept_lineage && vanished.is_err() {
                    target.state_exception.record_use();
                } else {
                    vanished?;
                }
            }
            if !policy.create {
                return Err(EngineError::MissingWorkspace { wanted: wanted.to_owned(), existing });
            }
            self.make_workspace(target, wanted, session)?;
        }
        Ok(())
    }

    /// Asks the engine if the wanted workspace exists.
    fn workspace_status(
        &self,
        target: &Target,
        wanted: &str,
        session: &Session<'_>,
    ) -> Result<WorkspaceStatus, EngineError> {
        let captured = capture(session, &self.workspace_list_command(target))?;
        if !captured.exit.is_success() {
            return Err(command_error(Invocation::new(self, target, session), &captured, "workspace list"));
        }
        let existing = workspaces(&String::from_utf8_lossy(&captured.stdout));
        Ok(if existing.iter().any(|name| name == wanted) {
            WorkspaceStatus::Present
        } else {
            WorkspaceStatus::Missing(existing)
        })
    }

    /// Creates the workspace of an instance.
    fn make_workspace(&self, target: &Target, name: &str, session: &Session<'_>) -> Result<(), EngineError> {
        // `workspace new` writes a state.
        let captured = capture_mutating(session, &self.workspace_new_command(target, name))?;
        if !captured.exit.is_success() {
            return Err(command_error(Invocation::new(self, target, session), &captured, "workspace new"));
        }
        forget_selection(target)
    }
}

/// Failure of an init.
struct InitError {
    error: EngineError,
    /// True if modules are missing that envctl had found installed.
    needs_modules: bool,
}

impl From<EngineError> for InitError {
    fn from(error: EngineError) -> Self {
        Self { error, needs_modules: false }
    }
}

/// Records the backend of an instance's last known state before an init replaces it: a migration moves the state from
/// there.
fn record_replaced_backend(target: &Target, former: &BackendRecord) -> Result<(), EngineError> {
    let known = KnownState::read(target).map_err(EngineError::Failed)?;
    let is_its = known.may_lie_at(former.address(target, &target.dir).as_deref());
    if is_its && target.data_dir.is_dir() {
        keep_former(target, former).map_err(|error| file_error(&target.state_dir, &error))?;
    }
    Ok(())
}

/// Reports that a data directory held the backend of another state, and was initialised again for its instance.
fn note_other_backend(target: &Target, before: &BackendRecord, now: &BackendRecord, session: &Session<'_>) {
    if before.is_same(now) {
        return;
    }
    let address = |backend: &BackendRecord| backend.address(target, &target.dir);
    if let (Some(held), Some(holds)) = (address(before), address(now))
        && held != holds
    {
        let note = format!("the data directory was initialised for {held}: initialised anew for {holds}");
        (session.observer)(Progress::Note(note));
    }
}

/// Removes the selected workspace from a data directory: envctl passes the workspace to each process, and a selected one
/// that was deleted would stop an init.
fn forget_selection(target: &Target) -> Result<(), EngineError> {
    remove_if_there(&target.data_dir.join("environment"))
}

/// Writes the record of a local backend into the data directory, as an init would; returns false for another backend, or
/// one that expressions decide.
///
/// An engine that initialises a local backend for the first time wants to move the states of other workspaces in the
/// folder, and asks, with or without `-reconfigure` (measured on OpenTofu 1.12.6 and Terraform 1.11.4).
fn remember_local_backend(target: &Target) -> Result<bool, EngineError> {
    let Some(config) =
        target.backend.config.as_ref().filter(|_| target.backend.backend_type.as_deref() == Some("local"))
    else {
        return Ok(false);
    };
    let config =
        serde_json::json!({ "path": config.get("path"), "workspace_dir": config.get("workspace_dir") });
    let known =
        serde_json::json!({ "version": 3, "backend": { "type": "local", "config": config, "hash": 0 } });
    let file = target.data_dir.join(RECORD);
    files::write(&file, known.to_string().as_bytes()).map_err(|error| file_error(&file, &error))?;
    Ok(true)
}

/// Refuses to create a missing workspace whose state is known.
fn refuse_lost_workspace(target: &Target) -> Result<(), EngineError> {
    let backend =
        BackendRecord::in_force(&target.data_dir).map_err(|error| file_error(&target.data_dir, &error))?;
    let address = backend.address(target, &target.dir);
    KnownState::read(target)
        .and_then(|known| known.refuse_vanished(target, address.as_deref()))
        .map_err(EngineError::Failed)
}

fn remove_if_there(file: &Utf8Path) -> Result<(), EngineError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error(file, &error)),
        _ => Ok(()),
    }
}

/// Creates a folder that only its owner may enter: a data directory holds backend credentials in clear.
fn make_private_folder(folder: &Utf8Path) -> Result<(), EngineError> {
    files::create_dirs(folder).map_err(|error| file_error(folder, &error))
}

fn file_error(path: &Utf8Path, error: &io::Error) -> EngineError {
    EngineError::Failed(Failure::new(FailureKind::Config, format!("cannot use `{path}`: {error}")))
}
