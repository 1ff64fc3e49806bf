//! Mentions of the workspace in a module's files.

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::{
    environment_names::is_environment_name,
    evidence::{ScriptFact, ScriptFindings},
    roots::RootModule,
    tree::RepositoryTree,
};
use crate::files::{self, normalised};

/// Mentions of the workspace in a module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct WorkspaceMentions {
    /// True if the module mentions its workspace.
    pub(super) is_mentioned: bool,
    /// Workspaces that the module compares its own workspace with.
    pub(super) names: BTreeSet<String>,
}

/// Finds `terraform.workspace` in the files of a root module and of the local modules that it calls; settings of the backend
/// for workspaces count too, in its block or in scripts.
pub(super) fn find_mentions(
    tree: &RepositoryTree,
    root: &RootModule,
    scripts: &ScriptFindings,
) -> WorkspaceMentions {
    let mut found = WorkspaceMentions::default();
    let settings = root.module.backend.iter().flat_map(|backend| backend.attributes.keys());
    let passed = scripts.commands.iter().filter_map(|command| match &command.fact {
        ScriptFact::BackendPair { key, .. } => command.closeness(&root.dir).map(|_| key),
        _ => None,
    });
    found.is_mentioned =
        settings.chain(passed).any(|key| ["workspace_key_prefix", "workspace_dir"].contains(&key.as_str()));
    for file in &root.module.files {
        read_file(&mut found, file);
    }
    let calls = root.module.module_calls.values().filter_map(|call| call.local_source());
    for folder in calls.map(|source| normalised(&root.dir.join(source))).collect::<BTreeSet<_>>() {
        let names = tree.folders.get(&folder).map(Vec::as_slice).unwrap_or_default();
        for name in names
            .iter()
            .filter(|name| ["tf", "tofu"].contains(&Utf8Path::new(name).extension().unwrap_or_default()))
        {
            read_file(&mut found, &tree.root.join(&folder).join(name));
        }
    }
    found
}

fn read_file(found: &mut WorkspaceMentions, file: &Utf8Path) {
    let text = files::read(file).unwrap_or_default();
    for line in String::from_utf8_lossy(&text).lines() {
        read_line(found, line.trim_start());
    }
}

/// Adds the mentions in one line of HCL.
fn read_line(found: &mut WorkspaceMentions, line: &str) {
    if line.starts_with('#') || line.starts_with("//") {
        return;
    }
    for (at, word) in
        ["terraform.workspace", "tofu.workspace"].iter().flat_map(|word| line.match_indices(word))
    {
        found.is_mentioned = true;
        let after = line[at + word.len()..].trim_start();
        let compared = after.strip_prefix("==").or_else(|| after.strip_prefix("!="));
        let name = compared.and_then(|text| text.trim_start().strip_prefix('"')?.split('"').next());
        found
            .names
            .extend(name.filter(|name| is_environment_name(name) && *name != "default").map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_the_workspace_is_compared_with() {
        let mut found = WorkspaceMentions::default();
        read_line(&mut found, "# terraform.workspace == \"old\"");
        assert!(!found.is_mentioned);
        read_line(&mut found, "count = terraform.workspace == \"production\" ? 3 : 1");
        read_line(&mut found, "name = \"app-${terraform.workspace}\"");
        assert_eq!(found.names.iter().collect::<Vec<_>>(), ["production"]);
    }
}
