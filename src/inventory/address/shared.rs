//! Two instances must never have one state.

use indexmap::IndexMap;

use super::StateAddress;
use crate::{diagnostic::Diagnostic, inventory::hcl::Place, model::InstanceId};

/// An instance with the place of its state.
#[derive(Debug, Clone)]
pub struct Addressed {
    /// The instance.
    pub id: InstanceId,
    /// The place of its state.
    pub address: StateAddress,
    /// The head of its backend block, where it has one.
    pub place: Option<Place>,
    /// Device and inode of a local state that has more than one name, by hard links.
    pub hard_link: Option<(u64, u64)>,
}

/// One error for each known address that more than one instance has.
pub fn shared_addresses(instances: &[Addressed]) -> Vec<Diagnostic> {
    let mut by_state: IndexMap<String, Vec<&Addressed>> = IndexMap::new();
    for instance in instances {
        if let Some(address) = instance.address.known() {
            // Names of one file are one state, whatever they are.
            let inode = instance.hard_link.map(|(device, inode)| format!("{device} {inode}"));
            by_state.entry(inode.unwrap_or_else(|| address.to_owned())).or_default().push(instance);
        }
    }
    let shared_ones = by_state.into_values().filter(|sharers| sharers.len() > 1);
    shared_ones.map(|sharers| shared(sharers[0].address.known().unwrap_or_default(), &sharers)).collect()
}

fn shared(address: &str, sharers: &[&Addressed]) -> Diagnostic {
    let names: Vec<String> = sharers.iter().map(|sharer| format!("`{}`", sharer.id)).collect();
    let (last, first) =
        names.split_last().map_or(("", [].as_slice()), |(last, first)| (last.as_str(), first));
    let mut diagnostic = Diagnostic::error(
        "isolation::same-state",
        format!("{} and {last} have the same state: {address}", first.join(", ")),
    );
    let mut told: Vec<&Place> = Vec::new();
    for (place, sharer) in sharers.iter().filter_map(|sharer| Some((sharer.place.as_ref()?, sharer))) {
        if !told.contains(&place) {
            told.push(place);
            diagnostic =
                diagnostic.at(&place.source, place.span.clone(), format!("the backend of `{}`", sharer.id));
        }
    }
    diagnostic.help("give each a workspace, or backend pairs with `{env}` and `{stack}` in the key")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addressed(environment: &str, address: StateAddress) -> Addressed {
        let id = InstanceId { environment: environment.parse().unwrap(), stack: "app".parse().unwrap() };
        Addressed { id, address, place: None, hard_link: None }
    }

    #[test]
    fn both_instances_and_the_place_are_named() {
        let same = StateAddress::Known("s3://b/k".to_owned());
        let other = StateAddress::Known("s3://b/other".to_owned());
        let unknown = StateAddress::Unknown { because: "x".to_owned() };
        let found = shared_addresses(&[
            addressed("dev", same.clone()),
            addressed("qa", other),
            addressed("prod", same),
            addressed("a", unknown.clone()),
            addressed("b", unknown),
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].message, "`dev/app` and `prod/app` have the same state: s3://b/k");
    }
}
