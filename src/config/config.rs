//! Resolved configuration and its queries: environments by name or alias, stacks, engines, origins.

use std::{collections::BTreeMap, fmt, ops::Range, sync::Arc, time::Duration};

use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexMap;

use super::{
    discover::DiscoverTemplates,
    environments::EnvironmentLayers,
    expand::{Expander, TemplateNames},
    origin::Origin,
    raw::{
        field::{KeyPath, TomlValue as _, Visited},
        layer::LayerTable,
        reader::ConfigSources,
    },
    settings::{Discover, EngineSettings, Environment, Project, Stack},
    stacks::StackLayers,
    support::Unsupported,
};
use crate::{
    diagnostic::{Diagnostics, SourceFile, closest},
    model::{EngineName, EnvName, StackId},
};

/// Resolved and validated environments.toml. Its tables fit each other; no file of a stack has been read.
#[derive(Debug)]
pub struct Config {
    pub(crate) path: Utf8PathBuf,
    pub(crate) root: Utf8PathBuf,
    pub(crate) sources: ConfigSources,
    pub(crate) project: Project,
    pub(crate) engines: [EngineSettings; 3],
    pub(crate) environments: IndexMap<EnvName, Environment>,
    pub(crate) environment_layers: Vec<EnvironmentLayers>,
    pub(crate) stacks: IndexMap<StackId, Stack>,
    pub(crate) stack_layers: Vec<StackLayers>,
    pub(crate) discover: Option<Discover>,
    pub(crate) discover_templates: Option<DiscoverTemplates>,
    pub(crate) overrides: Vec<LayerTable>,
    /// Keys that this version does not honour, from tables without layers, each with the environments that the table
    /// concerns (an empty list for all).
    pub(crate) unsupported: Vec<(Unsupported, Vec<String>)>,
    pub(crate) keep_runs: Option<Duration>,
    /// Warnings about templates that no environment extends.
    pub(crate) unused_templates: Diagnostics,
}

/// Error for a word of the command line that names no environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct UnknownEnvironment {
    /// Word that the user typed.
    pub word: String,
    /// Name or alias that the user probably meant.
    pub suggestion: Option<String>,
    /// Declared environments.
    pub declared: Vec<EnvName>,
}

impl fmt::Display for UnknownEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no environment `{}`", self.word)?;
        if let Some(suggestion) = &self.suggestion {
            return write!(f, "; did you mean `{suggestion}`?");
        }
        let known: Vec<_> = self.declared.iter().map(|name| format!("`{name}`")).collect();
        if known.is_empty() {
            f.write_str(": none is declared")
        } else {
            write!(f, "; there are {}", known.join(", "))
        }
    }
}

impl Config {
    /// Returns the value of `[store] keep`: the time for which runs are kept.
    pub fn keep_runs(&self) -> Option<Duration> {
        self.keep_runs
    }

    /// Returns a warning for each table of `[templates]` that no environment extends.
    pub fn unused_templates(&self) -> &Diagnostics {
        &self.unused_templates
    }

    /// Returns the folder of environments.toml: the base of the relative paths in environments.toml.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// Returns the path of environments.toml.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Returns the text of environments.toml, which the spans of the settings point into.
    pub fn source(&self) -> &Arc<SourceFile> {
        &self.sources.file
    }

    /// Returns the settings of `[project]`.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Returns the settings of one engine.
    pub fn engine(&self, engine: EngineName) -> &EngineSettings {
        &self.engines[engine.index()]
    }

    /// Returns the environments in the order of environments.toml.
    pub fn environments(&self) -> &IndexMap<EnvName, Environment> {
        &self.environments
    }

    /// Returns the environment whose name or alias is `word`.
    pub fn environment(&self, word: &str) -> Result<&Environment, UnknownEnvironment> {
        let by_alias = || self.environments.values().find(|e| e.aliases.iter().any(|alias| alias == word));
        self.environments.get(word).or_else(by_alias).ok_or_else(|| {
            let names = self.environments.values().flat_map(|environment| {
                std::iter::once(environment.name.as_str())
                    .chain(environment.aliases.iter().map(String::as_str))
            });
            UnknownEnvironment {
                word: word.to_owned(),
                suggestion: closest(word, names).map(str::to_owned),
                declared: self.environments.keys().cloned().collect(),
            }
        })
    }

