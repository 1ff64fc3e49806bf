//! Expands templates for one instance, or checks for a whole environment that their names are known.

use std::{collections::BTreeMap, ops::Range};

use super::raw::{layer::Keys, reader::Sources, template::Template};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// The names that stand for something everywhere.
pub(crate) const BUILT_IN: [&str; 5] = ["project", "env", "stack", "prefix", "workspace"];

/// What the names of templates stand for.
pub(crate) struct Names<'a> {
    /// `{project}`
    pub(crate) project: &'a str,
    /// `{env}`
    pub(crate) environment: &'a str,
    /// `{stack}`; absent where no stack is meant yet.
    pub(crate) stack: Option<&'a str>,
    /// `{prefix}`, `{workspace}` and the free values.
    pub(crate) keys: &'a Keys,
    /// The folders that a discovered stack's pattern captured.
    pub(crate) captures: &'a BTreeMap<String, String>,
}

/// Whether engines take a name for a workspace: they want it to be the same when it is escaped for a URL's path.
///
/// <https://github.com/opentofu/opentofu/blob/main/internal/command/workspace_command.go>
fn is_workspace(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~$&+=:@".contains(&b))
}

/// Expands templates and collects what is wrong with them.
pub(crate) struct Expander<'a> {
    names: Names<'a>,
    sources: &'a Sources,
    /// Which of `{prefix}` and `{workspace}` are being expanded now.
    open: Vec<&'static str>,
    /// What was wrong so far.
    pub(crate) problems: Diagnostics,
}

impl<'a> Expander<'a> {
    /// An expander for these names.
    pub(crate) fn new(names: Names<'a>, sources: &'a Sources) -> Self {
        Self { names, sources, open: Vec::new(), problems: Diagnostics::default() }
    }

    /// The text of a template; nothing when a name in it is unknown.
    pub(crate) fn expand(&mut self, template: &Template) -> Option<String> {
        template.expand(&mut |name, span, out| self.push(name, span, out))
    }

    /// The value of a backend pair.
    pub(crate) fn expand_json(
        &mut self,
        value: &super::raw::json::TemplateJson,
    ) -> Option<serde_json::Value> {
        value.expand(&mut |name, span, out| self.push(name, span, out))
    }

    /// The workspace, unless it is the default one.
    pub(crate) fn workspace(&mut self) -> Option<String> {
        let template = &self.names.keys.workspace.as_ref()?.value;
        let name = self.nested("workspace", template)?;
        if is_workspace(&name) {
            return Some(name);
        }
        let problem =
            Diagnostic::error("config::workspace", format!("`{name}` cannot be the name of a workspace"))
                .help("letters, digits and `-._~$&+=:@`; no spaces, no slashes");
        self.problems.push(self.sources.at(problem, &template.span, ""));
        None
    }

    /// The prefix, when there is one.
    pub(crate) fn prefix(&mut self) -> Option<String> {
        let template = &self.names.keys.prefix.as_ref()?.value;
        self.nested("prefix", template)
    }

    /// Expands `{prefix}` or `{workspace}`, which may use each other, but not in a circle.
    fn nested(&mut self, name: &'static str, template: &Template) -> Option<String> {
        self.open.push(name);
        let text = self.expand(template);
        self.open.pop();
        text
    }

    /// Appends what a name stands for; whether it is known.
    pub(crate) fn push(&mut self, name: &str, span: &Range<usize>, out: &mut String) -> bool {
        let keys = self.names.keys;
        let known = match name {
            "project" => Some(self.names.project),
            "env" => Some(self.names.environment),
            "stack" => self.names.stack,
            "prefix" | "workspace" => return self.push_nested(name, span, out),
            _ => self
                .names
                .captures
                .get(name)
                .map(String::as_str)
                .or_else(|| keys.values.get(name).map(|value| value.value.0.as_str())),
        };
        match known {
            Some(value) => out.push_str(value),
            None => self.unknown(name, span),
        }
        known.is_some()
    }

    fn push_nested(&mut self, name: &str, span: &Range<usize>, out: &mut String) -> bool {
        if self.open.contains(&name) {
            let message = format!("`{{{name}}}` is needed to know what `{{{name}}}` is");
            let problem = Diagnostic::error("config::template-cycle", message);
            self.problems.push(self.sources.at(problem, span, "leads back to itself"));
            return false;
        }
        let before = self.problems.0.len();
        let value = if name == "prefix" { self.prefix() } else { self.workspace() };
        match value {
            Some(value) => out.push_str(&value),
            None if self.problems.0.len() > before => return false,
            None if name == "workspace" => out.push_str("default"),
            None => {
                self.unknown(name, span);
                return false;
            }
        }
        true
    }

    /// Collects what is wrong at a place.
    pub(crate) fn report(&mut self, problem: Diagnostic, span: &Range<usize>) {
        self.problems.push(self.sources.at(problem, span, ""));
    }

    fn unknown(&mut self, name: &str, span: &Range<usize>) {
        if self.sources.is_unread(name) {
            return;
        }
        let environment = self.names.environment;
        let problem = if name == "prefix" {
            let message = format!("`{{prefix}}` is used, but `{environment}` has no prefix");
            Diagnostic::error("config::unknown-template-name", message)
                .help(format!("write `prefix = \"…\"` into `[environments.{environment}]`"))
        } else {
            let message = format!("nothing is called `{{{name}}}` in `{environment}`");
            let known = BUILT_IN
                .into_iter()
                .filter(|built_in| *built_in != "stack" || self.names.stack.is_some())
                .chain(self.names.captures.keys().map(String::as_str))
                .chain(self.names.keys.values.iter().map(|(name, _)| name.as_ref()));
            let known: Vec<_> = known.collect();
            Diagnostic::error("config::unknown-template-name", message)
                .did_you_mean(name, known.iter().copied())
                .help(format!(
                    "known here: {}; free names go into `values`, literal braces are `{{{{` and `}}}}`",
                    known.join(", ")
                ))
        };
        self.problems.push(self.sources.at(problem, span, "unknown"));
    }
}
