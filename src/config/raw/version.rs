//! Version constraints in Terraform's grammar: `">= 1.5, < 2.0"`, `"~> 1.7"`.
//!
//! <https://developer.hashicorp.com/terraform/language/expressions/version-constraints>

use std::{cmp::Ordering, fmt, str::FromStr};

use super::{
    field::TomlValue,
    reader::{TomlNode, TomlReader},
    value_schema::value_schema,
};

/// Constraint on versions: all conditions must be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionConstraint {
    text: String,
    conditions: Vec<(Operator, Version)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Pessimistic,
}

/// Operators from longest to shortest, so that `>=` is not read as `>`.
const OPERATORS: &[(&str, Operator)] = &[
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("!=", Operator::NotEqual),
    ("~>", Operator::Pessimistic),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
];

/// Version with one to three numbers, as many as were written, and its pre-release.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    numbers: Vec<u64>,
    pre: Vec<Identifier>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Word(String),
}

/// Error for a text that is no version constraint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidConstraint(String);

impl VersionConstraint {
    /// Returns the constraint as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns true if a version (`1.12.6`, `v1.9.0-beta1`) satisfies every condition; a text that is no version satisfies
    /// none.
    ///
    /// As in Terraform, a pre-release only satisfies a condition that names a pre-release of the same numbers.
    pub fn allows(&self, version: &str) -> bool {
        let version = version.trim();
        Version::parse(version.strip_prefix('v').unwrap_or(version)).is_ok_and(|version| {
            self.conditions.iter().all(|(operator, wanted)| meets(&version, *operator, wanted))
        })
    }
}

fn meets(version: &Version, operator: Operator, wanted: &Version) -> bool {
    if !version.pre.is_empty()
        && !matches!(operator, Operator::NotEqual)
        && (wanted.pre.is_empty() || version.padded() != wanted.padded())
    {
        return false;
    }
    let order = version.compare(wanted);
    match operator {
        Operator::Equal => order == Ordering::Equal,
        Operator::NotEqual => order != Ordering::Equal,
        Operator::Greater => order == Ordering::Greater,
        Operator::GreaterOrEqual => order != Ordering::Less,
        Operator::Less => order == Ordering::Less,
        Operator::LessOrEqual => order != Ordering::Greater,
        Operator::Pessimistic => {
            let kept = wanted.numbers.len().saturating_sub(1).max(1);
            order != Ordering::Less && version.padded()[..kept] == wanted.padded()[..kept]
        }
    }
}

impl Version {
    fn parse(text: &str) -> Result<Self, InvalidConstraint> {
        let bad = |reason: &str| InvalidConstraint(format!("`{text}` is not a version: {reason}"));
        let text_without_build = text.split('+').next().unwrap_or_default();
        let (numbers, pre) = match text_without_build.split_once('-') {
            Some((numbers, pre)) => (numbers, Some(pre)),
            None => (text_without_build, None),
        };
        let numbers = numbers
            .split('.')
            .map(|part| part.parse().map_err(|_| bad("it is made of numbers and dots")))
            .collect::<Result<Vec<u64>, _>>()?;
        if numbers.len() > 3 {
            return Err(bad("it has at most three numbers"));
        }
        let pre = match pre {
            None => Vec::new(),
            Some(pre) if pre.split('.').any(str::is_empty) => return Err(bad("a part after `-` is empty")),
            Some(pre) => pre
                .split('.')
                .map(|part| {
                    part.parse().map_or_else(|_| Identifier::Word(part.to_owned()), Identifier::Number)
                })
                .collect(),
        };
        Ok(Self { numbers, pre })
    }

    fn padded(&self) -> [u64; 3] {
        let at = |index: usize| self.numbers.get(index).copied().unwrap_or(0);
        [at(0), at(1), at(2)]
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.padded().cmp(&other.padded()).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => self.pre.cmp(&other.pre),
        })
    }
}

impl FromStr for VersionConstraint {
    type Err = InvalidConstraint;

    fn from_str(text: &str) -> Result<Self, InvalidConstraint> {
        let conditions = text
            .split(',')
            .map(|condition| {
                let condition = condition.trim();
                let (operator, version) = OPERATORS
                    .iter()
                    .find_map(|(sign, operator)| {
                        condition.strip_prefix(sign).map(|rest| (*operator, rest.trim()))
                    })
                    .unwrap_or((Operator::Equal, condition));
                if version.is_empty() {
                    return Err(InvalidConstraint("a condition has no version".to_owned()));
                }
                Ok((operator, Version::parse(version)?))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), conditions })
    }
}

impl fmt::Display for VersionConstraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TomlValue for VersionConstraint {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let text = reader.string(node)?;
        match text.parse() {
            Ok(constraint) => Some(constraint),
            Err(error) => {
                let help = "conditions with commas between them, as \">= 1.5, < 2.0\" or \"~> 1.7\"";
                reader.report_invalid("config::version", node.span(), error.to_string(), help);
                None
            }
        }
    }
}

value_schema!(inline VersionConstraint, "VersionConstraint", { "type": "string" });

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(constraint: &str, version: &str) -> bool {
        constraint.parse::<VersionConstraint>().unwrap().allows(version)
    }

    #[test]
    fn each_operator_means_what_terraform_means() {
        assert!(allows("1.7.0", "1.7.0") && !allows("1.7.0", "1.7.1"));
        assert!(allows("= 1.7", "1.7.0") && allows("!= 1.7.0", "1.7.1") && !allows("!= 1.7.0", "1.7.0"));
        assert!(allows("> 1.7.0", "1.7.1") && !allows("> 1.7.0", "1.7.0"));
        assert!(allows(">= 1.5, < 2.0", "1.12.6") && !allows(">= 1.5, < 2.0", "2.0.0"));
        assert!(allows("<= 1.7", "1.7.0") && !allows("<= 1.7", "1.7.1"));
    }

    #[test]
    fn the_pessimistic_operator_lets_only_the_last_number_grow() {
        assert!(allows("~> 1.7", "1.7.0") && allows("~> 1.7", "1.12.6"));
        assert!(!allows("~> 1.7", "2.0.0") && !allows("~> 1.7", "1.6.9"));
        assert!(allows("~> 1.7.2", "1.7.9") && !allows("~> 1.7.2", "1.8.0") && !allows("~> 1.7.2", "1.7.1"));
        assert!(allows("~> 1", "1.9.0") && !allows("~> 1", "2.0.0"));
    }

    #[test]
    fn a_pre_release_must_be_named() {
        assert!(!allows(">= 1.0", "1.9.0-beta1"));
        assert!(allows(">= 1.9.0-alpha", "1.9.0-beta1"));
        assert!(!allows(">= 1.9.0-alpha", "1.10.0-beta1"));
        assert!(allows(">= 1.9.0-alpha", "1.9.0") && allows("1.9.0", "v1.9.0"));
    }

    #[test]
    fn a_text_that_is_no_constraint_says_why() {
        for bad in ["", ">=", "abc", "1.2.3.4", "^1.2", ">= 1.5,", "1.x", "1.2-"] {
            assert!(bad.parse::<VersionConstraint>().is_err(), "{bad:?}");
        }
        let error = "~> 1.x".parse::<VersionConstraint>().unwrap_err();
        assert_eq!(error.to_string(), "`1.x` is not a version: it is made of numbers and dots");
        assert!(!allows(">= 1.0", "not a version"));
    }
}
