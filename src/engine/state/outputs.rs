//! Outputs of a stack: those in its state, and those that a plan would set.

use std::fmt;

use serde_json::Value;

use crate::engine::plan_file::exact_json::ExactJson;

/// Output of a state as the engine prints it.
#[derive(Debug, Clone)]
pub struct PrintedOutput {
    /// Name of the output.
    pub name: String,
    /// True if the stack marks it sensitive, or its value holds a secret of environments.toml.
    pub sensitive: bool,
    /// Type as the engine prints it.
    pub kind: OutputKind,
    /// Value with all digits of its numbers.
    pub value: ExactJson,
}

/// Output of a state.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Name of the output.
    pub name: String,
    /// True if the stack marks it sensitive, or its value holds a secret of environments.toml.
    pub sensitive: bool,
    /// Type as the engine prints it.
    pub kind: OutputKind,
    /// Value of the output.
    pub value: Value,
    /// True if `value` holds every digit of its numbers.
    pub has_all_digits: bool,
}

/// Outputs of a known state.
#[derive(Debug, Clone)]
pub struct KnownOutputs {
    /// Outputs in the order of the state.
    pub outputs: Vec<Output>,
    /// True if the instance has a state.
    pub has_state: bool,
    /// True if the outputs were read from a file, without a process.
    pub from_file: bool,
}

/// Type of an output in the engine's JSON: `"string"`, `["list","string"]` …
#[derive(Debug, Clone, PartialEq)]
pub struct OutputKind(pub Value);

/// Output that a plan would set.
#[derive(Clone, PartialEq, Eq)]
pub struct PlannedOutput {
    /// Name of the output.
    pub name: String,
    /// Value after the apply.
    pub after: PlannedValue,
    /// True if the stack marks it sensitive.
    pub sensitive: bool,
    /// True if `after` holds every digit of its numbers.
    pub has_all_digits: bool,
}

impl fmt::Debug for PlannedOutput {
    /// Omits the value, which may be sensitive.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlannedOutput").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Value of an output after an apply.
#[derive(Clone, PartialEq, Eq)]
pub enum PlannedValue {
    /// Known value.
    Known(Value),
    /// Value that is known only after the apply, in whole or in part.
    Unknown,
    /// The apply removes the output.
    Gone,
}
