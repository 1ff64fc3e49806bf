//! Contents of the files that can be var files or backend files.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::{backend_types::knows_key, tree::RepositoryTree};
use crate::{
    engine::{detect::LOCKFILE, layout::is_unit_file},
    hcl::{Module, read_var_file},
};

/// Endings of the names of files that can be var files or backend files.
const ENDINGS: [&str; 9] = [
    ".tfvars",
    ".tfvars.json",
    ".tfbackend",
    ".tfbackend.json",
    ".hcl",
    ".backend",
    ".conf",
    ".config",
    ".backend.json",
];

/// Values in the settings files of a repository, by their paths.
#[derive(Debug, Default)]
pub(super) struct SettingsContents {
    files: BTreeMap<Utf8PathBuf, BTreeMap<String, Option<Value>>>,
}

impl SettingsContents {
    /// Reads every file that can hold settings; a file that is no list of values is left out.
    pub(super) fn read(tree: &RepositoryTree) -> Self {
        let mut contents = Self::default();
        for (folder, names) in &tree.folders {
            let may_hold = |name: &&String| {
                ENDINGS.iter().any(|ending| name.ends_with(ending))
                    && !is_unit_file(name)
                    && *name != LOCKFILE
                    && !name.starts_with(".tflint")
            };
            for name in names.iter().filter(may_hold) {
                let path = folder.join(name);
                if let Ok(content) = read_var_file(&tree.root.join(&path), &tree.root) {
                    let value = |attribute: crate::hcl::Attribute| attribute.value.literal().cloned();
                    let values = content.into_iter().map(|(key, attribute)| (key, value(attribute)));
                    contents.files.insert(path, values.collect());
                }
            }
        }
        contents
    }

    /// Returns the paths of all these files.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Utf8PathBuf> {
        self.files.keys()
    }

    /// Returns the names that a file sets; `None` for a file that could not be read.
    pub(super) fn keys(&self, path: &Utf8Path) -> Option<BTreeSet<&str>> {
        Some(self.files.get(path)?.keys().map(String::as_str).collect())
    }

    /// Returns the literal values of a file.
    pub(super) fn values(&self, path: &Utf8Path) -> BTreeMap<&str, &Value> {
        let values = self.files.get(path).into_iter().flatten();
        values.filter_map(|(key, value)| Some((key.as_str(), value.as_ref()?))).collect()
    }

    /// Returns true if a file holds settings of the module's backend: names that the backend type knows, none of which the
    /// module declares as a variable.
    pub(super) fn is_backend_file(&self, path: &Utf8Path, module: &Module) -> bool {
        let Some(values) = self.files.get(path).filter(|values| !values.is_empty()) else { return false };
        let backend_type = module.backend.as_ref().map(|backend| backend.backend_type.as_str());
        let is_named_so = path.as_str().contains(".tfbackend");
        values.iter().all(|(key, value)| {
            let is_setting = value.is_some() && (is_named_so || knows_key(backend_type, key));
            is_setting && !module.variables.contains_key(key)
        })
    }

    /// Returns true if a file can be a var file of the module: it holds no settings of a backend.
    pub(super) fn is_var_file(&self, path: &Utf8Path, module: &Module) -> bool {
        let has_own = |values: &BTreeMap<String, Option<Value>>| {
            values.is_empty() || values.keys().any(|key| module.variables.contains_key(key))
        };
        let holds_settings = |values: &BTreeMap<String, Option<Value>>| {
            !values.is_empty() && values.keys().all(|key| knows_key(None, key))
        };
        match self.files.get(path) {
            Some(values) => has_own(values) || !holds_settings(values),
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sample::Sample, *};
    use crate::{hcl::read_folder, model::EngineName};

    #[test]
    fn backend_files_are_told_by_their_content() {
        let sample = Sample::new(&[
            ("main.tf", "terraform {\n  backend \"s3\" {}\n}\nvariable \"region\" {}\n"),
            ("a.tfvars", "bucket = \"b\"\nkey = \"k\"\n"),
            ("b.conf", "bucket = \"b\"\ndynamodb_table = \"t\"\n"),
            ("c.tfvars", "region = \"eu\"\n"),
            ("d.hcl", "locals {\n  a = 1\n}\n"),
            ("e.tfvars", "bucket = \"b\"\nsize = 1\n"),
            ("f.tfbackend", "some_new_setting = \"x\"\n"),
        ]);
        let tree = RepositoryTree::read(sample.root()).unwrap();
        let contents = SettingsContents::read(&tree);
        let module = read_folder(EngineName::Tofu, &tree.root, &tree.root).unwrap();
        let is_backend: Vec<&str> = contents
            .paths()
            .filter(|path| contents.is_backend_file(path, &module))
            .map(|path| path.as_str())
            .collect();
        assert_eq!(is_backend, ["a.tfvars", "b.conf", "f.tfbackend"]);
        let is_var: Vec<&str> = contents
            .paths()
            .filter(|path| path.extension() == Some("tfvars") && contents.is_var_file(path, &module))
            .map(|path| path.as_str())
            .collect();
        assert_eq!(is_var, ["c.tfvars", "e.tfvars"]);
    }
}
