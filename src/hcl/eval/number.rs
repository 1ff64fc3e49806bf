//! Numbers as engines read and write them.

use hcl_edit::{Formatted, Number};

use crate::model::exact_number;

/// Returns a number unless the parser has rounded it: the parser reads numbers into 64 bits, and engines keep more digits,
/// and the sign of zero.
pub(super) fn unrounded_number(number: &Formatted<Number>) -> Option<serde_json::Number> {
    let written = number.as_repr().map_or_else(|| number.value().to_string(), |written| written.to_string());
    exact_number(&written).filter(|kept| !written.starts_with('-') || kept.to_string().starts_with('-'))
}

/// Returns the text of a number, which engines write without an exponent.
pub(super) fn number_text(number: &serde_json::Number) -> String {
    match number.as_f64().filter(|_| number.is_f64()) {
        Some(fraction) => fraction.to_string(),
        None => number.to_string(),
    }
}
