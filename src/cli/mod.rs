//! Command line, from argv to an exit code: clap parser, shared arguments, error report, prompts, completion.

mod app;
mod arguments;
mod complete;
mod error_report;
mod line_input;
mod parse_error;
mod prompts;
mod run;
mod terminal;
#[cfg(feature = "fake-engine")]
mod test_clock;
mod unknown_verb;
mod verbs;
mod without_dashes;
mod word_order;

pub use run::run;
