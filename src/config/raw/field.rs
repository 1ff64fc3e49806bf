//! Values of environments.toml and fields of its tables: reading, merging of layers, removal by `unset`, and visits.

use std::{fmt, num::NonZeroUsize, ops::Range};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use toml::de::DeValue;

use super::{
    reader::{TomlNode, TomlReader},
    template::Template,
};
use crate::config::origin::{Origin, Value, toml_key};

/// Path of a key in nested tables: each key with the path of the table that holds the key.
#[derive(Clone, Copy)]
pub(crate) struct KeyPath<'p> {
    parent: Option<&'p KeyPath<'p>>,
    key: &'p str,
}

impl KeyPath<'_> {
    /// Path of the table that a visit starts at.
    pub(crate) const ROOT: KeyPath<'static> = KeyPath { parent: None, key: "" };

    /// Returns the path of a key below this one.
    pub(crate) fn join<'p>(&'p self, key: &'p str) -> KeyPath<'p> {
        KeyPath { parent: Some(self), key }
    }
}

impl fmt::Display for KeyPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parent) = self.parent else { return Ok(()) };
        if parent.parent.is_some() {
            write!(f, "{parent}.")?;
        }
        f.write_str(&toml_key(self.key))
    }
}

/// Part of a value that a [`Visitor`] gets.
pub(crate) enum Visited<'v> {
    /// Text with placeholders such as `{env}`.
    Template(&'v Template),
    /// Path and origin of a value that has layers.
    Origin(&'v KeyPath<'v>, &'v Origin),
}

/// Function that a visit calls for each part that it finds.
pub(crate) type Visitor<'f> = dyn FnMut(Visited<'_>) + 'f;

/// Value of environments.toml, with all that happens to values: reading, merging over lower layers, removal by `unset`,
/// and visits of the templates and origins in it.
pub(crate) trait TomlValue: Clone {
    /// Reads the value; errors are collected by the reader.
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self>;

    /// Merges the value of a higher layer into this one: tables merge by key, any other value is replaced.
    fn overlay(&mut self, higher: &Self) {
        *self = higher.clone();
    }

    /// Removes the part of the value at a path. Returns true if there was such a part.
    fn unset(&mut self, _path: &[&str]) -> bool {
        false
    }

    /// Visits the templates in the value, and the origins of nested values; `path` is the path of the value.
    fn visit(&self, _path: &KeyPath<'_>, _visitor: &mut Visitor<'_>) {}

    /// Calls `visit` for each template in the value.
    fn each_template(&self, visit: &mut dyn FnMut(&Template)) {
        self.visit(&KeyPath::ROOT, &mut |visited| {
            if let Visited::Template(template) = visited {
                visit(template);
            }
        });
    }
}

/// Field of a table: the value of a key that may be absent.
pub(crate) trait TableField: Default + Clone {
    /// Reads the value; errors are collected by the reader.
    fn read_field<'t>(&mut self, node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>);

    /// Merges the field of a higher layer into this one.
    fn overlay_field(&mut self, higher: &Self);

    /// Removes the value, or the part of the value at a path. Returns true if there was something to remove.
    fn unset_field(&mut self, path: &[&str]) -> bool;

    /// Visits the value of the field, if it has one; `path` is the path of the field.
    fn visit_field(&self, path: &KeyPath<'_>, visitor: &mut Visitor<'_>);
}

impl<T: TomlValue> TableField for Option<T> {
    fn read_field<'t>(&mut self, node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) {
        *self = T::read(node, reader);
    }

    fn overlay_field(&mut self, higher: &Self) {
        match (self, higher) {
            (Some(own), Some(higher)) => own.overlay(higher),
            (own @ None, Some(higher)) => *own = Some(higher.clone()),
            (_, None) => {}
        }
    }

    fn unset_field(&mut self, path: &[&str]) -> bool {
        if path.is_empty() { self.take().is_some() } else { self.as_mut().is_some_and(|own| own.unset(path)) }
    }

    fn visit_field(&self, path: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        if let Some(own) = self {
            own.visit(path, visitor);
        }
    }
}

