//! Evaluation of HCL expressions to path segments, as far as their text and the locals of the module tell.

use std::collections::HashMap;

use hcl_edit::{
    expr::{Conditional, Expression, FuncCall, ObjectKey, Traversal, TraversalOperator},
    structure::Body,
    template::Element,
};

use super::{
    path_template::{Base, PathSegment, absolute, detached, folder, name, push},
    provenance::{Use, WRITTEN, used},
};

/// Maximum depth of nested expressions and locals; it ends a circle of locals.
const DEPTH: usize = 24;

/// Expressions of a module's `locals`, by name.
pub(super) type Locals = HashMap<String, Expression>;

/// Adds the locals of a file. A local that another file defines too becomes a conditional with both values, since it is not
/// known here which of the files the engine loads.
pub(super) fn take_locals(body: &Body, locals: &mut Locals) {
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
    pub(super) locals: &'s Locals,
    /// Iteration variables (`each`, iterators of `dynamic` blocks, names of `for`) with their collections; the innermost
    /// last.
    pub(super) bound: &'s [(String, Expression)],
}

impl EvalScope<'_> {
    /// Returns the segments of an expression's text; a single value segment with the expression itself if nothing is known.
    pub(super) fn pieces<'e>(&self, expression: &'e Expression) -> Vec<PathSegment<'e>> {
        self.text(expression, DEPTH)
    }

    /// Returns the segments of a template.
    pub(super) fn elements<'e>(&self, elements: impl Iterator<Item = &'e Element>) -> Vec<PathSegment<'e>> {
        self.template(elements, DEPTH)
    }

    fn template<'e>(
        &self,
        elements: impl Iterator<Item = &'e Element>,
        depth: usize,
    ) -> Vec<PathSegment<'e>> {
        let mut pieces = Vec::new();
        // True if the last interpolation strips the whitespace behind it (`~}`).
        let mut strips = false;
        for element in elements {
            match element {
                Element::Literal(text) => {
                    let text = if strips { text.value().trim_start() } else { text.value() };
                    push(&mut pieces, PathSegment::Text(text.to_owned()));
                    strips = false;
                }
                Element::Interpolation(value) => {
                    if value.strip.strip_start()
                        && let Some(PathSegment::Text(before)) = pieces.last_mut()
                    {
                        before.truncate(before.trim_end().len());
                    }
                    strips = value.strip.strip_end();
                    self.text(&value.expr, depth).into_iter().for_each(|piece| push(&mut pieces, piece));
                }
                Element::Directive(directive) => pieces.push(PathSegment::Directive(directive)),
            }
        }
        pieces
    }

    fn text<'e>(&self, expression: &'e Expression, depth: usize) -> Vec<PathSegment<'e>> {
        let known = match expression {
            _ if depth == 0 => None,
            Expression::String(text) => Some(vec![PathSegment::Text(text.value().clone())]),
            Expression::StringTemplate(template) => Some(self.template(template.iter(), depth - 1)),
            Expression::Parenthesis(inner) => Some(self.text(inner.inner(), depth - 1)),
            Expression::Traversal(traversal) => self.traversed(traversal, depth - 1),
            Expression::FuncCall(call) => self.called(call, depth - 1),
            _ => None,
        };
        known.unwrap_or_else(|| vec![PathSegment::Value(Some(expression), self.origin(expression, depth))])
    }

    fn traversed(&self, traversal: &Traversal, depth: usize) -> Option<Vec<PathSegment<'static>>> {
        let Expression::Variable(root) = &traversal.expr else { return None };
        let (first, rest) = traversal.operators.split_first()?;
        let TraversalOperator::GetAttr(attribute) = first.value() else { return None };
        match (root.as_str(), attribute.as_str()) {
            ("path", "module") => Some(vec![PathSegment::Folder(Base::Own, 0)]),
            ("path", "root" | "cwd") => Some(vec![PathSegment::Folder(Base::Stack, 0)]),
            ("local", name) => {
                let names: Option<Vec<String>> =
                    rest.iter().map(|operator| key_of(operator.value())).collect();
                let found = self.member(self.locals.get(name)?, &names?, depth)?;
                let pieces = detached(self.text(found, depth));
                let is_value = matches!(pieces.as_slice(), [PathSegment::Value(..)]);
                (!is_value).then_some(pieces)
            }
            _ => None,
        }
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
            Expression::Object(object) => {
                let is_named = |key: &ObjectKey| key_text(key).is_some_and(|key| key == *name);
                let (_, value) = object.iter().filter(|(key, _)| is_named(key)).last()?;
                self.member(value.expr(), rest, depth)
            }
            Expression::Traversal(traversal) if depth > 0 => {
                let Expression::Variable(root) = &traversal.expr else { return None };
                let mut keys = traversal.operators.iter().map(|operator| key_of(operator.value()));
                let local = self.locals.get(&keys.next()??).filter(|_| root.as_str() == "local")?;
                let names: Option<Vec<String>> = keys.chain(names.iter().cloned().map(Some)).collect();
                self.member(local, &names?, depth - 1)
            }
            _ => None,
        }
    }

    fn called<'e>(&self, call: &'e FuncCall, depth: usize) -> Option<Vec<PathSegment<'e>>> {
        if call.name.is_namespaced() || call.args.expand_final() {
            return None;
        }
        let given = |at: usize| call.args.get(at).map(|argument| self.text(argument, depth));
        let text = |at: usize| match given(at)?.as_slice() {
            [] => Some(String::new()),
            [PathSegment::Text(text)] => Some(text.clone()),
            _ => None,
        };
        match call.name.name.as_str() {
            "get_terragrunt_dir" | "get_original_terragrunt_dir" => {
                Some(vec![PathSegment::Folder(Base::Stack, 0)])
            }
            "get_parent_terragrunt_dir" => Some(vec![PathSegment::Folder(Base::Own, 0)]),
            "get_repo_root" | "get_path_to_repo_root" => Some(vec![PathSegment::Folder(Base::Repository, 0)]),
            "abspath" => given(0).map(absolute),
            "pathexpand" => given(0).map(|pieces| match pieces.first() {
                // Files in a home directory do not belong to the project.
                Some(PathSegment::Text(text)) if text.starts_with('~') => {
                    vec![PathSegment::Value(None, WRITTEN)]
                }
                _ => pieces,
            }),
            "dirname" => given(0).map(folder),
            "basename" => given(0).map(name),
            "nonsensitive" | "sensitive" | "tostring" => given(0),
            "trimspace" => given(0).map(|pieces| ends(pieces, str::trim_start, str::trim_end)),
            "chomp" => given(0).map(|pieces| ends(pieces, |t| t, |t| t.trim_end_matches(['\r', '\n']))),
            "trimsuffix" => {
                let end = text(1)?;
                let mut pieces = given(0)?;
                pieces.last_mut().into_iter().for_each(|piece| altered(piece, &end));
                Some(ends(pieces, |t| t, |t| t.strip_suffix(&*end).unwrap_or(t)))
            }
            "trimprefix" => {
                let start = text(1)?;
                let mut pieces = given(0)?;
                pieces.first_mut().into_iter().for_each(|piece| altered(piece, &start));
                Some(ends(pieces, |t| t.strip_prefix(&*start).unwrap_or(t), |t| t))
            }
            "join" => {
                let between = text(0).filter(|text| text.trim_matches('/').is_empty())?;
                let Expression::Array(list) = call.args.get(1)? else { return None };
                let mut pieces = Vec::new();
                for (at, item) in list.iter().enumerate() {
                    let separator = PathSegment::Text(if at > 0 { between.clone() } else { String::new() });
                    let item = self.text(item, depth);
                    [separator].into_iter().chain(item).for_each(|piece| push(&mut pieces, piece));
                }
                Some(pieces)
            }
            "format" => formatted(&text(0)?, (1..call.args.len()).map(given)),
            _ => None,
        }
    }
}

