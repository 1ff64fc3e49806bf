//! `[discover]` for one environment: templates are expanded, captures are left in place.

use std::{collections::BTreeMap, ops::Range};

use super::{
    expand::{Expander, Names},
    load::Config,
    raw::{discover::DiscoverTable, template::Template},
    settings::{Discover, Environment},
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
        exclude: table.exclude.into_iter().map(|glob| glob.value).collect(),
        name: table.name.as_ref().map(written),
    };
    (discover, DiscoverTemplates { paths: table.paths, name: table.name })
}

impl Config {
    /// Returns the patterns of `[discover]` for one environment: templates are expanded, `<captures>` and `**` are left in
    /// place.
    pub fn discover_paths(
        &self,
        environment: &Environment,
    ) -> Result<Vec<(String, Range<usize>)>, Diagnostics> {
        let none = BTreeMap::new();
        let mut expander = self.discover_expander(environment, &none);
        let templates = self.discover_templates.iter().flat_map(|templates| &templates.paths);
        let paths = templates
            .filter_map(|template| Some((expander.expand(template)?, template.span.clone())))
            .collect();
        if expander.problems.has_errors() { Err(expander.problems) } else { Ok(paths) }
    }

    /// Returns the name of a discovered stack by `[discover] name`; `None` when that key is absent.
    pub fn discovered_name(
        &self,
        environment: &Environment,
        captures: &BTreeMap<String, String>,
    ) -> Result<Option<String>, Diagnostics> {
        let Some(template) = self.discover_templates.as_ref().and_then(|templates| templates.name.as_ref())
        else {
            return Ok(None);
        };
        let mut expander = self.discover_expander(environment, captures);
        let name = expander.expand(template);
        if expander.problems.has_errors() { Err(expander.problems) } else { Ok(name) }
    }

    fn discover_expander<'a>(
        &'a self,
        environment: &'a Environment,
        captures: &'a BTreeMap<String, String>,
    ) -> Expander<'a> {
        let names = Names {
            project: &self.project.name,
            environment: environment.name.as_str(),
            stack: None,
            keys: &self.environment_layers(environment).top.keys,
            captures,
        };
        Expander::new(names, &self.sources)
    }
}
