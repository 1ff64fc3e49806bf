//! Private files, readable only by their owner: written atomically and removed; digests of any files; and reading of files
//! of other programs, if they are regular ones.
//!
//! Plans, logs and records between runs may contain secret values: folders have mode 0700 and files 0600.

mod create;
mod digest;
mod digest_cache;
mod entry_names;
mod private;
mod regular;
mod remove;
mod resolve;
mod write;

pub use create::{append, create_new, create_new_dir, sync_dir};
pub use digest::{file_digest, is_executable, leads_nowhere};
pub use digest_cache::{DigestCache, MetadataDigest};
pub use entry_names::{entry_names, entry_names_if_readable};
pub use private::{create_dirs, open_own, open_own_to_read};
pub use regular::{
    LARGEST, is_file_there, open_folder, open_regular, read, read_text, read_whole, read_whole_text,
};
pub use remove::remove_if_there;
pub use resolve::{normalised, relative_path, resolve_links};
pub use write::{write, write_if_changed, write_new};
