//! Commands outside a run (`exec`, `shell`, `output`): preparation of their instances, gate, and checks around them.

pub(crate) mod exec_gate;
pub(crate) mod exec_guard;
pub(crate) mod prepared;
pub(crate) mod request;
pub(crate) mod state_watch;
pub(crate) mod typed_deployment;

pub use request::ExecRequest;
