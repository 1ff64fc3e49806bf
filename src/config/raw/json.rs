//! TOML values converted to JSON: values of HCL variables unchanged, backend pairs with templates in their strings.

use std::ops::Range;

use serde_json::Value as JsonValue;
use toml::de::{DeInteger, DeValue};

use super::{
    field::{KeyPath, TomlValue, Visited, Visitor},
    reader::{TomlNode, TomlReader},
    template::Template,
    value_schema::value_schema,
};
use crate::model::exact_number;

/// Value of an HCL variable, with its type; templates in it are not expanded.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Json(pub(crate) JsonValue);

impl TomlValue for Json {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let value = match node.get_ref() {
            DeValue::Array(array) => {
                let items: Vec<_> = array.iter().map(|item| Self::read(item, reader)).collect();
                JsonValue::Array(
                    items.into_iter().map(|item| item.map(|json| json.0)).collect::<Option<_>>()?,
                )
            }
            DeValue::Table(table) => {
                let mut object = serde_json::Map::with_capacity(table.len());
                for (key, node) in table {
                    let key: &'t str = key.get_ref();
                    if let Some(json) = reader.within(key, |reader| Self::read(node, reader)) {
                        object.insert(key.to_owned(), json.0);
                    }
                }
                JsonValue::Object(object)
            }
            _ => scalar(node, reader)?,
        };
        Some(Self(value))
    }

    fn overlay(&mut self, higher: &Self) {
        overlay_json(&mut self.0, &higher.0);
    }

    fn unset(&mut self, path: &[&str]) -> bool {
        unset_json(&mut self.0, path)
    }
}

