//! The var files of instances: which an engine reads, in which order, and what they set.

use std::{collections::HashMap, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    Instance,
    hcl::{Attribute, VarFileContent, read_var_file},
};
use crate::{
    config::VarFile,
    diagnostic::{Diagnostic, Diagnostics},
    engine::layout::auto_var_files,
    files,
};

/// One var file of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VarFilePath {
    /// Where it is, absolute.
    pub path: Utf8PathBuf,
    /// Whether it may be absent.
    pub optional: bool,
    /// Whether the engine loads it by its name alone.
    pub auto: bool,
}

/// The var files of an instance in the order in which the engine takes them, absent ones included.
pub fn var_file_paths(instance: &Instance) -> Vec<VarFilePath> {
    paths_in(&instance.dir, &instance.settings.var_files)
}

/// The same for a stack in a folder with these ones declared.
pub(super) fn paths_in(dir: &Utf8Path, declared: &[VarFile]) -> Vec<VarFilePath> {
    let names = dir.read_dir_utf8().into_iter().flatten().flatten();
    let names: Vec<String> = names.map(|entry| entry.file_name().to_owned()).collect();
    let auto = auto_var_files(names.iter().map(String::as_str));
    let auto = auto.into_iter().map(|name| VarFilePath { path: dir.join(name), optional: true, auto: true });
    let declared = declared.iter().map(|file| VarFilePath {
        path: dir.join(&file.path),
        optional: file.optional,
        auto: false,
    });
    auto.chain(declared).collect()
}

/// The contents of var files, each read once.
pub struct VarFiles<'a> {
    root: &'a Utf8Path,
    read: HashMap<Utf8PathBuf, Result<Arc<VarFileContent>, Diagnostic>>,
}

impl<'a> VarFiles<'a> {
    /// No file read yet; findings show paths relative to `root`.
    pub fn new(root: &'a Utf8Path) -> Self {
        Self { root, read: HashMap::new() }
    }

    /// What the var files of an instance set, later ones over earlier ones; files that are absent set nothing.
    pub fn values(&mut self, instance: &Instance) -> Result<VarFileContent, Diagnostics> {
        let mut values = VarFileContent::new();
        let mut found = Diagnostics::default();
        for file in var_file_paths(instance) {
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

    /// The content of one file; absent when the file is.
    fn content(&mut self, path: &Utf8Path) -> Option<&Result<Arc<VarFileContent>, Diagnostic>> {
        if !self.read.contains_key(path) {
            if !files::is_there(path) {
                return None;
            }
            self.read.insert(path.to_owned(), read_var_file(path, self.root).map(Arc::new));
        }
        self.read.get(path)
    }
}
