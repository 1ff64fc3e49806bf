//! Versions of engines and the constraints on them, in Terraform's grammar.
//!
//! Source: <https://developer.hashicorp.com/terraform/language/expressions/version-constraints>.

use std::{fmt, str::FromStr};

use semver::Version;

/// A text that is no version constraint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version constraint: write `~> 1.7` or `>= 1.5, != 1.6.0`")]
pub struct InvalidConstraint(String);

/// Which versions may be used: `~> 1.7`, `>= 1.5, != 1.6.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionConstraint {
    text: String,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    operator: Operator,
    version: Version,
    /// How many of its three numbers were written: `~>` allows the last of them to grow.
    written: usize,
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

/// The operators by length, so that `>=` is not read as `>`.
const OPERATORS: [(&str, Operator); 7] = [
    ("~>", Operator::Pessimistic),
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("!=", Operator::NotEqual),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("=", Operator::Equal),
];

impl VersionConstraint {
    /// Whether a version, as an engine writes it, is allowed; one that is no version never is.
    ///
    /// A pre-release is allowed only by a term that names a pre-release of the same version, as in Terraform.
    pub fn allows(&self, version: &str) -> bool {
        let Some((version, _)) = read(version) else { return false };
        self.terms.iter().all(|term| term.allows(&version))
    }
}

impl Term {
    fn allows(&self, version: &Version) -> bool {
        let same_numbers = (version.major, version.minor, version.patch)
            == (self.version.major, self.version.minor, self.version.patch);
        let pre_release_allowed = version.pre.is_empty() || (same_numbers && !self.version.pre.is_empty());
        match self.operator {
            Operator::Equal => *version == self.version,
            Operator::NotEqual => *version != self.version,
            Operator::Greater => pre_release_allowed && *version > self.version,
            Operator::GreaterOrEqual => pre_release_allowed && *version >= self.version,
            Operator::Less => pre_release_allowed && *version < self.version,
            Operator::LessOrEqual => pre_release_allowed && *version <= self.version,
            Operator::Pessimistic => {
                pre_release_allowed
                    && *version >= self.version
                    && (self.written < 2 || version.major == self.version.major)
                    && (self.written < 3 || version.minor == self.version.minor)
            }
        }
    }
}

impl FromStr for VersionConstraint {
    type Err = InvalidConstraint;

    fn from_str(text: &str) -> Result<Self, InvalidConstraint> {
        let invalid = || InvalidConstraint(text.to_owned());
        let terms = text
            .split(',')
            .map(|term| {
                let term = term.trim();
                let (operator, rest) = OPERATORS
                    .iter()
                    .find_map(|(sign, operator)| term.strip_prefix(sign).map(|rest| (*operator, rest)))
                    .unwrap_or((Operator::Equal, term));
                let (version, written) = read(rest.trim()).ok_or_else(invalid)?;
                Ok(Term { operator, version, written })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { text: text.trim().to_owned(), terms })
    }
}

impl fmt::Display for VersionConstraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A version with one to three numbers, and how many there were; a leading `v` is passed over.
fn read(text: &str) -> Option<(Version, usize)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let written = numbers.split('.').count();
    let padded = match written {
        1 => format!("{numbers}.0.0{rest}"),
        2 => format!("{numbers}.0{rest}"),
        _ => text.to_owned(),
    };
    Some((Version::parse(&padded).ok()?, written))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed<'v>(constraint: &str, versions: &[&'v str]) -> Vec<&'v str> {
        let constraint: VersionConstraint = constraint.parse().unwrap();
        versions.iter().copied().filter(|version| constraint.allows(version)).collect()
    }

    #[test]
    fn the_last_written_number_may_grow() {
        let versions = ["1.6.9", "1.7.0", "1.7.5", "1.8.0", "2.0.0"];
        assert_eq!(allowed("~> 1.7", &versions), ["1.7.0", "1.7.5", "1.8.0"]);
        assert_eq!(allowed("~> 1.7.0", &versions), ["1.7.0", "1.7.5"]);
        assert_eq!(allowed("~> 1", &versions), versions);
    }

    #[test]
    fn all_terms_must_hold() {
        assert_eq!(
            allowed(">= 1.5, != 1.6.0, < 2", &["1.4.9", "1.5.0", "1.6.0", "1.6.1", "2.0.0"]),
            ["1.5.0", "1.6.1"]
        );
        assert_eq!(allowed("1.5", &["1.5.0", "v1.5.0", "1.5.1"]), ["1.5.0", "v1.5.0"]);
        assert_eq!(allowed("> 1.5, <= 1.7", &["1.5.0", "1.6.0", "1.7.0", "1.7.1"]), ["1.6.0", "1.7.0"]);
    }

    #[test]
    fn a_pre_release_must_be_asked_for() {
        assert_eq!(allowed(">= 1.5", &["1.6.0-beta1"]), [""; 0]);
        assert_eq!(allowed(">= 1.6.0-alpha", &["1.6.0-beta1", "1.7.0-beta1"]), ["1.6.0-beta1"]);
    }

    #[test]
    fn what_is_no_constraint_is_said_so() {
        for bad in ["", "latest", "=> 1.2", "1.2.3.4", "~> ", ">= 1.2,"] {
            assert!(bad.parse::<VersionConstraint>().is_err(), "{bad}");
        }
        assert!(!"~> 1.0".parse::<VersionConstraint>().unwrap().allows("latest"));
    }
}
