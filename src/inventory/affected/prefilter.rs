//! Fast filter for stacks that may lead to a changed path, by the text of their files and of the modules that they call.

use std::{
    collections::{HashMap, HashSet},
    io::{self, Read as _},
    sync::{Arc, Mutex, PoisonError},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{change_matcher::ChangeMatcher, computed_paths::has_computed_path, name_search::NameSearch};
use crate::{
    engine::layout::{module_files, unit_file},
    files::{self, normalised},
    inventory::Instance,
    model::EngineName,
};

/// Initial size of the text buffer in bytes; most files are not larger.
const BUFFER_SIZE: usize = 16 * 1024;

/// Search result for the configuration files in one folder.
struct ModuleScan {
    /// True if a file may lead to a changed path.
    may_lead_to_change: bool,
    /// Folders of the local modules that the files call.
    calls: Vec<Utf8PathBuf>,
}

/// Filter with a cache of the module folders that it has searched.
pub(super) struct Prefilter {
    name_search: NameSearch,
    /// Results by folder and by the engine that reads the folder.
    scans: Mutex<HashMap<(Utf8PathBuf, EngineName), Arc<ModuleScan>>>,
}

impl Prefilter {
    pub(super) fn new(name_search: NameSearch) -> Self {
        Self { name_search, scans: Mutex::default() }
    }

    /// Returns true if a stack's configuration may lead to a changed path outside of its folder.
    pub(super) fn may_reach_change(&self, instance: &Instance, matcher: &ChangeMatcher<'_>) -> bool {
        // Paths in Terragrunt files are built by functions.
        if unit_file(instance.engine).is_some() {
            return true;
        }
        let mut seen = HashSet::new();
        let mut scan = self.scan_folder(&instance.dir, instance.engine, matcher);
        if scan.may_lead_to_change {
            return true;
        }
        let mut wanted = scan.calls.clone();
        while let Some(dir) = wanted.pop() {
            if !seen.insert(dir.clone()) {
                continue;
            }
            if !matcher.trace_module(&dir).is_empty() {
                return true;
            }
            scan = self.scan_of(&dir, instance.engine, matcher);
            if scan.may_lead_to_change {
                return true;
            }
            wanted.extend(scan.calls.iter().cloned());
        }
        false
    }

    /// Returns the result of a module folder, from the cache or by a scan.
    fn scan_of(&self, dir: &Utf8Path, engine: EngineName, matcher: &ChangeMatcher<'_>) -> Arc<ModuleScan> {
        let key = (dir.to_owned(), engine);
        let scans = || self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scan) = scans().get(&key) {
            return Arc::clone(scan);
        }
        let scan = self.scan_folder(dir, engine, matcher);
        scans().insert(key, Arc::clone(&scan));
        scan
    }

    /// Searches the configuration files in a folder.
    fn scan_folder(
        &self,
        dir: &Utf8Path,
        engine: EngineName,
        matcher: &ChangeMatcher<'_>,
    ) -> Arc<ModuleScan> {
        let names = matcher.file_names(dir);
        let mut text = String::with_capacity(BUFFER_SIZE);
        let mut scan = ModuleScan { may_lead_to_change: false, calls: Vec::new() };
        for name in module_files(engine, names.iter().map(String::as_str)).all() {
            // A file that cannot be read, or is deleted, counts as a hit: the parser decides then.
            let is_read = read(&dir.join(name), &mut text).is_ok();
            let leads_nowhere =
                is_read && !has_computed_path(&text) && !self.name_search.may_lead_to_change(&text);
            let Some(calls) = leads_nowhere.then(|| local_sources(&text)).flatten() else {
                scan.may_lead_to_change = true;
                break;
            };
            scan.calls.extend(calls.into_iter().map(|source| normalised(&dir.join(source))));
        }
        Arc::new(scan)
    }
}

/// Reads a file into a buffer. The length of the file is not queried first, which saves a fifth of the time for thousands of
/// small files. A file with more than `files::LARGEST` bytes is an error, not read in part.
fn read(file: &Utf8Path, text: &mut String) -> io::Result<()> {
    text.clear();
    let length = files::open_regular(file)?.take(files::LARGEST + 1).read_to_string(text)?;
    if length as u64 > files::LARGEST { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(()) }
}

/// Returns the local folders that a text gives as sources; `None` when a source is not literal.
fn local_sources(text: &str) -> Option<Vec<String>> {
    const SOURCE_KEYWORD: &str = "source";
    let mut found = Vec::new();
    for (at, _) in text.match_indices(SOURCE_KEYWORD) {
        let is_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        if text[..at].ends_with(is_of_word) {
            continue;
        }
        let behind = text[at + SOURCE_KEYWORD.len()..].trim_start_matches('"').trim_start();
        let Some(value) = behind.strip_prefix(['=', ':']).map(str::trim_start) else { continue };
        let literal = value.strip_prefix('"').and_then(|text| text.split_once('"'))?.0;
        if literal.contains(['$', '%', '\\']) {
            return None;
        }
        if literal.starts_with(['.', '/']) {
            found.push(literal.replace("//", "/"));
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_larger_than_configuration_may_be_is_not_skimmed() {
        let keep = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(keep.path()).unwrap().join("main.tf");
        std::fs::File::create(&file).unwrap().set_len(files::LARGEST + 1).unwrap();
        assert_eq!(read(&file, &mut String::new()).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn module_sources_are_found_in_hcl_and_json_only_where_they_are_plain() {
        let text = "module \"a\" {\n  source=\"../a\"\n}\n required { source = \"hashicorp/aws\" } data_source = 1 # source of it";
        assert_eq!(local_sources(text).unwrap(), ["../a"]);
        assert_eq!(local_sources(r#"{"module":{"a":{"source" : "./b//c"}}}"#).unwrap(), ["./b/c"]);
        assert_eq!(local_sources("source = \"${var.x}/a\""), None);
        assert_eq!(local_sources("source = var.x"), None);
        assert_eq!(local_sources("{\"source\":\"..\\/a\"}"), None);
    }
}
