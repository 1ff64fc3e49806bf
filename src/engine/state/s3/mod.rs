//! Requests the version of a state from a bucket, with one signed HEAD and without an engine.
//!
//! Settings and credentials apply exactly as they would for the engine. If one of them is unknown to envctl, no request is
//! sent: it must not be made with another identity than the engine's.
//!
//! Sources: `OpenTofu`'s `internal/backend/remote-state/s3` at 1.12, and the modules `aws-sdk-go-base` and `aws-sdk-go-v2`
//! that it and Terraform take their credentials from.

mod agent;
mod client;
mod credentials;
mod error;
mod head_request;
mod keys;
mod object_url;
mod profile;
mod settings;
mod signature;
mod variables;

pub(super) use client::Client;
pub(super) use error::UnsupportedSettings;
pub(super) use head_request::HeadRequest;
