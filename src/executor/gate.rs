//! Whether a run may go on after its review: pure rules over flags, environment and terminal.
//!
//! | `--confirm` | environment          | `--yes` | terminal | decision                         |
//! |-------------|----------------------|---------|----------|----------------------------------|
//! | `=DIGEST`   | any                  | any     | any      | digest matches: yes, else refuse |
//! | plain       | `confirm`, destroy   | any     | yes      | type the environment's name      |
//! | plain       | `confirm`, destroy   | any     | no       | refuse                           |
//! | plain       | any other            | any     | any      | yes                              |
//! | absent      | `confirm`            | any     | yes      | type the environment's name      |
//! | absent      | `confirm`            | any     | no       | refuse                           |
//! | absent      | without `confirm`    | yes     | any      | yes                              |
//! | absent      | without `confirm`    | no      | yes      | ask y/N                          |
//! | absent      | without `confirm`    | no      | no       | refuse                           |

use std::{fmt, io, str::FromStr};

use super::{Answer, Ask, Refusal};
use crate::model::{ChangeCounts, EnvName, GateRecord};

/// The beginning of a review's digest, as a user quotes it: at least 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestPrefix(String);

/// A text that cannot be the beginning of a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest: 16 to 64 hexadecimal digits, as the review shows them")]
pub struct InvalidDigest(String);

impl FromStr for DigestPrefix {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        if (16..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(InvalidDigest(text.to_owned()))
        }
    }
}

impl fmt::Display for DigestPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `--confirm` or `--confirm=DIGEST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// Whatever the review says.
    Plain,
    /// This review and no other.
    Digest(DigestPrefix),
}

/// What was reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// The digest of the review's content, in small hexadecimal digits.
    pub digest: String,
    /// What would change, over all stacks.
    pub totals: ChangeCounts,
    /// How many stacks would change.
    pub stacks: usize,
}

/// All that the gate looks at.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the table, set by somebody else")]
pub struct GateRequest<'a> {
    /// What the user typed, to be typed again with a flag more: `envctl deploy production`.
    pub invocation: &'a str,
    /// The environment.
    pub environment: &'a EnvName,
    /// Whether it has `confirm = true`.
    pub protected: bool,
    /// Whether everything is to be destroyed.
    pub destroy: bool,
    /// `--confirm`.
    pub confirmation: Option<&'a Confirmation>,
    /// `--yes`.
    pub yes: bool,
    /// Whether somebody sits at a terminal.
    pub terminal: bool,
    /// What was reviewed.
    pub review: &'a Reviewed,
    /// What is kept of it beside the answer.
    pub record: &'a GateRecord,
}

/// What the rules say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// Go on.
    Confirmed {
        /// By what: `--confirm`, `--yes`.
        by: String,
    },
    /// Stop.
    Refused(Refusal),
    /// Ask, and give the answer to [`answered`].
    Ask(Ask),
}

/// What the rules say before anybody is asked.
pub fn gate(request: &GateRequest<'_>) -> Gate {
    let confirmed = |by: &str| Gate::Confirmed { by: by.to_owned() };
    let GateRequest { environment, protected, destroy, yes, terminal, .. } = *request;
    match request.confirmation {
        Some(Confirmation::Digest(digest)) if request.review.digest.starts_with(&digest.0) => {
            confirmed(&format!("--confirm={digest}"))
        }
        Some(Confirmation::Digest(digest)) => Gate::Refused(request.other_plan(digest)),
        Some(Confirmation::Plain) if !(protected && destroy) => confirmed("--confirm"),
        _ if protected && terminal => Gate::Ask(Ask::TypeName {
            question: format!("Type `{environment}` to {}", request.verb()),
            name: environment.to_string(),
        }),
        _ if protected => Gate::Refused(request.unconfirmed()),
        _ if yes => confirmed("--yes"),
        _ if terminal => Gate::Ask(Ask::YesNo {
            question: if destroy {
                format!("Destroy these resources of {environment}?")
            } else {
                format!("Apply these changes to {environment}?")
            },
        }),
        _ => Gate::Refused(request.unconfirmed()),
    }
}

/// What an answer to that question means: by what it was confirmed, or why not.
pub fn answered(request: &GateRequest<'_>, ask: &Ask, answer: &Answer) -> Result<String, Refusal> {
    match (ask, answer) {
        (Ask::YesNo { .. }, Answer::Yes) => Ok("answered".to_owned()),
        (Ask::TypeName { name, .. }, Answer::Typed(typed)) if typed == name => Ok("typed".to_owned()),
        (Ask::TypeName { name, .. }, Answer::Typed(typed)) if !typed.is_empty() => {
            Err(request.refusal(format!("`{typed}` was typed, not `{name}`")))
        }
        _ => Err(request.refusal(format!("`{}` was not confirmed", request.environment))),
    }
}

impl GateRequest<'_> {
    /// The refusal for a question that could not be asked.
    pub(super) fn unanswered(&self, error: &io::Error) -> Refusal {
        let refusal = self.unconfirmed();
        Refusal { summary: format!("{}, and asking for it failed: {error}", refusal.summary), ..refusal }
    }

    fn verb(&self) -> &'static str {
        if self.destroy { "destroy" } else { "apply" }
    }

    /// As much of the digest as is shown and has to be quoted.
    fn digest(&self) -> &str {
        self.review.digest.get(..16).unwrap_or(&self.review.digest)
    }

    fn refusal(&self, summary: String) -> Refusal {
        Refusal {
            summary,
            detail: format!("plan {} would change {}", self.digest(), extent(self.review)),
            hint: None,
        }
    }

    fn unconfirmed(&self) -> Refusal {
        let Self { invocation, environment, .. } = self;
        let digest = self.digest();
        let hint = match (self.protected, self.destroy) {
            (true, true) => {
                format!(
                    "`{invocation} --confirm={digest}`; a plain `--confirm` is not enough to destroy `{environment}`"
                )
            }
            (true, false) => {
                format!("`{invocation} --confirm`, or `--confirm={digest}` to insist on this very plan")
            }
            (false, _) => {
                format!("`{invocation} --yes`, or `--confirm={digest}` to insist on this very plan")
            }
        };
        Refusal { hint: Some(hint), ..self.refusal(format!("`{environment}` needs a confirmation")) }
    }

    fn other_plan(&self, confirmed: &DigestPrefix) -> Refusal {
        let hint = format!("review it, then `{} --confirm={}`", self.invocation, self.digest());
        let summary = format!("plan {confirmed} was confirmed for `{}`, this is another", self.environment);
        Refusal { hint: Some(hint), ..self.refusal(summary) }
    }
}

/// `3 resources in 2 stacks (1 to delete)`
fn extent(review: &Reviewed) -> String {
    let Reviewed { totals, stacks, .. } = review;
    let count = |number: u64, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let what = match totals.resources() {
        0 => count(totals.outputs, "output"),
        resources => count(resources, "resource"),
    };
    let losses = [(totals.delete, "delete"), (totals.replace, "replace"), (totals.forget, "forget")];
    let losses: Vec<String> = losses
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, verb)| format!("{number} to {verb}"))
        .collect();
    let losses = if losses.is_empty() { String::new() } else { format!(" ({})", losses.join(", ")) };
    format!("{what} in {}{losses}", count(*stacks as u64, "stack"))
}

#[cfg(test)]
mod tests;
