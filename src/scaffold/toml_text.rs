//! Text of a first environments.toml.

use serde_json::Value;

use camino::Utf8PathBuf;

use super::{
    backend_pairs::DraftPairs,
    environment_names::escape_braces,
    environments::FoundEnvironment,
    findings::Findings,
    notes::first_names,
    project::ProjectEngine,
    stack::{DraftStack, WrittenFiles},
    toml_value::{escaped_glob, inline_table, secret_variable, string_array, toml_string},
    workspaces::{WorkspaceEvidence, WorkspaceUse},
};
use crate::{config::toml_key, engine::layout::UNIT_ENGINE};

/// Comment at the top of the file.
const HEADER: &str = "\
#:schema ./environments.schema.json
# How the stacks of this repository reach their environments: a first version, by `envctl init`, of what lies here.
# Read it through, then `envctl check`.
";

/// Comment before the first secret.
const SECRETS: &str = "\
# A secret is named after its variable; of its value only the source is written here: { env = \"…\" }, { file = \"…\" },
# { command = [\"…\"] } or { sops = \"…\", key = \"…\" }.";

/// Names of variables whose value is probably the environment's name.
const ENVIRONMENT_VARIABLES: [&str; 4] = ["env", "environment", "environment_name", "stage"];

/// Returns the text of environments.toml.
pub(super) fn write(findings: &Findings) -> String {
    let mut writer = TomlWriter { text: HEADER.to_owned(), findings, has_explained_secrets: false };
    writer.write_project();
    writer.write_driven_engine();
    writer.write_defaults();
    for environment in &findings.environments {
        writer.write_environment(environment);
    }
    for stack in &findings.stacks {
        writer.write_stack(stack);
    }
    writer.write_discover();
    writer.text
}

/// Writer of environments.toml.
struct TomlWriter<'a> {
    /// Text that is written so far.
    text: String,
    findings: &'a Findings,
    /// True once the comment on secrets is written.
    has_explained_secrets: bool,
}

