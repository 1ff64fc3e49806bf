//! Var files of instances: their paths, their order, their values.

use std::{collections::HashMap, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};

use super::Instance;
use crate::{
    config::StackFile,
    diagnostic::{Diagnostic, Diagnostics},
    engine::layout::auto_var_files,
    files,
    hcl::{Attribute, Module, VarFileContent, read_var_file},
};

/// Path of a var file of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VarFilePath {
    /// Absolute path of the file.
    pub path: Utf8PathBuf,
    /// True if the file need not exist.
    pub optional: bool,
    /// True if the engine loads the file because of its name, as `terraform.tfvars`.
    pub auto: bool,
}

/// Returns the var files of an instance in the order in which the engine loads them, missing files included.
pub fn var_file_paths(instance: &Instance) -> Vec<VarFilePath> {
    var_file_paths_in(&instance.dir, &instance.settings.var_files)
}

/// Returns the var files of a stack in the folder `dir` for which environments.toml declares these var files.
pub(super) fn var_file_paths_in(dir: &Utf8Path, declared: &[StackFile]) -> Vec<VarFilePath> {
    let names = files::entry_names_if_readable(dir);
    let auto = auto_var_files(names.iter().map(String::as_str));
    in_load_order(dir, auto.iter().map(|name| dir.join(name)), declared)
}

/// Puts the var files that the engine loads by their names before those that are declared.
fn in_load_order(
    dir: &Utf8Path,
    auto: impl Iterator<Item = Utf8PathBuf>,
    declared: &[StackFile],
) -> Vec<VarFilePath> {
    let auto = auto.map(|path| VarFilePath { path, optional: true, auto: true });
    let declared = declared.iter().map(|file| VarFilePath {
        path: dir.join(&file.path),
        optional: file.optional,
        auto: false,
    });
    auto.chain(declared).collect()
}

/// Contents of var files, each read once.
pub struct VarFiles<'a> {
    root: &'a Utf8Path,
    /// Contents, or the errors of files that could not be read, by path.
    by_path: HashMap<Utf8PathBuf, Result<Arc<VarFileContent>, Diagnostic>>,
}

impl<'a> VarFiles<'a> {
    /// Returns an empty cache; findings show paths relative to `root`.
    pub fn new(root: &'a Utf8Path) -> Self {
        Self { root, by_path: HashMap::new() }
    }

    /// Returns the values of an instance's var files, later files over earlier ones; missing files are skipped.
    /// `module` is its root module; `None` when the module could not be read.
    pub fn values(
        &mut self,
        instance: &Instance,
        module: Option<&Module>,
    ) -> Result<VarFileContent, Diagnostics> {
        let mut values = VarFileContent::new();
        let mut found = Diagnostics::default();
        let paths = match module {
            Some(module) => in_load_order(
                &instance.dir,
                module.auto_var_files.iter().cloned(),
                &instance.settings.var_files,
            ),
            None => var_file_paths(instance),
        };
        for file in paths {
            match self.content(&file.path) {
                None => {}
                Some(Ok(content)) => {
                    let pairs =
                        content.iter().map(|(name, a): (&String, &Attribute)| (name.clone(), a.clone()));
                    values.extend(pairs);
                }
                Some(Err(diagnostic)) => found.push(diagnostic.clone()),
            }
        }
        found.finish(values).map(|(values, _)| values)
    }

    /// Returns the content of one file; `None` when the file does not exist.
    fn content(&mut self, path: &Utf8Path) -> Option<&Result<Arc<VarFileContent>, Diagnostic>> {
        if !self.by_path.contains_key(path) {
            if !files::is_file_there(path) {
                return None;
            }
            self.by_path.insert(path.to_owned(), read_var_file(path, self.root).map(Arc::new));
        }
        self.by_path.get(path)
    }
}
