//! Identities that act in a run: one for each distinct process environment of its instances.

use std::{collections::BTreeMap, ffi::OsString};

use super::{Identity, IdentityError, identity::relevant, step::work::Work};
use crate::process::Runner;

/// Runs the command once for each distinct process environment among the instances, and binds their plans to the
/// identity; returns the identities, without duplicates.
pub fn identify<'w>(
    works: impl Iterator<Item = &'w mut Work>,
    identity: &Identity,
    runner: &Runner,
    says: &(dyn Fn(String) + Sync),
) -> Result<Vec<String>, IdentityError> {
    let mut known: Vec<(BTreeMap<OsString, OsString>, String)> = Vec::new();
    for work in works {
        let env = relevant(&work.target.env);
        let who = match known.iter().find(|(asked, _)| *asked == env) {
            Some((_, who)) => who.clone(),
            None => {
                let who = identity.ask(&env, runner, says)?;
                known.push((env, who.clone()));
                who
            }
        };
        work.plan_inputs.identity = Some(who);
        work.identity = Some(identity.clone());
    }
    let mut told: Vec<String> = known.into_iter().map(|(_, who)| who).collect();
    told.sort();
    told.dedup();
    Ok(told)
}
