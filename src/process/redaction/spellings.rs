//! The table of transformations that programs apply to a text before they print it, and its composition: each quoting, and
//! each encoding of the text and of its quotings.

use std::collections::{BTreeSet, HashSet};

use super::{
    encoding::{ALPHABETS, base64, dumped, inner_base64, lower_percent, percent, wrapped},
    patterns::SHORTEST,
    quoting,
};
use crate::{model::hex, ui::visible};

/// How many transformations are applied one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// One: quoted, or encoded.
    One,
    /// Two: quoted and then encoded, as base64 of JSON.
    Two,
}

type Transformation = fn(&str) -> String;

/// The characters that stay in the component of a URL: RFC 3986, Go's `url.PathEscape`, JavaScript's
/// `encodeURIComponent`, and Python's `quote`, which leaves slashes.
const KEPT: [&[u8]; 4] = [b"-_.~", b"-_.~$&+=:@", b"-_.~!*'()", b"-_.~/"];

/// Every way in which a program quotes a text.
const QUOTINGS: &[Transformation] = &[
    str::to_owned,
    quoting::json,
    quoting::json_html,
    quoting::json_script,
    quoting::json_ascii,
    quoting::json_ascii_upper,
    // Java and JavaScript libraries that escape HTML in JSON.
    |text| {
        quoting::json_ascii_upper(text)
            .replace('<', "\\u003C")
            .replace('>', "\\u003E")
            .replace('&', "\\u0026")
    },
    quoting::json_dotnet,
    quoting::hcl,
    quoting::go,
    quoting::go_ascii,
    quoting::python,
    |text| quoting::single_quotes_escaped(&quoting::python(text)),
    quoting::python_ascii,
    |text| quoting::single_quotes_escaped(&quoting::python_ascii(text)),
    quoting::python_bytes,
    |text| quoting::single_quotes_escaped(&quoting::python_bytes(text)),
    quoting::shell_single,
    quoting::shell_joined,
    quoting::shell_dollar,
    quoting::shell_dollar_ascii,
    quoting::shell_backslash,
    // As envctl shows it where a terminal would obey it.
    |text| visible(text).into_owned(),
];

/// Every way in which a program encodes a text, quoted or not. JSON is both: a quoted text may stand in a document.
const ENCODINGS: &[Transformation] = &[
    quoting::json,
    quoting::json_html,
    quoting::json_script,
    quoting::json_ascii,
    |text| percent(text, KEPT[0]),
    |text| percent(text, KEPT[0]).replace("%20", "+"),
    |text| percent(text, KEPT[1]),
    |text| percent(text, KEPT[2]),
    |text| percent(text, KEPT[3]),
    |text| lower_percent(&percent(text, KEPT[0])),
    |text| lower_percent(&percent(text, KEPT[0]).replace("%20", "+")),
    |text| base64(text.as_bytes(), ALPHABETS[0]),
    |text| base64(text.as_bytes(), ALPHABETS[1]),
    |text| hex(text.as_bytes()),
    |text| hex(text.as_bytes()).to_uppercase(),
];

/// All spellings of texts that are masked.
pub(super) fn spellings(texts: &BTreeSet<String>, depth: Depth) -> HashSet<String> {
    let mut found = HashSet::new();
    for text in texts {
        let quoted: HashSet<String> = QUOTINGS.iter().map(|quote| quote(text)).collect();
        for quoted in quoted.iter().filter(|quoted| depth == Depth::Two || *quoted == text) {
            found.extend(ENCODINGS.iter().map(|encode| encode(quoted)));
            in_longer_texts(quoted, &mut found);
            in_lines(quoted, &mut found);
        }
        let digits = hex(text.as_bytes());
        found.extend(wrapped(&digits));
        found.extend(wrapped(&digits.to_uppercase()));
        found.extend(dumped(text.as_bytes()));
        found.extend(quoted);
    }
    found.retain(|spelling| spelling.len() >= SHORTEST);
    found
}

/// Adds base64 of a text that stands in the middle of a longer one.
fn in_longer_texts(text: &str, found: &mut HashSet<String>) {
    for alphabet in ALPHABETS {
        for inner in (0..3).map(|before| inner_base64(before, text.as_bytes(), alphabet)) {
            // In a URL.
            found.insert(percent(&inner, KEPT[0]));
            found.insert(inner);
        }
    }
}

/// Adds the lines of base64 that is wrapped: of a text by itself and between double quotes. What stands in which line
/// depends on what stands before the text.
fn in_lines(text: &str, found: &mut HashSet<String>) {
    for text in [text, &format!("\"{text}")] {
        found.extend(wrapped(&inner_base64(0, text.as_bytes(), ALPHABETS[0])));
    }
}
