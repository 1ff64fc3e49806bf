//! Environment together with the configuration that declares it.

use super::{config::Config, settings::Environment};

/// Environment together with the configuration that declares it: the two arguments that queries of an environment need.
#[derive(Debug, Clone, Copy)]
pub struct EnvironmentScope<'c> {
    /// Configuration that declares the environment.
    pub config: &'c Config,
    /// Environment of the configuration.
    pub environment: &'c Environment,
}
