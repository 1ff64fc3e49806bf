//! Stacks: what does not depend on the environment, and the layers that do.

use indexmap::IndexMap;

use super::{
    origin::Value,
    raw::{
        document::Document,
        json::Json,
        layer::{Later, LayerTable},
        map::Map,
        reader::Sources,
        stack::StackTable,
        template::Template,
    },
    settings::Stack,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    model::StackId,
};

/// What of a stack is resolved per instance.
#[derive(Debug)]
pub(crate) struct StackLayers {
    /// Its folder.
    pub(crate) path: Option<Template>,
    /// Its own settings.
    pub(crate) layer: Option<Box<LayerTable>>,
    /// The settings of its instances.
    pub(crate) instances: Map<LayerTable>,
    /// Values from other stacks' outputs.
    pub(crate) inputs: Map<Value<String>>,
    /// Stand-ins for outputs.
    pub(crate) mocks: Map<Map<Value<Json>>>,
    /// More files that matter.
    pub(crate) files: Vec<String>,
    /// Its keys that have no behaviour yet.
    pub(crate) later: Vec<Later>,
}

/// Takes the stacks out of the document.
pub(crate) fn resolve(
    document: &mut Document,
    sources: &Sources,
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
        let StackTable { own, layer, later } = named.value;
        let stack = Stack {
            name: id.clone(),
            span: named.name_span,
            path: own.path.as_ref().map(|path| (path.text().to_owned(), path.span.clone())),
            environments: own.environments.as_ref().map(|names| {
                // Names that are wrong are reported by the validation.
                names.iter().filter_map(|name| name.value.parse().ok()).collect()
            }),
            needs: own.needs.into_iter().map(|need| (need.value.0, need.span)).collect(),
            tags: own.tags.into_iter().map(|tag| tag.value).collect(),
            engine: own.engine.and_then(|choice| choice.0),
        };
        stacks.insert(id, stack);
        layers.push(StackLayers {
            path: own.path,
            layer,
            instances: own.r#in,
            inputs: own.inputs,
            mocks: own.mocks,
            files: own.files.into_iter().map(|glob| glob.value).collect(),
            later,
        });
    }
    (stacks, layers)
}
