//! Words that name environments: their roles, the order of promotion, common aliases.

use crate::model::EnvName;

/// Role of an environment, in the order of promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum EnvironmentRole {
    /// Development, where a change is applied first.
    Development,
    /// Automated tests.
    Test,
    /// Tests by people.
    Acceptance,
    /// Staging.
    Staging,
    /// Last stage before production.
    Preproduction,
    /// Production.
    Production,
}

/// Words by role, with the short forms of each role last.
const ROLE_WORDS: [(EnvironmentRole, &[&str]); 6] = [
    (EnvironmentRole::Development, &["development", "develop", "dev"]),
    (EnvironmentRole::Test, &["testing", "test", "tst", "integration", "int", "ci"]),
    (EnvironmentRole::Acceptance, &["acceptance", "acc", "qa", "uat"]),
    (EnvironmentRole::Staging, &["staging", "stage", "stag", "stg"]),
    (
        EnvironmentRole::Preproduction,
        &[
            "preproduction",
            "pre-production",
            "nonproduction",
            "non-production",
            "preprod",
            "pre-prod",
            "nonprod",
            "non-prod",
        ],
    ),
    (EnvironmentRole::Production, &["production", "prod", "prd", "live"]),
];

/// Words that name an environment outside of the order of promotion.
const UNORDERED_WORDS: [&str; 17] = [
    "sandbox",
    "sandpit",
    "sbox",
    "sbx",
    "playground",
    "canary",
    "demo",
    "preview",
    "pentest",
    "ithc",
    "training",
    "perf",
    "performance",
    "perftest",
    "loadtest",
    "lab",
    "dr",
];

/// Words that name an environment only beside other environments: folders have these names for other reasons too.
const AMBIGUOUS_WORDS: [&str; 7] = ["live", "test", "testing", "integration", "int", "ci", "acc"];

/// Short name of an environment by its full name, and the other way round.
const ALIASES: [(&str, &str); 8] = [
    ("staging", "stag"),
    ("production", "prod"),
    ("prod", "production"),
    ("stage", "staging"),
    ("stag", "staging"),
    ("stg", "staging"),
    ("development", "dev"),
    ("develop", "dev"),
];

/// Returns the role of a word that names an environment by itself, as `staging` or `Prod2`.
pub(super) fn role_of_word(word: &str) -> Option<EnvironmentRole> {
    let word = word.to_ascii_lowercase();
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
    ROLE_WORDS.iter().find(|(_, words)| words.contains(&word)).map(|(role, _)| *role)
}

/// Returns true if a word names an environment by itself.
pub(super) fn is_environment_word(word: &str) -> bool {
    role_of_word(word).is_some() || is_unordered(word)
}

/// Returns true if a word names an environment that has no place in the order of promotion, as `sandbox`.
fn is_unordered(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    UNORDERED_WORDS.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit()))
}

/// Returns true if a word names an environment only beside other environments.
pub(super) fn is_ambiguous(word: &str) -> bool {
    AMBIGUOUS_WORDS.contains(&word.to_ascii_lowercase().as_str()) || is_unordered(word)
}

/// Returns true if a word names an environment wherever it stands, as `staging` or `prod`.
pub(super) fn is_unambiguous(word: &str) -> bool {
    is_environment_word(word) && !is_ambiguous(word)
}

/// Returns true if a name consists of an unambiguous word and of a region, a number or the like: `prod-eu`, `staging-2`.
pub(super) fn is_environment_of_region(name: &str) -> bool {
    let words: Vec<&str> = words_of(name).collect();
    let is_rest = |word: &&str| is_region_word(word) || word.chars().all(|c| c.is_ascii_digit());
    words.len() > 1
        && words.iter().any(|word| is_unambiguous(word))
        && words.iter().filter(|word| !is_unambiguous(word)).all(is_rest)
}

/// First words of the names of cloud regions.
const REGIONS: [&str; 12] =
    ["us", "eu", "ap", "sa", "ca", "me", "af", "il", "global", "europe", "asia", "northamerica"];

/// Returns true if a word is the first word of a cloud region's name, or the short form of a region: `eu`, `us2`, `use1`.
pub(super) fn is_region_word(word: &str) -> bool {
    let short = word.trim_end_matches(|c: char| c.is_ascii_digit());
    REGIONS.contains(&short)
        || ["east", "west", "north", "south", "central", "northeast", "southeast"].contains(&short)
}

