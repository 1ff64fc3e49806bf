//! What a Terragrunt unit's own file says of the units before it, as far as it says so literally.

use std::sync::Arc;

use camino::Utf8Path;
use hcl_edit::structure::Body;

use super::{Expr, Place, folder::open, from_hcl};
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    engine::layout::UNIT_FILE,
};

/// The paths in `dependency` and `dependencies` blocks, as written, with their places.
pub fn read_unit(dir: &Utf8Path, root: &Utf8Path) -> Result<Vec<(String, Place)>, Diagnostic> {
    let source = open(&dir.join(UNIT_FILE), root)?;
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

/// The source of the unit's module, where the unit's own file states it as a literal string.
pub fn read_unit_source(dir: &Utf8Path, root: &Utf8Path) -> Option<String> {
    let source = open(&dir.join(UNIT_FILE), root).ok()?;
    let body = from_hcl::body(&source).ok()?;
    let mut sources = body.get_blocks("terraform").flat_map(|block| texts(&source, &block.body, "source"));
    sources.next().map(|(text, _)| text)
}

/// The literal string, or strings, of an attribute.
fn texts(source: &Arc<SourceFile>, body: &Body, name: &str) -> Vec<(String, Place)> {
    let Some(attribute) = from_hcl::convert_attributes(source, body).swap_remove(name) else {
        return Vec::new();
    };
    let Expr::Literal(value) = attribute.value else { return Vec::new() };
    let items = value.as_array().cloned().unwrap_or_else(|| vec![value]);
    let text = |item: serde_json::Value| Some((item.as_str()?.to_owned(), attribute.place.clone()));
    items.into_iter().filter_map(text).collect()
}