    /// Returns the declared stacks in the order of environments.toml.
    pub fn stacks(&self) -> &IndexMap<StackId, Stack> {
        &self.stacks
    }

    /// Returns the settings of `[discover]`.
    pub fn discover(&self) -> Option<&Discover> {
        self.discover.as_ref()
    }

    /// Returns the keys that this version does not honour: of tables without layers, and of `environment` if it is given.
    ///
    /// The keys of a stack are in its [`Settings`](super::Settings).
    pub fn unsupported(&self, environment: Option<&Environment>) -> Vec<Unsupported> {
        let of_file = self.unsupported.iter().filter(|(_, concerned)| {
            environment.is_none_or(|environment| {
                concerned.is_empty() || concerned.iter().any(|name| name == environment.name.as_str())
            })
        });
        let of_environment =
            environment.map(|environment| environment.unsupported.as_slice()).unwrap_or_default();
        of_file.map(|(unsupported, _)| unsupported).chain(of_environment).cloned().collect()
    }

    /// Returns the origin of each key in force, by the key's path below an environment: `workspace`, `vars.size`.
    ///
    /// The layers of `stack` are included, if a stack is given.
    pub fn origins(&self, environment: &Environment, stack: Option<&StackId>) -> Vec<(String, Origin)> {
        let mut origins = Vec::new();
        let own = stack.and_then(|stack| self.stack_layers(stack));
        let layer = self.instance_layer(environment, own);
        layer.keys.visit(&KeyPath::ROOT, &mut |visited| {
            if let Visited::Origin(path, origin) = visited {
                origins.push((path.to_string(), origin.clone()));
            }
        });
        origins
    }

    /// Returns the patterns of `[discover] paths` with their spans: templates are expanded for the environment, `<captures>`
    /// and `**` stay in the patterns.
    pub fn discovery_patterns(
        &self,
        environment: &Environment,
    ) -> Result<Vec<(String, Range<usize>)>, Diagnostics> {
        let Some(templates) = &self.discover_templates else { return Ok(Vec::new()) };
        templates.expand_paths(self.expander(environment, None, &BTreeMap::new()))
    }

    /// Returns the name that `[discover] name` gives a discovered stack; `None` without that key.
    pub fn discovered_stack_name(
        &self,
        environment: &Environment,
        captures: &BTreeMap<String, String>,
    ) -> Result<Option<String>, Diagnostics> {
        let Some(templates) = &self.discover_templates else { return Ok(None) };
        templates.expand_name(self.expander(environment, None, captures))
    }

    /// Creates an expander for the templates of a whole environment; `stack` is the value of `{stack}`, which may be unset.
    pub(crate) fn expander<'a>(
        &'a self,
        environment: &'a Environment,
        stack: Option<&'a str>,
        captures: &'a BTreeMap<String, String>,
    ) -> Expander<'a> {
        let names = TemplateNames {
            project: &self.project.name,
            environment: environment.name.as_str(),
            stack,
            // Any path serves: only an instance uses the result.
            root: stack.map(|_| &(|| Utf8PathBuf::from(".")) as &dyn Fn() -> Utf8PathBuf),
            keys: &self.environment_layers(environment).top.keys,
            captures,
        };
        Expander::new(names, &self.sources)
    }

    pub(crate) fn environment_layers(&self, environment: &Environment) -> &EnvironmentLayers {
        let index = self.environments.get_index_of(environment.name.as_str()).unwrap_or_default();
        &self.environment_layers[index]
    }

    pub(crate) fn stack_layers(&self, stack: &StackId) -> Option<&StackLayers> {
        self.stacks.get_index_of(stack).map(|index| &self.stack_layers[index])
    }
}
