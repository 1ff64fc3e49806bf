//! Segments of an HCL text: literal text, known folders (`path.module`) and values.

use hcl_edit::{expr::Expression, template::Directive};

use super::provenance::{LITERAL, TextOrigin};

/// Folder that a path reference starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathBase {
    /// Folder of the file that holds the expression: `${path.module}`.
    Own,
    /// Folder of the stack: `${path.root}`, and the engine's working directory for relative paths.
    Stack,
    /// Root of the repository: `${get_repo_root()}`.
    Repository,
    /// Folder above the stack that the file names elsewhere, where a command may run (`cd .. && sh run.sh`).
    Named,
    /// Unknown folder, since the source of a module or the path of a file to read is an expression.
    Computed,
    /// Nearest folder above the stack that holds the path: `find_in_parent_folders("root.hcl")`.
    Above,
}

/// Segment of an HCL text.
#[derive(Debug, Clone)]
pub enum PathSegment<'e> {
    /// Known text.
    Text(String),
    /// Folder that is this number of levels above a base folder.
    Folder(PathBase, usize),
    /// Unknown value, with its expression (`None` after [`without_expressions`]) and the sources of its texts.
    Value(Option<&'e Expression>, TextOrigin),
    /// Directive of a template, as `%{ if … }`, whose text is unknown.
    Directive(&'e Directive),
}

/// Appends a segment; adjacent texts are joined and empty ones dropped.
pub fn push<'e>(segments: &mut Vec<PathSegment<'e>>, segment: PathSegment<'e>) {
    match (segments.last_mut(), segment) {
        (Some(PathSegment::Text(text)), PathSegment::Text(more)) => text.push_str(&more),
        (_, PathSegment::Text(text)) if text.is_empty() => {}
        (_, segment) => segments.push(segment),
    }
}

/// Removes the expressions of segments, so that the segments outlive the syntax tree; the sources of their texts are kept.
pub fn without_expressions(segments: Vec<PathSegment<'_>>) -> Vec<PathSegment<'static>> {
    let without_expression = |segment| match segment {
        PathSegment::Text(text) => PathSegment::Text(text),
        PathSegment::Folder(base, up) => PathSegment::Folder(base, up),
        PathSegment::Value(_, origin) => PathSegment::Value(None, origin),
        PathSegment::Directive(_) => PathSegment::Value(None, LITERAL),
    };
    segments.into_iter().map(without_expression).collect()
}

/// Returns the text of segments that are all known; `None` if a segment is a folder, a value or a directive.
pub fn known_text(segments: &[PathSegment<'_>]) -> Option<String> {
    let known = |segment: &PathSegment<'_>| match segment {
        PathSegment::Text(text) => Some(text.clone()),
        PathSegment::Folder(..) | PathSegment::Value(..) | PathSegment::Directive(_) => None,
    };
    segments.iter().map(known).collect()
}

/// Returns true if a path may lie in a subfolder of its known folder: `../${name}/x`, `../${name}`, but not
/// `../${name}.json`.
pub fn may_be_in_subfolder(segments: &[PathSegment<'_>]) -> bool {
    let is_text =
        |segment: &PathSegment<'_>| matches!(segment, PathSegment::Text(_) | PathSegment::Folder(..));
    let Some(at) = segments.iter().position(|segment| !is_text(segment)).filter(|at| *at > 0) else {
        return false;
    };
    let goes_on =
        |segment: &PathSegment<'_>| matches!(segment, PathSegment::Text(text) if text.contains('/'));
    let begins = matches!(&segments[at - 1], PathSegment::Text(text) if text.ends_with('/'));
    segments[at..].iter().any(goes_on) || (begins && at + 1 == segments.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> PathSegment<'static> {
        PathSegment::Text(text.to_owned())
    }

    const OWN: PathSegment<'static> = PathSegment::Folder(PathBase::Own, 0);
    const VALUE: PathSegment<'static> = PathSegment::Value(None, LITERAL);

    #[test]
    fn a_path_is_deep_when_it_goes_on_behind_a_value() {
        assert!(
            may_be_in_subfolder(&[OWN, text("/"), VALUE])
                && may_be_in_subfolder(&[OWN, text("/a-"), VALUE, text("/x")])
        );
        assert!(
            !may_be_in_subfolder(&[OWN, text("/"), VALUE, text(".json")])
                && !may_be_in_subfolder(&[OWN, text("/a")])
        );
        assert!(!may_be_in_subfolder(&[VALUE, text("/a")]), "nothing is known of its folder");
    }
}
