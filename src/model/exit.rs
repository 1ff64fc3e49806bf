//! Exit codes of envctl, and their precedence when stacks end differently.

use serde::{Deserialize, Serialize};

/// Exit status of a verb.
///
/// The order of the variants is the precedence over many stacks: the greatest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitStatus {
    /// Success.
    Success,
    /// Differences were found, and `--detailed-exitcode` was given.
    Differences,
    /// A state or run lock is held by another process and nothing was applied.
    Locked,
    /// Refusal: no confirmation, a guard, a changed input of the plan, a missing workspace.
    Refused,
    /// Configuration error: environments.toml or the stacks' files are wrong, a secret's source or an engine is missing.
    Configuration,
    /// Failure of at least one stack.
    Failed,
    /// Wrong command line.
    Usage,
    /// Interruption by a signal, with the signal's number.
    Interrupted(u8),
    /// Defect of envctl.
    Defect,
}

impl ExitStatus {
    /// Returns the exit code of the process.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Differences => 2,
            Self::Refused => 3,
            Self::Configuration => 4,
            Self::Locked => 5,
            Self::Usage => 64,
            Self::Defect => 70,
            Self::Interrupted(signal) => 128 + signal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_many_stacks_the_worst_wins() {
        use ExitStatus::{Defect, Differences, Failed, Interrupted, Locked, Refused, Success};
        let worst_first = [Defect, Interrupted(2), Failed, Refused, Locked, Differences, Success];
        assert!(worst_first.windows(2).all(|pair| pair[0] > pair[1]));
    }
}
