//! `[discover]`: settings as written, and their templates, which are expanded for one environment.

use std::ops::Range;

use super::{
    expand::Expander,
    raw::{discover::DiscoverTable, template::Template},
    settings::Discover,
};
use crate::diagnostic::Diagnostics;

/// Values of `[discover]` that hold templates.
#[derive(Debug)]
pub(crate) struct DiscoverTemplates {
    paths: Vec<Template>,
    name: Option<Template>,
}

/// Splits `[discover]` into the settings as written and their templates.
pub(crate) fn resolve(table: DiscoverTable) -> (Discover, DiscoverTemplates) {
    let written = |template: &Template| (template.text().to_owned(), template.span.clone());
    let discover = Discover {
        paths: table.paths.iter().map(written).collect(),
        exclude: table.exclude.into_iter().map(|glob| (glob.value, glob.span)).collect(),
        name: table.name.as_ref().map(written),
    };
    (discover, DiscoverTemplates { paths: table.paths, name: table.name })
}

impl DiscoverTemplates {
    /// Expands the templates of the patterns; `<captures>` and `**` stay in the patterns. Each pattern has its span.
    pub(crate) fn expand_paths(
        &self,
        mut expander: Expander<'_>,
    ) -> Result<Vec<(String, Range<usize>)>, Diagnostics> {
        let expand = |template: &Template| Some((expander.expand(template)?, template.span.clone()));
        let paths = self.paths.iter().filter_map(expand).collect();
        if expander.problems.has_errors() { Err(expander.problems) } else { Ok(paths) }
    }

    /// Expands the name of a discovered stack; `None` without `[discover] name`.
    pub(crate) fn expand_name(&self, mut expander: Expander<'_>) -> Result<Option<String>, Diagnostics> {
        let name = self.name.as_ref().and_then(|template| expander.expand(template));
        if expander.problems.has_errors() { Err(expander.problems) } else { Ok(name) }
    }
}
