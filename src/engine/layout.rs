//! Files of a folder that an engine reads, by their names.

use std::collections::{BTreeSet, HashSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::detect::version_files;
use crate::{files, model::EngineName};

/// File that makes a folder a Terragrunt unit.
pub const UNIT_FILE: &str = "terragrunt.hcl";

/// File that makes a folder without a [`UNIT_FILE`] a Terragrunt unit.
pub const JSON_UNIT_FILE: &str = "terragrunt.hcl.json";

/// Folder that an engine creates in a stack's folder for modules and providers.
pub(super) const ENGINE_FOLDER: &str = ".terraform";

/// Returns true if a file of this name makes its folder a Terragrunt unit.
pub fn is_unit_file(name: &str) -> bool {
    [UNIT_FILE, JSON_UNIT_FILE].contains(&name)
}

/// Returns the path of the unit's file in a folder: the JSON file if the folder has no `terragrunt.hcl`.
pub fn unit_file_in(dir: &Utf8Path) -> Utf8PathBuf {
    let (own, json) = (dir.join(UNIT_FILE), dir.join(JSON_UNIT_FILE));
    if !files::is_file_there(&own) && files::is_file_there(&json) { json } else { own }
}

/// Engine of Terragrunt units.
pub const UNIT_ENGINE: EngineName = EngineName::Terragrunt;

/// Configuration files of one folder, in the order in which the engine merges them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModuleFiles {
    /// Names of the files that are read first, as one body.
    pub primary: Vec<String>,
    /// Names of the files that override the primary ones, in order: `override.tf`, `*_override.tf`.
    pub overrides: Vec<String>,
}

impl ModuleFiles {
    /// Returns the names of all files.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.primary.iter().chain(&self.overrides).map(String::as_str)
    }
}

/// Returns true if a file of this name makes its folder a stack.
pub fn marks_stack(name: &str) -> bool {
    !is_editor_file(name) && (is_unit_file(name) || stem_and_extension(name).is_some())
}

/// Returns true if a file of this name is configuration or holds values for it; an engine writes no such file.
pub fn is_configuration(name: &str) -> bool {
    let endings = [".tf", ".tofu", ".hcl", ".hcl.json", ".tf.json", ".tofu.json", ".tfvars", ".tfvars.json"];
    endings.iter().any(|ending| name.ends_with(ending))
}

/// Returns true if an engine or its version manager looks for files of this name by itself: configuration, values, tests,
/// states, settings.
pub fn is_found_by_name(name: &str) -> bool {
    let endings = [".tfbackend", ".tftest.json", ".tofutest.json", ".tfrc", ".terraformrc", ".tofurc"];
    is_configuration(name)
        || name.contains(".tfstate")
        || endings.iter().any(|ending| name.ends_with(ending))
        || version_files(EngineName::Terragrunt).any(|file| file == name)
}

/// Returns true if only OpenTofu reads a file of this name.
pub fn is_tofu_only(name: &str) -> bool {
    stem_and_extension(name)
        .is_some_and(|(_, stem_and_extension)| [".tofu", ".tofu.json"].contains(&stem_and_extension))
}

/// Returns the engine that reads all of these files: OpenTofu if one is for OpenTofu only, since it reads the files of
/// Terraform too.
pub fn reader_of<'a>(mut names: impl Iterator<Item = &'a str>) -> EngineName {
    if names.any(is_tofu_only) { EngineName::Tofu } else { EngineName::Terraform }
}

/// Returns true if the engine encrypts states itself, by an `encryption` block whose keys may come from variables.
pub fn has_state_encryption(engine: EngineName) -> bool {
    engine == EngineName::Tofu
}

/// Returns the file in a stack's folder that this engine reads in place of a root module; `None` for other engines.
pub fn unit_file(engine: EngineName) -> Option<&'static str> {
    match engine {
        EngineName::Terragrunt => Some(UNIT_FILE),
        EngineName::Tofu | EngineName::Terraform => None,
    }
}

/// Returns the configuration files that an engine reads among the names of a folder.
///
/// OpenTofu reads `main.tofu` instead of `main.tf`; Terraform does not know `*.tofu`. Terragrunt drives either and
/// prefers OpenTofu. Sources: <https://opentofu.org/docs/language/files/>,
/// <https://developer.hashicorp.com/terraform/language/files/override>.
pub fn module_files<'a>(engine: EngineName, names: impl IntoIterator<Item = &'a str>) -> ModuleFiles {
    let reads_tofu = match engine {
        EngineName::Tofu | EngineName::Terragrunt => true,
        EngineName::Terraform => false,
    };
    let mut names: Vec<&str> = names.into_iter().filter(|name| !is_editor_file(name)).collect();
    names.sort_unstable();
    let present: HashSet<&str> = names.iter().copied().collect();
    let mut files = ModuleFiles::default();
    for name in names {
        let Some((stem, stem_and_extension)) = stem_and_extension(name) else { continue };
        let replaced = match stem_and_extension {
            ".tf" => reads_tofu && present.contains(format!("{stem}.tofu").as_str()),
            ".tf.json" => reads_tofu && present.contains(format!("{stem}.tofu.json").as_str()),
            _ => !reads_tofu,
        };
        if replaced {
            continue;
        }
        let list = if stem == "override" || stem.ends_with("_override") {
            &mut files.overrides
        } else {
            &mut files.primary
        };
        list.push(name.to_owned());
    }
    files
}

