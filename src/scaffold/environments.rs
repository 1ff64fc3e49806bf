//! Environments in the order of promotion.

use std::collections::{BTreeMap, BTreeSet};

use super::environment_names::{EnvironmentRole, alias, role, role_of_word};

/// Environment that gets a table in environments.toml.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FoundEnvironment {
    /// Name of the environment.
    pub(super) name: String,
    /// Alias, absent if there is no common one.
    pub(super) alias: Option<&'static str>,
    /// Environments that come before this one in promotion.
    pub(super) after: Vec<String>,
    /// True if changes need a confirmation.
    pub(super) confirm: bool,
    /// Workspace, absent when stacks have none.
    pub(super) workspace: Option<String>,
}

/// Orders environments: those without a known role first, then from development to production.
pub(super) fn in_order(names: &BTreeSet<String>) -> Vec<FoundEnvironment> {
    let mut roles: Vec<(Option<(EnvironmentRole, String)>, &String)> =
        names.iter().map(|name| (role(name), name)).collect();
    roles.sort();
    let known: Vec<&(EnvironmentRole, String)> = roles.iter().filter_map(|(role, _)| role.as_ref()).collect();
    let last = known.last().map(|(role, _)| *role);
    let mut taken: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let environments = roles.iter().map(|(role, name)| FoundEnvironment {
        name: (*name).clone(),
        alias: alias(name).filter(|alias| taken.insert(alias)),
        after: role.as_ref().map(|role| before(role, &roles)).unwrap_or_default(),
        confirm: is_only(role.as_ref(), names)
            || names.len() > 1 && role.is_some() && role.as_ref().map(|(role, _)| *role) == last,
        workspace: None,
    });
    environments.collect()
}

/// Returns true for the only environment, unless its name is one of development.
fn is_only(role: Option<&(EnvironmentRole, String)>, names: &BTreeSet<String>) -> bool {
    names.len() == 1 && role.is_none_or(|(role, _)| *role != EnvironmentRole::Development)
}

/// Returns the environments of the nearest earlier role, those of the same region or customer if there are any.
fn before(
    own: &(EnvironmentRole, String),
    all: &[(Option<(EnvironmentRole, String)>, &String)],
) -> Vec<String> {
    let mut by_role: BTreeMap<EnvironmentRole, Vec<(&str, &String)>> = BTreeMap::new();
    for (role, name) in all {
        if let Some((role, rest)) = role.as_ref().filter(|(role, _)| *role < own.0) {
            by_role.entry(*role).or_default().push((rest, name));
        }
    }
    let Some(nearest) = by_role.into_values().next_back() else { return Vec::new() };
    let same: Vec<String> =
        nearest.iter().filter(|(rest, _)| *rest == own.1).map(|(_, name)| (*name).clone()).collect();
    if same.is_empty() { nearest.into_iter().map(|(_, name)| name.clone()).collect() } else { same }
}

/// Returns the workspace of an environment: one of its name, else one of its role, else its name for a new workspace.
pub(super) fn workspace(environment: &str, existing: &BTreeSet<String>) -> String {
    if existing.contains(environment) {
        return environment.to_owned();
    }
    let own = role_of_word(environment);
    let mut same = existing.iter().filter(|name| own.is_some() && role_of_word(name) == own);
    same.next().map_or_else(|| environment.to_owned(), Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(names: &[&str]) -> Vec<String> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let word = |e: FoundEnvironment| {
            let confirm = if e.confirm { "!" } else { "" };
            format!("{}{confirm} {} {}", e.name, e.alias.unwrap_or("-"), e.after.join(","))
        };
        in_order(&names).into_iter().map(word).collect()
    }

    #[test]
    fn promotion_goes_from_dev_to_production() {
        assert_eq!(
            told(&["production", "dev", "staging"]),
            ["dev - ", "staging stag dev", "production! prod staging"]
        );
        assert_eq!(told(&["dev", "staging"]), ["dev - ", "staging! stag dev"]);
        assert_eq!(told(&["prod", "production"]), ["prod! - ", "production! - "]);
    }

    #[test]
    fn regions_follow_their_own_kind() {
        assert_eq!(
            told(&["stage-eu", "stage-us", "prod-eu", "prod-us", "global"]),
            ["global - ", "stage-eu - ", "stage-us - ", "prod-eu! - stage-eu", "prod-us! - stage-us"]
        );
    }

    #[test]
    fn environments_of_unknown_names_have_no_order() {
        assert_eq!(told(&["blue", "green"]), ["blue - ", "green - "]);
        assert_eq!(told(&["only"]), ["only! - "]);
        assert_eq!(told(&["dev"]), ["dev - "]);
        assert_eq!(told(&["prod"]), ["prod! production "]);
        assert_eq!(told(&["staging"]), ["staging! stag "]);
    }

    #[test]
    fn a_workspace_of_the_same_role_is_meant() {
        let existing = BTreeSet::from(["production".to_owned()]);
        assert_eq!(workspace("prod", &existing), "production");
        assert_eq!(workspace("staging", &existing), "staging");
    }
}
