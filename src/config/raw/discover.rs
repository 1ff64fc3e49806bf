//! `[discover]`: patterns of folders that are stacks.

use super::{field::Located, table::table, template::Template};

table! {
    /// Patterns of folders that are stacks, so that stacks need not be declared one by one.
    struct DiscoverTable requires ["paths"] {
        /// Patterns of folders: `{env}` is expanded, `<x>` captures a folder or a part of its name, `**` is any depth.
        paths: Vec<Template>,
        /// Globs of folders that are left out.
        exclude: Vec<Located<String>>,
        /// Name of the discovered stacks: a template over the captures.
        name: Option<Template>,
    }
}
