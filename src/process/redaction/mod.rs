//! Masks secrets in whatever leaves a program: the texts in them, and those texts as programs quote and encode them.
//!
//! `parts` finds the texts that a secret consists of, `quoting` and `encoding` hold the single transformations, `spellings`
//! is the table that composes them, and `patterns` finds the results in a text.

mod encoding;
mod parts;
mod patterns;
mod quoting;
mod redactor;
mod spellings;

pub use redactor::{MASK, Redactor};
