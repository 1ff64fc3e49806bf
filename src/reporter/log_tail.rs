//! Part of a stack's log that the last step wrote.

use std::io;

use camino::Utf8Path;

use crate::files;

/// Prefix of the first line that each step writes into its stack's log.
const STEP_MARK: &str = "── ";

/// Returns the lines after the last step mark.
pub(super) fn lines_of_last_step(log: &Utf8Path) -> io::Result<Vec<String>> {
    let text = files::read_whole(log)?;
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.iter().rposition(|line| line.starts_with(STEP_MARK)).map_or(0, |at| at + 1);
    Ok(lines[start..].iter().map(|line| (*line).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_the_last_step_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = camino::Utf8PathBuf::try_from(folder.path().join("a.log")).unwrap();
        fs::write(&path, "── plan\nrefreshing\n── apply\ncreating\ndone\n").unwrap();
        assert_eq!(lines_of_last_step(&path).unwrap(), ["creating", "done"]);
    }
}
