//! Policy for writes of a stack's lock file by an init, and refusal of a lock file that is out of date but must not be
//! written.

use std::ffi::OsString;

use crate::{
    engine::{
        EngineError, LockfilePolicy, Progress, Session, Target,
        detect::{LOCKFILE, by_lockfile},
        next_command::{confirmed_exec_line, plan_line},
        typed_command::verbs,
    },
    files,
    model::{EngineName, Failure, FailureKind},
};

impl LockfilePolicy {
    /// Returns the policy for a command of the engine that a user typed; `None` if that command does not change lock files.
    pub fn of_typed(args: &[OsString]) -> Option<Self> {
        if verbs::is_init(args) {
            if args.iter().any(|arg| verbs::keeps_lockfile(arg)) {
                return Some(Self::KeptByFlag);
            }
            let upgrades = args.iter().any(|arg| verbs::is_upgrade(arg));
            return Some(if upgrades { Self::Upgraded } else { Self::Updated });
        }
        verbs::writes_lockfile(args).then_some(Self::Updated)
    }
}

/// Messages of an engine about a lock file that does not name the providers that the configuration needs.
///
/// Source: measured with OpenTofu 1.12.6 and Terraform 1.11.4, the first for `init -lockfile=readonly`, the second for
/// `plan`.
const STALE_MESSAGES: &[&str] =
    &["Provider dependency changes detected", "Inconsistent dependency lock file"];

/// Returns true if a failure says that the lock file lacks providers or has too many.
pub(super) fn is_stale(failure: &Failure) -> bool {
    STALE_MESSAGES.iter().any(|words| failure.summary.contains(words) || failure.detail.contains(words))
}

/// Returns true if an error of an engine says that the lock file lacks providers or has too many.
pub(in crate::engine) fn reports_stale_lockfile(error: &EngineError) -> bool {
    matches!(error, EngineError::Failed(failure) if is_stale(failure))
}

impl Target {
    /// Returns true if an init has `-lockfile=readonly` at its first attempt.
    pub(in crate::engine) fn keeps_lockfile(&self) -> bool {
        match self.lockfile {
            LockfilePolicy::Unwritten | LockfilePolicy::KeptByFlag => true,
            LockfilePolicy::Upgraded => false,
            LockfilePolicy::KeptByConfirm | LockfilePolicy::KeptInCi | LockfilePolicy::Updated => {
                self.dir.join(LOCKFILE).exists()
            }
        }
    }

    /// Returns true if this engine may update a lock file that is out of date. It may not if all providers in the file are
    /// from the other engine's registry.
    pub(in crate::engine) fn may_update_lockfile(&self, engine: EngineName) -> bool {
        let is_foreign = || {
            let text = files::read_text(&self.dir.join(LOCKFILE));
            text.ok().and_then(|text| by_lockfile(&text)).is_some_and(|other| other != engine)
        };
        match self.lockfile {
            LockfilePolicy::Updated => !is_foreign(),
            LockfilePolicy::Upgraded => true,
            LockfilePolicy::Unwritten
            | LockfilePolicy::KeptByConfirm
            | LockfilePolicy::KeptInCi
            | LockfilePolicy::KeptByFlag => false,
        }
    }

    /// Returns the digest of the lock file; `None` if there is none.
    pub(in crate::engine) fn lockfile_digest(&self) -> Result<Option<String>, EngineError> {
        let path = self.dir.join(LOCKFILE);
        match files::file_digest(&path) {
            Ok(digest) => Ok(Some(digest)),
            Err(error) if files::leads_nowhere(&error) => Ok(None),
            Err(error) => {
                let summary = format!("cannot read `{path}`: {error}");
                Err(EngineError::Failed(Failure::new(FailureKind::Config, summary)))
            }
        }
    }

    /// Returns the refusal of an init for a lock file that is out of date but must not be written, with the command that
    /// updates it; any other error unchanged.
    pub(in crate::engine) fn refuse_stale_lockfile(&self, error: EngineError) -> EngineError {
        let failure = match error {
            EngineError::Failed(failure) if is_stale(&failure) => failure,
            EngineError::Failed(failure) if failure.detail.contains("-upgrade") => {
                let typed = self.typed_init(&["init", "-upgrade"]);
                let detail =
                    format!("{}\nhint: {typed} takes newer versions into the lock file", failure.detail);
                return EngineError::Failed(failure.with_detail(detail));
            }
            other => return other,
        };
        let plan = plan_line(self, &[]);
        let exists = self.dir.join(LOCKFILE).exists();
        let writes = if exists { "updates" } else { "makes" };
        let (why, mending) = match self.lockfile {
            LockfilePolicy::Unwritten => {
                ("ENVCTL_READ_ONLY", format!("`{plan}` without ENVCTL_READ_ONLY {writes} it"))
            }
            LockfilePolicy::KeptByConfirm => (
                "an environment with `confirm`",
                format!("{} updates it; commit it then", self.typed_init(&["init"])),
            ),
            LockfilePolicy::KeptByFlag => {
                ("`-lockfile=readonly`", format!("{} updates it", self.typed_init(&["init"])))
            }
            LockfilePolicy::KeptInCi => (
                "a run in CI",
                format!(
                    "`{plan}` outside of CI updates it, to be committed; `--update-lockfile` does so in CI"
                ),
            ),
            // The error of the init says so, or the lock file is that of the other engine.
            LockfilePolicy::Updated | LockfilePolicy::Upgraded => return EngineError::Failed(failure),
        };
        let lockfile = self.dir.join(LOCKFILE);
        let shown = lockfile.strip_prefix(&self.project).unwrap_or(&lockfile);
        let found = if exists { "does not fit the providers of the stack" } else { "is missing" };
        let leaves = if exists { "leaves it as it is" } else { "lets none be made" };
        let summary = format!("the lock file `{shown}` {found}, and {why} {leaves}");
        let refused = Failure::new(FailureKind::Refused, summary).with_detail(mending);
        EngineError::KeptLockfile(Failure { engine_exit_code: failure.engine_exit_code, ..refused })
    }

    /// Reports to the user that an init created or changed the lock file; `before` is its digest before the init.
    pub(in crate::engine) fn note_written_lockfile(
        &self,
        before: Option<&String>,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        if self.lockfile_digest()?.as_ref() != before {
            let lockfile = self.dir.join(LOCKFILE);
            let shown = lockfile.strip_prefix(&self.project).unwrap_or(&lockfile);
            let done = if before.is_some() { "updated" } else { "made" };
            (session.observer)(Progress::Note(format!("lock file {done}: commit it (`{shown}`)")));
        }
        Ok(())
    }

    /// Returns the `envctl exec` command line of an init with further arguments.
    fn typed_init(&self, typed: &[&str]) -> String {
        let answer = if self.lockfile == LockfilePolicy::KeptByConfirm { "--confirm" } else { "--yes" };
        format!("`{}`", confirmed_exec_line(self, Some(answer), typed))
    }
}
