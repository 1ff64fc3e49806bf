//! Comparison of an engine's manifest of installed modules with the module calls in a stack's files.

use std::{collections::HashMap, io};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::{
    fs::{Access, access},
    io::Errno,
};
use serde::Deserialize;

use crate::{
    config::VersionConstraint,
    engine::{CalledModule, layout::ENGINE_FOLDER},
    files::{self, normalised},
};

/// Result of the comparison of the installed modules with the calls in a stack's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ModulesInstalled {
    /// The module of every call is installed.
    Complete {
        /// True if any module is fetched from outside the project's folders.
        fetched: bool,
    },
    /// A module is missing, and all modules are local folders.
    LocalMissing,
    /// A module is missing or cannot be compared, and a module has to be fetched, or may have to.
    FetchedMissing,
}

/// Entry of an engine's `modules.json`: the key is the path of calls to the module.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InstalledModule {
    key: String,
    source: String,
    #[serde(default)]
    version: Option<String>,
    dir: Utf8PathBuf,
}

/// Content of an engine's `modules.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ModuleManifest {
    modules: Vec<InstalledModule>,
}

/// Function that reads the module calls in the files of a folder; `None` if they cannot be read.
pub(super) type ReadCalls<'a> = &'a dyn Fn(&Utf8Path) -> Option<Vec<CalledModule>>;

/// Origin of the modules that a stack calls, with those that its local modules call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ModuleSources {
    /// All modules are local folders, or the stack calls none.
    Local,
    /// Some modules are fetched, or may be: unreadable files, and tests, may call any.
    Fetched,
    /// An expression computes a source, so that the environments of one folder may differ.
    Computed,
}

/// Returns the origin of the modules that a stack calls.
pub(super) fn module_sources(dir: &Utf8Path, read: ReadCalls<'_>) -> ModuleSources {
    let mut sources = if has_tests(dir) { ModuleSources::Fetched } else { ModuleSources::Local };
    let (mut open, mut seen) = (vec![dir.to_owned()], Vec::new());
    while let Some(dir) = open.pop() {
        if seen.contains(&dir) {
            continue;
        }
        let calls = read(&dir);
        if calls.is_none() {
            sources = ModuleSources::Fetched;
        }
        for call in calls.unwrap_or_default() {
            match call.source {
                None => return ModuleSources::Computed,
                Some(source) if is_local(&source) => open.push(normalised(&dir.join(source))),
                Some(_) => sources = ModuleSources::Fetched,
            }
        }
        seen.push(dir);
    }
    sources
}

