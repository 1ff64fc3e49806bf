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

/// Returns a sentence for each finding.
pub(super) fn describe_findings(findings: &Findings) -> Vec<String> {
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
    notes.extend(match &findings.engine {
        ProjectEngine::FromScript(engine, file) => Some(format!("{} is the engine: {file} uses it", engine.title())),
        ProjectEngine::Unknown if !findings.is_empty() => {
            Some("could not tell whether this is OpenTofu or Terraform: the installed one is used; if both are installed, name one by `engine` in [project]".to_owned())
        }
        ProjectEngine::Units | ProjectEngine::Detected | ProjectEngine::Unknown => None,
    });
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
