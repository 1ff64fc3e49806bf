//! Syntax of inputs, which are values from outputs of other stacks: `vpc_id = "network.vpc_id"`, `zone = "network.zones[0]"`.

use super::raw::comparison::is_variable_name;

/// Splits an input into stack and output path. The name of a stack may hold dots: a quoted name ends at the quote; otherwise
/// the stack is the longest declared name at the beginning, or, without one, the text before the first dot.
pub(crate) fn split_input<'t>(text: &'t str, is_stack: &dyn Fn(&str) -> bool) -> Option<(&'t str, &'t str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (stack, path) = quoted.split_once('"')?;
        return Some((stack, path.strip_prefix('.')?));
    }
    let declared = possible_splits(text, is_stack).pop();
    declared.or_else(|| text.split_once('.'))
}

/// Returns every split of `STACK.PATH` at a dot whose first part is a declared stack: several if both `a` and `a.b` are
/// stacks.
pub(super) fn possible_splits<'t>(text: &'t str, is_stack: &dyn Fn(&str) -> bool) -> Vec<(&'t str, &'t str)> {
    if text.starts_with('"') {
        return Vec::new();
    }
    let parts = text.match_indices('.').map(|(at, _)| (&text[..at], &text[at + 1..]));
    parts.filter(|(stack, _)| is_stack(stack)).collect()
}

/// Step of an output path: an attribute, a key or an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathStep<'p> {
    /// Selection that the step makes.
    pub(super) selector: OutputSelector<'p>,
    /// Length of the path in bytes, up to the end of this step.
    pub(super) end: usize,
}

/// Member or item that a step of an output path selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OutputSelector<'p> {
    /// Member of an object: `.attribute`, `["key"]`.
    Member(&'p str),
    /// Item of a list: `[0]`.
    Item(usize),
}

/// Returns an error if a text is no output path: a name, then any of `.attribute`, `[0]` and `["key"]`.
pub(crate) fn check_path(path: &str) -> Result<(), String> {
    steps(path).map(|_| ())
}

/// Splits an output path into the name of the output and the steps after it.
pub(super) fn steps(path: &str) -> Result<(&str, Vec<PathStep<'_>>), String> {
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (name, mut rest) = path.split_at(end);
    if !is_variable_name(name) {
        return Err(format!("`{name}` is no name of an output"));
    }
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (selector, length) = if let Some(attribute) = rest.strip_prefix('.') {
            let length = attribute.find(['.', '[']).unwrap_or(attribute.len());
            if !is_variable_name(&attribute[..length]) {
                return Err(format!("`{}` is no attribute", &attribute[..length]));
            }
            (OutputSelector::Member(&attribute[..length]), length + 1)
        } else {
            parse_index(rest)
                .ok_or_else(|| format!("`{rest}` selects nothing: `[0]`, `[\"key\"]` or `.attribute`"))?
        };
        rest = &rest[length..];
        steps.push(PathStep { selector, end: path.len() - rest.len() });
    }
    Ok((name, steps))
}

/// Parses `[0]` or `["key"]` at the start of a text; returns the selection and the length of its text in bytes.
fn parse_index(text: &str) -> Option<(OutputSelector<'_>, usize)> {
    let inner = text.strip_prefix('[')?;
    if let Some(key) = inner.strip_prefix('"') {
        let end = key.find('"').filter(|end| *end > 0)?;
        return key[end + 1..].starts_with(']').then_some((OutputSelector::Member(&key[..end]), end + 4));
    }
    let end = inner.find(']')?;
    Some((OutputSelector::Item(inner[..end].parse().ok()?), end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_declared_name_is_the_stack() {
        let declared = |name: &str| ["network", "a.b"].contains(&name);
        assert_eq!(split_input("network.vpc_id", &declared), Some(("network", "vpc_id")));
        assert_eq!(split_input("network.zones[0].id", &declared), Some(("network", "zones[0].id")));
        assert_eq!(split_input("a.b.c.d", &declared), Some(("a.b", "c.d")));
        assert_eq!(split_input("netwrok.vpc_id", &declared), Some(("netwrok", "vpc_id")));
        assert_eq!(split_input("network", &declared), None);
    }

    #[test]
    fn a_stack_in_quotes_is_that_one_whatever_is_declared() {
        let declared = |name: &str| ["a", "a.b"].contains(&name);
        assert_eq!(split_input("\"a\".b.c", &declared), Some(("a", "b.c")));
        assert_eq!(split_input("\"a.b\".c[0]", &declared), Some(("a.b", "c[0]")));
        for wrong in ["\"a", "\"a\"", "\"a\"b"] {
            assert_eq!(split_input(wrong, &declared), None, "{wrong}");
        }
        assert_eq!(possible_splits("a.b.c", &declared), [("a", "b.c"), ("a.b", "c")]);
        assert_eq!(possible_splits("\"a\".b.c", &declared), []);
    }

    #[test]
    fn a_path_selects_by_attribute_index_and_key() {
        for good in ["vpc_id", "zones[0]", "zones[0].id", "tags[\"a.b\"].x", "a.b.c"] {
            assert_eq!(check_path(good), Ok(()), "{good}");
        }
        for bad in ["", "0a", "a.", "a[", "a[x]", "a[\"\"]", "a[\"b]", "a[0", "a[0]b", "a b"] {
            assert!(check_path(bad).is_err(), "{bad}");
        }
    }
}
