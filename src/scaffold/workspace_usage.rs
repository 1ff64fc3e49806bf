//! Mentions of the workspace in a module's files.

use std::collections::BTreeSet;

use super::environment_names::is_name;
use crate::{files, hcl::Module};

/// Mentions of the workspace in a module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Workspaces {
    /// True if the module mentions its workspace.
    pub(super) any: bool,
    /// Workspaces that the module compares its own with.
    pub(super) names: BTreeSet<String>,
}

/// Finds `terraform.workspace` in the files of a module.
pub(super) fn workspaces(module: &Module) -> Workspaces {
    let mut found = Workspaces::default();
    for file in &module.files {
        let text = files::read(file).unwrap_or_default();
        for line in String::from_utf8_lossy(&text).lines() {
            take(&mut found, line.trim_start());
        }
    }
    found
}

fn take(found: &mut Workspaces, line: &str) {
    if line.starts_with('#') || line.starts_with("//") {
        return;
    }
    for (at, word) in
        ["terraform.workspace", "tofu.workspace"].iter().flat_map(|word| line.match_indices(word))
    {
        found.any = true;
        let after = line[at + word.len()..].trim_start();
        let compared = after.strip_prefix("==").or_else(|| after.strip_prefix("!="));
        let name = compared.and_then(|text| text.trim_start().strip_prefix('"')?.split('"').next());
        found.names.extend(name.filter(|name| is_name(name) && *name != "default").map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_the_workspace_is_compared_with() {
        let mut found = Workspaces::default();
        take(&mut found, "# terraform.workspace == \"old\"");
        assert!(!found.any);
        take(&mut found, "count = terraform.workspace == \"production\" ? 3 : 1");
        take(&mut found, "name = \"app-${terraform.workspace}\"");
        assert_eq!(found.names.iter().collect::<Vec<_>>(), ["production"]);
    }
}
