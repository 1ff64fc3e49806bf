//! CLI configuration files of engines, and settings that replace a locked provider by another one.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::provider_variables::is_set;
use crate::files;

/// Variable by which a debugger makes an engine use a provider that already runs.
const REATTACH_PROVIDERS: &str = "TF_REATTACH_PROVIDERS";

/// Returns the existing CLI configuration files of engines: the one that a variable names, else those in the home folder, in
/// a fixed order.
///
/// Source: <https://opentofu.org/docs/cli/config/config-file/#locations>; engines read every `*.tfrc` and `*.tfrc.json`
/// beside them, too (measured on `OpenTofu` 1.12).
pub fn cli_configs(env: &BTreeMap<OsString, OsString>) -> Vec<Utf8PathBuf> {
    let variable = |name: &str| {
        env.get(OsStr::new(name)).and_then(|value| value.to_str()).filter(|value| !value.is_empty())
    };
    if let Some(named) = variable("TF_CLI_CONFIG_FILE").or_else(|| variable("TERRAFORM_CONFIG")) {
        return vec![named.into()];
    }
    let home = variable("HOME").map(Utf8Path::new);
    let own =
        variable("XDG_CONFIG_HOME").map(Utf8PathBuf::from).or_else(|| home.map(|home| home.join(".config")));
    let own = own.map(|own| own.join("opentofu"));
    let files = [
        home.map(|home| home.join(".tofurc")),
        home.map(|home| home.join(".terraformrc")),
        own.as_ref().map(|own| own.join("tofurc")),
    ];
    let folders = [home.map(|home| home.join(".terraform.d")), own];
    let mut found: Vec<Utf8PathBuf> = files.into_iter().flatten().collect();
    found.extend(folders.into_iter().flatten().flat_map(|folder| tfrc_files(&folder)));
    found.retain(|file| files::is_file_there(file));
    found
}

/// Returns the sorted `*.tfrc` and `*.tfrc.json` files in a folder; empty if the folder is missing or unreadable.
fn tfrc_files(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = folder.read_dir_utf8().into_iter().flatten().filter_map(Result::ok);
    let is_one =
        |path: &Utf8PathBuf| path.extension() == Some("tfrc") || path.as_str().ends_with(".tfrc.json");
    let mut found: Vec<Utf8PathBuf> = entries.map(|entry| entry.path().to_owned()).filter(is_one).collect();
    found.sort();
    found
}

/// Describes the setting that replaces a locked provider: a variable of the engine's environment, or an entry of a CLI
/// configuration file that it leads to; `None` without one.
pub fn replaced_providers(env: &BTreeMap<OsString, OsString>) -> Option<String> {
    if is_set(env, REATTACH_PROVIDERS) {
        return Some(format!("`{REATTACH_PROVIDERS}` is set"));
    }
    let code = |line: &str| !line.starts_with('#') && !line.starts_with("//");
    cli_configs(env).into_iter().find_map(|file| match files::read(&file) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let mut lines = text.lines().map(str::trim);
            let found = lines.any(|line| code(line) && line.contains("dev_overrides"));
            found.then(|| format!("`{file}` has `dev_overrides`"))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(format!("`{file}` cannot be read, and may have `dev_overrides` ({error})")),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<OsString, OsString> {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    #[test]
    fn every_file_of_settings_in_the_home_folder_counts_unless_one_is_named() {
        let keep = tempfile::tempdir().unwrap();
        let home = Utf8Path::from_path(keep.path()).unwrap();
        for file in [".tofurc", ".terraform.d/b.tfrc.json", ".terraform.d/a.tfrc", ".config/opentofu/c.tfrc"]
        {
            let path = home.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::write(home.join(".terraform.d/checkpoint_cache"), "").unwrap();
        let found = |pairs: &[(&str, &str)]| -> Vec<String> {
            let short = |path: Utf8PathBuf| path.strip_prefix(home).unwrap_or(&path).to_string();
            cli_configs(&env(pairs)).into_iter().map(short).collect()
        };
        let all = [".tofurc", ".terraform.d/a.tfrc", ".terraform.d/b.tfrc.json", ".config/opentofu/c.tfrc"];
        assert_eq!(found(&[("HOME", home.as_str())]), all);
        assert_eq!(found(&[("HOME", home.as_str()), ("TF_CLI_CONFIG_FILE", "/rc")]), ["/rc"]);
    }

    #[test]
    fn providers_that_are_not_the_locked_ones_are_noticed() {
        let keep = tempfile::tempdir().unwrap();
        let file = keep.path().join("rc");
        let of = |text: &str| {
            fs::write(&file, text).unwrap();
            replaced_providers(&env(&[("TF_CLI_CONFIG_FILE", file.to_str().unwrap())])).is_some()
        };
        assert!(of("provider_installation {\n  dev_overrides {\n  }\n}\n"));
        assert!(!of("# no dev_overrides here\nplugin_cache_dir = \"/x\"\n"));
        assert!(replaced_providers(&env(&[("TF_REATTACH_PROVIDERS", "{}")])).is_some());
        assert!(replaced_providers(&env(&[("TF_REATTACH_PROVIDERS", "")])).is_none());
    }
}
