//! File names for the names of stacks and environments.

use sha2::{Digest, Sha256};

/// Longest file name in bytes; longer ones are cut and end in a digest. Most file systems allow 255 bytes, and an extension
/// follows.
const LONGEST: usize = 200;

/// Returns a file name for any text. Two texts never have the same file name, also where the file system ignores case or
/// normalizes accents.
///
/// The file name never holds `=`: engines read `-backend-config=a=b` as a key and its value.
///
/// Small letters, digits, `-`, `_` and `.` stand for themselves, a slash becomes `+`, a capital letter `,` and the small
/// one, every other byte `%` and two hexadecimal digits. A name past 200 bytes is cut and ends in `%%` and a digest.
pub fn file_name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'.' if index == 0 => name.push_str("%2e"),
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => name.push(char::from(byte)),
            b'/' => name.push('+'),
            b'A'..=b'Z' => {
                name.push(',');
                name.push(char::from(byte.to_ascii_lowercase()));
            }
            _ => {
                name.push('%');
                push_hex(&mut name, byte);
            }
        }
    }
    if name.len() > LONGEST {
        name.truncate(LONGEST - 2 - 32);
        name.push_str("%%");
        for byte in &Sha256::digest(text.as_bytes())[..16] {
            push_hex(&mut name, *byte);
        }
    }
    name
}

fn push_hex(name: &mut String, byte: u8) {
    name.extend([byte >> 4, byte & 15].into_iter().filter_map(|half| char::from_digit(half.into(), 16)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_ordinary_name_stays_readable() {
        assert_eq!(file_name("network"), "network");
        assert_eq!(file_name("us-east-2/api/gateway"), "us-east-2+api+gateway");
        assert_eq!(file_name("My App"), ",my%20,app");
        assert_eq!(file_name(".hidden"), "%2ehidden");
        assert_eq!(file_name("ä"), "%c3%a4");
    }

    #[test]
    fn a_long_name_fits_and_keeps_its_own_file() {
        let (one, two) = (file_name(&"a".repeat(300)), file_name(&"a".repeat(301)));
        assert_eq!((one.len(), two.len()), (LONGEST, LONGEST));
        assert_ne!(one, two);
    }

    proptest! {
        #[test]
        fn two_names_never_share_a_file(one in "[a-cA-C+%,/. é-]{0,6}", two in "[a-cA-C+%,/. é-]{0,6}") {
            let (file_one, file_two) = (file_name(&one), file_name(&two));
            prop_assert_eq!(one == two, file_one.eq_ignore_ascii_case(&file_two));
            prop_assert!(!file_one.contains(['/', ' ', '\\']));
        }
    }
}
