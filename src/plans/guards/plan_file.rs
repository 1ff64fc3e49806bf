//! A plan file that is given to the engine by hand: whether it was made for the instance.

use crate::engine::PlanFacts;

/// What an instance has now that a plan of it must have.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Its workspace; absent for the default one.
    pub workspace: Option<&'a str>,
    /// The type of its backend.
    pub backend: &'a str,
    /// The lineage of its state; empty where there is none.
    pub lineage: &'a str,
}

/// Why a plan is none of the instance in this place.
pub fn foreign(facts: &PlanFacts, place: Place<'_>) -> Option<String> {
    let workspace = place.workspace.unwrap_or("default");
    if facts.workspace != workspace {
        return Some(format!("it was made in the workspace `{}`, not in `{workspace}`", facts.workspace));
    }
    if facts.backend != place.backend {
        let Place { backend, .. } = place;
        return Some(format!("it was made for the backend `{}`, not for `{backend}`", facts.backend));
    }
    if facts.lineage.is_empty() {
        return Some("it was made on an empty state, so nothing tells what it belongs to".to_owned());
    }
    (facts.lineage != place.lineage).then(|| "it was made on another state".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::PlanMode;

    #[test]
    fn a_plan_belongs_to_its_workspace_its_backend_and_its_state() {
        let facts = |workspace: &str, backend: &str, lineage: &str| PlanFacts {
            lineage: lineage.to_owned(),
            serial: 1,
            workspace: workspace.to_owned(),
            backend: backend.to_owned(),
            backend_config: serde_json::Map::new(),
            version: "1.12.6".to_owned(),
            mode: PlanMode::Normal,
            targets: Vec::new(),
            excludes: Vec::new(),
            errored: false,
        };
        let here = Place { workspace: None, backend: "s3", lineage: "one" };
        assert_eq!(foreign(&facts("default", "s3", "one"), here), None);
        for (other, word) in [
            (facts("staging", "s3", "one"), "workspace"),
            (facts("default", "local", "one"), "backend"),
            (facts("default", "s3", "two"), "another state"),
            (facts("default", "s3", ""), "empty state"),
        ] {
            let why = foreign(&other, here).unwrap_or_default();
            assert!(why.contains(word), "{why}");
        }
        let empty = Place { lineage: "", ..here };
        assert!(foreign(&facts("default", "s3", ""), empty).is_some());
    }
}
