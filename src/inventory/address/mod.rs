//! State addresses: the locations of the states of instances, as far as they can be known without an engine.

mod backend_requirements;
mod backend_settings;
mod backends;
mod collect;
mod computed;
mod effective;
mod environment;
mod initialised;
mod linked_units;
mod shared;
mod state_address;
mod url;

pub use backend_requirements::{RequiredSetting, missing_settings, removed_in, required_settings};
pub use collect::Addresses;
pub use effective::{EffectiveBackend, Setting, effective_backend, known_backend_config};
pub use environment::{EnvValue, instance_variable};
pub use initialised::initialised_address;
pub use linked_units::linked_units;
pub use shared::{InstanceAddress, shared_addresses};
pub use state_address::{StateAddress, state_address};
