//! Effective backend of an instance: the backend block of its files, with backend files and the pairs of environments.toml
//! over its attributes.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use crate::{
    config::{BackendPair, Layer, Settings},
    diagnostic::{Diagnostic, Diagnostics, Severity, SourceFile},
    files,
    hcl::{Attribute, BackendBlock, Expr, Module, SourceSpan},
    inventory::{Instance, backend_file_paths, read_backend_files},
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

impl Setting {
    /// Returns the value; `None` if only an engine can evaluate it.
    pub fn known(&self) -> Option<&Value> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }
}

/// Backend block with backend files and the pairs of environments.toml applied.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveBackend {
    /// Type of the backend; `local` when the files have no backend block.
    pub backend_type: String,
    /// Values of settings, by key.
    pub values: IndexMap<String, Setting>,
    /// Settings that override the block: of backend files, then of the pairs for this backend type.
    pub overrides: IndexMap<String, Setting>,
    /// Reason why the backend may have settings that are not known: a backend file that envctl cannot read.
    pub unread: Option<String>,
    /// Header of the backend block; `None` when the files have no backend block.
    pub header_span: Option<SourceSpan>,
}

/// Returns the backend of an instance with notes about dropped pairs, or the errors: pairs of another type, pairs or backend
/// files without a block, `cloud`, backend `remote`.
///
/// `toml` is environments.toml, into which the spans of the pairs point.
pub fn effective_backend(
    instance: &Instance,
    module: &Module,
    toml: &Arc<SourceFile>,
) -> Result<(EffectiveBackend, Diagnostics), Diagnostics> {
    let (id, settings) = (&instance.id, &instance.settings);
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
        found.extend(backend_files_without_block(instance));
        return found.finish(EffectiveBackend {
            backend_type: "local".to_owned(),
            values: IndexMap::new(),
            overrides: IndexMap::new(),
            unread: None,
            header_span: None,
        });
    };
    let (backend, unread) = merged_backend(instance, block);
    found.extend(unread.into_iter().map(|problem| Diagnostic {
        severity: Severity::Note,
        ..problem.help("the engine reads this backend file when it initialises the stack")
    }));
    found.finish(backend)
}

/// Returns the backend that a block, the backend files over it and the pairs over both make, and findings about files that
/// envctl cannot read.
fn merged_backend(instance: &Instance, block: &BackendBlock) -> (EffectiveBackend, Vec<Diagnostic>) {
    let setting = |(name, attribute): (&String, &Attribute)| {
        let setting = match &attribute.value {
            Expr::Literal(value) => Setting::Known(value.clone()),
            _ => Setting::Unknown(format!(
                "`{name}` at {} is an expression",
                attribute.value_span.file_and_line()
            )),
        };
        (name.clone(), setting)
    };
    let mut values: IndexMap<String, Setting> = block.attributes.iter().map(setting).collect();
    let from_files = read_backend_files(instance);
    let mut overrides: IndexMap<String, Setting> = from_files.attributes.iter().map(setting).collect();
    let pairs = instance.settings.backend.get(&block.backend_type).into_iter().flatten();
    overrides.extend(pairs.map(|(name, pair)| (name.clone(), Setting::Known(pair.value.clone()))));
    values.extend(overrides.iter().map(|(name, setting)| (name.clone(), setting.clone())));
    let unread = from_files.unread.first().map(|problem| format!("a backend file cannot be read: {problem}"));
    let backend = EffectiveBackend {
        backend_type: block.backend_type.clone(),
        values,
        overrides,
        unread,
        header_span: Some(block.header_span.clone()),
    };
    (backend, from_files.unread)
}

/// Returns the configuration of an instance's backend by key, empty without a backend block; `None` if a value is an
/// expression or envctl cannot read a backend file.
pub fn known_backend_config(instance: &Instance, module: &Module) -> Option<serde_json::Map<String, Value>> {
    let Some(block) = &module.backend else { return Some(serde_json::Map::new()) };
    let (backend, _) = merged_backend(instance, block);
    if backend.unread.is_some() {
        return None;
    }
    backend.values.into_iter().map(|(name, setting)| Some((name, setting.known()?.clone()))).collect()
}

/// Returns the error for backend files of an instance without a backend block.
fn backend_files_without_block(instance: &Instance) -> Option<Diagnostic> {
    let file = backend_file_paths(instance).into_iter().find(|path| files::is_file_there(path))?;
    let shown = file.strip_prefix(instance.root()).unwrap_or(&file);
    Some(
        Diagnostic::error(
            "backend::no-block",
            format!(
                "`{}` has the backend file `{shown}`, and no backend block in `{}`",
                instance.id, instance.path
            ),
        )
        .help("add `terraform { backend \"TYPE\" {} }`: without it the state would be a local file"),
    )
}

/// Returns the error for `cloud` and backend `remote`, whose plans are made and kept on a server.
///
/// Sources: `internal/backend/remote/backend_plan.go` and `internal/cloud/cloudplan/saved_plan.go` of hashicorp/terraform;
/// OpenTofu 1.12.6 has the same messages.
fn unsupported_backend_error(id: &InstanceId, module: &Module) -> Option<Diagnostic> {
    let remote = module
        .backend
        .as_ref()
        .filter(|block| block.backend_type == "remote")
        .map(|block| &block.header_span);
    let problem = if let Some(place) = &module.cloud_span {
        let message = format!("`{id}` uses `cloud`, which envctl does not support yet");
        let reason =
            "the file of `plan -out` only names a run on the server: what it would apply is not in it";
        Diagnostic::error("backend::cloud", message)
            .at(&place.source, place.span.clone(), "plans and applies run on a server")
            .help(format!("{reason}, so that envctl could not bind the apply to the reviewed plan"))
    } else {
        let place = remote?;
        let message =
            format!("`{id}` uses backend `remote`, with which engines neither save nor apply plan files");
        Diagnostic::error("backend::no-saved-plans", message)
            .at(&place.source, place.span.clone(), "plans and applies run on a server")
            .help(
                "`plan -out`, `apply FILE`, `-var` and `-parallelism` are refused there, except where the server leaves \
                 the run to this machine, which no file tells",
            )
    };
    Some(problem.help("use a backend that stores the state alone, as `s3`, `gcs`, `azurerm` or `pg`"))
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
