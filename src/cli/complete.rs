//! Shell completion of names in environments.toml; empty if the file cannot be read.

use camino::Utf8PathBuf;
use clap_complete::engine::CompletionCandidate;

use crate::{
    config::{self, Config, Overrides},
    inventory,
    journal::RunStore,
    process::Runner,
};

fn config() -> Option<Config> {
    let here = Utf8PathBuf::from_path_buf(std::env::current_dir().ok()?).ok()?;
    let path = match std::env::var("ENVCTL_CONFIG") {
        Ok(path) => here.join(path),
        Err(_) => config::find(&here)?,
    };
    Config::load(&path, &Overrides::default()).ok().map(|(config, _)| config)
}

/// Returns the environments with their descriptions, and their aliases.
pub(super) fn environments() -> Vec<CompletionCandidate> {
    let Some(config) = config() else { return Vec::new() };
    let mut candidates = Vec::new();
    for environment in config.environments().values() {
        let help = environment.description.clone();
        candidates.push(CompletionCandidate::new(environment.name.as_str()).help(help.map(Into::into)));
        for alias in &environment.aliases {
            let help = format!("alias of {}", environment.name);
            candidates.push(CompletionCandidate::new(alias).help(Some(help.into())).hide(true));
        }
    }
    candidates
}

/// Returns completions for the ids of past runs, newest first.
pub(super) fn runs() -> Vec<CompletionCandidate> {
    let Some(config) = config() else { return Vec::new() };
    let runs = RunStore::new(config.root()).list().unwrap_or_default();
    let ids = runs.into_iter().map(|run| run.id.to_string());
    std::iter::once("last".to_owned()).chain(ids).map(CompletionCandidate::new).collect()
}

/// Returns completions for commits: branches and tags.
pub(super) fn commits() -> Vec<CompletionCandidate> {
    let Some(here) = std::env::current_dir().ok().and_then(|dir| Utf8PathBuf::from_path_buf(dir).ok()) else {
        return Vec::new();
    };
    let names = inventory::affected::reference_names(&Runner::new(), &here, &std::env::vars_os().collect());
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// Returns completions for the names of declared stacks.
pub(super) fn stacks() -> Vec<CompletionCandidate> {
    let Some(config) = config() else { return Vec::new() };
    config.stacks().keys().map(|stack| CompletionCandidate::new(stack.as_str())).collect()
}
