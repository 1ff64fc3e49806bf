//! Reading of values, merging of layers, and removal by `unset`.

use std::{num::NonZeroUsize, ops::Range};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use toml::de::DeValue;

use super::{
    reader::{Node, Reader},
    template::Template,
};
use crate::config::origin::{Origin, Value};

/// Type of a value of the file.
pub(crate) trait Read: Clone {
    /// Reads the value; errors are collected by the reader.
    fn read<'t>(node: &'t Node<'t>, reader: &mut Reader<'t>) -> Option<Self>;

    /// Merges the value of a higher layer into this one: tables merge by key, any other value is replaced.
    fn overlay(&mut self, higher: &Self) {
        *self = higher.clone();
    }

    /// Removes the part of the value at a path. Returns true if that existed.
    fn unset(&mut self, _path: &[&str]) -> bool {
        false
    }

    /// Calls `visit` for each template in the value.
    fn templates(&self, _visit: &mut dyn FnMut(&Template)) {}

    /// Calls `visit` with path and origin of each value in this one; `path` is the path of this value.
    fn origins(&self, _path: &str, _visit: &mut dyn FnMut(String, &Origin)) {}
}

/// Field of a table: the value of a key that may be absent.
pub(crate) trait Field: Default + Clone {
    /// Reads the value; errors are collected by the reader.
    fn read<'t>(&mut self, node: &'t Node<'t>, reader: &mut Reader<'t>);
    /// Merges the value of a higher layer into this one.
    fn overlay(&mut self, higher: &Self);
    /// Removes the value, or the part of it at a path. Returns true if that existed.
    fn unset(&mut self, path: &[&str]) -> bool;
    /// Calls `visit` for each template in the value.
    fn templates(&self, visit: &mut dyn FnMut(&Template));
    /// Calls `visit` with path and origin of each value in this one; `path` is the path of this value.
    fn origins(&self, path: &str, visit: &mut dyn FnMut(String, &Origin));
}

impl<T: Read> Field for Option<T> {
    fn read<'t>(&mut self, node: &'t Node<'t>, reader: &mut Reader<'t>) {
        *self = T::read(node, reader);
    }

    fn overlay(&mut self, higher: &Self) {
        match (self, higher) {
            (Some(own), Some(higher)) => own.overlay(higher),
            (own @ None, Some(higher)) => *own = Some(higher.clone()),
            (_, None) => {}
        }
    }

    fn unset(&mut self, path: &[&str]) -> bool {
        if path.is_empty() { self.take().is_some() } else { self.as_mut().is_some_and(|own| own.unset(path)) }
    }

    fn templates(&self, visit: &mut dyn FnMut(&Template)) {
        if let Some(own) = self {
            own.templates(visit);
        }
    }

    fn origins(&self, path: &str, visit: &mut dyn FnMut(String, &Origin)) {
        if let Some(own) = self {
            own.origins(path, visit);
        }
    }
}

/// Value with its place, for tables without layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    /// Place in the sources: see [`Sources`](super::reader::Sources).
    pub(crate) span: Range<usize>,
}

impl<T: Read> Read for Located<T> {
    fn read<'t>(node: &'t Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        let span = reader.place(node.span());
        T::read(node, reader).map(|value| Self { value, span })
    }

    fn templates(&self, visit: &mut dyn FnMut(&Template)) {
        self.value.templates(visit);
    }
}

impl<T: Read> Read for Value<T> {
    fn read<'t>(node: &'t Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
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

    fn templates(&self, visit: &mut dyn FnMut(&Template)) {
        self.value.templates(visit);
    }

    fn origins(&self, path: &str, visit: &mut dyn FnMut(String, &Origin)) {
        visit(path.to_owned(), &self.origin);
    }
}

/// Boxes tables that are rarely present, so that an absent one takes little memory.
impl<T: Read> Read for Box<T> {
    fn read<'t>(node: &'t Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        T::read(node, reader).map(Self::new)
    }

    fn overlay(&mut self, higher: &Self) {
        self.as_mut().overlay(higher);
    }

    fn unset(&mut self, path: &[&str]) -> bool {
        self.as_mut().unset(path)
    }

    fn templates(&self, visit: &mut dyn FnMut(&Template)) {
        self.as_ref().templates(visit);
    }

    fn origins(&self, path: &str, visit: &mut dyn FnMut(String, &Origin)) {
        self.as_ref().origins(path, visit);
    }
}

impl<T: Read> Read for Vec<T> {
    fn read<'t>(node: &'t Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        let array = reader.array(node, "an array")?;
        let before = reader.problems.0.len();
        let items = array.iter().filter_map(|node| T::read(node, reader)).collect();
        (reader.problems.0.len() == before).then_some(items)
    }

    fn templates(&self, visit: &mut dyn FnMut(&Template)) {
        for own in self {
            own.templates(visit);
        }
    }
}

impl<T: Read> Field for Vec<T> {
    fn read<'t>(&mut self, node: &'t Node<'t>, reader: &mut Reader<'t>) {
        *self = Read::read(node, reader).unwrap_or_default();
    }

    fn overlay(&mut self, higher: &Self) {
        if !higher.is_empty() {
            self.clone_from(higher);
        }
    }

    fn unset(&mut self, path: &[&str]) -> bool {
        let found = path.is_empty() && !self.is_empty();
        if found {
            self.clear();
        }
        found
    }

    fn templates(&self, visit: &mut dyn FnMut(&Template)) {
        Read::templates(self, visit);
    }

    // A list has one origin as a whole, so a list with layers is in a `Value`.
    fn origins(&self, _path: &str, _visit: &mut dyn FnMut(String, &Origin)) {}
}

impl Read for String {
    fn read<'t>(node: &'t Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        reader.string(node).map(str::to_owned)
    }
}

impl Read for bool {
    fn read<'t>(node: &'t Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        if let DeValue::Boolean(value) = node.get_ref() {
            return Some(*value);
        }
        reader.mismatch(node, "`true` or `false`");
        None
    }
}

impl Read for u64 {
    fn read<'t>(node: &'t Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        let number = match node.get_ref() {
            DeValue::Integer(integer) => u64::from_str_radix(integer.as_str(), integer.radix()).ok(),
            _ => None,
        };
        if number.is_none() {
            reader.mismatch(node, "a whole number from 0");
        }
        number
    }
}

impl Read for NonZeroUsize {
    fn read<'t>(node: &'t Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        let number = match node.get_ref() {
            DeValue::Integer(integer) => usize::from_str_radix(integer.as_str(), integer.radix()).ok(),
            _ => None,
        };
        let number = number.and_then(Self::new);
        if number.is_none() {
            reader.mismatch(node, "a whole number from 1");
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
