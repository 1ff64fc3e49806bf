//! `[discover]`: patterns of folders that are stacks.

use super::{
    field::Placed,
    table::{plain_table, table},
    template::Template,
};

table! {
    /// Many stacks without naming them.
    struct DiscoverTable {
        /// Patterns of folders: `{env}` is expanded, `<x>` captures a folder, `**` is any depth.
        paths: Vec<Template>,
        /// Globs of folders that are left out.
        exclude: Vec<Placed<String>>,
        /// The name of a discovered stack, over the captures.
        name: Option<Template>,
    }
}

plain_table!(DiscoverTable["paths"]);