/// Returns true if the engine finds configuration among the names of a folder.
pub fn has_configuration<'a>(engine: EngineName, mut names: impl Iterator<Item = &'a str>) -> bool {
    match unit_file(engine) {
        Some(_) => names.any(is_unit_file),
        None => module_files(engine, names).all().next().is_some(),
    }
}

/// Returns the configuration files that any engine reads among the names of a folder.
pub fn any_module_files(names: &[String]) -> ModuleFiles {
    let of = |engine| module_files(engine, names.iter().map(String::as_str));
    let (tofu, terraform) = (of(EngineName::Tofu), of(EngineName::Terraform));
    let either = |tofu: Vec<String>, terraform: Vec<String>| {
        tofu.into_iter().chain(terraform).collect::<BTreeSet<_>>().into_iter().collect()
    };
    ModuleFiles {
        primary: either(tofu.primary, terraform.primary),
        overrides: either(tofu.overrides, terraform.overrides),
    }
}

/// Returns true if plans of an engine can leave a resource out by `-exclude`; for Terragrunt the engine that it drives
/// decides.
pub fn supports_exclude(engine: EngineName) -> bool {
    engine != EngineName::Terraform
}

/// Returns the var files that every engine loads by their names, in the order of loading.
///
/// Source: <https://opentofu.org/docs/language/values/variables/#variable-definition-precedence>
pub fn auto_var_files<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut fixed = [None, None];
    let mut by_pattern = Vec::new();
    for name in names {
        match name {
            "terraform.tfvars" => fixed[0] = Some(name.to_owned()),
            "terraform.tfvars.json" => fixed[1] = Some(name.to_owned()),
            name if name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json") => {
                by_pattern.push(name.to_owned());
            }
            _ => {}
        }
    }
    by_pattern.sort_unstable();
    fixed.into_iter().flatten().chain(by_pattern).collect()
}

/// Returns the stem and the extension of a configuration file.
fn stem_and_extension(name: &str) -> Option<(&str, &'static str)> {
    [".tf.json", ".tofu.json", ".tf", ".tofu"].into_iter().find_map(|stem_and_extension| {
        name.strip_suffix(stem_and_extension).map(|stem| (stem, stem_and_extension))
    })
}

/// Returns true for the name of a file that editors leave behind and no engine reads.
fn is_editor_file(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 9] = [
        "main.tf",
        "main.tofu",
        "a_override.tf",
        "override.tf.json",
        "b.tf.json",
        "x.tfvars",
        ".#main.tf",
        "old.tf~",
        "z.tofu",
    ];

    #[test]
    fn opentofu_reads_its_own_file_instead() {
        let files = module_files(EngineName::Tofu, NAMES);
        assert_eq!(files.primary, ["b.tf.json", "main.tofu", "z.tofu"]);
        assert_eq!(files.overrides, ["a_override.tf", "override.tf.json"]);
    }

    #[test]
    fn terraform_does_not_know_tofu_files() {
        assert_eq!(module_files(EngineName::Terraform, NAMES).primary, ["b.tf.json", "main.tf"]);
    }

    #[test]
    fn a_folder_has_configuration_by_the_files_that_its_engine_reads() {
        for (engine, names, expected) in [
            (EngineName::Tofu, ["README.md", "x.tofu"], true),
            (EngineName::Terraform, ["README.md", "x.tofu"], false),
            (EngineName::Terraform, ["override.tf", "x.tfvars"], true),
            (EngineName::Tofu, ["x.tfvars", ".terraform.lock.hcl"], false),
            (EngineName::Tofu, [".x.tf", "main.tf~"], false),
            (EngineName::Terragrunt, ["main.tf", "root.hcl"], false),
            (EngineName::Terragrunt, ["terragrunt.hcl.json", "x"], true),
        ] {
            assert_eq!(has_configuration(engine, names.into_iter()), expected, "{engine}: {names:?}");
        }
    }

    #[test]
    fn auto_var_files_come_in_the_engines_order() {
        let names =
            ["z.auto.tfvars", "terraform.tfvars.json", "a.auto.tfvars.json", "terraform.tfvars", "x.tfvars"];
        assert_eq!(
            auto_var_files(names),
            ["terraform.tfvars", "terraform.tfvars.json", "a.auto.tfvars.json", "z.auto.tfvars"]
        );
    }

    #[test]
    fn a_folder_is_a_stack_by_its_files() {
        assert!(["main.tf", "a.tofu", "a.tf.json", "terragrunt.hcl"].into_iter().all(marks_stack));
        let found = [
            "x.tf",
            "a.auto.tfvars.json",
            "terraform.tfstate.backup",
            ".terraformrc",
            ".tool-versions",
            "a.tftest.hcl",
        ];
        assert!(found.into_iter().all(is_found_by_name));
        assert!(!["report.json", "summary.md", "README"].into_iter().any(is_found_by_name));
        let others = [".terraform.lock.hcl", "root.hcl", "x.tfvars", "README.md", ".x.tf"];
        assert!(!others.into_iter().any(marks_stack));
    }
}
