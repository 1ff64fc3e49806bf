//! Files of `fixtures/config/`, and the JSON Schema that describes environments.toml.
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

mod invalid;
mod overrides;
mod robust;
mod schema;
mod valid;

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use envctl::{
    config::{Config, ConfigError, Overrides},
    diagnostic::Diagnostics,
    ui::diagnostic::render_all,
};

/// Returns the fixtures of one kind, sorted by name.
fn fixtures(kind: &str) -> Vec<Utf8PathBuf> {
    let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/config").join(kind);
    let mut found: Vec<_> = folder
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension() == Some("toml"))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no fixtures in {folder}");
    found
}

/// Loads a copy of a file that is named `environments.toml`.
fn load(path: &Utf8Path, overrides: Overrides) -> Result<(Config, Diagnostics), Diagnostics> {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    let copy = root.join("environments.toml");
    fs::copy(path, &copy).unwrap();
    let overrides = Overrides { working_dir: Some(root.to_owned()), ..overrides };
    Config::load(&copy, &overrides).map_err(|error| match error {
        ConfigError::Invalid(problems) => problems,
        other => panic!("{path}: {other}"),
    })
}

/// Returns findings as text for a terminal of 110 columns.
fn shown(problems: &Diagnostics) -> String {
    render_all(problems, false, 110)
}
