//! Sources (literals, variables) of the texts that an expression may evaluate to.

use hcl_edit::{
    Decorated,
    expr::{Expression, FuncCall, ObjectKey, Traversal, TraversalOperator},
};

use super::EvalScope;
use crate::hcl::eval::{
    LITERAL, PathPosition, TextOrigin, TextSource, evaluate, evaluate_call, evaluate_template, operator_name,
    origin_of_text,
};

/// Functions that return their arguments, or elements of them, unchanged.
const SELECTING_FUNCTIONS: [&str; 26] = [
    "coalesce",
    "coalescelist",
    "compact",
    "concat",
    "distinct",
    "element",
    "ephemeralasnull",
    "flatten",
    "keys",
    "lookup",
    "merge",
    "nonsensitive",
    "one",
    "reverse",
    "sensitive",
    "setsubtract",
    "setunion",
    "slice",
    "sort",
    "tolist",
    "tomap",
    "toset",
    "tostring",
    "try",
    "values",
    "zipmap",
];
/// Resource and data source types that write a file to a path of their own configuration.
const FILE_WRITING_TYPES: [&str; 3] = ["archive_file", "local_file", "local_sensitive_file"];

impl EvalScope<'_> {
    /// Returns the sources of the texts that an expression may evaluate to; `None` when the expression depends on an unknown
    /// value, such as the output of a module.
    pub(super) fn sources(&self, expression: &Expression, depth: usize) -> TextOrigin {
        let depth = depth.checked_sub(1)?;
        match expression {
            Expression::Null(_) | Expression::Bool(_) | Expression::Number(_) => LITERAL,
            Expression::UnaryOp(_) | Expression::BinaryOp(_) => LITERAL,
            Expression::Parenthesis(inner) => self.sources(inner.inner(), depth),
            Expression::Conditional(choice) => {
                self.sources_of_all([&choice.true_expr, &choice.false_expr].into_iter(), depth)
            }
            Expression::Array(items) => self.sources_of_all(items.iter(), depth),
            Expression::Object(object) => {
                let keys = object.iter().filter_map(|(key, _)| key_expression(key));
                self.sources_of_all(object.iter().map(|(_, value)| value.expr()).chain(keys), depth)
            }
            Expression::String(_) | Expression::StringTemplate(_) => {
                origin_of_text(&evaluate(self, expression, depth))
            }
            Expression::HeredocTemplate(text) => {
                origin_of_text(&evaluate_template(self, text.template.iter(), depth))
            }
            Expression::Variable(name) => self.sources_of_iteration_variable(name.as_str(), &[], depth),
            Expression::Traversal(traversal) => self.sources_of_traversal(traversal, depth),
            Expression::FuncCall(call) => self.sources_of_call(call, depth),
            Expression::ForExpr(each) => {
                let mut bound = self.iteration_variables.to_vec();
                let names = [each.intro.key_var.as_ref(), Some(&each.intro.value_var)];
                for name in names.into_iter().flatten() {
                    bound.push((name.to_string(), each.intro.collection_expr.clone()));
                }
                let inside = EvalScope { locals: self.locals, iteration_variables: &bound };
                inside.sources_of_all(each.key_expr.iter().chain([&each.value_expr]), depth)
            }
        }
    }

    /// Returns the sources of several expressions together.
    fn sources_of_all<'e>(
        &self,
        expressions: impl Iterator<Item = &'e Expression>,
        depth: usize,
    ) -> TextOrigin {
        let mut all = Vec::new();
        for expression in expressions {
            all.extend(self.sources(expression, depth)?);
        }
        Some(all.into_iter().collect())
    }

    /// Returns the sources of the result of a function call.
    fn sources_of_call(&self, call: &FuncCall, depth: usize) -> TextOrigin {
        let function = call.name.name.as_str();
        if call.name.is_namespaced() {
            return None;
        }
        match function {
            // The remaining arguments only select elements.
            "element" | "slice" => self.sources_of_all(call.args.iter().take(1), depth),
            "lookup" => self.sources_of_all(call.args.iter().take(1).chain(call.args.get(2)), depth),
            "fileset" | "find_in_parent_folders" => LITERAL,
            _ if SELECTING_FUNCTIONS.contains(&function) => self.sources_of_all(call.args.iter(), depth),
            _ => origin_of_text(&evaluate_call(self, call, depth)?),
        }
    }

    /// Returns the sources of a reference such as `local.a.b`.
    fn sources_of_traversal(&self, traversal: &Traversal, depth: usize) -> TextOrigin {
        let operators: Vec<&TraversalOperator> = traversal.operators.iter().map(Decorated::value).collect();
        let Expression::Variable(root) = &traversal.expr else { return self.sources(&traversal.expr, depth) };
        let first = operators.first().and_then(|operator| operator_name(self, operator, depth));
        match (root.as_str(), first.as_deref()) {
            ("path" | "count" | "terraform", _) => LITERAL,
            ("var", Some(name)) => {
                Some([(TextSource::Variable(name.to_owned()), PathPosition::WholePath)].into())
            }
            ("local", Some(name)) => self.sources_of_member(self.locals.get(name)?, &operators[1..], depth),
            ("data", Some(kind)) if FILE_WRITING_TYPES.contains(&kind) => LITERAL,
            (kind, _) if FILE_WRITING_TYPES.contains(&kind) => LITERAL,
            (name, _) => self.sources_of_iteration_variable(name, &operators, depth),
        }
    }

    /// Returns the sources of an iteration variable, or of a member of it: those of the items of its collection.
    fn sources_of_iteration_variable(
        &self,
        name: &str,
        operators: &[&TraversalOperator],
        depth: usize,
    ) -> TextOrigin {
        let at = self.iteration_variables.iter().rposition(|(bound, _)| bound == name)?;
        let outside = EvalScope { locals: self.locals, iteration_variables: &self.iteration_variables[..at] };
        let behind =
            match operators.first().and_then(|operator| operator_name(self, operator, depth)).as_deref() {
                Some("key" | "value") => &operators[1..],
                _ => operators,
            };
        outside.sources_of_items(&self.iteration_variables[at].1, behind, depth)
    }

    /// Returns the sources of the items of a collection, or of the members of the items that `operators` lead to.
    fn sources_of_items(
        &self,
        collection: &Expression,
        operators: &[&TraversalOperator],
        depth: usize,
    ) -> TextOrigin {
        let depth = depth.checked_sub(1)?;
        let all = |items: &mut dyn Iterator<Item = &Expression>| {
            let mut all = Vec::new();
            for item in items {
                all.extend(self.sources_of_member(item, operators, depth)?);
            }
            Some(all.into_iter().collect())
        };
        match collection {
            Expression::Parenthesis(inner) => self.sources_of_items(inner.inner(), operators, depth),
            Expression::Array(items) => all(&mut items.iter()),
            Expression::Object(object) => {
                let values = all(&mut object.iter().map(|(_, value)| value.expr()))?;
                let keys =
                    self.sources_of_all(object.iter().filter_map(|(key, _)| key_expression(key)), depth)?;
                Some(values.into_iter().chain(keys).collect())
            }
            Expression::FuncCall(call) if ["toset", "tomap", "tolist"].contains(&call.name.name.as_str()) => {
                self.sources_of_items(call.args.get(0)?, operators, depth)
            }
            Expression::Traversal(traversal) => match (&traversal.expr, traversal.operators.as_slice()) {
                (Expression::Variable(root), [name]) if root.as_str() == "local" => self.sources_of_items(
                    self.locals.get(&operator_name(self, name.value(), depth)?)?,
                    operators,
                    depth,
                ),
                _ => self.sources(collection, depth),
            },
            _ => self.sources(collection, depth),
        }
    }

    /// Returns the sources of the member of an object that `operators` lead to.
    fn sources_of_member(
        &self,
        expression: &Expression,
        operators: &[&TraversalOperator],
        depth: usize,
    ) -> TextOrigin {
        let depth = depth.checked_sub(1)?;
        let names: Option<Vec<String>> =
            operators.iter().map(|operator| operator_name(self, operator, depth)).collect();
        let member = names.and_then(|names| self.member(expression, &names, depth));
        self.sources(member.unwrap_or(expression), depth)
    }
}

/// Returns the expression of an object's key; `None` when the key is a bare name.
fn key_expression(key: &ObjectKey) -> Option<&Expression> {
    match key {
        ObjectKey::Expression(Expression::Variable(_)) | ObjectKey::Ident(_) => None,
        ObjectKey::Expression(key) => Some(key),
    }
}
