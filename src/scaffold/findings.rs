//! Findings of `envctl init` about a repository, collected for environments.toml.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    environments::{self, FoundEnvironment},
    evidence::ScriptFindings,
    links, names,
    path_position::NamedEnvironments,
    project::{self, ProjectEngine},
    roots::{RootModule, RootModules},
    stack::{DraftStack, EnvironmentLayout},
    stack_files::TerragruntStackFiles,
    stacks,
    tree::{RepositoryTree, ScaffoldError},
    unit_group::UnitGroup,
    units::{Units, unit_folders},
    variables::{self, UnsetVariable},
    workspaces::WorkspaceUse,
};
use crate::{engine::detect::LOCKFILE, files};

/// Name of the invented environment if the repository has other environments.
const SHARED_ENVIRONMENT: &str = "shared";
/// Name of the invented environment if there are no others.
const ONLY_ENVIRONMENT: &str = "default";

/// Stacks, environments and other facts about a repository, in the terms of environments.toml.
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
    /// Groups of Terragrunt units; one set of patterns for `[discover]` finds each group.
    pub(super) groups: Vec<UnitGroup>,
    /// Variables without a value, by environment.
    pub(super) unset_variables: BTreeMap<String, BTreeSet<UnsetVariable>>,
    /// File of secrets that SOPS encrypts.
    pub(super) sops_file: Option<Utf8PathBuf>,
    /// Environment that envctl invented for stacks that belong to no environment.
    pub(super) invented_environment: Option<&'static str>,
    /// Instances with the same state as one of a stack, by the stack's name.
    pub(super) shared_states: BTreeMap<String, BTreeSet<String>>,
    /// Lockfile of a unit with providers of Terraform's registry; `None` if there is none, or one of OpenTofu's too.
    pub(super) driven_by_terraform: Option<Utf8PathBuf>,
    /// Folders of the units that have a table of their own.
    pub(super) unit_folders: HashSet<Utf8PathBuf>,
    /// Folders that other folders call as modules.
    pub(super) modules: Vec<Utf8PathBuf>,
    /// Folders of examples and tests, which envctl did not enter.
    pub(super) skipped_folders: Vec<Utf8PathBuf>,
    /// Files of Terragrunt stacks.
    pub(super) stack_files: TerragruntStackFiles,
    /// Warnings for the user.
    pub(super) warnings: Vec<String>,
}

impl Findings {
    /// Reads a repository; no program is started. `named` are the environments whose folders the user named.
    pub(super) fn read(root: &Utf8Path, named: &NamedEnvironments) -> Result<Self, ScaffoldError> {
        let tree = RepositoryTree::read(root)?;
        let stack_files = TerragruntStackFiles::read(&tree);
        let mut folders = unit_folders(&tree, &stack_files.unit_sources);
        folders.extend(stack_files.generated_units.iter().cloned());
        let has_units = !folders.is_empty();
        let roots = RootModules::read(&tree, has_units);
        let scripts = ScriptFindings::read(&tree)?;
        let unit_dirs = folders.clone();
        let units = Units::group(&tree, folders, named);
        let project = project::project_name(root)?;
        let mut stacks = stacks::stacks_of_roots(&tree, &roots, &scripts, named);
        stacks.extend(stacks::stacks_of_units(&units.separate));
        stacks.extend(units.lone.iter().map(stacks::stack_of_lone_unit));
        let taken: HashSet<&str> =
            units.groups.iter().flat_map(|group| group.names.iter().map(String::as_str)).collect();
        names::assign_names(&mut stacks, &project, &taken);
        let invented_environment = assign_invented_environment(&mut stacks, &units.groups);
        let mut warnings: Vec<String> = roots.unreadable.clone();
        warnings.extend(stack_files.unreadable.iter().cloned());
        let links = links::find_needs(&tree, &roots, &project, &mut stacks);
        warnings.extend(links.messages);
        let dirs: Vec<Utf8PathBuf> = roots.all.iter().map(|root| root.dir.clone()).collect();
        let engine = project::project_engine(&tree, &dirs, has_units, &scripts)?;
        let mut environments = environments_of(&stacks, &units.groups);
        assign_workspaces(&mut environments, &stacks);
        warnings.extend(unusable_backends(&roots));
        warnings.extend(units.groups.iter().flat_map(|group| &group.not_excludable).map(|folder| {
            format!("`{folder}` would be found as a unit of its own, and cannot be excluded without those below it")
        }));
        let separate_units = units.separate.into_iter().map(|unit| unit.folder);
        let driven_by_terraform = lockfile_of_terraform(&tree, &unit_dirs);
        Ok(Self {
            shared_states: links.shared_states,
            driven_by_terraform,
            unset_variables: variables::unset_variables(&tree, &roots, &stacks),
            project,
            engine,
            environments,
            stacks: in_order_of_needs(stacks),
            unit_folders: units.lone.into_iter().chain(separate_units).collect(),
            groups: units.groups,
            sops_file: sops_file(&tree),
            invented_environment,
            modules: roots.other_modules,
            skipped_folders: tree.skipped_folders,
            stack_files,
            warnings,
        })
    }

