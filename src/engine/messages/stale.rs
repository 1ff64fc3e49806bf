//! Detection of saved plans that an engine refused as stale.

use crate::model::Failure;

/// Returns the changed part of the state (`"state serial"`, `"state lineage"`) if an apply failed because its plan is
/// stale: such an apply has changed nothing.
///
/// Source: `backend/local/backend_local.go` of OpenTofu 1.12 and Terraform 1.11.
pub fn stale(failure: &Failure) -> Option<&'static str> {
    match failure.summary.as_str() {
        "Saved plan is stale" => Some("state serial"),
        "Saved plan does not match the given state" => Some("state lineage"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailureKind;

    #[test]
    fn only_a_plan_of_another_state_is_stale() {
        let of = |summary: &str| stale(&Failure::new(FailureKind::State, summary));
        assert_eq!(of("Saved plan is stale"), Some("state serial"));
        assert_eq!(of("Saved plan does not match the given state"), Some("state lineage"));
        assert_eq!(of("Failed to save state"), None);
    }
}
