//! Names the files in the messages of engines as users find them.
//!
//! Engines name files relative to the folder that they run in. For a Terragrunt unit with a `source` that is a copy of the source, in
//! which lie also the unit's own files and those that Terragrunt generates.

use camino::{Utf8Path, Utf8PathBuf};

use super::{Target, unit_folders::folder_in_use, units::normalised};
use crate::files;

/// File that the message of an engine is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MessageFile {
    /// Path of a file, relative to the project where it lies within.
    Path(String),
    /// File of the copy that Terragrunt made of a unit's source, of which the project has no original.
    Copied {
        /// Path in the copy, as the engine names it.
        name: String,
        /// Folder of the copy, relative to the project.
        copy: String,
    },
}

impl MessageFile {
    /// Returns the file that an engine names for a stack.
    pub(super) fn named(filename: &str, target: &Target) -> Self {
        let own = normalised(&target.dir.join(filename));
        let Some(unit_source) = target.folder.unit_source else { return Self::path(&own, target) };
        // A cache that cannot be read has been an error of the plan; here it costs the place alone.
        let copy = folder_in_use(target).unwrap_or_else(|_| target.dir.clone());
        if copy == target.dir {
            return Self::path(&own, target);
        }
        let copied = normalised(&copy.join(filename));
        // The unit's own files are copied over those of its source.
        let of_source = || unit_source(&target.dir).map(|source| normalised(&source.join(filename)));
        let originals = [Some(own), of_source()].into_iter().flatten();
        match originals.into_iter().find(|original| is_copy(&copied, original)) {
            Some(original) => Self::path(&original, target),
            None => Self::Copied { name: filename.to_owned(), copy: within_project(&copy, target) },
        }
    }

    /// Returns the place as text, with a line.
    pub(super) fn with_line(&self, line: u32) -> String {
        match self {
            Self::Path(file) => format!("{file}:{line}"),
            Self::Copied { name, copy } => format!("{name}:{line} of the unit's module, copied to `{copy}`"),
        }
    }

    fn path(file: &Utf8Path, target: &Target) -> Self {
        Self::Path(within_project(file, target))
    }
}

/// Returns true if a file exists and is what the copy holds; one that is not in the copy is Terragrunt's own to read.
fn is_copy(copied: &Utf8PathBuf, original: &Utf8PathBuf) -> bool {
    match (files::read(original), files::read(copied)) {
        (Ok(original), Ok(copied)) => original == copied,
        (Ok(_), Err(_)) => true,
        (Err(_), _) => false,
    }
}

fn within_project(path: &Utf8Path, target: &Target) -> String {
    path.strip_prefix(&target.project).unwrap_or(path).to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_outside_the_project_keeps_its_whole_path() {
        let target = Target::sample("/p".into(), "infra/a");
        let named = |file: &str| MessageFile::named(file, &target).with_line(1);
        assert_eq!(named("../../m/a.tf"), "m/a.tf:1");
        assert_eq!(named("../../../m/a.tf"), "/m/a.tf:1");
    }

    #[test]
    fn a_file_of_a_copied_module_is_named_where_its_original_lies() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let mut target = Target::sample(root, "live/db");
        target.folder.unit_source = Some(|dir| Some(normalised(&dir.join("../../modules/db"))));
        let copy = "live/db/.terragrunt-cache/x/y/db";
        for (path, text) in [
            (format!("{copy}/.terragrunt-module-manifest"), ""),
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
        let named = |file: &str| MessageFile::named(file, &target).with_line(3);
        assert_eq!(named("main.tf"), "modules/db/main.tf:3");
        assert_eq!(named("../net/main.tf"), "modules/net/main.tf:3");
        assert_eq!(named("own.tf"), "live/db/own.tf:3");
        assert_eq!(named("./terragrunt.hcl"), "live/db/terragrunt.hcl:3");
        assert_eq!(named("backend.tf"), format!("backend.tf:3 of the unit's module, copied to `{copy}`"));
        target.folder.unit_source = Some(|_| None);
        assert_eq!(
            MessageFile::named("main.tf", &target).with_line(3),
            format!("main.tf:3 of the unit's module, copied to `{copy}`")
        );
    }
}
