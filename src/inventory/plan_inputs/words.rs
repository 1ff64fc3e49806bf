//! Words of a text that may be paths.

/// Returns true if a character ends a path in a command, an option or a list.
pub(super) fn ends_path(character: char) -> bool {
    character.is_whitespace() || "'\"`;|&()<>,=:@".contains(character)
}

/// Splits a text into words, at the characters that end a path.
pub(in crate::inventory) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(ends_path).filter(|word| !word.is_empty())
}

/// Returns true if the form of a word shows that it is a path: `./x`, `../x`, `x/../y`.
pub(super) fn is_relative_path(word: &str) -> bool {
    [".", ".."].contains(&word) || word.starts_with("./") || word.starts_with("../") || word.contains("/../")
}

/// Returns true if a word may be the name of a file: `run.sh`, `bin/run`.
pub(super) fn may_be_file(word: &str) -> bool {
    !word.starts_with(['-', '/']) && word.contains(['.', '/'])
}

/// Returns the folder of a path of which only the beginning is known: `a/b` for `a/b/c-`; `None` for `c-`.
pub(super) fn known_folder(beginning: &str) -> Option<&str> {
    beginning.rfind('/').map(|at| &beginning[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_holds_its_paths_as_words() {
        let command = "cd .. && sh './x y.sh' --with=../z.json,a/../b | tee /tmp/log";
        let paths: Vec<&str> = words(command).filter(|word| is_relative_path(word)).collect();
        assert_eq!(paths, ["..", "./x", "../z.json", "a/../b"]);
        let files: Vec<&str> = words("sh run.sh -x.y /bin/a bin/b c").filter(|w| may_be_file(w)).collect();
        assert_eq!(files, ["run.sh", "bin/b"]);
        assert_eq!(
            (known_folder("../a/b-"), known_folder("b-"), known_folder("/")),
            (Some("../a"), None, Some(""))
        );
    }
}