    /// Returns true if some stacks are Terragrunt units.
    pub(super) fn has_units(&self) -> bool {
        !self.groups.is_empty() || self.stacks.iter().any(|stack| self.is_unit(stack))
    }

    /// Returns true if a stack is a Terragrunt unit.
    pub(super) fn is_unit(&self, stack: &DraftStack) -> bool {
        stack.dirs.values().any(|dir| self.unit_folders.contains(dir))
    }

    /// Returns the name of the environment that changes reach first: the first one in the order of promotion, else the first.
    pub(super) fn first_environment(&self) -> Option<String> {
        let is_first = |one: &&FoundEnvironment| {
            one.after.is_empty() && self.environments.iter().any(|other| other.after.contains(&one.name))
        };
        let first = self.environments.iter().find(is_first).or(self.environments.first());
        first.map(|environment| environment.name.clone())
    }

    /// Returns true if no stack was found.
    pub(super) fn is_empty(&self) -> bool {
        self.stacks.is_empty() && self.groups.is_empty()
    }
}

/// Assigns an invented environment to the stacks that belong to no environment, and returns its name if there are such
/// stacks.
fn assign_invented_environment(stacks: &mut [DraftStack], groups: &[UnitGroup]) -> Option<&'static str> {
    let others = !groups.is_empty() || stacks.iter().any(|stack| !stack.dirs.is_empty());
    let name = if others { SHARED_ENVIRONMENT } else { ONLY_ENVIRONMENT };
    let mut used = None;
    for stack in stacks {
        if let EnvironmentLayout::NoEnvironment(dir) = &stack.layout {
            stack.dirs.insert(name.to_owned(), dir.clone());
            used = Some(name);
        }
    }
    used
}

/// Returns the environments of the stacks and units, in the order of promotion.
fn environments_of(stacks: &[DraftStack], groups: &[UnitGroup]) -> Vec<FoundEnvironment> {
    let of_stacks = stacks.iter().flat_map(|stack| stack.dirs.keys());
    let names: BTreeSet<String> =
        groups.iter().flat_map(|group| group.units.keys()).chain(of_stacks).cloned().collect();
    environments::in_promotion_order(&names)
}

/// Sets the workspace of each environment that has a stack with workspaces; it is empty where it is still to be named.
fn assign_workspaces(environments: &mut [FoundEnvironment], stacks: &[DraftStack]) {
    for environment in environments {
        let own = || stacks.iter().filter(|stack| stack.dirs.contains_key(&environment.name));
        let named: BTreeSet<String> = own()
            .filter(|stack| stack.workspace.is_per_environment())
            .map(|stack| match &stack.workspace_template {
                Some(template) => template.replace("{env}", &environment.name),
                None => environments::workspace_name(&environment.name, &stack.workspaces),
            })
            .collect();
        let is_unnamed = own().any(|stack| matches!(stack.workspace, WorkspaceUse::Unnamed(_)));
        environment.workspace = match named.len() {
            0 => is_unnamed.then(String::new),
            1 => named.into_iter().next(),
            _ => Some(environment.name.clone()),
        };
    }
}

