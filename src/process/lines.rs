//! Splitter of a byte stream into lines.

use std::mem;

/// Length in bytes at which a line is cut, so that a program that writes no line feed cannot exhaust the memory.
const MAX_LINE_LENGTH: usize = 16 * 1024 * 1024;

/// Text that replaces the rest of a line that was cut.
const CUT_MARK: &str = "… (line cut)";

/// Buffer of a byte stream that passes on whole lines as UTF-8; invalid bytes become replacement characters.
pub(super) struct LineSplitter {
    /// Bytes of the line that is not complete yet.
    pending: Vec<u8>,
    max_length: usize,
    /// True if the pending line was cut.
    is_cut: bool,
}

impl LineSplitter {
    pub(super) fn new() -> Self {
        Self { pending: Vec::new(), max_length: MAX_LINE_LENGTH, is_cut: false }
    }

    /// Adds bytes and passes on each line that they complete.
    pub(super) fn push(&mut self, mut bytes: &[u8], on_line: &mut dyn FnMut(&str)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            if self.pending.is_empty() && end <= self.max_length {
                emit(&bytes[..end], self.is_cut, on_line);
            } else {
                self.append(&bytes[..end]);
                emit(&mem::take(&mut self.pending), self.is_cut, on_line);
            }
            self.is_cut = false;
            bytes = &bytes[end + 1..];
        }
        self.append(bytes);
    }

    /// Passes on the rest when the stream has ended without a line feed.
    pub(super) fn finish(&mut self, on_line: &mut dyn FnMut(&str)) {
        if !self.pending.is_empty() {
            emit(&mem::take(&mut self.pending), self.is_cut, on_line);
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        let room = self.max_length.saturating_sub(self.pending.len());
        self.is_cut |= bytes.len() > room;
        self.pending.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

fn emit(line: &[u8], is_cut: bool, on_line: &mut dyn FnMut(&str)) {
    let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
    if is_cut {
        on_line(&format!("{text}{CUT_MARK}"));
    } else {
        on_line(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(mut lines: LineSplitter, pieces: &[&[u8]]) -> Vec<String> {
        let mut found = Vec::new();
        for piece in pieces {
            lines.push(piece, &mut |line| found.push(line.to_owned()));
        }
        lines.finish(&mut |line| found.push(line.to_owned()));
        found
    }

    #[test]
    fn the_last_line_is_not_lost_without_a_line_feed() {
        assert_eq!(split(LineSplitter::new(), &[b"a\nb", b"c\r\n\nlast"]), ["a", "bc", "", "last"]);
    }

    #[test]
    fn a_character_in_two_pieces_is_one_character() {
        assert_eq!(
            split(LineSplitter::new(), &["ä".as_bytes().get(..1).unwrap(), &"ä".as_bytes()[1..]]),
            ["ä"]
        );
        assert_eq!(split(LineSplitter::new(), &[b"\xff\n"]), ["\u{fffd}"]);
    }

    #[test]
    fn an_endless_line_is_cut_and_the_next_one_is_whole() {
        let short = || LineSplitter { max_length: 4, ..LineSplitter::new() };
        assert_eq!(split(short(), &[b"abc", b"defg", b"hi\nnext\n"]), ["abcd… (line cut)", "next"]);
        assert_eq!(split(short(), &[b"abcdefghi\nnext"]), ["abcd… (line cut)", "next"]);
    }
}
