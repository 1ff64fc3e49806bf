//! Stacks that there were at the base and that are gone: what they made still exists.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{before::Settled, read::Changes};
use crate::{
    config::{Config, Environment, Settings},
    engine::layout::marks_stack,
    inventory::{Inventory, candidates::named_folders},
    model::StackId,
};

impl Changes {
    /// The stacks of an environment that are gone, with the folders that they had.
    pub(super) fn gone_from(
        &self,
        inventory: &Inventory,
        (config, environment): (&Config, &Environment),
        before: Option<&Settled<'_>>,
    ) -> BTreeMap<StackId, Utf8PathBuf> {
        let mut gone = BTreeMap::new();
        let mut instances: BTreeMap<&Utf8Path, Vec<&Settings>> = BTreeMap::new();
        for instance in inventory.instances() {
            instances.entry(&instance.settings.path).or_default().push(&instance.settings);
        }
        // Its state has another name to it now: to destroy what it made would destroy what is in use.
        let is_renamed = |old: &Settings| {
            let there = instances.get(&*old.path).into_iter().flatten();
            there.into_iter().any(|new| has_same_state(old, new))
        };
        let stacks = before.into_iter().flat_map(|before| before.stacks.values());
        for candidate in stacks.filter(|candidate| !is_renamed(&candidate.settings)) {
            gone.insert(candidate.stack.clone(), candidate.settings.path.clone());
        }
        let (config, environment) =
            before.map_or((config, environment), |before| (before.config(), before.environment()));
        let root = config.root();
        let real = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
        let marks = self.gone.iter().filter(|path| path.file_name().is_some_and(marks_stack));
        let folders: BTreeSet<Utf8PathBuf> =
            marks.filter_map(|path| Some(path.strip_prefix(&real).ok()?.parent()?.to_owned())).collect();
        let is_left = |folder: &Utf8PathBuf| {
            let mut entries = root.join(folder).read_dir_utf8().into_iter().flatten().flatten();
            entries.any(|entry| marks_stack(entry.file_name()))
        };
        let folders: Vec<Utf8PathBuf> = folders.into_iter().filter(|folder| !is_left(folder)).collect();
        if !folders.is_empty() {
            gone.extend(named_folders(config, environment, folders));
        }
        gone.retain(|stack, _| inventory.get(stack.as_str()).is_none());
        gone
    }
}

/// Whether environments.toml gives two stacks of one folder the same state.
fn has_same_state(old: &Settings, new: &Settings) -> bool {
    let workspace = |settings: &Settings| settings.workspace.as_ref().map(|name| name.value.clone());
    let pairs = |settings: &Settings| {
        let pairs = settings.backend.iter().flat_map(|(kind, pairs)| {
            pairs.iter().map(move |(key, pair)| ((kind.clone(), key.clone()), pair.value.clone()))
        });
        pairs.collect::<BTreeMap<_, _>>()
    };
    workspace(old) == workspace(new) && pairs(old) == pairs(new)
}
