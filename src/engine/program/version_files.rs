//! Inputs by which a version manager chooses the version of an engine: files in a stack's folder, above it and in the home
//! directory, and variables.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::fs::MetadataExt,
};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::{engine::detect::version_files, files, model::EngineName};

/// Path, size and modification time of a file, to detect changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct FileStamp {
    path: Utf8PathBuf,
    size: u64,
    mtime: i64,
    mtime_nsec: i64,
}

impl FileStamp {
    /// Returns the stamp of a file; `None` if there is no readable file.
    pub(in crate::engine) fn read(path: &Utf8Path) -> Option<Self> {
        let found = fs::metadata(path).ok().filter(|found| !found.is_dir())?;
        let (size, mtime, mtime_nsec) = (found.size(), found.mtime(), found.mtime_nsec());
        Some(Self { path: path.to_owned(), size, mtime, mtime_nsec })
    }

    pub(in crate::engine) fn path(&self) -> &Utf8Path {
        &self.path
    }
}

/// Version files in subfolders of a folder.
const SUBFOLDER_FILES: [&str; 5] = [
    ".config/mise.toml",
    ".config/mise/config.toml",
    ".mise/config.toml",
    "mise/config.toml",
    ".config/mise/mise.toml",
];

/// Words of which one is in the names of variables such as `TFENV_TERRAFORM_VERSION` and `ASDF_OPENTOFU_VERSION`, which all
/// end in `_VERSION`.
const VARIABLE_WORDS: [&str; 4] = ["TF", "TOFU", "TERRAFORM", "TERRAGRUNT"];

/// Inputs of a version manager for a stack: the folder that the engine runs in, and the variables of environments.toml that
/// choose a version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EnginePlace {
    /// Absolute folder of the stack.
    pub dir: Utf8PathBuf,
    /// Variables such as `TFENV_TERRAFORM_VERSION`.
    pub(in crate::engine) variables: BTreeMap<OsString, OsString>,
}

impl EnginePlace {
    /// Returns the inputs for a folder; variables that choose no version are left out.
    pub fn new<'a>(dir: &Utf8Path, set: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let chosen_by = set.into_iter().filter(|(name, _)| is_version_variable(name));
        let variables = chosen_by.map(|(name, value)| (name.into(), value.into())).collect();
        Self { dir: dir.to_owned(), variables }
    }
}

/// Returns true if a version manager may choose a version by a variable.
fn is_version_variable(name: &str) -> bool {
    name.ends_with("_VERSION") && VARIABLE_WORDS.iter().any(|word| name.contains(word))
}

/// Version files and variables that decide the version of an engine in one folder. If empty, all folders have the same
/// version.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(in crate::engine) struct VersionChoice {
    files: Vec<FileStamp>,
    variables: BTreeMap<String, String>,
}

impl VersionChoice {
    /// Returns true if both choices have version files at the same paths, whatever their content: the newer choice replaces
    /// the older one.
    pub(super) fn has_same_files(&self, other: &Self) -> bool {
        self.files.iter().map(FileStamp::path).eq(other.files.iter().map(FileStamp::path))
    }
}

/// Finder of version files, which lists each folder once.
#[derive(Debug, Default)]
pub(in crate::engine) struct VersionFiles {
    above: HashMap<Utf8PathBuf, Vec<FileStamp>>,
    in_homes: HashMap<Utf8PathBuf, Vec<FileStamp>>,
}

impl VersionFiles {
    /// Returns the version files and variables that decide the version in a folder.
    pub(in crate::engine) fn version_choice(
        &mut self,
        dir: &Utf8Path,
        env: &BTreeMap<OsString, OsString>,
    ) -> VersionChoice {
        // A program resolves links in the path of its working folder.
        let dir = files::resolve_links(dir);
        let mut files = self.files_above(&dir);
        if let Some(home) = env.get(OsStr::new("HOME")).and_then(|home| home.to_str()) {
            let home = Utf8Path::new(home);
            if home.is_absolute() && !dir.starts_with(home) {
                let in_home = self.in_homes.entry(home.to_owned()).or_insert_with(|| stamps_in_folder(home));
                files.extend_from_slice(in_home);
            }
        }
        let variables = env.iter().filter_map(|(name, value)| {
            let name = name.to_str().filter(|name| is_version_variable(name))?;
            Some((name.to_owned(), value.to_string_lossy().into_owned()))
        });
        VersionChoice { files, variables: variables.collect() }
    }

    fn files_above(&mut self, dir: &Utf8Path) -> Vec<FileStamp> {
        if let Some(known) = self.above.get(dir) {
            return known.clone();
        }
        let mut found = stamps_in_folder(dir);
        found.extend(dir.parent().map(|parent| self.files_above(parent)).unwrap_or_default());
        self.above.insert(dir.to_owned(), found.clone());
        found
    }
}

/// Returns the version files of one folder.
fn stamps_in_folder(dir: &Utf8Path) -> Vec<FileStamp> {
    // Listed once: a look-up of each name costs ten times as much. An unlistable folder may still have readable files.
    let entries = dir.read_dir_utf8().and_then(Iterator::collect::<io::Result<Vec<_>>>).ok();
    let is_file_there = |name: &&str| {
        let first = name.split('/').next();
        entries.as_ref().is_none_or(|all| all.iter().any(|entry| Some(entry.file_name()) == first))
    };
    // The list of Terragrunt includes those of all other engines.
    let names = version_files(EngineName::Terragrunt).chain(SUBFOLDER_FILES).filter(is_file_there);
    names.filter_map(|name| FileStamp::read(&dir.join(name))).collect()
}
