//! Commands that list and create workspaces, and their output.

use serde::Deserialize;

use super::adapter::Terraform;
use crate::{
    engine::{Target, flags::lock_timeout},
    process::CommandLine,
};

impl Terraform {
    pub(super) fn workspace_list_command(&self, target: &Target) -> CommandLine {
        let command = self.bare(target).args(["workspace", "list"]);
        let command = if self.speaks_json_in_workspace_list() { command.arg("-json") } else { command };
        command.args(self.early_var_files(target))
    }

    pub(super) fn workspace_new_command(&self, target: &Target, name: &str) -> CommandLine {
        self.bare(target)
            .args(["workspace", "new", "-no-color"])
            .arg(lock_timeout(target))
            .args(self.early_var_files(target))
            .arg(name)
    }
}

/// Parses the names that `workspace list` prints, as JSON or as text with a `*` before the selected one.
pub(in crate::engine) fn workspaces(text: &str) -> Vec<String> {
    #[derive(Deserialize)]
    struct Line {
        #[serde(default)]
        workspaces: Option<Vec<String>>,
    }
    // A warning may precede either form.
    if text.lines().any(|line| line.starts_with('{')) {
        return text
            .lines()
            .filter_map(|line| serde_json::from_str::<Line>(line).ok()?.workspaces)
            .flatten()
            .collect();
    }
    text.lines()
        .filter_map(|line| line.strip_prefix("* ").or_else(|| line.strip_prefix("  ")))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workspaces_are_read_from_both_forms_of_the_list() {
        assert_eq!(workspaces("  default\n* with space\n\n"), ["default", "with space"]);
        let json = "{\"@message\":\"OpenTofu 1.12.6\",\"type\":\"version\"}\n{\"type\":\"workspace_list\",\
                    \"workspaces\":[\"default\",\"st\"]}\n";
        assert_eq!(workspaces(json), ["default", "st"]);
        let warning = "\nWarning: Unable to open CLI configuration file\n\nIt does not exist.\n\n";
        assert_eq!(workspaces(&format!("{warning}{json}")), ["default", "st"]);
        assert_eq!(workspaces(&format!("{warning}* default\n  st\n")), ["default", "st"]);
    }
}
