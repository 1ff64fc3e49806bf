//! Gate of a run after its review: pure rules over flags, environment and terminal.
//!
//! | `--confirm` | environment          | `--yes` | terminal | decision                         |
//! |-------------|----------------------|---------|----------|----------------------------------|
//! | `=DIGEST`   | any                  | any     | any      | digest matches: yes, else refuse |
//! | plain       | `confirm`, destroy   | any     | yes      | type the environment's name      |
//! | plain       | `confirm`, destroy   | any     | no       | refuse                           |
//! | plain       | any other            | any     | any      | yes                              |
//! | absent      | any, a later round   | any     | any      | `--confirm-rounds`: yes, unless it shows new losses |
//! | absent      | `confirm`            | any     | yes      | type the environment's name      |
//! | absent      | `confirm`            | any     | no       | refuse                           |
//! | absent      | without `confirm`    | yes     | any      | yes                              |
//! | absent      | without `confirm`    | no      | yes      | ask y/N                          |
//! | absent      | without `confirm`    | no      | no       | refuse                           |
//!
//! New losses are those that no confirmed review has shown and no `--allow delete:` names. `--confirm`, plain or with a
//! digest, answers one review: it is absent in the rounds after the one that it confirmed.

use std::{fmt, io, str::FromStr};

use super::{Answer, Prompt, Refusal};
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
    /// `--confirm`: confirms any review.
    Plain,
    /// `--confirm=DIGEST`: confirms this review only.
    Digest(DigestPrefix),
}

/// Digest and size of a review, which the gate needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewSummary {
    /// Digest of the review's content, in lowercase hexadecimal digits.
    pub digest: String,
    /// Changes over all stacks.
    pub totals: ChangeCounts,
    /// Number of stacks with changes.
    pub stacks: usize,
}

/// Position of a review among those of its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateRound {
    /// Number of the round, from 1.
    pub number: u32,
    /// True after an earlier review of the run was confirmed.
    pub is_later: bool,
    /// True if the user gave `--confirm-rounds`.
    pub confirm_rounds: bool,
    /// Losses that no confirmed review has shown and no `--allow delete:` names, a line each.
    pub unseen: Vec<String>,
    /// Stacks that the run has applied already, by name.
    pub applied: Vec<String>,
    /// True if a resumed run would plan stacks that this review does not show, because they failed.
    pub leaves_others: bool,
}

impl Default for GateRound {
    fn default() -> Self {
        Self {
            number: 1,
            is_later: false,
            confirm_rounds: false,
            unseen: Vec::new(),
            applied: Vec::new(),
            leaves_others: false,
        }
    }
}

/// Input of the gate's rules.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the table, set by somebody else")]
pub struct GateRequest<'a> {
    /// Command that leads back to this review, to be typed with one more flag: `envctl deploy production`, and after an
    /// earlier round `envctl runs resume RUN`.
    pub invocation: &'a str,
    /// Environment of the run.
    pub environment: &'a EnvName,
    /// True if the environment has `confirm = true`.
    pub protected: bool,
    /// True if all resources are to be destroyed.
    pub destroy: bool,
    /// Value of `--confirm`; `None` without the flag.
    pub confirmation: Option<&'a Confirmation>,
    /// True if the user gave `--yes`.
    pub yes: bool,
    /// True if envctl runs in an interactive terminal.
    pub terminal: bool,
    /// Position among the reviews of the run.
    pub round: &'a GateRound,
    /// Review to be confirmed.
    pub review: &'a ReviewSummary,
    /// Record that is stored with the decision.
    pub record: &'a GateRecord,
}

/// Result of the gate's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// The run goes on.
    Confirmed {
        /// Flag or answer that confirmed the review: `--confirm`, `--yes`.
        source: String,
    },
    /// The run stops.
    Refused(Refusal),
    /// The user is prompted; [`evaluate_answer`] evaluates the answer.
    Ask(Prompt),
}

/// Decides from flags, environment and terminal whether the run goes on, stops, or needs a prompt.
pub fn gate(request: &GateRequest<'_>) -> Gate {
    let confirmed = |source: &str| Gate::Confirmed { source: source.to_owned() };
    let GateRequest { environment, protected, destroy, yes, terminal, .. } = *request;
    match request.confirmation {
        Some(Confirmation::Digest(digest)) if request.review.digest.starts_with(&digest.0) => {
            confirmed(&format!("--confirm={digest}"))
        }
        Some(Confirmation::Digest(digest)) => Gate::Refused(request.other_digest_refusal(digest)),
        Some(Confirmation::Plain) if !(protected && destroy) => confirmed("--confirm"),
        _ if request.round.is_confirmed_beforehand() => confirmed("--confirm-rounds"),
        _ if protected && terminal => Gate::Ask(Prompt::TypeName {
            question: format!("Type `{environment}` to {}", request.verb()),
            name: environment.to_string(),
        }),
        _ if protected => Gate::Refused(request.unconfirmed_refusal()),
        _ if yes => confirmed("--yes"),
        _ if terminal => Gate::Ask(Prompt::YesNo {
            question: if destroy {
                format!("Destroy these resources of {environment}?")
            } else {
                format!("Apply these changes to {environment}?")
            },
        }),
        _ => Gate::Refused(request.unconfirmed_refusal()),
    }
}

/// Evaluates the answer to a prompt: the source of the confirmation, or the refusal.
pub fn evaluate_answer(request: &GateRequest<'_>, ask: &Prompt, answer: &Answer) -> Result<String, Refusal> {
    match (ask, answer) {
        (Prompt::YesNo { .. }, Answer::Yes) => Ok("answered".to_owned()),
        (Prompt::TypeName { name, .. }, Answer::Typed(typed)) if typed == name => Ok("typed".to_owned()),
        (Prompt::TypeName { name, .. }, Answer::Typed(typed)) if !typed.is_empty() => {
            Err(request.refusal(format!("`{typed}` was typed, not `{name}`")))
        }
        _ => Err(request.refusal(format!("`{}` was not confirmed", request.environment))),
    }
}

