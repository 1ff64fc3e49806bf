//! Check that a plan file given by the user was made for the instance it is applied to.

use crate::engine::PlanFacts;

/// Current workspace, backend and lineage of an instance, which a plan for it must match.
#[derive(Debug, Clone, Copy)]
pub struct InstanceState<'a> {
    /// Workspace; `None` for `default`.
    pub workspace: Option<&'a str>,
    /// Type of the backend: `s3`.
    pub backend_type: &'a str,
    /// Lineage of the state; empty when there is no state.
    pub lineage: &'a str,
}

/// Returns the reason why a plan does not belong to the instance; `None` when it does.
pub fn mismatch_with_instance(facts: &PlanFacts, state: InstanceState<'_>) -> Option<String> {
    let workspace = state.workspace.unwrap_or("default");
    if facts.workspace != workspace {
        return Some(format!("it was made in the workspace `{}`, not in `{workspace}`", facts.workspace));
    }
    if facts.backend_type != state.backend_type {
        let InstanceState { backend_type, .. } = state;
        return Some(format!(
            "it was made for the backend `{}`, not for `{backend_type}`",
            facts.backend_type
        ));
    }
    if facts.lineage.is_empty() {
        return Some("it was made on an empty state, so nothing tells what it belongs to".to_owned());
    }
    (facts.lineage != state.lineage).then(|| "it was made on another state".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::PlanMode;

    #[test]
    fn a_plan_file_matches_one_workspace_backend_and_state() {
        let facts = |workspace: &str, backend: &str, lineage: &str| PlanFacts {
            lineage: lineage.to_owned(),
            serial: 1,
            workspace: workspace.to_owned(),
            backend_type: backend.to_owned(),
            backend_config: serde_json::Map::new(),
            version: "1.12.6".to_owned(),
            mode: PlanMode::Normal,
            targets: Vec::new(),
            excludes: Vec::new(),
            errored: false,
        };
        let here = InstanceState { workspace: None, backend_type: "s3", lineage: "one" };
        assert_eq!(mismatch_with_instance(&facts("default", "s3", "one"), here), None);
        for (other, word) in [
            (facts("staging", "s3", "one"), "workspace"),
            (facts("default", "local", "one"), "backend"),
            (facts("default", "s3", "two"), "another state"),
            (facts("default", "s3", ""), "empty state"),
        ] {
            let why = mismatch_with_instance(&other, here).unwrap_or_default();
            assert!(why.contains(word), "{why}");
        }
        let empty = InstanceState { lineage: "", ..here };
        assert!(mismatch_with_instance(&facts("default", "s3", ""), empty).is_some());
    }
}
