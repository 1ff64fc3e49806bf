//! Values that a stack takes from the outputs of others.

pub(super) mod upstream_output;
mod upstreams;
pub(in crate::executor) mod values;
pub(super) mod wires;
pub(in crate::executor) mod wiring;

pub use upstreams::Upstreams;