/// List or map: an absent key has the same meaning as an empty one.
pub(crate) trait Collection: TomlValue + Default {
    /// Returns true if the collection is that of an absent key.
    fn is_absent(&self) -> bool;
}

impl<T: Collection> TableField for T {
    fn read_field<'t>(&mut self, node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) {
        *self = T::read(node, reader).unwrap_or_default();
    }

    fn overlay_field(&mut self, higher: &Self) {
        if !higher.is_absent() {
            self.overlay(higher);
        }
    }

    fn unset_field(&mut self, path: &[&str]) -> bool {
        if path.is_empty() { !std::mem::take(self).is_absent() } else { self.unset(path) }
    }

    fn visit_field(&self, path: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        self.visit(path, visitor);
    }
}

/// Value with its span, for tables without layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    /// Span of the value; its offsets are those of [`ConfigSources`](super::reader::ConfigSources).
    pub(crate) span: Range<usize>,
}

impl<T: TomlValue> TomlValue for Located<T> {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let span = reader.global_span(node.span());
        T::read(node, reader).map(|value| Self { value, span })
    }

    fn visit(&self, path: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        self.value.visit(path, visitor);
    }
}

impl<T: TomlValue> TomlValue for Value<T> {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let origin = reader.origin(node.span());
        T::read(node, reader).map(|value| Self { value, origin })
    }

    fn overlay(&mut self, higher: &Self) {
        self.value.overlay(&higher.value);
        self.origin = higher.origin.clone();
    }

    fn unset(&mut self, path: &[&str]) -> bool {
        self.value.unset(path)
    }

    fn visit(&self, path: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        visitor(Visited::Origin(path, &self.origin));
        self.value.visit(path, visitor);
    }
}

/// Boxes tables that are rarely present, so that an absent one takes little memory.
impl<T: TomlValue> TomlValue for Box<T> {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        T::read(node, reader).map(Self::new)
    }

    fn overlay(&mut self, higher: &Self) {
        self.as_mut().overlay(higher);
    }

    fn unset(&mut self, path: &[&str]) -> bool {
        self.as_mut().unset(path)
    }

    fn visit(&self, path: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        self.as_ref().visit(path, visitor);
    }
}

impl<T: TomlValue> TomlValue for Vec<T> {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let array = reader.array(node, "an array")?;
        let before = reader.problems.0.len();
        let items = array.iter().filter_map(|node| T::read(node, reader)).collect();
        (reader.problems.0.len() == before).then_some(items)
    }

    // A list has one origin as a whole: a list with layers is in a `Value`.
    fn visit(&self, path: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        for own in self {
            own.visit(path, &mut |visited| {
                if matches!(visited, Visited::Template(_)) {
                    visitor(visited);
                }
            });
        }
    }
}

impl<T: TomlValue> Collection for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl TomlValue for String {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        reader.string(node).map(str::to_owned)
    }
}

impl TomlValue for bool {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        if let DeValue::Boolean(value) = node.get_ref() {
            return Some(*value);
        }
        reader.report_wrong_type(node, "`true` or `false`");
        None
    }
}

impl TomlValue for u64 {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let number = match node.get_ref() {
            DeValue::Integer(integer) => u64::from_str_radix(integer.as_str(), integer.radix()).ok(),
            _ => None,
        };
        if number.is_none() {
            reader.report_wrong_type(node, "a whole number from 0");
        }
        number
    }
}

impl TomlValue for NonZeroUsize {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let number = match node.get_ref() {
            DeValue::Integer(integer) => usize::from_str_radix(integer.as_str(), integer.radix()).ok(),
            _ => None,
        };
        let number = number.and_then(Self::new);
        if number.is_none() {
            reader.report_wrong_type(node, "a whole number from 1");
        }
        number
    }
}

macro_rules! transparent_schema {
    ($($type:ident),*) => {$(
        impl<T: JsonSchema> JsonSchema for $type<T> {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                T::schema_name()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                generator.subschema_for::<T>()
            }
        }
    )*};
}

transparent_schema!(Located, Value);
