//! Inputs that the plan of a stack is bound to in addition to its target: files, values, and the variables that
//! environments.toml sets.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use camino::Utf8PathBuf;

use crate::{
    config::VariableValue,
    engine::Target,
    hcl::Module,
    inventory::{
        Instance,
        plan_inputs::{ExcludedPaths, InputScope},
    },
    model::{StackId, VariablePattern},
};

/// Inputs that a stack's plan is bound to in addition to its target.
#[derive(Debug, Clone)]
pub struct PlanInputs {
    /// Folders and files that the stack can read.
    pub(super) scope: InputScope,
    /// Values in the generated JSON file: name and JSON text.
    pub(super) values: Vec<(String, String)>,
    /// Expressions in generated files of native syntax: name and HCL text.
    pub(super) expressions: Vec<(String, String)>,
    /// Names of the environment variables that environments.toml sets for the stack's processes.
    pub(super) configured_variables: BTreeSet<String>,
    /// Patterns of the setting `bind` for further environment variables that the plan is bound to.
    pub(super) bound_patterns: Vec<VariablePattern>,
    /// Stacks whose outputs the plan may use.
    pub(super) upstreams: Vec<StackId>,
    /// True if the environment has `confirm = true`.
    pub(super) protected: bool,
    /// Identity of the credentials; `None` without an identity command.
    pub(super) identity: Option<String>,
}

impl PlanInputs {
    /// Returns the inputs of an instance. `dirs` are the folders of all stacks.
    pub(super) fn for_instance(
        instance: &Instance,
        module: Option<&Module>,
        target: &Target,
        dirs: &Arc<HashSet<Utf8PathBuf>>,
        protected: bool,
    ) -> Self {
        let settings = &instance.settings;
        let declared = |name: &str| module.is_none_or(|module| module.variables.contains_key(name));
        let (mut values, mut expressions) = (Vec::new(), Vec::new());
        for (name, value) in settings.vars.iter().filter(|(name, _)| declared(name)) {
            match &value.value {
                VariableValue::Known(value) => values.push((name.clone(), value.to_string())),
                VariableValue::Expression(text) => expressions.push((name.clone(), text.clone())),
            }
        }
        let secrets = settings.secrets.keys().map(|name| format!("TF_VAR_{name}"));
        Self {
            scope: InputScope::new(instance, &target.project, excluded_paths(target, dirs)),
            values,
            expressions,
            configured_variables: settings.env.keys().cloned().chain(secrets).collect(),
            bound_patterns: settings.bound_variables.iter().flat_map(|names| &names.value).cloned().collect(),
            upstreams: instance.needs.clone(),
            protected,
            identity: None,
        }
    }

    /// Returns the values and expressions of all generated var files, by the names of their variables.
    pub(super) fn generated_values(&self) -> impl Iterator<Item = &(String, String)> {
        self.values.iter().chain(&self.expressions)
    }
}

/// Returns the paths in a stack's folder that are not its inputs: other stacks, and a local state with a configured path.
fn excluded_paths(target: &Target, dirs: &Arc<HashSet<Utf8PathBuf>>) -> ExcludedPaths {
    let states = ["path", "workspace_dir"].into_iter().filter_map(|key| {
        let config = target.backend.config.as_ref()?;
        let path = config.get(key)?.as_str().filter(|path| !path.is_empty())?;
        Some(target.dir.join(path))
    });
    ExcludedPaths::new(dirs, states.collect())
}
