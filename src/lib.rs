//! envctl takes OpenTofu, Terraform and Terragrunt stacks from dev to production.
//!
//! Folders are rooms, rooms lie on floors, and imports only go down; `tests/architecture.rs` holds the code to it.
//!
//! ```text
//! 7 cli/            argv in, exit code out: the clap tree, shared argument groups, the error border, prompts
//! 6 commands/       one file per verb: load → select → do → report
//! 5 executor/       runs a plan of steps: dispatcher, scheduler, worker, cancel, gate
//!   reporter/       consumers of events: terminal, plain, GitHub, summary
//!   pipeline/       the files a repository runs envctl by
//! 4 plans/          saved plans and the review over them
//!   journal/        the record of a run: writer, reader, the list of runs
//!   assurance/      what `check` and `doctor` know
//! 3 inventory/      from files to instances: discovery, HCL reading, state addresses
//! 2 engine/         the only place that knows an engine's flags
//!   graph/          pure: the graph of stacks, cycles, selection, order
//! 1 config/         environments.toml: raw → resolve → validate; schema
//!   process/        the only place that starts programs
//! 0 model/          ids, actions, changes, outcomes, report: plain data, no IO
//!   event           the vocabulary of a run
//!   diagnostic      code, severity, message, labelled spans, help
//!   ui/             styles by role, tables, durations, plurals, rendering
//!   files/          private files: written whole, 0600, removed
//! ```

pub mod assurance;
pub mod cli;
pub mod commands;
pub mod config;
pub mod diagnostic;
pub mod engine;
pub mod event;
pub mod executor;
pub mod files;
pub mod graph;
pub mod inventory;
pub mod journal;
pub mod model;
pub mod plans;
pub mod process;
pub mod reporter;
pub mod ui;
