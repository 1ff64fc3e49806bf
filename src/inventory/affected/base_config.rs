//! Configuration at the base of the comparison, and the settings of a stack that have another value now.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::changes::{BaseFile, RepositoryChanges};
use crate::{
    config::{Config, EngineSettings, EnvironmentScope, Overrides, Settings, Stack, StackReference, Value},
    diagnostic::Diagnostics,
    inventory::{
        Instance,
        candidates::{StackCandidate, candidates},
        stack_files::StackGeneration,
    },
    model::{StackId, VariablePattern},
};

/// Configuration of environments.toml at the base, compared with the current one.
#[derive(Debug)]
pub(super) enum BaseConfig {
    /// Unchanged environments.toml.
    Unchanged,
    /// No environments.toml at the base.
    Missing,
    /// Unknown configuration: the file at the base cannot be parsed, or lay behind a link or in a submodule that has
    /// changed.
    Unknown,
    /// Configuration that differs from the current one.
    Changed(Box<Config>),
}

impl BaseConfig {
    /// Parses environments.toml at the base, with the same overrides as the current configuration.
    pub(super) fn read(changes: &RepositoryChanges, config: &Config, overrides: &Overrides) -> Self {
        match &changes.base_file {
            BaseFile::Unchanged => Self::Unchanged,
            BaseFile::Missing => Self::Missing,
            BaseFile::Unknown => Self::Unknown,
            BaseFile::Changed(text) => Config::from_text(config.path(), text.as_str(), overrides)
                .map_or(Self::Unknown, |(config, _)| Self::Changed(Box::new(config))),
        }
    }
}

/// Stacks of an environment as environments.toml declared them at the base.
pub(super) struct BaseStacks<'c> {
    /// Environment and configuration at the base.
    pub(super) scope: EnvironmentScope<'c>,
    /// Declared and discovered stacks, by name.
    pub(super) stacks: IndexMap<StackId, StackCandidate>,
}

impl<'c> BaseStacks<'c> {
    /// Returns the stacks of an environment at the base; `None` when discovery fails.
    pub(super) fn load(scope: EnvironmentScope<'c>) -> Option<Self> {
        let EnvironmentScope { config, environment } = scope;
        let mut found = Diagnostics::default();
        let candidates = candidates(config, environment, StackGeneration::Skip, &mut found).ok()?;
        if found.has_errors() && candidates.is_empty() {
            return None;
        }
        let stacks = candidates.into_iter().map(|candidate| (candidate.stack.clone(), candidate)).collect();
        Some(Self { scope, stacks })
    }

    /// Returns the keys that have another value for an instance now (`vars.region`); `None` when the stack did not exist at
    /// the base.
    pub(super) fn changed_keys(&self, instance: &Instance, config: &Config) -> Option<BTreeSet<String>> {
        let before = self.stacks.get(&instance.id.stack)?;
        let mut keys = changed_settings(&before.settings, &instance.settings);
        let engine = |config: &Config| {
            let stack = config.stacks().get(&instance.id.stack);
            // All fields are named here too. `path` is compared with the settings; a change of `environments` shows as a new
            // or deleted stack.
            let own = stack.and_then(|stack| {
                let Stack { name: _, span: _, path: _, environments: _, tags: _, engine } = stack;
                *engine
            });
            own.or(config.project().engine)
        };
        if engine(self.scope.config) != engine(config) {
            keys.insert("engine".to_owned());
        }
        let driven = config.engine(instance.engine).drives;
        for engine in [Some(instance.engine), driven].into_iter().flatten() {
            let differing = changed_engine_settings(self.scope.config.engine(engine), config.engine(engine));
            keys.extend(differing.into_iter().map(|key| format!("{engine}.{key}")));
        }
        Some(keys)
    }
}