/// Returns a warning about the stacks whose backends save no plans.
fn unusable_backends(roots: &RootModules) -> Vec<String> {
    let is_remote =
        |root: &&RootModule| root.module.backend.as_ref().is_some_and(|block| block.backend_type == "remote");
    let shown = |dir: &Utf8Path| if dir.as_str().is_empty() { "`.`".to_owned() } else { format!("`{dir}`") };
    let list = |roots: Vec<&RootModule>| {
        roots.into_iter().map(|root| shown(&root.dir)).collect::<Vec<_>>().join(", ")
    };
    let cloud: Vec<&RootModule> = roots.all.iter().filter(|root| root.module.cloud_span.is_some()).collect();
    let remote: Vec<&RootModule> = roots.all.iter().filter(is_remote).collect();
    let mut warnings = Vec::new();
    if !cloud.is_empty() {
        warnings
            .push(format!("{} cannot be driven: envctl does not support `cloud` blocks yet", list(cloud)));
    }
    if !remote.is_empty() {
        warnings.push(format!(
            "{} cannot be driven: the backend `remote` keeps no saved plans, and envctl applies nothing else",
            list(remote)
        ));
    }
    warnings
}

/// Returns a lockfile of a unit if the lockfiles of all units have providers of Terraform's registry.
fn lockfile_of_terraform(tree: &RepositoryTree, units: &[Utf8PathBuf]) -> Option<Utf8PathBuf> {
    let mut found = None;
    for folder in units {
        let has_lockfile =
            tree.folders.get(folder).is_some_and(|names| names.iter().any(|name| name == LOCKFILE));
        if !has_lockfile {
            continue;
        }
        // A file that cannot be read is reported by `envctl check`.
        let text = files::read(&tree.root.join(folder).join(LOCKFILE)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        if text.contains("registry.opentofu.org/") {
            return None;
        }
        if found.is_none() && text.contains("registry.terraform.io/") {
            found = Some(folder.join(LOCKFILE));
        }
    }
    found
}

/// Returns a file of secrets if the repository has rules of SOPS.
fn sops_file(tree: &RepositoryTree) -> Option<Utf8PathBuf> {
    tree.files().find(|file| file.file_name() == Some(".sops.yaml"))?;
    let name = |file: &Utf8PathBuf| {
        let name = file.file_name().unwrap_or_default();
        let data = [".yaml", ".yml", ".json", ".env"].iter().any(|end| name.ends_with(end));
        data && name != ".sops.yaml" && (name.contains(".enc.") || name.contains(".sops."))
    };
    tree.files().find(name)
}

/// Sorts stacks by name, each after the stacks that it needs.
fn in_order_of_needs(mut stacks: Vec<DraftStack>) -> Vec<DraftStack> {
    stacks.sort_by(|a, b| a.name.cmp(&b.name));
    let by_name: HashMap<String, usize> =
        stacks.iter().enumerate().map(|(index, stack)| (stack.name.clone(), index)).collect();
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); stacks.len()];
    let mut open_needs: Vec<usize> = vec![0; stacks.len()];
    for (index, stack) in stacks.iter().enumerate() {
        let needs: BTreeSet<usize> =
            stack.all_needs().filter_map(|need| by_name.get(need).copied()).collect();
        open_needs[index] = needs.len();
        for need in needs {
            dependents[need].push(index);
        }
    }
    let mut ready: BTreeSet<usize> = (0..stacks.len()).filter(|index| open_needs[*index] == 0).collect();
    let mut position = vec![usize::MAX; stacks.len()];
    let mut count = 0;
    while let Some(next) = ready.pop_first() {
        position[next] = count;
        count += 1;
        for dependent in &dependents[next] {
            open_needs[*dependent] -= 1;
            if open_needs[*dependent] == 0 {
                ready.insert(*dependent);
            }
        }
    }
    let position_of = |name: &String| by_name.get(name).map(|index| position[*index]);
    for stack in &mut stacks {
        stack.needs.sort_by_key(position_of);
        for links in stack.links_by_environment.values_mut() {
            links.needs.sort_by_key(position_of);
        }
    }
    // Links that close a cycle are no needs, so that every stack has a position.
    stacks.sort_by_key(|stack| position_of(&stack.name));
    stacks
}
