//! `[environments.X.naming]`: rules for the names of resources, judged in the review.

use super::{parsed_text::PatternTemplate, table::table, template::Template};
use crate::config::origin::Value;

table! {
    /// Rules for the names of resources; judged in the review, where names are known.
    struct NamingTable {
        /// Glob that each name must match.
        pattern: Option<Value<Template>>,
        /// Attributes that hold names.
        attributes: Option<Value<Vec<Template>>>,
        /// Prefixes that are removed before a name is compared with the pattern.
        strip: Option<Value<Vec<Template>>>,
        /// Resources without rules for their names.
        except: Option<Value<Vec<PatternTemplate>>>,
    }
}
