//! Findings of `envctl init` about a repository, collected for environments.toml.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    environments::{self, FoundEnvironment},
    evidence::Evidence,
    links, names,
    project::{self, ProjectEngine},
    roots::Roots,
    stack::{DraftStack, EnvironmentLayout},
    stacks,
    tree::{RepositoryTree, ScaffoldError},
    units::{UnitTree, Units, unit_folders},
    variables::{self, Unset},
};

/// Environment of stacks that belong to none: `SHARED` beside other environments, `ONLY` if there are no others.
const SHARED: &str = "shared";
const ONLY: &str = "default";

/// Contents of a repository, in the terms of environments.toml.
#[derive(Debug)]
pub(super) struct Findings {
    /// Name of the project.
    pub(super) project: String,
    /// Engine of the project.
    pub(super) engine: ProjectEngine,
    /// Environments in the order of promotion.
    pub(super) environments: Vec<FoundEnvironment>,
    /// Stacks, each after the stacks that it needs.
    pub(super) stacks: Vec<DraftStack>,
    /// Groups of Terragrunt units that one set of patterns finds.
    pub(super) trees: Vec<UnitTree>,
    /// Variables without a value, by environment.
    pub(super) unset: BTreeMap<String, BTreeSet<Unset>>,
    /// File of secrets that SOPS encrypts.
    pub(super) sops: Option<Utf8PathBuf>,
    /// Environment that was invented for stacks that belong to none.
    pub(super) made_up: Option<&'static str>,
    /// File that selects workspaces.
    pub(super) selects: Option<Utf8PathBuf>,
    /// Folders that other folders call as modules.
    pub(super) modules: Vec<Utf8PathBuf>,
    /// Folders of examples and tests, which are not read.
    pub(super) left_out: Vec<Utf8PathBuf>,
    /// Warnings for the user.
    pub(super) warnings: Vec<String>,
}

impl Findings {
    /// Reads a repository; no program is started.
    pub(super) fn of(root: &Utf8Path) -> Result<Self, ScaffoldError> {
        let tree = RepositoryTree::read(root)?;
        let folders = unit_folders(&tree);
        let has_units = !folders.is_empty();
        let roots = Roots::read(&tree, has_units);
        let evidence = Evidence::read(&tree)?;
        let units = Units::of(&tree, folders);
        let project = project::name(root)?;
        let mut stacks = stacks::find(&tree, &roots, &evidence);
        stacks.extend(units.lone.iter().map(stacks::lone_unit));
        names::assign_names(&mut stacks, &project);
        let made_up = assign_invented_environment(&mut stacks, &units.trees);
        let mut warnings: Vec<String> = roots.unreadable.clone();
        warnings.extend(links::find_needs(&tree, &roots, &project, &mut stacks));
        let dirs: Vec<Utf8PathBuf> = roots.found.iter().map(|root| root.dir.clone()).collect();
        let engine = project::engine(&tree, &dirs, has_units, &evidence)?;
        let mut environments = environments_of(&stacks, &units.trees);
        give_workspaces(&mut environments, &stacks, &evidence);
        warnings.extend(warn(&roots, &stacks, &environments));
        warnings.extend(units.trees.iter().flat_map(|tree| &tree.mistaken).map(|folder| {
            format!("`{folder}` would be found as a unit of its own, and cannot be excluded without those below it")
        }));
        Ok(Self {
            unset: variables::unset(&tree, &roots, &stacks),
            project,
            engine,
            environments,
            stacks: in_order(stacks),
            trees: units.trees,
            sops: sops(&tree),
            made_up,
            selects: evidence.selects,
            modules: roots.modules,
            left_out: tree.left_out,
            warnings,
        })
    }

    /// Returns true if no stack was found.
    pub(super) fn is_empty(&self) -> bool {
        self.stacks.is_empty() && self.trees.is_empty()
    }
}

