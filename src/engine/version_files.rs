//! What a version manager chooses the version of an engine by: files in a stack's folder, above it and in the home directory,
//! and variables.

use std::{
    collections::{BTreeMap, HashMap},
    ffi::{OsStr, OsString},
    io,
};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::{detect::version_files, version_cache::FileStamp};
use crate::{files, model::EngineName};

/// Further files of version managers, which lie in folders of their own.
const IN_FOLDERS: [&str; 5] = [
    ".config/mise.toml",
    ".config/mise/config.toml",
    ".mise/config.toml",
    "mise/config.toml",
    ".config/mise/mise.toml",
];

/// Words in the names of variables such as `TFENV_TERRAFORM_VERSION` and `ASDF_OPENTOFU_VERSION`, which end in `_VERSION`.
const VARIABLE_WORDS: [&str; 4] = ["TF", "TOFU", "TERRAFORM", "TERRAGRUNT"];

/// Where an engine runs for a stack, as far as a version manager looks at it: the folder, and the variables that
/// environments.toml sets and by which one chooses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EnginePlace {
    /// The folder of the stack, absolute.
    pub dir: Utf8PathBuf,
    /// Variables such as `TFENV_TERRAFORM_VERSION`.
    pub(super) variables: BTreeMap<OsString, OsString>,
}

impl EnginePlace {
    /// Takes a folder and, of the variables that are set there, those that a version manager chooses by.
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

/// What a version manager would choose by in one folder. Where there is nothing, all folders have the same version.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct VersionChoice {
    files: Vec<FileStamp>,
    variables: BTreeMap<String, String>,
}

impl VersionChoice {
    /// Returns true if both are of the same files, whatever is in them: the newer one takes the other's place.
    pub(super) fn is_of_same_files(&self, other: &Self) -> bool {
        self.files.iter().map(FileStamp::path).eq(other.files.iter().map(FileStamp::path))
    }
}

/// Finds version files, those of each folder once.
#[derive(Debug, Default)]
pub(super) struct VersionFiles {
    above: HashMap<Utf8PathBuf, Vec<FileStamp>>,
    homes: HashMap<Utf8PathBuf, Vec<FileStamp>>,
}

impl VersionFiles {
    /// What a version manager would choose by in a folder.
    pub(super) fn choice(&mut self, dir: &Utf8Path, env: &BTreeMap<OsString, OsString>) -> VersionChoice {
        // A program sees the folder that it runs in without links.
        let dir = files::resolve_links(dir);
        let mut files = self.above(&dir);
        if let Some(home) = env.get(OsStr::new("HOME")).and_then(|home| home.to_str()) {
            let home = Utf8Path::new(home);
            if home.is_absolute() && !dir.starts_with(home) {
                let in_home = self.homes.entry(home.to_owned()).or_insert_with(|| in_folder(home));
                files.extend_from_slice(in_home);
            }
        }
        let variables = env.iter().filter_map(|(name, value)| {
            let name = name.to_str().filter(|name| is_version_variable(name))?;
            Some((name.to_owned(), value.to_string_lossy().into_owned()))
        });
        VersionChoice { files, variables: variables.collect() }
    }

    fn above(&mut self, dir: &Utf8Path) -> Vec<FileStamp> {
        if let Some(known) = self.above.get(dir) {
            return known.clone();
        }
        let mut found = in_folder(dir);
        found.extend(dir.parent().map(|parent| self.above(parent)).unwrap_or_default());
        self.above.insert(dir.to_owned(), found.clone());
        found
    }
}

/// Returns the version files of one folder.
fn in_folder(dir: &Utf8Path) -> Vec<FileStamp> {
    // Listed once: to ask for each of the names costs ten times as much. A folder may be closed to that, and not to its files.
    let entries = dir.read_dir_utf8().and_then(Iterator::collect::<io::Result<Vec<_>>>).ok();
    let is_there = |name: &&str| {
        let first = name.split('/').next();
        entries.as_ref().is_none_or(|all| all.iter().any(|entry| Some(entry.file_name()) == first))
    };
    // The engine of units has those of all others.
    let names = version_files(EngineName::Terragrunt).chain(IN_FOLDERS).filter(is_there);
    names.filter_map(|name| FileStamp::of(&dir.join(name))).collect()
}
