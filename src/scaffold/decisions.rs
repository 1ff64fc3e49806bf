//! Lines of a written environments.toml that ask a person to decide something.

/// Text before what is to be decided.
const MARK: &str = "to decide: ";

/// Beginnings of commented lines that a person completes.
const OPEN_KEYS: [&str; 3] = ["# vars = ", "# secrets.", "# engine = "];

/// Line of a written environments.toml that asks a person to decide something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDecision {
    /// Number of the line, from 1.
    pub line: usize,
    /// Text of the line, without the mark of a comment.
    pub text: String,
}

/// Returns the lines that ask a person to decide something.
pub(super) fn open_decisions(toml: &str) -> Vec<OpenDecision> {
    let open = |(index, line): (usize, &str)| {
        let text = match line.split_once(MARK) {
            Some((_, text)) if line.contains('#') => text,
            _ if OPEN_KEYS.iter().any(|key| line.starts_with(key)) => line.trim_start_matches("# "),
            _ => return None,
        };
        Some(OpenDecision { line: index + 1, text: text.to_owned() })
    };
    toml.lines().enumerate().filter_map(open).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_have_the_numbers_of_their_lines() {
        let toml = "[project]\n# engine = \"tofu\" # or\n\n[environments.dev]\nworkspace = \"\" # to decide: its name\n# other\n# vars = { a = \"…\" }\n";
        let found: Vec<(usize, String)> =
            open_decisions(toml).into_iter().map(|open| (open.line, open.text)).collect();
        let expected = [(2, "engine = \"tofu\" # or"), (5, "its name"), (7, "vars = { a = \"…\" }")];
        assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
    }
}
