//! All instances of all environments with what their files say: what isolation can be judged on.

use super::syntax::SyntaxVerdicts;
use crate::{
    config::Config,
    diagnostic::Diagnostics,
    inventory::{Instance, Inventory, InventoryError, Modules, address::Addresses, instances_without_needs},
    model::EngineName,
};

/// All instances of all environments, their modules and their addresses.
pub struct Survey {
    /// The instances: those of the given inventories first, then those of the other environments, without needs.
    pub instances: Vec<Instance>,
    /// What their files say.
    pub modules: Modules,
    /// Where their states lie.
    pub addresses: Addresses,
    /// What is wrong with their files.
    pub files: Diagnostics,
    /// Why an environment that was not given could not be looked at; its states are not compared then.
    pub not_looked_at: Vec<InventoryError>,
}

impl Survey {
    /// Looks at these inventories and, for the addresses alone, at all other environments.
    ///
    /// `on_path` tells whether an engine's program is there, `own` looks up a variable of envctl's own environment.
    pub(super) fn take(
        config: &Config,
        inventories: &[Inventory],
        on_path: &dyn Fn(EngineName) -> bool,
        own: &dyn Fn(&str) -> Option<String>,
        verdicts: &SyntaxVerdicts<'_>,
    ) -> Self {
        let mut instances: Vec<Instance> =
            inventories.iter().flat_map(Inventory::instances).cloned().collect();
        let mut not_looked_at = Vec::new();
        let given = |name| inventories.iter().any(|inventory| inventory.environment() == name);
        for environment in config.environments().values().filter(|environment| !given(&environment.name)) {
            match instances_without_needs(config, environment, on_path) {
                Ok((others, _)) => instances.extend(others),
                Err(error) => not_looked_at.push(error),
            }
        }
        let (modules, files) = Modules::read(&instances, config.root());
        let judged = files.into_iter().map(|problem| match modules.reader_of(&problem) {
            Some(engine) => verdicts.judge(engine, problem),
            None => problem,
        });
        let files = Diagnostics(judged.collect());
        let addresses = Addresses::of(&instances, &modules, config.source(), own);
        Self { instances, modules, addresses, files, not_looked_at }
    }
}
