//! `[imports.ENV.STACK]`: existing resources to import.

use super::{field::Located, parsed_text::Acceptance, table::table, template::Template};

table! {
    /// Existing resources to import.
    struct ImportTable {
        /// File with a list of resources: CSV with the columns to, id, replaces; or JSON.
        file: Option<Template>,
        /// List of resources.
        resources: Vec<Located<ImportRow>>,
        /// Changes that the plan after the import may contain: ACTION:ADDRESS.ATTRIBUTE.
        accept: Vec<Acceptance>,
    }
}

table! {
    /// Resource to import.
    struct ImportRow requires ["to", "id"] {
        /// Address that the resource gets in the state.
        to: Option<Located<String>>,
        /// Id of the object at the provider, as `terraform import` takes it; empty while the id is not known yet.
        id: Option<Template>,
        /// Id of the object at the provider that this object replaces.
        replaces: Option<Template>,
    }
}
