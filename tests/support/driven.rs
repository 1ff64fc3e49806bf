//! The engines that a guarantee is tested on: the fake one, and every real one that this run of the tests has.

use std::path::Path;

use super::{Env, Program, programs};

/// What drives the stacks of a [`super::Shop`].
#[derive(Debug, Clone)]
pub(crate) enum Driven {
    /// The fake engine, on PATH as `tofu`.
    Fake,
    /// A real engine.
    Real(Program),
}

impl Driven {
    /// The name to say which engine a test failed on.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Fake => "the fake engine",
            Self::Real(program) => program.name,
        }
    }

    /// Whether it is the fake one, which can be told to misbehave.
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

/// The real engines that this run of the tests has: OpenTofu and Terraform.
#[track_caller]
pub(crate) fn real_engines() -> Vec<Driven> {
    let found = [programs(["tofu"]), programs(["terraform"])];
    found.into_iter().flatten().map(|[program]| Driven::Real(program)).collect()
}

/// The fake engine and the real ones.
#[track_caller]
pub(crate) fn each_engine() -> Vec<Driven> {
    std::iter::once(Driven::Fake).chain(real_engines()).collect()
}
