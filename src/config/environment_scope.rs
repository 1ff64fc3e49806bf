//! Environment with the configuration that declares it.

use super::{config::Config, settings::Environment};

/// Environment with the configuration that declares it.
#[derive(Debug, Clone, Copy)]
pub struct EnvironmentScope<'c> {
    /// Configuration that declares the environment.
    pub config: &'c Config,
    /// Environment of the configuration.
    pub environment: &'c Environment,
}
