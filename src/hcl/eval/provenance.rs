//! Origin of path texts: the sources of the texts of a value, and the position of each text in the path of a file to read.

use std::collections::BTreeSet;

use super::segments::{PathBase, PathSegment};

/// Sources of the texts that a value may have, each with its position in the value; `None` when the sources are unknown.
///
/// A text that stays in the folder where it starts is left out, since the files of that folder are inputs anyway.
pub type TextOrigin = Option<BTreeSet<(TextSource, PathPosition)>>;

/// Origin of a value whose texts have no `..`: no sources to follow.
pub const LITERAL: TextOrigin = Some(BTreeSet::new());

/// Source of a text that may be part of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextSource {
    /// Value of an HCL variable, by name.
    Variable(String),
    /// Literal text with `..`, which leads out of its folder.
    Text {
        /// Folder from which the text leads as a path.
        base: PathBase,
        /// Path relative to the folder.
        text: String,
        /// True if a value follows the text.
        value_follows: bool,
    },
    /// Path in which a `..` follows a value, so that its folder is unknown.
    Escaping,
}

/// Position of a text in the path of the file that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathPosition {
    /// Text that is the whole path.
    WholePath,
    /// Text that is a folder of the file: a `/` follows.
    Folder,
    /// Text that begins the path, and that more of the same name follows.
    NamePrefix,
    /// Text of which a function (`dirname`, `trimsuffix`) keeps a part.
    Altered,
    /// Text behind the beginning of the path.
    NotFirst,
}

impl PathPosition {
    /// Returns the position of a text in a path: the text has the position `self` in a value, and the value has the position
    /// `path` in the path.
    #[must_use]
    pub fn within(self, path: Self) -> Self {
        match (self, path) {
            (Self::NotFirst, _) | (_, Self::NotFirst) => Self::NotFirst,
            (Self::Altered, _) | (_, Self::Altered) => Self::Altered,
            (Self::WholePath, path) => path,
            (own, _) => own,
        }
    }
}

/// Returns the origin of a value, with positions in the path of which the value is a part; `path` is the position of the value.
pub(super) fn origin_at(origin: &TextOrigin, path: PathPosition) -> TextOrigin {
    Some(origin.as_ref()?.iter().map(|(source, own)| (source.clone(), own.within(path))).collect())
}

