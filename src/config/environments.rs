//! Environments: merges their layers, and holds the settings that belong to an environment as a whole.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use indexmap::IndexMap;

use super::{
    convert::{self, BackendPairs},
    expand::{Expander, TemplateNames},
    guards::{self, Guards},
    origin::{Layer, Value, toml_key},
    raw::{
        document::Document,
        field::Located,
        layer::{Keys, LayerTable, UnsupportedKey},
        map::NamedValue,
        reader::ConfigSources,
    },
    settings::{EnvVar, Environment, Secret, StackFile, VariableValue},
    support::Unsupported,
    unsets::UnsetUsage,
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    model::EnvName,
};

/// Merged layers of one environment.
#[derive(Debug)]
pub(crate) struct EnvironmentLayers {
    /// Merged layers from the built-in defaults to `[environments.X]`.
    pub(crate) base: Arc<LayerTable>,
    /// `base` with the layers of flags and `ENVCTL_*` variables on top: the keys of an instance without settings of its own.
    pub(crate) top: Arc<LayerTable>,
    /// Converted values of `top` that instances share, filled when the first instance is resolved.
    pub(crate) shared: OnceLock<SharedValues>,
}

/// Converted values that the instances of an environment share, since most of thousands of stacks have no settings of their
/// own. A field is `None` if a template in its value names `{stack}`.
#[derive(Debug)]
pub(crate) struct SharedValues {
    pub(crate) vars: Arc<IndexMap<String, Value<VariableValue>>>,
    pub(crate) var_files: Option<Arc<Vec<StackFile>>>,
    pub(crate) backend_files: Option<Arc<Vec<StackFile>>>,
    pub(crate) backend: Option<Arc<BackendPairs>>,
    pub(crate) env: Option<Arc<IndexMap<String, Value<EnvVar>>>>,
    pub(crate) secrets: Option<Arc<IndexMap<String, Value<Secret>>>>,
    pub(crate) values: Arc<BTreeMap<String, String>>,
}

impl SharedValues {
    /// Converts the keys of an environment without a value for `{stack}`.
    pub(crate) fn new(project: &str, environment: &EnvName, keys: &Keys, sources: &ConfigSources) -> Self {
        let captures = BTreeMap::new();
        let expander = || {
            let names = TemplateNames {
                project,
                environment: environment.as_str(),
                stack: None,
                root: None,
                keys,
                captures: &captures,
            };
            Expander::new(names, sources)
        };
        Self {
            vars: convert::vars(keys.vars.clone()).into(),
            var_files: convert_if_complete(expander(), |expander| {
                convert::stack_files(keys.var_files.as_ref(), expander)
            }),
            backend_files: convert_if_complete(expander(), |expander| {
                convert::stack_files(keys.backend_files.as_ref(), expander)
            }),
            backend: convert_if_complete(expander(), |expander| convert::backend(keys, expander)),
            env: convert_if_complete(expander(), |expander| convert::env(keys, expander)),
            secrets: convert_if_complete(expander(), |expander| convert::secrets(keys, expander)),
            values: convert::values(keys).into(),
        }
    }
}

