//! Paths of files in the messages of engines, as the user finds them.
//!
//! Engines name files relative to the folder that they run in. For a Terragrunt unit with a `source` that folder is a copy
//! of the source, which also holds the unit's own files and those that Terragrunt generates.

use camino::{Utf8Path, Utf8PathBuf};

use crate::files::{self, normalised};

/// Folders to which the path of a file in an engine's message may be relative.
#[derive(Debug, Clone)]
pub(super) struct NamedFolders<'a> {
    /// Folder of environments.toml.
    pub(in crate::engine) project: &'a Utf8Path,
    /// Folder of the stack.
    pub(in crate::engine) stack: &'a Utf8Path,
    /// Copy of the unit's source in which Terragrunt runs the engine; `None` if the engine runs in the stack's folder.
    pub(super) copy: Option<SourceCopy>,
}

/// Copy that Terragrunt made of a unit's source.
#[derive(Debug, Clone)]
pub(super) struct SourceCopy {
    /// Folder that the engine ran in.
    pub(in crate::engine) folder: Utf8PathBuf,
    /// Local folder of the source that Terragrunt copied; `None` if Terragrunt fetches the source from elsewhere, or the
    /// folder is not known.
    pub(super) original: Option<Utf8PathBuf>,
}

/// File that the message of an engine is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MessageFile {
    /// Path of a file, relative to the project if it lies there.
    Path(String),
    /// File that only Terragrunt's copy of a unit's source has.
    Copied {
        /// Path in the copy, as the engine names the file.
        name: String,
        /// Folder of the copy, relative to the project.
        copy: String,
    },
}

impl MessageFile {
    /// Returns the file that an engine names in a message, as the user finds it.
    pub(in crate::engine) fn locate(filename: &str, folders: &NamedFolders<'_>) -> Self {
        let own = normalised(&folders.stack.join(filename));
        let Some(copy) = &folders.copy else { return folders.path(&own) };
        let copied = normalised(&copy.folder.join(filename));
        // The unit's own files are copied over those of its source.
        let of_source = copy.original.as_ref().map(|source| normalised(&source.join(filename)));
        let mut originals = [Some(own), of_source].into_iter().flatten();
        match originals.find(|original| is_copy(&copied, original)) {
            Some(original) => folders.path(&original),
            None => Self::Copied { name: filename.to_owned(), copy: folders.below_project(&copy.folder) },
        }
    }

    /// Returns the path of the file with a line number, as text for messages.
    pub(super) fn with_line(&self, line: u32) -> String {
        match self {
            Self::Path(file) => format!("{file}:{line}"),
            Self::Copied { name, copy } => format!("{name}:{line} of the unit's module, copied to `{copy}`"),
        }
    }
}

impl NamedFolders<'_> {
    fn path(&self, file: &Utf8Path) -> MessageFile {
        MessageFile::Path(self.below_project(file))
    }

    fn below_project(&self, path: &Utf8Path) -> String {
        path.strip_prefix(self.project).unwrap_or(path).to_string()
    }
}

/// Returns true if `original` exists and equals its copy. An original without a copy counts too: Terragrunt itself reads
/// such a file.
fn is_copy(copied: &Utf8PathBuf, original: &Utf8PathBuf) -> bool {
    match (files::read(original), files::read(copied)) {
        (Ok(original), Ok(copied)) => original == copied,
        (Ok(_), Err(_)) => true,
        (Err(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_outside_the_project_keeps_its_whole_path() {
        let folders = NamedFolders { project: "/p".into(), stack: "/p/infra/a".into(), copy: None };
        let named = |file: &str| MessageFile::locate(file, &folders).with_line(1);
        assert_eq!(named("../../m/a.tf"), "m/a.tf:1");
        assert_eq!(named("../../../m/a.tf"), "/m/a.tf:1");
    }

    #[test]
    fn a_file_of_a_copied_module_is_named_where_its_original_lies() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let copy = "live/db/.terragrunt-cache/x/y/db";
        for (path, text) in [
            (format!("{copy}/main.tf"), "of the module"),
            (format!("{copy}/own.tf"), "of the unit"),
            (format!("{copy}/backend.tf"), "generated"),
            (format!("{copy}/../net/main.tf"), "of a neighbour"),
            ("modules/db/main.tf".to_owned(), "of the module"),
            ("modules/db/own.tf".to_owned(), "of the module"),
            ("modules/db/backend.tf".to_owned(), "of the module"),
            ("modules/net/main.tf".to_owned(), "of a neighbour"),
            ("live/net/main.tf".to_owned(), "of another unit"),
            ("live/db/own.tf".to_owned(), "of the unit"),
            ("live/db/terragrunt.hcl".to_owned(), "unit"),
        ] {
            let file = root.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let stack = root.join("live/db");
        let mut source = SourceCopy { folder: root.join(copy), original: Some(root.join("modules/db")) };
        let named = |file: &str, copy: &SourceCopy| {
            let folders = NamedFolders { project: root, stack: &stack, copy: Some(copy.clone()) };
            MessageFile::locate(file, &folders).with_line(3)
        };
        let of_copy = |file: &str| format!("{file}:3 of the unit's module, copied to `{copy}`");
        for (file, expected) in [
            ("main.tf", "modules/db/main.tf:3"),
            ("../net/main.tf", "modules/net/main.tf:3"),
            ("own.tf", "live/db/own.tf:3"),
            ("./terragrunt.hcl", "live/db/terragrunt.hcl:3"),
            ("backend.tf", &of_copy("backend.tf")),
        ] {
            assert_eq!(named(file, &source), expected);
        }
        source.original = None;
        assert_eq!(named("main.tf", &source), of_copy("main.tf"));
    }
}
