//! Templates that no environment extends.

use crate::{
    config::raw::{document::Document, reader::ConfigSources},
    diagnostic::{Diagnostic, Diagnostics},
};

/// Returns a warning for each table of `[templates]` that no environment extends.
pub(crate) fn unused_templates(document: &Document, sources: &ConfigSources) -> Diagnostics {
    let extended: Vec<&str> = document
        .environments
        .with_name_spans()
        .filter_map(|(_, environment)| environment.value.keys.extends.as_ref())
        .flat_map(|extends| extends.value.iter().map(|name| name.value.as_str()))
        .collect();
    let unused = document.templates.with_name_spans().filter(|(name, _)| !extended.contains(&&***name));
    let warnings = unused.map(|(name, template)| {
        let message = format!("no environment extends the template `{name}`");
        sources.at(
            Diagnostic::warning("check::unused-template", message),
            &template.name_span,
            "without effect",
        )
    });
    Diagnostics(warnings.collect())
}
