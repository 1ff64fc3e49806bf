//! Tables without layers that this version does not honour.

use std::ops::Range;

use crate::config::{
    Layer, Origin,
    raw::document::Document,
    support::{TableKind, Unsupported, not_yet},
};

/// Returns the keys of tables without layers that this version does not honour, with the environments that they concern; an
/// empty list stands for all.
pub(crate) fn unsupported(document: &Document) -> Vec<(Unsupported, Vec<String>)> {
    let mut found = Vec::new();
    let mut add = |table, key: &str, path: String, span: &Range<usize>, environments: Vec<String>| {
        if let Some((_, verbs)) = not_yet(table, key) {
            // Tables without layers apply to every environment that they name.
            let origin = Origin { layer: Layer::Defaults, span: Some(span.clone()) };
            found.push((Unsupported { path, origin, verbs }, environments));
        }
    };
    for (name, check) in document.checks.iter() {
        let environments = check.value.environments.iter().map(|name| name.value.clone()).collect();
        let path = format!("checks.{}", crate::config::origin::toml_key(name));
        add(TableKind::File, "checks", path, &check.span, environments);
    }
    if let Some(isolation) = &document.isolation {
        let environments = isolation.value.environments.iter().map(|name| name.value.clone()).collect();
        add(TableKind::File, "isolation", "isolation".to_owned(), &isolation.span, environments);
    }
    if let Some(store) = &document.store {
        let places = [
            ("url", store.url.as_ref().map(|key| &key.span)),
            ("recipients", store.recipients.as_ref().map(|key| &key.span)),
            ("identity", store.identity.as_ref().map(|key| &key.span)),
            ("env", store.env.as_ref().map(|key| &key.span)),
        ];
        for (key, span) in places {
            if let Some(span) = span {
                add(TableKind::Store, key, format!("store.{key}"), span, Vec::new());
            }
        }
    }
    found
}
