//! OpenTofu and Terraform: init, workspace, plan and apply of one instance.

pub(super) mod adapter;
pub(super) mod applying;
pub(super) mod backend_check;
pub(super) mod backend_record;
mod bound_content;
pub(super) mod commands;
mod computed_backend;
pub(super) mod data_dir;
pub(super) mod effective_init;
pub(super) mod fingerprint;
pub(super) mod first_apply;
mod init;
mod install;
pub(super) mod lockfile;
mod module_manifest;
mod packages;
pub(super) mod planning;
pub(super) mod workspace_list;
mod workspace_policy;

pub use backend_check::has_configured_address;
pub use bound_content::BoundContent;
pub use effective_init::{MODULES, installed_modules};
pub use fingerprint::forget_init;
pub use packages::PackageDigest;