/// Assigns an invented environment to stacks that belong to none, and returns its name if there are any.
fn assign_invented_environment(stacks: &mut [DraftStack], trees: &[UnitTree]) -> Option<&'static str> {
    let others = !trees.is_empty() || stacks.iter().any(|stack| !stack.dirs.is_empty());
    let name = if others { SHARED } else { ONLY };
    let mut used = None;
    for stack in stacks {
        if let EnvironmentLayout::Alone(dir) = &stack.kind {
            stack.dirs.insert(name.to_owned(), dir.clone());
            used = Some(name);
        }
    }
    used
}

fn environments_of(stacks: &[DraftStack], trees: &[UnitTree]) -> Vec<FoundEnvironment> {
    let of_stacks = stacks.iter().flat_map(|stack| stack.dirs.keys());
    let names: BTreeSet<String> =
        trees.iter().flat_map(|tree| tree.units.keys()).chain(of_stacks).cloned().collect();
    environments::in_order(&names)
}

fn give_workspaces(environments: &mut [FoundEnvironment], stacks: &[DraftStack], evidence: &Evidence) {
    for environment in environments {
        let in_workspaces =
            |stack: &&DraftStack| stack.workspaces && stack.dirs.contains_key(&environment.name);
        if stacks.iter().any(|stack| in_workspaces(&stack)) {
            environment.workspace = Some(environments::workspace(&environment.name, &evidence.workspaces));
        }
    }
}

/// Returns warnings about facts that environments.toml cannot express.
fn warn(roots: &Roots, stacks: &[DraftStack], environments: &[FoundEnvironment]) -> Vec<String> {
    let mut warnings = Vec::new();
    for root in &roots.found {
        let remote = root.module.backend.as_ref().is_some_and(|block| block.backend_type == "remote");
        if root.module.cloud_span.is_some() || remote {
            warnings.push(format!(
                "`{}` keeps its state in a service that saves no plans: envctl refuses it",
                root.dir
            ));
        }
    }
    let has_workspace = |name: &String| environments.iter().any(|e| e.name == *name && e.workspace.is_some());
    for stack in stacks.iter().filter(|stack| !stack.workspaces) {
        if let Some(environment) = stack.dirs.keys().find(|name| has_workspace(name)) {
            warnings.push(format!(
                "`{}` has no workspaces today, and would be taken to that of `{environment}` like its neighbours: \
                 give it an environment of its own",
                stack.name
            ));
        }
    }
    warnings
}

/// Returns a file of secrets if the repository has rules of SOPS.
fn sops(tree: &RepositoryTree) -> Option<Utf8PathBuf> {
    tree.files().find(|file| file.file_name() == Some(".sops.yaml"))?;
    let name = |file: &Utf8PathBuf| {
        let name = file.file_name().unwrap_or_default();
        let data = [".yaml", ".yml", ".json", ".env"].iter().any(|end| name.ends_with(end));
        data && name != ".sops.yaml" && (name.contains(".enc.") || name.contains(".sops."))
    };
    tree.files().find(name)
}

/// Sorts stacks by name, each after the stacks that it needs.
fn in_order(mut stacks: Vec<DraftStack>) -> Vec<DraftStack> {
    stacks.sort_by(|a, b| a.name.cmp(&b.name));
    let mut sorted: Vec<DraftStack> = Vec::with_capacity(stacks.len());
    while !stacks.is_empty() {
        let is_ready =
            |stack: &DraftStack| stack.needs.iter().all(|need| sorted.iter().any(|s| s.name == *need));
        // Links that close a cycle were left out, so that a stack is always ready.
        let next = stacks.iter().position(is_ready).unwrap_or(0);
        sorted.push(stacks.remove(next));
    }
    let place: BTreeMap<String, usize> =
        sorted.iter().enumerate().map(|(at, stack)| (stack.name.clone(), at)).collect();
    for stack in &mut sorted {
        stack.needs.sort_by_key(|need| place.get(need).copied());
    }
    sorted
}
