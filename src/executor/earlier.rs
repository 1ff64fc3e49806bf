//! What an earlier run left of its stacks, to be taken over by another one.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};

use crate::{
    files,
    journal::RunDir,
    model::{RunId, StackId, hex},
    plans::{Key, Manifest, SealError},
};

/// What an earlier run made of a stack.
#[derive(Debug, Clone)]
pub enum Earlier {
    /// It planned changes, which nobody has begun to apply.
    Planned(Box<StoredPlan>),
    /// It found nothing to do.
    Clean,
    /// It could not be planned before that stack is applied.
    Deferred {
        /// The stack that has to be applied first.
        because: StackId,
    },
    /// It began to apply it, and how that ended is not known: it is planned, and stacks that need it are planned again.
    Begun,
    /// It applied it: stacks that need it are planned again, within what was confirmed.
    Applied {
        /// The run that did.
        run: RunId,
    },
}

/// A plan that an earlier run stored.
#[derive(Debug, Clone)]
pub struct StoredPlan {
    /// Its file, where the earlier run left it; whoever applies it moves it away first.
    pub file: Utf8PathBuf,
    /// What it is bound to; its seal fits.
    pub manifest: Manifest,
    /// The diff that was shown.
    pub diff: String,
}

/// Why a stored plan cannot be taken over.
#[derive(Debug, thiserror::Error)]
pub enum StoredPlanError {
    /// Its manifest is missing, was edited, or cannot be read.
    #[error(transparent)]
    Manifest(#[from] SealError),
    /// The diff beside it cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Diff {
        /// Its file.
        path: Utf8PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The diff beside it is not the one that was shown.
    #[error("`{path}` is not what was shown when the plan was made: it was edited")]
    OtherDiff {
        /// Its file.
        path: Utf8PathBuf,
    },
    /// It lies in the folder of another run, or under the name of another stack.
    #[error("the plan of stack `{stack}` was made by run {run} and lies in `{dir}`: it was copied")]
    Copied {
        /// The stack in its manifest.
        stack: StackId,
        /// The run in its manifest.
        run: RunId,
        /// Where it lies.
        dir: Utf8PathBuf,
    },
}

impl StoredPlan {
    /// The plan that a run stored for a stack; none when it has none, or somebody has begun to apply it.
    pub fn find(
        dir: &RunDir,
        run: &RunId,
        stack: &StackId,
        key: &Key,
    ) -> Result<Option<Self>, StoredPlanError> {
        let file = dir.plan(stack);
        if !file.is_file() {
            return Ok(None);
        }
        let manifest = Manifest::read(key, &file.with_extension("manifest.json"))?;
        if manifest.run != *run || manifest.stack != *stack {
            let Manifest { stack, run, .. } = manifest;
            return Err(StoredPlanError::Copied { stack, run, dir: dir.path().to_owned() });
        }
        let diff = shown_diff(&dir.diff(stack), &manifest)?;
        Ok(Some(Self { file, manifest, diff }))
    }
}

fn shown_diff(path: &Utf8Path, manifest: &Manifest) -> Result<String, StoredPlanError> {
    let diff = files::read_whole_text(path)
        .map_err(|source| StoredPlanError::Diff { path: path.to_owned(), source })?;
    if hex(&Sha256::digest(&diff)) == manifest.diff {
        Ok(diff)
    } else {
        Err(StoredPlanError::OtherDiff { path: path.to_owned() })
    }
}
