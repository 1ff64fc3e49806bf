//! Outline of a folder's configuration: names of files, headers of blocks, sources of modules.

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::tree::RepositoryTree;
use crate::{engine::layout::marks_stack, files};

/// Blocks that declare values and nothing that a state holds.
const DECLARATIONS: [&str; 2] = ["variable ", "locals"];

/// Returns the outline of a folder's configuration: a line for each file, block at the top level and source.
pub(super) fn outline_of(tree: &RepositoryTree, folder: &Utf8Path) -> BTreeSet<String> {
    let names = tree.folders.get(folder).map(Vec::as_slice).unwrap_or_default();
    let mut outline = BTreeSet::new();
    for name in names.iter().filter(|name| marks_stack(name)) {
        outline.insert(format!("file {name}"));
        // A file that cannot be read is reported where the configuration is read.
        let text = files::read(&tree.root.join(folder).join(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        for line in text.lines() {
            if let Some(header) = block_header(line) {
                outline.insert(header.to_owned());
            } else if line.trim_start().starts_with("source ") {
                outline.insert(line.split_whitespace().collect::<Vec<_>>().join(" "));
            }
        }
    }
    outline
}

/// Returns true if the native files of a folder declare variables and local values alone, which need no state.
pub(super) fn declares_variables_alone(outline: &BTreeSet<String>) -> bool {
    let is_variable = |line: &String| DECLARATIONS.iter().any(|kind| line.starts_with(kind));
    let is_file = |line: &String| {
        let extension = line.strip_prefix("file ").and_then(|name| Utf8Path::new(name).extension());
        extension.is_some_and(|extension| ["tf", "tofu"].contains(&extension))
    };
    outline.iter().any(|line| line.starts_with("variable "))
        && outline.iter().all(|line| is_variable(line) || is_file(line))
}

/// Returns the header of a block that begins in this line, at the top level of the file.
fn block_header(line: &str) -> Option<&str> {
    let (header, _) = line.split_once('{')?;
    let is_header = header.starts_with(|c: char| c.is_ascii_lowercase()) && !header.contains('=');
    is_header.then(|| header.trim_end())
}
