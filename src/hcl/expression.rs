//! Values of attributes: literals, and expressions that are evaluated when their references are known.

use std::sync::Arc;

use hcl_edit::expr::{Expression, ObjectKey};
use indexmap::IndexMap;
use serde_json::Value;

use super::{
    eval::{Reference, ReferenceResolver, evaluate_value, object_key, without_parentheses},
    parse::parse_expression,
};
use crate::engine::long_number;

/// Maximum depth of nested lists, objects and templates.
const MAX_DEPTH: usize = 128;

/// Resolver that knows no reference, so that only constant expressions have a value.
const CONSTANT_RESOLVER: ReferenceResolver<'static> = ReferenceResolver { value_of: &|_| None };

/// Value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// Constant value.
    Literal(Value),
    /// Expression with a reference, or expression that only an engine can evaluate.
    Computed(Arc<Expression>),
    /// Value that envctl's parser cannot read, such as a broken template in a file in JSON syntax.
    Unreadable,
}

impl From<&Expression> for Expr {
    fn from(expression: &Expression) -> Self {
        evaluate_value(&CONSTANT_RESOLVER, expression, MAX_DEPTH)
            .map_or_else(|| Self::Computed(Arc::new(expression.clone())), Self::Literal)
    }
}

impl Expr {
    /// Returns the value, if it is constant.
    pub fn literal(&self) -> Option<&Value> {
        match self {
            Self::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the text, if the value is a constant string.
    pub fn text(&self) -> Option<&str> {
        self.literal().and_then(Value::as_str)
    }

    /// Returns the members of an object; `None` when the value is no object, or the name of a member is unknown.
    pub fn members(&self) -> Option<IndexMap<String, Self>> {
        match self {
            Self::Literal(Value::Object(members)) => {
                Some(members.iter().map(|(k, v)| (k.clone(), Self::Literal(v.clone()))).collect())
            }
            Self::Computed(expression) => {
                let Expression::Object(object) = without_parentheses(expression) else { return None };
                let members = object.iter().map(|(key, value)| {
                    Some((object_key(&CONSTANT_RESOLVER, key, MAX_DEPTH)?, Self::from(value.expr())))
                });
                members.collect()
            }
            Self::Literal(_) | Self::Unreadable => None,
        }
    }

    /// Evaluates the expression, with `look_up` for the references in it; `None` if only an engine can evaluate it.
    pub fn evaluate(&self, look_up: &dyn Fn(Reference<'_>) -> Option<Value>) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value.clone()),
            Self::Computed(expression) => {
                evaluate_value(&ReferenceResolver { value_of: look_up }, expression, MAX_DEPTH)
            }
            Self::Unreadable => None,
        }
    }

    /// Makes an object of its members: a literal if all members are.
    pub(super) fn object(members: &IndexMap<String, Self>) -> Self {
        let literals = members.iter().map(|(k, v)| Some((k.clone(), v.literal()?.clone())));
        if let Some(literals) = literals.collect::<Option<serde_json::Map<_, _>>>() {
            return Self::Literal(Value::Object(literals));
        }
        let members = members.iter().map(|(k, v)| Some((k.as_str(), v.expression()?)));
        match members.collect::<Option<Vec<_>>>() {
            Some(members) => Self::Computed(Arc::new(object_expression(members))),
            None => Self::Unreadable,
        }
    }

    fn expression(&self) -> Option<Expression> {
        match self {
            Self::Literal(value) => expression_from_json(value, &|text| Some(Expression::from(text))),
            Self::Computed(expression) => Some((**expression).clone()),
            Self::Unreadable => None,
        }
    }
}

/// Converts a JSON value to an expression. `text` converts a string in it; `None` when that fails.
pub(super) fn expression_from_json(
    value: &Value,
    text: &dyn Fn(&str) -> Option<Expression>,
) -> Option<Expression> {
    // The evaluator keeps a number unknown that is rounded.
    if let Some(number) = long_number(value) {
        return parse_expression(number).ok();
    }
    match value {
        Value::Null => Some(Expression::null()),
        Value::Bool(value) => Some(Expression::from(*value)),
        Value::Number(number) => parse_expression(&number.to_string()).ok(),
        Value::String(value) => text(value),
        Value::Array(items) => {
            let items = items.iter().map(|item| expression_from_json(item, text));
            items.collect::<Option<Vec<_>>>().map(Expression::from)
        }
        Value::Object(members) => {
            let members =
                members.iter().map(|(name, value)| Some((name.as_str(), expression_from_json(value, text)?)));
            members.collect::<Option<Vec<_>>>().map(object_expression)
        }
    }
}

fn object_expression(members: Vec<(&str, Expression)>) -> Expression {
    let key = |name: &str| ObjectKey::from(Expression::from(name));
    members.into_iter().map(|(name, value)| (key(name), value)).collect()
}
