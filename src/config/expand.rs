//! Expands templates for one instance, or checks for a whole environment that the names in its templates are known.

use std::{collections::BTreeMap, ops::Range};

use camino::Utf8PathBuf;

use super::raw::{layer::Keys, reader::ConfigSources, template::Template};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Template names that are always defined.
pub const BUILT_IN_TEMPLATE_NAMES: [&str; 6] = ["project", "env", "stack", "prefix", "workspace", "root"];

/// Values of the names that templates may use.
pub(crate) struct TemplateNames<'a> {
    /// Value of `{project}`.
    pub(crate) project: &'a str,
    /// Value of `{env}`.
    pub(crate) environment: &'a str,
    /// Value of `{stack}`; `None` when an environment is resolved without a stack.
    pub(crate) stack: Option<&'a str>,
    /// Function that returns the value of `{root}`: the path from the stack's folder to the folder of environments.toml. `None`
    /// when an environment is resolved without a stack.
    pub(crate) root: Option<&'a dyn Fn() -> Utf8PathBuf>,
    /// Keys that hold `{prefix}`, `{workspace}` and the free values.
    pub(crate) keys: &'a Keys,
    /// Captures of the `[discover]` pattern that found the stack, by name.
    pub(crate) captures: &'a BTreeMap<String, String>,
}

/// Returns true if engines accept a name for a workspace: the escaping of a path in a URL must leave the name unchanged.
///
/// <https://github.com/opentofu/opentofu/blob/main/internal/command/workspace_command.go>
fn is_workspace_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~$&+=:@".contains(&b))
}

/// Expands templates and collects the errors in them.
pub(crate) struct Expander<'a> {
    names: TemplateNames<'a>,
    sources: &'a ConfigSources,
    /// Names among `prefix` and `workspace` that are being expanded, to find cycles.
    being_expanded: Vec<&'static str>,
    /// Errors found so far.
    pub(crate) problems: Diagnostics,
}

impl<'a> Expander<'a> {
    /// Creates an expander for these names.
    pub(crate) fn new(names: TemplateNames<'a>, sources: &'a ConfigSources) -> Self {
        Self { names, sources, being_expanded: Vec::new(), problems: Diagnostics::default() }
    }

    /// Returns the expanded text of a template; `None` when a name in it is unknown.
    pub(crate) fn expand(&mut self, template: &Template) -> Option<String> {
        template.expand(&mut |name, span, out| self.append_value(name, span, out))
    }

    /// Returns the expanded value of a backend pair; `None` when a name in it is unknown.
    pub(crate) fn expand_json(
        &mut self,
        value: &super::raw::json::TemplateJson,
    ) -> Option<serde_json::Value> {
        value.expand(&mut |name, span, out| self.append_value(name, span, out))
    }

    /// Expands the key `workspace`; `None` if it is not set or its text is no name of a workspace.
    pub(crate) fn workspace(&mut self) -> Option<String> {
        let template = &self.names.keys.workspace.as_ref()?.value;
        let name = self.expand_nested("workspace", template)?;
        if is_workspace_name(&name) {
            return Some(name);
        }
        let (message, help) = if name.is_empty() {
            let help = "write the name of the one in use today; \"default\" if it is the default workspace";
            ("the workspace has no name".to_owned(), help)
        } else {
            let help = "letters, digits and `-._~$&+=:@`; no spaces, no slashes";
            (format!("`{name}` cannot be the name of a workspace"), help)
        };
        let problem = Diagnostic::error("config::workspace", message).help(help);
        self.problems.push(self.sources.at(problem, &template.span, ""));
        None
    }

    /// Expands the key `prefix`; `None` if it is not set.
    pub(crate) fn prefix(&mut self) -> Option<String> {
        let template = &self.names.keys.prefix.as_ref()?.value;
        self.expand_nested("prefix", template)
    }

    /// Expands the template of `{prefix}` or `{workspace}`, which may use each other, but not in a cycle.
    fn expand_nested(&mut self, name: &'static str, template: &Template) -> Option<String> {
        self.being_expanded.push(name);
        let text = self.expand(template);
        self.being_expanded.pop();
        text
    }

    /// Appends the value of a template name to `out`. Returns false, and collects an error, if the name is unknown.
    pub(crate) fn append_value(&mut self, name: &str, span: &Range<usize>, out: &mut String) -> bool {
        let keys = self.names.keys;
        if let ("root", Some(root)) = (name, self.names.root) {
            out.push_str(root().as_str());
            return true;
        }
        let value = match name {
            "project" => Some(self.names.project),
            "env" => Some(self.names.environment),
            "stack" => self.names.stack,
            "prefix" | "workspace" => return self.append_nested(name, span, out),
            _ => self
                .names
                .captures
                .get(name)
                .map(String::as_str)
                .or_else(|| keys.values.get(name).map(|value| value.value.0.as_str())),
        };
        match value {
            Some(value) => out.push_str(value),
            None => self.report_unknown_name(name, span),
        }
        value.is_some()
    }

    fn append_nested(&mut self, name: &str, span: &Range<usize>, out: &mut String) -> bool {
        if self.being_expanded.contains(&name) {
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
                self.report_unknown_name(name, span);
                return false;
            }
        }
        true
    }

    /// Collects an error at a span of the configuration's sources.
    pub(crate) fn report(&mut self, problem: Diagnostic, span: &Range<usize>) {
        self.problems.push(self.sources.at(problem, span, ""));
    }

    fn report_unknown_name(&mut self, name: &str, span: &Range<usize>) {
        if self.sources.is_unread(name) {
            return;
        }
        let environment = self.names.environment;
        let problem = if name == "prefix" {
            let message = format!("`{{prefix}}` is used, but `{environment}` has no prefix");
            Diagnostic::error("config::unknown-template-name", message)
                .help(format!("write `prefix = \"…\"` into `[environments.{environment}]`"))
        } else {
            let message = format!("unknown template name `{{{name}}}` in `{environment}`");
            let known = BUILT_IN_TEMPLATE_NAMES
                .into_iter()
                .filter(|built_in| {
                    *built_in != "root" && (*built_in != "stack" || self.names.stack.is_some())
                })
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
