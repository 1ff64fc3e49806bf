//! Effective backend of an instance: the backend block of its files, with the key-value pairs for the backend in
//! environments.toml over the block's attributes.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use crate::{
    config::{BackendPair, Layer, Settings},
    diagnostic::{Diagnostic, Diagnostics, Severity, SourceFile},
    hcl::{Expr, Module, SourceSpan},
    model::InstanceId,
};

/// Value of one key of a backend.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// Value that is known without an engine.
    Known(Value),
    /// Value that only an engine can evaluate; holds the reason.
    Unknown(String),
}

/// Settings of a backend: the attributes of its block, with the key-value pairs of environments.toml over them.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveBackend {
    /// Type of the backend; `local` when the files have no backend block.
    pub backend_type: String,
    /// Values of settings, by key.
    pub values: IndexMap<String, Setting>,
    /// Pairs of environments.toml for this backend type, which the engine gets as `-backend-config`.
    pub pairs: IndexMap<String, Value>,
    /// Header of the backend block; `None` when the files have no backend block.
    pub header_span: Option<SourceSpan>,
}

/// Returns the backend of an instance with notes about dropped pairs, or the errors: pairs of environments.toml for
/// another backend type or without a backend block, a `cloud` block, backend `remote`.
///
/// `toml` is environments.toml, into which the spans of the pairs point.
pub fn effective_backend(
    id: &InstanceId,
    module: &Module,
    settings: &Settings,
    toml: &Arc<SourceFile>,
) -> Result<(EffectiveBackend, Diagnostics), Diagnostics> {
    let mut found = Diagnostics::default();
    if let Some(error) = unsupported_backend_error(id, module) {
        return Err(error.into());
    }
    for (backend_type, pairs) in settings.backend.iter() {
        if module.backend.as_ref().is_none_or(|block| block.backend_type != *backend_type) {
            found.extend(other_type_pairs_finding(id, backend_type, pairs, module, settings, toml));
        }
    }
    let Some(block) = &module.backend else {
        return found.finish(EffectiveBackend {
            backend_type: "local".to_owned(),
            values: IndexMap::new(),
            pairs: IndexMap::new(),
            header_span: None,
        });
    };
    let mut values: IndexMap<String, Setting> = block
        .attributes
        .iter()
        .map(|(name, attribute)| {
            let setting = match &attribute.value {
                Expr::Literal(value) => Setting::Known(value.clone()),
                _ => Setting::Unknown(format!(
                    "`{name}` at {} is an expression",
                    attribute.value_span.file_and_line()
                )),
            };
            (name.clone(), setting)
        })
        .collect();
    let own_pairs = settings.backend.get(&block.backend_type);
    let pairs: IndexMap<String, Value> =
        own_pairs.into_iter().flatten().map(|(name, pair)| (name.clone(), pair.value.clone())).collect();
    values.extend(pairs.iter().map(|(name, value)| (name.clone(), Setting::Known(value.clone()))));
    found.finish(EffectiveBackend {
        backend_type: block.backend_type.clone(),
        values,
        pairs,
        header_span: Some(block.header_span.clone()),
    })
}

/// Returns the error for a backend that keeps no saved plans.
fn unsupported_backend_error(id: &InstanceId, module: &Module) -> Option<Diagnostic> {
    let remote = module
        .backend
        .as_ref()
        .filter(|block| block.backend_type == "remote")
        .map(|block| &block.header_span);
    let (what, place) = module
        .cloud_span
        .as_ref()
        .map(|place| ("`cloud`", place))
        .or_else(|| Some(("backend `remote`", remote?)))?;
    Some(
        Diagnostic::error(
            "backend::no-saved-plans",
            format!("`{id}` uses {what}, which keeps no saved plans"),
        )
        .at(&place.source, place.span.clone(), "plans made here could not be applied later")
        .help("use a backend that stores the state alone, as `s3`, `pg` or `gcs`"),
    )
}

/// Returns the finding about pairs of environments.toml for a type that the instance's backend does not have.
fn other_type_pairs_finding(
    id: &InstanceId,
    backend_type: &str,
    pairs: &IndexMap<String, BackendPair>,
    module: &Module,
    settings: &Settings,
    toml: &Arc<SourceFile>,
) -> Option<Diagnostic> {
    let is_set_for_stack = |pair: &&BackendPair| match pair.origin.layer {
        Layer::Builtin | Layer::Defaults | Layer::Template(..) | Layer::Environment(_) => false,
        Layer::Stack(_) | Layer::Instance(..) | Layer::ProcessEnvironment(_) | Layer::Flag(_) => true,
    };
    let worst = pairs.values().find(is_set_for_stack).or_else(|| pairs.values().next())?;
    let for_this_stack = is_set_for_stack(&worst);
    let diagnostic = match &module.backend {
        None => Diagnostic::error(
            "backend::no-block",
            format!("`{id}` has pairs for backend `{backend_type}`, and no backend block in `{}`", settings.path),
        )
        .help(format!(
            "add `terraform {{ backend \"{backend_type}\" {{}} }}`: without it the state would be a local file"
        )),
        Some(block) if for_this_stack => Diagnostic::error(
            "backend::other-type",
            format!("`{id}` has pairs for backend `{backend_type}`, and its backend is `{}`", block.backend_type),
        ),
        Some(block) => Diagnostic {
            severity: Severity::Note,
            ..Diagnostic::warning(
                "backend::dropped-pairs",
                format!("pairs for backend `{backend_type}` do not reach `{id}`, whose backend is `{}`", block.backend_type),
            )
        },
    };
    let diagnostic = match &worst.origin.span {
        Some(span) => diagnostic.at(toml, span.clone(), "set here"),
        None => diagnostic,
    };
    Some(match &module.backend {
        Some(block) => {
            diagnostic.at(&block.header_span.source, block.header_span.span.clone(), "the backend")
        }
        None => diagnostic,
    })
}
