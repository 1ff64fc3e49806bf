//! Environment variables of engines: those of envctl without the ones that would change what an engine does.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{self, Path},
};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{config::EngineSettings, engine::Target};

/// Variables of envctl's own environment that no engine inherits.
const REMOVED_VARIABLES: &[&str] = &["TF_WORKSPACE", "TF_DATA_DIR", "TF_INPUT"];

/// Prefixes of further variables that no engine inherits.
const REMOVED_PREFIXES: &[&str] = &["TF_CLI_ARGS", "TF_LOG", "TG_", "TERRAGRUNT_"];

/// Variable with the path of the engine's settings file. OpenTofu reports a missing file on standard output, between the
/// lines of its JSON (measured on 1.12.6), and continues without it.
const SETTINGS_FILE: &str = "TF_CLI_CONFIG_FILE";

/// Variables with the path of a file or folder. An engine starts in the folder of its stack, so that a relative path would
/// mean another file for each stack.
const PATH_VARIABLES: &[&str] = &[SETTINGS_FILE, "TERRAFORM_CONFIG", "TF_PLUGIN_CACHE_DIR"];

/// Variables that envctl sets for every engine.
const SET_BY_ENVCTL: &[(&str, &str)] =
    &[("TF_IN_AUTOMATION", "1"), ("TF_INPUT", "0"), ("CHECKPOINT_DISABLE", "1")];

/// Variables that decide which backend, account or settings an init uses: the fingerprint of the init has them.
const BACKEND_VARIABLES: &[&str] = &[
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "PG_CONN_STR",
    "PG_SCHEMA_NAME",
    "PGHOST",
    "PGPORT",
    "PGDATABASE",
    "PGUSER",
    SETTINGS_FILE,
    "TF_HTTP_ADDRESS",
];

/// Returns an environment for engines and the sorted names of the inherited variables that it lacks: those that would
/// change what an engine does, and `TF_CLI_CONFIG_FILE` if the file in it does not exist.
pub fn clean_environment(
    inherited: impl IntoIterator<Item = (OsString, OsString)>,
) -> (BTreeMap<OsString, OsString>, Vec<String>) {
    let mut removed = Vec::new();
    let mut env: BTreeMap<OsString, OsString> = BTreeMap::new();
    for (name, value) in inherited {
        let shown = name.to_string_lossy();
        let missing = shown == SETTINGS_FILE && !value.is_empty() && !Path::new(&value).exists();
        if missing
            || REMOVED_VARIABLES.contains(&&*shown)
            || REMOVED_PREFIXES.iter().any(|prefix| shown.starts_with(prefix))
        {
            removed.push(shown.into_owned());
        } else {
            let value = match path::absolute(&value) {
                Ok(path) if PATH_VARIABLES.contains(&&*shown) => path.into_os_string(),
                // An empty value is no path; it stays empty, and engines ignore it.
                _ => value,
            };
            env.insert(name, value);
        }
    }
    for (name, value) in SET_BY_ENVCTL {
        env.insert(name.into(), value.into());
    }
    // No user could answer: the standard input of an engine is empty, and many engines run at once.
    env.entry("GIT_TERMINAL_PROMPT".into()).or_insert_with(|| "0".into());
    removed.sort();
    (env, removed)
}

/// Returns the value of a variable that a file in `folder` sets; if the variable holds a path, that path is relative to the
/// folder.
pub fn value_from(folder: &Utf8Path, name: &str, value: String) -> String {
    if value.is_empty() || !PATH_VARIABLES.contains(&name) { value } else { folder.join(value).into_string() }
}

/// Returns the provider plugin cache of a target: that of environments.toml, else the one in its environment variables.
pub(in crate::engine) fn plugin_cache(settings: &EngineSettings, target: &Target) -> Option<Utf8PathBuf> {
    settings.plugin_cache.clone().or_else(|| {
        let named = target.env.get(OsStr::new("TF_PLUGIN_CACHE_DIR"))?.to_str()?;
        (!named.is_empty()).then(|| named.into())
    })
}

/// Returns the variables that decide which backend is used, as one text.
pub(in crate::engine) fn backend_variables(env: &BTreeMap<OsString, OsString>) -> String {
    env.iter()
        .filter(|(name, _)| {
            BACKEND_VARIABLES.iter().any(|place| name.as_os_str() == OsStr::new(place))
                || name.to_string_lossy().starts_with("AWS_ENDPOINT_URL")
        })
        .flat_map(|(name, value)| [name.to_string_lossy(), "=".into(), value.to_string_lossy(), "\n".into()])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_change_an_engine_are_removed_and_named() {
        let inherited = [
            ("PATH", "/bin"),
            ("TF_WORKSPACE", "staging"),
            ("TF_CLI_ARGS_plan", "-target=a"),
            ("TF_DATA_DIR", "/tmp"),
            ("TF_INPUT", "1"),
            ("TF_LOG_PATH", "/tmp/log"),
            ("TG_TF_PATH", "x"),
            ("TERRAGRUNT_PARALLELISM", "1"),
            ("TF_VAR_region", "eu"),
            ("TF_CLI_CONFIG_FILE", "/dev/null"),
        ];
        let (env, removed) = clean_environment(inherited.map(|(name, value)| (name.into(), value.into())));
        let names: Vec<_> = env.keys().map(|name| name.to_str().unwrap()).collect();
        assert_eq!(
            names,
            [
                "CHECKPOINT_DISABLE",
                "GIT_TERMINAL_PROMPT",
                "PATH",
                "TF_CLI_CONFIG_FILE",
                "TF_INPUT",
                "TF_IN_AUTOMATION",
                "TF_VAR_region"
            ]
        );
        assert_eq!(env[OsStr::new("TF_INPUT")], "0");
        assert_eq!(
            removed,
            [
                "TERRAGRUNT_PARALLELISM",
                "TF_CLI_ARGS_plan",
                "TF_DATA_DIR",
                "TF_INPUT",
                "TF_LOG_PATH",
                "TF_WORKSPACE",
                "TG_TF_PATH"
            ]
        );
    }

    #[test]
    fn a_settings_file_that_is_missing_is_not_named_to_an_engine() {
        let inherited = [("TF_CLI_CONFIG_FILE", "/nowhere/rc")];
        let (env, removed) = clean_environment(inherited.map(|(name, value)| (name.into(), value.into())));
        assert!(!env.contains_key(OsStr::new("TF_CLI_CONFIG_FILE")), "{env:?}");
        assert_eq!(removed, ["TF_CLI_CONFIG_FILE"]);
    }
}
