//! Walk over the folders below a pattern's fixed part, which finds stacks.

use std::{
    collections::{BTreeSet, HashMap},
    ffi::OsString,
    path::Path,
    sync::{Mutex, PoisonError},
};

use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobSet;
use ignore::{DirEntry, WalkBuilder, WalkState};
use indexmap::IndexMap;

use crate::{
    config::PathPattern,
    engine::{
        layout::marks_stack,
        terragrunt::stack_files::{GENERATED_FOLDER, STACK_FILE},
    },
    inventory::plan_inputs::TerragruntStack,
};

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

/// Folders that a walk found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DiscoveredFolders {
    /// Stacks, sorted by path.
    pub stacks: Vec<DiscoveredStack>,
    /// Absolute paths of folders with a `terragrunt.stack.hcl` whose units may match.
    pub stack_dirs: Vec<Utf8PathBuf>,
}

/// Returns the stacks below a root that match a pattern.
///
/// Git-ignored folders, `.terraform` and `.terragrunt-cache` are skipped, as are paths that `exclude` matches (globs
/// over paths relative to the root). Folders that `terragrunt stack generate` writes count although git ignores them. No
/// match is no error; neither is a fixed part that does not exist.
pub fn find_stacks(
    root: &Utf8Path,
    pattern: &PathPattern,
    exclude: &GlobSet,
) -> Result<DiscoveredFolders, WalkError> {
    let start = root.join(pattern.fixed());
    let walk = PatternWalk { root, start: &start, pattern, exclude };
    let mut stack_dirs = walk.stack_dirs_above();
    let mut folders = FileNames::new();
    if start.is_dir() {
        folders = walk.file_names(&start, false)?;
        let with_stack_file = folders.iter().filter(|(_, names)| names.iter().any(|name| name == STACK_FILE));
        stack_dirs.extend(with_stack_file.filter_map(|(dir, _)| Some(Path::new(dir).to_str()?.into())));
        for generated in generated_folders(&stack_dirs) {
            // Of a folder that holds the start, only the start counts.
            let from = if start.starts_with(&generated) { &start } else { &generated };
            if from.starts_with(&start) && from.is_dir() {
                folders.extend(walk.file_names(from, true)?);
            }
        }
    }
    Ok(DiscoveredFolders { stacks: walk.stacks(folders)?, stack_dirs })
}

/// Returns the folders that Terragrunt generates for these stacks: `.terragrunt-stack`, and the folders beside it.
fn generated_folders(stack_dirs: &[Utf8PathBuf]) -> BTreeSet<Utf8PathBuf> {
    let of_stack = |dir: &Utf8PathBuf| {
        let stack = TerragruntStack::read(dir);
        let components = stack.into_iter().flat_map(|stack| stack.components);
        let own = dir.join(GENERATED_FOLDER);
        let beside: Vec<_> = components
            .filter_map(|component| component.folder)
            .filter(|folder| !folder.starts_with(&own))
            .collect();
        [own].into_iter().chain(beside)
    };
    stack_dirs.iter().flat_map(of_stack).collect()
}

/// Walk over the folders that may match a pattern.
#[derive(Clone, Copy)]
struct PatternWalk<'a> {
    root: &'a Utf8Path,
    /// Fixed part of the pattern, absolute.
    start: &'a Utf8Path,
    pattern: &'a PathPattern,
    exclude: &'a GlobSet,
}

