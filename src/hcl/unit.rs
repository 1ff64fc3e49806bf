//! Literal parts of a Terragrunt unit's own file: paths of its dependencies, source of its module.

use std::sync::Arc;

use camino::Utf8Path;
use hcl_edit::{
    Span,
    expr::Expression,
    structure::{Block, Body},
};

use super::{
    Expr, SourceSpan,
    eval::without_parentheses,
    folder::read_source,
    from_hcl,
    from_json::invalid_json,
    json_unit::{self, ConvertedUnit},
    parse_body,
};
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    engine::layout::unit_file_in,
};

/// Code of the diagnostic for a unit's file that is not valid JSON for the parser of envctl; Terragrunt may still accept the
/// file.
pub const JSON_SYNTAX_CODE: &str = "json::syntax";

/// Returns the literal paths in the `dependency` and `dependencies` blocks of a unit's file, as written, with their spans.
pub fn read_dependency_paths(
    dir: &Utf8Path,
    root: &Utf8Path,
) -> Result<Vec<(String, SourceSpan)>, Diagnostic> {
    let unit = ParsedUnit::open(dir, root)?;
    let mut paths = Vec::new();
    for block in unit.body.get_blocks("dependency") {
        paths.extend(unit.literal_texts(&block.body, "config_path"));
    }
    for block in unit.body.get_blocks("dependencies") {
        paths.extend(unit.literal_texts(&block.body, "paths"));
    }
    Ok(paths)
}

/// Folder that a unit's file names in a literal text.
pub struct NamedFolder {
    /// Use that Terragrunt makes of the folder.
    pub role: FolderRole,
    /// Path as written, relative to the unit's folder.
    pub path: String,
    /// Span of the path in the unit's file.
    pub path_span: SourceSpan,
}

/// Use that Terragrunt makes of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderRole {
    /// Unit whose outputs Terragrunt reads: `config_path` of a `dependency`.
    Outputs,
    /// Unit that runs before, and whose outputs are not read: a path in `paths` of `dependencies`.
    Order,
    /// Source of the unit's module.
    Source,
}

/// Returns the folders that a unit's own file names literally and without which Terragrunt does not run the unit.
///
/// A `dependency` with `enabled` or `skip_outputs` is left out, since Terragrunt may not read its outputs.
pub fn read_named_folders(dir: &Utf8Path, root: &Utf8Path) -> Result<Vec<NamedFolder>, Diagnostic> {
    let unit = ParsedUnit::open(dir, root)?;
    // An excluded unit is not run.
    if unit.body.has_blocks("exclude") {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (block, attribute, role) in [
        ("dependency", "config_path", FolderRole::Outputs),
        ("dependencies", "paths", FolderRole::Order),
        ("terraform", "source", FolderRole::Source),
    ] {
        let blocks = unit.body.get_blocks(block);
        let is_used = |block: &&Block| {
            role != FolderRole::Outputs
                || !["enabled", "skip_outputs"].iter().any(|name| block.body.has_attribute(name))
        };
        for block in blocks.filter(is_used) {
            let texts = unit.literal_texts(&block.body, attribute).into_iter();
            found.extend(texts.map(|(path, path_span)| NamedFolder { role, path, path_span }));
        }
    }
    Ok(found)
}

/// Returns the source of the unit's module; `None` if the unit's own file has no literal source.
pub fn read_unit_source(dir: &Utf8Path, root: &Utf8Path) -> Option<String> {
    let unit = ParsedUnit::open(dir, root).ok()?;
    let mut sources =
        unit.body.get_blocks("terraform").flat_map(|block| unit.literal_texts(&block.body, "source"));
    sources.next().map(|(text, _)| text)
}

/// Parses the file of a unit, or a file that a unit includes; a file named `*.json` is converted to HCL first.
pub fn parse_unit(file: &Utf8Path, text: &str) -> Result<Body, String> {
    let hcl = if is_json(file) {
        json_unit::to_hcl(text).map_err(|error| error.to_string())?.into_hcl()
    } else {
        text.to_owned()
    };
    parse_body(&hcl).map_err(|error| error.to_string())
}

fn is_json(file: &Utf8Path) -> bool {
    file.extension() == Some("json")
}

/// Parsed file of a unit.
struct ParsedUnit {
    source: Arc<SourceFile>,
    body: Body,
    /// HCL that `body` was parsed from, for a file in JSON; `None` for a file in native syntax.
    converted: Option<ConvertedUnit>,
}

impl ParsedUnit {
    fn open(dir: &Utf8Path, root: &Utf8Path) -> Result<Self, Diagnostic> {
        let file = unit_file_in(dir);
        let source = read_source(&file, root)?;
        if !is_json(&file) {
            let body = from_hcl::body(&source)?;
            return Ok(Self { source, body, converted: None });
        }
        let converted = json_unit::to_hcl(source.text())
            .map_err(|error| invalid_json(&source, &error, JSON_SYNTAX_CODE))?;
        let hcl = SourceFile::new(source.path(), converted.hcl());
        let body = from_hcl::body(&hcl).map_err(|mut problem| {
            for label in &mut problem.labels {
                label.span = converted.json_span(label.span.start);
                label.source = Arc::clone(&source);
            }
            problem
        })?;
        Ok(Self { source, body, converted: Some(converted) })
    }

    /// Returns the strings of an attribute that is a literal string or list, with their spans; empty if a part of it is an
    /// expression.
    fn literal_texts(&self, body: &Body, name: &str) -> Vec<(String, SourceSpan)> {
        let Some(attribute) = body.get_attribute(name) else { return Vec::new() };
        if Expr::from(&attribute.value).literal().is_none() {
            return Vec::new();
        }
        let items: Vec<&Expression> = match without_parentheses(&attribute.value) {
            Expression::Array(items) => items.iter().collect(),
            _ => vec![&attribute.value],
        };
        let text = |item: &&Expression| Some((Expr::from(*item).text()?.to_owned(), self.span(item)));
        items.iter().filter_map(text).collect()
    }

    /// Returns the span of an expression in the unit's file; in a file in JSON, of the JSON value that became the expression.
    fn span(&self, expression: &Expression) -> SourceSpan {
        let span = expression.span().unwrap_or_default();
        let span = match &self.converted {
            Some(converted) => converted.json_span(span.start),
            None => span,
        };
        SourceSpan { source: Arc::clone(&self.source), span }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_of_a_list_has_its_own_place() {
        for (name, text) in [
            ("terragrunt.hcl", "dependencies {\n  paths = [\"../a\", \"../b\"]\n}\n"),
            ("terragrunt.hcl.json", "{\"dependencies\": {\"paths\": [\"../a\", \"../b\"]}}"),
        ] {
            let keep = tempfile::tempdir().unwrap();
            let dir = Utf8Path::from_path(keep.path()).unwrap();
            std::fs::write(dir.join(name), text).unwrap();
            let paths = read_dependency_paths(dir, dir).unwrap();
            let written = |place: &SourceSpan| text[place.span.clone()].to_owned();
            let found: Vec<(&str, String)> =
                paths.iter().map(|(path, place)| (path.as_str(), written(place))).collect();
            assert_eq!(found, [("../a", "\"../a\"".to_owned()), ("../b", "\"../b\"".to_owned())], "{name}");
        }
    }

    #[test]
    fn a_list_with_a_computed_item_has_no_literal_paths() {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap();
        std::fs::write(dir.join("terragrunt.hcl"), "dependencies {\n  paths = [\"../a\", local.b]\n}\n")
            .unwrap();
        assert!(read_dependency_paths(dir, dir).unwrap().is_empty());
    }
}
