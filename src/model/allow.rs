//! `--allow WHAT`: one named exception to one guard.

use std::{fmt, str::FromStr};

use super::{InstanceId, InvalidName, ResourceAddress, StackId};

/// Resource that an exception names: by stack and address, or by address alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedResource {
    /// Stack of the resource; `None` in the short form `ADDR`.
    pub stack: Option<StackId>,
    /// Address in the state of that stack.
    pub address: ResourceAddress,
}

impl NamedResource {
    /// Creates the long form, which names one stack.
    pub fn of_stack(stack: &StackId, address: &ResourceAddress) -> Self {
        Self { stack: Some(stack.clone()), address: address.clone() }
    }
}

impl FromStr for NamedResource {
    type Err = InvalidName;

    /// Reads `STACK/ADDR` or `ADDR`. Names of stacks hold slashes but no brackets, addresses hold slashes in brackets only:
    /// the last slash before the first bracket divides them.
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let before_index = &text[..text.find('[').unwrap_or(text.len())];
        let (stack, address) = match before_index.rfind('/') {
            Some(slash) => (Some(text[..slash].parse()?), &text[slash + 1..]),
            None => (None, text),
        };
        Ok(Self { stack, address: address.parse()? })
    }
}

impl fmt::Display for NamedResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(stack) = &self.stack {
            write!(f, "{stack}/")?;
        }
        write!(f, "{}", self.address)
    }
}

/// Exception of a user to one guard: the value of `--allow`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuardException {
    /// Deletion, replacement, forgetting or a move out of protection, for this resource.
    Delete(NamedResource),
    /// Denied action on this resource.
    Change(NamedResource),
    /// HEAD on a branch that the guard `branch` does not name.
    Branch,
    /// HEAD behind its remote.
    Behind,
    /// Uncommitted changes in the stacks' files.
    Dirty,
    /// Limit of losses for this run, in place of that of the guard `max_deletes`.
    Deletes(u64),
    /// Limit of changes for this run, in place of that of the guard `max_changes`.
    Changes(u64),
    /// Change at a time that the guard `window` does not allow.
    Window,
    /// Plan older than the guard's maximum age.
    Age,
    /// Plan that covers only a part of its stack.
    Incomplete,
    /// State of this instance whose lineage or serial does not continue the last known state.
    Lineage(InstanceId),
}

/// Error for a value of `--allow` that is no exception.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAllow {
    /// Unknown exception.
    #[error("nothing is allowed by `{word}`")]
    Unknown {
        /// Word before the colon or equals sign.
        word: String,
    },
    /// Missing or superfluous argument.
    #[error("it is written `{form}`")]
    Form {
        /// Correct form: `deletes=N`.
        form: &'static str,
    },
    /// Exception to a guard that this version does not have.
    #[error("`{word}` is not supported yet")]
    UnsupportedGuard {
        /// Word before the colon or equals sign.
        word: &'static str,
    },
}

impl GuardException {
    /// Notations of all exceptions, as help and errors show them.
    pub const FORMS: [&'static str; 11] = [
        "delete:STACK/ADDR",
        "change:STACK/ADDR",
        "branch",
        "behind",
        "dirty",
        "deletes=N",
        "changes=N",
        "window",
        "age",
        "incomplete",
        "lineage:ENV/STACK",
    ];

    /// Returns the first word of each notation: `delete`, `change` …
    pub fn words() -> impl Iterator<Item = &'static str> {
        Self::FORMS.into_iter().map(|form| form.split([':', '=']).next().unwrap_or(form))
    }
}

impl FromStr for GuardException {
    type Err = InvalidAllow;