/// Returns the keys of a stack that differ. The values of template names count where they are used.
fn changed_settings(old: &Settings, new: &Settings) -> BTreeSet<String> {
    // All fields are named, so that a new key is not forgotten here.
    let Settings {
        path,
        workspace,
        create_workspace,
        prefix: _,
        vars,
        var_files,
        backend_files,
        backend,
        env,
        bound_variables,
        secrets,
        parallelism,
        lock_timeout,
        hooks,
        needs,
        reads: _,
        inputs,
        mocks,
        files,
        template_values: _,
        unsupported: _,
    } = old;
    let mut keys = BTreeSet::new();
    let mut add_unless_same = |key: &str, same: bool| {
        if !same {
            keys.insert(key.to_owned());
        }
    };
    add_unless_same("path", *path == new.path);
    let name = |workspace: &Option<Value<String>>| workspace.as_ref().map(|name| name.value.clone());
    add_unless_same("workspace", name(workspace) == name(&new.workspace));
    add_unless_same("create_workspace", *create_workspace == new.create_workspace);
    let patterns = |bind: &Option<Value<Vec<VariablePattern>>>| bind.as_ref().map(|list| list.value.clone());
    add_unless_same("bind", patterns(bound_variables) == patterns(&new.bound_variables));
    add_unless_same("var_files", *var_files == new.var_files);
    add_unless_same("backend_files", *backend_files == new.backend_files);
    add_unless_same("parallelism", *parallelism == new.parallelism);
    add_unless_same("lock_timeout", *lock_timeout == new.lock_timeout);
    add_unless_same("hooks", *hooks == new.hooks);
    add_unless_same("files", *files == new.files);
    let needed = |needs: &[StackReference]| needs.iter().map(|need| need.stack.clone()).collect::<Vec<_>>();
    add_unless_same("needs", needed(needs) == needed(&new.needs));
    let mut add_members = |table: &str, names: Vec<&String>| {
        keys.extend(names.into_iter().map(|name| format!("{table}.{name}")));
    };
    add_members("vars", differing_names(vars, &new.vars, |a, b| a.value == b.value));
    add_members("env", differing_names(env, &new.env, |a, b| a.value == b.value));
    add_members("secrets", differing_names(secrets, &new.secrets, |a, b| a.value == b.value));
    add_members("inputs", differing_names(inputs, &new.inputs, |a, b| a.value == b.value));
    let none = IndexMap::new();
    for backend_type in backend.keys().chain(new.backend.keys()) {
        let (old, new) = (backend.get(backend_type), new.backend.get(backend_type));
        let (old, new) = (old.cloned().unwrap_or_default(), new.cloned().unwrap_or_default());
        add_members(
            &format!("backend.{backend_type}"),
            differing_names(&old, &new, |a, b| a.value == b.value),
        );
    }
    for stack in mocks.keys().chain(new.mocks.keys()) {
        let (old, new) = (mocks.get(stack).unwrap_or(&none), new.mocks.get(stack).unwrap_or(&none));
        add_members(&format!("mocks.{stack}"), differing_names(old, new, |a, b| a.value == b.value));
    }
    keys
}

/// Returns the names that only one of two tables has, or that have different values.
fn differing_names<'t, T>(
    old: &'t IndexMap<String, T>,
    new: &'t IndexMap<String, T>,
    same: impl Fn(&T, &T) -> bool,
) -> Vec<&'t String> {
    let differs = |name: &&String| match (old.get(*name), new.get(*name)) {
        (Some(old), Some(new)) => !same(old, new),
        _ => true,
    };
    old.keys().chain(new.keys()).filter(differs).collect()
}

/// Returns the settings of engines that differ.
fn changed_engine_settings(old: &EngineSettings, new: &EngineSettings) -> Vec<&'static str> {
    let version =
        |settings: &EngineSettings| settings.version.as_ref().map(|(version, _)| version.to_string());
    let EngineSettings {
        program,
        version: _,
        jobs: _,
        init_args,
        plan_args,
        apply_args,
        plugin_cache,
        bound_variables,
        drives,
    } = old;
    let same = BTreeMap::from([
        ("program", *program == new.program),
        ("version", version(old) == version(new)),
        ("init_args", *init_args == new.init_args),
        ("plan_args", *plan_args == new.plan_args),
        ("apply_args", *apply_args == new.apply_args),
        ("plugin_cache", *plugin_cache == new.plugin_cache),
        ("bind", *bound_variables == new.bound_variables),
        ("drives", *drives == new.drives),
    ]);
    same.into_iter().filter(|(_, same)| !same).map(|(key, _)| key).collect()
}
