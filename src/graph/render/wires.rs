//! Output references for drawings: variables of a stack that take outputs of another stack.

use std::collections::HashMap;

use crate::model::StackId;

/// Variable that takes an output of another stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputReference {
    /// Name of the variable.
    pub variable: String,
    /// Stack that has the output.
    pub from: StackId,
    /// Output reference as written in environments.toml: `network.vpc_id`.
    pub output: String,
}

/// Output references of all stacks, by the stack that has the variable.
#[derive(Debug, Clone, Default)]
pub struct OutputReferences(HashMap<StackId, Vec<OutputReference>>);

impl OutputReferences {
    /// Returns the output references of a stack.
    pub(super) fn of(&self, stack: &StackId) -> &[OutputReference] {
        self.0.get(stack).map_or(&[], Vec::as_slice)
    }

    /// Returns the variables of a stack that take outputs of a dependency, joined by commas; absent when there are
    /// none.
    pub(super) fn along(&self, stack: &StackId, need: &StackId) -> Option<String> {
        let wires = self.of(stack).iter().filter(|wire| wire.from == *need);
        let variables: Vec<&str> = wires.map(|wire| wire.variable.as_str()).collect();
        (!variables.is_empty()).then(|| variables.join(", "))
    }
}

impl FromIterator<(StackId, Vec<OutputReference>)> for OutputReferences {
    fn from_iter<I: IntoIterator<Item = (StackId, Vec<OutputReference>)>>(wires: I) -> Self {
        Self(wires.into_iter().collect())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{OutputReference, OutputReferences};

    /// Makes output references from lines of `stack.variable: need.output`.
    pub(in crate::graph::render) fn wires(lines: &[&str]) -> OutputReferences {
        let mut wires = OutputReferences::default();
        for line in lines {
            let (taker, output) = line.split_once(": ").unwrap();
            let (stack, variable) = taker.split_once('.').unwrap();
            let (from, _) = output.split_once('.').unwrap();
            wires.0.entry(stack.parse().unwrap()).or_default().push(OutputReference {
                variable: variable.to_owned(),
                from: from.parse().unwrap(),
                output: output.to_owned(),
            });
        }
        wires
    }
}
