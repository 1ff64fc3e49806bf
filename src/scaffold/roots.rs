//! Root modules: folders of configuration with a state of their own, as opposed to modules that others call.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::{tree::RepositoryTree, unit_sources::UnitSources, var_files::is_var_file};
use crate::{
    engine::{
        detect::LOCKFILE,
        layout::{is_unit_file, reader_of},
    },
    files::{self, normalised},
    hcl::{Module, read_folder},
};

/// Root module: folder of configuration with a state of its own.
#[derive(Debug)]
pub(super) struct RootModule {
    /// Folder, relative to the repository.
    pub(super) dir: Utf8PathBuf,
    /// Configuration in its files; empty if they could not be read.
    pub(super) module: Module,
    /// False if the files could not be read, so that backend, variables and workspaces are unknown.
    pub(super) is_readable: bool,
}

/// Root modules and other modules of a repository.
#[derive(Debug, Default)]
pub(super) struct RootModules {
    /// All root modules, in the order of their paths.
    pub(super) all: Vec<RootModule>,
    /// Folders of other modules, in the order of their paths.
    pub(super) other_modules: Vec<Utf8PathBuf>,
    /// Messages about files that could not be read.
    pub(super) unreadable: Vec<String>,
}

impl RootModules {
    /// Reads every folder of configuration that is no Terragrunt unit.
    pub(super) fn read(tree: &RepositoryTree, has_units: bool) -> Self {
        let mut roots = Self::default();
        let mut folders = Vec::new();
        let engine = reader_of(
            tree.folders_with_configuration().flat_map(|(_, names)| names.iter().map(String::as_str)),
        );
        for (folder, names) in tree
            .folders_with_configuration()
            .filter(|(_, names)| !names.iter().any(|name| is_unit_file(name)))
        {
            let read = read_folder(engine, &tree.root.join(folder), &tree.root);
            let is_readable = read.is_ok();
            let module = read.unwrap_or_else(|problems| {
                roots.unreadable.extend(problems.0.iter().map(ToString::to_string));
                Module::default()
            });
            folders.push((folder, names, module, is_readable));
        }
        let called: BTreeSet<Utf8PathBuf> = folders
            .iter()
            .flat_map(|(folder, _, module, _)| module.module_calls.values().map(move |call| (folder, call)))
            .filter_map(|(folder, call)| Some(normalised(&folder.join(call.local_source()?))))
            .collect();
        let unit_sources = if has_units { UnitSources::read(tree) } else { UnitSources::default() };
        // Terragrunt completes the module's incomplete backend block, so that the state is that of the unit.
        let is_module_of_unit = |folder: &Utf8Path, module: &Module| {
            let is_incomplete = module.backend.as_ref().is_none_or(|backend| backend.attributes.is_empty());
            module.cloud_span.is_none() && is_incomplete && unit_sources.contains(folder)
        };
        let mut kinds: Vec<RootKind> = folders
            .iter()
            .map(|(folder, names, module, _)| {
                if is_module_of_unit(folder, module) {
                    RootKind::Module
                } else {
                    root_kind(tree, folder, names, module, &called)
                }
            })
            .collect();
        // If no folder shows that it has a state, each folder that no module calls has a local one.
        let no_root_is_certain = !has_units && !kinds.contains(&RootKind::Root);
        for kind in kinds.iter_mut().filter(|kind| **kind == RootKind::Unknown) {
            *kind = if no_root_is_certain { RootKind::Root } else { RootKind::Module };
        }
        for ((folder, _, module, is_readable), kind) in folders.into_iter().zip(kinds) {
            match kind {
                RootKind::Root => roots.all.push(RootModule { dir: folder.clone(), module, is_readable }),
                RootKind::Module | RootKind::Unknown => roots.other_modules.push(folder.clone()),
            }
        }
        roots
    }
}

/// Classification of a folder of configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RootKind {
    /// Root module.
    Root,
    /// Module that others call.
    Module,
    /// Folder without a sign of a state of its own.
    Unknown,
}

