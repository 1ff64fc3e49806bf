//! Paths that the plans of a run are made from; the guard `clean_tree` checks them in git.

use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::{
    config::Config,
    engine::layout::unit_file,
    git::CleanPaths,
    inventory::{
        Instance, Modules, backend_file_paths,
        plan_inputs::{ExcludedPaths, InputError, InputScope},
        stack_files::origin_of,
    },
};

/// Paths that the plans of a run are made from.
pub(in crate::run) struct CleanTreePaths {
    scopes: Vec<InputScope>,
    /// Paths beside the stacks' folders: environments.toml and modules.
    paths: Vec<Utf8PathBuf>,
    /// Var files, backend files and stack files, missing ones included.
    named_files: Vec<Utf8PathBuf>,
    /// Folders of generated units, in which no file is committed.
    generated: Vec<Utf8PathBuf>,
    /// True if an instance is a Terragrunt unit.
    has_units: bool,
}

impl CleanTreePaths {
    /// Collects the paths that the plans of these instances are made from.
    pub(crate) fn for_instances(config: &Config, instances: &[&Instance], modules: &Modules) -> Self {
        let dirs = Arc::new(instances.iter().map(|instance| instance.dir.clone()).collect());
        let scope = |i: &&Instance| InputScope::new(i, config.root(), ExcludedPaths::new(&dirs, Vec::new()));
        let mut paths = vec![config.path().to_owned()];
        let (mut named_files, mut generated) = (Vec::new(), Vec::new());
        for instance in instances {
            paths.extend(modules.folders(instance));
            named_files.extend(instance.settings.var_files.iter().map(|file| instance.dir.join(&file.path)));
            named_files.extend(backend_file_paths(instance));
            if let Some(origin) = origin_of(&instance.dir, config.root()) {
                generated.push(instance.dir.clone());
                named_files.extend(origin.stack_files);
                paths.extend(origin.sources);
            }
        }
        Self {
            scopes: instances.iter().map(scope).collect(),
            paths,
            named_files,
            generated,
            // A unit may include files from any folder above.
            has_units: instances.iter().any(|instance| unit_file(instance.engine).is_some()),
        }
    }

    /// Searches the paths again, since hooks may have written files after the last search.
    pub(crate) fn current_paths(&self) -> Result<CleanPaths, InputError> {
        let mut paths = self.paths.clone();
        paths.extend(self.named_files.iter().cloned());
        let mut loaded_by_name: Vec<Utf8PathBuf> =
            self.named_files.iter().filter(|file| file.is_file()).cloned().collect();
        for scope in &self.scopes {
            let inputs = scope.paths()?;
            paths.extend(inputs.paths);
            loaded_by_name.extend(inputs.loaded);
        }
        let is_generated = |path: &Utf8PathBuf| self.generated.iter().any(|dir| path.starts_with(dir));
        paths.retain(|path| !is_generated(path));
        loaded_by_name.retain(|path| !is_generated(path));
        for list in [&mut paths, &mut loaded_by_name] {
            list.sort();
            list.dedup();
        }
        Ok(CleanPaths { paths, file_extension: self.has_units.then_some("hcl"), loaded_by_name })
    }
}
