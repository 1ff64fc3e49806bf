//! Project in a temporary folder, for the tests of this module and of the layers above.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    Instance, Inventory, InventoryError, Probe, SyntaxChecker, load, units::UnitFinder,
    units::UnitFinderError,
};
use crate::{
    config::{Config, Overrides},
    diagnostic::Diagnostics,
    model::EngineName,
};

/// Files below a temporary folder, environments.toml among them.
pub(crate) struct Project {
    dir: tempfile::TempDir,
    /// Output of `terragrunt find`.
    unit_list: String,
}

impl UnitFinder for Project {
    fn find(&self, _: &Utf8Path) -> Result<String, UnitFinderError> {
        Ok(self.unit_list.clone())
    }

    fn render(&self, _: &Utf8Path) -> Result<String, UnitFinderError> {
        Err(UnitFinderError("nothing is rendered".to_owned()))
    }
}

/// Reports a file as valid if it holds the word `unusual`.
impl SyntaxChecker for Project {
    fn can_parse(&self, _: EngineName, file: &Utf8Path) -> Result<bool, String> {
        fs::read_to_string(file).map(|text| text.contains("unusual")).map_err(|error| error.to_string())
    }
}

impl Project {
    pub(crate) fn new(toml: &str, files: &[(&str, &str)]) -> Self {
        let project = Self { dir: tempfile::tempdir().unwrap(), unit_list: "[]".to_owned() };
        // Appended, so that the line numbers of `toml` are those of the file.
        project.write("environments.toml", &format!("{toml}\n[project]\nname = \"shop\"\n"));
        for (file, text) in files {
            project.write(file, text);
        }
        project
    }

    /// Sets the output of `terragrunt find`.
    pub(crate) fn with_units(mut self, unit_list: &str) -> Self {
        unit_list.clone_into(&mut self.unit_list);
        self
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.root().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn root(&self) -> Utf8PathBuf {
        Utf8Path::from_path(self.dir.path()).unwrap().canonicalize_utf8().unwrap()
    }

    pub(crate) fn config(&self) -> Config {
        let root = self.root();
        let overrides = Overrides { working_dir: Some(root.clone()), ..Overrides::default() };
        Config::load(&root.join("environments.toml"), &overrides).map_err(|e| e.to_string()).unwrap().0
    }

    pub(crate) fn load(&self, environment: &str) -> Result<(Inventory, Diagnostics), InventoryError> {
        let config = self.config();
        let cache_dir = self.root().join(".envctl/cache");
        let probe = Probe {
            on_path: &|engine| engine == EngineName::Tofu,
            earlier_engines: &|| None,
            units: Some(self),
            syntax: Some(self),
            stack_generator: None,
            cache_dir: &cache_dir,
        };
        load(&config, config.environment(environment).unwrap(), &probe)
    }

    /// Returns the instances of an environment; panics if loading reports an error.
    pub(crate) fn instances(&self, environment: &str) -> Vec<Instance> {
        let (inventory, found) =
            self.load(environment).map_err(|e| e.into_diagnostics().to_string()).unwrap();
        assert!(!found.has_errors(), "{found}");
        inventory.instances().cloned().collect()
    }

    /// Returns the findings of loading an environment as text.
    pub(crate) fn problems(&self, environment: &str) -> String {
        match self.load(environment) {
            Ok((_, found)) => found.to_string(),
            Err(error) => error.into_diagnostics().to_string(),
        }
    }
}
