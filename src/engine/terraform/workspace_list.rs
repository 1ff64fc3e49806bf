//! Output of `workspace list`.

use serde::Deserialize;

/// Parses the names that `workspace list` prints, as JSON or as text with a `*` before the selected one.
pub(in crate::engine) fn workspaces(text: &str) -> Vec<String> {
    #[derive(Deserialize)]
    struct WorkspaceLine {
        #[serde(default)]
        workspaces: Option<Vec<String>>,
    }
    // A warning may precede either form.
    if text.lines().any(|line| line.starts_with('{')) {
        return text
            .lines()
            .filter_map(|line| serde_json::from_str::<WorkspaceLine>(line).ok()?.workspaces)
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
