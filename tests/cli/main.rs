//! Verbs of the command line: exit code, standard output and error, files and states, on the fake engine and where it
//! matters on real ones. Each test is named by the sentence that it proves.
#![expect(clippy::unwrap_used, reason = "a test that cannot read what was left has failed")]

#[macro_use(test)]
extern crate registered_test;

mod actions;
mod apply;
mod backend_files;
mod changed;
mod changed_files;
mod changed_guessed;
mod changed_links;
mod changed_listing;
mod changed_modules;
mod changed_named;
mod changed_outside;
mod changed_settings;
mod changed_sources;
mod changed_submodules;
mod changed_units;
mod check;
mod checked_files;
mod clean_tree;
mod concurrency;
mod config;
mod data_directories;
mod deploy;
mod durations;
mod early_variables;
mod empty_folders;
mod engine_faults;
mod exact_outputs;
mod exec;
mod failed_applies;
mod failures;
mod flag_values;
mod gates;
mod generate;
mod gone_stacks;
mod gone_typed;
mod guards;
mod guards_of_git;
mod guards_of_time;
mod hint_flags;
mod hints;
mod hooks;
mod identity;
mod inherited;
mod input_faults;
mod interrupts;
mod json;
mod known_addresses;
mod limits;
mod lockfiles;
mod missing_folders;
mod output_files;
mod paths;
mod planned_outputs;
mod processes;
mod questions;
mod read_only;
mod replans;
mod reports;
mod repositories;
mod reuse;
#[cfg(feature = "s3")]
mod reuse_s3;
#[cfg(feature = "s3")]
mod reuse_servers;
mod root_stack;
mod run_values;
mod runs;
mod screens;
mod selection;
mod stack_files;
#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the servers are for other suites")]
mod support;
mod torn_records;
mod unit_files;
mod unit_modules;
mod unusual_hcl;
mod unwritable_folders;
mod value_places;
mod version_managers;
mod wires;
mod without;
mod workspaces;

fn main() -> std::process::ExitCode {
    support::registry::run()
}
