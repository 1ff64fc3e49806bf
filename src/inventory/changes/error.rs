//! Why nobody can tell what has changed.

use camino::Utf8PathBuf;

use crate::{inventory::inputs::InputError, ui::shell_word};

/// Why nobody can tell what has changed.
#[derive(Debug, thiserror::Error)]
pub enum NoChanges {
    /// There is no repository.
    #[error("nobody can tell what has changed: there is no git repository in `{0}` or above")]
    NoRepository(Utf8PathBuf),
    /// Git failed.
    #[error("git tells nothing of `{dir}`: {reason}")]
    Git {
        /// Where it was asked.
        dir: Utf8PathBuf,
        /// What it said.
        reason: String,
    },
    /// There is no branch that could be meant.
    #[error(
        "no branch to compare with was found: neither the default branch of a remote nor `main` or `master`"
    )]
    NoDefault,
    /// There is no such commit.
    #[error("there is no commit `{base}` to compare with")]
    Unknown {
        /// What was asked for.
        base: String,
        /// What was probably meant, or what fetches it.
        hint: Option<String>,
    },
    /// Nothing has been committed.
    #[error("nothing is committed yet, so that nobody can tell what has changed")]
    NoCommit,
    /// The history does not reach the commit where the branches parted.
    #[error("this clone is shallow: it does not reach the commit where HEAD left `{base}`")]
    Shallow {
        /// The base.
        base: String,
        /// The command that makes the history whole.
        fetch: String,
    },
    /// The two have nothing in common.
    #[error("HEAD and `{base}` have no commit in common")]
    Unrelated {
        /// The base.
        base: String,
    },
    /// The files of a stack cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
}

impl NoChanges {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoRepository(_) => Some("`--changed` needs git; name the stacks instead".to_owned()),
            Self::NoDefault => Some("name it: `--changed=COMMIT`".to_owned()),
            Self::Unknown { hint, .. } => hint.clone(),
            Self::Shallow { fetch, .. } => Some(format!("`{fetch}` fetches the rest")),
            Self::Unrelated { .. } => Some("compare with another one: `--changed=COMMIT`".to_owned()),
            Self::Git { .. } | Self::NoCommit | Self::Input(_) => None,
        }
    }
}

/// The command that fetches a branch of a remote with its whole history, whatever the clone was told to fetch.
pub(super) fn fetch(remote: &str, branch: &str, shallow: bool) -> String {
    let whole = if shallow { "--unshallow " } else { "" };
    let refspec = format!("+refs/heads/{branch}:refs/remotes/{remote}/{branch}");
    format!("git fetch {whole}{} {}", shell_word(remote), shell_word(&refspec))
}
