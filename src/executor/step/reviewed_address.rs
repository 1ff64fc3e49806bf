//! Address of the state that a plan would change, as part of the review's digest.

use camino::Utf8Path;
use serde_json::{Map, Value};

use crate::files::{normalised, relative_path};

/// Prefix of the address of a local state.
const LOCAL: &str = "local:";

/// Returns a state address for the review's digest. The path of a local state is relative to the project's folder, so
/// that it is equal in every checkout; a path outside of the project that was written absolute stays absolute.
pub(super) fn reviewed_address(
    address: Option<&str>,
    config: &Map<String, Value>,
    project: &Utf8Path,
) -> String {
    let Some(address) = address else { return "unknown".to_owned() };
    let Some(path) = address.strip_prefix(LOCAL).map(Utf8Path::new) else { return address.to_owned() };
    let written = |key| config.get(key).and_then(Value::as_str);
    // A path that was given with `--config` may contain `..`.
    let project = &*normalised(project);
    let is_absolute = |key| written(key).is_some_and(|path| Utf8Path::new(path).is_absolute());
    if let Ok(below) = path.strip_prefix(project) {
        format!("{LOCAL}{below}")
    } else if is_absolute("path") || is_absolute("workspace_dir") {
        address.to_owned()
    } else {
        format!("{LOCAL}{}", relative_path(project, path))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reviewed(address: Option<&str>, config: &Value) -> String {
        let typed = Utf8Path::new("/home/one/other/../shop");
        let found = reviewed_address(address, config.as_object().unwrap(), typed);
        assert_eq!(found, reviewed_normalised(address, config));
        found
    }

    fn reviewed_normalised(address: Option<&str>, config: &Value) -> String {
        reviewed_address(address, config.as_object().unwrap(), Utf8Path::new("/home/one/shop"))
    }

    #[test]
    fn a_local_state_is_addressed_from_the_project_in_every_checkout() {
        let below = "local:/home/one/shop/state/dev.tfstate";
        assert_eq!(
            reviewed(Some(below), &json!({ "path": "../state/dev.tfstate" })),
            "local:state/dev.tfstate"
        );
        assert_eq!(reviewed(Some(below), &json!({ "path": &below[6..] })), "local:state/dev.tfstate");
        let beside = "local:/home/one/states/dev.tfstate";
        let written = json!({ "path": "../../states/dev.tfstate", "workspace_dir": null });
        assert_eq!(reviewed(Some(beside), &written), "local:../states/dev.tfstate");
        assert_eq!(reviewed(Some(beside), &json!({ "path": &beside[6..] })), beside);
    }

    #[test]
    fn other_addresses_are_taken_as_they_are() {
        let address = "s3://b/env:/dev/k at http://localhost:1";
        assert_eq!(reviewed(Some(address), &json!({ "bucket": "b" })), address);
        assert_eq!(reviewed(None, &json!({})), "unknown");
    }
}
