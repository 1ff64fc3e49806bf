//! The exit codes of envctl and their order when many stacks disagree.

use serde::{Deserialize, Serialize};

/// How a verb ended, as its caller sees it.
///
/// The order of the variants is the order of precedence over many stacks: the greatest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitStatus {
    /// Done.
    Success,
    /// Differences were found and asked about (`--detailed-exitcode`).
    Differences,
    /// A state or run lock is held by someone else and nothing was applied.
    Locked,
    /// No confirmation, a guard, a binding, a missing workspace.
    Refused,
    /// environments.toml or the stacks' files are wrong; a secret's source or an engine is missing.
    Configuration,
    /// At least one stack failed.
    Failed,
    /// The command line is wrong.
    Usage,
    /// Interrupted by a signal, with its number.
    Interrupted(u8),
    /// A defect of envctl.
    Defect,
}

impl ExitStatus {
    /// The number that the shell sees.
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
