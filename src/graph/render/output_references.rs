//! Output references for drawings: variables of a stack that take outputs of another stack.

use std::collections::HashMap;

use crate::model::StackId;

/// Variable that takes an output of another stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputReference {
    /// Name of the variable.
    pub variable: String,
    /// Stack that provides the output.
    pub upstream: StackId,
    /// Output reference as written in environments.toml: `network.vpc_id`.
    pub output: String,
}

/// Output references of all stacks, by the stack that has the variable.
#[derive(Debug, Clone, Default)]
pub struct OutputReferences(HashMap<StackId, Vec<OutputReference>>);

impl OutputReferences {
    /// Returns the output references of a stack.
    pub(super) fn of_stack(&self, stack: &StackId) -> &[OutputReference] {
        self.0.get(stack).map_or(&[], Vec::as_slice)
    }

    /// Returns the variables of a stack that take outputs of a dependency, joined by commas; `None` when there are
    /// none.
    pub(super) fn variables_between(&self, stack: &StackId, need: &StackId) -> Option<String> {
        let output_references = self.of_stack(stack).iter().filter(|reference| reference.upstream == *need);
        let variables: Vec<&str> = output_references.map(|reference| reference.variable.as_str()).collect();
        (!variables.is_empty()).then(|| variables.join(", "))
    }
}

impl FromIterator<(StackId, Vec<OutputReference>)> for OutputReferences {
    fn from_iter<I: IntoIterator<Item = (StackId, Vec<OutputReference>)>>(output_references: I) -> Self {
        Self(output_references.into_iter().collect())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{OutputReference, OutputReferences};

    /// Makes output references from lines of `stack.variable: need.output`.
    pub(in crate::graph::render) fn output_references(lines: &[&str]) -> OutputReferences {
        let mut output_references = OutputReferences::default();
        for line in lines {
            let (taker, output) = line.split_once(": ").unwrap();
            let (stack, variable) = taker.split_once('.').unwrap();
            let (upstream, _) = output.split_once('.').unwrap();
            output_references.0.entry(stack.parse().unwrap()).or_default().push(OutputReference {
                variable: variable.to_owned(),
                upstream: upstream.parse().unwrap(),
                output: output.to_owned(),
            });
        }
        output_references
    }
}
