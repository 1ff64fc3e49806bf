//! Walk over the folders below a pattern's fixed part, which finds stacks.

use std::{
    collections::HashMap,
    ffi::OsString,
    path::Path,
    sync::{Mutex, PoisonError},
};

use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobSet;
use ignore::{DirEntry, WalkBuilder, WalkState};
use indexmap::IndexMap;

use super::PathPattern;
use crate::engine::layout::marks_stack;

/// Names of folders in which envctl looks for no stacks.
const SKIPPED_FOLDERS: [&str; 4] = [".terraform", ".terragrunt-cache", ".git", ".envctl"];

/// File names by folder. Folders are plain texts, since a path is parsed at each comparison and hash.
type FileNames = HashMap<OsString, Vec<String>>;

/// Error of walking the project.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// A folder could not be read.
    #[error("cannot look for stacks: {0}")]
    Io(#[from] ignore::Error),
    /// A folder that holds a stack has a path that is not UTF-8.
    #[error("the path `{0}` is not UTF-8")]
    NotUtf8(String),
}

/// Folder that matches a pattern and holds a stack's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveredStack {
    /// Path relative to the project's root.
    pub path: Utf8PathBuf,
    /// Path relative to the pattern's fixed part; empty for the fixed part itself.
    pub below: Utf8PathBuf,
    /// Values of the pattern's captures by name.
    pub captures: IndexMap<String, String>,
    /// Names of the files in the folder that git does not ignore, sorted.
    pub files: Vec<String>,
}

/// Returns the stacks below a root that match a pattern, sorted by path.
///
/// Git-ignored folders, `.terraform` and `.terragrunt-cache` are skipped, as are paths that `exclude` matches (globs
/// over paths relative to the root). No match is no error; neither is a fixed part that does not exist.
pub fn find_stacks(
    root: &Utf8Path,
    pattern: &PathPattern,
    exclude: &GlobSet,
) -> Result<Vec<DiscoveredStack>, WalkError> {
    let start = root.join(pattern.fixed());
    if !start.is_dir() {
        return Ok(Vec::new());
    }
    let folders: Mutex<FileNames> = Mutex::default();
    let failed: Mutex<Option<ignore::Error>> = Mutex::default();
    walker(root, &start, pattern, exclude).build_parallel().run(|| {
        Box::new(|entry| match entry {
            Ok(entry) => {
                record_file(&entry, &folders);
                WalkState::Continue
            }
            Err(error) => {
                *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                WalkState::Quit
            }
        })
    });
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error.into());
    }
    let folders = folders.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut found = Vec::new();
    for (dir, mut files) in folders {
        if !files.iter().any(|name| marks_stack(name)) {
            continue;
        }
        let dir = dir.into_string().map_err(|dir| WalkError::NotUtf8(dir.to_string_lossy().into_owned()))?;
        let dir = Utf8PathBuf::from(dir);
        let below = dir.strip_prefix(&start).unwrap_or(&dir).to_owned();
        if let Some(captures) = pattern.captures(&below) {
            files.sort_unstable();
            let path = match dir.strip_prefix(root).unwrap_or(&dir) {
                path if path == "" => Utf8PathBuf::from("."),
                path => path.to_owned(),
            };
            found.push(DiscoveredStack { path, below, captures, files });
        }
    }
    found.sort_unstable_by(|a, b| a.path.as_str().cmp(b.path.as_str()));
    Ok(found)
}

/// Builds the walk over the folders that may match the pattern.
fn walker(root: &Utf8Path, start: &Utf8Path, pattern: &PathPattern, exclude: &GlobSet) -> WalkBuilder {
    let mut walker = WalkBuilder::new(start);
    walker.hidden(false).ignore(false).follow_links(false);
    // Files of the deepest folders are one level below them.
    walker.max_depth(pattern.depth().map(|depth| depth + 1));
    let (root, start) = (root.as_std_path().to_owned(), start.as_std_path().to_owned());
    let (pattern, exclude) = (pattern.clone(), exclude.clone());
    walker.filter_entry(move |entry| {
        if !is_folder(entry) {
            return true;
        }
        if entry.depth() > 0 && SKIPPED_FOLDERS.iter().any(|name| entry.file_name() == *name) {
            return false;
        }
        let relative_to = |of: &Path| entry.path().strip_prefix(of).unwrap_or(entry.path()).to_owned();
        let path = relative_to(&root);
        if exclude.is_match(&path) || exclude.is_match(path.join("")) {
            return false;
        }
        // A path that is not UTF-8 is reported only if it holds a stack.
        Utf8PathBuf::from_path_buf(relative_to(&start))
            .map_or(true, |below| pattern.may_lead_to_match(&below))
    });
    walker
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
}

