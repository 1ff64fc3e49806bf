//! The only place that starts programs: command lines as data, streams, process groups, signals, redaction.

mod command_line;

pub use command_line::CommandLine;
