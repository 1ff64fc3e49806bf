//! Terragrunt: units, each of which drives OpenTofu or Terraform.

pub(super) mod adapter;
pub(super) mod commands;
mod rendered;
pub mod stack_files;
mod unit_backend;
mod unit_exclusion;
pub(super) mod unit_folders;
mod unit_init;
mod unit_planning;
pub mod units;

pub use unit_folders::{DownloadedFor, downloaded_for};
