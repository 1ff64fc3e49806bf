//! Wrapping of messages to the width of a terminal.

use std::{borrow::Cow, mem};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr};

/// Indentation of a continuation line, relative to its first line.
const HANGING: usize = 2;

/// Breaks the lines of a message at spaces. Text in backticks, such as a command to type, is never broken.
pub fn wrapped(text: &str, width: usize) -> Cow<'_, str> {
    if text.lines().all(|line| visible_width(line) <= width) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split('\n').map(|line| wrapped_line(line, width)).collect::<Vec<_>>().join("\n"))
}

/// Cuts a line that is wider than a number of columns, with `…` at its end. Colours count for nothing.
pub fn clipped(line: &str, columns: usize) -> Cow<'_, str> {
    if visible_width(line) <= columns {
        return Cow::Borrowed(line);
    }
    let (mut kept, mut used, mut is_colour) = (String::new(), 0, false);
    for character in line.chars() {
        is_colour |= character == '\u{1b}';
        let width = if is_colour { 0 } else { character.width().unwrap_or_default() };
        if used + width < columns {
            kept.push(character);
            used += width;
        } else if is_colour {
            kept.push(character);
        } else {
            used = columns;
        }
        is_colour &= character != 'm';
    }
    kept.push('…');
    Cow::Owned(kept)
}

fn wrapped_line(line: &str, width: usize) -> String {
    if visible_width(line) <= width {
        return line.to_owned();
    }
    let indent = line.len() - line.trim_start_matches(' ').len();
    // A very narrow terminal has no space for an indentation.
    let hanging = if indent + HANGING < width / 2 { indent + HANGING } else { 0 };
    let mut lines = Vec::new();
    let mut current = " ".repeat(indent);
    let mut used = indent;
    for (space, word) in words(&line[indent..]) {
        let needed = visible_width(word);
        if !lines.is_empty() || used > indent {
            if used + space + needed > width && used > hanging {
                lines.push(mem::replace(&mut current, " ".repeat(hanging)));
                used = hanging;
            } else if used > hanging || lines.is_empty() {
                current.push_str(&" ".repeat(space));
                used += space;
            }
        }
        current.push_str(word);
        used += needed;
    }
    lines.push(current);
    lines.join("\n")
}

/// Returns the words of a line, each with the number of spaces before it.
fn words(line: &str) -> Vec<(usize, &str)> {
    // A single backtick quotes nothing.
    let quotes = line.matches('`').count().is_multiple_of(2);
    let (mut words, mut is_quoted, mut start, mut space) = (Vec::new(), false, None, 0);
    for (at, character) in line.char_indices() {
        is_quoted ^= character == '`' && quotes;
        if character == ' ' && !is_quoted {
            if let Some(start) = start.take() {
                words.push((mem::take(&mut space), &line[start..at]));
            }
            space += 1;
        } else {
            start.get_or_insert(at);
        }
    }
    words.extend(start.map(|start| (space, &line[start..])));
    words
}

/// Returns the width of a text in columns, without its colour codes.
fn visible_width(text: &str) -> usize {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().map_or(0, UnicodeWidthStr::width);
    first + parts.map(|part| part.find('m').map_or(part, |end| &part[end + 1..]).width()).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_hang_below_their_first_word() {
        let text = "warning: `region` is set for the whole environment\nshort";
        let expected = "warning: `region` is set\n  for the whole\n  environment\nshort";
        assert_eq!(wrapped(text, 24), expected);
        assert_eq!(wrapped("    note: one two three", 16), "    note: one\n      two three");
        assert_eq!(wrapped("✔ app  1 to create", 18), "✔ app  1 to create");
    }

    #[test]
    fn a_command_to_type_and_a_long_word_stay_whole() {
        let text = "hint: `envctl runs resume 01M8P33QHGKT4W806Y3AH9TRDG` goes on with what is left";
        let expected =
            "hint:\n  `envctl runs resume 01M8P33QHGKT4W806Y3AH9TRDG`\n  goes on with what is left";
        assert_eq!(wrapped(text, 30), expected);
        assert_eq!(wrapped("an-address.that.is.too.long b", 10), "an-address.that.is.too.long\n  b");
        assert_eq!(wrapped("a ` b c", 3), "a `\nb c");
    }

    #[test]
    fn a_line_that_is_too_wide_is_cut_and_keeps_its_colours() {
        assert_eq!(clipped("short", 5), "short");
        assert_eq!(clipped("a long line", 6), "a lon…");
        assert_eq!(clipped("\u{1b}[31mred and more\u{1b}[0m", 4), "\u{1b}[31mred\u{1b}[0m…");
    }

    #[test]
    fn colours_take_no_space() {
        let painted = "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m no more";
        assert_eq!(wrapped(painted, 14), painted);
        assert_eq!(wrapped(painted, 9), "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m no\n  more");
    }
}
