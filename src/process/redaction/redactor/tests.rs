//! Tests of the redactor as a whole; `tests/redaction` compares its spellings with those of real encoders.

use super::*;
use crate::{
    model::hex,
    process::redaction::encoding::{ALPHABETS, base64},
};

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
fn blank_lines_of_a_secret_mask_no_space() {
    let redactor = knowing("token: abcdefgh\n          \n\t\t\t\t\t\t\t\nend: ijklmnop\n");
    let text = "one          two\t\t\t\t\t\t\t\tthree";
    assert!(matches!(redactor.mask(text), Cow::Borrowed(_)));
    assert!(
        !redactor.contains_secret(&hex(b"          ")) && !redactor.contains_secret(&hex(b"\n          \n"))
    );
}

#[test]
fn json_of_java_and_dotnet_is_masked() {
    let redactor = knowing("pä<ss>'+\"\\日😀");
    for text in [
        r#"p\u00E4<ss>'+\"\\\u65E5\uD83D\uDE00"#,
        r#"p\u00E4\u003Css\u003E'+\"\\\u65E5\uD83D\uDE00"#,
        r"p\u00E4\u003Css\u003E\u0027\u002B\u0022\\\u65E5\uD83D\uDE00",
    ] {
        assert_eq!(redactor.mask(text), MASK, "{text}");
        assert_eq!(
            redactor.mask(&base64(text.as_bytes(), ALPHABETS[0])).trim_end_matches('='),
            MASK,
            "{text}"
        );
    }
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
}

#[test]
fn a_secret_in_the_middle_of_encoded_text_is_masked() {
    let secret = "hunter2-pass?>ü";
    let redactor = knowing(secret);
    for before in ["", "u", "us", "user:"] {
        for after in ["", "@", "@h", "@host"] {
            let whole = format!("{before}{secret}{after}");
            for alphabet in ALPHABETS {
                let text = base64(whole.as_bytes(), alphabet);
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
}

#[test]
fn a_secret_inside_another_leaves_no_rest() {
    let redactor = knowing("secret");
    redactor.add("secret-and-more");
    assert_eq!(redactor.mask("secret-and-more"), MASK);
}

#[test]
fn a_long_secret_is_masked_by_its_texts_and_single_encodings() {
    let lines: Vec<String> = (0..2000).map(|n| format!("value-number-{n:04}")).collect();
    let redactor = knowing(&lines.join("\n"));
    assert_eq!(redactor.mask("a value-number-1234 b"), "a (redacted) b");
    assert_eq!(redactor.mask(&hex(b"value-number-1234")), MASK);
    assert_eq!(redactor.mask(&lines.join("\n")), MASK);
}

#[test]
fn without_secrets_the_text_is_not_copied() {
    assert!(matches!(Redactor::new().mask("text"), Cow::Borrowed(_)));
    assert!(matches!(knowing("secret").mask("text"), Cow::Borrowed(_)));
}

#[test]
fn the_spellings_of_a_service_account_stay_within_two_megabytes() {
    let key: String = (0..27)
        .map(|n| format!("{}{n:02}\\n", "aB3+/xYz".repeat(8).chars().take(62).collect::<String>()))
        .collect();
    let secret = format!(
        "{{\n  \"type\": \"service_account\",\n  \"project_id\": \"shop-1234\",\n  \"private_key_id\": \"0123456789abcdef0123456789abcdef01234567\",\n  \"private_key\": \"-----BEGIN PRIVATE KEY-----\\n{key}-----END PRIVATE KEY-----\\n\",\n  \"client_email\": \"deployer@shop-1234.iam.gserviceaccount.com\",\n  \"client_id\": \"123456789012345678901\",\n  \"auth_uri\": \"https://accounts.google.com/o/oauth2/auth\",\n  \"token_uri\": \"https://oauth2.googleapis.com/token\"\n}}"
    );
    let found = spellings(&parts(&secret), TransformationDepth::Combined);
    let bytes: usize = found.iter().map(String::len).sum();
    assert!(bytes < 2_000_000 && found.len() < 20_000, "{} patterns of {bytes} bytes", found.len());
}
