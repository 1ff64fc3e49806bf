//! Hides a state in the output of an engine: it holds every secret of its stack.

use super::printed_state::MESSAGE;
use crate::process::Stream;

/// Text in place of a hidden state.
const REPLACEMENT: &str = "(here the engine printed the whole state, which is not shown)";

/// Filter that passes the lines of a program on, except those of a state.
#[derive(Debug, Default)]
pub(in crate::engine) struct StateMask {
    position: DumpPosition,
    /// True if the program printed a state.
    has_state: bool,
}

/// Position of the last line of standard error relative to a printed state.
#[derive(Debug, Default, PartialEq, Eq)]
enum DumpPosition {
    /// Outside of a state.
    #[default]
    Outside,
    /// Behind a line `{`, which is held back since a state may begin with it.
    Before,
    /// Within a state, whose lines are hidden.
    Inside,
}

impl StateMask {
    /// Passes a line to `emit`, unless it belongs to a state: then a replacement for the first line of the state, and
    /// nothing for the others.
    pub(in crate::engine) fn filter(&mut self, stream: Stream, line: &str, emit: &mut dyn FnMut(&str)) {
        if let Some(instead) = self.replacement(line) {
            return emit(instead);
        }
        if stream == Stream::Stdout {
            return emit(line);
        }
        let text = line.trim_end();
        let in_one_line =
            text.starts_with('{') && text.contains("\"lineage\":") && text.contains("\"serial\":");
        match self.position {
            DumpPosition::Inside => {
                if text == "}" {
                    self.position = DumpPosition::Outside;
                }
            }
            DumpPosition::Before if text.trim_start().starts_with("\"version\":") => {
                (self.position, self.has_state) = (DumpPosition::Inside, true);
                emit(REPLACEMENT);
            }
            DumpPosition::Before | DumpPosition::Outside => {
                self.flush(emit);
                if in_one_line {
                    self.has_state = true;
                    emit(REPLACEMENT);
                } else if text == "{" {
                    self.position = DumpPosition::Before;
                } else {
                    emit(line);
                }
            }
        }
    }

    /// Returns the replacement of a JSON line that holds a state; `None` for any other line.
    pub(in crate::engine) fn replacement(&mut self, line: &str) -> Option<&'static str> {
        // A line that was cut off for its length has the same start.
        let is_message =
            line.contains("\"@message\":\"") && line.contains(MESSAGE) && line.contains("\"state\"");
        self.has_state |= is_message;
        is_message.then_some(REPLACEMENT)
    }

    /// Passes a line `{` that was held back to `emit`, since no state followed before the end of the output.
    pub(in crate::engine) fn flush(&mut self, emit: &mut dyn FnMut(&str)) {
        if self.position == DumpPosition::Before {
            emit("{");
        }
        self.position = DumpPosition::Outside;
    }

    /// Returns true if the program printed a state.
    pub(in crate::engine) fn has_seen_state(&self) -> bool {
        self.has_state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(stream: Stream, lines: &[&str]) -> Vec<String> {
        let (mut state_mask, mut found) = (StateMask::default(), Vec::new());
        for line in lines {
            state_mask.filter(stream, line, &mut |line| found.push(line.to_owned()));
        }
        state_mask.flush(&mut |line| found.push(line.to_owned()));
        assert_eq!(state_mask.has_seen_state(), found.iter().any(|line| line == REPLACEMENT));
        found
    }

    #[test]
    fn a_state_is_not_passed_on_in_any_form() {
        let line = r#"{"@level":"info","@message":"Emergency state dump","state":{"version":4}}"#;
        assert_eq!(passed(Stream::Stdout, &["a", line, "b"]), ["a", REPLACEMENT, "b"]);
        let one = r#"{"version":4,"serial":1,"lineage":"x","resources":["secret"]}"#;
        assert_eq!(passed(Stream::Stderr, &["a", one, "b"]), ["a", REPLACEMENT, "b"]);
        let many = ["{", "  \"version\": 4,", "  \"outputs\": {", "  }", "}", "", "Error: no"];
        assert_eq!(passed(Stream::Stderr, &many), [REPLACEMENT, "", "Error: no"]);
    }

    #[test]
    fn all_other_lines_are_passed_on_unchanged() {
        for lines in [
            &["{", "  \"a\": 1", "}"] as &[&str],
            &["{", "{", "x"],
            &["{"],
            &["the words Emergency state dump"],
            &["{\"version\":4}", ""],
        ] {
            assert_eq!(passed(Stream::Stderr, lines), lines);
            assert_eq!(passed(Stream::Stdout, lines), lines);
        }
        let pulled = [r#"{"version":4,"serial":1,"lineage":"x"}"#];
        assert_eq!(passed(Stream::Stdout, &pulled), pulled, "somebody asked for it");
    }
}
