//! Checked names: each type can only be created from a valid text.

use std::{fmt, str::FromStr, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Error for a text that is no valid name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {kind}: {reason}")]
pub struct InvalidName {
    kind: &'static str,
    text: String,
    reason: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Returns the name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                match $check(text) {
                    None => Ok(Self(Arc::from(text))),
                    Some(reason) => Err(InvalidName { kind: $kind, text: text.to_owned(), reason }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// Name of a stack: `network`, or `us-east-2/api/gateway` for a discovered one.
    StackId, "stack name", check_stack
);
name!(
    /// Full name of an environment: `staging`.
    EnvName, "environment name", check_environment
);
name!(
    /// Id of a run: a ULID of 26 characters, so that ids sort by time.
    RunId, "run id", check_run
);
name!(
    /// Address of a resource in a state: `module.vpc[0].aws_subnet.a["x"]`.
    ResourceAddress, "resource address", check_address
);

fn check_stack(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("it is empty")
    } else if text.starts_with('-') {
        Some("it starts with `-`, which reads as a flag")
    } else if text.chars().any(char::is_control) {
        Some("it holds a control character")
    } else if text.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        Some("a part between slashes is empty, `.` or `..`")
    } else if text.trim() != text {
        Some("it starts or ends with a space")
    } else if text.contains(['*', '?', '[', ']', '{', '}', '\\']) {
        Some("it holds a character that selects by pattern (`*?[]{}\\`)")
    } else {
        None
    }
}

fn check_environment(text: &str) -> Option<&'static str> {
    let mut characters = text.chars();
    match characters.next() {
        None => Some("it is empty"),
        Some(first) if !first.is_ascii_alphanumeric() => Some("it must start with a letter or a digit"),
        Some(_) if characters.any(|c| !(c.is_ascii_alphanumeric() || "-_.".contains(c))) => {
            Some("only letters, digits, `-`, `_` and `.` may follow")
        }
        Some(_) => None,
    }
}

/// Base 32 digits of Crockford, as a ULID uses them. Source: <https://github.com/ulid/spec>.
const RUN_ID_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl RunId {
    /// Creates the id of a run from its start time and random bits.
    ///
    /// Takes milliseconds since 1970 (48 bits are used) and random bits (80 are used).
    pub fn new(millis: u64, random: u128) -> Self {
        let value = (u128::from(millis) << 80) | (random & ((1 << 80) - 1));
        let digit = |place: u32| char::from(RUN_ID_ALPHABET[((value >> (5 * place)) & 31) as usize]);
        Self((0..26).rev().map(digit).collect::<String>().into())
    }

    /// Returns the start time of the run in milliseconds since 1970.
    pub fn millis(&self) -> u64 {
        let value = |digit: u8| RUN_ID_ALPHABET.iter().position(|known| *known == digit).unwrap_or(0) as u64;
        // Ten digits of five bits hold two bits more than the 48 of the time.
        self.0.bytes().take(10).fold(0, |time, digit| time << 5 | value(digit))
    }

    /// Returns the start time of the run.
    pub fn started(&self) -> Timestamp {
        let millis = i64::try_from(self.millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
    }
}

impl StackId {
    /// Returns the name of a file for the stack: see [`super::file_name`].
    pub fn file_name(&self) -> String {
        super::file_name(&self.0)
    }
}

fn check_run(text: &str) -> Option<&'static str> {
    if text.len() != 26 || !text.bytes().all(|b| RUN_ID_ALPHABET.contains(&b)) {
        Some("it is not 26 digits and capital letters without I, L, O and U")
    } else {
        None
    }
}

fn check_address(text: &str) -> Option<&'static str> {
    text.is_empty().then_some("it is empty")
}

/// Stack in one environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstanceId {
    /// Name of the environment.
    pub environment: EnvName,
    /// Name of the stack.
    pub stack: StackId,
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.environment, self.stack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_name_may_be_a_path_but_not_escape() {
        assert!("us-east-2/api/gateway".parse::<StackId>().is_ok());
        assert!("with space".parse::<StackId>().is_ok());
        for bad in ["", "/a", "a//b", "a/../b", "-a", "a\n", " a", "a*"] {
            assert!(bad.parse::<StackId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_environment_name_is_plain() {
        assert!("staging-2".parse::<EnvName>().is_ok());
        for bad in ["", "-a", "a/b", "a b", "{env}"] {
            assert!(bad.parse::<EnvName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_run_id_is_a_ulid_and_sorts_by_time() {
        assert_eq!(RunId::new(0, 0).as_str(), "00000000000000000000000000");
        // The example of the specification: 2016-07-30T22:36:16.385Z.
        assert!(RunId::new(1_469_918_176_385, u128::MAX).as_str().starts_with("01ARYZ6S41"));
        assert_eq!(RunId::new(1_469_918_176_385, u128::MAX).millis(), 1_469_918_176_385);
        let (early, late) = (RunId::new(1_000, u128::MAX), RunId::new(1_001, 0));
        assert!(early < late);
        assert!(early.as_str().parse::<RunId>().is_ok());
        assert!("01ARYZ6S41TSV4RRFFQ69G5FAI".parse::<RunId>().is_err());
    }

    #[test]
    fn a_bad_name_says_why() {
        let error = "a/../b".parse::<StackId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`a/../b` is not a valid stack name: a part between slashes is empty, `.` or `..`"
        );
    }
}