impl PatternWalk<'_> {
    /// Returns the folders at and above the start, up to the root, with a stack file whose units may lie at or below the start.
    fn stack_dirs_above(&self) -> Vec<Utf8PathBuf> {
        let above = self.start.ancestors().skip(1).take_while(|dir| dir.starts_with(self.root));
        let reaches = |dir: &&Utf8Path| {
            if !dir.join(STACK_FILE).exists() {
                return false;
            }
            let own = dir.join(GENERATED_FOLDER);
            let overlaps =
                |folder: &Utf8Path| folder.starts_with(self.start) || self.start.starts_with(folder);
            overlaps(&own)
                || TerragruntStack::read(dir).is_some_and(|stack| {
                    let mut folders =
                        stack.components.iter().filter_map(|component| component.folder.as_ref());
                    folders.any(|folder| overlaps(folder))
                })
        };
        above.filter(reaches).map(Utf8Path::to_owned).collect()
    }

    /// Returns the file names in the folders at and below `from`. With `is_generated` files that git ignores count.
    fn file_names(&self, from: &Utf8Path, is_generated: bool) -> Result<FileNames, WalkError> {
        let Some(mut walker) = self.walker(from) else { return Ok(FileNames::new()) };
        if is_generated {
            walker.git_ignore(false).git_exclude(false).git_global(false).parents(false);
        }
        let folders: Mutex<FileNames> = Mutex::default();
        let failed: Mutex<Option<ignore::Error>> = Mutex::default();
        walker.build_parallel().run(|| {
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
        Ok(folders.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the folders that match and hold a stack's files, sorted by path.
    fn stacks(&self, folders: FileNames) -> Result<Vec<DiscoveredStack>, WalkError> {
        let mut found = Vec::new();
        for (dir, mut files) in folders {
            if !files.iter().any(|name| marks_stack(name)) {
                continue;
            }
            let dir =
                dir.into_string().map_err(|dir| WalkError::NotUtf8(dir.to_string_lossy().into_owned()))?;
            let dir = Utf8PathBuf::from(dir);
            let below = dir.strip_prefix(self.start).unwrap_or(&dir).to_owned();
            if let Some(captures) = self.pattern.captures(&below) {
                files.sort_unstable();
                let path = match dir.strip_prefix(self.root).unwrap_or(&dir) {
                    path if path == "" => Utf8PathBuf::from("."),
                    path => path.to_owned(),
                };
                found.push(DiscoveredStack { path, below, captures, files });
            }
        }
        found.sort_unstable_by(|a, b| a.path.as_str().cmp(b.path.as_str()));
        Ok(found)
    }

    /// Builds the walk over the folders at and below `from` that may match the pattern; `None` if none of them can.
    fn walker(&self, from: &Utf8Path) -> Option<WalkBuilder> {
        let depth_of_from = from.strip_prefix(self.start).ok()?.components().count();
        let mut walker = WalkBuilder::new(from);
        walker.hidden(false).ignore(false).follow_links(false);
        // Files of the deepest folders are one level below them.
        let max_depth = match self.pattern.depth() {
            Some(depth) => Some((depth + 1).checked_sub(depth_of_from)?),
            None => None,
        };
        walker.max_depth(max_depth);
        let (root, start) = (self.root.as_std_path().to_owned(), self.start.as_std_path().to_owned());
        let (pattern, exclude) = (self.pattern.clone(), self.exclude.clone());
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
        Some(walker)
    }
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
        Ok(found.stacks.into_iter().map(|stack| stack.path.into_string()).collect())
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
    fn generated_folders_count_although_git_ignores_them() {
        let dir = tree(&[
            "live/dev/.terragrunt-stack/vpc/terragrunt.hcl",
            "live/dev/.terragrunt-stack/vpc/.terragrunt-cache/x/terragrunt.hcl",
            "live/dev/.terragrunt-stack/net/terragrunt.stack.hcl",
            "live/dev/.terragrunt-stack/net/.terragrunt-stack/dns/terragrunt.hcl",
            "live/dev/near/terragrunt.hcl",
            "live/dev/other/terragrunt.hcl",
        ]);
        let stack = "unit \"near\" {\n  path = \"near\"\n  no_dot_terragrunt_stack = true\n}\n";
        fs::write(dir.path().join("live/dev/terragrunt.stack.hcl"), stack).unwrap();
        fs::create_dir(dir.path().join(".git")).unwrap();
        fs::write(dir.path().join(".gitignore"), ".terragrunt-stack/\nnear/\nother/\n").unwrap();
        let vpc = "live/dev/.terragrunt-stack/vpc";
        let dns = "live/dev/.terragrunt-stack/net/.terragrunt-stack/dns";
        for (pattern, expected) in [
            ("live/**", vec![dns, vpc, "live/dev/near"]),
            ("live/<env>/<unit>", vec!["live/dev/near"]),
            ("live/<env>/.terragrunt-stack/<unit>", vec![vpc]),
            ("live/dev/.terragrunt-stack/<unit>", vec![vpc]),
            ("live/dev/.terragrunt-stack/vpc", vec![vpc]),
            ("live/dev/near", vec!["live/dev/near"]),
            ("live/**/.terragrunt-stack/<unit>", vec![dns, vpc]),
        ] {
            assert_eq!(found(&dir, pattern, &[]).unwrap(), expected, "{pattern}");
        }
        assert_eq!(found(&dir, "live/**", &["**/net/**"]).unwrap(), [vpc, "live/dev/near"]);
    }

    #[test]
    fn stack_files_are_found_where_their_units_may_match() {
        let dir =
            tree(&["live/dev/terragrunt.stack.hcl", "live/prod/terragrunt.stack.hcl", "live/x/main.tf"]);
        let root = Utf8Path::from_path(dir.path()).unwrap();
        for (pattern, expected) in [
            ("live/dev/**", vec!["live/dev"]),
            ("live/dev/<unit>", vec!["live/dev"]),
            ("live/dev/.terragrunt-stack/<unit>", vec!["live/dev"]),
            ("live/dev/other/**", vec![]),
            ("live/x/**", vec![]),
        ] {
            let pattern_of = PathPattern::parse(pattern).unwrap();
            let found = find_stacks(root, &pattern_of, &GlobSet::empty()).unwrap().stack_dirs;
            let found: Vec<_> = found.iter().map(|dir| dir.strip_prefix(root).unwrap().as_str()).collect();
            assert_eq!(found, expected, "{pattern}");
        }
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
