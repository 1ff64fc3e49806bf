//! Escaping of characters that a terminal or a CI job would interpret.

use std::borrow::Cow;

/// Replaces characters that would move the cursor, change colours or change the writing direction by escapes such as
/// `\u{1b}`. Line feeds and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped_except(text, |_| 0)
}

/// Escapes a text like [`visible`], but keeps envctl's own colours if `color` is true.
pub(super) fn visible_painted(text: &str, color: bool) -> Cow<'_, str> {
    escaped_except(text, |rest| if color { own_color_length(rest) } else { 0 })
}

/// Removes the colours that engines print; all other control sequences stay.
pub fn uncolored(text: &str) -> Cow<'_, str> {
    if !text.contains("\u{1b}[") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = color_length(rest, |number| matches!(number, 0..=4 | 30..=37 | 39 | 90..=97));
        // A sequence that begins like a colour and is none stays.
        plain.push_str(if length == 0 { "\u{1b}[" } else { "" });
        rest = &rest[length.max(2)..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Escapes a text. `allowed` returns the number of bytes at the start of its argument that stay as they are.
fn escaped_except(text: &str, allowed: impl Fn(&str) -> usize) -> Cow<'_, str> {
    let Some(first) = text.find(is_interpreted) else { return Cow::Borrowed(text) };
    let mut shown = String::with_capacity(text.len() + 8);
    shown.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(character) = rest.chars().next() {
        let mut length = allowed(rest);
        if length == 0 {
            shown.extend(character.escape_unicode());
            length = character.len_utf8();
        } else {
            shown.push_str(&rest[..length]);
        }
        rest = &rest[length..];
        let next = rest.find(is_interpreted).unwrap_or(rest.len());
        shown.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    Cow::Owned(shown)
}

/// Returns true for control characters, and for characters that change the writing direction, break lines, or are
/// invisible.
fn is_interpreted(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        ' '..='~' => false,
        // Directional marks: ALM, LRM, RLM, embeddings, overrides and isolates with their ends, and the deprecated
        // shaping characters.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => true,
        // Line and paragraph separators.
        '\u{2028}' | '\u{2029}' => true,
        // Invisible characters: byte order mark, Mongolian vowel separator, interlinear annotation anchors, and tags.
        '\u{feff}' | '\u{180e}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        other => other.is_control(),
    }
}

/// Returns the length of a colour that envctl itself uses at the start of a text: no background, no black, no hidden
/// text.
fn own_color_length(text: &str) -> usize {
    color_length(text, |number| matches!(number, 0..=4 | 31..=37 | 39 | 91..=97))
}

/// Returns the length of a sequence such as `ESC[1;31m` at the start of a text if all its numbers are `known`; 0
/// otherwise.
fn color_length(text: &str, known: impl Fn(u8) -> bool) -> usize {
    let Some(inner) = text.strip_prefix("\u{1b}[") else { return 0 };
    let end = inner.find(|c: char| !(c.is_ascii_digit() || c == ';')).unwrap_or(inner.len());
    let mut words = inner[..end].split(';');
    let ends = inner[end..].starts_with('m');
    let all = ends && words.all(|word| word.is_empty() || word.parse().is_ok_and(&known));
    if all { 2 + end + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::{Role, Styles};
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(visible("a\u{1b}[2K\r\u{7}\u{9b}1A\u{202e}\u{2066}z"), {
            r"a\u{1b}[2K\u{d}\u{7}\u{9b}1A\u{202e}\u{2066}z"
        });
        assert_eq!(visible("\u{0}\u{7f}\u{85}"), r"\u{0}\u{7f}\u{85}");
        let unseen = [
            '\u{61c}',
            '\u{180e}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2066}',
            '\u{2069}',
            '\u{206a}',
            '\u{feff}',
            '\u{fffb}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e007f}',
        ];
        for mark in unseen {
            assert_eq!(visible(&format!("a{mark}b")), format!("a{}b", mark.escape_unicode()));
        }
        for plain in ["", "a\n\tb", "ünï → ✔ ╷│╵ אבג", "\u{200b}"] {
            assert!(matches!(visible(plain), Cow::Borrowed(_)), "{plain}");
        }
    }

    #[test]
    fn only_colours_of_envctl_are_left_and_only_where_it_paints() {
        let styles = Styles::new(true);
        for role in [Role::Error, Role::Warning, Role::Hint, Role::Success, Role::Heading, Role::Dim] {
            let painted = styles.paint(role, "text");
            assert_eq!(visible_painted(&painted, true), painted);
            assert!(visible_painted(&painted, false).starts_with(r"\u{1b}["), "{role:?}");
        }
        for hiding in
            ["\u{1b}[8m", "\u{1b}[30m", "\u{1b}[31;47m", "\u{1b}[2Km", "\u{1b}]0;title", "\u{1b}[+1m"]
        {
            let shown = visible_painted(hiding, true);
            assert!(shown.starts_with(r"\u{1b}"), "{shown}");
        }
    }

    #[test]
    fn colours_of_an_engine_are_taken_away_and_nothing_else() {
        assert_eq!(uncolored("\u{1b}[1m\u{1b}[32mApply\u{1b}[0m done"), "Apply done");
        assert_eq!(uncolored("a\u{1b}[2Kb\u{1b}[8mc\u{1b}["), "a\u{1b}[2Kb\u{1b}[8mc\u{1b}[");
        assert!(matches!(uncolored("plain"), Cow::Borrowed(_)));
    }
}
