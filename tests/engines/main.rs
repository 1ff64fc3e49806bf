//! One contract for every engine: the same tests on the fake and on every real one.
//!
//! `ENVCTL_TEST_ENGINES` (`tofu,terraform,terragrunt`) names the real engines that must be there; a missing one is a
//! failure. Without it, those are taken that are found in `.engines/bin` of the repository and on PATH.
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
