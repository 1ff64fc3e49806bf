//! Stacks from root modules: a folder per environment, one folder for all, or a single folder.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    backend_pairs::BackendContext,
    environment_names::{escape_braces, with_env},
    evidence::ScriptFindings,
    outline::outline_of,
    path_position::{EnvironmentPlace, EnvironmentPositions, NamedEnvironments},
    roots::{RootModule, RootModules},
    settings_finder::SettingsFinder,
    single_folder,
    stack::{DraftStack, EnvironmentLayout, WrittenFiles},
    tree::RepositoryTree,
    units::SeparateUnit,
    workspace_usage::{self, WorkspaceMentions},
    workspaces::{SelectedWorkspaces, WorkspaceFacts, WorkspaceUse},
};

/// Makes stacks of these root modules, without names.
pub(super) fn stacks_of_roots(
    tree: &RepositoryTree,
    roots: &RootModules,
    scripts: &ScriptFindings,
    named: &NamedEnvironments,
) -> Vec<DraftStack> {
    let dirs: Vec<&Utf8Path> = roots.all.iter().map(|root| root.dir.as_path()).collect();
    let positions =
        EnvironmentPositions::collect_with_outlines(dirs.iter().copied(), &|dir| outline_of(tree, dir))
            .with_named(named);
    let mut groups: BTreeMap<String, BTreeMap<String, &RootModule>> = BTreeMap::new();
    let mut alone = Vec::new();
    for root in &roots.all {
        match positions.place(&root.dir) {
            Some(place) => {
                let (environment, is_name) = positions.environment_at(&root.dir, place);
                let template =
                    if is_name { path_template(&root.dir, place) } else { escape_braces(root.dir.as_str()) };
                groups.entry(template).or_default().insert(environment, root);
            }
            None => alone.push(root),
        }
    }
    let finder = SettingsFinder::new(tree, scripts, dirs);
    let mut stacks: Vec<DraftStack> = groups
        .into_iter()
        .map(|(path, by_environment)| stack_of_directories(&finder, path, &by_environment))
        .collect();
    stacks.extend(single_folder::stacks_of_single_folders(&finder, &alone));
    stacks
}

/// Returns the folder as a template over the environment at this place.
fn path_template(dir: &Utf8Path, place: EnvironmentPlace) -> String {
    let parts: Vec<&str> = dir.components().map(|part| part.as_str()).collect();
    let environment = place.name_in(parts[place.depth]);
    let part = |(at, part): (usize, &&str)| match at.cmp(&place.depth) {
        std::cmp::Ordering::Less => escape_braces(part),
        std::cmp::Ordering::Equal => match place.part.and_then(|kind| Some((kind, kind.split(part)?))) {
            Some((kind, (_, rest))) => kind.join("{env}", &escape_braces(rest)),
            None => "{env}".to_owned(),
        },
        std::cmp::Ordering::Greater => with_env(part, environment),
    };
    parts.iter().enumerate().map(part).collect::<Vec<_>>().join("/")
}

/// Makes a stack with a folder per environment.
fn stack_of_directories(
    finder: &SettingsFinder<'_>,
    path: String,
    by_environment: &BTreeMap<String, &RootModule>,
) -> DraftStack {
    let environments: BTreeSet<String> = by_environment.keys().cloned().collect();
    let (var_files, backend_files) = finder.files_of_environment_folders(&path, by_environment);
    let of_files = finder.values_of(&backend_files, Utf8Path::new(&path), &environments);
    let pairs = by_environment.values().find_map(|root| {
        let context = BackendContext {
            folder: &root.dir,
            stacks: &finder.dirs,
            block: root.module.backend.as_ref()?,
            of_files: &of_files,
            has_candidates: !backend_files.candidates.is_empty(),
        };
        Some(context.pairs(finder.scripts)).filter(|pairs| !pairs.is_empty())
    });
    let mut selected = SelectedWorkspaces::default();
    let mut mentions = WorkspaceMentions::default();
    for root in by_environment.values() {
        let own = SelectedWorkspaces::find(finder.scripts, &root.dir);
        selected.names.extend(own.names);
        selected.script = selected.script.max(own.script);
        selected.template = selected.template.or(own.template);
        selected.is_by_environment |= own.is_by_environment;
        let own = workspace_usage::find_mentions(finder.tree, root, finder.scripts);
        mentions.is_mentioned |= own.is_mentioned;
        mentions.names.extend(own.names);
    }
    let facts = WorkspaceFacts {
        selected: &selected,
        mentions: &mentions,
        environments: &environments,
        distinguishes: true,
        has_unknown_place: false,
        has_folders: true,
        source: None,
        folder: &path,
    };
    DraftStack {
        name: String::new(),
        dirs: by_environment.iter().map(|(name, root)| (name.clone(), root.dir.clone())).collect(),
        var_files: WrittenFiles::of_var_files(&var_files, &environments),
        backend_files: WrittenFiles::of_backend_files(&backend_files, &environments),
        backend_values: of_files,
        pairs,
        workspace: facts.decide(),
        workspaces: selected.names,
        workspace_template: selected.template,
        needs: Vec::new(),
        reads: Vec::new(),
        links_by_environment: BTreeMap::new(),
        layout: EnvironmentLayout::Directories,
        path,
    }
}

/// Makes stacks of the units that the patterns for `[discover]` do not find, each with a folder per environment.
pub(super) fn stacks_of_units(units: &[SeparateUnit]) -> Vec<DraftStack> {
    let mut by_path: BTreeMap<String, BTreeMap<String, Utf8PathBuf>> = BTreeMap::new();
    for unit in units {
        let path = match unit.place {
            Some(place) => path_template(&unit.folder, place),
            None => escape_braces(unit.folder.as_str()),
        };
        by_path.entry(path).or_default().insert(unit.environment.clone(), unit.folder.clone());
    }
    let stacks = by_path.into_iter().map(|(path, dirs)| DraftStack {
        path,
        dirs,
        layout: EnvironmentLayout::Directories,
        ..stack_of_lone_unit(&Utf8PathBuf::new())
    });
    stacks.collect()
}

/// Makes a stack of a Terragrunt unit outside the environments' folders.
pub(super) fn stack_of_lone_unit(dir: &Utf8PathBuf) -> DraftStack {
    DraftStack {
        name: String::new(),
        path: escape_braces(dir.as_str()),
        dirs: BTreeMap::new(),
        var_files: WrittenFiles::default(),
        backend_files: WrittenFiles::default(),
        backend_values: BTreeMap::new(),
        pairs: None,
        workspace: WorkspaceUse::Default,
        workspaces: BTreeSet::new(),
        workspace_template: None,
        needs: Vec::new(),
        reads: Vec::new(),
        links_by_environment: BTreeMap::new(),
        layout: EnvironmentLayout::NoEnvironment(dir.clone()),
    }
}
