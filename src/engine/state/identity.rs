//! Lineage and serial of a state, read without an engine.

use std::io;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::local::{self, LocalState};
use crate::model::hex;

/// Lineage and serial of a state.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct StateIdentity {
    /// Lineage of the state; empty if there is no state yet.
    #[serde(default)]
    pub lineage: String,
    /// Serial of the state.
    #[serde(default)]
    pub serial: u64,
}

/// Lineage and serial of a state in a local file, and the digest of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocalIdentity {
    /// Lineage and serial in the file.
    pub state: StateIdentity,
    /// SHA-256 of the file; empty if the file does not exist yet.
    pub content: String,
}

/// Reads lineage and serial of the state at an address; `None` if only an engine can read the state.
///
/// OpenTofu leaves lineage and serial of an encrypted state readable.
pub fn state_at(address: &str) -> io::Result<Option<LocalIdentity>> {
    #[derive(Deserialize)]
    struct State {
        lineage: String,
        serial: u64,
    }
    Ok(match local::read(address)? {
        LocalState::NotLocal => None,
        LocalState::Missing => Some(LocalIdentity::default()),
        LocalState::Content(state) => serde_json::from_slice(&state).ok().map(|State { lineage, serial }| {
            LocalIdentity { state: StateIdentity { lineage, serial }, content: hex(&Sha256::digest(&state)) }
        }),
    })
}

/// Returns false if a local address does not hold the state that an engine read: Terragrunt runs an engine in a folder that
/// envctl may not know, and a wrapper anywhere.
pub(super) fn may_hold(address: &str, state: &StateIdentity) -> bool {
    let is_at_least =
        |found: &LocalIdentity| found.state.lineage == state.lineage && found.state.serial >= state.serial;
    local::path(address).is_none()
        || state_at(address).is_ok_and(|found| found.as_ref().is_some_and(is_at_least))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_local_state_is_known_by_lineage_and_serial_and_a_remote_one_unknown() {
        let keep = tempfile::tempdir().unwrap();
        let path = keep.path().join("terraform.tfstate");
        let address = format!("local:{}", path.display());
        assert_eq!(state_at(&address).unwrap(), Some(LocalIdentity::default()));
        fs::write(&path, r#"{"version":4,"lineage":"l","serial":7,"encrypted_data":"x"}"#).unwrap();
        let found = state_at(&address).unwrap().unwrap();
        assert_eq!(found.state, StateIdentity { lineage: "l".to_owned(), serial: 7 });
        fs::write(&path, r#"{"version":4,"lineage":"l","serial":7,"encrypted_data":"y"}"#).unwrap();
        let other = state_at(&address).unwrap().unwrap();
        assert_eq!(other.state, found.state);
        assert_ne!(other.content, found.content);
        fs::write(&path, "no state").unwrap();
        assert_eq!(state_at(&address).unwrap(), None);
        assert_eq!(state_at("s3://b/k").unwrap(), None);
    }

    #[test]
    fn a_local_address_without_the_state_that_was_read_is_not_its_address() {
        let keep = tempfile::tempdir().unwrap();
        let path = keep.path().join("terraform.tfstate");
        let address = format!("local:{}", path.display());
        let state = |lineage: &str, serial| StateIdentity { lineage: lineage.to_owned(), serial };
        assert!(!may_hold(&address, &state("l", 7)), "no file");
        fs::write(&path, r#"{"version":4,"lineage":"l","serial":7}"#).unwrap();
        for (found, expected) in
            [(state("l", 7), true), (state("l", 6), true), (state("l", 8), false), (state("m", 7), false)]
        {
            assert_eq!(may_hold(&address, &found), expected, "{found:?}");
        }
        fs::write(&path, "no state").unwrap();
        assert!(!may_hold(&address, &state("l", 7)));
        assert!(may_hold("s3://b/k", &state("l", 7)));
    }
}
