//! Evaluation of expressions in a module, with the locals and iteration variables that they may refer to.

use std::collections::HashMap;

use hcl_edit::{
    Decorated,
    expr::{Conditional, Expression, FuncCall, ObjectKey, Traversal, TraversalOperator},
    structure::Body,
    template::Element,
};

use crate::hcl::eval::{
    ContextualCall, Evaluated, PathBase, PathSegment, Resolver, TextOrigin, evaluate, evaluate_template,
    known_text, object_member, operator_name, without_expressions,
};

/// Maximum depth of nested expressions and locals; it ends a circle of locals.
const MAX_DEPTH: usize = 24;

/// Expressions of a module's `locals`, by name.
pub(super) type Locals = HashMap<String, Expression>;

/// Adds the locals of a file. A local that another file defines too becomes a conditional with both values, since it is not
/// known here which of the files the engine loads.
pub(super) fn collect_locals(body: &Body, locals: &mut Locals) {
    for attribute in body.get_blocks("locals").flat_map(|block| block.body.attributes()) {
        let (name, value) = (attribute.key.to_string(), attribute.value.clone());
        let value = match locals.remove(&name) {
            Some(other) => Expression::from(Conditional::new(Expression::null(), other, value)),
            None => value,
        };
        locals.insert(name, value);
    }
}

/// Evaluation scope of an expression: locals and iteration variables.
#[derive(Clone, Copy)]
pub(super) struct EvalScope<'s> {
    /// Locals of the module.
    pub(super) locals: &'s Locals,
    /// Iteration variables (`each`, iterators of `dynamic` blocks, names of `for`) with their collections; the innermost
    /// last.
    pub(super) iteration_variables: &'s [(String, Expression)],
}

impl EvalScope<'_> {
    /// Returns the segments of an expression's text; a single value segment with the expression itself if nothing is known.
    pub(super) fn segments<'e>(&self, expression: &'e Expression) -> Vec<PathSegment<'e>> {
        evaluate(self, expression, MAX_DEPTH)
    }

    /// Returns the segments of a template.
    pub(super) fn template_segments<'e>(
        &self,
        elements: impl Iterator<Item = &'e Element>,
    ) -> Vec<PathSegment<'e>> {
        evaluate_template(self, elements, MAX_DEPTH)
    }

    /// Returns the segments of the text of a local, or of the member of a local that `rest` leads to; `None` if nothing is
    /// known of the text.
    fn local(
        &self,
        name: &str,
        rest: &[Decorated<TraversalOperator>],
        depth: usize,
    ) -> Option<Vec<PathSegment<'static>>> {
        let names: Option<Vec<String>> =
            rest.iter().map(|operator| operator_name(self, operator.value(), depth)).collect();
        let found = self.member(self.locals.get(name)?, &names?, depth)?;
        let segments = without_expressions(evaluate(self, found, depth));
        let is_value = matches!(segments.as_slice(), [PathSegment::Value(..)]);
        (!is_value).then_some(segments)
    }

    /// Returns the member of an object, or of a local that holds one, by the path `names`.
    fn member<'m>(
        &'m self,
        expression: &'m Expression,
        names: &[String],
        depth: usize,
    ) -> Option<&'m Expression> {
        let Some((name, rest)) = names.split_first() else { return Some(expression) };
        match expression {
            Expression::Object(object) => self.member(object_member(self, object, name, depth)?, rest, depth),
            Expression::Traversal(traversal) if depth > 0 => {
                let Expression::Variable(root) = &traversal.expr else { return None };
                let mut keys = traversal
                    .operators
                    .iter()
                    .map(|operator| operator_name(self, operator.value(), depth - 1));
                let local = self.locals.get(&keys.next()??).filter(|_| root.as_str() == "local")?;
                let names: Option<Vec<String>> = keys.chain(names.iter().cloned().map(Some)).collect();
                self.member(local, &names?, depth - 1)
            }
            _ => None,
        }
    }
}

impl Resolver for EvalScope<'_> {
    fn reference(&self, traversal: &Traversal, depth: usize) -> Option<Evaluated<'static>> {
        let Expression::Variable(root) = &traversal.expr else { return None };
        let (first, rest) = traversal.operators.split_first()?;
        let TraversalOperator::GetAttr(attribute) = first.value() else { return None };
        let segments = match (root.as_str(), attribute.as_str()) {
            ("path", "module") => vec![PathSegment::Folder(PathBase::Own, 0)],
            ("path", "root" | "cwd") => vec![PathSegment::Folder(PathBase::Stack, 0)],
            ("local", name) => self.local(name, rest, depth)?,
            _ => return None,
        };
        Some(Evaluated::Text(segments))
    }

    fn function(&self, call: &FuncCall, depth: usize) -> ContextualCall {
        let folder = |base| ContextualCall::Known(vec![PathSegment::Folder(base, 0)]);
        match call.name.name.as_str() {
            "get_terragrunt_dir" | "get_original_terragrunt_dir" => folder(PathBase::Stack),
            "get_parent_terragrunt_dir" => folder(PathBase::Own),
            "get_repo_root" | "get_path_to_repo_root" => folder(PathBase::Repository),
            // Items between other texts than slashes are paths of their own.
            "join" => {
                let between = call.args.get(0).and_then(|text| known_text(&evaluate(self, text, depth)));
                if between.is_some_and(|text| text.trim_matches('/').is_empty()) {
                    ContextualCall::Independent
                } else {
                    ContextualCall::Unknown
                }
            }
            _ => ContextualCall::Independent,
        }
    }

    fn origin(&self, expression: &Expression, depth: usize) -> TextOrigin {
        self.sources(expression, depth)
    }
}

/// Returns the text of an object's key; `None` when the key is an expression.
pub(super) fn key_text(key: &ObjectKey) -> Option<&str> {
    match key {
        ObjectKey::Ident(name) => Some(name.as_str()),
        ObjectKey::Expression(Expression::String(name)) => Some(name.value()),
        ObjectKey::Expression(Expression::Variable(name)) => Some(name.as_str()),
        ObjectKey::Expression(_) => None,
    }
}

mod origins;

#[cfg(test)]
mod tests;
