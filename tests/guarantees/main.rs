//! Guarantees of envctl, a file per guarantee: each test fails when the guarantee is broken, on the fake engine and,
//! if an engine is involved, on every real one.
#![expect(clippy::unwrap_used, reason = "a test that cannot read what was left has failed")]

#[macro_use(test)]
extern crate registered_test;

mod backend_files;
mod backend_in_force;
mod bad_input;
mod bound_alike;
mod changed_meanwhile;
mod computed_places;
mod contained_failure;
mod crash;
mod data_directories;
mod destruction;
mod endless_input;
mod ephemeral_variables;
mod exact_plan;
mod exact_plan_accounts;
mod exact_plan_backends;
mod exact_plan_expressions;
mod exact_plan_files;
mod exact_plan_modules;
mod exact_plan_programs;
mod exact_plan_units;
mod exit_codes;
mod first_apply;
mod forged_plan;
mod interrupts;
mod known_state;
mod linked_states;
mod lost_state;
mod migrated_state;
mod missing_state;
mod mixed_mocks;
mod never_retried;
mod one_review;
mod printed_state;
mod private_folder;
mod provider_overrides;
mod review_place;
mod right_environment;
mod rounds;
mod same_values;
mod secret_output;
mod secret_sources;
mod secret_texts;
mod secrets;
mod slow;
mod stale_state;
#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "not every guarantee needs every support")]
mod support;
mod swallowed_status;
mod typed_destruction;
mod typed_plan;
mod typed_state;
mod unit_backend;
mod unreadable_plan;
mod unsaved_state;
mod visible;
mod wired_states;
mod wired_units;
mod wired_values;
mod wrapped;

fn main() -> std::process::ExitCode {
    support::registry::run()
}