/// Marks a value as altered if more than slashes may be trimmed from its end.
fn altered(piece: &mut PathSegment<'_>, gone: &str) {
    if let PathSegment::Value(_, origin) = piece
        && !gone.trim_matches('/').is_empty()
    {
        *origin = used(origin, Use::Altered);
    }
}

fn key_of(operator: &TraversalOperator) -> Option<String> {
    match operator {
        TraversalOperator::GetAttr(name) => Some(name.to_string()),
        TraversalOperator::Index(Expression::String(name)) => Some(name.value().clone()),
        _ => None,
    }
}

pub(super) fn key_text(key: &ObjectKey) -> Option<&str> {
    match key {
        ObjectKey::Ident(name) => Some(name.as_str()),
        ObjectKey::Expression(Expression::String(name)) => Some(name.value()),
        ObjectKey::Expression(Expression::Variable(name)) => Some(name.as_str()),
        ObjectKey::Expression(_) => None,
    }
}

/// Trims the first and the last text segment with the given functions, and removes empty ones.
fn ends(
    mut pieces: Vec<PathSegment<'_>>,
    start: impl Fn(&str) -> &str,
    end: impl Fn(&str) -> &str,
) -> Vec<PathSegment<'_>> {
    if let Some(PathSegment::Text(text)) = pieces.first_mut() {
        *text = start(text).to_owned();
    }
    if let Some(PathSegment::Text(text)) = pieces.last_mut() {
        *text = end(text).to_owned();
    }
    pieces.retain(|piece| !matches!(piece, PathSegment::Text(text) if text.is_empty()));
    pieces
}

/// Returns the segments of a `format` call. Absent for verbs that are not supported here, such as `%5s` or `%[1]d`.
fn formatted<'e>(
    format: &str,
    mut given: impl Iterator<Item = Option<Vec<PathSegment<'e>>>>,
) -> Option<Vec<PathSegment<'e>>> {
    let mut pieces = Vec::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        push(&mut pieces, PathSegment::Text(rest[..at].to_owned()));
        let behind = &rest[at + 1..];
        let (flags, verb) = behind.split_at(behind.find(|c: char| c.is_alphabetic() || c == '%')?);
        let mut after = verb.chars();
        match after.next()? {
            '%' if flags.is_empty() => push(&mut pieces, PathSegment::Text("%".to_owned())),
            's' | 'v' if flags.is_empty() => {
                for piece in given.next()?? {
                    push(&mut pieces, piece);
                }
            }
            'd' | 'f' | 't' | 'x' | 'b' | 'o' if !flags.contains(['[', '*']) => {
                given.next()?;
                pieces.push(PathSegment::Value(None, WRITTEN));
            }
            _ => return None,
        }
        rest = after.as_str();
    }
    push(&mut pieces, PathSegment::Text(rest.to_owned()));
    Some(pieces)
}

mod origins;

#[cfg(test)]
mod tests;
