//! The only place that starts programs: command lines as data, streams, process groups, signals, redaction.
//!
//! It knows nothing of engines: what a line means and which exit status is good is for the rooms above.

mod command_line;
mod error;
mod finished;
mod identity;
mod lines;
mod pipes;
mod redaction;
mod registry;
mod runner;
mod session;
mod start;
mod tail;
mod users;
mod which;

pub use command_line::{CommandLine, SignalTarget};
pub use error::ProcessError;
pub use finished::{Captured, Exit, Finished, ProcessEvent, Stream};
pub use identity::{Identity, Writer, writers};
pub use redaction::{MASK, Redactor};
pub use runner::Runner;
pub use users::users;
pub use which::which;
