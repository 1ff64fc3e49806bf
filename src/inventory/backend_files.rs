//! Backend files of instances: files that complete the backend block, as `-backend-config=FILE` does.

use camino::Utf8PathBuf;

use super::Instance;
use crate::{
    diagnostic::Diagnostic,
    files,
    hcl::{VarFileContent, read_var_file},
};

/// Settings that the backend files of an instance give its backend.
#[derive(Debug, Default)]
pub struct BackendFileSettings {
    /// Settings by key, those of later files over those of earlier ones.
    pub attributes: VarFileContent,
    /// Findings about files that envctl cannot read: the engine may read more settings from them.
    pub unread: Vec<Diagnostic>,
}

/// Returns the paths of the backend files of an instance in the order in which the engine gets them, missing ones included.
pub fn backend_file_paths(instance: &Instance) -> Vec<Utf8PathBuf> {
    instance.settings.backend_files.iter().map(|file| instance.dir.join(&file.path)).collect()
}

/// Reads the backend files of an instance; missing files are skipped.
///
/// Engines read them as var files: in native syntax, or as JSON if the name ends in `.json` (seen on OpenTofu 1.12.6 and
/// Terraform 1.11.4).
pub fn read_backend_files(instance: &Instance) -> BackendFileSettings {
    let mut settings = BackendFileSettings::default();
    for path in backend_file_paths(instance).iter().filter(|path| files::is_file_there(path)) {
        match read_var_file(path, instance.root()) {
            Ok(attributes) => settings.attributes.extend(attributes),
            Err(diagnostic) => settings.unread.push(diagnostic),
        }
    }
    settings
}
