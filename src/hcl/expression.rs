//! Expressions, evaluated as far as possible without an engine.

use indexmap::IndexMap;
use serde_json::Value;

/// Expression: a literal, a few simple references, or an opaque one that only an engine can evaluate.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// Literal value.
    Literal(Value),
    /// Reference `var.name`.
    Variable(String),
    /// Reference `terraform.workspace` (`tofu.workspace` on OpenTofu).
    Workspace,
    /// Reference `path.module` or `path.root`.
    Folder(Folder),
    /// String with interpolations.
    Template(Vec<Expr>),
    /// Object of which at least one member is no literal.
    Object(IndexMap<String, Expr>),
    /// Expression that only an engine can evaluate.
    Opaque,
}

/// Reference of a simple expression, to be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'a> {
    /// Variable of the module.
    Variable(&'a str),
    /// Name of the workspace.
    Workspace,
    /// Folder of the configuration.
    Folder(Folder),
}

/// Folder that an expression may refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// Folder of the module itself.
    Module,
    /// Folder of the root module.
    Root,
}

impl Expr {
    /// Returns the value of a literal.
    pub fn literal(&self) -> Option<&Value> {
        match self {
            Self::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the text of a literal string.
    pub fn text(&self) -> Option<&str> {
        self.literal().and_then(Value::as_str)
    }

    /// Returns the members of an object.
    pub fn members(&self) -> Option<IndexMap<String, Self>> {
        match self {
            Self::Object(members) => Some(members.clone()),
            Self::Literal(Value::Object(members)) => {
                Some(members.iter().map(|(k, v)| (k.clone(), Self::Literal(v.clone()))).collect())
            }
            _ => None,
        }
    }

    /// Evaluates the expression with references looked up; absent if only an engine can evaluate it.
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

    /// Makes an object of these members: a literal if all of them are literals.
    pub(super) fn object(members: IndexMap<String, Self>) -> Self {
        let literals = members.iter().map(|(k, v)| Some((k.clone(), v.literal()?.clone())));
        match literals.collect::<Option<serde_json::Map<_, _>>>() {
            Some(literals) => Self::Literal(Value::Object(literals)),
            None => Self::Object(members),
        }
    }

    /// Makes a list of these items: a literal if all of them are literals, else opaque.
    pub(super) fn array(items: &[Self]) -> Self {
        let literals: Option<Vec<Value>> = items.iter().map(|item| item.literal().cloned()).collect();
        literals.map_or(Self::Opaque, |literals| Self::Literal(Value::Array(literals)))
    }

    /// Makes a string of these parts; a single part stands for itself, as in `"${var.x}"`.
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
