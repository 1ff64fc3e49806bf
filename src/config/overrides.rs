//! The two highest layers: `ENVCTL_*` variables, then flags of the command line.

use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc};

use camino::Utf8PathBuf;
use toml::de::DeTable;

use super::{
    origin::{Layer, Value},
    raw::{
        comparison::is_variable_name,
        json::Json,
        layer::{LayerKind, LayerTable, dotted_keys, misplaced_key_help},
        map::NamedValue,
        reader::{ConfigSources, TomlReader},
    },
};
use crate::{
    diagnostic::{Diagnostic, Diagnostics, SourceFile},
    model::{CreateWorkspace, EngineName},
};

/// Values of the command line and of `ENVCTL_*` variables, which override environments.toml.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Path and value of each `--set PATH=VALUE`: a key of an environment (`parallelism`, `vars.size`, `backend.s3.key`), and a
    /// TOML value or a text without quotes. Each applies to every instance.
    pub sets: Vec<(String, String)>,
    /// Name and value of each `--var NAME=VALUE`: a text, converted to the type that each stack declares for the variable.
    /// Each applies to every instance.
    pub vars: Vec<(String, String)>,
    /// Value of `--jobs`.
    pub jobs: Option<NonZeroUsize>,
    /// Value of `--create-workspace`.
    pub create_workspace: Option<CreateWorkspace>,
    /// True with `--update-lockfile`.
    pub update_lockfile: bool,
    /// Environment variables of envctl; only [`KEY_VARIABLES`], [`ENGINE_VARIABLE`], [`program_variable`] and `HOME` are read.
    pub process_env: BTreeMap<String, String>,
    /// Working directory; messages show paths relative to it.
    pub working_dir: Option<Utf8PathBuf>,
}

/// Environment variables of envctl, each with the key of an environment that it sets.
pub const KEY_VARIABLES: &[(&str, &str)] = &[
    ("ENVCTL_JOBS", "jobs"),
    ("ENVCTL_PARALLELISM", "parallelism"),
    ("ENVCTL_LOCK_TIMEOUT", "lock_timeout"),
    ("ENVCTL_CREATE_WORKSPACE", "create_workspace"),
];

/// Returns true if the path of a `--set` flag leads to environment variables of engines: their values are often credentials,
/// which no suggested command repeats.
pub fn sets_environment(path: &str) -> bool {
    path == "env" || path.starts_with("env.")
}

/// Environment variable that sets the engine of every stack without an `engine` of its own.
pub const ENGINE_VARIABLE: &str = "ENVCTL_ENGINE";

/// Returns the environment variable that sets the program of an engine: `ENVCTL_TOFU`.
pub fn program_variable(engine: EngineName) -> String {
    format!("ENVCTL_{}", engine.as_str().to_uppercase())
}

/// Keys that protect an environment and that no flag can change; `--allow` makes recorded exceptions.
const PROTECTING_KEYS: &[&str] = &["bind", "confirm", "guards", "checklist", "require"];

/// Help of the error for a flag that would change or remove a key of [`PROTECTING_KEYS`].
const PROTECTING_KEY_HELP: &str =
    "it is set in environments.toml; `--allow WHAT` lets through what a guard refuses, and is recorded";

/// Assignment to a key by a flag or an `ENVCTL_*` variable.
struct Assignment {
    /// Path of the key: `vars.size`.
    path: String,
    /// Value in TOML syntax.
    value: String,
    layer: Layer,
}

impl Overrides {
    /// Reads the overrides into layers, from low to high; returns the sources that errors in the layers point into.
    pub(crate) fn layers(
        &self,
        file: &Arc<SourceFile>,
        unread: Vec<String>,
    ) -> (ConfigSources, Vec<LayerTable>, Diagnostics) {
        let assignments = self.assignments();
        let line = |assignment: &Assignment| format!("{} = {}", assignment.path, assignment.value);
        let overrides: Vec<_> = assignments
            .iter()
            .map(|assignment| SourceFile::argument(assignment.layer.to_string(), line(assignment)))
            .collect();
        let mut problems = Diagnostics::default();
        let mut layers = Vec::new();
        let mut base = file.text().len() + 1;
        for (assignment, source) in assignments.iter().zip(&overrides) {
            match read_line(source, base, assignment) {
                Ok(layer) => layers.push(layer),
                Err(found) => {
                    let giver = format!("given by `{}`", assignment.layer);
                    problems.extend(found.into_iter().map(|problem| problem.help(giver.clone())));
                }
            }
            base += source.text().len() + 1;
        }
        for (name, value) in &self.vars {
            match var_layer(name, value) {
                Ok(layer) => layers.push(layer),
                Err(problem) => problems.push(problem),
            }
        }
        (ConfigSources { file: Arc::clone(file), overrides, unread }, layers, problems)
    }

