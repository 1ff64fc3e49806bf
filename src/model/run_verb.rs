//! Verbs that start a run.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Verb of the command line that started a run. A resumed run has the verb of the run that it continues: `deploy` or
/// `destroy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunVerb {
    /// `envctl plan`.
    Plan,
    /// `envctl deploy`.
    Deploy,
    /// `envctl apply`.
    Apply,
    /// `envctl destroy`.
    Destroy,
}

impl RunVerb {
    /// Returns the verb as the user types it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Deploy => "deploy",
            Self::Apply => "apply",
            Self::Destroy => "destroy",
        }
    }

    /// Returns true if a run with this verb may change states.
    pub fn may_change(self) -> bool {
        match self {
            Self::Plan => false,
            Self::Deploy | Self::Apply | Self::Destroy => true,
        }
    }
}

impl fmt::Display for RunVerb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_written_in_json_as_the_user_types_it() {
        for (verb, word) in [
            (RunVerb::Plan, "plan"),
            (RunVerb::Deploy, "deploy"),
            (RunVerb::Apply, "apply"),
            (RunVerb::Destroy, "destroy"),
        ] {
            assert_eq!(verb.to_string(), word);
            assert_eq!(serde_json::to_value(verb).unwrap(), word);
            assert_eq!(serde_json::from_value::<RunVerb>(word.into()).unwrap(), verb);
        }
    }
}
