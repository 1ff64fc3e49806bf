//! Reasons why a plan is tentative, and the notes that report them.

use std::fmt;

use super::{StackId, StackNote};

/// Reason why a plan is tentative: a value that the plan rests on and that is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TentativeReason {
    /// Outputs of other stacks in whose place the plan used mocks.
    Mocks(Vec<String>),
    /// Output that is missing in the state of an upstream stack.
    MissingOutput {
        /// Upstream stack.
        stack: StackId,
        /// Name of the output.
        output: String,
    },
    /// Output of another stack that the apply of that stack will or may change.
    Uncertain {
        /// Output as `STACK.NAME`.
        output: String,
        /// Reason in words: `will change`.
        why: &'static str,
    },
    /// Mocks of a Terragrunt dependency that replace one of its outputs.
    MergedMocks {
        /// Label of the `dependency` block.
        dependency: String,
        /// Output, or the dependency as a whole.
        output: String,
    },
    /// Files whose calls of `read_terragrunt_config` cannot be followed.
    UnreadConfigs(Vec<String>),
    /// Values that Terragrunt replaced by mocks without naming them.
    Unspecified,
    /// Dependencies that Terragrunt did not list.
    UnlistedDependencies {
        /// Labels of the includes that may declare them; may be empty.
        includes: Vec<String>,
        /// Failure of Terragrunt.
        failure: String,
    },
}

impl TentativeReason {
    /// Returns the note of a stack's report.
    pub fn note(&self) -> String {
        StackNote::Tentative(&self.to_string()).to_string()
    }
}

/// Joins names, each in backticks.
fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for TentativeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mocks(outputs) => {
                let verb = if outputs.len() == 1 { "is a mock" } else { "are mocks" };
                write!(f, "{} {verb}", quoted(outputs))
            }
            Self::MissingOutput { stack, output } => {
                write!(f, "`{stack}` exists and has no output `{output}`")
            }
            Self::Uncertain { output, why } => write!(f, "`{output}` {why}"),
            Self::MergedMocks { dependency, output } => {
                write!(f, "mocks of dependency `{dependency}` stand in for `{output}`")
            }
            Self::UnreadConfigs(files) => write!(
                f,
                "what {} reads by `read_terragrunt_config` cannot be told, and may mix mocks with outputs: write the path as a \
                 text, or with `find_in_parent_folders`, `get_terragrunt_dir` or locals",
                quoted(files)
            ),
            Self::Unspecified => f.write_str("depends on values that are not known yet"),
            Self::UnlistedDependencies { includes, failure } => {
                let labels: Vec<String> = includes.iter().map(|label| format!("include `{label}`")).collect();
                let what = if labels.is_empty() { "its dependencies".to_owned() } else { labels.join(", ") };
                write!(f, "{what} may mix mocks with outputs, and Terragrunt does not tell: {failure}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tentative_reasons;

    #[test]
    fn only_notes_with_a_reason_say_why_a_plan_is_tentative() {
        let one = TentativeReason::Mocks(vec!["network.id".to_owned()]);
        let two = TentativeReason::Mocks(vec!["network.id".to_owned(), "network.arn".to_owned()]);
        let missing =
            TentativeReason::MissingOutput { stack: "network".parse().unwrap(), output: "id".to_owned() };
        let notes = [one.note(), "planned twice".to_owned(), two.note(), missing.note()];
        assert_eq!(notes[0], "tentative: `network.id` is a mock");
        assert_eq!(
            tentative_reasons(&notes).collect::<Vec<_>>(),
            [
                "`network.id` is a mock",
                "`network.id`, `network.arn` are mocks",
                "`network` exists and has no output `id`"
            ]
        );
    }
}
