//! Values of texts that are one literal expression, and the reasons why other expressions have no value.
//!
//! Engines evaluate a value of `-var` without functions and references (OpenTofu 1.12.6, Terraform 1.11.4). The result of
//! operators and conditionals depends on numbers of 512 bits and on type conversions: envctl refuses them and does not guess.

use std::fmt;

use hcl_edit::{
    Formatted, Number,
    expr::{Expression, FuncCall},
    template::Element,
    visit::{Visit, visit_expr, visit_func_call},
};
use serde_json::Value;

use super::{
    Expr,
    from_hcl::{exact, simplify},
    parse::parse_expression,
};

/// Returns the value of a text that is one literal expression, or the reason why it is none.
pub fn literal_value(text: &str) -> Result<Value, String> {
    let expression = parse_expression(text.trim()).map_err(|error| error.message().to_owned())?;
    if let Expr::Literal(value) = simplify(&expression) {
        return Ok(value);
    }
    let mut obstacles = Obstacles(None);
    obstacles.visit_expr(&expression);
    // An expression without any of these obstacles has an object key that is no text.
    Err(obstacles.0.unwrap_or(Obstacle::Operation("a key that is no text")).to_string())
}

/// Part of an expression that keeps it from being a literal, in the order of priority for the message.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Obstacle {
    /// Call of a function, by name.
    Function(String),
    /// Expression `for`, whose variables do not count as references.
    For,
    /// Reference that begins with this name.
    Reference(String),
    /// Number with more digits than are kept.
    LongNumber,
    /// Another expression that engines evaluate, described for the message.
    Operation(&'static str),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let evaluated = |f: &mut fmt::Formatter<'_>, what: &str| {
            write!(
                f,
                "it holds {what}, which envctl does not evaluate; write the result, or the expression in a var file"
            )
        };
        match self {
            Self::Function(name) => {
                write!(f, "it calls the function `{name}`, and no engine takes a function here")
            }
            Self::For => evaluated(f, "a `for`"),
            Self::Reference(name) => write!(
                f,
                "it refers to `{name}`, and no engine takes a reference here; a text stands in quotes, as `\"{name}\"`"
            ),
            Self::LongNumber => f.write_str(
                "it holds a number with more digits than envctl keeps; write the value in a var file",
            ),
            Self::Operation(what) => evaluated(f, what),
        }
    }
}

/// Visitor that finds the obstacle of highest priority.
struct Obstacles(Option<Obstacle>);

impl Obstacles {
    fn note(&mut self, obstacle: Obstacle) {
        if self.0.as_ref().is_none_or(|first| obstacle < *first) {
            self.0 = Some(obstacle);
        }
    }
}

impl Visit for Obstacles {
    fn visit_expr(&mut self, node: &Expression) {
        match node {
            Expression::Variable(name) => self.note(Obstacle::Reference(name.as_str().to_owned())),
            Expression::ForExpr(_) => self.note(Obstacle::For),
            Expression::Conditional(_) => self.note(Obstacle::Operation("a conditional")),
            Expression::UnaryOp(_) | Expression::BinaryOp(_) => self.note(Obstacle::Operation("an operator")),
            Expression::Traversal(_) => self.note(Obstacle::Operation("an index or an attribute")),
            _ => {}
        }
        visit_expr(self, node);
    }

    fn visit_func_call(&mut self, node: &FuncCall) {
        self.note(Obstacle::Function(node.name.name.as_str().to_owned()));
        visit_func_call(self, node);
    }

    fn visit_element(&mut self, node: &Element) {
        if !matches!(node, Element::Literal(_)) {
            self.note(Obstacle::Operation("a template"));
        }
        hcl_edit::visit::visit_element(self, node);
    }

    fn visit_number(&mut self, node: &Formatted<Number>) {
        if exact(node).is_none() {
            self.note(Obstacle::LongNumber);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_no_literal_is_what_the_text_holds() {
        for (text, reason) in [
            (
                "eu",
                "it refers to `eu`, and no engine takes a reference here; a text stands in quotes, as `\"eu\"`",
            ),
            ("[var.x]", "it refers to `var`"),
            ("{ (x) = 1 }", "it refers to `x`"),
            ("max(1, 2) + x", "it calls the function `max`"),
            ("provider::p::f(1)", "it calls the function `f`"),
            ("[for x in [1] : x]", "it holds a `for`, which envctl does not evaluate; write the result, or"),
            ("{ for k, v in { a = 1 } : k => v }", "it holds a `for`"),
            ("1 + 1", "it holds an operator"),
            ("[!true]", "it holds an operator"),
            ("true ? 1 : 2", "it holds a conditional"),
            ("\"a${1}\"", "it holds a template"),
            ("\"%{ if true }x%{ endif }\"", "it holds a template"),
            ("{ \"a${1}\" = 1 }", "it holds a template"),
            ("[1, 2][0]", "it holds an index or an attribute"),
            ("[\"a\"][*]", "it holds an index or an attribute"),
            ("[0.1234567890123456789]", "it holds a number with more digits"),
            ("{ [1] = 1 }", "it holds a key that is no text"),
        ] {
            let found = literal_value(text).unwrap_err();
            assert!(found.starts_with(reason), "{text}: {found}");
        }
    }
}
