//! Texts in the values of a stack's variables, from `vars` of environments.toml and from var files.

use std::{collections::BTreeSet, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};
use hcl_edit::{expr::Expression, visit::Visit};
use indexmap::IndexMap;
use serde_json::Value;

use crate::{
    config::{self, StackFile, VariableValue},
    files,
    hcl::parse_body,
    inventory::{Instance, var_files::var_file_paths_in},
};

/// Sources of the values of a stack's variables.
#[derive(Debug, Clone)]
pub(super) struct VariableValues {
    vars: Arc<IndexMap<String, config::Value<VariableValue>>>,
    dir: Utf8PathBuf,
    var_files: Arc<Vec<StackFile>>,
    /// Variables set by outputs of other stacks, by secrets or by `TF_VAR_…` of `env`: envctl does not read their values
    /// here.
    hidden: BTreeSet<String>,
}

impl VariableValues {
    pub(super) fn new(instance: &Instance) -> Self {
        let settings = &instance.settings;
        let of_env = settings.env.keys().filter_map(|name| name.strip_prefix("TF_VAR_").map(str::to_owned));
        let hidden = settings.inputs.keys().chain(settings.secrets.keys()).cloned().chain(of_env).collect();
        let (vars, var_files) = (settings.vars.clone(), settings.var_files.clone());
        Self { vars, dir: instance.dir.clone(), var_files, hidden }
    }

    /// Returns the texts in all values that a variable is given. `None` when the variable may get a value that is not read
    /// here: it is hidden, set nowhere or by an expression, or a var file cannot be parsed.
    pub(super) fn texts(&self, variable: &str, has_default: bool) -> Option<Vec<String>> {
        if self.hidden.contains(variable) {
            return None;
        }
        let mut texts = Texts::default();
        let mut is_given = has_default;
        if let Some(value) = self.vars.get(variable) {
            is_given = true;
            texts.add_json(value.value.as_json()?);
        }
        for file in var_file_paths_in(&self.dir, &self.var_files)
            .into_iter()
            .filter(|file| files::is_file_there(&file.path))
        {
            is_given |= texts.add_file(&file.path, variable)?;
        }
        is_given.then_some(texts.0)
    }
}

#[derive(Default)]
/// Texts in the values of one variable.
struct Texts(Vec<String>);

impl Texts {
    /// Adds the texts in a value, at any depth.
    fn add_json(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.0.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| self.add_json(item)),
            Value::Object(members) => members.values().for_each(|member| self.add_json(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Adds the texts of the variable's value in a var file. Returns true if the file sets the variable; `None`
    /// when the file cannot be parsed.
    fn add_file(&mut self, file: &Utf8Path, variable: &str) -> Option<bool> {
        let text = files::read_text(file).ok()?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if file.extension() == Some("json") {
            let value = serde_json::from_str::<Value>(text).ok()?;
            let found = value.get(variable);
            if let Some(value) = found {
                self.add_json(value);
            }
            return Some(found.is_some());
        }
        let body = parse_body(text).ok()?;
        let found = body.get_attribute(variable);
        if let Some(attribute) = found {
            self.visit_expr(&attribute.value);
        }
        Some(found.is_some())
    }
}

impl Visit for Texts {
    fn visit_expr(&mut self, node: &Expression) {
        if let Expression::String(text) = node {
            self.0.push(text.value().clone());
        }
        hcl_edit::visit::visit_expr(self, node);
    }
}
