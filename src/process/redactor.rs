//! Secrets are masked in whatever leaves a program.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fmt::Write as _,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use aho_corasick::{AhoCorasick, BuildError};

use crate::{model::hex, ui::visible};

/// What stands where a secret was.
pub const MASK: &str = "(redacted)";

/// A shorter line of a secret is not masked: it would hit ordinary words.
const SHORTEST: usize = 6;

/// Masks secrets in text: each line of six bytes or more, also as JSON, URLs, base64 (also in the middle of a longer text)
/// and hex would write it.
///
/// Secrets can be added at any time; without any, masking costs nothing, and with many it takes one pass over the text.
#[derive(Default)]
pub struct Redactor {
    known: Mutex<Arc<Needles>>,
}

/// All forms of all secrets, and what finds them, made when it is first needed.
#[derive(Default)]
struct Needles {
    forms: BTreeSet<String>,
    finder: OnceLock<Result<AhoCorasick, BuildError>>,
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
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = known.forms.clone();
        all.extend(forms.into_iter().filter(|form| form.len() >= SHORTEST));
        *known = Arc::new(Needles { forms: all, finder: OnceLock::new() });
    }

    /// The text with every secret masked.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let needles = Arc::clone(&self.known.lock().unwrap_or_else(PoisonError::into_inner));
        if needles.forms.is_empty() || text.len() < SHORTEST {
            return Cow::Borrowed(text);
        }
        match needles.finder.get_or_init(|| AhoCorasick::new(&needles.forms)) {
            Ok(finder) => masked(text, finder),
            // Too many secrets for one pass.
            Err(_) => masked_one_by_one(text, &needles.forms),
        }
    }

    /// Whether a text holds a secret.
    pub fn masks(&self, text: &str) -> bool {
        matches!(self.mask(text), Cow::Owned(_))
    }
}

/// Forms that overlap are masked together, so that none leaves a rest of another.
fn masked<'t>(text: &'t str, finder: &AhoCorasick) -> Cow<'t, str> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    // They come by their ends.
    for found in finder.find_overlapping_iter(text) {
        let mut start = found.start();
        while let Some((before, end)) = spans.last().copied().filter(|(_, end)| start < *end) {
            start = start.min(before);
            debug_assert!(end <= found.end(), "matches come by their ends");
            spans.pop();
        }
        spans.push((start, found.end()));
    }
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    for (start, end) in spans {
        shown.push_str(&text[at..start]);
        shown.push_str(MASK);
        at = end;
    }
    shown.push_str(&text[at..]);
    Cow::Owned(shown)
}

fn masked_one_by_one<'t>(text: &'t str, forms: &BTreeSet<String>) -> Cow<'t, str> {
    let mut longest_first: Vec<&String> = forms.iter().collect();
    longest_first.sort_by_key(|form| std::cmp::Reverse(form.len()));
    let mut masked = Cow::Borrowed(text);
    for form in longest_first {
        if masked.contains(form.as_str()) {
            masked = Cow::Owned(masked.replace(form.as_str(), MASK));
        }
    }
    masked
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
    for (plus, slash) in [(b'+', b'/'), (b'-', b'_')] {
        forms.push(base64(text.as_bytes(), plus, slash));
        forms.extend((0..3).map(|before| inner_base64(before, text.as_bytes(), plus, slash)));
    }
    let lower = hex(text.as_bytes());
    forms.push(lower.to_uppercase());
    forms.push(lower);
    // As it is shown where a terminal would obey it.
    forms.push(visible(text).into_owned());
}

/// What base64 makes of a text that stands behind so many bytes of another and before more of it: only the letters that
/// depend on nothing else, `user:` of `user:password` for one.
fn inner_base64(before: usize, text: &[u8], plus: u8, slash: u8) -> String {
    let whole: Vec<u8> = std::iter::repeat_n(0, before).chain(text.iter().copied()).collect();
    let encoded = base64(&whole, plus, slash);
    let (first, last) = ((before * 8).div_ceil(6), whole.len() * 8 / 6);
    encoded.get(first..last).unwrap_or_default().to_owned()
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
    fn a_secret_in_the_middle_of_encoded_text_is_masked() {
        let secret = "hunter2-pass?>ü";
        let redactor = knowing(secret);
        for before in ["", "u", "us", "user:"] {
            for after in ["", "@", "@h", "@host"] {
                let whole = format!("{before}{secret}{after}");
                for (plus, slash) in [(b'+', b'/'), (b'-', b'_')] {
                    let text = base64(whole.as_bytes(), plus, slash);
                    let shown = redactor.mask(&text);
                    let rest = shown.replacen(MASK, "", 1).len();
                    let around = (before.len() + after.len()) * 4 / 3 + 4;
                    assert!(shown.contains(MASK) && rest <= around, "{whole}: {text} shown as {shown}");
                }
            }
        }
        for text in [hex(secret.as_bytes()), hex(secret.as_bytes()).to_uppercase()] {
            assert_eq!(redactor.mask(&format!("0x{text}00")), "0x(redacted)00");
        }
    }

    #[test]
    fn ordinary_words_stand_however_short_the_secret_is() {
        let redactor = knowing("secret");
        for text in ["c2Vj", "terraform_data.secre", "736563", "U2VjcmV0IFNlcnZpY2U="] {
            assert!(matches!(redactor.mask(text), Cow::Borrowed(_)), "{text}");
        }
        let short = knowing("short");
        assert!(matches!(short.mask(&format!("short {} c2hvcnQ=", hex(b"short"))), Cow::Borrowed(_)));
    }

    #[test]
    fn secrets_that_overlap_are_masked_together() {
        let redactor = knowing("abcdefgh");
        redactor.add("efghijkl");
        redactor.add("bcdefghijk");
        assert_eq!(redactor.mask("xabcdefghijkly abcdefghefgh"), "x(redacted)y (redacted)efgh");
        assert_eq!(masked_one_by_one("x abcdefgh", &BTreeSet::from(["abcdefgh".to_owned()])), "x (redacted)");
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
