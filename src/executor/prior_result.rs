//! Results of an earlier run that a later run can take over.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};

use crate::{
    files,
    journal::RunDir,
    model::{RunId, StackId, hex},
    plans::{PlanManifest, ProjectKey, SealError},
};

/// Result of an earlier run for one stack.
#[derive(Debug, Clone)]
pub enum PriorResult {
    /// The earlier run made a plan with changes, and no run has begun to apply it.
    Planned(Box<StoredPlan>),
    /// The earlier run made a plan without changes.
    Clean,
    /// Planning was deferred until another stack is applied.
    Deferred {
        /// Stack that has to be applied first.
        because: StackId,
    },
    /// The apply began, and its result is not known: the stack is planned again, and so are stacks that depend on it.
    Begun,
    /// The apply succeeded: stacks that depend on it are planned again, within the confirmed changes.
    Applied {
        /// Run that applied the stack.
        run: RunId,
    },
}

/// Plan that an earlier run stored.
#[derive(Debug, Clone)]
pub struct StoredPlan {
    /// Plan file in the folder of the earlier run; the run that applies the plan renames the file first.
    pub file: Utf8PathBuf,
    /// Manifest of the plan; its seal is verified.
    pub manifest: PlanManifest,
    /// Diff that was shown to the user.
    pub diff: String,
    /// True if the stack is planned again where something that the plan is bound to has changed; it is refused otherwise.
    pub replans_if_changed: bool,
}

/// Reason why a stored plan cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoredPlanError {
    /// The manifest is missing, was edited, or cannot be read.
    #[error(transparent)]
    PlanManifest(#[from] SealError),
    /// The stored diff of the plan cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Diff {
        /// Path of the diff.
        path: Utf8PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The stored diff of the plan is not the diff that the review showed.
    #[error("`{path}` is not what was shown when the plan was made: it was edited")]
    OtherDiff {
        /// Path of the diff.
        path: Utf8PathBuf,
    },
    /// The plan is in the folder of another run, or under the name of another stack.
    #[error("the plan of stack `{stack}` was made by run {run} and lies in `{dir}`: it was copied")]
    Copied {
        /// Stack that the manifest names.
        stack: StackId,
        /// Run that the manifest names.
        run: RunId,
        /// Folder that the plan was found in.
        dir: Utf8PathBuf,
    },
}

impl StoredPlan {
    /// Returns the plan that a run stored for a stack; `None` when there is none, or when an apply of it has begun.
    pub fn find(
        dir: &RunDir,
        run: &RunId,
        stack: &StackId,
        key: &ProjectKey,
    ) -> Result<Option<Self>, StoredPlanError> {
        let file = dir.plan(stack);
        if !file.is_file() {
            return Ok(None);
        }
        let manifest = PlanManifest::read(key, &file.with_extension("manifest.json"))?;
        if manifest.run != *run || manifest.stack != *stack {
            let PlanManifest { stack, run, .. } = manifest;
            return Err(StoredPlanError::Copied { stack, run, dir: dir.path().to_owned() });
        }
        let diff = read_diff(&dir.diff(stack), &manifest)?;
        Ok(Some(Self { file, manifest, diff, replans_if_changed: false }))
    }
}

fn read_diff(path: &Utf8Path, manifest: &PlanManifest) -> Result<String, StoredPlanError> {
    let diff = files::read_whole_text(path)
        .map_err(|source| StoredPlanError::Diff { path: path.to_owned(), source })?;
    if hex(&Sha256::digest(&diff)) == manifest.diff {
        Ok(diff)
    } else {
        Err(StoredPlanError::OtherDiff { path: path.to_owned() })
    }
}
