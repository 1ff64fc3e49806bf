//! Start of programs, which no other module does: command lines as data, output streams, process groups, signals,
//! redaction.
//!
//! Knows nothing of engines: callers interpret lines and exit codes.

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

pub use command_line::{CommandLine, EnvVars, SignalTarget};
pub use error::ProcessError;
pub use finished::{CapturedOutput, Exit, FinishedProcess, ProcessEvent, Stream};
pub use identity::{ProcessIdentity, WritingProcess, processes_writing_below};
pub use redaction::{MASK, Redactor, without_credentials};
pub use runner::Runner;
pub use users::processes_using;
pub use which::which;
