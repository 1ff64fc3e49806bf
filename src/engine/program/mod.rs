//! Programs of engines: where they are, their versions and digests.

mod digest;
pub(super) mod installed;
pub(super) mod version_cache;
pub(super) mod version_files;

pub use digest::EngineProgram;
pub use installed::EngineUnavailable;
pub use version_files::EnginePlace;
