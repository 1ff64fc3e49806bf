//! Masking of secrets in all output: the texts in them, and those texts as programs quote and encode them.
//!
//! `parts` splits a secret into texts, `quoting` and `encoding` hold the single transformations, `spellings` is the
//! table that combines them, and `patterns` searches a text for the results.

mod encoding;
mod parts;
mod patterns;
mod quoting;
mod redactor;
mod spellings;
mod urls;

pub use redactor::{MASK, Redactor};
pub use urls::without_credentials;
