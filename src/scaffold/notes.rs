//! Findings as sentences for the user.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use super::{
    findings::Findings,
    project::ProjectEngine,
    stack::{DraftStack, EnvironmentLayout},
    unit_group::UnitGroup,
    workspaces::{WorkspaceEvidence, WorkspaceUse},
};
use crate::ui::Count;

/// Maximum number of sentences; more findings are summed up.
const MAX_SENTENCES: usize = 5;

/// Returns a sentence for each finding, or a summary if there are many.
pub(super) fn describe_findings(findings: &Findings) -> Vec<String> {
    let sentences = describe_each(findings);
    if sentences.len() > MAX_SENTENCES { summarise(findings) } else { sentences }
}

/// Sums up the findings in at most five sentences.
fn summarise(findings: &Findings) -> Vec<String> {
    let count = |number: usize, word: &'static str| Count(number as u64, word).to_string();
    let mut summary: Vec<String> = Vec::new();
    if !findings.stacks.is_empty() {
        let names: Vec<Utf8PathBuf> =
            findings.stacks.iter().map(|stack| Utf8PathBuf::from(&stack.name)).collect();
        summary.push(format!("{}: {}", count(names.len(), "stack"), first_names(&names)));
    }
    if !findings.groups.is_empty() {
        let units = findings.groups.iter().flat_map(|group| group.units.values()).sum();
        let patterns = findings.groups.iter().flat_map(|group| &group.patterns).map(String::as_str);
        let patterns: Vec<&str> = patterns.collect();
        summary.push(format!("{} under {}", count(units, "Terragrunt unit"), patterns.join(" and ")));
    }
    let environments: Vec<&str> = findings.environments.iter().map(|one| one.name.as_str()).collect();
    summary.push(format!("{}: {}", count(environments.len(), "environment"), environments.join(", ")));
    let with = |has: &dyn Fn(&DraftStack) -> bool, word: &str| {
        let number = findings.stacks.iter().filter(|stack| has(stack)).count();
        (number > 0).then(|| format!("{word} of {number}"))
    };
    let settings: Vec<String> = [
        with(&|stack| !stack.var_files.paths.is_empty(), "var files"),
        with(&|stack| !stack.backend_files.paths.is_empty(), "backend files"),
        with(&|stack| stack.workspace.is_per_environment(), "workspaces"),
        with(&|stack| stack.all_needs().next().is_some() || !stack.reads.is_empty(), "links to other states"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let engine = describe_engine(findings);
    let settings = (!settings.is_empty()).then(|| settings.join(", "));
    summary.extend(match (settings, engine) {
        (Some(settings), Some(engine)) => Some(format!("{settings}; {engine}")),
        (settings, engine) => settings.or(engine),
    });
    let stack_files = &findings.stack_files;
    let mut left_out: Vec<String> = Vec::new();
    if !findings.modules.is_empty() {
        left_out.push(count(findings.modules.len(), "module"));
    }
    left_out.extend((!findings.skipped_folders.is_empty()).then(|| first_names(&findings.skipped_folders)));
    left_out.extend((!stack_files.catalog.is_empty()).then(|| first_names(&stack_files.catalog)));
    let generated = (!stack_files.live.is_empty())
        .then(|| format!("`terragrunt stack generate` makes units of {}", first_names(&stack_files.live)));
    let left_out = (!left_out.is_empty()).then(|| format!("left out: {}", left_out.join("; ")));
    summary.extend(match (generated, left_out) {
        (Some(generated), Some(left_out)) => Some(format!("{generated}; {left_out}")),
        (generated, left_out) => generated.or(left_out),
    });
    summary
}

/// Returns a sentence on the engine, if there is something to say.
fn describe_engine(findings: &Findings) -> Option<String> {
    match &findings.engine {
        ProjectEngine::FromScript(engine, file) => {
            Some(format!("{} is the engine: {file} uses it", engine.title()))
        }
        ProjectEngine::Unknown if !findings.is_empty() => {
            Some("could not tell whether this is OpenTofu or Terraform: the installed one is used; if both are installed, name one by `engine` in [project]".to_owned())
        }
        ProjectEngine::Units | ProjectEngine::Detected | ProjectEngine::Unknown => None,
    }
}

/// Returns a sentence for each finding.
fn describe_each(findings: &Findings) -> Vec<String> {
    let mut notes: Vec<String> = findings.groups.iter().map(describe_group).collect();
    let stack_files = &findings.stack_files;
    if !stack_files.live.is_empty() {
        let state = if stack_files.is_not_generated { ", which is still to be run" } else { "" };
        let files = first_names(&stack_files.live);
        notes.push(format!("{files}: their units are those that `terragrunt stack generate` makes{state}"));
    }
    if !stack_files.catalog.is_empty() {
        let files = first_names(&stack_files.catalog);
        notes.push(format!(
            "{files}: a catalog of Terragrunt stacks, which others take, and no stacks themselves"
        ));
    }
    notes.extend(findings.stacks.iter().map(|found| describe_stack(findings, found)));
    notes.extend(describe_engine(findings));
    let scripts: BTreeSet<&Utf8PathBuf> = findings
        .stacks
        .iter()
        .filter_map(|stack| match &stack.workspace {
            WorkspaceUse::PerEnvironment(WorkspaceEvidence::Script(script)) => Some(script),
            _ => None,
        })
        .collect();
    notes.extend(scripts.iter().map(|script| format!("workspaces are selected by {script}")));
    if !findings.modules.is_empty() {
        let count = Count(findings.modules.len() as u64, "folder");
        notes.push(format!("{count} with a module for other stacks to call, which is no stack itself"));
    }
    notes.extend(findings.skipped_folders.iter().map(|folder| format!("{folder} was left out")));
    notes
}

/// Returns the first three paths, and the number of the others.
pub(super) fn first_names(paths: &[Utf8PathBuf]) -> String {
    let mut names: Vec<String> = paths.iter().take(3).map(ToString::to_string).collect();
    if paths.len() > 3 {
        names.push(format!("{} more", paths.len() - 3));
    }
    names.join(", ")
}

/// Describes the units that one set of patterns finds.
fn describe_group(group: &UnitGroup) -> String {
    let units: usize = group.units.values().sum();
    let environments: Vec<&str> = group.units.keys().map(String::as_str).collect();
    let units = Count(units as u64, "Terragrunt unit");
    format!("{units} under {}: {}", group.patterns.join(" and "), environments.join(", "))
}

/// Describes a stack: its folder, its environments, its var files and needs.
fn describe_stack(findings: &Findings, stack: &DraftStack) -> String {
    let ordered = findings.environments.iter().map(|environment| environment.name.as_str());
    let environments: Vec<&str> = ordered.filter(|name| stack.dirs.contains_key(*name)).collect();
    let environments = environments.join(", ");
    let summary = match &stack.layout {
        EnvironmentLayout::Directories => {
            format!("`{}` has a folder per environment, {}: {environments}", stack.name, stack.path)
        }
        EnvironmentLayout::SingleFolder => {
            let means = match &stack.workspace {
                WorkspaceUse::PerEnvironment(WorkspaceEvidence::Script(_)) => {
                    "has a workspace per environment"
                }
                WorkspaceUse::PerEnvironment(WorkspaceEvidence::Proposal(_)) => {
                    "could have a workspace per environment, a proposal"
                }
                WorkspaceUse::Unnamed(_) => "has workspaces that are still to be named",
                WorkspaceUse::Default if stack.dirs.len() > 1 => "has a state of its own per environment",
                WorkspaceUse::Default => "has one environment",
            };
            format!("`{}` in {} {means}: {environments}", stack.name, stack.path)
        }
        EnvironmentLayout::NoEnvironment(_) => {
            format!(
                "`{}` in {} belongs to no environment that the files tell: it is in `{environments}`",
                stack.name, stack.path
            )
        }
    };
    let list =
        |word: &str, items: &[String]| (!items.is_empty()).then(|| format!("{word} {}", items.join(", ")));
    let more = [
        list("var files", &stack.var_files.paths),
        list("backend files", &stack.backend_files.paths),
        list("reads the state of", &stack.needs),
    ];
    [Some(summary)].into_iter().chain(more).flatten().collect::<Vec<_>>().join("; ")
}
