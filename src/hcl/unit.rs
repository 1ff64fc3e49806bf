//! Literal parts of a Terragrunt unit's own file: paths of its dependencies, source of its module.

use std::sync::Arc;

use camino::Utf8Path;
use hcl_edit::structure::{Block, Body};

use super::{
    Expr, SourceSpan,
    folder::open,
    from_hcl,
    json_unit::{self, ConvertedUnit},
    parse_body,
};
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    engine::layout::unit_file_in,
};

/// Code of the finding that a unit in JSON is not valid, as far as the parser here knows it.
pub const JSON_SYNTAX_CODE: &str = "json::syntax";

/// Returns the literal paths in `dependency` and `dependencies` blocks, as written, with their spans.
pub fn read_unit(dir: &Utf8Path, root: &Utf8Path) -> Result<Vec<(String, SourceSpan)>, Diagnostic> {
    let unit = ParsedUnit::open(dir, root)?;
    let mut paths = Vec::new();
    for block in unit.body.get_blocks("dependency") {
        paths.extend(unit.texts(&block.body, "config_path"));
    }
    for block in unit.body.get_blocks("dependencies") {
        paths.extend(unit.texts(&block.body, "paths"));
    }
    Ok(paths)
}

/// Folder that a unit's file names as a literal text.
pub struct NamedFolder {
    /// Use that Terragrunt makes of the folder.
    pub role: FolderRole,
    /// Path as written, relative to the unit's folder.
    pub path: String,
    /// Place of the path.
    pub place: SourceSpan,
}

/// Use that Terragrunt makes of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderRole {
    /// Unit whose outputs are read: `config_path` of a `dependency`.
    Outputs,
    /// Unit that is only ordered before: one of `paths` of `dependencies`.
    Order,
    /// Source of the unit's module.
    Source,
}

/// Returns the folders that a unit's own file names literally and without which Terragrunt does not run the unit. A
/// `dependency` that Terragrunt does not read (`enabled`, `skip_outputs`) is left out.
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
            let texts = unit.texts(&block.body, attribute).into_iter();
            found.extend(texts.map(|(path, place)| NamedFolder { role, path, place }));
        }
    }
    Ok(found)
}

/// Returns the source of the unit's module; absent if the unit's own file has no literal one.
pub fn read_unit_source(dir: &Utf8Path, root: &Utf8Path) -> Option<String> {
    let unit = ParsedUnit::open(dir, root).ok()?;
    let mut sources = unit.body.get_blocks("terraform").flat_map(|block| unit.texts(&block.body, "source"));
    sources.next().map(|(text, _)| text)
}

/// Parses the file of a unit, or one that a unit includes; a file named `*.json` is converted to HCL first.
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
    /// Conversion that `body` was parsed from; absent for a file in native syntax.
    converted: Option<ConvertedUnit>,
}

impl ParsedUnit {
    fn open(dir: &Utf8Path, root: &Utf8Path) -> Result<Self, Diagnostic> {
        let file = unit_file_in(dir);
        let source = open(&file, root)?;
        if !is_json(&file) {
            let body = from_hcl::body(&source)?;
            return Ok(Self { source, body, converted: None });
        }
        let converted = json_unit::to_hcl(source.text()).map_err(|error| {
            let text = source.text();
            let line =
                text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
            let at = (line + error.column().saturating_sub(1)).min(text.len());
            let message = format!("`{}` is not valid JSON", source.path());
            Diagnostic::error(JSON_SYNTAX_CODE, message).at(&source, at..at, error.to_string())
        })?;
        let hcl = SourceFile::new(source.path(), converted.hcl());
        let body = from_hcl::body(&hcl).map_err(|mut problem| {
            for label in &mut problem.labels {
                label.span = converted.origin(label.span.start);
                label.source = Arc::clone(&source);
            }
            problem
        })?;
        Ok(Self { source, body, converted: Some(converted) })
    }

    /// Returns the literal string, or strings, of an attribute; empty if there are none.
    fn texts(&self, body: &Body, name: &str) -> Vec<(String, SourceSpan)> {
        let Some(attribute) = from_hcl::convert_attributes(&self.source, body).swap_remove(name) else {
            return Vec::new();
        };
        let Expr::Literal(value) = attribute.value else { return Vec::new() };
        let span = match &self.converted {
            Some(converted) => converted.origin(attribute.place.span.start),
            None => attribute.place.span,
        };
        let place = SourceSpan { source: Arc::clone(&self.source), span };
        let items = value.as_array().cloned().unwrap_or_else(|| vec![value]);
        let text = |item: serde_json::Value| Some((item.as_str()?.to_owned(), place.clone()));
        items.into_iter().filter_map(text).collect()
    }
}
