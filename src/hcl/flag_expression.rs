//! Values of `--var` flags that are HCL expressions: literals, and expressions that only engines evaluate.
//!
//! Engines evaluate a value of `-var` without functions and references, and read it as if it stood in parentheses: line
//! feeds end nothing (OpenTofu 1.12.6, Terraform 1.11.4). The result of operators and conditionals depends on numbers of
//! 512 bits and on type conversions, so envctl evaluates none.

use std::{collections::BTreeSet, fmt};

use hcl_edit::{
    Formatted, Ident, Number,
    expr::{Expression, ForIntro, FuncCall, ObjectKey},
    template::{Element, ForTemplateExpr},
    visit::{self, Visit},
};
use serde_json::Value;

use super::{Expr, heredocs::is_self_contained, parse::parse_expression};
use crate::model::{exact_number, is_same_number};

/// Expression in a value of a `--var` flag.
#[derive(Debug, Clone, PartialEq)]
pub enum FlagExpression {
    /// Literal, with its value.
    Literal(Value),
    /// Expression that only engines evaluate.
    EngineOnly,
}

/// Reads the value of a `--var` flag as an expression, or returns the reason why no engine takes the value.
///
/// A text that this function accepts cannot close the parentheses of [`in_parentheses`]: scanner and parser have checked it.
pub fn flag_expression(text: &str) -> Result<FlagExpression, String> {
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    if !is_self_contained(text) {
        return Err("a bracket, quote, comment or heredoc in it is not closed, or closed twice".to_owned());
    }
    // The parser refuses a number that no float of 64 bits can hold.
    let number = text.trim();
    if is_same_number(number, number) && exact_number(number).is_none() {
        return Ok(FlagExpression::EngineOnly);
    }
    let expression = parse_expression(&in_parentheses(text)).map_err(|error| error.message().to_owned())?;
    let mut names = NamesInExpression::default();
    names.visit_expr(&expression);
    let has_template = names.has_template;
    match (names.find_refused(), Expr::from(&expression)) {
        (Some(refused), _) => Err(refused.to_string()),
        (None, Expr::Literal(value)) if !has_template => Ok(FlagExpression::Literal(value)),
        (None, _) => Ok(FlagExpression::EngineOnly),
    }
}

/// Returns an expression in parentheses, as engines read the value of `-var`. A comment at its end ends with the line.
pub fn in_parentheses(text: &str) -> String {
    format!("({text}\n)")
}

/// Returns the literal texts, keys and numbers in an expression; the value of the expression may contain them.
pub fn literals(text: &str) -> Vec<Value> {
    let mut found = LiteralParts::default();
    if let Ok(expression) = parse_expression(&in_parentheses(text)) {
        found.visit_expr(&expression);
    }
    found.0
}

/// Part of an expression that engines refuse in a value of `-var`, in the order of priority for the message.
#[derive(Debug, PartialEq, Eq)]
enum RefusedPart {
    /// Call of a function, by name.
    Function(String),
    /// Reference that begins with this name.
    Reference(String),
}

impl fmt::Display for RefusedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(name) => {
                write!(f, "it calls the function `{name}`, and no engine takes a function here")
            }
            Self::Reference(name) => write!(
                f,
                "it refers to `{name}`, and no engine takes a reference here; a text stands in quotes, as `\"{name}\"`"
            ),
        }
    }
}

/// Visitor that collects the names of functions, references and `for` variables in an expression.
#[derive(Default)]
struct NamesInExpression {
    functions: Vec<String>,
    references: Vec<String>,
    /// Variables that any `for` of the expression declares.
    for_variables: BTreeSet<String>,
    /// True if a text in the expression has an interpolation or a directive.
    has_template: bool,
}

impl NamesInExpression {
    /// Returns the first function call, else the first reference to a name that no `for` declares.
    fn find_refused(self) -> Option<RefusedPart> {
        let Self { functions, references, for_variables, .. } = self;
        let reference = || references.into_iter().find(|name| !for_variables.contains(name));
        functions
            .into_iter()
            .next()
            .map(RefusedPart::Function)
            .or_else(|| reference().map(RefusedPart::Reference))
    }

    fn add_for_variables<'n>(&mut self, names: impl IntoIterator<Item = &'n Ident>) {
        self.for_variables.extend(names.into_iter().map(|name| name.as_str().to_owned()));
    }
}

impl Visit for NamesInExpression {
    fn visit_expr(&mut self, node: &Expression) {
        if let Expression::Variable(name) = node {
            self.references.push(name.as_str().to_owned());
        }
        visit::visit_expr(self, node);
    }

    fn visit_element(&mut self, node: &Element) {
        self.has_template |= !matches!(node, Element::Literal(_));
        visit::visit_element(self, node);
    }

    fn visit_func_call(&mut self, node: &FuncCall) {
        self.functions.push(node.name.name.as_str().to_owned());
        visit::visit_func_call(self, node);
    }

    fn visit_for_intro(&mut self, node: &ForIntro) {
        self.add_for_variables(node.key_var.iter().chain([&node.value_var]).map(|name| &**name));
        visit::visit_for_intro(self, node);
    }

