//! How programs encode the bytes of a text: base64, hexadecimal digits, percent-encoding; also in lines and dumps.

use std::fmt::Write as _;

use crate::model::hex;

/// The two characters that the alphabets of base64 differ in.
pub(super) const ALPHABETS: [(u8, u8); 2] = [(b'+', b'/'), (b'-', b'_')];

/// The lengths of lines into which programs wrap base64 and hexadecimal digits.
const WIDTHS: [usize; 3] = [60, 64, 76];

/// Encodes in base64 without padding, so that the padded form is found as well.
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

/// Encodes a text in base64 as it stands behind so many bytes of another text and before more of it: only the letters that
/// depend on nothing else, `user:` of `user:password` for one.
pub(super) fn inner_base64(before: usize, text: &[u8], alphabet: (u8, u8)) -> String {
    let whole: Vec<u8> = std::iter::repeat_n(0, before).chain(text.iter().copied()).collect();
    let encoded = base64(&whole, alphabet);
    let (first, last) = ((before * 8).div_ceil(6), whole.len() * 8 / 6);
    encoded.get(first..last).unwrap_or_default().to_owned()
}

/// The lines of an encoded text that is wrapped at one of the usual widths; none where it fits into one.
pub(super) fn wrapped(encoded: &str) -> Vec<String> {
    let widths = WIDTHS.into_iter().filter(|width| encoded.len() > *width);
    widths.flat_map(|width| chunks(encoded.as_bytes(), width)).collect()
}

/// Hexadecimal digits with spaces or colons between the bytes, or spaces between pairs of bytes, in the columns of dumps:
/// eight bytes in those of `od`, `hexdump` and `xxd`, 15 in the lines of OpenSSL.
pub(super) fn dumped(text: &[u8]) -> Vec<String> {
    /// Fewer bytes than these at the end of a text are not masked: they would hit ordinary digits.
    const FEWEST: usize = 4;
    let columns = [(8, 1, " "), (8, 2, " "), (8, 1, ":"), (15, 1, ":")];
    let digits = columns.into_iter().flat_map(|(column, group, separator)| {
        let columns = text.chunks(column).filter(|bytes| bytes.len() >= FEWEST);
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

/// Encodes a text for a URL. Characters in `kept` stay beside letters and digits.
pub(super) fn percent(text: &str, kept: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Lowers the hexadecimal digits behind each percent sign.
pub(super) fn lower_percent(encoded: &str) -> String {
    let mut lowered = String::with_capacity(encoded.len());
    let mut digits = 0;
    for character in encoded.chars() {
        lowered.push(if digits > 0 { character.to_ascii_lowercase() } else { character });
        digits = if character == '%' { 2 } else { digits.max(1) - 1 };
    }
    lowered
}
