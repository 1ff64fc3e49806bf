//! Values that instances share: of thousands of stacks, most have the values of their environment.

use std::{collections::BTreeMap, fmt, ops::Deref, sync::Arc};

use indexmap::IndexMap;

use super::{
    convert::{self, BackendPairs},
    expand::{Expander, Names},
    load::Config,
    origin::Value,
    raw::layer::Keys,
    settings::{EnvVar, Environment, Secret, VarFile, VariableValue},
};

/// Reference-counted value that instances share; it dereferences to the value.
pub struct Shared<T>(Arc<T>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<'a, K, V> IntoIterator for &'a Shared<IndexMap<K, V>> {
    type Item = (&'a K, &'a V);
    type IntoIter = indexmap::map::Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a, K, V> IntoIterator for &'a Shared<BTreeMap<K, V>> {
    type Item = (&'a K, &'a V);
    type IntoIter = std::collections::btree_map::Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a, T> IntoIterator for &'a Shared<Vec<T>> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Values of the stacks in an environment that set nothing themselves. Values whose templates name a stack are `None`.
#[derive(Debug)]
pub(crate) struct SharedValues {
    pub(crate) vars: Shared<IndexMap<String, Value<VariableValue>>>,
    pub(crate) var_files: Option<Shared<Vec<VarFile>>>,
    pub(crate) backend: Option<Shared<BackendPairs>>,
    pub(crate) env: Option<Shared<IndexMap<String, Value<EnvVar>>>>,
    pub(crate) secrets: Option<Shared<IndexMap<String, Value<Secret>>>>,
    pub(crate) values: Shared<BTreeMap<String, String>>,
}

impl Config {
    /// Converts the keys of an environment without a stack.
    pub(crate) fn shared_values(&self, environment: &Environment, keys: &Keys) -> SharedValues {
        let captures = BTreeMap::new();
        let expander = || {
            let names = Names {
                project: &self.project.name,
                environment: environment.name.as_str(),
                stack: None,
                keys,
                captures: &captures,
            };
            Expander::new(names, &self.sources)
        };
        SharedValues {
            vars: convert::vars(keys.vars.clone()).into(),
            var_files: complete(expander(), |expander| convert::var_files(keys, expander)),
            backend: complete(expander(), |expander| convert::backend(keys, expander)),
            env: complete(expander(), |expander| convert::env(keys, expander)),
            secrets: complete(expander(), |expander| convert::secrets(keys, expander)),
            values: convert::values(keys).into(),
        }
    }
}

/// Returns a converted value; `None` if a template in it needs a name that only a stack has.
fn complete<T>(
    mut expander: Expander<'_>,
    convert: impl FnOnce(&mut Expander<'_>) -> T,
) -> Option<Shared<T>> {
    let value = convert(&mut expander);
    expander.problems.0.is_empty().then(|| value.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::config::{Config, Overrides, Settings};

    fn settings(text: &str, stack: &str, captures: &[(&str, &str)]) -> Settings {
        let folder = tempfile::tempdir().unwrap();
        let path = camino::Utf8Path::from_path(folder.path()).unwrap().join("environments.toml");
        let all =
            format!("{text}\n[environments.dev]\nvalues.unit = \"none\"\n[discover]\npaths = [\"<unit>\"]\n");
        std::fs::write(&path, all).unwrap();
        let (config, _) = Config::load(&path, &Overrides::default()).unwrap();
        let captures =
            captures.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let environment = config.environment("dev").unwrap();
        // The first call fills the shared values, so that the second one uses them.
        config
            .settings(environment, &"other".parse().unwrap(), &BTreeMap::new(), Some("other".into()))
            .unwrap();
        config.settings(environment, &stack.parse().unwrap(), &captures, Some("found".into())).unwrap()
    }

    const FILE: &str = r#"
        [project]
        name = "shop"
        [defaults]
        var_files = ["{env}.tfvars"]
        backend.s3.key = "{stack}"
        env.UNIT = "{unit}"
        vars.size = 1
    "#;

    #[test]
    fn what_names_a_stack_is_not_shared() {
        assert_eq!(settings(FILE, "app", &[]).backend["s3"]["key"].value, "app");
        assert_eq!(settings(FILE, "app", &[]).var_files[0].path, "dev.tfvars");
    }

    #[test]
    fn a_capture_that_hides_a_value_is_not_lost_to_sharing() {
        let source = |settings: &Settings| format!("{:?}", settings.env["UNIT"].value.source);
        assert_eq!(source(&settings(FILE, "app", &[])), "Plain(\"none\")");
        assert_eq!(source(&settings(FILE, "app", &[("unit", "api")])), "Plain(\"api\")");
        assert_eq!(settings(FILE, "app", &[("unit", "api")]).template_values["unit"], "api");
    }

    #[test]
    fn a_layer_of_its_own_touches_nobody_else() {
        let text =
            format!("{FILE}\n[stacks.app]\nvars.size = 2\nvar_files = [\"own.tfvars\"]\nenv.OWN = \"x\"\n");
        let app = settings(&text, "app", &[]);
        assert_eq!(
            (app.vars["size"].value.known().unwrap(), app.var_files[0].path.as_str()),
            (&2.into(), "own.tfvars")
        );
        assert!(app.env.contains_key("OWN") && app.env.contains_key("UNIT"));
        let other = settings(&text, "other", &[]);
        assert_eq!(
            (other.vars["size"].value.known().unwrap(), other.var_files[0].path.as_str()),
            (&1.into(), "dev.tfvars")
        );
        assert!(!other.env.contains_key("OWN"));
    }
}
