//! `[stacks.X]`: keys of a stack, its settings, and the settings of its instances.

use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{
    dependencies::{DependencyKeys, InstanceTable, add_properties},
    field::{KeyPath, Located, TomlValue, Visitor},
    json::Json,
    keywords::EngineChoice,
    layer::{INSTANCE_KEYS, InstanceLayer, LayerKind, LayerTable, UnsupportedKey, misplaced_key_help},
    map::Map,
    reader::{TomlNode, TomlReader},
    stack_file::FilesGlob,
    table::{FixedTable, table},
    template::Template,
};
use crate::config::{
    origin::{Layer, Value},
    support,
};

table! {
    /// Keys of a stack that have no layers.
    struct StackKeys {
        /// Folder relative to environments.toml; absent for a discovered stack.
        path: Option<Template>,
        /// Mocks: values for outputs that do not exist yet, by stack and output; used by plan and validate only.
        mocks: Map<Map<Value<Json>>>,
        /// Tags by which stacks are selected on the command line.
        tags: Vec<Located<String>>,
        /// Environments that have the stack; absent for all.
        environments: Option<Vec<Located<String>>>,
        /// Engine of the stack; absent for the engine of the project.
        engine: Option<EngineChoice>,
        /// Globs of further files that belong to the stack, relative to its folder, or below `{root}`.
        files: Vec<FilesGlob>,
        /// Settings for one environment, by its name.
        r#in: Map<InstanceTable>,
    }
}

/// Table of a stack as written.
#[derive(Debug, Clone, Default)]
pub(crate) struct StackTable {
    /// Keys without layers.
    pub(crate) own: StackKeys,
    /// Keys by which the stack depends on other stacks.
    pub(crate) dependencies: DependencyKeys,
    /// Settings; absent when the stack has none, as most stacks of a large project.
    pub(crate) layer: Option<Box<LayerTable>>,
    /// Keys that this version does not honour.
    pub(crate) unsupported: Vec<UnsupportedKey>,
}

impl TomlValue for StackTable {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let table = reader.table(node)?;
        let name = reader.path().last().copied().unwrap_or_default();
        let outer = std::mem::replace(&mut reader.layer, Layer::Stack(Arc::from(name)));
        let mut own = Self::default();
        for (key, node) in table {
            let name: &'t str = key.get_ref();
            let known = reader.within(name, |reader| {
                if INSTANCE_KEYS.contains(&name) {
                    return own.layer.get_or_insert_default().read_key(
                        LayerKind::Instance,
                        name,
                        node,
                        reader,
                    );
                }
                if let Some((key, verbs)) = support::not_yet(support::TableKind::Stack, name) {
                    own.unsupported.push(UnsupportedKey { key, origin: reader.origin(node.span()), verbs });
                }
                own.dependencies.read_key(name, node, reader) || own.own.read_key(name, node, reader)
            });
            if !known {
                let keys = StackKeys::KEYS.iter().chain(DependencyKeys::KEYS).chain(INSTANCE_KEYS);
                let keys: Vec<_> = keys.copied().collect();
                reader.report_unknown_key(
                    name,
                    key.span(),
                    &keys,
                    misplaced_key_help(name, LayerKind::Instance),
                );
            }
        }
        reader.layer = outer;
        Some(own)
    }

    fn visit(&self, path: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        self.own.visit(path, visitor);
        self.dependencies.visit(path, visitor);
        self.layer.iter().for_each(|layer| layer.visit(path, visitor));
    }
}

impl JsonSchema for StackTable {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Stack".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = StackKeys::json_schema(generator);
        add_properties(&mut schema, DependencyKeys::json_schema(generator));
        add_properties(&mut schema, InstanceLayer::json_schema(generator));
        schema
    }
}