impl TomlWriter<'_> {
    fn write_line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    fn write_lines(&mut self, lines: &[String]) {
        for line in lines {
            self.write_line(line);
        }
    }

    fn write_table(&mut self, path: &[&str]) {
        let path: Vec<String> = path.iter().map(|part| toml_key(part)).collect();
        self.write_line(format!("\n[{}]", path.join(".")));
    }

    fn write_project(&mut self) {
        self.write_table(&["project"]);
        self.write_line(format!("name = {}", toml_string(&self.findings.project)));
        match &self.findings.engine {
            ProjectEngine::FromScript(..) if self.findings.has_units() => {}
            ProjectEngine::FromScript(engine, file) => {
                self.write_line(format!("engine = {} # {file} uses it", toml_string(engine.as_str())));
            }
            ProjectEngine::Units => {
                self.write_line(format!("engine = {}", toml_string(UNIT_ENGINE.as_str())));
            }
            ProjectEngine::Detected => {}
            ProjectEngine::Unknown => {
                self.write_line("# engine = \"tofu\" # or \"terraform\": required if both are installed");
            }
        }
    }

    /// Writes the engine that Terragrunt drives, if lockfiles tell it.
    fn write_driven_engine(&mut self) {
        if let Some(lockfile) = &self.findings.driven_by_terraform {
            self.write_table(&["terragrunt"]);
            self.write_line(format!("drives = \"terraform\" # {lockfile} has its registry"));
        }
    }

    fn write_defaults(&mut self) {
        let mut lines = Vec::new();
        if self.workspaces_are_environments() {
            lines.push(format!("workspace = \"{{env}}\"{}", self.reason_for_workspaces(None)));
        }
        if let Some(files) = self.common(|stack| &stack.var_files) {
            lines.extend(lines_of_files("var_files", files));
        }
        if let Some(files) = self.common(|stack| &stack.backend_files) {
            lines.extend(lines_of_files("backend_files", files));
        }
        if let Some(pairs) = self.common_pairs() {
            lines.extend(lines_of_pairs(pairs));
        }
        if !lines.is_empty() {
            self.write_table(&["defaults"]);
            self.write_lines(&lines);
        }
    }

    fn write_environment(&mut self, environment: &FoundEnvironment) {
        let name = environment.name.as_str();
        self.write_table(&["environments", name]);
        if self.findings.invented_environment == Some(name) {
            self.write_line(
                "# to decide: its name. It has what belongs to no environment, as far as the files tell.",
            );
        }
        if let Some(alias) = environment.alias {
            self.write_line(format!("aliases = {} # for the command line", string_array(&[alias])));
        }
        if !environment.after.is_empty() {
            let after = string_array(&environment.after);
            self.write_line(format!("after = {after} # proposal: the order of their names"));
        }
        if environment.confirm {
            self.write_line("confirm = true # proposal: changes need `--confirm`");
        }
        if let Some(workspace) =
            environment.workspace.as_deref().filter(|_| !self.workspaces_are_environments())
        {
            let reason = self.reason_for_workspaces(Some(environment));
            self.write_line(format!("workspace = {}{reason}", toml_string(&escape_braces(workspace))));
        }
        self.write_unset_variables(name);
    }

    /// Writes comments on variables without a value, and on secrets.
    fn write_unset_variables(&mut self, environment: &str) {
        let is_first = self.findings.environments.first().is_some_and(|first| first.name == environment);
        let unset = self.findings.unset_variables.get(environment).into_iter().flatten();
        let (secret, plain): (Vec<_>, Vec<_>) = unset.partition(|variable| variable.sensitive);
        if !plain.is_empty() {
            if is_first {
                self.write_line("# Variables without a default that no var file sets:");
            }
            let value = |name: &str| if ENVIRONMENT_VARIABLES.contains(&name) { environment } else { "…" };
            let vars: Vec<String> = plain
                .iter()
                .map(|v| format!("{} = {}", toml_key(&v.name), toml_string(value(&v.name))))
                .collect();
            self.write_line(format!("# vars = {{ {} }}", vars.join(", ")));
        }
        if !secret.is_empty() && !self.has_explained_secrets {
            self.write_line(SECRETS);
            self.has_explained_secrets = true;
        }
        for name in secret.iter().map(|variable| variable.name.as_str()) {
            let source = match &self.findings.sops_file {
                Some(file) => format!("{{ sops = {}, key = \"…\" }}", toml_string(file.as_str())),
                None => format!("{{ env = {} }}", toml_string(&secret_variable(environment, name))),
            };
            self.write_line(format!("# secrets.{} = {source}", toml_key(name)));
        }
    }

    fn write_stack(&mut self, stack: &DraftStack) {
        self.write_table(&["stacks", &stack.name]);
        self.write_line(format!("path = {}", toml_string(&stack.path)));
        if let Some(others) = self.findings.shared_states.get(&stack.name) {
            let others: Vec<Utf8PathBuf> = others.iter().map(Utf8PathBuf::from).collect();
            self.write_line(format!("# to decide: {} has the same state today", first_names(&others)));
        }
        if let ProjectEngine::FromScript(engine, file) = &self.findings.engine
            && self.findings.has_units()
            && !self.findings.is_unit(stack)
        {
            self.write_line(format!("engine = {} # {file} uses it", toml_string(engine.as_str())));
        }
        self.write_lines(&lines_of_links(&stack.needs, &stack.reads));
        let environments: Vec<&str> = self
            .findings
            .environments
            .iter()
            .map(|environment| environment.name.as_str())
            .filter(|name| stack.dirs.contains_key(*name))
            .collect();
        if environments.len() < self.findings.environments.len() {
            self.write_line(format!("environments = {}", string_array(&environments)));
        }
        self.write_workspace_of_stack(stack);
        if self.common(|stack| &stack.var_files).is_none() {
            self.write_lines(&lines_of_files("var_files", &stack.var_files));
        }
        if self.common(|stack| &stack.backend_files).is_none() {
            self.write_lines(&lines_of_files("backend_files", &stack.backend_files));
        }
        if let Some(pairs) = stack.pairs.as_ref().filter(|_| self.common_pairs().is_none()) {
            self.write_lines(&lines_of_pairs(pairs));
        }
        for environment in environments {
            if let Some(links) = stack.links_by_environment.get(environment) {
                self.write_table(&["stacks", &stack.name, "in", environment]);
                self.write_lines(&lines_of_links(&links.needs, &links.reads));
            }
        }
    }

    /// Writes that a stack does not have the workspaces of its environments.
    fn write_workspace_of_stack(&mut self, stack: &DraftStack) {
        let environments = &self.findings.environments;
        let of_stack = |environment: &&FoundEnvironment| stack.dirs.contains_key(&environment.name);
        let mut workspaces = environments.iter().filter(of_stack).filter_map(|one| one.workspace.as_deref());
        let Some(first) = workspaces.next() else { return };
        let is_named = !first.is_empty() || workspaces.any(|name| !name.is_empty());
        match &stack.workspace {
            WorkspaceUse::Default => {
                let has_own_states = stack.dirs.len() > 1;
                let reason = if has_own_states {
                    "its environments have states of their own"
                } else {
                    "nothing selects a workspace for it"
                };
                self.write_line(format!("unset = [\"workspace\"] # proposal: {reason}"));
            }
            WorkspaceUse::Unnamed(reason) if is_named => {
                self.write_line(format!(
                    "# to decide: {reason}; here it has the workspaces of its environments"
                ));
            }
            WorkspaceUse::Unnamed(_) | WorkspaceUse::PerEnvironment(_) => {}
        }
    }

    fn write_discover(&mut self) {
        let groups = &self.findings.groups;
        if groups.is_empty() {
            return;
        }
        self.write_table(&["discover"]);
        if self.findings.stack_files.is_not_generated {
            let files = first_names(&self.findings.stack_files.live);
            self.write_line(format!(
                "# to decide: `terragrunt stack generate` makes the units of {files}: run it, then see `envctl list`"
            ));
        }
        let patterns: Vec<&str> =
            groups.iter().flat_map(|group| &group.patterns).map(String::as_str).collect();
        self.write_line(format!("paths = {}", string_array(&patterns)));
        let exclude: Vec<String> = groups
            .iter()
            .flat_map(|group| &group.exclude)
            .map(|folder| escaped_glob(folder.as_str()))
            .collect();
        if !exclude.is_empty() {
            self.write_line(format!("exclude = {}", string_array(&exclude)));
        }
        if let [group] = groups.as_slice()
            && let Some(name) = &group.name
        {
            self.write_line(format!("name = {}", toml_string(name)));
        }
    }

    /// Returns true if the workspace of each environment has the environment's name.
    fn workspaces_are_environments(&self) -> bool {
        self.findings
            .environments
            .iter()
            .all(|environment| environment.workspace.as_ref() == Some(&environment.name))
    }

    /// Returns the comment on the workspace of an environment, or of all.
    fn reason_for_workspaces(&self, environment: Option<&FoundEnvironment>) -> String {
        let is_in = |stack: &&DraftStack| environment.is_none_or(|one| stack.dirs.contains_key(&one.name));
        let stacks = || self.findings.stacks.iter().filter(is_in);
        let unnamed = stacks().find_map(|stack| match &stack.workspace {
            WorkspaceUse::Unnamed(reason) => Some(reason),
            _ => None,
        });
        if let Some(reason) =
            unnamed.filter(|_| environment.is_some_and(|one| one.workspace.as_deref() == Some("")))
        {
            return format!(" # to decide: its name, or \"default\"; {reason}");
        }
        let evidence = || {
            stacks().filter_map(|stack| match &stack.workspace {
                WorkspaceUse::PerEnvironment(evidence) => Some((stack, evidence)),
                _ => None,
            })
        };
        for (_, evidence) in evidence() {
            if let WorkspaceEvidence::Proposal(reason) = evidence {
                return format!(" # proposal: {reason}");
            }
        }
        let Some((stack, WorkspaceEvidence::Script(script))) = evidence().next() else {
            return String::new();
        };
        let is_named = |workspace: &String| {
            stack.workspace_template.is_some()
                || stack.workspaces.is_empty()
                || stack.workspaces.contains(workspace)
        };
        match environment.and_then(|one| one.workspace.as_ref()).filter(|workspace| !is_named(workspace)) {
            Some(_) => format!(" # proposal: {script} selects others"),
            None => format!(" # as in {script}"),
        }
    }

    /// Returns the settings files of the stacks if all stacks have the same ones.
    fn common<'s>(&'s self, files: impl Fn(&'s DraftStack) -> &'s WrittenFiles) -> Option<&'s WrittenFiles> {
        let mut stacks = self.findings.stacks.iter().map(files);
        let first = stacks.next().filter(|files| !files.is_empty() && self.findings.groups.is_empty())?;
        stacks.all(|files| files.paths == first.paths && files.open == first.open).then_some(first)
    }

    /// Returns the backend pairs of the stacks if all stacks have the same ones.
    fn common_pairs(&self) -> Option<&DraftPairs> {
        let mut stacks = self.findings.stacks.iter().map(|stack| stack.pairs.as_ref());
        let first = stacks.next().flatten().filter(|_| self.findings.groups.is_empty())?;
        stacks.all(|pairs| pairs == Some(first)).then_some(first)
    }
}

