//! Effects of a typed command on the workspace and the state of its instance.

use std::ffi::OsString;

use crate::engine::Typed;

/// Returns true if an engine creates the workspace for a command if it is missing: most commands do as soon as they read a
/// state, also `state pull` and `output` (measured on OpenTofu 1.12.6 and Terraform 1.11.4). A push may create a workspace
/// for the state that it brings, and a lock may remain of a deleted workspace.
pub fn may_make_workspace(args: &[OsString]) -> bool {
    let words = [0, 1].map(|at| args.get(at).and_then(|arg| arg.to_str()).unwrap_or_default());
    !matches!(
        words,
        [
            "" | "fmt"
                | "force-unlock"
                | "get"
                | "login"
                | "logout"
                | "validate"
                | "version"
                | "workspace"
                | "-h"
                | "-help"
                | "--help"
                | "-v"
                | "-version"
                | "--version",
            _
        ] | ["metadata", "functions"]
            | ["state", "push"]
    )
}

/// Returns true if a changing command depends on the present state; a push replaces it.
pub fn builds_on_state(typed: &Typed) -> bool {
    !matches!(typed, Typed::Other | Typed::Push { .. } | Typed::MigrateState)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::typed;

    fn split(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn only_what_never_looks_for_a_state_makes_no_workspace() {
        for without in
            ["validate", "fmt -check", "workspace list", "state push f", "force-unlock 1", "", "-help"]
        {
            assert!(!may_make_workspace(&split(without)), "{without}");
        }
        for with in
            ["plan", "apply", "output", "state pull", "state list", "init", "graph", "-lock=false plan"]
        {
            assert!(may_make_workspace(&split(with)), "{with}");
        }
    }

    #[test]
    fn what_changes_resources_or_a_part_of_the_state_builds_on_it() {
        for with in ["apply", "apply FILE", "import a.b x", "state rm a.b", "taint a.b", "brand-new"] {
            assert!(builds_on_state(&typed(&split(with))), "{with}");
        }
        for without in ["state push f", "force-unlock 1", "fmt", "init -upgrade", "providers lock"] {
            assert!(!builds_on_state(&typed(&split(without))), "{without}");
        }
    }
}