    /// Returns the first name of a `--var` flag that cannot be the name of an HCL variable.
    pub fn misnamed_variable(&self) -> Option<&str> {
        self.vars.iter().map(|(name, _)| name.as_str()).find(|name| !is_variable_name(name))
    }

    fn assignments(&self) -> Vec<Assignment> {
        let variables = KEY_VARIABLES.iter().filter_map(|(variable, key)| {
            let value = self.process_env.get(*variable).filter(|value| !value.is_empty())?;
            let layer = Layer::ProcessEnvironment(Arc::from(*variable));
            Some(Assignment { path: (*key).to_owned(), value: as_toml(key, value), layer })
        });
        let sets = self.sets.iter().map(|(path, value)| Assignment {
            path: path.clone(),
            value: as_toml(path, value),
            layer: Layer::Flag(Arc::from(format!("--set {path}"))),
        });
        let jobs = self.jobs.map(|jobs| ("jobs", jobs.to_string(), "--jobs"));
        let create = self.create_workspace.map(|create| {
            let word = match create {
                CreateWorkspace::Ask => "ask",
                CreateWorkspace::Always => "always",
                CreateWorkspace::Never => "never",
            };
            ("create_workspace", format!("{word:?}"), "--create-workspace")
        });
        let flags = jobs.into_iter().chain(create).map(|(key, value, flag)| Assignment {
            path: key.to_owned(),
            value,
            layer: Layer::Flag(Arc::from(flag)),
        });
        variables.chain(sets).chain(flags).collect()
    }
}

/// Returns a value in TOML syntax: unchanged if it is valid TOML, otherwise as a string.
fn as_toml(path: &str, value: &str) -> String {
    let line = format!("{path} = {value}");
    if !value.contains('\n') && DeTable::parse(&line).is_ok_and(|table| table.get_ref().len() == 1) {
        value.to_owned()
    } else {
        toml::Value::String(value.to_owned()).to_string()
    }
}

fn read_line(
    source: &Arc<SourceFile>,
    base: usize,
    assignment: &Assignment,
) -> Result<LayerTable, Diagnostics> {
    let line = source.text();
    let whole = 0..line.len();
    let refused = |why: &str, help: &str| {
        Diagnostic::error("config::set", format!("{} {why}", assignment.layer))
            .at(source, whole.clone(), "")
            .help(help)
    };
    let tree = DeTable::parse(line)
        .ok()
        .filter(|_| dotted_keys(&assignment.path).is_some())
        .ok_or_else(|| refused("names no key", "a path of keys and a value, as `--set vars.size=3`"))?;
    let protects = |key: &str| PROTECTING_KEYS.contains(&key);
    let mut reader = TomlReader::of_override(source, base, assignment.layer.clone());
    let mut layer = LayerTable::default();
    for (key, node) in tree.get_ref() {
        let name: &str = key.get_ref();
        if protects(name) {
            return Err(refused("would change what protects environments", PROTECTING_KEY_HELP).into());
        }
        if !reader.within(name, |reader| layer.read_key(LayerKind::Shared, name, node, reader)) {
            let hint = misplaced_key_help(name, LayerKind::Shared).unwrap_or_else(|| {
                "`--set` takes the keys of `[defaults]`, as `--set parallelism=4`".to_owned()
            });
            reader.report_unknown_key(name, key.span(), &LayerKind::Shared.keys(), Some(hint));
        }
    }
    if layer.keys.unset.iter().any(|path| protects(&path.value.0[0])) {
        return Err(refused("would take away what protects environments", PROTECTING_KEY_HELP).into());
    }
    reader.problems.finish(layer).map(|(layer, _)| layer)
}

fn var_layer(name: &str, value: &str) -> Result<LayerTable, Diagnostic> {
    if !is_variable_name(name) {
        return Err(Diagnostic::error("config::variable", format!("`--var {name}` names no HCL variable"))
            .help("a name and a value, as `--var size=3`"));
    }
    // Each stack declares the type of the variable.
    let json = serde_json::Value::String(value.to_owned());
    let origin = super::Origin { layer: Layer::Flag(Arc::from(format!("--var {name}"))), span: None };
    let named = NamedValue { name_span: 0..0, value: Value { value: Json(json), origin } };
    let mut layer = LayerTable::default();
    layer.keys.vars = std::iter::once((Arc::from(name), named)).collect();
    Ok(layer)
}
