//! Contract of all engines: the same tests on the fake engine and on every real one.
//!
//! `ENVCTL_TEST_ENGINES` (`tofu,terraform,terragrunt`) names the real engines that are required; a missing one is a
//! failure. Without the variable, those in `.engines/bin` of the repository and on PATH are tested.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its scene has failed")]

#[macro_use(test)]
extern crate registered_test;

mod bench;
mod changes;
mod claims;
mod failures;
mod fake;
mod interrupts;
mod lifecycle;
mod lineage;
mod mutating;
mod providers;
#[expect(dead_code, reason = "not all of the support is for this suite")]
mod support;
mod terragrunt;
mod under_test;
mod workspaces;

fn main() -> std::process::ExitCode {
    support::registry::run()
}
