//! Values that a stack takes from the outputs of others.

pub(super) mod input_values;
pub(in crate::executor) mod passed_values;
pub(in crate::executor) mod upstream_inputs;
pub(in crate::executor) mod upstream_output;
mod upstreams;

pub use upstreams::Upstreams;
