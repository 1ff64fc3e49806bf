//! Paths of files as templates over the environment that they name.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    environment_names::{escape_braces, is_environment_word, role_of_name, template_of, with_env},
    path_position::CONTAINERS,
};
use crate::files::normalised;

/// Names of files for all environments, without extension.
pub(super) const SHARED_NAMES: [&str; 8] =
    ["common", "shared", "global", "globals", "default", "defaults", "base", "all"];

/// Names of folders that hold a settings file per environment.
const SETTINGS_FOLDERS: [&str; 11] = [
    "vars",
    "tfvars",
    "var-files",
    "varfiles",
    "var_files",
    "variables",
    "config",
    "params",
    "backend",
    "backends",
    "backend-config",
];

/// File of settings that every environment has, or a file for each of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SettingsFile {
    /// Path from the stack's folder, with `{env}` for the name of the environment.
    pub(super) template: String,
    /// Environments that have the file; empty for one file of all environments.
    pub(super) environments: BTreeSet<String>,
    /// Script that passes the file, with the argument; `None` for a file that was found by its name or content.
    pub(super) script: Option<(Utf8PathBuf, String)>,
}

impl SettingsFile {
    /// Returns the path of the file in one environment, relative to the repository; the stack's folder may contain `{env}`.
    pub(super) fn path_in(&self, stack: &Utf8Path, environment: &str) -> Utf8PathBuf {
        let path = stack.join(&self.template).into_string();
        let path = path.replace("{env}", environment).replace("{{", "{").replace("}}", "}");
        normalised(Utf8Path::new(&path))
    }

    /// Returns true if an environment has the file.
    pub(super) fn is_in(&self, environment: &str) -> bool {
        self.environments.is_empty() || self.environments.contains(environment)
    }
}

/// Returns the template of a path and the environment that the path names; `None` if it names none or several.
pub(super) fn template_of_path(path: &Utf8Path) -> Option<(String, String)> {
    let name = path.file_name()?;
    let stem_end = name.rfind('.').unwrap_or(name.len());
    let (stem, extension) = name.split_at(stem_end);
    let folder = path.parent().unwrap_or(Utf8Path::new(""));
    if let Some((_, environment)) = template_of(stem) {
        return Some((with_env(path.as_str(), &environment), environment));
    }
    let last = folder.file_name().unwrap_or_default();
    let is_container = CONTAINERS.contains(&last) || SETTINGS_FOLDERS.contains(&last);
    if is_container && role_of_name(stem).is_some() {
        let folder = escape_braces(folder.as_str());
        return Some((format!("{folder}/{{env}}{}", escape_braces(extension)), stem.to_owned()));
    }
    let parts: Vec<&str> = folder.components().map(|part| part.as_str()).collect();
    for (depth, part) in parts.iter().enumerate().rev() {
        let contained = depth > 0 && CONTAINERS.contains(&parts[depth - 1]);
        let environment = if is_environment_word(part) || contained {
            (*part).to_owned()
        } else if let Some((_, environment)) = template_of(part) {
            environment
        } else {
            continue;
        };
        return Some((with_env(path.as_str(), &environment), environment));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_of_a_path_is_in_its_name_or_its_folders() {
        for (path, template, environment) in [
            ("env/dev/backend.tfvars", "env/{env}/backend.tfvars", "dev"),
            ("vars/prod.backend.tfvars", "vars/{env}.backend.tfvars", "prod"),
            ("env-dev/state.tfvars", "env-{env}/state.tfvars", "dev"),
            ("envs/prod-eu.tfvars", "envs/{env}-eu.tfvars", "prod"),
            ("dev.s3.tfbackend", "{env}.s3.tfbackend", "dev"),
            ("environments/blue/x.hcl", "environments/{env}/x.hcl", "blue"),
        ] {
            let expected = Some((template.to_owned(), environment.to_owned()));
            assert_eq!(template_of_path(Utf8Path::new(path)), expected, "{path}");
        }
        assert_eq!(template_of_path(Utf8Path::new("config/backend.hcl")), None);
        assert_eq!(template_of_path(Utf8Path::new("dev-to-prod.tfvars")), None);
    }
}
