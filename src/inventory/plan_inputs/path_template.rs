//! Segments of an HCL text: literal text, known folders (`path.module`) and values.

use hcl_edit::{expr::Expression, template::Directive};

use super::provenance::{Origin, Use, WRITTEN, used};

/// Folder that a path reference starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Base {
    /// Folder of the file: `${path.module}`.
    Own,
    /// Folder of the stack: `${path.root}`, and the engine's working directory for relative paths.
    Stack,
    /// Root of the repository: `${get_repo_root()}`.
    Repository,
    /// Folder above the stack that the same file names; a command may run there (`cd .. && sh run.sh`).
    Named,
    /// Unknown folder: the source of a module, or the path of a file that is read, is an expression.
    Computed,
    /// Nearest folder above the stack that holds the path: `find_in_parent_folders("root.hcl")`.
    Above,
}

/// Segment of a text.
#[derive(Debug, Clone)]
pub(super) enum PathSegment<'e> {
    Text(String),
    /// Known folder, and the number of levels above it.
    Folder(Base, usize),
    /// Value with the sources of its texts, and with its expression if that is part of the same text.
    Value(Option<&'e Expression>, Origin),
    Directive(&'e Directive),
}

/// Appends a segment; adjacent texts are joined and empty ones dropped.
pub(super) fn push<'e>(pieces: &mut Vec<PathSegment<'e>>, piece: PathSegment<'e>) {
    match (pieces.last_mut(), piece) {
        (Some(PathSegment::Text(text)), PathSegment::Text(more)) => text.push_str(&more),
        (_, PathSegment::Text(text)) if text.is_empty() => {}
        (_, piece) => pieces.push(piece),
    }
}

