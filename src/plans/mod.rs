//! Plans: the review over them and its digest, guards, bindings of saved plans, and the check that a later
//! plan stays within the confirmed one.

mod binding;
mod clean;
mod digest;
pub mod guards;
mod key;
mod manifest;
mod other_values;
mod review;
mod sealed;
mod stored_request;
mod within;

pub use binding::{Binding, BoundItem, EXECUTABLE, KEYED, Mismatch, SHA256};
pub use clean::CleanPlan;
pub use key::{KeyError, ProjectKey};
pub use manifest::PlanManifest;
pub use review::{Review, ReviewStack, ReviewedState};
pub use sealed::SealError;
pub use stored_request::StoredRequest;
pub use within::{PlanContent, changes_beyond_confirmed};
