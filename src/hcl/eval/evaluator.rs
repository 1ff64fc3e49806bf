//! Evaluator of expressions.

use camino::Utf8Path;
use hcl_edit::{
    expr::{Expression, FuncCall, Object, ObjectKey, Traversal, TraversalOperator},
    template::Element,
};

use super::{
    functions::call_by_name,
    provenance::Origin,
    segments::{PathSegment, known_text, push},
};
use crate::hcl::from_hcl::number_text;

/// Place of an expression: it resolves what the expression alone does not determine.
pub trait Resolver {
    /// Evaluates a reference, as `local.x` or `path.module`; absent when it is unknown or no text.
    fn reference(&self, traversal: &Traversal, depth: usize) -> Option<Vec<PathSegment<'static>>>;

    /// Evaluates a function whose result depends on the place of the expression.
    fn function(&self, call: &FuncCall, depth: usize) -> PlaceFunction;

    /// Returns the sources of the texts that an expression of unknown value may have.
    fn origin(&self, _expression: &Expression, _depth: usize) -> Origin {
        None
    }

    /// Returns the folder that the engine runs in, if it is known.
    fn working_dir(&self) -> Option<&Utf8Path> {
        None
    }

    /// Counts an expression; false when no further one may be evaluated.
    fn take_step(&self) -> bool {
        true
    }
}

/// Result of a function call as far as it depends on the place of the expression.
pub enum PlaceFunction {
    /// Value of the call.
    Known(Vec<PathSegment<'static>>),
    /// Value that is not known at this place.
    Unknown,
    /// Function that depends on its arguments alone.
    Independent,
}

/// Evaluates an expression to the segments of its text; an expression of unknown value is one value segment.
///
/// `depth` limits nested expressions and references; it ends a circle of locals.
pub fn evaluate<'e>(
    resolver: &dyn Resolver,
    expression: &'e Expression,
    depth: usize,
) -> Vec<PathSegment<'e>> {
    let known = match expression {
        _ if depth == 0 || !resolver.take_step() => None,
        Expression::String(text) => Some(vec![PathSegment::Text(text.value().clone())]),
        Expression::Number(number) => number_text(number).map(|text| vec![PathSegment::Text(text)]),
        Expression::StringTemplate(template) => Some(evaluate_template(resolver, template.iter(), depth - 1)),
        Expression::Parenthesis(inner) => Some(evaluate(resolver, inner.inner(), depth - 1)),
        Expression::Traversal(traversal) => resolver.reference(traversal, depth - 1),
        Expression::FuncCall(call) => evaluate_call(resolver, call, depth - 1),
        _ => None,
    };
    known.unwrap_or_else(|| vec![PathSegment::Value(Some(expression), resolver.origin(expression, depth))])
}

/// Evaluates the elements of a template; `${~ x ~}` strips the whitespace of the literals beside it.
pub fn evaluate_template<'e>(
    resolver: &dyn Resolver,
    elements: impl Iterator<Item = &'e Element>,
    depth: usize,
) -> Vec<PathSegment<'e>> {
    let mut pieces = Vec::new();
    let mut elements = elements.peekable();
    // True if the interpolation before strips the whitespace behind it.
    let mut strips = false;
    while let Some(element) = elements.next() {
        match element {
            Element::Literal(literal) => {
                let mut text = literal.value().as_str();
                if strips {
                    text = text.trim_start();
                }
                if let Some(Element::Interpolation(next)) = elements.peek()
                    && next.strip.strip_start()
                {
                    text = text.trim_end();
                }
                push(&mut pieces, PathSegment::Text(text.to_owned()));
                strips = false;
            }
            Element::Interpolation(value) => {
                strips = value.strip.strip_end();
                for piece in evaluate(resolver, &value.expr, depth) {
                    push(&mut pieces, piece);
                }
            }
            Element::Directive(directive) => {
                pieces.push(PathSegment::Directive(directive));
                strips = false;
            }
        }
    }
    pieces
}

/// Evaluates a function call; absent when the function, or an argument that it needs, is unknown.
pub fn evaluate_call<'e>(
    resolver: &dyn Resolver,
    call: &'e FuncCall,
    depth: usize,
) -> Option<Vec<PathSegment<'e>>> {
    if call.name.is_namespaced() || call.args.expand_final() {
        return None;
    }
    match resolver.function(call, depth) {
        PlaceFunction::Known(pieces) => Some(pieces),
        PlaceFunction::Unknown => None,
        PlaceFunction::Independent => call_by_name(resolver, call, depth),
    }
}

/// Returns the expression of an object's member; of two members with one name, the last.
pub fn object_member<'o>(
    resolver: &dyn Resolver,
    object: &'o Object,
    name: &str,
    depth: usize,
) -> Option<&'o Expression> {
    let is_named = |key: &ObjectKey| match key {
        ObjectKey::Ident(key) | ObjectKey::Expression(Expression::Variable(key)) => key.as_str() == name,
        ObjectKey::Expression(key) => {
            known_text(&evaluate(resolver, key, depth)).is_some_and(|key| key == name)
        }
    };
    object.iter().filter(|(key, _)| is_named(key)).last().map(|(_, value)| value.expr())
}

/// Returns the name of the member that an operator of a reference selects, as `.name` or `["name"]`.
pub fn operator_name(resolver: &dyn Resolver, operator: &TraversalOperator, depth: usize) -> Option<String> {
    match operator {
        TraversalOperator::GetAttr(name) => Some(name.to_string()),
        TraversalOperator::Index(index) => known_text(&evaluate(resolver, index, depth)),
        _ => None,
    }
}
