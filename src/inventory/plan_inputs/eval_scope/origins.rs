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
const CHOOSING: [&str; 26] = [
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
const MAKING: [&str; 3] = ["archive_file", "local_file", "local_sensitive_file"];

impl EvalScope<'_> {
    /// Returns the sources of the texts that an expression may evaluate to; absent when it depends on an unknown value, such
    /// as the output of a module.
    pub(super) fn sources(&self, expression: &Expression, depth: usize) -> TextOrigin {
        let depth = depth.checked_sub(1)?;
        match expression {
            Expression::Null(_) | Expression::Bool(_) | Expression::Number(_) => LITERAL,
            Expression::UnaryOp(_) | Expression::BinaryOp(_) => LITERAL,
            Expression::Parenthesis(inner) => self.sources(inner.inner(), depth),
            Expression::Conditional(choice) => {
                self.all([&choice.true_expr, &choice.false_expr].into_iter(), depth)
            }
            Expression::Array(items) => self.all(items.iter(), depth),
            Expression::Object(object) => {
                let keys = object.iter().filter_map(|(key, _)| computed(key));
                self.all(object.iter().map(|(_, value)| value.expr()).chain(keys), depth)
            }
            Expression::String(_) | Expression::StringTemplate(_) => {
                origin_of_text(&evaluate(self, expression, depth))
            }
            Expression::HeredocTemplate(text) => {
                origin_of_text(&evaluate_template(self, text.template.iter(), depth))
            }
            Expression::Variable(name) => self.of_bound(name.as_str(), &[], depth),
            Expression::Traversal(traversal) => self.of_traversal(traversal, depth),
            Expression::FuncCall(call) => self.of_call(call, depth),
            Expression::ForExpr(each) => {
                let mut bound = self.bound.to_vec();
                let names = [each.intro.key_var.as_ref(), Some(&each.intro.value_var)];
                for name in names.into_iter().flatten() {
                    bound.push((name.to_string(), each.intro.collection_expr.clone()));
                }
                let inside = EvalScope { locals: self.locals, bound: &bound };
                inside.all(each.key_expr.iter().chain([&each.value_expr]), depth)
            }
        }
    }

    fn all<'e>(&self, expressions: impl Iterator<Item = &'e Expression>, depth: usize) -> TextOrigin {
        let mut all = Vec::new();
        for expression in expressions {
            all.extend(self.sources(expression, depth)?);
        }
        Some(all.into_iter().collect())
    }

    fn of_call(&self, call: &FuncCall, depth: usize) -> TextOrigin {
        let function = call.name.name.as_str();
        if call.name.is_namespaced() {
            return None;
        }
        match function {
            // The remaining arguments only select elements.
            "element" | "slice" => self.all(call.args.iter().take(1), depth),
            "lookup" => self.all(call.args.iter().take(1).chain(call.args.get(2)), depth),
            "fileset" | "find_in_parent_folders" => LITERAL,
            _ if CHOOSING.contains(&function) => self.all(call.args.iter(), depth),
            _ => origin_of_text(&evaluate_call(self, call, depth)?),
        }
    }

    fn of_traversal(&self, traversal: &Traversal, depth: usize) -> TextOrigin {
        let operators: Vec<&TraversalOperator> = traversal.operators.iter().map(Decorated::value).collect();
        let Expression::Variable(root) = &traversal.expr else { return self.sources(&traversal.expr, depth) };
        let first = operators.first().and_then(|operator| operator_name(self, operator, depth));
        match (root.as_str(), first.as_deref()) {
            ("path" | "count" | "terraform", _) => LITERAL,
            ("var", Some(name)) => {
                Some([(TextSource::Variable(name.to_owned()), PathPosition::Whole)].into())
            }
            ("local", Some(name)) => self.of_member(self.locals.get(name)?, &operators[1..], depth),
            ("data", Some(kind)) if MAKING.contains(&kind) => LITERAL,
            (kind, _) if MAKING.contains(&kind) => LITERAL,
            (name, _) => self.of_bound(name, &operators, depth),
        }
    }

    /// Returns the sources of an iteration variable, or of a member of it: those of the items of its collection.
    fn of_bound(&self, name: &str, operators: &[&TraversalOperator], depth: usize) -> TextOrigin {
        let at = self.bound.iter().rposition(|(bound, _)| bound == name)?;
        let outside = EvalScope { locals: self.locals, bound: &self.bound[..at] };
        let behind =
            match operators.first().and_then(|operator| operator_name(self, operator, depth)).as_deref() {
                Some("key" | "value") => &operators[1..],
                _ => operators,
            };
        outside.of_items(&self.bound[at].1, behind, depth)
    }

    fn of_items(
        &self,
        collection: &Expression,
        operators: &[&TraversalOperator],
        depth: usize,
    ) -> TextOrigin {
        let depth = depth.checked_sub(1)?;
        let all = |items: &mut dyn Iterator<Item = &Expression>| {
            let mut all = Vec::new();
            for item in items {
                all.extend(self.of_member(item, operators, depth)?);
            }
            Some(all.into_iter().collect())
        };
        match collection {
            Expression::Parenthesis(inner) => self.of_items(inner.inner(), operators, depth),
            Expression::Array(items) => all(&mut items.iter()),
            Expression::Object(object) => {
                let values = all(&mut object.iter().map(|(_, value)| value.expr()))?;
                let keys = self.all(object.iter().filter_map(|(key, _)| computed(key)), depth)?;
                Some(values.into_iter().chain(keys).collect())
            }
            Expression::FuncCall(call) if ["toset", "tomap", "tolist"].contains(&call.name.name.as_str()) => {
                self.of_items(call.args.get(0)?, operators, depth)
            }
            Expression::Traversal(traversal) => match (&traversal.expr, traversal.operators.as_slice()) {
                (Expression::Variable(root), [name]) if root.as_str() == "local" => self.of_items(
                    self.locals.get(&operator_name(self, name.value(), depth)?)?,
                    operators,
                    depth,
                ),
                _ => self.sources(collection, depth),
            },
            _ => self.sources(collection, depth),
        }
    }

    fn of_member(
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

/// Returns the expression of an object's key; absent when the key is a bare name.
fn computed(key: &ObjectKey) -> Option<&Expression> {
    match key {
        ObjectKey::Expression(Expression::Variable(_)) | ObjectKey::Ident(_) => None,
        ObjectKey::Expression(key) => Some(key),
    }
}
