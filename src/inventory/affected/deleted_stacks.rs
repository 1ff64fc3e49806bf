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
        let BaseConfig::Other(old) = BaseConfig::read(self, config, overrides) else { return Vec::new() };
        let gone = old.environments().values().filter(|own| !config.environments().contains_key(&own.name));
        let stacks = |own: &Environment| {
            let stacks = BaseStacks::of(EnvironmentScope { config: &old, environment: own })
                .map(|base_stacks| base_stacks.stacks)
                .unwrap_or_default();
            let stack = |candidate: StackCandidate| GoneStack {
                environment: own.name.clone(),
                path: candidate.settings.path.clone(),
                stack: candidate.stack,
            };
            stacks.into_values().map(stack).collect()
        };
        gone.map(|own| (own.name.clone(), stacks(own))).collect()
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
        before: Option<&BaseStacks<'_>>,
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
        let stacks = before.into_iter().flat_map(|before| before.stacks.values());
        for candidate in stacks.filter(|candidate| !is_renamed(&candidate.settings)) {
            gone.insert(candidate.stack.clone(), candidate.settings.path.clone());
        }
        let EnvironmentScope { config, environment } = before.map_or(scope, |before| before.scope);
        let root = config.root();
        let real = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
        let marks = self.deleted_files.iter().filter(|path| path.file_name().is_some_and(marks_stack));
        let folders: BTreeSet<Utf8PathBuf> =
            marks.filter_map(|path| Some(path.strip_prefix(&real).ok()?.parent()?.to_owned())).collect();
        let is_left = |folder: &Utf8PathBuf| {
            let mut entries = root.join(folder).read_dir_utf8().into_iter().flatten().flatten();
            entries.any(|entry| marks_stack(entry.file_name()))
        };
        let folders: Vec<Utf8PathBuf> = folders.into_iter().filter(|folder| !is_left(folder)).collect();
        if !folders.is_empty() {
            gone.extend(stacks_of_folders(config, environment, folders));
        }
        gone.retain(|stack, _| inventory.get(stack.as_str()).is_none());
        gone
    }
}

/// Returns true if environments.toml gives two stacks of one folder the same workspace and the same backend pairs, and so
/// the same state.
fn have_same_state_settings(old: &Settings, new: &Settings) -> bool {
    let workspace = |settings: &Settings| settings.workspace.as_ref().map(|name| name.value.clone());
    let pairs = |settings: &Settings| {
        let pairs = settings.backend.iter().flat_map(|(kind, pairs)| {
            pairs.iter().map(move |(key, pair)| ((kind.clone(), key.clone()), pair.value.clone()))
        });
        pairs.collect::<BTreeMap<_, _>>()
    };
    workspace(old) == workspace(new) && pairs(old) == pairs(new)
}
