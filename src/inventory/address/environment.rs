//! Environment variables of the engine's processes for one instance.

use crate::config::{EnvSource, Settings};

/// Value of one environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvValue {
    /// Variable that is set to this value.
    Set(String),
    /// Variable that is set from a secret source, which envctl does not read here.
    Secret,
    /// Variable that is not set, or set to an empty text in envctl's environment.
    Unset,
}

/// Returns the value of a variable for the processes of an instance: from `env` in environments.toml, else from envctl's
/// own environment, in which `own` looks it up.
pub fn instance_variable(settings: &Settings, own: &dyn Fn(&str) -> Option<String>, name: &str) -> EnvValue {
    if let Some(variable) = settings.env.get(name)
        && !variable.value.unless.iter().any(|other| own(other).is_some())
    {
        return match &variable.value.source {
            EnvSource::Plain(text) => EnvValue::Set(text.clone()),
            EnvSource::Secret(_) => EnvValue::Secret,
        };
    }
    own(name).filter(|text| !text.is_empty()).map_or(EnvValue::Unset, EnvValue::Set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::fixture::Project;

    #[test]
    fn a_variable_is_the_files_unless_something_else_is_set() {
        let toml = "[environments.dev]\nenv.A = { value = \"file\", unless = [\"CI\"] }\n\
                    env.B = { command = [\"op\"] }\n[stacks.a]\npath = \"a\"\n";
        let instances = Project::new(toml, &[("a/main.tf", "")]).instances("dev");
        let of = |name: &str, own: &[(&str, &str)]| {
            let own = |name: &str| own.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            instance_variable(&instances[0].settings, &own, name)
        };
        assert_eq!(of("A", &[("A", "own")]), EnvValue::Set("file".to_owned()));
        assert_eq!(of("A", &[("A", "own"), ("CI", "1")]), EnvValue::Set("own".to_owned()));
        assert_eq!(of("A", &[("CI", "1")]), EnvValue::Unset);
        assert_eq!(of("B", &[]), EnvValue::Secret);
        assert_eq!(of("C", &[("C", "own")]), EnvValue::Set("own".to_owned()));
    }
}
