//! `[environments.X.naming]`: rules for the names of resources, judged in the review.

use super::{parsed_text::PatternTemplate, table::table, template::Template};
use crate::config::origin::Value;

table! {
    /// Rules for the names of resources; judged in the review, where names are known.
    struct NamingTable {
        /// Glob that the name of each resource must match.
        pattern: Option<Value<Template>>,
        /// Attributes of resources whose values are names, which the pattern is compared with.
        attributes: Option<Value<Vec<Template>>>,
        /// Prefixes that are removed from a name before it is compared with the pattern.
        strip: Option<Value<Vec<Template>>>,
        /// Address patterns of resources whose names are not judged.
        except: Option<Value<Vec<PatternTemplate>>>,
    }
}
