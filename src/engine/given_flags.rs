//! Flags of the running envctl command that suggested commands repeat.

use crate::{config::sets_environment, ui::shell_word};

/// Flags of the running envctl command that affect its configuration. Messages suggest further commands with the same
/// flags.
#[derive(Debug, Clone, Default)]
pub struct GivenFlags {
    /// Path of `--config`.
    pub config: Option<String>,
    /// Path and value of each `--set PATH=VALUE`; the value is `None` for a sensitive variable.
    pub sets: Vec<(String, Option<String>)>,
    /// Name and value of each `--var NAME=VALUE`; the value is `None` for a sensitive variable.
    pub vars: Vec<(String, Option<String>)>,
}

impl GivenFlags {
    /// Returns the command line of a verb that takes no values, with the `--config` of the running command. `words` are the
    /// verb and its arguments, quoted for a shell.
    pub fn command(&self, words: &str) -> String {
        let config = self.config.as_ref().map(|path| format!(" --config {}", shell_word(path)));
        format!("envctl{} {words}", config.unwrap_or_default())
    }

    /// Returns the command line of a verb that takes `--var`: `words` (the verb and its arguments, quoted for a shell) and
    /// all flags that the user gave.
    pub fn command_with_values(&self, words: &str) -> String {
        let words = std::iter::once(self.command(words)).chain(self.values(true));
        words.collect::<Vec<_>>().join(" ")
    }

    /// Returns the flags that set variables: `--var` as the user gave them, or as `--set vars.NAME` for a verb without
    /// `--var`.
    pub fn values(&self, takes_var: bool) -> Vec<String> {
        let word = |path: &str, name: &str, value: &Option<String>| {
            shell_word(&format!("{path}{name}={}", value.as_deref().unwrap_or("…")))
        };
        let (flag, path) = if takes_var { ("--var", "") } else { ("--set", "vars.") };
        let vars = self.vars.iter().map(|(name, value)| format!("{flag} {}", word(path, name, value)));
        let sets = self.sets.iter().map(|(path, value)| format!("--set {}", word("", path, value)));
        vars.chain(sets).collect()
    }

    /// Returns true if any of the flags sets a variable.
    pub fn sets_variables(&self) -> bool {
        !self.vars.is_empty() || self.sets.iter().any(|(path, _)| variable_of(path).is_some())
    }

    /// Returns the flags without values that may be secret: those of variables for which `hides` returns true, and those of
    /// the engines' environment.
    #[must_use]
    pub fn hiding(mut self, hides: impl Fn(&str) -> bool) -> Self {
        for (name, value) in &mut self.vars {
            value.take_if(|_| hides(name));
        }
        for (path, value) in &mut self.sets {
            // `vars` as a whole may contain any of the hidden variables.
            let is_hidden = variable_of(path).is_some_and(|name| name.is_empty() || hides(name));
            value.take_if(|_| is_hidden || sets_environment(path));
        }
        self
    }

    /// Returns the flags without those that set a variable for which `keeps` returns false: a run refuses a flag for a
    /// variable that none of its stacks declares.
    #[must_use]
    pub fn with_variables(mut self, keeps: impl Fn(&str) -> bool) -> Self {
        self.vars.retain(|(name, _)| keeps(name));
        self.sets.retain(|(path, _)| variable_of(path).is_none_or(&keeps));
        self
    }
}

/// Returns the variable that the path of a `--set` flag sets: empty for all of `vars`, `None` for any other key of
/// environments.toml.
fn variable_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("vars")?;
    let name = if rest.is_empty() { rest } else { rest.strip_prefix('.')? };
    // The value of a variable may be set in part: `vars.size.min`.
    let name = name.trim();
    match name.chars().next().filter(|quote| matches!(quote, '"' | '\'')) {
        Some(quote) => name[1..].split(quote).next(),
        None => name.split('.').next(),
    }
}
