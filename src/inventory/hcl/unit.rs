//! Literal parts of a Terragrunt unit's own file: paths of its dependencies, source of its module.

use std::sync::Arc;

use camino::Utf8Path;
use hcl_edit::structure::{Block, Body};

use super::{Expr, Place, folder::open, from_hcl, json_unit, parse_body};
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    engine::layout::unit_file_in,
};

/// Code of the finding that a unit in JSON is not valid, as far as the parser here knows it.
pub const JSON_SYNTAX_CODE: &str = "json::syntax";

/// Returns the literal paths in `dependency` and `dependencies` blocks, as written, with their spans.
pub fn read_unit(dir: &Utf8Path, root: &Utf8Path) -> Result<Vec<(String, Place)>, Diagnostic> {
    let source = open_unit(&unit_file_in(dir), root)?;
    let body = from_hcl::body(&source)?;
    let mut paths = Vec::new();
    for block in body.get_blocks("dependency") {
        paths.extend(texts(&source, &block.body, "config_path"));
    }
    for block in body.get_blocks("dependencies") {
        paths.extend(texts(&source, &block.body, "paths"));
    }
    Ok(paths)
}

/// Folder that a unit's file names as a literal text.
pub struct NamedFolder {
    /// Use that Terragrunt makes of the folder.
    pub role: FolderRole,
    /// Path as written, relative to the unit's folder.
    pub path: String,
    /// Place of the path; absent in a unit in JSON.
    pub place: Option<Place>,
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
    let file = unit_file_in(dir);
    let source = open_unit(&file, root)?;
    let body = from_hcl::body(&source)?;
    // An excluded unit is not run.
    if body.has_blocks("exclude") {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (block, attribute, role) in [
        ("dependency", "config_path", FolderRole::Outputs),
        ("dependencies", "paths", FolderRole::Order),
        ("terraform", "source", FolderRole::Source),
    ] {
        let blocks = body.get_blocks(block);
        let is_used = |block: &&Block| {
            role != FolderRole::Outputs
                || !["enabled", "skip_outputs"].iter().any(|name| block.body.has_attribute(name))
        };
        for block in blocks.filter(is_used) {
            found.extend(texts(&source, &block.body, attribute).into_iter().map(|(path, place)| {
                // Spans of a unit in JSON are those of the HCL that it was converted to.
                NamedFolder { role, path, place: (!is_json(&file)).then_some(place) }
            }));
        }
    }
    Ok(found)
}

/// Returns the source of the unit's module; absent if the unit's own file has no literal one.
pub fn read_unit_source(dir: &Utf8Path, root: &Utf8Path) -> Option<String> {
    let source = open_unit(&unit_file_in(dir), root).ok()?;
    let body = from_hcl::body(&source).ok()?;
    let mut sources = body.get_blocks("terraform").flat_map(|block| texts(&source, &block.body, "source"));
    sources.next().map(|(text, _)| text)
}

/// Parses the file of a unit, or one that a unit includes; a file named `*.json` is converted to HCL first.
pub fn parse_unit(file: &Utf8Path, text: &str) -> Result<Body, String> {
    let hcl = if is_json(file) {
        json_unit::to_hcl(text).map_err(|error| error.to_string())?
    } else {
        text.to_owned()
    };
    parse_body(&hcl).map_err(|error| error.to_string())
}

fn is_json(file: &Utf8Path) -> bool {
    file.extension() == Some("json")
}

/// Reads a unit's file; a file in JSON is converted to equivalent HCL.
fn open_unit(file: &Utf8Path, root: &Utf8Path) -> Result<Arc<SourceFile>, Diagnostic> {
    let source = open(file, root)?;
    if !is_json(file) {
        return Ok(source);
    }
    json_unit::to_hcl(source.text()).map(|hcl| SourceFile::new(source.path(), hcl)).map_err(|error| {
        let text = source.text();
        let line =
            text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let at = (line + error.column().saturating_sub(1)).min(text.len());
        let message = format!("`{}` is not valid JSON", source.path());
        Diagnostic::error(JSON_SYNTAX_CODE, message).at(&source, at..at, error.to_string())
    })
}

/// Returns the literal string, or strings, of an attribute; empty if there are none.
fn texts(source: &Arc<SourceFile>, body: &Body, name: &str) -> Vec<(String, Place)> {
    let Some(attribute) = from_hcl::convert_attributes(source, body).swap_remove(name) else {
        return Vec::new();
    };
    let Expr::Literal(value) = attribute.value else { return Vec::new() };
    let items = value.as_array().cloned().unwrap_or_else(|| vec![value]);
    let text = |item: serde_json::Value| Some((item.as_str()?.to_owned(), attribute.place.clone()));
    items.into_iter().filter_map(text).collect()
}
