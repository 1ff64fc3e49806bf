//! Engines that a guarantee is tested on: the fake one, and the real ones that this test run has.

use std::path::Path;

use super::{Env, Program, programs};

/// Engine of the stacks of a [`super::Shop`].
#[derive(Debug, Clone)]
pub(crate) enum Driven {
    /// Fake engine, on PATH as `tofu`.
    Fake,
    /// Real engine.
    Real(Program),
}

impl Driven {
    /// Returns the name for messages of failed tests.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Fake => "the fake engine",
            Self::Real(program) => program.name,
        }
    }

    /// Returns true for the fake engine, which can be scripted to misbehave.
    pub(crate) fn is_fake(&self) -> bool {
        matches!(self, Self::Fake)
    }

    pub(super) fn link(&self, env: &Env) {
        match self {
            Self::Fake => env.link("tofu", Path::new(env!("CARGO_BIN_EXE_envctl-fake-engine"))),
            Self::Real(program) => env.link(program.name, &program.path),
        }
    }
}

/// Returns the real engines that this test run has: OpenTofu and Terraform.
#[track_caller]
pub(crate) fn real_engines() -> Vec<Driven> {
    let found = [programs(["tofu"]), programs(["terraform"])];
    found.into_iter().flatten().map(|[program]| Driven::Real(program)).collect()
}

/// Returns the fake engine and the real ones.
#[track_caller]
pub(crate) fn each_engine() -> Vec<Driven> {
    std::iter::once(Driven::Fake).chain(real_engines()).collect()
}
