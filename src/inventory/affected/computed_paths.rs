//! Text search for calls of functions that read a file whose path is not literal.

/// Returns true if a function that reads a file has an argument other than a literal path. The literal may begin with
/// `path.module`, `path.root` or `path.cwd`.
pub(super) fn has_computed_path(text: &str) -> bool {
    const FILE_PREFIX: &str = "file";
    text.match_indices(FILE_PREFIX).any(|(at, _)| {
        let rest =
            text[at + FILE_PREFIX.len()..].trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        let Some(arguments) = rest.trim_start().strip_prefix('(').map(str::trim_start) else { return false };
        let is_fileset = text[at..].starts_with("fileset");
        let behind = after_known_argument(arguments);
        let behind = behind.and_then(|behind| match behind.strip_prefix(',') {
            Some(pattern) if is_fileset => after_known_argument(pattern.trim_start()),
            _ => Some(behind),
        });
        !behind.is_some_and(|behind| behind.starts_with([',', ')']))
    })
}

/// Returns the text behind an argument that is a literal, or a known folder (`path.module`) with or without a literal behind
/// it; `None` for any other argument.
fn after_known_argument(arguments: &str) -> Option<&str> {
    const FOLDERS: [&str; 3] = ["path.module", "path.root", "path.cwd"];
    let folder = |text: &str| FOLDERS.iter().find_map(|folder| text.strip_prefix(folder).map(str::len));
    if let Some(left) = folder(arguments) {
        return Some(arguments[arguments.len() - left..].trim_start());
    }
    // In JSON syntax the quote is escaped.
    let path = arguments.trim_start_matches('\\').strip_prefix('"')?;
    let inside = path.strip_prefix("${").map(str::trim_start);
    let path = match inside.map(|inside| (inside, folder(inside))) {
        Some((inside, left)) => inside[inside.len() - left?..].trim_start().strip_prefix('}')?,
        None => path,
    };
    let (path, behind) = path.split_once('"')?;
    let path = path.strip_suffix('\\').unwrap_or(path);
    (!path.contains(['$', '%', '\\'])).then(|| behind.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_known_text_is_none_to_guess() {
        for text in [
            "file(\"x\")",
            "templatefile( \"${path.module}/x\", {})",
            "fileset(path.module, \"*\")",
            "{\"a\":\"${file(\\\"${path.module}/x\\\")}\"}",
            "file(\"${path.root}/../x\")",
            "{\"a\":\"${file(\\\"x\\\")}\"}",
            "a file (of x is a \"file\"",
            "file = 1",
        ] {
            assert_eq!(has_computed_path(text), text.contains("(of"), "{text}");
        }
        for text in [
            "file(var.x)",
            "filebase64sha256(\n local.x)",
            "file(\"${var.x}/y\")",
            "fileset(dirname(path.module), \"*\")",
            "file(\"${path.module}/${var.x}\")",
            "file(\"./${var.x}\")",
            "{\"a\":\"${file(\\\"x/${var.x}\\\")}\"}",
            "fileset(path.module, \"${var.x}/*\")",
            "fileset(path.module, var.x)",
        ] {
            assert!(has_computed_path(text), "{text}");
        }
    }
}
