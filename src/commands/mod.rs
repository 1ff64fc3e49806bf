//! One file a verb: load, select, do, report. What two verbs need is in the files without a verb's name, or lower.

pub mod apply;
pub mod check;
mod checklist;
mod closing;
pub mod config;
mod context;
pub mod deploy;
pub mod destroy;
pub mod doctor;
mod errors;
pub mod exec;
pub mod gc;
pub mod generate;
pub mod graph;
mod guarded;
pub mod init;
mod ladder;
pub mod list;
mod opening;
pub mod output;
pub mod plan;
mod prepared;
mod project;
mod readied;
mod request;
pub mod resume;
mod rollout;
pub mod runs;
pub mod shell;
pub mod status;
mod stored;
mod turn;
mod who;

pub use context::{Context, Picker, Terminal};
pub use errors::{StackFailed, Stopped, Usage};
pub use request::{Confirm, RunRequest, Stop};
