//! Findings as sentences for the user.

use super::{
    findings::Findings,
    project::ProjectEngine,
    stack::{DraftStack, EnvironmentLayout},
    units::UnitTree,
};
use crate::ui::Count;

/// Returns a sentence for each finding.
pub(super) fn of(findings: &Findings) -> Vec<String> {
    let mut notes: Vec<String> = findings.trees.iter().map(tree).collect();
    notes.extend(findings.stacks.iter().map(|found| stack(findings, found)));
    notes.extend(match &findings.engine {
        ProjectEngine::Named(engine, file) => Some(format!("{} is the engine: {file} uses it", engine.title())),
        ProjectEngine::Unknown if !findings.is_empty() => {
            Some("could not tell whether this is OpenTofu or Terraform: the installed one is used; if both are installed, name one by `engine` in [project]".to_owned())
        }
        ProjectEngine::Units | ProjectEngine::Told | ProjectEngine::Unknown => None,
    });
    if let (Some(file), true) = (&findings.selects, findings.stacks.iter().any(|stack| stack.workspaces)) {
        notes.push(format!("workspaces are selected by {file}"));
    }
    if !findings.modules.is_empty() {
        let count = Count(findings.modules.len() as u64, "folder");
        notes.push(format!("{count} with a module for other stacks to call, which is no stack itself"));
    }
    notes.extend(findings.left_out.iter().map(|folder| format!("{folder} was left out")));
    notes
}

fn tree(tree: &UnitTree) -> String {
    let units: usize = tree.units.values().sum();
    let environments: Vec<&str> = tree.units.keys().map(String::as_str).collect();
    let units = Count(units as u64, "Terragrunt unit");
    format!("{units} under {}: {}", tree.patterns.join(" and "), environments.join(", "))
}

fn stack(findings: &Findings, stack: &DraftStack) -> String {
    let ordered = findings.environments.iter().map(|environment| environment.name.as_str());
    let environments: Vec<&str> = ordered.filter(|name| stack.dirs.contains_key(*name)).collect();
    let environments = environments.join(", ");
    let what = match &stack.kind {
        EnvironmentLayout::Directories => {
            format!("`{}` has a folder per environment, {}: {environments}", stack.name, stack.path)
        }
        EnvironmentLayout::OneRoot => {
            let means = if stack.workspaces { "a workspace" } else { "a state key" };
            format!("`{}` in {} has {means} per environment: {environments}", stack.name, stack.path)
        }
        EnvironmentLayout::Alone(_) => {
            format!(
                "`{}` in {} belongs to no environment that the files tell: it is in `{environments}`",
                stack.name, stack.path
            )
        }
    };
    let list =
        |word: &str, items: &[String]| (!items.is_empty()).then(|| format!("{word} {}", items.join(", ")));
    let more = [list("var files", &stack.var_files), list("reads the state of", &stack.needs)];
    [Some(what)].into_iter().chain(more).flatten().collect::<Vec<_>>().join("; ")
}
