//! Root modules: folders of configuration with a state of their own, as opposed to modules that others call.

use std::collections::{HashMap, HashSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    module_sources::CalledFolders,
    outline::{declares_variables_alone, outline_of},
    tree::RepositoryTree,
    var_files::is_var_file,
};
use crate::{
    engine::{
        detect::LOCKFILE,
        layout::{is_unit_file, reader_of},
    },
    files,
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
    /// Indexes of the root modules by folder.
    by_dir: HashMap<Utf8PathBuf, usize>,
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
        let mut called = CalledFolders::default();
        for (folder, _, module, _) in &folders {
            for source in module.module_calls.values().filter_map(|call| call.source.as_ref()) {
                called.add_call(folder, &source.value);
            }
        }
        let unit_sources =
            if has_units { CalledFolders::of_terragrunt(tree) } else { CalledFolders::default() };
        let with_var_files = folders_with_var_files(tree);
        let kinds: Vec<RootKind> = folders
            .iter()
            .map(|(folder, names, module, _)| {
                // Terragrunt completes the module's incomplete backend block, so that the state is that of the unit.
                let is_incomplete = module.backend.as_ref().is_none_or(|block| block.attributes.is_empty());
                if module.cloud_span.is_none() && is_incomplete && unit_sources.contains(folder) {
                    return RootKind::Module;
                }
                let has_values = with_var_files.contains(folder.as_path());
                root_kind(tree, folder, names, module, called.contains(folder), has_values)
            })
            .collect();
        // If no folder shows that it has a state, each folder that no module calls has a local one.
        let no_root_is_certain = !has_units && !kinds.contains(&RootKind::Root);
        for ((folder, _, module, is_readable), kind) in folders.into_iter().zip(kinds) {
            if kind == RootKind::Root || kind == RootKind::Unknown && no_root_is_certain {
                roots.by_dir.insert(folder.clone(), roots.all.len());
                roots.all.push(RootModule { dir: folder.clone(), module, is_readable });
            } else {
                roots.other_modules.push(folder.clone());
            }
        }
        roots
    }

    /// Returns the root module in a folder; `None` if the folder holds none.
    pub(super) fn in_folder(&self, dir: &Utf8Path) -> Option<&RootModule> {
        self.by_dir.get(dir).and_then(|index| self.all.get(*index))
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
    is_called: bool,
    has_var_files: bool,
) -> RootKind {
    let among_modules = folder.components().any(|part| ["modules", "module"].contains(&part.as_str()));
    if module.backend.is_some() || module.cloud_span.is_some() {
        RootKind::Root
    } else if among_modules || is_called || declares_variables_alone(&outline_of(tree, folder)) {
        RootKind::Module
    } else if names.iter().any(|name| name == LOCKFILE)
        || has_var_files
        || has_provider(&tree.root.join(folder), names)
    {
        RootKind::Root
    } else {
        RootKind::Unknown
    }
}

/// Returns the folders that hold var files, themselves or in a subfolder.
fn folders_with_var_files(tree: &RepositoryTree) -> HashSet<&Utf8Path> {
    let holding = tree.folders.iter().filter(|(_, names)| names.iter().any(|name| is_var_file(name)));
    holding.flat_map(|(folder, _)| folder.ancestors().take(2)).collect()
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
    fn a_folder_of_variables_alone_is_no_root() {
        let variables = "variable \"size\" {\n  default = 1\n}\n\nlocals {\n  a = 1\n}\n";
        let files = [
            ("environments/variables.tf", variables),
            ("environments/terraform.tfvars", ""),
            ("app/variables.tf", variables),
            ("app/main.tf", "resource \"null_resource\" \"x\" {}\n"),
            ("app/terraform.tfvars", ""),
        ];
        assert_eq!(roots(&files), ["app"]);
    }

    #[test]
    fn a_module_is_called_by_expressions_too() {
        let calls = "module \"a\" {\n  source = \"${path.module}/../lib/a\"\n}\nmodule \"b\" {\n  source = \"../lib/${var.kind}/b\"\n}\nmodule \"c\" {\n  source = var.new ? \"../lib/c\" : \"../lib/d\"\n}\n";
        let provider = "provider \"aws\" {\n}\n";
        let mut files = vec![("app/main.tf", calls), ("app/p.tf", provider)];
        let called = ["lib/a/m.tf", "lib/x/b/m.tf", "lib/c/m.tf", "lib/d/m.tf", "lib/e/m.tf"];
        files.extend(called.iter().map(|path| (*path, provider)));
        assert_eq!(roots(&files), ["app", "lib/e"]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told() {
        let sample = Sample::new(&[("a/main.tf", "x {")]);
        let roots = RootModules::read(&RepositoryTree::read(sample.root()).unwrap(), false);
        assert_eq!(roots.all.len(), 1);
        assert!(roots.unreadable[0].contains("a/main.tf"), "{:?}", roots.unreadable);
    }
}
