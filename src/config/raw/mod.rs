//! environments.toml as written: tables with their keys, types and spans; nothing is resolved.
//!
//! Each file holds one idea: a type, its reading, its errors, and its JSON Schema.

pub(crate) mod bootstrap;
pub(crate) mod checks;
pub(crate) mod comparison;
pub(crate) mod dependencies;
pub(crate) mod discover;
pub(crate) mod document;
pub(crate) mod duration;
pub(crate) mod engine_flags;
pub(crate) mod field;
pub(crate) mod generate;
pub(crate) mod guards;
pub(crate) mod hooks;
pub(crate) mod imports;
pub(crate) mod json;
pub(crate) mod keywords;
pub(crate) mod layer;
pub(crate) mod map;
pub(crate) mod naming;
pub(crate) mod parsed_text;
pub(crate) mod project;
pub(crate) mod reader;
pub(crate) mod require;
pub(crate) mod source;
pub(crate) mod stack;
pub(crate) mod stack_file;
pub(crate) mod store;
pub(crate) mod syntax;
pub(crate) mod table;
pub(crate) mod template;
pub(crate) mod value_schema;
pub(crate) mod variable_pattern;
pub(crate) mod version;
