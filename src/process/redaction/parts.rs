//! Texts that a secret consists of: itself, its lines, and the values in it if it is JSON, YAML or `KEY=value` lines.

use std::collections::BTreeSet;

use saphyr_parser::{Event, Parser};
use serde::de::IgnoredAny;
use serde_json::Number;

use super::patterns::SHORTEST;

/// Depth to which documents inside of documents are parsed, such as a PEM key in the JSON of a service account.
const MAX_DEPTH: usize = 4;

/// Returns all texts of a secret that are masked, each once. A text needs at least six bytes without surrounding
/// white space: shorter lines are no secrets.
///
/// Keys of documents are not among these texts: they are common field names.
pub(super) fn parts(secret: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(secret, MAX_DEPTH, &mut found);
    found
}

fn collect(text: &str, depth: usize, found: &mut BTreeSet<String>) {
    if text.trim().len() < SHORTEST {
        return;
    }
    if !add(text, found) || depth == 0 {
        return;
    }
    for line in text.lines() {
        add(line, found);
        if let Some(value) = assigned_value(line) {
            collect(&value, depth - 1, found);
        }
    }
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => collect_json_values(text, depth - 1, found),
        // Every JSON document is one of YAML as well.
        Err(_) => collect_yaml_scalars(text, depth - 1, found),
    }
}

/// Adds a text and its trimmed form; returns false if both were known.
fn add(text: &str, found: &mut BTreeSet<String>) -> bool {
    let trimmed = text.trim();
    if trimmed.len() < SHORTEST {
        return false;
    }
    let is_new = found.insert(trimmed.to_owned());
    found.insert(text.to_owned()) || is_new
}

/// Collects the strings of a JSON document except its keys, including all values of a duplicate key; and its numbers,
/// as written and as a program prints them after parsing.
fn collect_json_values(document: &str, depth: usize, found: &mut BTreeSet<String>) {
    let begins = |c: char| c == '"' || c == '-' || c.is_ascii_digit();
    let is_of_number = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    let mut rest = document;
    while let Some(at) = rest.find(begins) {
        rest = &rest[at..];
        let is_string = rest.starts_with('"');
        let end = if is_string { string_end(rest) } else { rest.find(|c| !is_of_number(c)) };
        let (token, after) = rest.split_at(end.unwrap_or(rest.len()));
        if !is_string {
            add(token, found);
            if let Ok(number) = serde_json::from_str::<Number>(token) {
                add(&number.to_string(), found);
            }
        } else if !after.trim_start().starts_with(':') {
            // A string that cannot be decoded, such as half a surrogate pair, is taken as written.
            let text = serde_json::from_str(token).unwrap_or_else(|_| token.trim_matches('"').to_owned());
            collect(&text, depth, found);
        }
        rest = after;
    }
}

/// Returns the end of the JSON string at the start of a text.
fn string_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let is_end = *c == '"' && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        is_end
    });
    end.map(|(at, quote)| at + quote.len_utf8())
}

/// Collects the scalars of a YAML document except its keys, up to a syntax error.
fn collect_yaml_scalars(text: &str, depth: usize, found: &mut BTreeSet<String>) {
    // For each open mapping: true if a key comes next; `None` for a sequence.
    let mut open: Vec<Option<bool>> = Vec::new();
    for event in Parser::new_from_str(text) {
        let Ok((event, _)) = event else { return };
        let is_node = matches!(
            &event,
            Event::Scalar(..) | Event::Alias(..) | Event::SequenceStart(..) | Event::MappingStart(..)
        );
        let mut is_key = false;
        if is_node && let Some(Some(key)) = open.last_mut() {
            is_key = *key;
            *key = !*key;
        }
        match event {
            // A text without structure is a single scalar and was added already.
            Event::Scalar(value, ..) if !is_key && !open.is_empty() => collect(&value, depth, found),
            Event::MappingStart(..) => open.push(Some(true)),
            Event::SequenceStart(..) => open.push(None),
            Event::MappingEnd | Event::SequenceEnd => drop(open.pop()),
            _ => {}
        }
    }
}

