//! Instances of all environments with the content of their files, which the isolation check compares.

use super::syntax::SyntaxVerdicts;
use crate::{
    config::{Config, Environment},
    diagnostic::Diagnostics,
    inventory::{Instance, Inventory, InventoryError, Modules, address::Addresses, instances_without_needs},
    model::EngineName,
};

/// Instances of all environments, their modules and their state addresses.
pub struct ProjectFiles {
    /// Instances of the checked environments first, then those of the other environments, which have no dependencies here.
    pub instances: Vec<Instance>,
    /// Root modules of the instances.
    pub modules: Modules,
    /// State addresses of the instances.
    pub addresses: Addresses,
    /// Findings about the instances' files.
    pub files: Diagnostics,
    /// Errors of environments that could not be loaded; their states are not compared.
    pub not_compared: Vec<InventoryError>,
}

impl ProjectFiles {
    /// Reads the files of these inventories and, for their state addresses, of all other environments.
    ///
    /// `on_path` returns true if an engine is installed, `own` looks up a variable in envctl's environment.
    pub(super) fn read(
        config: &Config,
        inventories: &[Inventory],
        on_path: &dyn Fn(EngineName) -> bool,
        own: &dyn Fn(&str) -> Option<String>,
        verdicts: &SyntaxVerdicts<'_>,
    ) -> Self {
        let mut instances: Vec<Instance> =
            inventories.iter().flat_map(Inventory::instances).cloned().collect();
        let mut not_compared = Vec::new();
        let given = |name| inventories.iter().any(|inventory| inventory.environment() == name);
        for environment in config.environments().values().filter(|environment| !given(&environment.name)) {
            match instances_without_needs(config, environment, on_path) {
                Ok((others, _)) => instances.extend(others),
                Err(error) => not_compared.push(error),
            }
        }
        let (modules, files) = Modules::read(&instances, config.root());
        let judged = files.into_iter().map(|problem| match modules.reader_of(&problem) {
            Some(engine) => verdicts.judge(engine, problem),
            None => problem,
        });
        let files = Diagnostics(judged.collect());
        let addresses = Addresses::compute(&instances, &modules, config.source(), own);
        Self { instances, modules, addresses, files, not_compared }
    }

    /// Returns the instances of these environments.
    pub(super) fn instances_of<'a>(
        &'a self,
        environments: &'a [&Environment],
    ) -> impl Iterator<Item = &'a Instance> {
        let is_of_one = |instance: &&Instance| environments.iter().any(|e| e.name == instance.id.environment);
        self.instances.iter().filter(is_of_one)
    }
}
