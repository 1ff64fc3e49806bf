//! Files that environments.toml names for a stack, in addition to its configuration: var files, backend files, sources of secrets,
//! commands.

use camino::{Utf8Path, Utf8PathBuf};

use super::words::words;
use crate::{
    config::SecretSource,
    inventory::{Instance, backend_file_paths, var_file_paths},
};

/// Returns the files and folders, absolute, that `var_files`, `backend_files`, secrets, variables of the environment and
/// hooks of an instance name, missing ones included. Each word of a command counts as a possible path. `root` is the folder
/// of environments.toml.
pub fn configured_files(instance: &Instance, root: &Utf8Path) -> Vec<Utf8PathBuf> {
    let settings = &instance.settings;
    let mut found: Vec<Utf8PathBuf> = var_file_paths(instance).into_iter().map(|file| file.path).collect();
    found.extend(backend_file_paths(instance));
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
