//! Loader of the configuration: reads, resolves and validates, with all errors in one report.

use std::{io, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexMap;

use super::{
    config::Config,
    discover, engines,
    environments::{self, EnvironmentLayers, ResolvedEnvironments},
    overrides::Overrides,
    raw::document::{Document, ReadProblems, read_defaults},
    settings::{Environment, Project},
    stacks,
    unsets::UnsetUsage,
    validate,
};
use crate::{
    diagnostic::{Diagnostics, SourceFile},
    files,
    model::EnvName,
};

/// Error of loading a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// environments.toml cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// Path of the file.
        path: Utf8PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// environments.toml is not UTF-8.
    #[error("`{path}` is not UTF-8: byte {at} begins no character")]
    NotUtf8 {
        /// Path of the file.
        path: Utf8PathBuf,
        /// Offset of the first invalid byte.
        at: usize,
    },
    /// All errors in the content of environments.toml, in the flags and in `ENVCTL_*` variables.
    #[error("{0}")]
    Invalid(Diagnostics),
}

impl Config {
    /// Reads, resolves and validates an environments.toml; returns the configuration and the warnings.
    ///
    /// `path` should be absolute: relative paths in environments.toml start at its folder.
    pub fn load(path: &Utf8Path, overrides: &Overrides) -> Result<(Self, Diagnostics), ConfigError> {
        let bytes =
            files::read(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let text = String::from_utf8(bytes).map_err(|error| ConfigError::NotUtf8 {
            path: path.to_owned(),
            at: error.utf8_error().valid_up_to(),
        })?;
        Self::from_text(path, text, overrides)
    }

    /// Resolves and validates a text as if it were the content of the environments.toml at `path`.
    pub fn from_text(
        path: &Utf8Path,
        text: impl Into<String>,
        overrides: &Overrides,
    ) -> Result<(Self, Diagnostics), ConfigError> {
        let source = SourceFile::new(relative_to_working_dir(path, overrides.working_dir.as_deref()), text);
        Self::from_source(path, &source, overrides).map_err(ConfigError::Invalid)
    }

    fn from_source(
        path: &Utf8Path,
        source: &Arc<SourceFile>,
        overrides: &Overrides,
    ) -> Result<(Self, Diagnostics), Diagnostics> {
        let (mut document, ReadProblems { mut problems, unread }) = Document::read(source)?;
        let builtin = SourceFile::new("defaults.toml", include_str!("defaults.toml"));
        let defaults = read_defaults(&builtin)?;
        let (sources, layers, found) = overrides.layers(source, unread);
        problems.extend(found);
        let root = path.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
        let mut unsets = UnsetUsage::default();
        let resolved =
            environments::resolve(&document, &defaults, &layers, &sources, &mut unsets, &mut problems);
        let engines = engines::resolve(&document, root, &overrides.process_env, &sources, &mut problems);
        validate::document(&document, (&resolved, &layers), &sources, &mut problems);
        let project = Project {
            name: document
                .project
                .as_ref()
                .and_then(|p| p.name.as_ref())
                .map_or(String::new(), |n| n.value.clone()),
            engine: match engines::engine_from_variable(&overrides.process_env, &mut problems) {
                Some(engine) => Some(engine),
                None => document.project.as_ref().and_then(|p| p.engine).and_then(|choice| choice.0),
            },
        };
        let (discover, discover_templates) =
            document.discover.take().map(|table| discover::resolve(table.value)).unzip();
        let unsupported = validate::unsupported(&document);
        let unused_templates = validate::unused_templates(&document, &sources);
        let keep_runs = document.store.as_ref().and_then(|store| Some(store.keep.as_ref()?.value.0));
        let (stacks, stack_layers) = stacks::resolve(&mut document, &sources, &mut problems);
        let (environments, environment_layers) = split_layers(resolved);
        let config = Self {
            path: path.to_owned(),
            root: root.to_owned(),
            sources,
            project,
            engines,
            environments,
            environment_layers,
            stacks,
            stack_layers,
            discover,
            discover_templates,
            overrides: layers,
            unsupported,
            keep_runs,
            unused_templates,
        };
        validate::instances(&config, unsets, &mut problems);
        validate::table_templates(&config, &document, &mut problems);
        validate::sort_errors(&mut problems);
        problems.finish(config)
    }
}

fn split_layers(resolved: ResolvedEnvironments) -> (IndexMap<EnvName, Environment>, Vec<EnvironmentLayers>) {
    resolved.into_iter().map(|(name, (environment, layers))| ((name, environment), layers)).unzip()
}

/// Returns the path of a file relative to the working directory, for messages.
fn relative_to_working_dir(path: &Utf8Path, working_dir: Option<&Utf8Path>) -> Utf8PathBuf {
    let Some(working_dir) = working_dir else { return path.to_owned() };
    if let Ok(below) = path.strip_prefix(working_dir) {
        return below.to_owned();
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return path.to_owned() };
    match working_dir.strip_prefix(folder) {
        Ok(down) => down.components().map(|_| "..").chain([name]).collect(),
        Err(_) => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_as_the_user_would_write_it() {
        let file = Utf8Path::new("/a/b/environments.toml");
        assert_eq!(relative_to_working_dir(file, Some(Utf8Path::new("/a/b"))), "environments.toml");
        assert_eq!(relative_to_working_dir(file, Some(Utf8Path::new("/a"))), "b/environments.toml");
        assert_eq!(relative_to_working_dir(file, Some(Utf8Path::new("/a/b/c/d"))), "../../environments.toml");
        assert_eq!(relative_to_working_dir(file, Some(Utf8Path::new("/x"))), "/a/b/environments.toml");
        assert_eq!(relative_to_working_dir(file, None), "/a/b/environments.toml");
    }
}
