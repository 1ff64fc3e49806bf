//! Detection of failures which only mean that another stack has to be applied first.

use crate::model::Failure;

/// Messages of engines that read outputs which do not exist yet.
///
/// Source: measured with OpenTofu 1.12.6, Terraform 1.11.4 (no state; a state without that output) and Terragrunt 1.1.3.
const MISSING_OUTPUT_MESSAGES: &[&str] = &[
    "Unable to find remote state",
    "This object does not have an attribute named",
    "but detected no outputs",
];

/// Returns true if a plan failed because the outputs of another stack do not exist yet.
///
/// The result is a guess: the name of an attribute may be wrong. The caller checks that another stack is pending.
pub fn awaits_upstream(failure: &Failure) -> bool {
    MISSING_OUTPUT_MESSAGES
        .iter()
        .any(|saying| failure.summary.contains(saying) || failure.detail.contains(saying))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailureKind;

    #[test]
    fn a_missing_remote_state_waits_for_its_stack_and_a_broken_file_does_not() {
        let missing = Failure::new(FailureKind::Provider, "Unable to find remote state")
            .with_detail("No stored state was found for the given workspace in the given backend.");
        assert!(awaits_upstream(&missing));
        assert!(!awaits_upstream(&Failure::new(FailureKind::Config, "Unclosed configuration block")));
    }
}