/// Detaches segments from the syntax tree that they were read from: expressions are dropped, their sources are kept.
pub(super) fn detached(pieces: Vec<PathSegment<'_>>) -> Vec<PathSegment<'static>> {
    let apart = |piece| match piece {
        PathSegment::Text(text) => PathSegment::Text(text),
        PathSegment::Folder(base, up) => PathSegment::Folder(base, up),
        PathSegment::Value(_, origin) => PathSegment::Value(None, origin),
        PathSegment::Directive(_) => PathSegment::Value(None, WRITTEN),
    };
    pieces.into_iter().map(apart).collect()
}

/// Returns an absolute path as `abspath` does: each `/..` behind a known folder becomes a level above it.
pub(super) fn absolute(mut pieces: Vec<PathSegment<'_>>) -> Vec<PathSegment<'_>> {
    if let [PathSegment::Folder(_, up), PathSegment::Text(text), ..] = pieces.as_mut_slice()
        && text.starts_with('/')
    {
        while let Some(rest) =
            text.strip_prefix("/..").filter(|rest| rest.is_empty() || rest.starts_with('/'))
        {
            *up += 1;
            *text = rest.to_owned();
        }
        if text.is_empty() {
            pieces.remove(1);
        }
    }
    pieces
}

/// Returns the folder of a path as `dirname` does; a value is taken for a file name.
pub(super) fn folder(mut pieces: Vec<PathSegment<'_>>) -> Vec<PathSegment<'_>> {
    let mut is_name_gone = false;
    while let Some(last) = pieces.pop() {
        match last {
            PathSegment::Text(text) => {
                let known = if is_name_gone { &text } else { text.trim_end_matches('/') };
                match known.rfind('/') {
                    Some(at) => {
                        let at = if pieces.is_empty() { at.max(1) } else { at };
                        push(&mut pieces, PathSegment::Text(known[..at].to_owned()));
                    }
                    None if pieces.is_empty() => pieces.push(PathSegment::Text(".".to_owned())),
                    None => {
                        is_name_gone = true;
                        continue;
                    }
                }
                break;
            }
            PathSegment::Folder(base, up) => {
                pieces.push(PathSegment::Folder(base, up + 1));
                break;
            }
            PathSegment::Value(value, origin) if pieces.is_empty() => {
                pieces.push(PathSegment::Value(value, used(&origin, Use::Altered)));
                break;
            }
            PathSegment::Value(..) | PathSegment::Directive(_) => is_name_gone = true,
        }
    }
    pieces
}

/// Returns the last name of a path as `basename` does.
pub(super) fn name(pieces: Vec<PathSegment<'_>>) -> Vec<PathSegment<'_>> {
    let mut name = Vec::new();
    let last = pieces.len().saturating_sub(1);
    for (at, piece) in pieces.into_iter().enumerate() {
        match piece {
            PathSegment::Text(text) => {
                let known = if at == last { text.trim_end_matches('/') } else { &text };
                let (ends, known) = known.rsplit_once('/').map_or((false, known), |(_, last)| (true, last));
                if ends {
                    name.clear();
                }
                push(&mut name, PathSegment::Text(known.to_owned()));
            }
            PathSegment::Folder(..) => name = vec![PathSegment::Value(None, WRITTEN)],
            // A file name has no `..`.
            PathSegment::Value(value, _) => name.push(PathSegment::Value(value, WRITTEN)),
            other @ PathSegment::Directive(_) => name.push(other),
        }
    }
    name
}

/// Returns true if a path may lie in a subfolder of its known folder: `../${name}/x`, `../${name}`, but not
/// `../${name}.json`.
pub(super) fn is_deep(pieces: &[PathSegment<'_>]) -> bool {
    let is_text = |piece: &PathSegment<'_>| matches!(piece, PathSegment::Text(_) | PathSegment::Folder(..));
    let Some(at) = pieces.iter().position(|piece| !is_text(piece)).filter(|at| *at > 0) else { return false };
    let goes_on = |piece: &PathSegment<'_>| matches!(piece, PathSegment::Text(text) if text.contains('/'));
    let begins = matches!(&pieces[at - 1], PathSegment::Text(text) if text.ends_with('/'));
    pieces[at..].iter().any(goes_on) || (begins && at + 1 == pieces.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pieces: &[PathSegment<'_>]) -> String {
        let shown = |piece: &PathSegment<'_>| match piece {
            PathSegment::Text(text) => text.clone(),
            PathSegment::Folder(base, up) => format!("<{base:?}{}>", "^".repeat(*up)),
            PathSegment::Value(..) | PathSegment::Directive(_) => "*".to_owned(),
        };
        pieces.iter().map(shown).collect()
    }

    fn text(text: &str) -> PathSegment<'static> {
        PathSegment::Text(text.to_owned())
    }

    const OWN: PathSegment<'static> = PathSegment::Folder(Base::Own, 0);
    const VALUE: PathSegment<'static> = PathSegment::Value(None, WRITTEN);

    #[test]
    fn folders_and_names_are_those_of_the_engines_functions() {
        for (pieces, of_folder, of_name) in [
            (vec![text("a/b")], "a", "b"),
            (vec![text("a")], ".", "a"),
            (vec![text("/a")], "/", "a"),
            (vec![OWN], "<Own^>", "*"),
            (vec![OWN, text("/a.json")], "<Own>", "a.json"),
            (vec![OWN, text("/../a/"), VALUE, text(".json")], "<Own>/../a", "*.json"),
            (vec![OWN, text("/../a/b-"), VALUE], "<Own>/../a", "b-*"),
            (vec![VALUE], "*", "*"),
        ] {
            assert_eq!((&*shown(&folder(pieces.clone())), &*shown(&name(pieces))), (of_folder, of_name));
        }
    }

    #[test]
    fn an_absolute_path_goes_up_by_its_dots() {
        assert_eq!(shown(&absolute(vec![OWN, text("/../../a/../b")])), "<Own^^>/a/../b");
        assert_eq!(shown(&absolute(vec![OWN, text("/..")])), "<Own^>");
        assert_eq!(shown(&absolute(vec![OWN, text("/..a")])), "<Own>/..a");
    }

    #[test]
    fn a_path_is_deep_when_it_goes_on_behind_a_value() {
        assert!(is_deep(&[OWN, text("/"), VALUE]) && is_deep(&[OWN, text("/a-"), VALUE, text("/x")]));
        assert!(!is_deep(&[OWN, text("/"), VALUE, text(".json")]) && !is_deep(&[OWN, text("/a")]));
        assert!(!is_deep(&[VALUE, text("/a")]), "nothing is known of its folder");
    }
}
