//! Identities that act in a run: one for each distinct process environment of its instances.

use std::{collections::BTreeMap, ffi::OsString};

use super::{IdentityError, IdentityVerifier, identity::identity_env, step::ready_stack::ReadyStack};
use crate::process::Runner;

/// Runs the command once for each distinct process environment among the instances, and binds their plans to the
/// identity; returns the identities, without duplicates.
pub fn identify<'w>(
    works: impl Iterator<Item = &'w mut ReadyStack>,
    identity: &IdentityVerifier,
    runner: &Runner,
    progress: &(dyn Fn(String) + Sync),
) -> Result<Vec<String>, IdentityError> {
    let mut known: Vec<(BTreeMap<OsString, OsString>, String)> = Vec::new();
    for ready in works {
        let env = identity_env(&ready.target.env);
        let identity_text = match known.iter().find(|(asked, _)| *asked == env) {
            Some((_, identity_text)) => identity_text.clone(),
            None => {
                let identity_text = identity.query(&env, runner, progress)?;
                known.push((env, identity_text.clone()));
                identity_text
            }
        };
        ready.plan_inputs.identity = Some(identity_text);
        ready.identity = Some(identity.clone());
    }
    let mut identities: Vec<String> = known.into_iter().map(|(_, identity_text)| identity_text).collect();
    identities.sort();
    identities.dedup();
    Ok(identities)
}
