//! Annotations of drawings: variables of a stack that take outputs of another stack, and states that a stack reads without
//! waiting for their stacks.

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

/// Annotations of one stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StackAnnotations {
    /// Variables that take outputs.
    pub output_references: Vec<OutputReference>,
    /// Stacks whose state the stack reads without waiting for them.
    pub reads: Vec<StackId>,
}

/// Annotations of all stacks.
#[derive(Debug, Clone, Default)]
pub struct Annotations(HashMap<StackId, StackAnnotations>);

impl Annotations {
    /// Returns the output references of a stack.
    pub(super) fn output_references(&self, stack: &StackId) -> &[OutputReference] {
        self.0.get(stack).map_or(&[], |annotations| annotations.output_references.as_slice())
    }

    /// Returns the stacks whose state a stack reads without waiting for them.
    pub(super) fn reads(&self, stack: &StackId) -> &[StackId] {
        self.0.get(stack).map_or(&[], |annotations| annotations.reads.as_slice())
    }

    /// Returns the variables of a stack that take outputs of a dependency, joined by commas; `None` when there are
    /// none.
    pub(super) fn variables_between(&self, stack: &StackId, need: &StackId) -> Option<String> {
        let references = self.output_references(stack).iter().filter(|reference| reference.upstream == *need);
        let variables: Vec<&str> = references.map(|reference| reference.variable.as_str()).collect();
        (!variables.is_empty()).then(|| variables.join(", "))
    }
}

impl FromIterator<(StackId, StackAnnotations)> for Annotations {
    fn from_iter<I: IntoIterator<Item = (StackId, StackAnnotations)>>(annotations: I) -> Self {
        Self(annotations.into_iter().collect())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Annotations, OutputReference};

    /// Makes annotations from lines of `stack.variable: need.output`, or `stack reads other`.
    pub(in crate::graph::render) fn annotations(lines: &[&str]) -> Annotations {
        let mut annotations = Annotations::default();
        for line in lines {
            if let Some((stack, read)) = line.split_once(" reads ") {
                let of_stack = annotations.0.entry(stack.parse().unwrap()).or_default();
                of_stack.reads.push(read.parse().unwrap());
                continue;
            }
            let (taker, output) = line.split_once(": ").unwrap();
            let (stack, variable) = taker.split_once('.').unwrap();
            let (upstream, _) = output.split_once('.').unwrap();
            let of_stack = annotations.0.entry(stack.parse().unwrap()).or_default();
            of_stack.output_references.push(OutputReference {
                variable: variable.to_owned(),
                upstream: upstream.parse().unwrap(),
                output: output.to_owned(),
            });
        }
        annotations
    }
}
