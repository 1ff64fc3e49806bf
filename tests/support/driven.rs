//! Engine that a test runs on: the fake one or a real one.

use std::path::Path;

use super::{Env, Program, programs, registry::OnEngine};

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

impl OnEngine for Driven {
    fn on(engine: &'static str) -> Self {
        if engine == "fake" {
            return Self::Fake;
        }
        let [program] = programs([engine]);
        Self::Real(program)
    }
}
