//! Evaluator of HCL expressions.

use camino::Utf8Path;
use hcl_edit::{
    expr::{Expression, FuncCall, Object, ObjectKey, Traversal, TraversalOperator},
    template::Element,
};
use serde_json::Value;

use super::{
    functions::call_by_name,
    number::{number_text, unrounded_number},
    provenance::TextOrigin,
    segments::{PathSegment, known_text, push},
};

/// Context of an expression, such as its module or file: resolves what the expression alone does not determine.
pub trait Resolver {
    /// Evaluates a reference, as `local.x` or `path.module`; `None` when its value is unknown.
    fn reference(&self, traversal: &Traversal, depth: usize) -> Option<Evaluated<'static>>;

    /// Evaluates a function call whose result depends on the context of the expression.
    fn function(&self, call: &FuncCall, depth: usize) -> ContextualCall;

    /// Returns the sources of the texts that an expression of unknown value may have.
    fn origin(&self, _expression: &Expression, _depth: usize) -> TextOrigin {
        None
    }

    /// Returns the folder that the engine runs in, if it is known.
    fn working_dir(&self) -> Option<&Utf8Path> {
        None
    }

    /// Counts an evaluated expression; false when the limit is reached and no further expression may be evaluated.
    fn count_expression(&self) -> bool {
        true
    }
}

/// Result of a function call whose function may depend on the context of the expression.
pub enum ContextualCall {
    /// Value of the call.
    Known(Vec<PathSegment<'static>>),
    /// Value that is not known in this context.
    Unknown,
    /// Call of a function that depends on its arguments alone, which the evaluator evaluates itself.
    Independent,
}

/// Result of the evaluation of an expression.
pub enum Evaluated<'e> {
    /// Text, of which parts may be unknown.
    Text(Vec<PathSegment<'e>>),
    /// Known value that is no text.
    Value(Value),
}

impl<'e> Evaluated<'e> {
    /// Returns the result as it is used in a template; `None` for null and collections, which engines refuse in templates.
    fn into_text(self) -> Option<Vec<PathSegment<'e>>> {
        match self {
            Self::Text(segments) => Some(segments),
            Self::Value(Value::String(text)) => Some(vec![PathSegment::Text(text)]),
            Self::Value(Value::Bool(value)) => Some(vec![PathSegment::Text(value.to_string())]),
            Self::Value(Value::Number(number)) => Some(vec![PathSegment::Text(number_text(&number))]),
            Self::Value(Value::Null | Value::Array(_) | Value::Object(_)) => None,
        }
    }

    /// Returns the result as a value; `None` for a text with an unknown part.
    fn into_value(self) -> Option<Value> {
        match self {
            Self::Text(segments) => known_text(&segments).map(Value::String),
            Self::Value(value) => Some(value),
        }
    }
}

/// Evaluates an expression to the segments of its text; an expression of unknown value is one value segment.
///
/// `depth` limits nested expressions and references, so that a circle of locals ends.
pub fn evaluate<'e>(
    resolver: &dyn Resolver,
    expression: &'e Expression,
    depth: usize,
) -> Vec<PathSegment<'e>> {
    let expression = without_parentheses(expression);
    evaluate_scalar(resolver, expression, depth)
        .and_then(Evaluated::into_text)
        .unwrap_or_else(|| vec![PathSegment::Value(Some(expression), resolver.origin(expression, depth))])
}

/// Evaluates an expression to a value of its type; `None` when a part of the value is unknown.
pub fn evaluate_value(resolver: &dyn Resolver, expression: &Expression, depth: usize) -> Option<Value> {
    let within = depth.checked_sub(1)?;
    match without_parentheses(expression) {
        Expression::Array(items) => {
            let items = items.iter().map(|item| evaluate_value(resolver, item, within));
            items.collect::<Option<_>>().map(Value::Array)
        }
        Expression::Object(object) => {
            let members = object.iter().map(|(key, value)| {
                Some((object_key(resolver, key, within)?, evaluate_value(resolver, value.expr(), within)?))
            });
            members.collect::<Option<_>>().map(Value::Object)
        }
        expression => evaluate_scalar(resolver, expression, depth)?.into_value(),
    }
}

