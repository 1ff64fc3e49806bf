//! Tables whose keys are names that the user chose: variables, environments, stacks.

use std::{ops::Range, sync::Arc};

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{
    field::{Collection, KeyPath, TomlValue, Visitor},
    reader::{TomlNode, TomlReader},
};

/// Table whose keys are names that the user chose, in the order of environments.toml. Layers share the map until a layer
/// changes it.
#[derive(Debug, Clone)]
pub(crate) struct Map<T>(Option<Arc<IndexMap<Arc<str>, NamedValue<T>>>>);

/// Value of a map with the span of its name.
#[derive(Debug, Clone)]
pub(crate) struct NamedValue<T> {
    /// Span of the name in the sources: see [`ConfigSources`](super::reader::ConfigSources).
    pub(crate) name_span: Range<usize>,
    pub(crate) value: T,
}

impl<T> Default for Map<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Map<T> {
    /// Iterates over names and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &T)> {
        self.with_name_spans().map(|(name, named)| (name, &named.value))
    }

    /// Iterates over names and values, with the spans of the names.
    pub(crate) fn with_name_spans(&self) -> impl Iterator<Item = (&Arc<str>, &NamedValue<T>)> {
        self.0.iter().flat_map(|map| map.iter())
    }

    /// Returns the value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        self.get_with_span(name).map(|named| &named.value)
    }

    /// Returns the value of a name, with the span of the name.
    pub(crate) fn get_with_span(&self, name: &str) -> Option<&NamedValue<T>> {
        self.0.as_ref().and_then(|map| map.get(name))
    }

    /// Returns true if both maps share one allocation, and therefore are equal.
    pub(crate) fn is_shared_with(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            _ => false,
        }
    }
}

impl<T: Clone> Map<T> {
    /// Returns the map without a copy if no other layer shares it, and a copy otherwise.
    pub(crate) fn into_inner(self) -> IndexMap<Arc<str>, NamedValue<T>> {
        self.0.map(Arc::unwrap_or_clone).unwrap_or_default()
    }

    fn edit(&mut self) -> &mut IndexMap<Arc<str>, NamedValue<T>> {
        Arc::make_mut(self.0.get_or_insert_default())
    }
}

impl<T> FromIterator<(Arc<str>, NamedValue<T>)> for Map<T> {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, NamedValue<T>)>>(pairs: I) -> Self {
        let map: IndexMap<_, _> = pairs.into_iter().collect();
        Self((!map.is_empty()).then(|| Arc::new(map)))
    }
}

impl<T: TomlValue> TomlValue for Map<T> {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let table = reader.table(node)?;
        let pairs = table.iter().filter_map(|(key, node)| {
            let name: &'t str = key.get_ref();
            let name_span = reader.global_span(key.span());
            let value = reader.within(name, |reader| T::read(node, reader))?;
            Some((Arc::from(name), NamedValue { name_span, value }))
        });
        Some(pairs.collect())
    }

    fn overlay(&mut self, higher: &Self) {
        if self.0.is_none() {
            self.0.clone_from(&higher.0);
            return;
        }
        for (name, named) in higher.with_name_spans() {
            let own = self.edit();
            match own.get_mut(name) {
                Some(own) => {
                    own.value.overlay(&named.value);
                    own.name_span = named.name_span.clone();
                }
                None => {
                    own.insert(Arc::clone(name), named.clone());
                }
            }
        }
    }

    fn unset(&mut self, path: &[&str]) -> bool {
        match path {
            [name, ..] if self.get(name).is_none() => false,
            [] => false,
            [name] => self.edit().shift_remove(*name).is_some(),
            [name, rest @ ..] => self.edit().get_mut(*name).is_some_and(|own| own.value.unset(rest)),
        }
    }

    fn visit(&self, path: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        self.iter().for_each(|(name, own)| own.visit(&path.join(name), visitor));
    }
}

impl<T: TomlValue> Collection for Map<T> {
    fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

impl<T: JsonSchema> JsonSchema for Map<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Map_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let values = generator.subschema_for::<T>();
        schemars::json_schema!({ "type": "object", "additionalProperties": values })
    }
}
