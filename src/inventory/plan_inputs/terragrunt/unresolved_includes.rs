//! Includes and reads of a Terragrunt unit whose paths envctl cannot compute without Terragrunt: the files may hold anything.

use std::collections::BTreeSet;

use camino::Utf8Path;
use hcl_edit::{
    expr::{Expression, FuncCall},
    structure::Body,
    visit::{self, Visit},
};

use super::UnitEvaluator;
use crate::{
    engine::layout::unit_file,
    files::{self, normalised},
    git::command::repository_root,
    inventory::plan_inputs::{path_reference_cache::PathReferenceCache, scope::InputScope},
};

/// Common prefix of the settings of a `dependency` block that mix mocks with outputs.
const MERGE_SETTINGS: &str = "mock_outputs_merge";

/// Includes and reads of a Terragrunt unit whose paths envctl cannot compute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnresolvedIncludes {
    /// Labels of unresolved `include` blocks, and paths of files that cannot be parsed. `terragrunt render` gives the
    /// content of both.
    pub includes: BTreeSet<String>,
    /// Files that read other files at unresolved paths. `terragrunt render` does not give the content of those other files.
    pub readers: BTreeSet<String>,
}

impl UnresolvedIncludes {
    /// Finds the unresolved includes and reads in the files of a unit; none for engines other than Terragrunt.
    pub fn find(scope: &InputScope) -> Self {
        let mut unresolved = Self::default();
        if unit_file(scope.engine).is_none() {
            return unresolved;
        }
        let unit = UnitEvaluator::new(&scope.dir, &scope.deleted);
        let files = scope.follow_refs(&[], &PathReferenceCache::default()).parsed;
        let is_read = |path: &str| files.contains(&normalised(&scope.dir.join(path)));
        for file in files.iter().filter(|file| file.extension() == Some("hcl")) {
            let shown = scope.display_path(file);
            let bodies = unit.inlined_bodies(file);
            if bodies.is_empty() {
                unresolved.includes.insert(shown.clone());
            }
            // All paths have to be known in one role of the file, as included or as read.
            let found =
                bodies.iter().map(|body| (unresolved_includes(body, &is_read), reads_unknown_path(body)));
            if let Some((includes, reads)) =
                found.min_by_key(|(includes, reads)| includes.len() + usize::from(*reads))
            {
                unresolved.includes.extend(includes);
                unresolved.readers.extend(reads.then_some(shown));
            }
        }
        unresolved
    }

    /// Returns true if every include and read is resolved.
    pub fn is_empty(&self) -> bool {
        self.includes.is_empty() && self.readers.is_empty()
    }
}

/// Returns true if any Terragrunt file in the repository of a unit mixes mocks with outputs, or cannot be read.
pub fn any_file_mixes_mocks(scope: &InputScope) -> bool {
    any_file_below_mixes_mocks(repository_root(&scope.dir).unwrap_or_else(|| scope.root()))
}

/// Returns the labels of the `include` blocks whose path is no text, or names a file that envctl did not read.
fn unresolved_includes(body: &Body, is_read: &dyn Fn(&str) -> bool) -> BTreeSet<String> {
    let blocks = body.get_blocks("include").filter(|block| {
        let path = block.body.get_attribute("path").and_then(|path| path.value.as_str());
        !path.is_some_and(is_read)
    });
    blocks
        .map(|block| block.labels.first().map_or_else(String::new, |label| label.as_str().to_owned()))
        .collect()
}

/// Returns true if a file reads another one by `read_terragrunt_config` at an unknown path.
fn reads_unknown_path(body: &Body) -> bool {
    let mut reads = UnknownRead(false);
    reads.visit_body(body);
    reads.0
}

/// Visitor that is true after a call of `read_terragrunt_config` at an unknown path.
struct UnknownRead(bool);

impl Visit for UnknownRead {
    fn visit_func_call(&mut self, node: &FuncCall) {
        if node.name.name.as_str() == "read_terragrunt_config" {
            self.0 |= !matches!(node.args.iter().next(), Some(Expression::String(_)));
        }
        visit::visit_func_call(self, node);
    }
}

