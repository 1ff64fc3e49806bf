//! Escaping of lines that a GitHub job would take for workflow commands.

use std::borrow::Cow;

/// Inserts a zero-width space into each line that a GitHub job would execute as a workflow command; output of engines
/// and hooks must not contain any.
///
/// The runner trims a line before it looks for `::` at its beginning, and finds the older `##[` anywhere in it.
pub(super) fn disarmed(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##[") {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 3);
    for line in text.split_inclusive('\n') {
        let words = line.trim_start();
        safe.push_str(&line[..line.len() - words.len()]);
        if words.starts_with("::") {
            safe.push('\u{200b}');
        }
        safe.push_str(&words.replace("##[", "##\u{200b}["));
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_can_speak_to_a_ci_job() {
        assert_eq!(disarmed("a\n  ::stop-commands::x\nb::c"), "a\n  \u{200b}::stop-commands::x\nb::c");
        assert_eq!(disarmed("x ##[error]y"), "x ##\u{200b}[error]y");
        assert!(matches!(disarmed("plain: text"), Cow::Borrowed(_)));
    }
}