    fn visit_for_template_expr(&mut self, node: &ForTemplateExpr) {
        self.add_for_variables(node.key_var.iter().chain([&node.value_var]).map(|name| &**name));
        visit::visit_for_template_expr(self, node);
    }
}

/// Visitor that collects the literal texts, keys and numbers of an expression.
#[derive(Default)]
struct LiteralParts(Vec<Value>);

impl Visit for LiteralParts {
    fn visit_expr(&mut self, node: &Expression) {
        if let Expression::String(text) = node {
            self.0.push(text.value().clone().into());
        }
        visit::visit_expr(self, node);
    }

    fn visit_object_key(&mut self, node: &ObjectKey) {
        if let ObjectKey::Ident(name) = node {
            self.0.push(name.as_str().into());
        }
        visit::visit_object_key(self, node);
    }

    fn visit_element(&mut self, node: &Element) {
        if let Element::Literal(text) = node {
            self.0.push(text.value().clone().into());
        }
        visit::visit_element(self, node);
    }

    fn visit_number(&mut self, node: &Formatted<Number>) {
        // As written: the parser rounds numbers.
        let written = node.as_repr().map_or_else(|| node.value().to_string(), |written| written.to_string());
        self.0.push(written.into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn functions_references_and_broken_texts_are_refused_with_the_reason() {
        for (text, reason) in [
            (
                "eu",
                "it refers to `eu`, and no engine takes a reference here; a text stands in quotes, as `\"eu\"`",
            ),
            ("[var.x]", "it refers to `var`"),
            ("{ (x) = 1 }", "it refers to `x`"),
            ("[for x in [1] : y]", "it refers to `y`"),
            ("max(1, 2) + x", "it calls the function `max`"),
            ("provider::p::f(1)", "it calls the function `f`"),
            ("[for x in [1] : upper(x)]", "it calls the function `upper`"),
            (" \n", "it is empty"),
            ("[1", "a bracket, quote, comment or heredoc in it is not closed"),
            ("1)\nother = (2", "a bracket, quote, comment or heredoc in it is not closed, or closed twice"),
            ("1) + (2", "a bracket, quote, comment or heredoc in it is not closed, or closed twice"),
        ] {
            let found = flag_expression(text).unwrap_err();
            assert!(found.starts_with(reason), "{text}: {found}");
        }
        for text in [
            "1\nother = 2",
            "1, other = 2",
            "1 2",
            "5 /",
            "# c",
            "0x10",
            "1e",
            "\"a\nb\"",
            "1\rb",
            "\"\\/\"",
            "\"\\u{41}\"",
            "\"\\x\"",
            "+5",
            ".5",
            "5.",
        ] {
            assert!(flag_expression(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn expressions_without_functions_and_references_are_left_to_the_engine() {
        for text in [
            "1 + 1",
            "1\n+ 1",
            "1 +\n1",
            "(1\n+ 1)",
            "[!true]",
            "-(1)",
            "-0",
            "true ? 1 : 2",
            "\"a${1}\"",
            "\"%{ if true }x%{ endif }\"",
            "\"%{ for x in [1] }${x}%{ endfor }\"",
            "{ \"a${1}\" = 1 }",
            "[1, 2][0]",
            "{ a = 1 }.a",
            "[\"a\"][*]",
            "[{ a = 1 }].*.a",
            "[0.1234567890123456789]",
            "12345678901234567890123456789012345678901",
            "1e400",
            "-1e-400",
            "1 == 1",
            "[for x in [1] : x]",
            "{ for k, v in { a = 1 } : k => v... }",
            "<<E\n${1}\nEX\nE\n",
            "1 + 1 # c",
            "1 + /* /* */ 1",
            "{\n  a = 1 + 1\n  b = 2 // c\n}\n",
        ] {
            assert_eq!(flag_expression(text), Ok(FlagExpression::EngineOnly), "{text:?}");
        }
    }

    #[test]
    fn literals_have_their_value() {
        for (text, value) in [
            (" 5 ", json!(5)),
            ("\n5 # c", json!(5)),
            ("-1.5", json!(-1.5)),
            ("null", json!(null)),
            ("\"$${x}\"", json!("${x}")),
            ("{ a = 1, a = 2 }", json!({ "a": 2 })),
            ("<<E\nhey\nE\n", json!("hey\n")),
            ("(\"x\")", json!("x")),
        ] {
            assert_eq!(flag_expression(text), Ok(FlagExpression::Literal(value)), "{text:?}");
        }
    }

    #[test]
    fn the_literals_of_an_expression_are_all_that_it_is_written_with() {
        let text =
            "{ key = \"one${true ? \"two\" : 1}\", \"x\" = [for x in [<<E\nthree\nE\n] : x == 0.120 ] }";
        let found = literals(text);
        for literal in [json!("key"), json!("one"), json!("two"), json!("three\n"), json!("0.120")] {
            assert!(found.contains(&literal), "{literal}: {found:?}");
        }
    }
}