/// Determines whether a folder of configuration is a root module.
fn root_kind(
    tree: &RepositoryTree,
    folder: &Utf8Path,
    names: &[String],
    module: &Module,
    called: &BTreeSet<Utf8PathBuf>,
) -> RootKind {
    let among_modules = folder.components().any(|part| ["modules", "module"].contains(&part.as_str()));
    if module.backend.is_some() || module.cloud_span.is_some() {
        RootKind::Root
    } else if among_modules || called.contains(folder) {
        RootKind::Module
    } else if names.iter().any(|name| name == LOCKFILE)
        || has_var_files(tree, folder)
        || has_provider(&tree.root.join(folder), names)
    {
        RootKind::Root
    } else {
        RootKind::Unknown
    }
}

/// Returns true if a folder or one of its subfolders holds var files.
fn has_var_files(tree: &RepositoryTree, folder: &Utf8Path) -> bool {
    let near = |path: &Utf8Path| path == folder || path.parent() == Some(folder);
    tree.folders.iter().any(|(path, names)| near(path) && names.iter().any(|name| is_var_file(name)))
}

/// Returns true if the folder configures a provider, which called modules leave to their callers.
fn has_provider(dir: &Utf8Path, names: &[String]) -> bool {
    let is_native =
        |name: &str| ["tf", "tofu"].contains(&Utf8Path::new(name).extension().unwrap_or_default());
    let configuration = names.iter().filter(|name| is_native(name));
    configuration.into_iter().any(|name| {
        let text = files::read(&dir.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&text).lines().any(|line| line.starts_with("provider \""))
    })
}

#[cfg(test)]
mod tests {
    use super::{super::sample::Sample, *};

    fn roots(files: &[(&str, &str)]) -> Vec<String> {
        let sample = Sample::new(files);
        let roots = RootModules::read(&RepositoryTree::read(sample.root()).unwrap(), false);
        roots.all.into_iter().map(|root| root.dir.into_string()).collect()
    }

    const BACKEND: &str = "terraform {\n  backend \"s3\" {}\n}\n";

    #[test]
    fn what_others_call_is_no_stack_unless_it_has_a_backend() {
        let call = "module \"a\" { source = \"../lib/a\" }\nmodule \"b\" { source = \"../lib/b\" }\n";
        let files = [
            ("app/main.tf", call),
            ("lib/a/main.tf", ""),
            ("lib/b/main.tf", BACKEND),
            ("modules/c/main.tf", ""),
        ];
        assert_eq!(roots(&files), ["lib/b"], "app says nothing of a state and another does");
        let files = [("app/main.tf", call), ("lib/a/main.tf", ""), ("lib/b/main.tf", "")];
        assert_eq!(roots(&files), ["app"]);
    }

    #[test]
    fn a_module_that_a_unit_names_is_no_root_where_it_leaves_its_backend_open() {
        let unit = "terraform {\n  source = \"${get_repo_root()}/components//app\"\n}\n";
        let own = "terraform {\n  backend \"s3\" {\n    key = \"own\"\n  }\n}\n";
        for (module, found) in
            [(BACKEND, vec!["other"]), (own, vec!["components/app", "other"]), ("", vec!["other"])]
        {
            let sample = Sample::new(&[
                ("live/dev/app/terragrunt.hcl", unit),
                ("components/app/main.tf", module),
                ("other/main.tf", BACKEND),
            ]);
            let roots = RootModules::read(&RepositoryTree::read(sample.root()).unwrap(), true);
            let dirs: Vec<String> = roots.all.into_iter().map(|root| root.dir.into_string()).collect();
            assert_eq!(dirs, found, "{module}");
        }
    }

    #[test]
    fn a_provider_a_lockfile_or_a_var_file_tell_a_root() {
        let files = [
            ("a/main.tf", "provider \"aws\" {\n}\n"),
            ("b/main.tf", ""),
            ("b/.terraform.lock.hcl", ""),
            ("c/main.tf", ""),
            ("c/terraform.tfvars", ""),
            ("d/main.tf", ""),
        ];
        assert_eq!(roots(&files), ["a", "b", "c"]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told() {
        let sample = Sample::new(&[("a/main.tf", "x {")]);
        let roots = RootModules::read(&RepositoryTree::read(sample.root()).unwrap(), false);
        assert_eq!(roots.all.len(), 1);
        assert!(roots.unreadable[0].contains("a/main.tf"), "{:?}", roots.unreadable);
    }
}
