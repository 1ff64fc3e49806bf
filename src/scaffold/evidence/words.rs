//! Words of command lines in scripts.

/// Splits a line into words; quotes are removed, comments left out, and separators of JSON and YAML end a word too.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    // Brackets of variables and commands that are open.
    let mut brackets: Vec<char> = Vec::new();
    for c in line.chars() {
        match (quote, c) {
            (_, c) if brackets.last() == Some(&c) => {
                brackets.pop();
                word.push(c);
            }
            // In JSON, quotes inside quotes are escaped.
            (_, '\\') => {}
            (_, '{') => {
                brackets.push('}');
                word.push(c);
            }
            (_, '(') if word.ends_with('$') || brackets.last() == Some(&')') => {
                brackets.push(')');
                word.push(c);
            }
            (_, c) if !brackets.is_empty() => word.push(c),
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '#') if word.is_empty() => break,
            (None, ' ' | '\t' | ';' | '|' | '&' | '`' | ',' | '[' | ']' | ')') => {
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            }
            (None, '(') if word.is_empty() => {}
            (_, c) => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    // In JSON and YAML a whole command line can be one quoted text.
    words.into_iter().flat_map(|word| split_command(&word)).collect()
}

/// Splits a quoted text that is a command line, or the arguments of one.
fn split_command(word: &str) -> Vec<String> {
    let is_command =
        ["tofu ", "terraform ", " -backend-config", " -var-file"].iter().any(|part| word.contains(part));
    if !is_command {
        return vec![word.to_owned()];
    }
    word.split_whitespace().map(|word| word.trim_matches(['"', '\'', '\\']).to_owned()).collect()
}

/// Joins the lines of a text that end with a backslash with those that follow.
pub(super) fn joined_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        match line.trim_end().strip_suffix('\\') {
            Some(begin) => {
                open.push_str(begin);
                open.push(' ');
            }
            None => lines.push(std::mem::take(&mut open) + line),
        }
    }
    lines.extend((!open.is_empty()).then_some(open));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_no_words_and_commands_are_one() {
        assert_eq!(words("terraform plan # -var-file=a"), ["terraform", "plan"]);
        assert_eq!(words("# terraform plan"), Vec::<String>::new());
        assert_eq!(words("cd \"$(dirname \"$0\")/x\" && ls"), ["cd", "$(dirname \"$0\")/x", "ls"]);
        assert_eq!(words("x=a#b"), ["x=a#b"]);
        assert_eq!(joined_lines("a \\\n  b\nc"), ["a    b", "c"]);
    }
}
