//! Resources in a state, as `state pull` prints it or as a file to push holds it.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use crate::{engine::StateIdentity, model::ResourceAddress};

/// Reason why a text cannot be read as a state.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The text is no JSON, or lacks the fields of a state.
    #[error("it is encrypted, or no state: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The format differs from the one that engines have written since Terraform 0.12.
    #[error("its format {0} is not known")]
    Format(u64),
}

/// State in JSON. Source: `internal/states/statefile/version4.go` of OpenTofu 1.12 and Terraform 1.11.
#[derive(Deserialize, Default)]
pub(in crate::engine) struct StateFile {
    version: u64,
    /// Lineage and serial of the state.
    #[serde(flatten)]
    pub(in crate::engine) identity: StateIdentity,
    #[serde(default)]
    resources: Vec<StateResource>,
}

#[derive(Deserialize)]
struct StateResource {
    #[serde(default)]
    module: String,
    mode: String,
    #[serde(rename = "type")]
    resource_type: String,
    name: String,
    #[serde(default)]
    instances: Vec<StateInstance>,
}

#[derive(Deserialize)]
struct StateInstance {
    #[serde(default)]
    index_key: Value,
}

impl StateFile {
    /// Returns the addresses of the managed resources.
    pub(in crate::engine) fn addresses(&self) -> Result<BTreeSet<ResourceAddress>, StateError> {
        if self.version != 4 {
            return Err(StateError::Format(self.version));
        }
        let managed = self.resources.iter().filter(|resource| resource.mode == "managed");
        let addresses = managed.flat_map(|resource| resource.instances.iter().map(|i| address(resource, i)));
        // Only an empty text is no address.
        Ok(addresses.filter_map(|address| address.parse().ok()).collect())
    }
}

/// Returns the addresses of the managed resources in a state file.
pub fn state_addresses(text: &[u8]) -> Result<BTreeSet<ResourceAddress>, StateError> {
    serde_json::from_slice::<StateFile>(text)?.addresses()
}

fn address(resource: &StateResource, instance: &StateInstance) -> String {
    let StateResource { module, resource_type, name, .. } = resource;
    let dot = if module.is_empty() { "" } else { "." };
    let resource = format!("{module}{dot}{resource_type}.{name}");
    match &instance.index_key {
        Value::Null => resource,
        Value::String(key) => {
            let key = key.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let key = key.replace("${", "$${").replace("%{", "%%{");
            format!("{resource}[\"{key}\"]")
        }
        other => format!("{resource}[{other}]"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_state_holds_what_it_manages_by_the_addresses_that_engines_show() {
        let resource = |module: &str, mode: &str, keys: &[Value]| {
            let instances: Vec<Value> = keys.iter().map(|key| json!({ "index_key": key })).collect();
            json!({ "module": module, "mode": mode, "type": "aws_x", "name": "y", "instances": instances })
        };
        let state = json!({ "version": 4, "resources": [
            { "mode": "managed", "type": "aws_a", "name": "b", "instances": [{}, { "deposed": "0badcafe" }] },
            resource("module.m[0]", "managed", &[json!(0), json!("k\"${")]),
            resource("", "data", &[json!(1)]),
        ]});
        let found = state_addresses(state.to_string().as_bytes()).unwrap();
        let texts: Vec<&str> = found.iter().map(ResourceAddress::as_str).collect();
        assert_eq!(texts, ["aws_a.b", "module.m[0].aws_x.y[\"k\\\"$${\"]", "module.m[0].aws_x.y[0]"]);
    }

    #[test]
    fn a_text_that_is_no_state_is_refused() {
        for text in ["", "{}", "no state", "{\"version\": 3, \"modules\": []}", "{\"encrypted_data\": \"x\"}"]
        {
            assert!(state_addresses(text.as_bytes()).is_err(), "{text}");
        }
    }
}
