//! envctl takes OpenTofu, Terraform and Terragrunt stacks from dev to production.
//!
//! Each top-level module belongs to a layer and imports only lower layers; `tests/architecture.rs` enforces this.
//!
//! ```text
//! 7 cli/            argv in, exit code out: the clap tree, shared argument groups, error reports, prompts
//! 6 commands/       one file per verb: load → select → run → report
//! 5 run/            one run from request to exit code: selection, checks, rounds, gate, report; commands outside a run
//!   executor/       steps of a run: dispatcher, scheduler, gate, work of a step
//!   reporter/       consumers of events: terminal, plain, GitHub, summary
//! 4 plans/          saved plans, the review over them, guards
//!   journal/        the record of a run: writer, reader, the list of runs
//!   assurance/      checks before anything runs, for `check` and `plan`
//!   scaffold/       a first environments.toml from what is in a repository
//! 3 inventory/      from files to instances: discovery, state addresses, inputs of a plan, affected stacks
//! 2 engine/         the only module that knows the engines' flags and output
//!   hcl/            the reader of HCL and its JSON: blocks, modules, variables
//!   graph/          the graph of stacks: cycles, selection, order, drawings; pure
//! 1 config/         environments.toml: raw → resolve → validate; schema
//!   git/            state of a git repository: revision, remotes, working tree, differences
//!   process/        the only module that starts programs
//! 0 model/          ids, actions, changes, outcomes, report: plain data without I/O
//!   event/          events of a run
//!   mutex           lock of a mutex whose holder may have panicked
//!   diagnostic      code, severity, message, labelled spans, help
//!   ui/             styles by role, tables, durations, plurals, rendering
//!   files/          private files: written whole, mode 0600, removed
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
pub mod git;
pub mod graph;
pub mod hcl;
pub mod inventory;
pub mod journal;
pub mod model;
pub mod mutex;
pub mod plans;
pub mod process;
pub mod reporter;
pub mod run;
pub mod scaffold;
pub mod ui;
