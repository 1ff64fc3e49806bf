//! Keys of a stack, and of one of its instances, by which it depends on other stacks.

use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{
    field::{KeyPath, Located, TomlValue, Visitor},
    keywords::StackName,
    layer::{INSTANCE_KEYS, InstanceLayer, LayerKind, LayerTable, misplaced_key_help},
    map::Map,
    reader::{TomlNode, TomlReader},
    table::{FixedTable as _, table},
};
use crate::config::origin::{Layer, Value};

table! {
    /// Keys by which a stack depends on other stacks.
    struct DependencyKeys {
        /// Stacks that must be applied before this stack.
        needs: Option<Vec<Located<StackName>>>,
        /// Values from other stacks' outputs: `vpc_id = "network.vpc_id"`.
        inputs: Map<Value<String>>,
        /// Stacks whose state this stack reads (`terraform_remote_state`) without waiting for them.
        reads: Option<Vec<Located<StackName>>>,
    }
}

impl DependencyKeys {
    /// Returns the keys of a stack with those of one instance over them: `inputs` merge, lists replace. The `unset` paths of the
    /// instance remove keys of the stack.
    pub(crate) fn with_instance(&self, instance: &InstanceTable) -> Self {
        let mut merged = self.clone();
        for path in &instance.layer.keys.unset {
            merged.remove(path.value.0.as_slice());
        }
        merged.overlay(&instance.dependencies);
        merged
    }

    /// Removes the key at a path of `unset`. Returns true if there was such a key.
    pub(crate) fn remove(&mut self, path: &[String]) -> bool {
        let keys: Vec<&str> = path.iter().map(String::as_str).collect();
        self.unset(&keys)
    }
}

/// Table `[stacks.X.in.ENV]`.
#[derive(Debug, Clone, Default)]
pub(crate) struct InstanceTable {
    /// Keys by which the instance depends on other stacks.
    pub(crate) dependencies: DependencyKeys,
    /// Settings.
    pub(crate) layer: LayerTable,
}

impl TomlValue for InstanceTable {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let table = reader.table(node)?;
        let layer = match *reader.path() {
            ["stacks", stack, "in", environment] => Layer::Instance(Arc::from(stack), Arc::from(environment)),
            _ => reader.layer.clone(),
        };
        let outer = std::mem::replace(&mut reader.layer, layer);
        let mut own = Self::default();
        for (key, node) in table {
            let name: &'t str = key.get_ref();
            let is_known = reader.within(name, |reader| {
                own.dependencies.read_key(name, node, reader)
                    || own.layer.read_key(LayerKind::Instance, name, node, reader)
            });
            if !is_known {
                let keys: Vec<_> = DependencyKeys::KEYS.iter().chain(INSTANCE_KEYS).copied().collect();
                let help = misplaced_key_help(name, LayerKind::Instance);
                reader.report_unknown_key(name, key.span(), &keys, help);
            }
        }
        reader.layer = outer;
        Some(own)
    }

    fn visit(&self, path: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        self.dependencies.visit(path, visitor);
        self.layer.visit(path, visitor);
    }
}

impl JsonSchema for InstanceTable {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Instance".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = InstanceLayer::json_schema(generator);
        add_properties(&mut schema, DependencyKeys::json_schema(generator));
        schema
    }
}

/// Adds the properties of one schema to those of another one.
pub(crate) fn add_properties(schema: &mut Schema, mut other: Schema) {
    let added = other.get_mut("properties").and_then(serde_json::Value::as_object_mut);
    let keys = schema.get_mut("properties").and_then(serde_json::Value::as_object_mut);
    if let (Some(keys), Some(added)) = (keys, added) {
        keys.append(added);
    }
}