/// Records the name of a file under its folder.
fn record_file(entry: &DirEntry, folders: &Mutex<FileNames>) {
    let (false, Some(name), Some(dir)) =
        (is_folder(entry), entry.file_name().to_str(), entry.path().parent())
    else {
        return;
    };
    let mut folders = folders.lock().unwrap_or_else(PoisonError::into_inner);
    match folders.get_mut(dir.as_os_str()) {
        Some(names) => names.push(name.to_owned()),
        None => {
            folders.insert(dir.as_os_str().to_owned(), vec![name.to_owned()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use globset::{Glob, GlobSetBuilder};

    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        dir
    }

    fn found(dir: &tempfile::TempDir, pattern: &str, exclude: &[&str]) -> Result<Vec<String>, WalkError> {
        let root = Utf8Path::from_path(dir.path()).unwrap();
        let mut globs = GlobSetBuilder::new();
        for glob in exclude {
            globs.add(Glob::new(glob).unwrap());
        }
        let pattern = PathPattern::parse(pattern).unwrap();
        let found = find_stacks(root, &pattern, &globs.build().unwrap())?;
        Ok(found.into_iter().map(|stack| stack.path.into_string()).collect())
    }

    #[test]
    fn folders_with_a_stacks_files_are_found_in_order() {
        let dir = tree(&[
            "live/dev/eu/vpc/terragrunt.hcl",
            "live/dev/eu/app/main.tf",
            "live/dev/eu/notes/README.md",
            "live/dev/us/app/main.tf.json",
            "live/dev/root.hcl",
            "live/prod/eu/vpc/main.tf",
        ]);
        assert_eq!(
            found(&dir, "live/dev/<region>/<unit>", &[]).unwrap(),
            ["live/dev/eu/app", "live/dev/eu/vpc", "live/dev/us/app"]
        );
        assert!(found(&dir, "live/qa/<region>/<unit>", &[]).unwrap().is_empty());
    }

    #[test]
    fn caches_ignored_and_excluded_folders_never_count() {
        let dir = tree(&[
            "live/app/terragrunt.hcl",
            "live/app/.terragrunt-cache/x/y/terragrunt.hcl",
            "live/app/.terraform/modules/m/main.tf",
            "live/build/x/main.tf",
            "live/modules/vpc/main.tf",
            "live/modules/main.tf",
        ]);
        fs::create_dir(dir.path().join(".git")).unwrap();
        fs::write(dir.path().join(".gitignore"), "build/\n").unwrap();
        assert_eq!(found(&dir, "live/**", &["**/modules/**"]).unwrap(), ["live/app"]);
    }

    #[test]
    fn the_fixed_part_itself_can_be_a_stack() {
        let dir = tree(&["infra/main.tf", "infra/sub/main.tf"]);
        assert_eq!(found(&dir, "infra", &[]).unwrap(), ["infra"]);
        assert_eq!(found(&dir, "infra/**", &[]).unwrap(), ["infra", "infra/sub"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_stack_whose_path_is_not_utf8_is_told() {
        use std::os::unix::ffi::OsStrExt;
        let dir = tree(&["live/app/main.tf"]);
        let odd = dir.path().join("live").join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
        fs::create_dir(&odd).unwrap();
        assert_eq!(found(&dir, "live/<unit>", &[]).unwrap(), ["live/app"], "without a stack it is no matter");
        fs::write(odd.join("main.tf"), "").unwrap();
        let error = found(&dir, "live/<unit>", &[]).unwrap_err().to_string();
        assert!(error.contains("live/caf\u{fffd}` is not UTF-8"), "{error}");
    }
}
