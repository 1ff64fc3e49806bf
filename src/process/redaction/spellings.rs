//! Table of the transformations that programs apply to a text before they print it, and their combination: each
//! quoting, and each encoding of the text and of its quotings.

use std::collections::{BTreeSet, HashSet};

use super::{
    encoding::{ALPHABETS, base64, hex_dump_lines, inner_base64, lower_percent, percent, wrapped_lines},
    patterns::SHORTEST,
    quoting,
};
use crate::{model::hex, ui::visible};

/// Number of transformations that may be applied to a text one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransformationDepth {
    /// One transformation: a quoting or an encoding.
    Single,
    /// Up to two transformations: a quoting and then an encoding, such as base64 of JSON.
    Combined,
}

type Transformation = fn(&str) -> String;

/// Characters that stay unencoded in a URL component: by RFC 3986, Go's `url.PathEscape`, JavaScript's
/// `encodeURIComponent`, and Python's `quote`, which leaves slashes.
const UNENCODED: [&[u8]; 4] = [b"-_.~", b"-_.~$&+=:@", b"-_.~!*'()", b"-_.~/"];

/// Ways in which programs quote a text.
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
    // Escapes that envctl itself writes in place of terminal control characters.
    |text| visible(text).into_owned(),
];

/// Ways in which programs encode a text, quoted or not. JSON is in both lists: a quoted text may be part of a
/// document.
const ENCODINGS: &[Transformation] = &[
    quoting::json,
    quoting::json_html,
    quoting::json_script,
    quoting::json_ascii,
    |text| percent(text, UNENCODED[0]),
    |text| percent(text, UNENCODED[0]).replace("%20", "+"),
    |text| percent(text, UNENCODED[1]),
    |text| percent(text, UNENCODED[2]),
    |text| percent(text, UNENCODED[3]),
    |text| lower_percent(&percent(text, UNENCODED[0])),
    |text| lower_percent(&percent(text, UNENCODED[0]).replace("%20", "+")),
    |text| base64(text.as_bytes(), ALPHABETS[0]),
    |text| base64(text.as_bytes(), ALPHABETS[1]),
    |text| hex(text.as_bytes()),
    |text| hex(text.as_bytes()).to_uppercase(),
];

/// Returns all spellings of texts to mask.
pub(super) fn spellings(texts: &BTreeSet<String>, depth: TransformationDepth) -> HashSet<String> {
    let mut found = HashSet::new();
    for text in texts {
        let quoted: HashSet<String> = QUOTINGS.iter().map(|quote| quote(text)).collect();
        for quoted in quoted.iter().filter(|quoted| depth == TransformationDepth::Combined || *quoted == text)
        {
            found.extend(ENCODINGS.iter().map(|encode| encode(quoted)));
            add_inner_base64(quoted, &mut found);
            add_wrapped_base64(quoted, &mut found);
        }
        let digits = hex(text.as_bytes());
        found.extend(wrapped_lines(&digits));
        found.extend(wrapped_lines(&digits.to_uppercase()));
        found.extend(hex_dump_lines(text.as_bytes()));
        found.extend(quoted);
    }
    found.retain(|spelling| spelling.len() >= SHORTEST);
    found
}

/// Adds the base64 of a text that is a part of a longer encoded text.
fn add_inner_base64(text: &str, found: &mut HashSet<String>) {
    for alphabet in ALPHABETS {
        for inner in (0..3).map(|before| inner_base64(before, text.as_bytes(), alphabet)) {
            // Percent-encoded, as in a URL.
            found.insert(percent(&inner, UNENCODED[0]));
            found.insert(inner);
        }
    }
}

/// Adds the lines of wrapped base64, for the text alone and after a double quote. The line breaks depend on the
/// preceding text.
fn add_wrapped_base64(text: &str, found: &mut HashSet<String>) {
    for text in [text, &format!("\"{text}")] {
        found.extend(wrapped_lines(&inner_base64(0, text.as_bytes(), ALPHABETS[0])));
    }
}
