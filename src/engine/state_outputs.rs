//! Outputs as a state holds them: read where no process is needed for it.

use std::io;

use camino::Utf8Path;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Output, OutputKind, PlanFileError,
    local_state::{self, LocalState},
    plan_file::state_before,
};

#[derive(Deserialize)]
struct State {
    version: u64,
    #[serde(default)]
    outputs: IndexMap<String, Raw>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    value: Value,
    #[serde(rename = "type", default)]
    kind: Value,
    #[serde(default)]
    sensitive: bool,
}

/// The outputs of the state that a plan was made on, as it was before the plan refreshed it.
pub fn outputs_before(plan: &Utf8Path) -> Result<Vec<Output>, PlanFileError> {
    let state = state_before(plan)?;
    in_state(&state).ok_or_else(|| PlanFileError::Broken {
        path: plan.to_owned(),
        reason: "its former state is no state".to_owned(),
    })
}

/// The outputs of the local state at an address; absent where only an engine can read it: elsewhere, or encrypted.
pub fn outputs_at(address: &str) -> io::Result<Option<Vec<Output>>> {
    Ok(match local_state::read(address)? {
        LocalState::Elsewhere => None,
        LocalState::Missing => Some(Vec::new()),
        LocalState::There(state) if state.trim_ascii().is_empty() => Some(Vec::new()),
        LocalState::There(state) => in_state(&state),
    })
}

fn in_state(state: &[u8]) -> Option<Vec<Output>> {
    let State { version, outputs } = serde_json::from_slice(state).ok()?;
    let output =
        |(name, Raw { value, kind, sensitive })| Output { name, sensitive, kind: OutputKind(kind), value };
    (version == 4).then(|| outputs.into_iter().map(output).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    #[test]
    fn outputs_of_a_state_have_types_and_sensitivity_and_another_format_is_nobodys_to_guess() {
        let state = json!({ "version": 4, "serial": 3, "outputs": {
            "id": { "value": "vpc-1", "type": "string" },
            "key": { "value": ["a"], "type": ["list", "string"], "sensitive": true },
        } });
        let found = in_state(state.to_string().as_bytes()).unwrap();
        let shown: Vec<_> = found.iter().map(|o| (o.name.as_str(), &o.value, o.sensitive)).collect();
        assert_eq!(shown, [("id", &json!("vpc-1"), false), ("key", &json!(["a"]), true)]);
        assert_eq!(in_state(br#"{"encrypted_data":"x","encryption_version":"v0"}"#), None);
        assert_eq!(in_state(br#"{"version":3,"modules":[]}"#), None);
    }

    #[test]
    fn a_local_state_that_is_not_there_has_no_outputs_and_another_place_is_for_the_engine() {
        let keep = tempfile::tempdir().unwrap();
        let path = keep.path().join("terraform.tfstate");
        let address = format!("local:{}", path.display());
        assert_eq!(outputs_at(&address).unwrap(), Some(vec![]));
        fs::write(&path, "").unwrap();
        assert_eq!(outputs_at(&address).unwrap(), Some(vec![]));
        assert_eq!(outputs_at("s3://b/k").unwrap(), None);
    }
}
