//! Patterns of `[discover]` over the folders of a path: `infra/live/staging/<region>/<unit>`.

use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexMap;

/// Error of a text that is no valid pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is no pattern of folders: {reason}")]
pub struct InvalidDiscoveryPattern {
    pattern: String,
    /// Reason that the text is refused.
    pub(crate) reason: &'static str,
}

/// Pattern over the folders of a path relative to environments.toml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    /// Literal folders before the first folder with a wildcard or capture.
    fixed: Utf8PathBuf,
    /// Patterns of the folders below the fixed part.
    segments: Vec<Segment>,
}

/// Pattern of one folder, or of any number of folders.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// `**`: any number of folders, none included.
    AnyDepth,
    /// One folder, whose name consists of literals, stars and captures.
    Single(Vec<SegmentPart>),
}

/// Part of the pattern of one folder's name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum SegmentPart {
    Literal(String),
    /// `*`: any text, empty included.
    Star,
    /// `<name>`: any text that is not empty.
    Capture(String),
}

impl PathPattern {
    /// Parses a pattern whose templates are expanded: `<x>` captures a folder or a part of its name, `*` matches any
    /// text within a folder's name, `**` any number of folders.
    pub fn parse(text: &str) -> Result<Self, InvalidDiscoveryPattern> {
        let invalid = |reason| InvalidDiscoveryPattern { pattern: text.to_owned(), reason };
        if text.starts_with('/') {
            return Err(invalid("it must be relative to environments.toml"));
        }
        let mut segments = Vec::new();
        for folder in text.split('/').filter(|folder| !folder.is_empty() && *folder != ".") {
            segments.push(match folder {
                ".." => return Err(invalid("it must stay below environments.toml")),
                "**" => Segment::AnyDepth,
                folder if folder.contains("**") => return Err(invalid("`**` stands for whole folders")),
                folder => Segment::Single(parse_segment(folder).map_err(invalid)?),
            });
        }
        let literal = |segment: &Segment| match segment {
            Segment::Single(parts) => match parts.as_slice() {
                [SegmentPart::Literal(text)] => Some(text.clone()),
                _ => None,
            },
            Segment::AnyDepth => None,
        };
        let fixed: Vec<String> = segments.iter().map_while(literal).collect();
        segments.drain(..fixed.len());
        Ok(Self { fixed: fixed.iter().collect(), segments })
    }

    /// Returns the names of the captures, in their order.
    pub(crate) fn capture_names(&self) -> impl Iterator<Item = &str> {
        let parts = self.segments.iter().flat_map(|segment| match segment {
            Segment::Single(parts) => parts.as_slice(),
            Segment::AnyDepth => &[],
        });
        parts.filter_map(|part| match part {
            SegmentPart::Capture(name) => Some(name.as_str()),
            SegmentPart::Literal(_) | SegmentPart::Star => None,
        })
    }

    /// Returns the literal folders before the first folder with a wildcard or capture.
    pub fn fixed(&self) -> &Utf8Path {
        &self.fixed
    }

    /// Returns the number of folders between the fixed part and a match; `None` if the pattern has `**`.
    pub(crate) fn depth(&self) -> Option<usize> {
        (!self.segments.contains(&Segment::AnyDepth)).then_some(self.segments.len())
    }

