//! Choices of the last init that a plan is bound to, apart from the content of files: engine, flags, caches, the initialised
//! backend.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use super::backend_record::BackendRecord;
use crate::{
    config::EngineSettings,
    engine::{EffectiveInit, EngineLabel, Target, detect::LOCKFILE, environment::variables::plugin_cache},
    files::{self, normalised},
};

/// Manifest of the modules that an init installed, relative to the data directory.
pub const MODULES: &str = "modules/modules.json";

/// Returns the facts behind a plan of a target that is initialised in `data_dir`; relative local paths start at `folder`.
pub(in crate::engine) fn effective_init(
    target: &Target,
    engine: EngineLabel,
    settings: &EngineSettings,
    data_dir: &Utf8Path,
    folder: &Utf8Path,
) -> io::Result<EffectiveInit> {
    let record = BackendRecord::in_force(data_dir)?;
    let address = record.address(target, folder);
    let settled = |verb: &str, args: &[String]| args.iter().map(|arg| format!("{verb} {arg}")).collect();
    let lists: [Vec<String>; 3] = [
        settled("init", &settings.init_args),
        settled("plan", &settings.plan_args),
        settled("apply", &settings.apply_args),
    ];
    let parallelism = target.parallelism.map(|count| format!("-parallelism={count}"));
    Ok(EffectiveInit {
        engine,
        flags: lists.into_iter().flatten().chain(parallelism).collect(),
        plugin_cache: plugin_cache(settings, target),
        lockfile: target.dir.join(LOCKFILE),
        backend_type: record.backend_type,
        backend_config: record.config,
        address,
        modules: installed_modules(data_dir, folder)?,
    })
}

/// Returns the absolute folders of all modules in the manifest of a data directory; `None` before an init.
pub(super) fn module_folders(data_dir: &Utf8Path, folder: &Utf8Path) -> io::Result<Option<Vec<Utf8PathBuf>>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct ModulesFile {
        modules: Vec<Module>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Module {
        dir: Utf8PathBuf,
    }
    let installed: ModulesFile = match files::read_whole(&data_dir.join(MODULES)) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::other)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(installed.modules.into_iter().map(|module| normalised(&folder.join(module.dir))).collect()))
}

/// Returns the absolute folders of the local modules that an init found, even if expressions compute their sources; fetched
/// copies are left out.
pub fn installed_modules(data_dir: &Utf8Path, folder: &Utf8Path) -> io::Result<Option<Vec<Utf8PathBuf>>> {
    let Some(mut dirs) = module_folders(data_dir, folder)? else { return Ok(None) };
    let copied = |dir: &Utf8PathBuf| dir.starts_with(data_dir) || dir.as_str().contains("/.terra");
    dirs.retain(|dir| dir != folder && !copied(dir));
    dirs.sort();
    dirs.dedup();
    Ok(Some(dirs))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn local_modules_of_an_init_are_known_for_any_source_expression() {
        let keep = tempfile::tempdir().unwrap();
        let data = Utf8Path::from_path(keep.path()).unwrap().join("data");
        let folder = Utf8Path::new("/p/app");
        assert_eq!(installed_modules(&data, folder).unwrap(), None);
        fs::create_dir_all(data.join("modules")).unwrap();
        let copied = data.join("modules/vpc");
        let text = serde_json::json!({ "Modules": [
            { "Key": "", "Source": "", "Dir": "." },
            { "Key": "b", "Source": "../mods/b", "Dir": "../mods/b" },
            { "Key": "a", "Source": "../mods/a", "Dir": "../mods/a" },
            { "Key": "c", "Source": "../mods/a", "Dir": "../mods/a" },
            { "Key": "v", "Source": "registry/x/y", "Version": "1.0.0", "Dir": copied },
            { "Key": "w", "Source": "git::x", "Dir": ".terraform/modules/w" },
        ] });
        fs::write(data.join("modules/modules.json"), text.to_string()).unwrap();
        let found = installed_modules(&data, folder).unwrap();
        assert_eq!(found, Some(vec!["/p/mods/a".into(), "/p/mods/b".into()]));
    }
}