/// Returns a converted value; `None` if a template in it needs a name that only a stack has.
fn convert_if_complete<T>(
    mut expander: Expander<'_>,
    convert: impl FnOnce(&mut Expander<'_>) -> T,
) -> Option<Arc<T>> {
    let value = convert(&mut expander);
    expander.problems.0.is_empty().then(|| value.into())
}

/// All environments with their merged layers, in the order of environments.toml.
pub(crate) type ResolvedEnvironments = IndexMap<EnvName, (Environment, EnvironmentLayers)>;

/// Merges the layers of every environment.
pub(crate) fn resolve(
    document: &Document,
    defaults: &LayerTable,
    overrides: &[LayerTable],
    sources: &ConfigSources,
    unsets: &mut UnsetUsage,
    problems: &mut Diagnostics,
) -> ResolvedEnvironments {
    let mut resolved = IndexMap::new();
    for (name, named) in document.environments.with_name_spans() {
        let env_name: EnvName = match name.parse() {
            Ok(name) => name,
            Err(error) => {
                let problem = Diagnostic::error("config::name", format!("{error}"));
                problems.push(sources.at(problem, &named.name_span, ""));
                continue;
            }
        };
        let base = merge_environment(document, defaults, named, sources, unsets, problems);
        let mut top = base.clone();
        for layer in overrides {
            top.apply(layer);
        }
        let mut environment = environment(env_name.clone(), named, &top);
        environment.guards = guards_of(document, &environment.name, &top, sources, problems);
        let layers = EnvironmentLayers { base: Arc::new(base), top: Arc::new(top), shared: OnceLock::new() };
        resolved.insert(env_name, (environment, layers));
    }
    resolved
}

fn merge_environment(
    document: &Document,
    defaults: &LayerTable,
    named: &NamedValue<LayerTable>,
    sources: &ConfigSources,
    unsets: &mut UnsetUsage,
    problems: &mut Diagnostics,
) -> LayerTable {
    let mut base = defaults.clone();
    if let Some(layer) = &document.defaults {
        unsets.apply(&mut base, layer);
    }
    let extends = named.value.keys.extends.as_ref().map(|extends| extends.value.as_slice());
    for template in extends.unwrap_or_default() {
        match document.templates.get(&template.value) {
            Some(layer) => unsets.apply(&mut base, layer),
            None => problems.push(unknown_template(document, template, sources)),
        }
    }
    unsets.apply(&mut base, &named.value);
    base
}

fn unknown_template(document: &Document, template: &Located<String>, sources: &ConfigSources) -> Diagnostic {
    let name = &template.value;
    let problem = if document.environments.get(name).is_some() {
        let message = format!("`{name}` is an environment; `extends` names templates only");
        let problem = Diagnostic::error("config::extends-environment", message)
            .help(format!("move what both share into `[templates.{}]`", toml_key(&format!("{name}-base"))));
        return sources.at(problem, &template.span, "an environment");
    } else {
        Diagnostic::error("config::unknown-template", format!("there is no template `{name}`"))
            .did_you_mean(name, document.templates.iter().map(|(name, _)| name.as_ref()))
    };
    sources.at(problem, &template.span, "no such template")
}

/// Returns the guards of an environment. Their templates cannot use names that only a stack has, such as `{stack}`.
fn guards_of(
    document: &Document,
    environment: &EnvName,
    top: &LayerTable,
    sources: &ConfigSources,
    problems: &mut Diagnostics,
) -> Guards {
    let project = document.project.as_ref().and_then(|project| project.name.as_ref());
    let names = TemplateNames {
        project: project.map_or("", |name| name.value.as_str()),
        environment: environment.as_str(),
        stack: None,
        root: None,
        keys: &top.keys,
        captures: &BTreeMap::new(),
    };
    let mut expander = Expander::new(names, sources);
    let guards = guards::guards(&top.keys, &mut expander);
    problems.extend(expander.problems);
    guards
}

fn environment(name: EnvName, named: &NamedValue<LayerTable>, top: &LayerTable) -> Environment {
    let keys = &top.keys;
    let words = |list: &Option<Value<Vec<Located<String>>>>| -> Vec<String> {
        list.iter().flat_map(|list| &list.value).map(|word| word.value.clone()).collect()
    };
    Environment {
        name,
        span: named.name_span.clone(),
        description: keys.description.as_ref().map(|text| text.value.clone()),
        aliases: words(&keys.aliases),
        // The validation reports invalid names.
        after: words(&keys.after).iter().filter_map(|name| name.parse().ok()).collect(),
        confirm: keys.confirm.as_ref().is_some_and(|confirm| confirm.value),
        require: keys.require.iter().flat_map(|items| &items.value).map(|item| item.0.to_owned()).collect(),
        jobs: keys.jobs.as_ref().map(|jobs| jobs.value),
        guards: Guards::default(),
        checklist: convert::convert_each(&keys.checklist, |sentence| Some(sentence.value.clone())),
        unsupported: top.unsupported.iter().map(describe_unsupported).collect(),
    }
}

/// Describes a key that this version does not honour, with the key's path from the root of environments.toml.
pub(crate) fn describe_unsupported(key: &UnsupportedKey) -> Unsupported {
    let table = match &key.origin.layer {
        Layer::Builtin => "defaults".to_owned(),
        Layer::ProcessEnvironment(name) | Layer::Flag(name) => name.as_ref().to_owned(),
        written => written.to_string().trim_matches(['[', ']']).to_owned(),
    };
    Unsupported { path: format!("{table}.{}", key.key), origin: key.origin.clone(), verbs: key.verbs }
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
            (app.vars["size"].value.as_json().unwrap(), app.var_files[0].path.as_str()),
            (&2.into(), "own.tfvars")
        );
        assert!(app.env.contains_key("OWN") && app.env.contains_key("UNIT"));
        let other = settings(&text, "other", &[]);
        assert_eq!(
            (other.vars["size"].value.as_json().unwrap(), other.var_files[0].path.as_str()),
            (&1.into(), "dev.tfvars")
        );
        assert!(!other.env.contains_key("OWN"));
    }
}
