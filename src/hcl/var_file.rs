//! Var files: `*.tfvars` and `*.tfvars.json`.

use camino::Utf8Path;
use indexmap::IndexMap;

use super::{Attribute, folder::read_source, from_hcl, from_json};
use crate::diagnostic::Diagnostic;

/// Values in a var file, by the names of their variables.
pub type VarFileContent = IndexMap<String, Attribute>;

/// Reads a var file; errors show paths relative to `root`.
pub fn read_var_file(file: &Utf8Path, root: &Utf8Path) -> Result<VarFileContent, Diagnostic> {
    let source = read_source(file, root)?.confidential();
    if file.extension() == Some("json") {
        from_json::attributes(&source)
    } else {
        from_hcl::attributes(&source)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn both_syntaxes_say_what_they_set() {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        fs::write(dir.join("a.tfvars"), "region = \"eu\"\nn = 3\n").unwrap();
        fs::write(dir.join("a.tfvars.json"), "{ \"region\": \"${not a template}\" }").unwrap();
        let native = read_var_file(&dir.join("a.tfvars"), dir).unwrap();
        assert_eq!(native["region"].value.text(), Some("eu"));
        assert_eq!(native["n"].value_span.file_and_line(), "a.tfvars:2");
        let json = read_var_file(&dir.join("a.tfvars.json"), dir).unwrap();
        assert_eq!(json["region"].value.text(), Some("${not a template}"));
    }
}
