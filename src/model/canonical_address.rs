//! Canonical resource addresses, as engines print them. Address patterns match this form only.
//!
//! Engines parse an address as HCL, so blanks, comments, escapes and other notations of a number name the same resource.

/// Returns true if a text is the address of a resource or a module exactly as `state list` prints it.
pub fn is_canonical_address(text: &str) -> bool {
    let Some(components) = components(text) else { return false };
    let mut rest = components.as_slice();
    while let [("module", false), (_, _), others @ ..] = rest {
        rest = others;
    }
    matches!(rest, [] | [("data" | "ephemeral", false), (_, false), _] | [(_, false), _])
}

/// Splits an address at its dots; each name comes with true if an index follows it.
fn components(text: &str) -> Option<Vec<(&str, bool)>> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let name = &rest[..end];
        if !is_identifier(name) {
            return None;
        }
        rest = &rest[end..];
        let has_index = rest.starts_with('[');
        if has_index {
            rest = after_index(rest)?;
        }
        found.push((name, has_index));
        match rest.strip_prefix('.') {
            Some(more) => rest = more,
            None => return rest.is_empty().then_some(found),
        }
    }
}

fn is_identifier(text: &str) -> bool {
    // Engines normalize Unicode identifiers, so other characters have no canonical form here.
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// Returns the text after an index at its start: `[0]` or `["key"]`.
fn after_index(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('[')?;
    let Some(quoted) = inside.strip_prefix('"') else {
        let (digits, rest) = inside.split_once(']')?;
        let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        return (is_number && (digits == "0" || !digits.starts_with('0'))).then_some(rest);
    };
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return quoted[at + 1..].strip_prefix(']'),
            '\\' if !matches!(characters.next(), Some((_, '"' | '\\'))) => return None,
            '$' | '%' if quoted[at + 1..].starts_with('{') => return None,
            c if c.is_control() || !c.is_ascii() => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_engine_shows_is_canonical() {
        for address in [
            "aws_x.y",
            "aws_x.y[0]",
            "aws_x.y[10]",
            "aws_x.y[\"a b.c]\"]",
            "aws_x.y[\"a\\\"b\\\\\"]",
            "data.aws_x.y",
            "module.a",
            "module.a[0].module.b[\"k\"]",
            "module.a.aws_x.y-1",
            "module.a[\"x\"].data.aws_x.y[0]",
            "aws_x.module",
        ] {
            assert!(is_canonical_address(address), "{address}");
        }
        for other in [
            "",
            "aws_x",
            "aws_x . y",
            " aws_x.y",
            "aws_x.y ",
            "aws_x.\ny",
            "aws_x/**/.y",
            "aws_x.y # mine",
            "aws_x.y // mine",
            "aws_x.y[00]",
            "aws_x.y[0x0]",
            "aws_x.y[1e0]",
            "aws_x.y[ 0]",
            "aws_x.y[0] ",
            "aws_x.y['a']",
            "aws_x.y[\"\\u0061\"]",
            "aws_x.y[\"${\"a\"}\"]",
            "aws_x.y[\"e\u{301}\"]",
            "aws_x.y[0][1]",
            "aws_x.y[\"a\"",
            "aws_x.y.0",
            "aws_x.y.z",
            "aws_x[0].y",
            "module",
            "module.a.aws_x",
            "\"aws_x\".y",
            "aws_x.\u{e9}",
        ] {
            assert!(!is_canonical_address(other), "{other:?}");
        }
    }
}
