//! Text of a first environments.toml.

use serde_json::Value;

use super::{
    environment_names::literal,
    environments::FoundEnvironment,
    findings::Findings,
    open_backends::{Pair, Pairs},
    project::ProjectEngine,
    stack::DraftStack,
};
use crate::{config::toml_key, engine::layout::UNIT_ENGINE};

const HEADER: &str = "\
# How the stacks of this repository reach their environments: a first version, by `envctl init`, of what lies here.
# Read it through, then `envctl check`.
";

const SECRETS: &str = "\
# A secret is named after its variable; of its value only the source is written here: { env = \"…\" }, { file = \"…\" },
# { command = [\"…\"] } or { sops = \"…\", key = \"…\" }.";

/// Variables that take the environment's name.
const NAMES_OF_ENVIRONMENT: [&str; 4] = ["env", "environment", "environment_name", "stage"];

/// Writes the file.
pub(super) fn write(findings: &Findings) -> String {
    let mut text = Text { out: HEADER.to_owned(), findings, has_explained_secrets: false };
    text.project();
    text.defaults();
    for environment in &findings.environments {
        text.environment(environment);
    }
    for stack in &findings.stacks {
        text.stack(stack);
    }
    text.discover();
    text.out
}

struct Text<'a> {
    out: String,
    findings: &'a Findings,
    /// True once the comment on secrets is written.
    has_explained_secrets: bool,
}

impl Text<'_> {
    fn line(&mut self, line: impl AsRef<str>) {
        self.out.push_str(line.as_ref());
        self.out.push('\n');
    }

    fn lines(&mut self, lines: &[String]) {
        for line in lines {
            self.line(line);
        }
    }

    fn table(&mut self, path: &[&str]) {
        let path: Vec<String> = path.iter().map(|part| toml_key(part)).collect();
        self.line(format!("\n[{}]", path.join(".")));
    }

    fn project(&mut self) {
        self.table(&["project"]);
        self.line(format!("name = {}", quoted(&self.findings.project)));
        match &self.findings.engine {
            ProjectEngine::Named(engine, file) => {
                self.line(format!("engine = {} # {file} uses it", quoted(engine.as_str())));
            }
            ProjectEngine::Units => self.line(format!("engine = {}", quoted(UNIT_ENGINE.as_str()))),
            ProjectEngine::Told => {}
            ProjectEngine::Unknown => {
                self.line("# engine = \"tofu\" # or \"terraform\": required if both are installed");
            }
        }
    }

    fn defaults(&mut self) {
        let mut lines = Vec::new();
        if self.workspaces_are_environments() {
            lines.push("workspace = \"{env}\"".to_owned());
        }
        if let Some(files) = self.var_files_of_all() {
            lines.push(format!("var_files = {}", strings(files)));
        }
        if let Some(pairs) = self.pairs_of_all() {
            lines.extend(shared_pairs(pairs));
        }
        if !lines.is_empty() {
            self.table(&["defaults"]);
            self.line(lines.join("\n"));
        }
    }

    fn environment(&mut self, environment: &FoundEnvironment) {
        let name = environment.name.as_str();
        self.table(&["environments", name]);
        if self.findings.made_up == Some(name) {
            self.line("# For what belongs to no environment, as far as the files tell; its name is yours to choose.");
        }
        if let Some(alias) = environment.alias {
            self.line(format!("aliases = {}", strings(&[alias])));
        }
        if !environment.after.is_empty() {
            self.line(format!("after = {}", strings(&environment.after)));
        }
        if environment.confirm {
            self.line("confirm = true # changes need `--confirm`");
        }
        if let Some(workspace) =
            environment.workspace.as_deref().filter(|_| !self.workspaces_are_environments())
        {
            self.line(format!("workspace = {}", quoted(&literal(workspace))));
        }
        if let Some(pairs) = self.pairs_of_all() {
            self.lines(&own_pairs(pairs, name));
        }
        self.unset(name);
    }

    /// Writes comments on variables without a value, and on secrets.
    fn unset(&mut self, environment: &str) {
        let is_first = self.findings.environments.first().is_some_and(|first| first.name == environment);
        let unset = self.findings.unset.get(environment).into_iter().flatten();
        let (secret, plain): (Vec<_>, Vec<_>) = unset.partition(|variable| variable.sensitive);
        if !plain.is_empty() {
            if is_first {
                self.line("# Variables without a default that no var file sets:");
            }
            let value = |name: &str| if NAMES_OF_ENVIRONMENT.contains(&name) { environment } else { "…" };
            let vars: Vec<String> =
                plain.iter().map(|v| format!("{} = {}", toml_key(&v.name), quoted(value(&v.name)))).collect();
            self.line(format!("# vars = {{ {} }}", vars.join(", ")));
        }
        if !secret.is_empty() && !self.has_explained_secrets {
            self.line(SECRETS);
            self.has_explained_secrets = true;
        }
        for name in secret.iter().map(|variable| variable.name.as_str()) {
            let source = match &self.findings.sops {
                Some(file) => format!("{{ sops = {}, key = \"…\" }}", quoted(file.as_str())),
                None => format!("{{ env = {} }}", quoted(&variable_of(environment, name))),
            };
            self.line(format!("# secrets.{} = {source}", toml_key(name)));
        }
    }

    fn stack(&mut self, stack: &DraftStack) {
        self.table(&["stacks", &stack.name]);
        self.line(format!("path = {}", quoted(&stack.path)));
        if !stack.needs.is_empty() {
            self.line(format!("needs = {}", strings(&stack.needs)));
        }
        let environments: Vec<&str> = self
            .findings
            .environments
            .iter()
            .map(|environment| environment.name.as_str())
            .filter(|name| stack.dirs.contains_key(*name))
            .collect();
        if environments.len() < self.findings.environments.len() {
            self.line(format!("environments = {}", strings(&environments)));
        }
        if self.var_files_of_all().is_none() && !stack.var_files.is_empty() {
            self.line(format!("var_files = {}", strings(&stack.var_files)));
        }
        if let Some(pairs) = stack.pairs.as_ref().filter(|_| self.pairs_of_all().is_none()) {
            self.lines(&shared_pairs(pairs));
            for environment in environments {
                let lines = own_pairs(pairs, environment);
                if !lines.is_empty() {
                    self.table(&["stacks", &stack.name, "in", environment]);
                    self.lines(&lines);
                }
            }
        }
    }

    fn discover(&mut self) {
        let trees = &self.findings.trees;
        if trees.is_empty() {
            return;
        }
        self.table(&["discover"]);
        let patterns: Vec<&str> = trees.iter().flat_map(|tree| &tree.patterns).map(String::as_str).collect();
        self.line(format!("paths = {}", strings(&patterns)));
        let exclude: Vec<String> =
            trees.iter().flat_map(|tree| &tree.exclude).map(|folder| escaped_glob(folder.as_str())).collect();
        if !exclude.is_empty() {
            self.line(format!("exclude = {}", strings(&exclude)));
        }
        if let [tree] = trees.as_slice()
            && let Some(name) = &tree.name
        {
            self.line(format!("name = {}", quoted(name)));
        }
    }

    fn workspaces_are_environments(&self) -> bool {
        self.findings
            .environments
            .iter()
            .all(|environment| environment.workspace.as_ref() == Some(&environment.name))
    }

    /// Returns the var files if all stacks have the same.
    fn var_files_of_all(&self) -> Option<&[String]> {
        let mut stacks = self.findings.stacks.iter().map(|stack| stack.var_files.as_slice());
        let first = stacks.next().filter(|files| !files.is_empty() && self.findings.trees.is_empty())?;
        stacks.all(|files| files == first).then_some(first)
    }

    /// Returns the pairs if all stacks have the same.
    fn pairs_of_all(&self) -> Option<&Pairs> {
        let mut stacks = self.findings.stacks.iter().map(|stack| stack.pairs.as_ref());
        let first = stacks.next().flatten().filter(|_| self.findings.trees.is_empty())?;
        stacks.all(|pairs| pairs == Some(first)).then_some(first)
    }
}

