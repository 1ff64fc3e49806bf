//! Constraints in a module on the version of the engine, and which of them an engine enforces.
//!
//! OpenTofu from 1.12 takes `required_version` in files that Terraform reads too for a constraint on Terraform, and ignores
//! it; it has `language { compatible_with { opentofu = "…" } }` for its own (seen on 1.12.6).

use super::layout::is_tofu_only;
use crate::{config::VersionConstraint, model::EngineName};

/// Versions of OpenTofu that read `required_version` in `*.tofu` files alone.
const OWN_FILES_ALONE: &str = ">= 1.12.0";

/// Returns true if an engine refuses a module whose `required_version`, in a file of this name, excludes its version.
pub fn enforces_required_version(engine: EngineName, version: &str, file_name: &str) -> bool {
    let reads_own_files_alone =
        || OWN_FILES_ALONE.parse::<VersionConstraint>().is_ok_and(|newer| newer.allows(version));
    engine != EngineName::Tofu || is_tofu_only(file_name) || !reads_own_files_alone()
}

/// Returns true if an engine enforces `compatible_with { opentofu = "…" }` in `language` blocks.
pub fn enforces_compatible_with(engine: EngineName) -> bool {
    engine == EngineName::Tofu
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opentofu_ignores_constraints_on_terraform_from_1_12_on() {
        for (engine, version, file, expected) in [
            (EngineName::Terraform, "1.11.4", "main.tf", true),
            (EngineName::Tofu, "1.12.6", "main.tf", false),
            (EngineName::Tofu, "1.12.6", "main.tf.json", false),
            (EngineName::Tofu, "1.12.6", "main.tofu", true),
            (EngineName::Tofu, "1.12.6", "main.tofu.json", true),
            (EngineName::Tofu, "1.11.9", "main.tf", true),
        ] {
            assert_eq!(
                enforces_required_version(engine, version, file),
                expected,
                "{engine} {version} {file}"
            );
        }
    }
}
