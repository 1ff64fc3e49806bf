//! Modules that an init of a stack found, for sources that are expressions which only the engine can compute.

use std::{fs, time::SystemTime};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    config::Config,
    engine::{MODULES, installed_modules, layout::unit_file},
    inventory::{Instance, plan_inputs::read_set::ReadSet, var_file_paths},
};

/// Modules that the last init of a stack found.
pub(super) struct InstalledModules {
    /// Folders of the installed modules.
    pub(super) modules: Vec<Utf8PathBuf>,
    /// True if an init would find the same modules now: no file that their sources may depend on is newer than the init.
    pub(super) is_current: bool,
}

/// Returns the modules that the last init of a stack found. `None` when no source is an expression, when there was no init,
/// and for Terragrunt units.
pub(super) fn modules_of_last_init(
    instance: &Instance,
    config: &Config,
    read_set: &ReadSet,
) -> Option<InstalledModules> {
    // Terragrunt runs init in a copy of the unit.
    if read_set.with_computed_sources.is_empty() || unit_file(instance.engine).is_some() {
        return None;
    }
    let subfolder = Utf8PathBuf::from(instance.id.environment.as_str()).join(instance.id.stack.file_name());
    let data_dir = config.root().join(".envctl/data").join(subfolder);
    let made = changed_at(&data_dir.join(MODULES))?;
    let modules = installed_modules(&data_dir, &instance.dir).ok()??;
    let values = var_file_paths(instance).into_iter().map(|file| file.path);
    let mut files = read_set.parsed.iter().cloned().chain(values).chain([config.path().to_owned()]);
    let is_older = |file: Utf8PathBuf| changed_at(&file).is_none_or(|changed| changed <= made);
    let is_current = files.all(is_older) && modules.iter().all(|dir| is_older_folder(dir, made));
    Some(InstalledModules { modules, is_current })
}

/// Returns true if no entry of a folder is newer than the time `made` of the init; false when the folder cannot be read.
fn is_older_folder(dir: &Utf8Path, made: SystemTime) -> bool {
    let Ok(entries) = dir.read_dir_utf8() else { return false };
    let mut entries = entries.flatten();
    entries.all(|entry| changed_at(entry.path()).is_none_or(|changed| changed <= made))
}

/// Returns the time of a file's last change.
fn changed_at(file: &Utf8Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|file| file.modified()).ok()
}