/// Returns the lines of the pairs that apply in every environment, after a comment on their source.
fn shared_pairs(pairs: &Pairs) -> Vec<String> {
    let mut lines = Vec::new();
    let kind = toml_key(&pairs.kind);
    if let Some(proposed) = pairs.proposed {
        lines.push(format!(
            "# Nothing here tells `{proposed}`: this is a proposal. Write the one that is in use today."
        ));
    } else if let Some(file) = &pairs.told_by {
        lines.push(format!("# As in {file}."));
    }
    if !pairs.missing.is_empty() {
        let missing: Vec<String> = pairs.missing.iter().map(|name| format!("`{name}`")).collect();
        lines.push(format!(
            "# {} is still to be added: neither the backend block nor a file sets it.",
            missing.join(" and ")
        ));
    }
    let values = pairs.values.iter().filter_map(|(name, pair)| match pair {
        Pair::All(value) => Some((name.as_str(), value)),
        Pair::Each(_) => None,
    });
    let table = inline(values);
    lines.extend((!table.is_empty()).then(|| format!("backend.{kind} = {{ {table} }}")));
    lines
}

/// Returns the lines of the pairs that differ by environment.
fn own_pairs(pairs: &Pairs, environment: &str) -> Vec<String> {
    let values = pairs.values.iter().filter_map(|(name, pair)| match pair {
        Pair::All(_) => None,
        Pair::Each(values) => Some((name.as_str(), values.get(environment)?)),
    });
    let table = inline(values);
    (!table.is_empty())
        .then(|| format!("backend.{} = {{ {table} }}", toml_key(&pairs.kind)))
        .into_iter()
        .collect()
}

fn inline<'a>(values: impl Iterator<Item = (&'a str, &'a Value)>) -> String {
    let pairs: Vec<String> =
        values.map(|(name, value)| format!("{} = {}", toml_key(name), toml_value(value))).collect();
    pairs.join(", ")
}

/// Returns a value in TOML, on one line.
fn toml_value(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        // TOML has no null; backends take an empty text for one.
        Value::Null => "\"\"".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(toml_value).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) => {
            format!("{{ {} }}", inline(members.iter().map(|(name, value)| (name.as_str(), value))))
        }
    }
}

/// Returns the environment variable that would hold a secret.
fn variable_of(environment: &str, name: &str) -> String {
    format!("{environment}_{name}").replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_ascii_uppercase()
}

fn escaped_glob(path: &str) -> String {
    globset::escape(path)
}

fn strings(texts: &[impl AsRef<str>]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text.as_ref())).collect::<Vec<_>>().join(", "))
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
