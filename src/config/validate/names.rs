//! Validation of references to environments and stacks.

use std::{collections::HashMap, ops::Range};

use crate::{
    config::raw::{document::Document, field::Located, map::Map, reader::ConfigSources, stack::StackTable},
    diagnostic::{Diagnostic, Diagnostics},
};

/// Declared names of environments and stacks, which other tables refer to.
pub(crate) struct KnownNames<'a> {
    environments: Vec<&'a str>,
    aliases: HashMap<&'a str, &'a str>,
    stacks: Option<&'a Map<StackTable>>,
    /// Sources that errors point into.
    pub(crate) sources: &'a ConfigSources,
}

impl<'a> KnownNames<'a> {
    /// Collects the names that a document declares. With `[discover]`, only the inventory knows the stacks, so that names of
    /// stacks are not checked.
    pub(crate) fn new(document: &'a Document, sources: &'a ConfigSources) -> Self {
        let aliases = document.environments.iter().flat_map(|(name, layer)| {
            let aliases = layer.keys.aliases.iter().flat_map(|aliases| &aliases.value);
            aliases.map(move |alias| (alias.value.as_str(), name.as_ref()))
        });
        Self {
            environments: document.environments.iter().map(|(name, _)| name.as_ref()).collect(),
            aliases: aliases.collect(),
            stacks: document.discover.is_none().then_some(&document.stacks),
            sources,
        }
    }

    /// Validates a reference to an environment.
    pub(crate) fn environment(&self, name: &str, span: &Range<usize>, problems: &mut Diagnostics) {
        if self.environments.contains(&name) {
            return;
        }
        let (problem, label) = if let Some(full) = self.aliases.get(name) {
            let message = format!("`{name}` is an alias; inside the file environments have their full names");
            let problem = Diagnostic::error("config::alias-in-file", message).help(format!("write `{full}`"));
            (problem, "an alias")
        } else {
            let problem =
                Diagnostic::error("config::unknown-environment", format!("there is no environment `{name}`"))
                    .did_you_mean(name, self.environments.iter().copied());
            (problem, "no such environment")
        };
        problems.push(self.sources.at(problem, span, label));
    }

    /// Returns true if an environment is declared with this name.
    pub(crate) fn is_environment(&self, name: &str) -> bool {
        self.environments.contains(&name)
    }

    /// Validates a list of references to environments.
    pub(crate) fn environments(&self, names: &[Located<String>], problems: &mut Diagnostics) {
        for name in names {
            self.environment(&name.value, &name.span, problems);
        }
    }

    /// Validates a reference to a stack; `message` names the referring table.
    pub(crate) fn stack(
        &self,
        name: &str,
        span: &Range<usize>,
        message: impl FnOnce() -> String,
        context: Option<(&Range<usize>, &str)>,
        problems: &mut Diagnostics,
    ) {
        let Some(stacks) = &self.stacks else { return };
        if stacks.get(name).is_none() {
            let mut problem = Diagnostic::error("config::unknown-stack", message())
                .did_you_mean(name, stacks.iter().map(|(name, _)| name.as_ref()));
            problem = self.sources.at(problem, span, "no such stack");
            if let Some((place, label)) = context {
                problem = self.sources.at(problem, place, label);
            }
            problems.push(problem);
        }
    }
}