impl GateRound {
    /// Returns true if `--confirm-rounds` confirms this review.
    fn is_confirmed_beforehand(&self) -> bool {
        self.is_later && self.confirm_rounds && self.unseen.is_empty()
    }
}

impl GateRequest<'_> {
    /// Returns the refusal for a prompt that failed.
    pub(super) fn failed_prompt_refusal(&self, error: &io::Error) -> Refusal {
        let refusal = self.unconfirmed_refusal();
        Refusal { summary: format!("{}, and asking for it failed: {error}", refusal.summary), ..refusal }
    }

    /// Returns true if an earlier review of the same run was confirmed.
    fn is_later(&self) -> bool {
        self.round.is_later
    }

    fn verb(&self) -> &'static str {
        if self.destroy { "destroy" } else { "apply" }
    }

    /// Returns the part of the digest that is shown and has to be typed: 16 digits.
    fn digest(&self) -> &str {
        self.review.digest.get(..16).unwrap_or(&self.review.digest)
    }

    fn refusal(&self, summary: String) -> Refusal {
        let mut detail = format!("review {} would change {}", self.digest(), review_size(self.review));
        if self.is_later() {
            let applied = &self.round.applied;
            let applied = if applied.is_empty() { "nothing".to_owned() } else { applied.join(", ") };
            detail = format!("applied already: {applied}\n{detail}");
        }
        // The command prompts again in a terminal.
        let next = self.is_later().then(|| self.invocation.to_owned());
        Refusal { summary, detail, hint: None, next }
    }

    /// Returns the flag that confirms this review if the user repeats the command: the flag that the user gave, if it
    /// confirms this review. `None` if the user will be prompted, if `--confirm-rounds` confirms the review, or if the
    /// digest of the next review is not known yet.
    pub fn confirm_flag(&self) -> Option<String> {
        match gate(self) {
            Gate::Confirmed { source } => (source != "--confirm-rounds").then_some(source),
            Gate::Ask(_) => None,
            Gate::Refused(_) => self.missing_flag(),
        }
    }

    /// Returns the flag that would confirm the refused review.
    fn missing_flag(&self) -> Option<String> {
        if self.is_later() && self.round.leaves_others {
            return None;
        }
        let is_digest = self.protected || self.is_later() || self.confirmation.is_some();
        Some(if is_digest { format!("--confirm={}", self.digest()) } else { "--yes".to_owned() })
    }

    fn unconfirmed_refusal(&self) -> Refusal {
        let Self { invocation, environment, .. } = self;
        let digest = self.digest();
        let next = Some(format!("{invocation} --confirm={digest}"));
        if self.is_later() {
            let GateRound { number, unseen, confirm_rounds, leaves_others, .. } = self.round;
            // The next review also contains stacks that failed: its digest is not known yet.
            let next = if *leaves_others { Some((*invocation).to_owned()) } else { next };
            let summary = format!("round {number} in `{environment}` needs a confirmation of its own");
            let refusal = self.refusal(summary);
            if !confirm_rounds || unseen.is_empty() {
                return Refusal { next, ..refusal };
            }
            let summary =
                format!("round {number} in `{environment}` would lose what no confirmed review has shown");
            let detail = format!("{}\n{}", unseen.join("\n"), refusal.detail);
            return Refusal { summary, detail, next, ..refusal };
        }
        let hint = match (self.protected, self.destroy) {
            (true, true) => {
                format!(
                    "`{invocation} --confirm={digest}`; a plain `--confirm` is not enough to destroy `{environment}`"
                )
            }
            (true, false) => format!("`{invocation} --confirm={digest}` confirms exactly this review"),
            (false, _) => format!("`{invocation} --yes` runs without a question"),
        };
        let summary = if self.confirmation == Some(&Confirmation::Plain) {
            format!(
                "a plain `--confirm` is not enough to destroy `{environment}`: it takes the digest, `--confirm={digest}`"
            )
        } else {
            format!("`{environment}` needs a confirmation")
        };
        Refusal { hint: Some(hint), next, ..self.refusal(summary) }
    }

    fn other_digest_refusal(&self, confirmed: &DigestPrefix) -> Refusal {
        let hint = format!("review it, then `{} --confirm={}`", self.invocation, self.digest());
        let summary =
            format!("the plans changed: you confirmed review {confirmed}, this one is {}", self.digest());
        let next = Some(format!("{} --confirm={}", self.invocation, self.digest()));
        Refusal { hint: Some(hint), next, ..self.refusal(summary) }
    }
}

/// Returns the size of a review: `3 resources in 2 stacks (1 to delete)`.
fn review_size(review: &ReviewSummary) -> String {
    let ReviewSummary { totals, stacks, .. } = review;
    let count = |number: u64, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let what = match (totals.resources(), totals.outputs, totals.actions) {
        (0, 0, actions) if actions > 0 => count(actions, "action"),
        (0, outputs, 0) => count(outputs, "output"),
        (0, outputs, actions) => format!("{} and {}", count(outputs, "output"), count(actions, "action")),
        (resources, _, 0) => count(resources, "resource"),
        (resources, _, actions) => {
            format!("{} and {}", count(resources, "resource"), count(actions, "action"))
        }
    };
    let losses =
        [(totals.delete, "delete"), (totals.replace, "replace"), (totals.forget, "remove from state")];
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
