//! Error while determining the changes in a repository.

use camino::Utf8PathBuf;

use crate::{inventory::plan_inputs::InputError, ui::shell_word};

/// Error while determining the changes in a repository.
#[derive(Debug, thiserror::Error)]
pub enum NoChanges {
    /// There is no git repository in the folder of environments.toml or above.
    #[error("`--changed` needs a git repository: there is none in `{0}` or above")]
    NoRepository(Utf8PathBuf),
    /// A git command failed.
    #[error("git tells nothing of `{dir}`: {reason}")]
    Git {
        /// Root of the repository.
        dir: Utf8PathBuf,
        /// Error message of git.
        reason: String,
    },
    /// There is no default branch to compare with.
    #[error(
        "no branch to compare with was found: neither the default branch of a remote nor `main` or `master`"
    )]
    NoDefaultBranch,
    /// Name of a branch or commit to compare with, which git resolves to no commit.
    #[error("there is no commit `{base}` to compare with")]
    UnknownCommit {
        /// Name as the user or the default gives it.
        base: String,
        /// Hint: a likely name, or the command that fetches the commit.
        hint: Option<String>,
    },
    /// The repository has no commits.
    #[error("`--changed` compares with a commit, and nothing is committed yet")]
    NoCommit,
    /// The clone is shallow and does not contain the merge base.
    #[error("this clone is shallow: it does not reach the commit where HEAD left `{base}`")]
    Shallow {
        /// Name of the branch or commit to compare with.
        base: String,
        /// Command that fetches the whole history.
        fetch: String,
    },
    /// HEAD and the base have no commit in common.
    #[error("HEAD and `{base}` have no commit in common")]
    Unrelated {
        /// Name of the branch or commit to compare with.
        base: String,
    },
    /// An input file of a stack cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
}

impl NoChanges {
    /// Returns the text of the hint: how the user can solve the problem.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoRepository(_) => Some("`--changed` needs git; name the stacks instead".to_owned()),
            Self::NoDefaultBranch => Some("name it: `--changed=COMMIT`".to_owned()),
            Self::UnknownCommit { hint, .. } => hint.clone(),
            Self::Shallow { fetch, .. } => Some(format!("`{fetch}` fetches the rest")),
            Self::Unrelated { .. } => Some("compare with another one: `--changed=COMMIT`".to_owned()),
            Self::Git { .. } | Self::NoCommit | Self::Input(_) => None,
        }
    }
}

/// Returns the command that fetches a branch of a remote with its whole history, whatever refspec the clone is configured
/// with.
pub(super) fn fetch_command(remote: &str, branch: &str, shallow: bool) -> String {
    let whole = if shallow { "--unshallow " } else { "" };
    let refspec = format!("+refs/heads/{branch}:refs/remotes/{remote}/{branch}");
    format!("git fetch {whole}{} {}", shell_word(remote), shell_word(&refspec))
}