fn overlay_json(own: &mut JsonValue, higher: &JsonValue) {
    match (own, higher) {
        (JsonValue::Object(own), JsonValue::Object(higher)) => {
            for (key, value) in higher {
                match own.get_mut(key) {
                    Some(own) => overlay_json(own, value),
                    None => {
                        own.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (own, higher) => own.clone_from(higher),
    }
}

fn unset_json(own: &mut JsonValue, path: &[&str]) -> bool {
    match (own, path) {
        (JsonValue::Object(own), [key]) => own.shift_remove(*key).is_some(),
        (JsonValue::Object(own), [key, rest @ ..]) => {
            own.get_mut(*key).is_some_and(|own| unset_json(own, rest))
        }
        _ => false,
    }
}

/// Converts a value that is no array and no table; dates become text as in RFC 3339.
fn scalar<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<JsonValue> {
    match node.get_ref() {
        DeValue::String(text) => Some(JsonValue::String(text.clone().into_owned())),
        DeValue::Boolean(value) => Some(JsonValue::Bool(*value)),
        DeValue::Datetime(value) => Some(JsonValue::String(value.to_string())),
        DeValue::Integer(integer) => number(integer).or_else(|| {
            reader.report_invalid(
                "config::number",
                node.span(),
                "too large for 64 bits",
                "write it as a string",
            );
            None
        }),
        DeValue::Float(float) => {
            let value = exact_number(float.as_str());
            if value.is_none() {
                let is_finite = float.as_str().parse().is_ok_and(f64::is_finite);
                let (message, help) = if is_finite {
                    (
                        "more digits than 64 bits keep",
                        "write it as a string: a variable of type `number` takes that with every digit",
                    )
                } else {
                    (
                        "not a finite number",
                        "HCL has no `inf` and no `nan`; leave the key out, or use a string",
                    )
                };
                reader.report_invalid("config::number", node.span(), message, help);
            }
            value.map(JsonValue::Number)
        }
        DeValue::Array(_) | DeValue::Table(_) => {
            reader.report_wrong_type(node, "a string, a number or a boolean");
            None
        }
    }
}

fn number(integer: &DeInteger<'_>) -> Option<JsonValue> {
    let (digits, radix) = (integer.as_str(), integer.radix());
    i64::from_str_radix(digits, radix)
        .map(JsonValue::from)
        .or_else(|_| u64::from_str_radix(digits, radix).map(JsonValue::from))
        .ok()
}

/// Value of a backend pair; templates in its strings are expanded for each instance.
#[derive(Debug, Clone)]
pub(crate) enum TemplateJson {
    Text(Template),
    Scalar(JsonValue),
    List(Vec<TemplateJson>),
    /// Nested pairs: `endpoints`, `assume_role`.
    Table(Vec<(String, TemplateJson)>),
}

impl TemplateJson {
    /// Returns the value with its templates expanded by `lookup`, as [`Template::expand`] does; `None` when a name has no value.
    pub(crate) fn expand(
        &self,
        lookup: &mut dyn FnMut(&str, &Range<usize>, &mut String) -> bool,
    ) -> Option<JsonValue> {
        match self {
            Self::Text(template) => template.expand(lookup).map(JsonValue::String),
            Self::Scalar(value) => Some(value.clone()),
            Self::List(items) => {
                items.iter().map(|item| item.expand(lookup)).collect::<Option<Vec<_>>>().map(JsonValue::Array)
            }
            Self::Table(pairs) => pairs
                .iter()
                .map(|(key, item)| Some((key.clone(), item.expand(lookup)?)))
                .collect::<Option<serde_json::Map<_, _>>>()
                .map(JsonValue::Object),
        }
    }
}

impl TomlValue for TemplateJson {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        match node.get_ref() {
            DeValue::String(_) => {
                let is_path = reader.path().ends_with(&["backend", "local", "path"]);
                let text = if is_path {
                    Template::read_path(node, None, reader)
                } else {
                    Template::read(node, reader)
                };
                text.map(Self::Text)
            }
            DeValue::Array(array) => {
                let items: Vec<_> = array.iter().map(|item| Self::read(item, reader)).collect();
                items.into_iter().collect::<Option<_>>().map(Self::List)
            }
            DeValue::Table(table) => {
                let mut pairs = Vec::with_capacity(table.len());
                for (key, node) in table {
                    let key: &'t str = key.get_ref();
                    if let Some(value) = reader.within(key, |reader| Self::read(node, reader)) {
                        pairs.push((key.to_owned(), value));
                    }
                }
                Some(Self::Table(pairs))
            }
            _ => scalar(node, reader).map(Self::Scalar),
        }
    }

    fn overlay(&mut self, higher: &Self) {
        match (self, higher) {
            (Self::Table(own), Self::Table(higher)) => {
                for (key, value) in higher {
                    match own.iter_mut().find(|(k, _)| k == key) {
                        Some((_, own)) => own.overlay(value),
                        None => own.push((key.clone(), value.clone())),
                    }
                }
            }
            (own, higher) => own.clone_from(higher),
        }
    }

    fn unset(&mut self, path: &[&str]) -> bool {
        let (Self::Table(own), [key, rest @ ..]) = (self, path) else { return false };
        let Some(at) = own.iter().position(|(k, _)| k == key) else { return false };
        if rest.is_empty() {
            own.remove(at);
            true
        } else {
            own[at].1.unset(rest)
        }
    }

    fn visit(&self, _: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        self.each_text(&mut |text| visitor(Visited::Template(text)));
    }
}

impl TemplateJson {
    /// Calls `visit` for each string in the value.
    fn each_text(&self, visit: &mut dyn FnMut(&Template)) {
        match self {
            Self::Text(template) => visit(template),
            Self::Scalar(_) => {}
            Self::List(items) => items.iter().for_each(|item| item.each_text(visit)),
            Self::Table(pairs) => pairs.iter().for_each(|(_, item)| item.each_text(visit)),
        }
    }
}

value_schema!(inline Json, "Json", { "type": ["string", "number", "boolean", "array", "object"] });
value_schema!(inline TemplateJson, "TemplateJson", { "type": ["string", "number", "boolean", "array", "object"] });
