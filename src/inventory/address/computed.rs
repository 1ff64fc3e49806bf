//! Backends whose values an engine evaluates: which instances give theirs the same ones.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::EffectiveBackend;
use crate::{
    config::{Layer, Settings},
    inventory::{
        Instance,
        hcl::{Expr, Module},
    },
};

/// Returns a text that two instances share only where an engine gives their backends the same values; absent where the backend
/// has no expression, or where what it rests on is not known before a run.
///
/// The expressions of a backend know nothing but variables, locals, the workspace and the folder (OpenTofu 1.8 and newer), so
/// that equal variables give equal values. Values of flags and of the process's environment are left out: they are those of one
/// command, which concerns one environment.
pub(super) fn backend_inputs(
    instance: &Instance,
    module: &Module,
    backend: &EffectiveBackend,
) -> Option<String> {
    let block = module.backend.as_ref()?;
    let attributes = block.attributes.iter().filter(|(name, _)| !backend.pairs.contains_key(*name));
    let computed: Vec<&Expr> =
        attributes.map(|(_, attribute)| &attribute.value).filter(|value| value.literal().is_none()).collect();
    if computed.is_empty() {
        return None;
    }
    let mut mentioned = Mentioned::Variables(BTreeSet::new());
    for expression in computed {
        mentioned.add(expression);
    }
    let settings = &instance.settings;
    let vars = mentioned.values(settings)?;
    let is_all_set = matches!(&mentioned, Mentioned::Variables(names) if names.len() == vars.len());
    let var_files: Vec<&str> = if is_all_set {
        Vec::new()
    } else {
        settings.var_files.iter().map(|file| file.path.as_str()).collect()
    };
    let env: BTreeMap<&str, String> = settings
        .env
        .iter()
        .filter(|(name, _)| name.starts_with("TF_VAR_"))
        .map(|(name, value)| (name.as_str(), format!("{:?}", value.value)))
        .collect();
    let inputs = json!([instance.dir, block.kind, backend.pairs, instance.workspace(), vars, var_files, env]);
    Some(inputs.to_string())
}

/// Variables that expressions mention.
enum Mentioned<'e> {
    /// These.
    Variables(BTreeSet<&'e str>),
    /// Any: a local or a function stands between.
    Any,
}

impl<'e> Mentioned<'e> {
    fn add(&mut self, expression: &'e Expr) {
        match (expression, self) {
            (Expr::Variable(name), Self::Variables(names)) => {
                names.insert(name);
            }
            (Expr::Template(parts), mentioned) => parts.iter().for_each(|part| mentioned.add(part)),
            (Expr::Object(members), mentioned) => members.values().for_each(|member| mentioned.add(member)),
            (Expr::Opaque, mentioned) => *mentioned = Self::Any,
            (Expr::Literal(_) | Expr::Workspace | Expr::Folder(_) | Expr::Variable(_), _) => {}
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::Variables(names) => names.contains(name),
            Self::Any => true,
        }
    }

    /// Returns what environments.toml sets of these variables; absent where one comes from a secret, from another stack or from
    /// the command line.
    fn values<'s>(&self, settings: &'s Settings) -> Option<BTreeMap<&'s str, &'s Value>> {
        let mut others = settings.secrets.keys().chain(settings.inputs.keys());
        if others.any(|name| self.has(name)) {
            return None;
        }
        let set = settings.vars.iter().filter(|(name, _)| self.has(name));
        set.map(|(name, value)| match value.origin.layer {
            Layer::Flag(_) | Layer::ProcessEnvironment(_) => None,
            _ => Some((name.as_str(), &value.value)),
        })
        .collect()
    }
}
