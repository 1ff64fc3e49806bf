//! Scanner for the heredocs and brackets of native syntax, which follows the scanner of the engines.
//!
//! Source: <https://github.com/hashicorp/hcl/blob/main/hclsyntax/scan_tokens.rl>.

use std::ops::Range;

/// Delimiters of one heredoc, as byte ranges of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heredoc {
    /// Delimiter after `<<` or `<<-`.
    pub opening: Range<usize>,
    /// Delimiter that ends the heredoc, alone on its line.
    pub closing: Range<usize>,
}

/// Construct of HCL that the scanner is in.
enum Mode {
    /// Expressions and blocks; inside a template, those of an interpolation.
    Code {
        /// Number of open braces.
        braces: usize,
        /// Number of open parentheses and square brackets.
        brackets: usize,
    },
    /// Quoted template.
    Quoted,
    /// Heredoc, with its opening delimiter.
    Heredoc(Range<usize>),
}

/// Returns the heredocs of a text, nested ones included, in the order in which they end. Scanning stops at a broken
/// construct.
pub(super) fn heredocs(text: &str) -> Vec<Heredoc> {
    scan(text).0
}

/// Returns true if each construct of a text that has a closing delimiter begins and ends in the text: between
/// parentheses, such a text cannot close them.
pub(super) fn is_self_contained(text: &str) -> bool {
    scan(text).1
}

/// Returns the heredocs of a text, and true if its constructs begin and end in it.
fn scan(text: &str) -> (Vec<Heredoc>, bool) {
    let mut found = Vec::new();
    let mut modes = vec![Mode::Code { braces: 0, brackets: 0 }];
    let mut is_complete = true;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let is_nested = modes.len() > 1;
        let Some(mode) = modes.last_mut() else { break };
        let rest = &text[at..];
        match mode {
            Mode::Code { braces, brackets } => {
                if c == '#' || rest.starts_with("//") {
                    at += rest.find('\n').unwrap_or(rest.len());
                    continue;
                }
                if let Some(comment) = rest.strip_prefix("/*") {
                    let end = comment.find("*/");
                    is_complete &= end.is_some();
                    at += end.map_or(rest.len(), |end| end + 4);
                    continue;
                }
                if let Some(marker) = opening_marker(text, at) {
                    at = marker.end + text[marker.end..].find('\n').map_or(0, |end| end + 1);
                    modes.push(Mode::Heredoc(marker));
                    close_heredoc(text, &mut at, &mut modes, &mut found);
                    continue;
                }
                match c {
                    '{' => *braces += 1,
                    '}' if *braces > 0 => *braces -= 1,
                    '}' if *brackets == 0 && is_nested => drop(modes.pop()),
                    '(' | '[' => *brackets += 1,
                    ')' | ']' if *brackets > 0 => *brackets -= 1,
                    '}' | ')' | ']' => is_complete = false,
                    '"' => modes.push(Mode::Quoted),
                    _ => {}
                }
                at += c.len_utf8();
            }
            Mode::Quoted | Mode::Heredoc(_) => {
                let is_quoted = matches!(mode, Mode::Quoted);
                if rest.starts_with("$${") || rest.starts_with("%%{") {
                    at += 3;
                } else if rest.starts_with("${") || rest.starts_with("%{") {
                    modes.push(Mode::Code { braces: 0, brackets: 0 });
                    at += 2;
                } else if is_quoted && c == '\\' {
                    at += 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                } else {
                    if is_quoted && c == '"' {
                        modes.pop();
                    }
                    is_complete &= !(is_quoted && c == '\n');
                    at += c.len_utf8();
                    if !is_quoted && c == '\n' {
                        close_heredoc(text, &mut at, &mut modes, &mut found);
                    }
                }
            }
        }
    }
    let is_complete = is_complete && matches!(modes[..], [Mode::Code { braces: 0, brackets: 0 }]);
    (found, is_complete)
}

/// Returns the opening delimiter of a heredoc whose `<<` is at a byte position.
fn opening_marker(text: &str, at: usize) -> Option<Range<usize>> {
    let marker = text[at..].strip_prefix("<<")?;
    let marker = marker.strip_prefix('-').unwrap_or(marker);
    let end = marker.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))?;
    let start = text.len() - marker.len();
    let is_opening = end > 0 && (marker[end..].starts_with('\n') || marker[end..].starts_with("\r\n"));
    is_opening.then_some(start..start + end)
}

/// Ends the innermost heredoc if the line at this position is its delimiter alone.
fn close_heredoc(text: &str, at: &mut usize, modes: &mut Vec<Mode>, found: &mut Vec<Heredoc>) {
    let Some(Mode::Heredoc(opening)) = modes.last() else { return };
    let line = text[*at..].split('\n').next().unwrap_or_default();
    if line.trim() == &text[opening.clone()] {
        let start = *at + (line.len() - line.trim_start().len());
        let heredoc = Heredoc { opening: opening.clone(), closing: start..start + opening.len() };
        *at = heredoc.closing.end;
        found.push(heredoc);
        modes.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(text: &str) -> Vec<&str> {
        heredocs(text).iter().map(|heredoc| text[heredoc.opening.end..heredoc.closing.start].trim()).collect()
    }

    #[test]
    fn openings_in_comments_strings_and_heredocs_are_none() {
        let text = concat!(
            "# <<A\nA\n// <<A\n/* <<A\nA */\n",
            "x = \"<<A $${ \\\" # \"\n",
            "y = <<A\n<<A\n$${ \"\nA\n",
            "z = f(<<-B\n  ${f(<<C\n}\nB\nC\n)}\n  B\n, 1)\n",
        );
        assert_eq!(bodies(text), ["<<A\n$${ \"", "}\nB", "${f(<<C\n}\nB\nC\n)}"]);
    }

    #[test]
    fn a_text_that_closes_more_than_it_opens_is_not_self_contained() {
        for text in [
            "1)\nother = (2",
            "1 + (2",
            "[1",
            "{ a = 1",
            "}",
            "\"a",
            "\"a\nb\"",
            "\"${\"a\nb\"}\"",
            "\"${1\"",
            "\"${ ( }\"",
            "/* x",
            "/*/",
            "<<E\na\n",
            "<<E\na\nE\n)\nother = (<<E\nE\n",
            "<<E\na\n\u{a0}E\n)\nother = (<<E\nE\n",
            "\"$${\")\nother = (\"}\"",
            "\"\\\\\")\nother = (\"\"",
            "/* /* */ )\nother = ( /* */ 1",
            "1 # )\n)\nother = (2",
        ] {
            assert!(!is_self_contained(text), "{text:?}");
        }
        for text in [
            "1",
            "1 # )",
            "(1)",
            "[{ a = [1] }, 2]",
            "\"$${)\"",
            "\"\\\"${{ a = \")\" }.a})\"",
            "/* ) */ 1",
            "<<E\n)\nE)\nE\n",
            "[<<-E\n  ) ${[1][0]}\n  E\n, \"]\"]",
        ] {
            assert!(is_self_contained(text), "{text:?}");
        }
    }

    #[test]
    fn carriage_returns_and_blanks_around_a_heredoc_marker_are_left_out() {
        assert_eq!(bodies("x = <<E\r\na\r\n\t E \r\ny = <<E\nE\n"), ["a", ""]);
    }
}
