//! `[environments.X.naming]`: rules for the names of resources, judged in the review.

use super::{
    table::{plain_table, table},
    template::Template,
    text_values::PatternTemplate,
};
use crate::config::origin::Value;

table! {
    /// How resources must be named; judged in the review, where names are known.
    struct NamingTable {
        /// A glob that each name must match.
        pattern: Option<Value<Template>>,
        /// The attributes that hold names.
        attributes: Option<Value<Vec<Template>>>,
        /// Beginnings that are taken off before the pattern is compared.
        strip: Option<Value<Vec<Template>>>,
        /// Resources that are named as they please.
        except: Option<Value<Vec<PatternTemplate>>>,
    }
}

plain_table!(NamingTable);
