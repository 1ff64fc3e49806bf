//! Quoting for commands that the user may copy into a shell.

/// Quotes a word for a POSIX shell, if needed.
pub fn shell_word(word: &str) -> String {
    let plain = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "-_./@:=,+".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_read_more_into_it() {
        assert_eq!(shell_word("delete:aws_x.y"), "delete:aws_x.y");
        assert_eq!(shell_word("aws_x.y[\"k\"]"), "'aws_x.y[\"k\"]'");
        assert_eq!(shell_word("it's"), "'it'\\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
