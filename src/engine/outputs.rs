//! The outputs of a stack: those that its state has, and those that a plan would make of them.

use std::fmt;

use serde_json::Value;

use super::exact_json::ExactJson;

/// One output as the engine prints it.
#[derive(Debug, Clone)]
pub struct PrintedOutput {
    /// Its name.
    pub name: String,
    /// True if the stack marks it sensitive, or its value holds a secret of environments.toml.
    pub sensitive: bool,
    /// The type as the engine gives it.
    pub kind: OutputKind,
    /// Its value, every digit of it.
    pub value: ExactJson,
}

/// The type and value of one output of a state.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// True if the stack marks it sensitive, or its value holds a secret of environments.toml.
    pub sensitive: bool,
    /// The type as the engine gives it.
    pub kind: OutputKind,
    /// Its value.
    pub value: Value,
    /// Whether the value holds every digit of its numbers.
    pub is_exact: bool,
}

/// The outputs of a known state.
#[derive(Debug, Clone)]
pub struct KnownOutputs {
    /// In the order of the state.
    pub outputs: Vec<Output>,
    /// True if there is a state.
    pub has_state: bool,
    /// Whether a file was read for them, and no process was needed.
    pub from_file: bool,
}

/// The type of an output as the engine's JSON gives it: `"string"`, `["list","string"]` …
#[derive(Debug, Clone, PartialEq)]
pub struct OutputKind(pub Value);

/// What a plan would make of an output.
#[derive(Clone, PartialEq, Eq)]
pub struct PlannedOutput {
    /// Its name.
    pub name: String,
    /// What it will be.
    pub after: After,
    /// True if the stack marks it sensitive.
    pub sensitive: bool,
    /// True if the value holds every digit of its numbers.
    pub is_exact: bool,
}

impl fmt::Debug for PlannedOutput {
    /// Without its value: nothing may print a sensitive one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlannedOutput").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The value that an output will have.
#[derive(Clone, PartialEq, Eq)]
pub enum After {
    /// This one.
    Known(Value),
    /// One that only the apply will tell, in whole or in part.
    Unknown,
    /// None: it goes.
    Gone,
}
