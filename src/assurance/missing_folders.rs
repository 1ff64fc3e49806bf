//! Check for missing folders that the files of a stack name: local modules, sources of units, dependencies of units.

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Severity},
    engine::layout::{unit_file, unit_file_in},
    files::normalised,
    hcl::{FolderRole, NamedFolder, read_named_folders},
    inventory::{Instance, Modules},
};

/// Folders that an init of the engine or a Terragrunt stack generates.
const GENERATED: [&str; 2] = [".terraform", ".terragrunt-stack"];

/// Environment variables that replace the source in a unit's file.
const OTHER_SOURCE: [&str; 2] = ["TG_SOURCE", "TERRAGRUNT_SOURCE"];

/// Returns errors for missing folders without which the engine cannot plan the stack. A stack with a hook before the
/// plan is skipped, because the hook may create them.
pub(super) fn missing_folders(instance: &Instance, modules: &Modules) -> Diagnostics {
    if !instance.settings.hooks.before_plan.is_empty() {
        return Diagnostics::default();
    }
    let root = instance.root();
    let (mut found, called) = if unit_file(instance.engine).is_some() {
        let of_unit = Modules::read_unit(instance);
        let called = of_unit.map(|(modules, folder)| modules.missing_folders(&folder, instance.engine, root));
        (missing_folders_of_unit(instance), called.unwrap_or_default())
    } else {
        (Diagnostics::default(), modules.missing_folders(&instance.dir, instance.engine, root))
    };
    let called = called.into_iter().filter(|(folder, _)| !is_generated(folder));
    found.0.extend(called.map(|(_, problem)| Diagnostic { severity: Severity::Error, ..problem }));
    found
}

fn is_generated(path: &Utf8Path) -> bool {
    path.components().any(|part| GENERATED.contains(&part.as_str()))
}

fn missing_folders_of_unit(instance: &Instance) -> Diagnostics {
    let root = instance.root();
    // A file that cannot be read is reported by another check.
    let named = read_named_folders(&instance.dir, root).unwrap_or_default();
    let problems = named.iter().filter_map(|folder| {
        let missing = missing_path(&instance.dir, folder)?;
        if folder.role == FolderRole::Source
            && OTHER_SOURCE.iter().any(|name| instance.settings.env.contains_key(*name))
        {
            return None;
        }
        let shown = missing.strip_prefix(root).unwrap_or(&missing);
        let stack = &instance.id.stack;
        let (code, message) = match folder.role {
            FolderRole::Outputs | FolderRole::Order => {
                ("unit::missing-dependency", format!("unit `{stack}` depends on a unit that is not there"))
            }
            FolderRole::Source => {
                ("unit::missing-source", format!("the source of unit `{stack}` is not there"))
            }
        };
        let problem = Diagnostic::error(code, message);
        let place = &folder.path_span;
        Some(problem.at(&place.source, place.span.clone(), format!("`{shown}` does not exist")))
    });
    Diagnostics(problems.collect())
}

/// Returns the path of a folder that a unit names if the folder is missing; `None` if Terragrunt would find it.
fn missing_path(unit: &Utf8Path, folder: &NamedFolder) -> Option<Utf8PathBuf> {
    let path = normalised(&unit.join(folder.path.replace("//", "/")));
    if is_generated(&path) {
        return None;
    }
    match folder.role {
        FolderRole::Order => (!path.exists()).then_some(path),
        FolderRole::Outputs if path.is_dir() => {
            let is_unit = unit_file_in(&path).exists() || path.join("terragrunt.stack.hcl").exists();
            (!is_unit).then(|| unit_file_in(&path))
        }
        FolderRole::Outputs => (!path.exists()).then_some(path),
        FolderRole::Source => {
            let is_local = folder.path.starts_with(['.', '/']) && !folder.path.contains('?');
            // From a source that is a file Terragrunt copies nothing: it runs the unit's own files.
            (is_local && !path.exists()).then_some(path)
        }
    }
}
