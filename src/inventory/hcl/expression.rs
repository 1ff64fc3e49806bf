//! Expressions as far as they can be known without an engine.

use indexmap::IndexMap;
use serde_json::Value;

/// An expression: a literal, a few simple references, or something that only an engine can tell.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A value as it stands.
    Literal(Value),
    /// `var.name`
    Variable(String),
    /// `terraform.workspace` (`tofu.workspace` on OpenTofu).
    Workspace,
    /// `path.module`, `path.root`
    Folder(Folder),
    /// A string with parts of its own.
    Template(Vec<Expr>),
    /// An object of which at least one member is no literal.
    Object(IndexMap<String, Expr>),
    /// Anything else.
    Opaque,
}

/// What a simple expression may refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'a> {
    /// A variable of the module.
    Variable(&'a str),
    /// The workspace's name.
    Workspace,
    /// A folder of the configuration.
    Folder(Folder),
}

/// A folder that an expression may refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// The one of the module itself.
    Module,
    /// The one of the stack.
    Root,
}

impl Expr {
    /// Its value if it is a literal.
    pub fn literal(&self) -> Option<&Value> {
        match self {
            Self::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// Its text if it is a literal string.
    pub fn text(&self) -> Option<&str> {
        self.literal().and_then(Value::as_str)
    }

    /// Its members if it is an object.
    pub fn members(&self) -> Option<IndexMap<String, Self>> {
        match self {
            Self::Object(members) => Some(members.clone()),
            Self::Literal(Value::Object(members)) => {
                Some(members.iter().map(|(k, v)| (k.clone(), Self::Literal(v.clone()))).collect())
            }
            _ => None,
        }
    }

    /// Its value, with references looked up; absent when only an engine can tell.
    pub fn evaluate(&self, look_up: &dyn Fn(Reference<'_>) -> Option<Value>) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value.clone()),
            Self::Variable(name) => look_up(Reference::Variable(name)),
            Self::Workspace => look_up(Reference::Workspace),
            Self::Folder(folder) => look_up(Reference::Folder(*folder)),
            Self::Template(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part.evaluate(look_up)? {
                        Value::String(part) => text.push_str(&part),
                        part @ (Value::Bool(_) | Value::Number(_)) => text.push_str(&part.to_string()),
                        Value::Null | Value::Array(_) | Value::Object(_) => return None,
                    }
                }
                Some(Value::String(text))
            }
            Self::Object(members) => {
                let values = members.iter().map(|(k, v)| Some((k.clone(), v.evaluate(look_up)?)));
                values.collect::<Option<serde_json::Map<_, _>>>().map(Value::Object)
            }
            Self::Opaque => None,
        }
    }

    /// An object of these members: a literal when all of them are.
    pub(super) fn object(members: IndexMap<String, Self>) -> Self {
        let literals = members.iter().map(|(k, v)| Some((k.clone(), v.literal()?.clone())));
        match literals.collect::<Option<serde_json::Map<_, _>>>() {
            Some(literals) => Self::Literal(Value::Object(literals)),
            None => Self::Object(members),
        }
    }

    /// A list of these items: a literal when all of them are.
    pub(super) fn array(items: &[Self]) -> Self {
        let literals: Option<Vec<Value>> = items.iter().map(|item| item.literal().cloned()).collect();
        literals.map_or(Self::Opaque, |literals| Self::Literal(Value::Array(literals)))
    }

    /// A string of these parts; one lone part is itself, as in `"${var.x}"`.
    pub(super) fn template(mut parts: Vec<Self>) -> Self {
        if parts.iter().all(|part| part.text().is_some()) {
            return Self::Literal(Value::String(parts.iter().filter_map(Self::text).collect()));
        }
        if parts.contains(&Self::Opaque) {
            return Self::Opaque;
        }
        match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                Self::Template(parts)
            }
        }
    }
}