/// Returns true if a stack has test files, which an init reads too.
fn has_tests(dir: &Utf8Path) -> bool {
    let is_test = |name: &str| {
        [".tftest.hcl", ".tftest.json", ".tofutest.hcl", ".tofutest.json"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    [dir.to_owned(), dir.join("tests")].iter().any(|dir| {
        let entries = dir.read_dir_utf8().into_iter().flatten().flatten();
        entries.into_iter().any(|entry| is_test(entry.file_name()))
    })
}

/// Compares the manifest below `modules` with the calls in the files of a stack and of all modules that are installed for
/// it.
pub(in crate::engine) fn installed(
    dir: &Utf8Path,
    modules: &Utf8Path,
    read: ReadCalls<'_>,
) -> ModulesInstalled {
    let mut found =
        ManifestComparison { stack: dir, manifest: manifest(modules), read, fetched: false, missing: false };
    found.compare(dir, "");
    match (found.missing, found.fetched) {
        (false, fetched) => ModulesInstalled::Complete { fetched },
        (true, false) => ModulesInstalled::LocalMissing,
        (true, true) => ModulesInstalled::FetchedMissing,
    }
}

/// Returns true if a manifest names a fetched module outside the `.terraform` of the stack's folder, as after an init
/// through the links of a data directory.
pub(super) fn has_foreign_folders(modules: &Utf8Path) -> bool {
    manifest(modules).values().any(|module| {
        !module.source.is_empty() && !is_local(&module.source) && !module.dir.starts_with(ENGINE_FOLDER)
    })
}

/// State of the manifest file in which an engine lists the installed modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ManifestFile {
    /// The manifest does not exist.
    Missing,
    /// A valid list of modules.
    Valid,
    /// Invalid content: every command of an engine fails on it.
    Damaged,
}

/// Reads the state of a manifest file.
pub(super) fn manifest_file(file: &Utf8Path) -> io::Result<ManifestFile> {
    match files::read_whole(file) {
        Ok(text) if serde_json::from_slice::<ModuleManifest>(&text).is_ok() => Ok(ManifestFile::Valid),
        Ok(_) => Ok(ManifestFile::Damaged),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(ManifestFile::Missing),
        Err(error) => Err(error),
    }
}

/// Returns true if all modules of a manifest are installed, and the manifest or its folder is not writable: envctl installs
/// nothing there, and the init reports a missing module.
pub(super) fn is_fixed(stack: &Utf8Path, modules: &Utf8Path) -> bool {
    let is_refused = |path: &Utf8Path| {
        matches!(access(path.as_std_path(), Access::WRITE_OK), Err(Errno::ACCESS | Errno::ROFS | Errno::PERM))
    };
    let manifest = manifest(modules);
    !manifest.is_empty()
        && manifest.values().all(|module| stack.join(&module.dir).is_dir())
        && [modules, &modules.join("modules.json")].into_iter().any(is_refused)
}

/// Returns the modules of a manifest by key; empty if there is none or it cannot be parsed: the engine installs again then.
fn manifest(modules: &Utf8Path) -> HashMap<String, InstalledModule> {
    let read = || -> io::Result<ModuleManifest> {
        serde_json::from_slice(&files::read_whole(&modules.join("modules.json"))?).map_err(io::Error::other)
    };
    let modules = read().map(|manifest| manifest.modules).unwrap_or_default();
    modules.into_iter().map(|module| (module.key.clone(), module)).collect()
}

/// Comparison of the calls of a stack with a manifest.
struct ManifestComparison<'a> {
    stack: &'a Utf8Path,
    manifest: HashMap<String, InstalledModule>,
    read: ReadCalls<'a>,
    /// True if the stack calls a module from outside the project's folders.
    fetched: bool,
    missing: bool,
}

impl ManifestComparison<'_> {
    /// Compares the calls of one folder; the keys of its modules start with `prefix`.
    fn compare(&mut self, dir: &Utf8Path, prefix: &str) {
        let calls = (self.read)(dir).filter(|_| prefix.matches('.').count() < MAX_CALL_DEPTH);
        let Some(calls) = calls else {
            (self.fetched, self.missing) = (true, true);
            return;
        };
        for call in calls {
            let local = call.source.as_deref().filter(|source| is_local(source));
            self.fetched |= local.is_none();
            let key = format!("{prefix}{}", call.name);
            let module = self.manifest.get(&key).filter(|module| is_module_of_call(&call, module));
            let installed = module.map(|module| normalised(&self.stack.join(&module.dir)));
            let installed = installed.filter(|dir| dir.is_dir());
            self.missing |= installed.is_none();
            // A local module that is not installed yet may call modules that have to be fetched.
            let dir = installed.or_else(|| local.map(|source| normalised(&dir.join(source))));
            if let Some(dir) = dir {
                self.compare(&dir, &format!("{key}."));
            }
        }
    }
}

/// Maximum depth to which calls are followed, since a module may call itself. The engine checks deeper calls.
const MAX_CALL_DEPTH: usize = 20;

/// Returns true if an installed module is certainly the one that a call names. Engines rewrite some sources (with the host
/// of the registry, or as a URL): such a module does not count, and the engine decides.
fn is_module_of_call(call: &CalledModule, module: &InstalledModule) -> bool {
    let Some(source) = &call.source else { return false };
    let same_source = module.source == *source || module.source.ends_with(&format!("/{source}"));
    let at_home = is_local(source) || module.dir.starts_with(ENGINE_FOLDER);
    let right_version = match (&call.version, &module.version) {
        (None, _) => true,
        (Some(wanted), Some(installed)) => {
            wanted.parse::<VersionConstraint>().is_ok_and(|wanted| wanted.allows(installed))
        }
        (Some(_), None) => false,
    };
    same_source && at_home && right_version
}

