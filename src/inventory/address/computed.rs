//! Backends with expressions: comparison of the values that the engine will evaluate for two instances.

use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::{
    expr::{FuncCall, Traversal},
    visit::Visit,
};
use serde_json::{Value, json};

use super::EffectiveBackend;
use crate::{
    config::{Layer, Settings},
    hcl::{Expr, Module, Reference},
    inventory::Instance,
};

/// Returns a text that two instances share only if the engine evaluates their backends to equal values; `None` if the
/// backend has no expression, or if environments.toml does not set every variable that an expression may read.
///
/// Expressions of a backend may read only variables, locals, the workspace and the folder (OpenTofu 1.8 and newer),
/// and values of environments.toml override defaults, var files and `TF_VAR_*`: equal variables give equal values.
/// Values of flags and of the process's environment are left out: they belong to one command, which concerns one
/// environment.
pub(super) fn backend_values_as_text(
    instance: &Instance,
    module: &Module,
    backend: &EffectiveBackend,
) -> Option<String> {
    let block = module.backend.as_ref().filter(|_| backend.unread.is_none())?;
    let overrides: Option<BTreeMap<&str, &Value>> =
        backend.overrides.iter().map(|(name, setting)| Some((name.as_str(), setting.known()?))).collect();
    let overrides = overrides?;
    let attributes = block.attributes.iter().filter(|(name, _)| !backend.overrides.contains_key(*name));
    let computed: Vec<&Expr> =
        attributes.map(|(_, attribute)| &attribute.value).filter(|value| value.literal().is_none()).collect();
    if computed.is_empty() {
        return None;
    }
    let mut referenced = ReferencedVariables::Variables(BTreeSet::new());
    for expression in computed {
        referenced.add(expression);
    }
    let vars = referenced.values(&instance.settings)?;
    let is_set = |name: &str| vars.contains_key(name);
    let are_all_set = match &referenced {
        ReferencedVariables::Variables(names) => names.iter().all(|name| is_set(name)),
        ReferencedVariables::Any => module.variables.keys().all(|name| is_set(name)),
    };
    let inputs = json!([instance.dir, block.backend_type, overrides, instance.workspace(), vars]);
    are_all_set.then(|| inputs.to_string())
}

/// Variables that the expressions of a backend refer to.
enum ReferencedVariables {
    /// The expressions refer to exactly these variables.
    Variables(BTreeSet<String>),
    /// The expressions may refer to any variable, since one of them has a local or a function.
    Any,
}

impl Visit for ReferencedVariables {
    fn visit_traversal(&mut self, node: &Traversal) {
        match (Reference::from_traversal(node), &mut *self) {
            (Some(Reference::Variable(name)), Self::Variables(names)) => {
                names.insert(name.to_owned());
            }
            (Some(_), _) => {}
            (None, referenced) => *referenced = Self::Any,
        }
    }

    fn visit_func_call(&mut self, _: &FuncCall) {
        *self = Self::Any;
    }
}

impl ReferencedVariables {
    /// Adds the variables that an expression refers to.
    fn add(&mut self, expression: &Expr) {
        match expression {
            Expr::Literal(_) => {}
            Expr::Computed(expression) => self.visit_expr(expression),
            Expr::Unreadable => *self = Self::Any,
        }
    }

    /// Returns true if the variable may be among these.
    fn may_include(&self, name: &str) -> bool {
        match self {
            Self::Variables(names) => names.contains(name),
            Self::Any => true,
        }
    }

    /// Returns the values that environments.toml sets for these variables; `None` if the value of a variable comes from a
    /// secret, from another stack or from the command line.
    fn values<'s>(&self, settings: &'s Settings) -> Option<BTreeMap<&'s str, &'s Value>> {
        let mut others = settings.secrets.keys().chain(settings.inputs.keys());
        if others.any(|name| self.may_include(name)) {
            return None;
        }
        let set = settings.vars.iter().filter(|(name, _)| self.may_include(name));
        set.map(|(name, value)| match value.origin.layer {
            Layer::Flag(_) | Layer::ProcessEnvironment(_) => None,
            _ => Some((name.as_str(), value.value.as_json()?)),
        })
        .collect()
    }
}