    /// Returns true if `below` (relative to the fixed part), or a path inside of it, may match.
    pub(crate) fn may_lead_to_match(&self, below: &Utf8Path) -> bool {
        for (index, name) in below.components().enumerate() {
            match self.segments.get(index) {
                None => return false,
                Some(Segment::AnyDepth) => return true,
                Some(Segment::Single(parts)) => {
                    if !matches_name(parts, name.as_str(), &mut Vec::new()) {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// Returns the captures of a path relative to the fixed part; `None` if it does not match.
    pub fn captures(&self, below: &Utf8Path) -> Option<IndexMap<String, String>> {
        let names: Vec<&str> = below.components().map(|part| part.as_str()).collect();
        let mut captures = Vec::new();
        matches_path(&self.segments, &names, &mut captures).then(|| captures.into_iter().collect())
    }
}

/// Names and values of captures.
type Captures = Vec<(String, String)>;

/// Parses the pattern of one folder's name.
fn parse_segment(folder: &str) -> Result<Vec<SegmentPart>, &'static str> {
    let mut parts = Vec::new();
    let mut rest = folder;
    while let Some(at) = rest.find(['<', '*', '>']) {
        if at > 0 {
            parts.push(SegmentPart::Literal(rest[..at].to_owned()));
        }
        match rest.as_bytes()[at] {
            b'*' => {
                parts.push(SegmentPart::Star);
                rest = &rest[at + 1..];
            }
            b'<' => {
                let end = rest[at..].find('>').ok_or("a `<` has no `>`")? + at;
                let name = &rest[at + 1..end];
                let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                if name.is_empty() || !name.chars().all(is_word) {
                    return Err("a capture's name has letters, digits, `_` and `-`");
                }
                if matches!(parts.last(), Some(SegmentPart::Capture(_))) {
                    return Err("nothing stands between two captures");
                }
                parts.push(SegmentPart::Capture(name.to_owned()));
                rest = &rest[end + 1..];
            }
            _ => return Err("a `>` has no `<`"),
        }
    }
    if !rest.is_empty() {
        parts.push(SegmentPart::Literal(rest.to_owned()));
    }
    Ok(parts)
}

/// Returns true if the parts match a whole folder name, and appends their captures.
fn matches_name(parts: &[SegmentPart], name: &str, captures: &mut Captures) -> bool {
    let Some((part, rest)) = parts.split_first() else { return name.is_empty() };
    let min_length = match part {
        SegmentPart::Literal(text) => {
            return name.strip_prefix(text.as_str()).is_some_and(|name| matches_name(rest, name, captures));
        }
        SegmentPart::Star => 0,
        SegmentPart::Capture(_) => 1,
    };
    let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]).skip(min_length);
    for end in ends {
        let before = captures.len();
        if let SegmentPart::Capture(key) = part {
            captures.push((key.clone(), name[..end].to_owned()));
        }
        if matches_name(rest, &name[end..], captures) {
            return true;
        }
        captures.truncate(before);
    }
    false
}

/// Returns true if the segments match a whole path, and appends their captures.
fn matches_path(segments: &[Segment], names: &[&str], captures: &mut Captures) -> bool {
    match segments.split_first() {
        None => names.is_empty(),
        Some((Segment::AnyDepth, rest)) => (0..=names.len()).any(|skip| {
            let before = captures.len();
            let matched = matches_path(rest, &names[skip..], captures);
            if !matched {
                captures.truncate(before);
            }
            matched
        }),
        Some((Segment::Single(parts), rest)) => names.split_first().is_some_and(|(name, names)| {
            matches_name(parts, name, captures) && matches_path(rest, names, captures)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(pattern: &str, below: &str) -> Option<String> {
        let captures = PathPattern::parse(pattern).unwrap().captures(Utf8Path::new(below))?;
        Some(captures.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn folders_are_captured_by_name() {
        let pattern = "infra/live/dev/<region>/<unit>";
        assert_eq!(PathPattern::parse(pattern).unwrap().fixed(), "infra/live/dev");
        assert_eq!(captured(pattern, "eu/vpc").as_deref(), Some("region=eu unit=vpc"));
        assert_eq!(captured(pattern, "eu"), None);
        assert_eq!(captured(pattern, "eu/a/b"), None);
    }

    #[test]
    fn two_stars_are_any_number_of_folders() {
        assert_eq!(captured("live/**/<unit>", "vpc").as_deref(), Some("unit=vpc"));
        assert_eq!(captured("live/**/<unit>", "a/b/vpc").as_deref(), Some("unit=vpc"));
        assert_eq!(captured("live/**", "").as_deref(), Some(""));
        assert_eq!(captured("live/**/db/<x>", "a/db/1").as_deref(), Some("x=1"));
        assert_eq!(captured("live/**/db/<x>", "a/app/1"), None);
    }

    #[test]
    fn a_part_of_a_name_can_be_captured() {
        assert_eq!(captured("live/svc-<name>-*", "svc-api-1").as_deref(), Some("name=api"));
        assert_eq!(captured("live/svc-<name>", "svc-"), None);
    }

    #[test]
    fn folders_that_cannot_match_are_not_entered() {
        let pattern = PathPattern::parse("live/<region>/net/<unit>").unwrap();
        assert!(pattern.may_lead_to_match(Utf8Path::new("eu/net")));
        assert!(!pattern.may_lead_to_match(Utf8Path::new("eu/app")));
        assert!(!pattern.may_lead_to_match(Utf8Path::new("eu/net/a/b")));
    }

    #[test]
    fn a_text_that_is_no_pattern_says_why() {
        for (text, reason) in [
            ("/abs", "it must be relative to environments.toml"),
            ("a/../b", "it must stay below environments.toml"),
            ("a/<b", "a `<` has no `>`"),
            ("a/b>", "a `>` has no `<`"),
            ("a/<>", "a capture's name has letters, digits, `_` and `-`"),
            ("a/x**", "`**` stands for whole folders"),
            ("a/<b><c>", "nothing stands between two captures"),
        ] {
            assert_eq!(PathPattern::parse(text).unwrap_err().reason, reason, "{text}");
        }
    }
}