/// Returns true if any Terragrunt file in a folder or below mixes mocks with outputs, or cannot be read.
fn any_file_below_mixes_mocks(dir: &Utf8Path) -> bool {
    let Ok(entries) = dir.read_dir_utf8() else { return true };
    entries.into_iter().any(|entry| {
        let Ok(entry) = entry else { return true };
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            ![".git", ".envctl", ".terraform", ".terragrunt-cache", "node_modules"].contains(&name)
                && any_file_below_mixes_mocks(path)
        } else {
            // Also `x.hcl.json`.
            name.contains(".hcl")
                && name != crate::engine::detect::LOCKFILE
                && files::read(path).map_or(true, |text| {
                    text.windows(MERGE_SETTINGS.len()).any(|window| window == MERGE_SETTINGS.as_bytes())
                })
        }
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::inventory::{fixture::Project, plan_inputs::ExcludedPaths};

    fn scope(unit: &str, common: &str) -> (Project, InputScope) {
        let toml = "[environments.dev]\n[stacks.app]\npath = \"live/app\"\nengine = \"terragrunt\"\n";
        let files = [("live/app/terragrunt.hcl", unit), ("live/common.hcl", common)];
        let project = Project::new(toml, &files);
        let scope = InputScope::new(&project.instances("dev")[0], &project.root(), ExcludedPaths::default());
        (project, scope)
    }

    fn unread(unit: &str, common: &str) -> (Vec<String>, Vec<String>) {
        let UnresolvedIncludes { includes, readers } = UnresolvedIncludes::find(&scope(unit, common).1);
        (includes.into_iter().collect(), readers.into_iter().collect())
    }

    #[test]
    fn includes_and_reads_by_known_paths_are_read_and_others_are_named() {
        let include = |path: &str| format!("include \"c\" {{\n  path = {path}\n}}\n");
        let none = (vec![], vec![]);
        for known in [
            "\"../common.hcl\"",
            "find_in_parent_folders(\"common.hcl\")",
            "\"${get_terragrunt_dir()}/../common.hcl\"",
            "\"../${trimprefix(\"x-common\", \"x-\")}.hcl\"",
            "join(\"/\", [\"..\", trimsuffix(\"common.hcl.bak\", \".bak\")])",
            "\"../ ${~ format(\"%v.hcl\", \"common\") ~} \"",
        ] {
            assert_eq!(unread(&include(known), ""), none, "{known}");
            assert_eq!(
                unread(&format!("locals {{\n  c = read_terragrunt_config({known})\n}}\n"), ""),
                none,
                "{known}"
            );
        }
        for unknown in [
            "\"../${lower(\"COMMON\")}.hcl\"",
            "\"../${element([\"common\"], 0)}.hcl\"",
            "run_cmd(\"x\")",
            "\"../other.hcl\"",
        ] {
            assert_eq!(unread(&include(unknown), ""), (vec!["c".to_owned()], vec![]), "{unknown}");
        }
        let inside = "locals {\n  x = read_terragrunt_config(run_cmd(\"x\")).inputs\n}\n";
        assert_eq!(
            unread(&include("\"../common.hcl\""), inside),
            (vec![], vec!["live/common.hcl".to_owned()])
        );
    }

    #[test]
    fn files_that_mix_are_found_anywhere_but_in_copies() {
        let mixing = "dependency \"n\" {\n  mock_outputs_merge_strategy_with_state = \"shallow\"\n}\n";
        assert!(any_file_mixes_mocks(&scope("", mixing).1));
        let (project, scope) = scope("", "");
        assert!(!any_file_mixes_mocks(&scope));
        let copy = project.root().join("live/app/.terragrunt-cache/a");
        fs::create_dir_all(&copy).unwrap();
        fs::write(copy.join("terragrunt.hcl"), mixing).unwrap();
        assert!(!any_file_mixes_mocks(&scope));
    }
}
