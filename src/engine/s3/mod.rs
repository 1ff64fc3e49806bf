//! Asks a bucket which state lies in it, with one signed HEAD and without an engine.
//!
//! Settings and credentials count exactly as they would for the engine. Where one of them is not known here, nothing is
//! asked: another identity must not answer for the engine's own.
//!
//! Sources: `OpenTofu`'s `internal/backend/remote-state/s3` at 1.12, and the modules `aws-sdk-go-base` and `aws-sdk-go-v2`
//! that it and Terraform take their credentials from.

mod agent;
mod client;
mod credentials;
mod place;
mod profile;
mod question;
mod settings;
mod signature;
mod variables;

pub(super) use client::Client;
pub(super) use question::{Question, Unaskable};