fn is_local(source: &str) -> bool {
    source.starts_with("./") || source.starts_with("../") || [".", ".."].contains(&source)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn call(source: Option<&str>, version: Option<&str>) -> CalledModule {
        CalledModule {
            name: "m".to_owned(),
            source: source.map(str::to_owned),
            version: version.map(str::to_owned),
        }
    }

    fn module(source: &str, version: Option<&str>, dir: &str) -> InstalledModule {
        InstalledModule {
            key: "m".to_owned(),
            source: source.to_owned(),
            version: version.map(str::to_owned),
            dir: dir.into(),
        }
    }

    #[test]
    fn calls_are_followed_into_what_is_installed_and_what_is_local() {
        let keep = tempfile::tempdir().unwrap();
        let stack = Utf8Path::from_path(keep.path()).unwrap().join("app");
        let modules = stack.join(".terraform/modules");
        fs::create_dir_all(modules.join("f")).unwrap();
        let local =
            |name: &str, source: &str| CalledModule { name: name.to_owned(), ..call(Some(source), None) };
        let read = |dir: &Utf8Path| {
            Some(match dir.file_name() {
                Some("app") => vec![local("l", "./l")],
                Some("l") => vec![local("f", "git::file:///f")],
                _ => Vec::new(),
            })
        };
        fs::create_dir(stack.join("l")).unwrap();
        assert_eq!(installed(&stack, &modules, &read), ModulesInstalled::FetchedMissing);
        let mut list = vec![serde_json::json!({ "Key": "l", "Source": "./l", "Dir": "l" })];
        let mut write = |module: Option<serde_json::Value>| {
            list.extend(module);
            let text = serde_json::json!({ "Modules": list }).to_string();
            fs::write(modules.join("modules.json"), text).unwrap();
        };
        write(None);
        assert_eq!(installed(&stack, &modules, &read), ModulesInstalled::FetchedMissing);
        write(Some(
            serde_json::json!({ "Key": "l.f", "Source": "git::file:///f", "Dir": ".terraform/modules/f" }),
        ));
        assert_eq!(installed(&stack, &modules, &read), ModulesInstalled::Complete { fetched: true });
        assert!(!has_foreign_folders(&modules));
        write(Some(
            serde_json::json!({ "Key": "x", "Source": "git::file:///x", "Dir": "../data/modules/x" }),
        ));
        assert!(has_foreign_folders(&modules));
        let endless = |_: &Utf8Path| Some(vec![local("l", "./l")]);
        assert_eq!(installed(&stack, &modules, &endless), ModulesInstalled::FetchedMissing);
        assert_eq!(
            installed(&stack, &modules, &|_| Some(vec![local("o", "./o")])),
            ModulesInstalled::FetchedMissing
        );
        let flat = |dir: &Utf8Path| Some(if dir == stack { vec![local("o", "./o")] } else { Vec::new() });
        assert_eq!(installed(&stack, &modules, &flat), ModulesInstalled::LocalMissing);
    }

    #[test]
    fn an_installed_module_fits_only_where_that_is_certain() {
        let registry = || module("registry.opentofu.org/a/vpc/aws", Some("5.1.0"), ".terraform/modules/m");
        for (call, module, expected) in [
            (call(Some("../m"), None), module("../m", None, "../m"), true),
            (call(Some("../n"), None), module("../m", None, "../m"), false),
            (call(Some("a/vpc/aws"), Some("~> 5.0")), registry(), true),
            (call(Some("a/vpc/aws"), Some("~> 6.0")), registry(), false),
            (call(Some("a/vpc/aws"), Some("latest")), registry(), false),
            (
                call(Some("github.com/a/b"), None),
                module("git::https://github.com/a/b.git", None, ".terraform/modules/m"),
                false,
            ),
            (
                call(Some("git::file:///m"), None),
                module("git::file:///m", None, ".terraform/modules/m"),
                true,
            ),
            (
                call(Some("git::file:///m"), None),
                module("git::file:///m", None, "../.envctl/data/dev/app/modules/m"),
                false,
            ),
            (call(None, None), module("../m", None, "../m"), false),
        ] {
            assert_eq!(is_module_of_call(&call, &module), expected, "{call:?} {module:?}");
        }
    }
}