/// Returns the origin of a text: of the values in it, and of its literal beginning if that has a `..`.
pub fn origin_of_text(segments: &[PathSegment<'_>]) -> TextOrigin {
    let mut origin = origin_of_values(segments)?;
    let (base, up, behind) = match segments {
        [PathSegment::Folder(base, up), behind @ ..] => (*base, *up, behind),
        segments => (PathBase::Stack, 0, segments),
    };
    let (text, behind) = match behind {
        [PathSegment::Text(text), behind @ ..] => (text.as_str(), behind),
        behind => ("", behind),
    };
    if up > 0 || leads_up(text) {
        let is_below = matches!(segments.first(), Some(PathSegment::Folder(..)));
        let text = if is_below { text.trim_start_matches('/') } else { text };
        let text = format!("{}{text}", "../".repeat(up));
        origin.insert((
            TextSource::Text { base, text, value_follows: !behind.is_empty() },
            PathPosition::WholePath,
        ));
    }
    Some(origin)
}

/// Returns the origin of the values in a text, without the text's literal beginning.
pub fn origin_of_values(segments: &[PathSegment<'_>]) -> TextOrigin {
    let mut sources = BTreeSet::new();
    for (at, segment) in segments.iter().enumerate() {
        match segment {
            PathSegment::Value(_, origin) if at == 0 => {
                let path = match segments.get(1) {
                    None => PathPosition::WholePath,
                    Some(PathSegment::Text(text)) if text.starts_with('/') => PathPosition::Folder,
                    Some(_) => PathPosition::NamePrefix,
                };
                sources.extend(origin_at(origin, path)?);
            }
            PathSegment::Directive(_) if at == 0 => return None,
            // An unknown value is taken for a file name.
            PathSegment::Value(_, origin) => {
                sources.extend(origin_at(origin, PathPosition::NotFirst).into_iter().flatten());
            }
            PathSegment::Directive(_) | PathSegment::Text(_) | PathSegment::Folder(..) => {}
        }
    }
    if is_escaping(segments) {
        sources.insert((TextSource::Escaping, PathPosition::WholePath));
    }
    Some(sources)
}

/// Returns true if a path has a `..`.
pub fn leads_up(text: &str) -> bool {
    text.split('/').any(|name| name == "..")
}

/// Returns true if the folder of a path is unknown because a `..` stands behind a value, or a value directly behind a `..`.
fn is_escaping(segments: &[PathSegment<'_>]) -> bool {
    let is_known =
        |segment: &PathSegment<'_>| matches!(segment, PathSegment::Text(_) | PathSegment::Folder(..));
    let known = segments.iter().position(|segment| !is_known(segment)).unwrap_or(segments.len());
    segments.iter().enumerate().any(|(at, segment)| {
        let next = segments.get(at + 1);
        match segment {
            PathSegment::Text(text) => {
                let ends_above = next.is_some() && text.rsplit('/').next() == Some("..");
                ends_above || (at > known && leads_up(text))
            }
            PathSegment::Folder(_, up) => {
                let is_behind = match &segments[..at] {
                    [] => false,
                    [PathSegment::Folder(PathBase::Stack, 0), PathSegment::Text(text)] => text != "/",
                    _ => true,
                };
                is_behind
                    || match next {
                        None => false,
                        Some(PathSegment::Text(text)) => !text.starts_with('/'),
                        Some(_) => *up > 0,
                    }
            }
            PathSegment::Value(..) | PathSegment::Directive(_) => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> PathSegment<'static> {
        PathSegment::Text(text.to_owned())
    }

    fn value() -> PathSegment<'static> {
        PathSegment::Value(
            None,
            Some([(TextSource::Variable("x".to_owned()), PathPosition::WholePath)].into()),
        )
    }

    const OWN: PathSegment<'static> = PathSegment::Folder(PathBase::Own, 0);

    fn shown(segments: &[PathSegment<'_>]) -> Vec<String> {
        let shown = |(source, path)| match source {
            TextSource::Variable(name) => format!("{name} {path:?}"),
            TextSource::Text { base, text, value_follows } => {
                format!("{base:?} {text}{}", if value_follows { "*" } else { "" })
            }
            TextSource::Escaping => "astray".to_owned(),
        };
        origin_of_text(segments).unwrap().into_iter().map(shown).collect()
    }

    #[test]
    fn a_text_that_leads_up_and_each_value_in_it_have_an_origin() {
        let none = [""; 0];
        assert_eq!(shown(&[text("a/b")]), none);
        assert_eq!(shown(&[OWN, text("/a")]), none);
        assert_eq!(shown(&[value()]), ["x WholePath"]);
        assert_eq!(shown(&[value(), text("/a")]), ["x Folder"]);
        assert_eq!(shown(&[value(), text(".a")]), ["x NamePrefix"]);
        assert_eq!(shown(&[OWN, text("/"), value()]), ["x NotFirst"]);
        assert_eq!(shown(&[text("../a")]), ["Stack ../a"]);
        assert_eq!(shown(&[PathSegment::Folder(PathBase::Own, 1), text("/a")]), ["Own ../a"]);
        assert_eq!(shown(&[OWN, text("/../a-"), value()]), ["x NotFirst", "Own ../a-*"]);
        assert_eq!(shown(&[PathSegment::Folder(PathBase::Stack, 0), text("/"), OWN, text("/a")]), none);
    }

    #[test]
    fn a_path_that_leads_up_from_a_value_is_astray() {
        for segments in [
            vec![value(), text("/../a")],
            vec![OWN, text("/"), value(), text("/..")],
            vec![text(".."), value()],
            vec![OWN, text("/.."), value()],
            vec![OWN, text("-a/b")],
            vec![PathSegment::Folder(PathBase::Own, 1), value()],
            vec![value(), text("/"), OWN],
        ] {
            assert!(shown(&segments).contains(&"astray".to_owned()), "{segments:?}");
        }
    }

    #[test]
    fn the_use_of_a_text_is_that_of_the_value_it_is_in() {
        assert_eq!(PathPosition::WholePath.within(PathPosition::Folder), PathPosition::Folder);
        assert_eq!(PathPosition::NamePrefix.within(PathPosition::Folder), PathPosition::NamePrefix);
        assert_eq!(PathPosition::Folder.within(PathPosition::Altered), PathPosition::Altered);
        assert_eq!(PathPosition::Altered.within(PathPosition::NotFirst), PathPosition::NotFirst);
    }
}
