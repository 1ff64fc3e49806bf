//! What the plan of a stack rests on beside its target: files, values, and the names that environments.toml sets.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    engine::Target,
    inventory::{
        Instance,
        hcl::Module,
        inputs::{Apart, InputScope},
    },
    model::{StackId, VariablePattern},
};

/// What a stack's plan rests on beside its target.
#[derive(Debug, Clone)]
pub struct Ground {
    /// Where its files are.
    pub(super) scope: InputScope,
    /// The generated values that it is given, each as JSON.
    pub(super) values: Vec<(String, String)>,
    /// The file that they are in, which is another one in each run.
    pub(super) generated: Utf8PathBuf,
    /// The variables that environments.toml sets for its processes.
    pub(super) names: BTreeSet<String>,
    /// Patterns of `bind` over further ones.
    pub(super) bind: Vec<VariablePattern>,
    /// The stacks whose values it may take.
    pub(super) upstreams: Vec<StackId>,
    /// Whether its environment needs a confirmation.
    pub(super) protected: bool,
    /// Whom its credentials belong to, where a command tells.
    pub(super) identity: Option<String>,
}

impl Ground {
    /// The ground of an instance. `inputs` is where its target's generated files are, `dirs` are the folders of all stacks.
    pub(super) fn of(
        (instance, module): (&Instance, Option<&Module>),
        target: &Target,
        inputs: &Utf8Path,
        dirs: &Arc<HashSet<Utf8PathBuf>>,
        protected: bool,
    ) -> Self {
        let settings = &instance.settings;
        let declared = |name: &str| module.is_none_or(|module| module.variables.contains_key(name));
        let values = settings.vars.iter().filter(|(name, _)| declared(name));
        let secrets = settings.secrets.keys().map(|name| format!("TF_VAR_{name}"));
        Self {
            scope: InputScope::new(instance, &target.project, apart(target, dirs)),
            values: values.map(|(name, value)| (name.clone(), value.value.to_string())).collect(),
            generated: inputs.join(instance.id.stack.file_name() + ".tfvars.json"),
            names: settings.env.keys().cloned().chain(secrets).collect(),
            bind: settings.bind.iter().flat_map(|names| &names.value).cloned().collect(),
            upstreams: instance.needs.clone(),
            protected,
            identity: None,
        }
    }
}

/// What lies in a stack's folder and is none of its files: other stacks, and a local state under a name of its own.
fn apart(target: &Target, dirs: &Arc<HashSet<Utf8PathBuf>>) -> Apart {
    let states = ["path", "workspace_dir"].into_iter().filter_map(|key| {
        let config = target.backend.config.as_ref()?;
        let path = config.get(key)?.as_str().filter(|path| !path.is_empty())?;
        Some(target.dir.join(path))
    });
    Apart::new(dirs, states.collect())
}
