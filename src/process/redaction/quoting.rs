//! Quoting rules of programs and languages. All functions return the text between the quotes.

use std::fmt::Write as _;

/// Quotes a text as JSON with only the mandatory escapes.
pub(super) fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Quotes a text as Go's `encoding/json` does, which also escapes what would be special in HTML or a script.
pub(super) fn json_html(text: &str) -> String {
    json_script(text).replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// Quotes a text as Go's `encoding/json` does with `SetEscapeHTML(false)`.
pub(super) fn json_script(text: &str) -> String {
    json(text).replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// Quotes a text as JSON in ASCII, as Python's `json.dumps` does.
pub(super) fn json_ascii(text: &str) -> String {
    escape_with(&json(text), |character, out| {
        if (' '..='~').contains(&character) {
            return false;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
        true
    })
}

/// Quotes a text as JSON in ASCII with upper-case digits, as Java's Jackson does.
pub(super) fn json_ascii_upper(text: &str) -> String {
    escape_with(&json(text), |character, out| {
        let is_kept = (' '..='~').contains(&character);
        if !is_kept {
            upper_units(character, out);
        }
        !is_kept
    })
}

/// Quotes a text as .NET's `System.Text.Json` does by default: with upper-case digits, and HTML-sensitive characters
/// escaped. Source: <https://learn.microsoft.com/dotnet/standard/serialization/system-text-json/character-encoding>.
pub(super) fn json_dotnet(text: &str) -> String {
    escape_with(text, |character, out| {
        match character {
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' if !"\"&'+<>`".contains(character) => return false,
            _ => upper_units(character, out),
        }
        true
    })
}

/// Writes the UTF-16 units of a character as `\uXXXX`.
fn upper_units(character: char, out: &mut String) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\u{unit:04X}");
    }
}

/// Quotes a text as HCL does: as JSON, with template markers `${` and `%{` doubled.
pub(super) fn hcl(text: &str) -> String {
    json(text).replace("${", "$${").replace("%{", "%%{")
}

/// Quotes a text as Go's `strconv.Quote` and `%q` do.
pub(super) fn go(text: &str) -> String {
    escape_with(text, |character, out| go_escape(character, is_printable(character), out))
}

/// Quotes a text as Go's `strconv.QuoteToASCII` and `%+q` do.
pub(super) fn go_ascii(text: &str) -> String {
    escape_with(text, |character, out| go_escape(character, (' '..='~').contains(&character), out))
}

fn go_escape(character: char, stays: bool, out: &mut String) -> bool {
    let short = match character {
        '"' => Some('"'),
        '\\' => Some('\\'),
        '\u{7}' => Some('a'),
        '\u{8}' => Some('b'),
        '\u{c}' => Some('f'),
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        '\u{b}' => Some('v'),
        _ => None,
    };
    let code = u32::from(character);
    // Writing to a string cannot fail.
    let _ = match (short, code) {
        (Some(short), _) => write!(out, "\\{short}"),
        (None, _) if stays => return false,
        (None, ..0x80) => write!(out, "\\x{code:02x}"),
        (None, 0x80..0x1_0000) => write!(out, "\\u{code:04x}"),
        (None, _) => write!(out, "\\U{code:08x}"),
    };
    true
}

/// Quotes a text as Python's `repr` does, for single quotes or, if the text holds single quotes, for double quotes.
pub(super) fn python(text: &str) -> String {
    escape_with(text, |character, out| python_escape(character, is_printable(character), out))
}

/// Quotes a text as Python's `ascii` does.
pub(super) fn python_ascii(text: &str) -> String {
    escape_with(text, |character, out| python_escape(character, (' '..='~').contains(&character), out))
}

/// Quotes the bytes of a text as Python's `repr` of bytes does.
pub(super) fn python_bytes(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for byte in text.bytes() {
        let character = char::from(byte);
        if byte.is_ascii() {
            if !python_escape(character, (' '..='~').contains(&character), &mut quoted) {
                quoted.push(character);
            }
        } else {
            let _ = write!(quoted, "\\x{byte:02x}");
        }
    }
    quoted
}

fn python_escape(character: char, stays: bool, out: &mut String) -> bool {
    let short = match character {
        '\\' => Some('\\'),
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        _ => None,
    };
    let code = u32::from(character);
    // Writing to a string cannot fail.
    let _ = match (short, code) {
        (Some(short), _) => write!(out, "\\{short}"),
        (None, _) if stays => return false,
        (None, ..0x100) => write!(out, "\\x{code:02x}"),
        (None, 0x100..0x1_0000) => write!(out, "\\u{code:04x}"),
        (None, _) => write!(out, "\\U{code:08x}"),
    };
    true
}

/// Escapes single quotes in a quoted text, as Python does if the text holds both kinds of quotes.
pub(super) fn single_quotes_escaped(text: &str) -> String {
    text.replace('\'', "\\'")
}

/// Quotes a text for a shell between single quotes: `'\''`.
pub(super) fn shell_single(text: &str) -> String {
    text.replace('\'', "'\\''")
}

/// Quotes a text for a shell as Python's `shlex.quote` does: `'"'"'`.
pub(super) fn shell_joined(text: &str) -> String {
    text.replace('\'', "'\"'\"'")
}

/// Quotes a text for a shell between `$'` and `'`, as `printf %q` of bash does with control characters.
pub(super) fn shell_dollar(text: &str) -> String {
    let is_unprintable = |character: char| {
        let code = u32::from(character);
        matches!(code, 0x2028 | 0x2029 | 0xfdd0..=0xfdef) || code & 0xfffe == 0xfffe
    };
    escape_with(text, |character, out| shell_escape(character, !is_unprintable(character), out))
}

/// Quotes a text for a shell between `$'` and `'`, in an ASCII locale.
pub(super) fn shell_dollar_ascii(text: &str) -> String {
    escape_with(text, |character, out| shell_escape(character, character.is_ascii(), out))
}

fn shell_escape(character: char, is_printable: bool, out: &mut String) -> bool {
    let short = match character {
        '\u{1b}' => 'E',
        '\'' => '\'',
        '\\' => '\\',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{b}' => 'v',
        _ if is_printable && !character.is_ascii_control() => return false,
        _ => {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\{byte:03o}");
            }
            return true;
        }
    };
    out.extend(['\\', short]);
    true
}

/// Quotes a text for a shell with a backslash before each special character, as `printf %q` of bash does.
pub(super) fn shell_backslash(text: &str) -> String {
    let mut first = true;
    escape_with(text, |character, out| {
        let at_start = std::mem::take(&mut first) && "~#".contains(character);
        if !at_start && !" \t\n!\"$&'()*,;<>?[\\]^`{|}".contains(character) {
            return false;
        }
        out.extend(['\\', character]);
        true
    })
}

/// Replaces characters: `escape` writes the replacement of a character, or returns false to keep it.
fn escape_with(text: &str, mut escape: impl FnMut(char, &mut String) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if !escape(character, &mut out) {
            out.push(character);
        }
    }
    out
}

/// Returns true if Go and Python print a character unescaped. Unassigned code points count as printable.
fn is_printable(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => false,
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e000}'..='\u{f8ff}' => false,
        '\u{e0000}'.. => false,
        other => !other.is_control() && !other.is_whitespace(),
    }
}
