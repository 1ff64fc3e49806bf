//! States: their lineage, claims, outputs and resources, read with and without an engine.

mod address_secrets;
pub(super) mod after_apply;
pub(super) mod claims;
pub(super) mod file;
mod former_names;
mod identity;
pub(super) mod lineage;
mod local;
mod local_check;
pub(super) mod moved;
mod outputs;
pub(super) mod read;
mod record_files;
pub(super) mod recorded_outputs;
mod remote;
#[cfg(feature = "s3")]
mod s3;

pub use address_secrets::{keep_address_secrets, mask_former_address};
pub use file::{StateError, state_addresses};
pub use former_names::FormerNames;
pub use identity::{LocalIdentity, StateIdentity, state_at};
pub use lineage::{RecordedState, moved_address, recorded_state};
pub use local_check::check_local_state;
pub use moved::{StateMove, UNKNOWN_ADDRESS};
pub use outputs::{KnownOutputs, Output, OutputKind, PlannedOutput, PlannedValue, PrintedOutput};
pub use recorded_outputs::outputs_before;
pub use remote::{MAX_CONCURRENT_REQUESTS, RemoteStates, RemoteVersion, RemoteVersionAnswer};
