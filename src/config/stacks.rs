//! Stacks: keys that do not depend on the environment, and the layers that do.

use std::borrow::Cow;

use indexmap::IndexMap;

use super::{
    origin::Value,
    raw::{
        dependencies::{DependencyKeys, InstanceTable},
        document::Document,
        json::Json,
        layer::{LayerTable, UnsupportedKey},
        map::Map,
        reader::ConfigSources,
        stack::StackTable,
        template::Template,
    },
    settings::Stack,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    model::StackId,
};

/// Keys of a stack that are resolved anew for each of its instances.
#[derive(Debug)]
pub(crate) struct StackLayers {
    /// Folder of the stack; `None` for a discovered stack.
    pub(crate) path: Option<Template>,
    /// Layer `[stacks.X]`; `None` when the stack has no settings.
    pub(crate) layer: Option<Box<LayerTable>>,
    /// Layers `[stacks.X.in.ENV]`, by environment.
    pub(crate) instances: Map<InstanceTable>,
    /// Keys by which the stack depends on other stacks, without those of its instances.
    pub(crate) dependencies: DependencyKeys,
    /// Mocks of outputs, by stack and output.
    pub(crate) mocks: Map<Map<Value<Json>>>,
    /// Globs of further files that belong to the stack.
    pub(crate) files: Vec<Template>,
    /// Keys that this version does not honour.
    pub(crate) unsupported: Vec<UnsupportedKey>,
}

impl StackLayers {
    /// Returns the keys by which the stack depends on other stacks in one environment.
    pub(crate) fn dependencies_in(&self, environment: &str) -> Cow<'_, DependencyKeys> {
        match self.instances.get(environment) {
            Some(instance) => Cow::Owned(self.dependencies.with_instance(instance)),
            None => Cow::Borrowed(&self.dependencies),
        }
    }
}

/// Moves the stacks out of the document, in its order: the resolved keys, and the layers for instances.
pub(crate) fn resolve(
    document: &mut Document,
    sources: &ConfigSources,
    problems: &mut Diagnostics,
) -> (IndexMap<StackId, Stack>, Vec<StackLayers>) {
    let written = std::mem::take(&mut document.stacks).into_inner();
    let mut stacks = IndexMap::with_capacity(written.len());
    let mut layers = Vec::with_capacity(written.len());
    for (name, named) in written {
        let id: StackId = match name.parse() {
            Ok(id) => id,
            Err(error) => {
                let problem = Diagnostic::error("config::name", format!("{error}"));
                problems.push(sources.at(problem, &named.name_span, ""));
                continue;
            }
        };
        let StackTable { own, dependencies, layer, unsupported } = named.value;
        let stack = Stack {
            name: id.clone(),
            span: named.name_span,
            path: own.path.as_ref().map(|path| (path.text().to_owned(), path.span.clone())),
            environments: own.environments.as_ref().map(|names| {
                // The validation reports invalid names.
                names.iter().filter_map(|name| name.value.parse().ok()).collect()
            }),
            tags: own.tags.into_iter().map(|tag| tag.value).collect(),
            engine: own.engine.and_then(|choice| choice.0),
        };
        stacks.insert(id, stack);
        layers.push(StackLayers {
            path: own.path,
            layer,
            instances: own.r#in,
            dependencies,
            mocks: own.mocks,
            files: own.files.into_iter().map(|glob| glob.0).collect(),
            unsupported,
        });
    }
    (stacks, layers)
}
