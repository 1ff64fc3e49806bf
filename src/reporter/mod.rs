//! Consumers of a run's events, and output made from its report: live lines, plain lines, GitHub groups, the review,
//! a Markdown summary. Reporters cannot change a run.

mod diff_frame;
mod github;
mod log_tail;
mod outcome_line;
mod plain;
mod review_text;
mod stack_table;
mod step_counter;
mod step_text;
mod summary;
mod terminal;

pub use github::{GitHubReporter, github_annotation};
pub use plain::PlainReporter;
pub use review_text::review_text;
pub use stack_table::report_table;
pub use summary::{failure_summary, is_summary, summary};
pub use terminal::TerminalReporter;