/// Returns the role of an environment's name, and the rest of the name: `prod-eu` is production of `eu`.
pub(super) fn role_of_name(name: &str) -> Option<(EnvironmentRole, String)> {
    if let Some(role) = role_of_word(name) {
        return Some((role, String::new()));
    }
    let mut rest = Vec::new();
    let mut found = None;
    for token in words_of(name) {
        match role_of_word(token).filter(|_| found.is_none()) {
            Some(role) => found = Some(role),
            None => rest.push(token),
        }
    }
    found.map(|role| (role, rest.join("-")))
}

/// Returns true if a text is valid as an environment's name.
pub(super) fn is_environment_name(text: &str) -> bool {
    text.parse::<EnvName>().is_ok()
}

/// Returns a common alias of an environment's name.
pub(super) fn common_alias(name: &str) -> Option<&'static str> {
    ALIASES.iter().find(|(full, _)| *full == name).map(|(_, alias)| *alias)
}

/// Splits the name of a file or folder into words.
pub(super) fn words_of(name: &str) -> impl Iterator<Item = &str> {
    name.split(['-', '_', '.', ':', ' ']).filter(|token| !token.is_empty())
}

/// Replaces the one word of a name that names an environment by `{env}`, and returns that word too; `None` unless
/// exactly one does.
pub(super) fn template_of(name: &str) -> Option<(String, String)> {
    let mut words = words_of(name).filter(|token| is_environment_word(token));
    let word = words.next()?;
    if words.next().is_some() {
        return None;
    }
    Some((with_env(name, word), word.to_owned()))
}

/// Replaces each whole word of a text that is the environment's name by `{env}`; braces are escaped.
pub(super) fn with_env(text: &str, env: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(env) {
        let (before, after) = (&rest[..at], &rest[at + env.len()..]);
        let is_whole_word = !before.ends_with(|c: char| c.is_alphanumeric())
            && !after.starts_with(|c: char| c.is_alphanumeric());
        out.push_str(&escape_braces(before));
        out.push_str(if is_whole_word { "{env}" } else { env });
        rest = after;
    }
    out.push_str(&escape_braces(rest));
    out
}

/// Escapes the braces of a text for use in a template.
pub(super) fn escape_braces(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_in_the_order_of_promotion() {
        let names = ["dev", "test", "uat", "stag", "preprod", "prd"];
        let roles: Vec<EnvironmentRole> = names.iter().map(|name| role_of_name(name).unwrap().0).collect();
        assert!(roles.is_sorted(), "{roles:?}");
        assert_eq!(role_of_name("prod-eu"), Some((EnvironmentRole::Production, "eu".to_owned())));
        assert_eq!(role_of_name("Prod2"), Some((EnvironmentRole::Production, String::new())));
        assert_eq!(role_of_name("blue"), None);
        assert_eq!(role_of_name("nonproduction"), Some((EnvironmentRole::Preproduction, String::new())));
        assert_eq!(role_of_name("sandbox"), None, "it has no place in the order");
        assert!(is_environment_word("sandbox") && is_environment_word("ithc2"));
    }

    #[test]
    fn a_region_belongs_to_the_name_of_an_environment() {
        for name in ["prod-eu", "staging_us-east-1", "prod-2", "eu-prod"] {
            assert!(is_environment_of_region(name), "{name}");
        }
        for name in ["dev-portal", "load-test", "prod", "live-eu", "ci-prod"] {
            assert!(!is_environment_of_region(name), "{name}");
        }
    }

    #[test]
    fn a_word_is_replaced_only_where_it_stands_alone() {
        assert_eq!(with_env("acme-prod-tfstate/prod/x", "prod"), "acme-{env}-tfstate/{env}/x");
        assert_eq!(with_env("production/{a}", "prod"), "production/{{a}}");
    }

    #[test]
    fn a_file_name_with_one_such_word_is_a_template() {
        assert_eq!(template_of("terraform.staging"), Some(("terraform.{env}".into(), "staging".into())));
        assert_eq!(template_of("dev-to-prod"), None);
        assert_eq!(template_of("common"), None);
    }
}
