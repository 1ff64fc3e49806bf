//! Variables of a stack: values in its files, and variables without a value.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::{roots::RootModules, stack::DraftStack, tree::RepositoryTree};
use crate::{
    engine::layout::auto_var_files,
    hcl::{Module, VarFileContent, VariableDecl, read_var_file},
};

/// Variable without a default that no var file sets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct UnsetVariable {
    /// True if plans hide the value.
    pub(super) sensitive: bool,
    /// Name of the variable.
    pub(super) name: String,
}

/// Returns the literal values of a stack's variables in one environment, from defaults and var files.
pub(super) fn literal_values(
    tree: &RepositoryTree,
    module: &Module,
    dir: &Utf8Path,
    var_files: &[String],
    environment: &str,
) -> BTreeMap<String, Value> {
    let default = |(name, variable): (&String, &VariableDecl)| {
        Some((name.clone(), variable.default.as_ref()?.literal()?.clone()))
    };
    let mut values: BTreeMap<String, Value> = module.variables.iter().filter_map(default).collect();
    for content in var_file_contents(tree, dir, var_files, environment) {
        let literals =
            content.into_iter().filter_map(|(name, value)| Some((name, value.value.literal()?.clone())));
        values.extend(literals);
    }
    values
}

/// Returns the variables without a value of all stacks, by environment.
pub(super) fn unset_variables(
    tree: &RepositoryTree,
    roots: &RootModules,
    stacks: &[DraftStack],
) -> BTreeMap<String, BTreeSet<UnsetVariable>> {
    let mut unset: BTreeMap<String, BTreeSet<UnsetVariable>> = BTreeMap::new();
    for stack in stacks {
        for (environment, dir) in &stack.dirs {
            let Some(root) = roots.in_folder(dir) else { continue };
            let set: BTreeSet<String> = var_file_contents(tree, dir, &stack.var_files.paths, environment)
                .into_iter()
                .flat_map(VarFileContent::into_keys)
                .collect();
            let missing = root
                .module
                .variables
                .iter()
                .filter(|(name, variable)| variable.default.is_none() && !set.contains(*name));
            let missing = missing
                .map(|(name, variable)| UnsetVariable { sensitive: variable.sensitive, name: name.clone() });
            unset.entry(environment.clone()).or_default().extend(missing);
        }
    }
    unset
}

/// Returns the values of an environment's var files in the engine's order; broken files are skipped (`envctl check`
/// reports them).
fn var_file_contents(
    tree: &RepositoryTree,
    dir: &Utf8Path,
    var_files: &[String],
    environment: &str,
) -> Vec<VarFileContent> {
    let names = tree.folders.get(dir).map(Vec::as_slice).unwrap_or_default();
    let auto = auto_var_files(names.iter().map(String::as_str)).into_iter();
    let passed = var_files.iter().map(|file| {
        file.trim_start_matches('?').replace("{env}", environment).replace("{{", "{").replace("}}", "}")
    });
    let paths: Vec<Utf8PathBuf> = auto.chain(passed).map(|file| tree.root.join(dir).join(file)).collect();
    paths.iter().filter_map(|path| read_var_file(path, &tree.root).ok()).collect()
}