/// Returns the lines of the keys `needs` and `reads`.
fn lines_of_links(needs: &[String], reads: &[String]) -> Vec<String> {
    let line = |key: &str, stacks: &[String]| {
        (!stacks.is_empty()).then(|| format!("{key} = {}", string_array(stacks)))
    };
    let reads = line("reads", reads).map(|line| format!("{line} # `needs` would be a cycle"));
    line("needs", needs).into_iter().chain(reads).collect()
}

/// Returns the lines of settings files, after the comments on what a person must decide.
fn lines_of_files(key: &str, files: &WrittenFiles) -> Vec<String> {
    let mut lines: Vec<String> = files.open.iter().map(|line| format!("# {line}")).collect();
    if !files.paths.is_empty() {
        let reason = files.reason.as_ref().map_or(String::new(), |reason| format!(" # {reason}"));
        lines.push(format!("{key} = {}{reason}", string_array(&files.paths)));
    }
    lines
}

/// Returns the lines of pairs, after the comments on what is missing.
fn lines_of_pairs(pairs: &DraftPairs) -> Vec<String> {
    let mut lines = Vec::new();
    let key = format!("backend.{}", toml_key(&pairs.backend_type));
    for (name, script) in &pairs.unknown_keys {
        lines.push(format!("# to decide: `{name}` of the backend: {script} takes it from elsewhere"));
    }
    let untold: Vec<String> = pairs
        .missing_keys
        .iter()
        .filter(|name| !pairs.unknown_keys.contains_key(**name))
        .map(|name| format!("`{name}`"))
        .collect();
    if !untold.is_empty() {
        let names = untold.join(" and ");
        lines.push(format!("# to decide: {names} of the backend: neither its block nor a file sets it"));
    }
    let open = |name: &str| match &pairs.proposal {
        Some((proposed, value)) if *proposed == name => Value::from(value.as_str()),
        _ => Value::from("…"),
    };
    let mut missing: Vec<(&str, Value)> = pairs.missing_keys.iter().map(|name| (*name, open(name))).collect();
    if let Some((name, value)) = &pairs.proposal
        && !pairs.missing_keys.contains(name)
    {
        missing.push((name, Value::from(value.as_str())));
    }
    if !missing.is_empty() {
        let known = pairs.values.iter().map(|(name, value)| (name.as_str(), value));
        let table = inline_table(known.chain(missing.iter().map(|(name, value)| (*name, value))));
        if pairs.proposal.is_some() {
            lines.push("# proposal: write the values that are in use today".to_owned());
        }
        lines.push(format!("# {key} = {{ {table} }}"));
    }
    if !pairs.values.is_empty() {
        let reason = pairs.source_file.as_ref().map_or(String::new(), |file| format!(" # as in {file}"));
        let table = inline_table(pairs.values.iter().map(|(name, value)| (name.as_str(), value)));
        lines.push(format!("{key} = {{ {table} }}{reason}"));
    }
    lines
}
