//! What flows along the edges of a drawing: variables of a stack that take outputs of another one.

use std::collections::HashMap;

use crate::model::StackId;

/// A variable that takes an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wire {
    /// The variable.
    pub variable: String,
    /// The stack whose output it takes.
    pub from: StackId,
    /// The output as it is written: `network.vpc_id`.
    pub output: String,
}

/// The wires of all stacks, by the stack that takes.
#[derive(Debug, Clone, Default)]
pub struct Wires(HashMap<StackId, Vec<Wire>>);

impl Wires {
    /// Those of a stack.
    pub(super) fn of(&self, stack: &StackId) -> &[Wire] {
        self.0.get(stack).map_or(&[], Vec::as_slice)
    }

    /// The variables of a stack that take outputs of one that it needs, in one line; none where it only comes after it.
    pub(super) fn along(&self, stack: &StackId, need: &StackId) -> Option<String> {
        let wires = self.of(stack).iter().filter(|wire| wire.from == *need);
        let variables: Vec<&str> = wires.map(|wire| wire.variable.as_str()).collect();
        (!variables.is_empty()).then(|| variables.join(", "))
    }
}

impl FromIterator<(StackId, Vec<Wire>)> for Wires {
    fn from_iter<I: IntoIterator<Item = (StackId, Vec<Wire>)>>(wires: I) -> Self {
        Self(wires.into_iter().collect())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Wire, Wires};

    /// Wires from lines of `stack.variable: need.output`.
    pub(in crate::graph::render) fn wires(lines: &[&str]) -> Wires {
        let mut wires = Wires::default();
        for line in lines {
            let (taker, output) = line.split_once(": ").unwrap();
            let (stack, variable) = taker.split_once('.').unwrap();
            let (from, _) = output.split_once('.').unwrap();
            wires.0.entry(stack.parse().unwrap()).or_default().push(Wire {
                variable: variable.to_owned(),
                from: from.parse().unwrap(),
                output: output.to_owned(),
            });
        }
        wires
    }
}
