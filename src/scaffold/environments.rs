//! Environments in the order of promotion.

use std::collections::{BTreeMap, BTreeSet};

use super::environment_names::{EnvironmentRole, common_alias, role_of_name, role_of_word};

/// Environment that gets a table in environments.toml.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FoundEnvironment {
    /// Name of the environment.
    pub(super) name: String,
    /// Common alias of the name; `None` if there is none.
    pub(super) alias: Option<&'static str>,
    /// Environments to which changes are promoted before this one.
    pub(super) after: Vec<String>,
    /// True if changes in the environment need the user's confirmation.
    pub(super) confirm: bool,
    /// Workspace of the stacks; `None` when they use no workspaces.
    pub(super) workspace: Option<String>,
}

/// Orders environments: those without a known role first, then from development to production.
pub(super) fn in_promotion_order(names: &BTreeSet<String>) -> Vec<FoundEnvironment> {
    let mut roles: Vec<(Option<(EnvironmentRole, String)>, &String)> =
        names.iter().map(|name| (role_of_name(name), name)).collect();
    roles.sort();
    let known: Vec<&(EnvironmentRole, String)> = roles.iter().filter_map(|(role, _)| role.as_ref()).collect();
    let last = known.last().map(|(role, _)| *role);
    let mut used_names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let environments = roles.iter().map(|(role, name)| FoundEnvironment {
        name: (*name).clone(),
        alias: common_alias(name).filter(|alias| used_names.insert(alias)),
        after: role.as_ref().map(|role| previous_environments(role, &roles)).unwrap_or_default(),
        confirm: is_only_and_not_development(role.as_ref(), names)
            || names.len() > 1 && role.is_some() && role.as_ref().map(|(role, _)| *role) == last,
        workspace: None,
    });
    environments.collect()
}

/// Returns true for the only environment of a repository, unless its name means development.
fn is_only_and_not_development(role: Option<&(EnvironmentRole, String)>, names: &BTreeSet<String>) -> bool {
    names.len() == 1 && role.is_none_or(|(role, _)| *role != EnvironmentRole::Development)
}

/// Returns the environments of the nearest earlier role: those of the same region or customer if there are any, else all.
fn previous_environments(
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

/// Returns the workspace of an environment: an existing one with the environment's name, else an existing one of the
/// same role, else the environment's name for a new workspace.
pub(super) fn workspace_name(environment: &str, existing: &BTreeSet<String>) -> String {
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

    fn described(names: &[&str]) -> Vec<String> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let word = |e: FoundEnvironment| {
            let confirm = if e.confirm { "!" } else { "" };
            format!("{}{confirm} {} {}", e.name, e.alias.unwrap_or("-"), e.after.join(","))
        };
        in_promotion_order(&names).into_iter().map(word).collect()
    }

    #[test]
    fn promotion_goes_from_dev_to_production() {
        assert_eq!(
            described(&["production", "dev", "staging"]),
            ["dev - ", "staging stag dev", "production! prod staging"]
        );
        assert_eq!(described(&["dev", "staging"]), ["dev - ", "staging! stag dev"]);
        assert_eq!(described(&["prod", "production"]), ["prod! - ", "production! - "]);
    }

    #[test]
    fn regions_follow_their_own_kind() {
        assert_eq!(
            described(&["stage-eu", "stage-us", "prod-eu", "prod-us", "global"]),
            ["global - ", "stage-eu - ", "stage-us - ", "prod-eu! - stage-eu", "prod-us! - stage-us"]
        );
    }

    #[test]
    fn environments_of_unknown_names_have_no_order() {
        assert_eq!(described(&["blue", "green"]), ["blue - ", "green - "]);
        assert_eq!(described(&["only"]), ["only! - "]);
        assert_eq!(described(&["dev"]), ["dev - "]);
        assert_eq!(described(&["prod"]), ["prod! production "]);
        assert_eq!(described(&["staging"]), ["staging! stag "]);
    }

    #[test]
    fn a_workspace_of_the_same_role_is_meant() {
        let existing = BTreeSet::from(["production".to_owned()]);
        assert_eq!(workspace_name("prod", &existing), "production");
        assert_eq!(workspace_name("staging", &existing), "staging");
    }
}
