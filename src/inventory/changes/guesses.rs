//! Whether the bare text of a file may read others at paths of which nothing is written there.

/// Whether a function that reads a file is given anything but a path that begins with known text.
pub(super) fn guesses(text: &str) -> bool {
    const WORD: &str = "file";
    text.match_indices(WORD).any(|(at, _)| {
        let rest = text[at + WORD.len()..].trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        let Some(given) = rest.trim_start().strip_prefix('(').map(str::trim_start) else { return false };
        if given.starts_with("path.") {
            return false;
        }
        // In JSON syntax the quote has an escape.
        match given.trim_start_matches('\\').strip_prefix('"') {
            Some(path) => path.starts_with("${") && !path.starts_with("${path."),
            None => true,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_begins_with_known_text_is_none_to_guess() {
        for text in [
            "file(\"x\")",
            "templatefile( \"${path.module}/x\", {})",
            "fileset(path.module, \"*\")",
            "{\"a\":\"${file(\\\"x\\\")}\"}",
            "a file (of x is a \"file\"",
            "file = 1",
        ] {
            assert_eq!(guesses(text), text.contains("(of"), "{text}");
        }
        for text in [
            "file(var.x)",
            "filebase64sha256(\n local.x)",
            "file(\"${var.x}/y\")",
            "fileset(dirname(path.module), \"*\")",
        ] {
            assert!(guesses(text), "{text}");
        }
    }
}
