//! Stacks that existed at the base and are deleted now. Their resources may still exist.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    base_config::{BaseConfig, BaseStacks},
    changes::RepositoryChanges,
};
use crate::{
    config::{Config, Environment, EnvironmentScope, Overrides, Settings},
    engine::layout::marks_stack,
    inventory::{
        Inventory,
        candidates::{StackCandidate, stacks_of_folders},
    },
    model::{EnvName, GoneStack, StackId},
};

impl RepositoryChanges {
    /// Returns the deleted environments, with the stacks that each of them had.
    pub fn deleted_environments(
        &self,
        config: &Config,
        overrides: &Overrides,
    ) -> Vec<(EnvName, Vec<GoneStack>)> {
        let BaseConfig::Changed(old) = BaseConfig::read(self, config, overrides) else { return Vec::new() };
        let gone =
            old.environments().values().filter(|deleted| !config.environments().contains_key(&deleted.name));
        let stacks = |deleted: &Environment| {
            let stacks = BaseStacks::load(EnvironmentScope { config: &old, environment: deleted })
                .map(|base_stacks| base_stacks.stacks)
                .unwrap_or_default();
            let stack = |candidate: StackCandidate| GoneStack {
                environment: deleted.name.clone(),
                path: candidate.settings.path.clone(),
                stack: candidate.stack,
            };
            stacks.into_values().map(stack).collect()
        };
        gone.map(|deleted| (deleted.name.clone(), stacks(deleted))).collect()
    }

    /// Returns a path relative to the root of the repository.
    pub fn relative_to_repository(&self, path: &Utf8Path) -> Utf8PathBuf {
        let ancestors = || path.ancestors().skip(1);
        // A deleted path cannot be resolved, but a folder above it can.
        let real = ancestors().find_map(|changed_by| {
            let rest = path.strip_prefix(changed_by).ok()?;
            Some(changed_by.canonicalize_utf8().ok()?.join(rest))
        });
        let real = real.unwrap_or_else(|| path.to_owned());
        real.strip_prefix(self.paths.top()).map_or_else(|_| real.clone(), Into::into)
    }

    /// Returns the deleted stacks of an environment, with the folders that they had.
    pub(super) fn deleted_stacks(
        &self,
        inventory: &Inventory,
        scope: EnvironmentScope<'_>,
        base_stacks: Option<&BaseStacks<'_>>,
    ) -> BTreeMap<StackId, Utf8PathBuf> {
        let mut gone = BTreeMap::new();
        let mut instances: BTreeMap<&Utf8Path, Vec<&Settings>> = BTreeMap::new();
        for instance in inventory.instances() {
            instances.entry(&instance.settings.path).or_default().push(&instance.settings);
        }
        // A renamed stack keeps its state: destroying the old stack would destroy resources that are in use.
        let is_renamed = |old: &Settings| {
            let there = instances.get(&*old.path).into_iter().flatten();
            there.into_iter().any(|new| have_same_state_settings(old, new))
        };
        let stacks = base_stacks.into_iter().flat_map(|base_stacks| base_stacks.stacks.values());
        for candidate in stacks.filter(|candidate| !is_renamed(&candidate.settings)) {
            gone.insert(candidate.stack.clone(), candidate.settings.path.clone());
        }
        let EnvironmentScope { config, environment } =
            base_stacks.map_or(scope, |base_stacks| base_stacks.scope);
        let root = config.root();
        let real = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
        let marks = self.deleted_files.iter().filter(|path| path.file_name().is_some_and(marks_stack));
        let folders: BTreeSet<Utf8PathBuf> =
            marks.filter_map(|path| Some(path.strip_prefix(&real).ok()?.parent()?.to_owned())).collect();
        let holds_stack = |folder: &Utf8PathBuf| {
            let mut entries = root.join(folder).read_dir_utf8().into_iter().flatten().flatten();
            entries.any(|entry| marks_stack(entry.file_name()))
        };
        let folders: Vec<Utf8PathBuf> = folders.into_iter().filter(|folder| !holds_stack(folder)).collect();
        if !folders.is_empty() {
            gone.extend(stacks_of_folders(config, environment, folders));
        }
        gone.retain(|stack, _| inventory.get(stack.as_str()).is_none());
        gone
    }
}

/// Returns true if environments.toml gives two stacks of one folder the same workspace, the same backend files and the same
/// backend pairs, and so the same state.
fn have_same_state_settings(old: &Settings, new: &Settings) -> bool {
    let workspace = |settings: &Settings| settings.workspace.as_ref().map(|name| name.value.clone());
    let pairs = |settings: &Settings| {
        let pairs = settings.backend.iter().flat_map(|(backend_type, pairs)| {
            pairs.iter().map(move |(key, pair)| ((backend_type.clone(), key.clone()), pair.value.clone()))
        });
        pairs.collect::<BTreeMap<_, _>>()
    };
    workspace(old) == workspace(new) && pairs(old) == pairs(new) && old.backend_files == new.backend_files
}
