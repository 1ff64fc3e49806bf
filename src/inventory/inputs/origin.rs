//! Where the texts are written that a value may be, and what becomes of them in the path that is read.

use std::collections::BTreeSet;

use super::pieces::{Base, Piece};

/// The texts that a value may be: nobody can tell, or these. Those that stay in the folder where they start are none of them: what
/// lies there counts anyway.
pub(super) type Origin = Option<BTreeSet<(Source, Use)>>;

/// The origin of what leads nowhere else.
pub(super) const WRITTEN: Origin = Some(BTreeSet::new());

/// Where a text comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// A variable has it.
    Variable(String),
    /// It is written there, and leads up.
    Text {
        base: Base,
        text: String,
        /// Whether it goes on with a value.
        is_open: bool,
    },
    /// It leads up from a place that nobody can tell.
    Astray,
}

/// What a text is in the path that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Use {
    /// All of it.
    Whole,
    /// A folder that holds what is read.
    Below,
    /// Its beginning, with more of the same name behind it.
    Begins,
    /// Something is made of it that is a part of it.
    Altered,
    /// Something that stands behind its beginning.
    Inside,
}

impl Use {
    /// What a text is whose value is used in a path.
    pub(super) fn of(self, path: Self) -> Self {
        match (self, path) {
            (Self::Inside, _) | (_, Self::Inside) => Self::Inside,
            (Self::Altered, _) | (_, Self::Altered) => Self::Altered,
            (Self::Whole, path) => path,
            (own, _) => own,
        }
    }
}

/// The same where a value is made of it.
pub(super) fn used(origin: &Origin, path: Use) -> Origin {
    Some(origin.as_ref()?.iter().map(|(source, own)| (source.clone(), own.of(path))).collect())
}

/// Where a text is written that is made of pieces.
pub(super) fn begin(pieces: &[Piece<'_>]) -> Origin {
    let mut origin = of_values(pieces)?;
    let (base, up, behind) = match pieces {
        [Piece::Folder(base, up), behind @ ..] => (*base, *up, behind),
        pieces => (Base::Stack, 0, pieces),
    };
    let (text, behind) = match behind {
        [Piece::Text(text), behind @ ..] => (text.as_str(), behind),
        behind => ("", behind),
    };
    if up > 0 || leads_up(text) {
        let is_below = matches!(pieces.first(), Some(Piece::Folder(..)));
        let text = if is_below { text.trim_start_matches('/') } else { text };
        let text = format!("{}{text}", "../".repeat(up));
        origin.insert((Source::Text { base, text, is_open: !behind.is_empty() }, Use::Whole));
    }
    Some(origin)
}

/// Where the values in a text come from, without its own beginning.
pub(super) fn of_values(pieces: &[Piece<'_>]) -> Origin {
    let mut sources = BTreeSet::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Value(_, origin) if at == 0 => {
                let path = match pieces.get(1) {
                    None => Use::Whole,
                    Some(Piece::Text(text)) if text.starts_with('/') => Use::Below,
                    Some(_) => Use::Begins,
                };
                sources.extend(used(origin, path)?);
            }
            Piece::Directive(_) if at == 0 => return None,
            // One that nobody can tell is taken for a name.
            Piece::Value(_, origin) => sources.extend(used(origin, Use::Inside).into_iter().flatten()),
            Piece::Directive(_) | Piece::Text(_) | Piece::Folder(..) => {}
        }
    }
    if is_astray(pieces) {
        sources.insert((Source::Astray, Use::Whole));
    }
    Some(sources)
}

/// Whether a text leads up.
pub(super) fn leads_up(text: &str) -> bool {
    text.split('/').any(|name| name == "..")
}

/// Whether a path leads up from a place that a value decides on, or to one.
fn is_astray(pieces: &[Piece<'_>]) -> bool {
    let is_known = |piece: &Piece<'_>| matches!(piece, Piece::Text(_) | Piece::Folder(..));
    let known = pieces.iter().position(|piece| !is_known(piece)).unwrap_or(pieces.len());
    pieces.iter().enumerate().any(|(at, piece)| {
        let next = pieces.get(at + 1);
        match piece {
            Piece::Text(text) => {
                let ends_above = next.is_some() && text.rsplit('/').next() == Some("..");
                ends_above || (at > known && leads_up(text))
            }
            Piece::Folder(_, up) => {
                let is_behind = match &pieces[..at] {
                    [] => false,
                    [Piece::Folder(Base::Stack, 0), Piece::Text(text)] => text != "/",
                    _ => true,
                };
                is_behind
                    || match next {
                        None => false,
                        Some(Piece::Text(text)) => !text.starts_with('/'),
                        Some(_) => *up > 0,
                    }
            }
            Piece::Value(..) | Piece::Directive(_) => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece<'static> {
        Piece::Text(text.to_owned())
    }

    fn value() -> Piece<'static> {
        Piece::Value(None, Some([(Source::Variable("x".to_owned()), Use::Whole)].into()))
    }

    const OWN: Piece<'static> = Piece::Folder(Base::Own, 0);

    fn shown(pieces: &[Piece<'_>]) -> Vec<String> {
        let shown = |(source, path)| match source {
            Source::Variable(name) => format!("{name} {path:?}"),
            Source::Text { base, text, is_open } => {
                format!("{base:?} {text}{}", if is_open { "*" } else { "" })
            }
            Source::Astray => "astray".to_owned(),
        };
        begin(pieces).unwrap().into_iter().map(shown).collect()
    }

    #[test]
    fn a_text_that_leads_up_and_each_value_in_it_have_an_origin() {
        let none = [""; 0];
        assert_eq!(shown(&[text("a/b")]), none);
        assert_eq!(shown(&[OWN, text("/a")]), none);
        assert_eq!(shown(&[value()]), ["x Whole"]);
        assert_eq!(shown(&[value(), text("/a")]), ["x Below"]);
        assert_eq!(shown(&[value(), text(".a")]), ["x Begins"]);
        assert_eq!(shown(&[OWN, text("/"), value()]), ["x Inside"]);
        assert_eq!(shown(&[text("../a")]), ["Stack ../a"]);
        assert_eq!(shown(&[Piece::Folder(Base::Own, 1), text("/a")]), ["Own ../a"]);
        assert_eq!(shown(&[OWN, text("/../a-"), value()]), ["x Inside", "Own ../a-*"]);
        assert_eq!(shown(&[Piece::Folder(Base::Stack, 0), text("/"), OWN, text("/a")]), none);
    }

    #[test]
    fn a_path_that_leads_up_from_a_value_is_astray() {
        for pieces in [
            vec![value(), text("/../a")],
            vec![OWN, text("/"), value(), text("/..")],
            vec![text(".."), value()],
            vec![OWN, text("/.."), value()],
            vec![OWN, text("-a/b")],
            vec![Piece::Folder(Base::Own, 1), value()],
            vec![value(), text("/"), OWN],
        ] {
            assert!(shown(&pieces).contains(&"astray".to_owned()), "{pieces:?}");
        }
    }

    #[test]
    fn the_use_of_a_text_is_that_of_the_value_it_is_in() {
        assert_eq!(Use::Whole.of(Use::Below), Use::Below);
        assert_eq!(Use::Begins.of(Use::Below), Use::Begins);
        assert_eq!(Use::Below.of(Use::Altered), Use::Altered);
        assert_eq!(Use::Altered.of(Use::Inside), Use::Inside);
    }
}
