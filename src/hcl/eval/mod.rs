//! Evaluation of parsed expressions to texts, as far as they are known without an engine.
//!
//! [`evaluate`] knows literals, templates and functions that depend on their arguments alone; a [`Resolver`] knows the place of an
//! expression: references, and functions that depend on a file. A part of a text that is not known stays in it as a
//! [`PathSegment`] of its own.

mod evaluator;
mod functions;
mod provenance;
mod segments;

pub use evaluator::{
    PlaceFunction, Resolver, evaluate, evaluate_call, evaluate_template, object_member, operator_name,
};
pub use provenance::{Origin, PathUse, TextSource, WRITTEN, leads_up, origin_of_text, origin_of_values};
pub use segments::{PathBase, PathSegment, detached, is_deep, known_text, push};
