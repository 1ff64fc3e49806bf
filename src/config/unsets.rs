//! Warnings about `unset` paths that remove nothing in any environment.

use std::{collections::BTreeMap, ops::Range};

use super::{
    origin::toml_key,
    raw::{dependencies::DependencyKeys, layer::LayerTable, reader::ConfigSources},
};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// `unset` paths that were applied, by their offset in environments.toml: span, path, and true if the path ever removed a key.
#[derive(Debug, Default)]
pub(crate) struct UnsetUsage(BTreeMap<usize, (Range<usize>, String, bool)>);

impl UnsetUsage {
    /// Merges a layer into the layers below it and records the effect of its `unset` paths.
    pub(crate) fn apply(&mut self, base: &mut LayerTable, layer: &LayerTable) {
        let unused: Vec<usize> =
            base.apply(layer).iter().filter_map(|unset| Some(unset.origin.span.as_ref()?.start)).collect();
        for unset in &layer.keys.unset {
            if let Some(span) = &unset.origin.span {
                let path = || unset.value.0.iter().map(|key| toml_key(key)).collect::<Vec<_>>().join(".");
                let entry = self.0.entry(span.start).or_insert_with(|| (span.clone(), path(), false));
                entry.2 |= !unused.contains(&span.start);
            }
        }
    }

    /// Records the effect of the `unset` paths of an instance on the dependencies of its stack.
    pub(crate) fn apply_to_dependencies(&mut self, stack: &DependencyKeys, instance: &LayerTable) {
        let mut left = stack.clone();
        for unset in &instance.keys.unset {
            if left.remove(&unset.value.0)
                && let Some(entry) = unset.origin.span.as_ref().and_then(|span| self.0.get_mut(&span.start))
            {
                entry.2 = true;
            }
        }
    }

    /// Adds a warning for each `unset` path that never removed a key.
    pub(crate) fn warn_of_idle(self, sources: &ConfigSources, problems: &mut Diagnostics) {
        for (span, path, effective) in self.0.into_values() {
            if !effective {
                let problem =
                    Diagnostic::warning("config::idle-unset", format!("`{path}` is not inherited here"));
                problems.push(sources.at(problem, &span, "takes nothing away"));
            }
        }
    }
}
