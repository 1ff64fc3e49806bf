//! Secrets are masked in whatever leaves a program.

use std::{
    borrow::Cow,
    fmt::Write as _,
    sync::{PoisonError, RwLock},
};

/// What stands where a secret was.
pub const MASK: &str = "(redacted)";

/// A shorter line of a secret is not masked: it would hit ordinary words.
const SHORTEST: usize = 6;

/// Masks secrets in text: each line of six bytes or more, also as JSON, URLs and base64 would write it.
///
/// Secrets can be added at any time; without any, masking costs nothing.
#[derive(Default)]
pub struct Redactor {
    /// Longest first, so that a secret within another one does not leave the rest of it standing.
    needles: RwLock<Vec<String>>,
}

impl Redactor {
    /// A redactor that knows no secret yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Masks one more secret from now on.
    pub fn add(&self, secret: &str) {
        let mut forms = Vec::new();
        for line in secret.lines() {
            spell(line, &mut forms);
        }
        if secret.contains('\n') {
            spell(secret, &mut forms);
        }
        let mut needles = self.needles.write().unwrap_or_else(PoisonError::into_inner);
        needles.extend(forms.into_iter().filter(|form| form.len() >= SHORTEST));
        needles.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        needles.dedup();
    }

    /// The text with every secret masked.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let needles = self.needles.read().unwrap_or_else(PoisonError::into_inner);
        let mut masked = Cow::Borrowed(text);
        for needle in needles.iter().filter(|needle| needle.len() <= text.len()) {
            if masked.contains(needle.as_str()) {
                masked = Cow::Owned(masked.replace(needle.as_str(), MASK));
            }
        }
        masked
    }

    /// Whether a text holds a secret.
    pub fn masks(&self, text: &str) -> bool {
        matches!(self.mask(text), Cow::Owned(_))
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

/// All the ways in which a text may be written.
fn spell(text: &str, forms: &mut Vec<String>) {
    if text.len() < SHORTEST {
        return;
    }
    forms.push(text.to_owned());
    let quoted = serde_json::Value::from(text).to_string();
    let json = quoted[1..quoted.len() - 1].to_owned();
    // Go's encoder, unlike others, also escapes what would be special in HTML.
    forms.push(json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"));
    forms.push(json);
    let percent = percent_encoded(text);
    forms.push(percent.replace("%20", "+"));
    forms.push(percent);
    forms.push(base64(text.as_bytes(), b'+', b'/'));
    forms.push(base64(text.as_bytes(), b'-', b'_'));
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Base64 without padding, so that the padded form is found as well.
fn base64(bytes: &[u8], plus: u8, slash: u8) -> String {
    let letters: Vec<char> =
        (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain([plus, slash]).map(char::from).collect();
    let mut encoded = String::with_capacity(bytes.len() * 4 / 3 + 2);
    for chunk in bytes.chunks(3) {
        let mut bits = 0_usize;
        for place in 0..3 {
            bits = bits << 8 | usize::from(chunk.get(place).copied().unwrap_or_default());
        }
        for place in 0..=chunk.len() {
            encoded.push(letters[bits >> (18 - 6 * place) & 0x3f]);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knowing(secret: &str) -> Redactor {
        let redactor = Redactor::new();
        redactor.add(secret);
        redactor
    }

    #[test]
    fn each_long_line_of_a_secret_is_masked_and_short_ones_stand() {
        let redactor = knowing("first line\nno\nthird \"line\"");
        assert_eq!(redactor.mask("a first line, no"), "a (redacted), no");
        assert_eq!(redactor.mask(r#"{"x":"third \"line\""}"#), r#"{"x":"(redacted)"}"#);
        assert_eq!(redactor.mask(r#"{"x":"first line\nno\nthird \"line\""}"#), r#"{"x":"(redacted)"}"#);
    }

    #[test]
    fn other_spellings_are_masked() {
        let redactor = knowing("pass<word>&/ü");
        for text in [
            "pass%3Cword%3E%26%2F%C3%BC",
            r"pass\u003cword\u003e\u0026/ü",
            "cGFzczx3b3JkPiYvw7w=",
            "cGFzczx3b3JkPiYvw7w",
        ] {
            assert_eq!(redactor.mask(text).trim_end_matches('='), MASK, "{text}");
        }
        assert_eq!(base64(b"any carnal pleas", b'+', b'/'), "YW55IGNhcm5hbCBwbGVhcw");
        assert_eq!(base64(b"\xfb\xff\xfe", b'-', b'_'), "-__-");
    }

    #[test]
    fn a_secret_inside_another_leaves_no_rest() {
        let redactor = knowing("secret");
        redactor.add("secret-and-more");
        assert_eq!(redactor.mask("secret-and-more"), MASK);
    }

    #[test]
    fn without_secrets_the_text_is_not_copied() {
        assert!(matches!(Redactor::new().mask("text"), Cow::Borrowed(_)));
        assert!(matches!(knowing("secret").mask("text"), Cow::Borrowed(_)));
    }
}
