//! Files that environments.toml names for a stack beside its configuration: var files, sources of secrets, commands.

use camino::{Utf8Path, Utf8PathBuf};

use super::words::words;
use crate::{
    config::SecretSource,
    inventory::{Instance, var_file_paths},
};

/// Returns the absolute paths of the files and folders that the settings of an instance name (var files, secrets, environment
/// variables, hooks), missing ones included. Each word of a command counts as a possible path. `root` is the folder of
/// environments.toml.
pub fn configured_files(instance: &Instance, root: &Utf8Path) -> Vec<Utf8PathBuf> {
    let settings = &instance.settings;
    let mut found: Vec<Utf8PathBuf> = var_file_paths(instance).into_iter().map(|file| file.path).collect();
    let mut commands: Vec<&[String]> = Vec::new();
    for source in settings.secret_sources() {
        match source {
            SecretSource::File(path) | SecretSource::Sops { file: path, .. } => found.push(root.join(path)),
            SecretSource::Command(argv) => commands.push(argv),
            SecretSource::Env(_) => {}
        }
    }
    let hooks = &settings.hooks;
    let hooks =
        [&hooks.before_plan, &hooks.after_plan, &hooks.before_apply, &hooks.after_apply, &hooks.on_failure];
    commands.extend(hooks.into_iter().flatten().map(Vec::as_slice));
    let named = commands.into_iter().flatten().flat_map(|argument| words(argument));
    found.extend(named.map(|word| root.join(word)));
    found
}
