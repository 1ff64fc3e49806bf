//! `[imports.ENV.STACK]`: existing resources to import.

use super::{
    field::Placed,
    table::{plain_table, table},
    template::Template,
    text_values::Acceptance,
};

table! {
    /// Resources made by hand that are to be managed.
    struct ImportTable {
        /// A list in a file: CSV with the columns to, id, replaces; or JSON.
        file: Option<Template>,
        /// The list itself.
        resources: Vec<Placed<ImportRow>>,
        /// What the plan after the import may contain: ACTION:ADDRESS.ATTRIBUTE.
        accept: Vec<Acceptance>,
    }
}

table! {
    /// One resource to import.
    struct ImportRow {
        /// Its address.
        to: Option<Placed<String>>,
        /// Its id; empty while it is still to be found.
        id: Option<Template>,
        /// The id of what it takes the place of.
        replaces: Option<Template>,
    }
}

plain_table!(ImportTable, ImportRow ["to", "id"]);
