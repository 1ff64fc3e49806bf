//! Text of others made harmless: what a terminal or a CI job would obey is shown instead.

use std::borrow::Cow;

/// The text with every character written out, as `\u{1b}`, that would move the cursor, change colours, or turn the
/// direction of what is read. Line feeds and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    visible_but(text, |_| 0)
}

/// The same with the colours that envctl paints in left alone, where it paints.
pub(super) fn visible_painted(text: &str, color: bool) -> Cow<'_, str> {
    visible_but(text, |rest| if color { own_color(rest) } else { 0 })
}

/// The text without the colours that engines put around their words; all else that a terminal would obey stays.
pub fn uncolored(text: &str) -> Cow<'_, str> {
    if !text.contains("\u{1b}[") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = color(rest, |number| matches!(number, 0..=4 | 30..=37 | 39 | 90..=97));
        // What begins like a colour and is none stays.
        plain.push_str(if length == 0 { "\u{1b}[" } else { "" });
        rest = &rest[length.max(2)..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// `allowed` says how many bytes at the beginning of a text may stay as they are.
fn visible_but(text: &str, allowed: impl Fn(&str) -> usize) -> Cow<'_, str> {
    let Some(first) = text.find(is_obeyed) else { return Cow::Borrowed(text) };
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
        let next = rest.find(is_obeyed).unwrap_or(rest.len());
        shown.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    Cow::Owned(shown)
}

/// Control characters, and those that turn the direction of text, break its lines, or stand in it unseen.
fn is_obeyed(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        ' '..='~' => false,
        // Marks of direction: ALM, LRM, RLM, embeddings, overrides and isolates with their ends, and the deprecated shapings.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => true,
        // Separators of lines and paragraphs.
        '\u{2028}' | '\u{2029}' => true,
        // A byte order mark, the Mongolian vowel separator, anchors of annotations, and tags: nobody sees them.
        '\u{feff}' | '\u{180e}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        other => other.is_control(),
    }
}

/// The length of a colour of envctl's own at the beginning of a text: no background, no black, nothing that hides.
fn own_color(text: &str) -> usize {
    color(text, |number| matches!(number, 0..=4 | 31..=37 | 39 | 91..=97))
}

/// The length of `ESC[1;31m` at the beginning of a text, when all of its numbers are `known`; 0 for anything else.
fn color(text: &str, known: impl Fn(u8) -> bool) -> usize {
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