/// Evaluates an expression that is no list and no object; `None` when its value is unknown.
pub(super) fn evaluate_scalar<'e>(
    resolver: &dyn Resolver,
    expression: &'e Expression,
    depth: usize,
) -> Option<Evaluated<'e>> {
    let within = depth.checked_sub(1).filter(|_| resolver.count_expression())?;
    match without_parentheses(expression) {
        Expression::Null(_) => Some(Evaluated::Value(Value::Null)),
        Expression::Bool(value) => Some(Evaluated::Value(Value::Bool(*value.value()))),
        // A number that the parser rounds would be a wrong value: it stays unknown.
        Expression::Number(number) => {
            unrounded_number(number).map(|number| Evaluated::Value(Value::Number(number)))
        }
        Expression::String(text) => Some(Evaluated::Text(vec![PathSegment::Text(text.value().clone())])),
        Expression::StringTemplate(template) => {
            Some(Evaluated::Text(evaluate_template(resolver, template.iter(), within)))
        }
        // The parser has removed the indentation of `<<-`.
        Expression::HeredocTemplate(heredoc) => {
            Some(Evaluated::Text(evaluate_template(resolver, heredoc.template.iter(), within)))
        }
        Expression::Traversal(traversal) => resolver.reference(traversal, within),
        Expression::FuncCall(call) => evaluate_function(resolver, call, within),
        _ => None,
    }
}

/// Returns the expression inside parentheses and `"${…}"`, which do not change its value.
pub fn without_parentheses(expression: &Expression) -> &Expression {
    match expression {
        Expression::Parenthesis(inner) => without_parentheses(inner.inner()),
        Expression::StringTemplate(template) => {
            let mut elements = template.iter();
            match (elements.next(), elements.next()) {
                (Some(Element::Interpolation(inner)), None) => without_parentheses(&inner.expr),
                _ => expression,
            }
        }
        _ => expression,
    }
}

/// Evaluates the elements of a template; `${~ x ~}` strips the whitespace of the literals beside it.
pub fn evaluate_template<'e>(
    resolver: &dyn Resolver,
    elements: impl Iterator<Item = &'e Element>,
    depth: usize,
) -> Vec<PathSegment<'e>> {
    let mut segments = Vec::new();
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
                push(&mut segments, PathSegment::Text(text.to_owned()));
                strips = false;
            }
            Element::Interpolation(value) => {
                strips = value.strip.strip_end();
                for segment in evaluate(resolver, &value.expr, depth) {
                    push(&mut segments, segment);
                }
            }
            Element::Directive(directive) => {
                segments.push(PathSegment::Directive(directive));
                strips = false;
            }
        }
    }
    segments
}

/// Evaluates a function call to the segments of its text; `None` when the function, or an argument that it needs, is
/// unknown.
pub fn evaluate_call<'e>(
    resolver: &dyn Resolver,
    call: &'e FuncCall,
    depth: usize,
) -> Option<Vec<PathSegment<'e>>> {
    evaluate_function(resolver, call, depth)?.into_text()
}

fn evaluate_function<'e>(resolver: &dyn Resolver, call: &'e FuncCall, depth: usize) -> Option<Evaluated<'e>> {
    if call.name.is_namespaced() || call.args.expand_final() {
        return None;
    }
    match resolver.function(call, depth) {
        ContextualCall::Known(segments) => Some(Evaluated::Text(segments)),
        ContextualCall::Unknown => None,
        ContextualCall::Independent => call_by_name(resolver, call, depth),
    }
}

/// Returns the expression of an object's member; if a name is repeated, of the last member with that name.
pub fn object_member<'o>(
    resolver: &dyn Resolver,
    object: &'o Object,
    name: &str,
    depth: usize,
) -> Option<&'o Expression> {
    let is_named = |key: &ObjectKey| object_key(resolver, key, depth).is_some_and(|key| key == name);
    object.iter().filter(|(key, _)| is_named(key)).last().map(|(_, value)| value.expr())
}

/// Returns the text of an object's key; `None` when it is unknown.
pub fn object_key(resolver: &dyn Resolver, key: &ObjectKey, depth: usize) -> Option<String> {
    match key {
        ObjectKey::Ident(name) => Some(name.to_string()),
        ObjectKey::Expression(Expression::Variable(name)) => Some(name.to_string()),
        ObjectKey::Expression(key) => match evaluate_scalar(resolver, key, depth)? {
            Evaluated::Value(Value::Null) => Some("null".to_owned()),
            key => known_text(&key.into_text()?),
        },
    }
}

/// Returns the name of the member that an operator of a reference selects, as `.name` or `["name"]`.
pub fn operator_name(resolver: &dyn Resolver, operator: &TraversalOperator, depth: usize) -> Option<String> {
    match operator {
        TraversalOperator::GetAttr(name) => Some(name.to_string()),
        TraversalOperator::Index(index) => known_text(&evaluate(resolver, index, depth)),
        _ => None,
    }
}
