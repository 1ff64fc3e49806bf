//! Contract of all engines: the same tests on the fake engine and on every real one.
//!
//! `ENVCTL_TEST_ENGINES` (`tofu,terraform,terragrunt`) names the real engines that are required; a missing one is a
//! failure. Without the variable, those in `.engines/bin` of the repository and on PATH are tested.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its scene has failed")]

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
#[path = "../support/script.rs"]
mod script;
mod terragrunt;
mod under_test;
mod workspaces;
