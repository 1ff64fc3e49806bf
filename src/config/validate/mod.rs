//! Validation across values: unknown names, cycles, values that exclude each other.

mod discover;
mod environments;
mod instances;
mod layers;
mod names;
mod order;
mod stacks;
mod tables;
mod templates;
mod unsupported;
mod unused_templates;

pub(crate) use instances::instances;
pub(crate) use order::sort_errors;
pub(crate) use tables::document;
pub(crate) use templates::tables as table_templates;
pub(crate) use unsupported::unsupported;
pub(crate) use unused_templates::unused_templates;