    fn from_str(text: &str) -> Result<Self, InvalidAllow> {
        let word = text.split([':', '=']).next().unwrap_or(text);
        let rest = text.get(word.len()..).unwrap_or_default();
        let after = |sign: char| rest.strip_prefix(sign).filter(|value| !value.is_empty());
        let form = Self::FORMS.into_iter().find(|form| form.split([':', '=']).next() == Some(word));
        let allow = match word {
            "delete" => after(':').and_then(|named| named.parse().ok()).map(Self::Delete),
            "change" => after(':').and_then(|named| named.parse().ok()).map(Self::Change),
            "deletes" => after('=').and_then(|number| number.parse().ok()).map(Self::Deletes),
            "changes" => after('=').and_then(|number| number.parse().ok()).map(Self::Changes),
            "lineage" => after(':').and_then(parse_instance).map(Self::Lineage),
            "branch" => rest.is_empty().then_some(Self::Branch),
            "behind" => rest.is_empty().then_some(Self::Behind),
            "dirty" => rest.is_empty().then_some(Self::Dirty),
            "window" => rest.is_empty().then_some(Self::Window),
            "age" => rest.is_empty().then_some(Self::Age),
            "incomplete" => rest.is_empty().then_some(Self::Incomplete),
            "promotion" => return Err(InvalidAllow::UnsupportedGuard { word: "promotion" }),
            "naming" => return Err(InvalidAllow::UnsupportedGuard { word: "naming" }),
            _ => None,
        };
        allow.ok_or_else(|| match form {
            Some(form) => InvalidAllow::Form { form },
            None => InvalidAllow::Unknown { word: word.to_owned() },
        })
    }
}

/// Parses `ENV/STACK`; the name of a stack may hold slashes.
fn parse_instance(text: &str) -> Option<InstanceId> {
    let (environment, stack) = text.split_once('/')?;
    Some(InstanceId { environment: environment.parse().ok()?, stack: stack.parse().ok()? })
}

impl fmt::Display for GuardException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delete(named) => write!(f, "delete:{named}"),
            Self::Change(named) => write!(f, "change:{named}"),
            Self::Deletes(number) => write!(f, "deletes={number}"),
            Self::Changes(number) => write!(f, "changes={number}"),
            Self::Lineage(instance) => write!(f, "lineage:{instance}"),
            Self::Branch => f.write_str("branch"),
            Self::Behind => f.write_str("behind"),
            Self::Dirty => f.write_str("dirty"),
            Self::Window => f.write_str("window"),
            Self::Age => f.write_str("age"),
            Self::Incomplete => f.write_str("incomplete"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_back_as_it_is_written() {
        for text in [
            "delete:module.a[0].aws_x.y[\"k:v=1\"]",
            "change:aws_x.y",
            "delete:us-east-2/api/aws_x.y[\"a/b\"].z",
            "change:app/module.a.aws_x.y",
            "branch",
            "behind",
            "dirty",
            "deletes=3",
            "changes=0",
            "window",
            "age",
            "incomplete",
            "lineage:staging/us-east-2/api",
        ] {
            assert_eq!(text.parse::<GuardException>().unwrap().to_string(), text);
        }
        assert_eq!(GuardException::words().count(), GuardException::FORMS.len());
    }

    #[test]
    fn what_is_no_exception_says_why() {
        let error = |text: &str| text.parse::<GuardException>().unwrap_err().to_string();
        assert_eq!(error("brunch"), "nothing is allowed by `brunch`");
        assert_eq!(error(""), "nothing is allowed by ``");
        for text in ["delete", "delete:", "delete=a.b", "delete:/a.b", "delete:app/", "delete:app//a.b"] {
            assert_eq!(error(text), "it is written `delete:STACK/ADDR`");
        }
        assert_eq!(error("deletes=-1"), "it is written `deletes=N`");
        assert_eq!(error("deletes:1"), "it is written `deletes=N`");
        assert_eq!(error("lineage:app"), "it is written `lineage:ENV/STACK`");
        assert_eq!(error("branch=main"), "it is written `branch`");
        assert_eq!(error("promotion"), "`promotion` is not supported yet");
        assert_eq!(error("naming:a.b"), "`naming` is not supported yet");
    }

    #[test]
    fn the_last_slash_before_an_index_ends_the_name_of_the_stack() {
        for (text, stack, address) in [
            ("aws_x.y", None, "aws_x.y"),
            ("app/aws_x.y", Some("app"), "aws_x.y"),
            ("live/eu/app/aws_x.y[\"a/b\"]", Some("live/eu/app"), "aws_x.y[\"a/b\"]"),
            ("aws_x.y[\"a/b\"]", None, "aws_x.y[\"a/b\"]"),
            ("module.m[\"/\"].aws_x.y", None, "module.m[\"/\"].aws_x.y"),
        ] {
            let named: NamedResource = text.parse().unwrap();
            assert_eq!((named.stack.as_ref().map(StackId::as_str), named.address.as_str()), (stack, address));
        }
    }
}
