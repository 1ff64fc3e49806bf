//! Effective backend of an instance: the backend block of its files, with the pairs of environments.toml over its
//! attributes.

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

/// Backend block with the pairs of environments.toml applied.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveBackend {
    /// Type of the backend; `local` when the files have no backend block.
    pub kind: String,
    /// Settings by key.
    pub values: IndexMap<String, Setting>,
    /// Pairs of environments.toml for this backend type, which the engine gets as `-backend-config`.
    pub pairs: IndexMap<String, Value>,
    /// Head of the backend block, absent when there is none.
    pub place: Option<SourceSpan>,
}

/// Returns the backend of an instance with notes about dropped pairs, or the errors: pairs of another type or without
/// a block, `cloud`, backend `remote`.
///
/// `toml` is environments.toml, into which the spans of the pairs point.
pub fn effective_backend(
    id: &InstanceId,
    module: &Module,
    settings: &Settings,
    toml: &Arc<SourceFile>,
) -> Result<(EffectiveBackend, Diagnostics), Diagnostics> {
    let mut found = Diagnostics::default();
    if let Some(refused) = refused(id, module) {
        return Err(refused.into());
    }
    for (kind, pairs) in settings.backend.iter() {
        if module.backend.as_ref().is_none_or(|block| block.backend_type != *kind) {
            found.extend(misplaced(id, kind, pairs, module, settings, toml));
        }
    }
    let Some(block) = &module.backend else {
        return found.finish(EffectiveBackend {
            kind: "local".to_owned(),
            values: IndexMap::new(),
            pairs: IndexMap::new(),
            place: None,
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
    let own = settings.backend.get(&block.backend_type);
    let pairs: IndexMap<String, Value> =
        own.into_iter().flatten().map(|(name, pair)| (name.clone(), pair.value.clone())).collect();
    values.extend(pairs.iter().map(|(name, value)| (name.clone(), Setting::Known(value.clone()))));
    found.finish(EffectiveBackend {
        kind: block.backend_type.clone(),
        values,
        pairs,
        place: Some(block.header_span.clone()),
    })
}

/// Returns the error for a backend that keeps no saved plans.
fn refused(id: &InstanceId, module: &Module) -> Option<Diagnostic> {
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

/// Returns the finding for pairs of a type that the instance's backend does not have.
fn misplaced(
    id: &InstanceId,
    kind: &str,
    pairs: &IndexMap<String, BackendPair>,
    module: &Module,
    settings: &Settings,
    toml: &Arc<SourceFile>,
) -> Option<Diagnostic> {
    let own = |pair: &&BackendPair| match pair.origin.layer {
        Layer::Builtin | Layer::Defaults | Layer::Template(..) | Layer::Environment(_) => false,
        Layer::Stack(_) | Layer::Instance(..) | Layer::ProcessEnvironment(_) | Layer::Flag(_) => true,
    };
    let worst = pairs.values().find(own).or_else(|| pairs.values().next())?;
    let for_this_stack = own(&worst);
    let diagnostic = match &module.backend {
        None => Diagnostic::error(
            "backend::no-block",
            format!("`{id}` has pairs for backend `{kind}`, and no backend block in `{}`", settings.path),
        )
        .help(format!(
            "add `terraform {{ backend \"{kind}\" {{}} }}`: without it the state would be a local file"
        )),
        Some(block) if for_this_stack => Diagnostic::error(
            "backend::other-type",
            format!("`{id}` has pairs for backend `{kind}`, and its backend is `{}`", block.backend_type),
        ),
        Some(block) => Diagnostic {
            severity: Severity::Note,
            ..Diagnostic::warning(
                "backend::dropped-pairs",
                format!(
                    "pairs for backend `{kind}` do not reach `{id}`, whose backend is `{}`",
                    block.backend_type
                ),
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
