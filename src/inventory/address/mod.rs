//! State addresses: the place of an instance's state, as far as it can be known without an engine.

mod backends;
mod collect;
mod computed;
mod effective;
mod environment;
mod fields;
mod in_force;
mod linked_units;
mod shared;
mod state_address;
mod url;

pub use collect::Addresses;
pub use effective::{EffectiveBackend, Setting, effective_backend};
pub use environment::{EnvValue, instance_variable};
pub use in_force::address_in_force;
pub use linked_units::linked_units;
pub use shared::{Addressed, shared_addresses};
pub use state_address::{StateAddress, state_address};
