//! The only place that knows an engine's flags, its files and what its output means.
//!
//! Nothing above matches on an engine's name: it asks the [`Engine`].

mod contract;

pub use contract::{
    Applied, Backend, Engine, EngineError, Output, OutputKind, PlanFacts, PlanMode, PlanRequest, Planned, Progress,
    Session, Target, WorkspaceStatus,
};
