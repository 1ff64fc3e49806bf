//! Evaluation of parsed expressions whose values are known without an engine.
//!
//! The evaluator knows literals, templates and functions that depend on their arguments alone; a [`Resolver`] knows the context of
//! an expression: references, and functions that depend on a file. [`evaluate_value`] returns a value of the expression's type.
//! [`evaluate`] returns a text; a part of it that is not known stays in it as a [`PathSegment`] of its own.

mod evaluator;
mod functions;
mod number;
mod provenance;
mod references;
mod segments;

pub use evaluator::{
    ContextualCall, Evaluated, Resolver, evaluate, evaluate_call, evaluate_template, evaluate_value,
    object_key, object_member, operator_name, without_parentheses,
};
pub use provenance::{
    LITERAL, PathPosition, TextOrigin, TextSource, leads_up, origin_of_text, origin_of_values,
};
pub use references::{Folder, Reference, ReferenceResolver};
pub use segments::{PathBase, PathSegment, known_text, may_be_in_subfolder, push, without_expressions};