/// Returns the value of a line `KEY=value` as in `.env` files, INI files and shells, without quotes or comment.
fn assigned_value(line: &str) -> Option<String> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (key, value) = line.split_once('=')?;
    let key = key.trim();
    let is_key = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    if key.is_empty() || !is_key {
        return None;
    }
    let value = value.trim();
    let quoted = |quote: char| {
        value.strip_prefix(quote).map(|rest| rest.rsplit_once(quote).map_or(rest, |(inner, _)| inner))
    };
    if let Some(inner) = quoted('"') {
        let json = format!("\"{inner}\"");
        return Some(serde_json::from_str(&json).unwrap_or_else(|_| inner.to_owned()));
    }
    if let Some(inner) = quoted('\'') {
        return Some(inner.to_owned());
    }
    let plain = value.split_once(" #").map_or(value, |(value, _)| value.trim_end());
    Some(plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn holds(secret: &str, wanted: &[&str]) {
        let found = parts(secret);
        for text in wanted {
            assert!(found.contains(*text), "{text:?} is not in {found:?}");
        }
    }

    #[test]
    fn the_values_of_a_json_document_are_parts_and_its_keys_are_not() {
        let secret =
            r#"{"private_key_id":"key-1234","n":12345678,"few":123,"list":[{"deep":"line one\nline two"}]}"#;
        holds(secret, &[secret, "key-1234", "12345678", "line one\nline two", "line one", "line two"]);
        let found = parts(secret);
        assert!(!found.iter().any(|text| ["private_key_id", "123"].contains(&text.as_str())), "{found:?}");
    }

    #[test]
    fn the_numbers_of_a_json_document_are_parts_as_they_are_written() {
        let secret = r#"{"a": 1234.50, "b":[123456789012345678901234567890,-1.20E+10],"c\"":"it is 765432","d":0.000001}"#;
        holds(secret, &["1234.50", "1234.5", "123456789012345678901234567890", "-1.20E+10", "0.000001"]);
        holds("1234567.50", &["1234567.50"]);
        assert!(!parts(secret).contains("765432"), "a number within a text is none of its own");
    }

    #[test]
    fn both_values_of_a_key_that_a_json_document_has_twice_are_parts() {
        holds(r#"{"key": "first-value", "key": "other\\value\"x"}"#, &["first-value", "other\\value\"x"]);
        holds(r#"{"key": "half-\ud800-pair", "next": "next-value"}"#, &["half-\\ud800-pair", "next-value"]);
    }

    #[test]
    fn a_document_inside_a_string_of_another_is_read() {
        holds(r#"{"config":"{\"token\":\"inner-token\"}"}"#, &["inner-token"]);
        holds("config: |\n  {\"token\": \"inner-token\"}\n", &["inner-token"]);
    }

    #[test]
    fn the_scalars_of_a_yaml_document_are_parts() {
        let secret = "user: \"qu\\u006Fted text\"\ntoken: 'single ''quoted'''\nblock: |\n  first line\n  second line\n\
                      folded: >-\n  one two\n  three\nlist:\n- item-one # a comment\n- { key_name: flow-value }\nn: 12345678\n";
        let wanted = [
            "quoted text",
            "single 'quoted'",
            "first line\nsecond line\n",
            "one two three",
            "item-one",
            "flow-value",
            "12345678",
        ];
        holds(secret, &wanted);
        assert!(!parts(secret).contains("key_name"));
    }

    #[test]
    fn the_values_of_assignments_are_parts() {
        let secret = "# comment\nexport A=plain-value # why\nB=\"double \\\"quoted\\\"\"\nC='single quoted'\nd.e = spaced-value\n";
        holds(secret, &["plain-value", "double \"quoted\"", "single quoted", "spaced-value"]);
    }

    #[test]
    fn blank_and_short_lines_are_no_parts() {
        assert_eq!(parts("          \n\t\t\t\t\t\t\t\n   short   \n"), BTreeSet::new());
        let found = parts("token: abcdefgh\n          \n   ab   \nend: ijklmnop");
        assert!(found.iter().all(|text| text.trim().len() >= SHORTEST), "{found:?}");
        assert!(found.contains("abcdefgh"));
    }

    #[test]
    fn a_text_is_a_part_with_and_without_white_space_around_it() {
        holds("  padded-secret\t", &["  padded-secret\t", "padded-secret"]);
    }
}
