//! English plurals for messages.

use std::fmt;

/// Number with a noun: `1 resource`, `3 resources`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count<'a>(pub u64, pub &'a str);

impl fmt::Display for Count<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number, noun) = self;
        match (number, noun.strip_suffix('y')) {
            (1, _) => write!(f, "1 {noun}"),
            (_, Some(stem)) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => write!(f, "{number} {stem}ies"),
            _ if noun.ends_with(['s', 'x']) || noun.ends_with("ch") => write!(f, "{number} {noun}es"),
            _ => write!(f, "{number} {noun}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[test]
    fn plurals_read_right() {
        let words = [
            (1, "stack", "1 stack"),
            (0, "stack", "0 stacks"),
            (2, "directory", "2 directories"),
            (2, "key", "2 keys"),
            (2, "process", "2 processes"),
        ];
        for (number, noun, text) in words {
            assert_eq!(Count(number, noun).to_string(), text);
        }
    }
}
