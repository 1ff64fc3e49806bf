//! Encodings that programs apply to the bytes of a text: base64, hexadecimal digits and percent-encoding, also
//! wrapped in lines and as hex dumps.

use std::fmt::Write as _;

use crate::model::hex;

/// Characters 62 and 63 of the two base64 alphabets.
pub(super) const ALPHABETS: [(u8, u8); 2] = [(b'+', b'/'), (b'-', b'_')];

/// Line lengths at which programs wrap base64 and hexadecimal digits.
const WIDTHS: [usize; 3] = [60, 64, 76];

/// Encodes in base64 without padding: a search for the result also finds the padded form.
pub(super) fn base64(bytes: &[u8], (plus, slash): (u8, u8)) -> String {
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

/// Encodes a text in base64 as part of a longer text, `before` bytes from its start. Returns only the characters that
/// depend on no other bytes, such as those of `password` in `user:password`.
pub(super) fn inner_base64(before: usize, text: &[u8], alphabet: (u8, u8)) -> String {
    let whole: Vec<u8> = std::iter::repeat_n(0, before).chain(text.iter().copied()).collect();
    let encoded = base64(&whole, alphabet);
    let (first, last) = ((before * 8).div_ceil(6), whole.len() * 8 / 6);
    encoded.get(first..last).unwrap_or_default().to_owned()
}

/// Returns the lines of an encoded text that is wrapped at one of the usual widths; none when it fits into one line.
pub(super) fn wrapped_lines(encoded: &str) -> Vec<String> {
    let widths = WIDTHS.into_iter().filter(|width| encoded.len() > *width);
    widths.flat_map(|width| chunks(encoded.as_bytes(), width)).collect()
}

/// Formats a text as hexadecimal digits with spaces or colons between the bytes, or spaces between pairs of bytes, in
/// the columns of dumps: eight bytes for `od`, `hexdump` and `xxd`, 15 in the lines of OpenSSL.
pub(super) fn hex_dump_lines(text: &[u8]) -> Vec<String> {
    /// Bytes at the end of a text below this number are not masked: the pattern would match ordinary digits.
    const MIN_TAIL_LENGTH: usize = 4;
    let columns = [(8, 1, " "), (8, 2, " "), (8, 1, ":"), (15, 1, ":")];
    let digits = columns.into_iter().flat_map(|(column, group, separator)| {
        let columns = text.chunks(column).filter(|bytes| bytes.len() >= MIN_TAIL_LENGTH);
        columns.map(move |bytes| separated(bytes, group, separator))
    });
    digits.flat_map(|digits| [digits.to_uppercase(), digits]).collect()
}

fn separated(bytes: &[u8], group: usize, separator: &str) -> String {
    let groups: Vec<String> = bytes.chunks(group).map(hex).collect();
    groups.join(separator)
}

fn chunks(text: &[u8], width: usize) -> Vec<String> {
    text.chunks(width).map(|chunk| String::from_utf8_lossy(chunk).into_owned()).collect()
}

/// Percent-encodes a text for a URL. Letters, digits and the characters in `unencoded` stay.
pub(super) fn percent(text: &str, unencoded: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || unencoded.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Converts the hexadecimal digits after each percent sign to lower case.
pub(super) fn lower_percent(encoded: &str) -> String {
    let mut lowered = String::with_capacity(encoded.len());
    let mut digits = 0;
    for character in encoded.chars() {
        lowered.push(if digits > 0 { character.to_ascii_lowercase() } else { character });
        digits = if character == '%' { 2 } else { digits.max(1) - 1 };
    }
    lowered
}
