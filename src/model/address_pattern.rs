//! Patterns over resource addresses: `aws_db_instance.*`, `module.database.**`.
//!
//! Brackets are literal: they hold an index, never a set of characters. A component without an index matches every index.
//! `*` stands for any text within one component, `**` for any number of components. A pattern that starts with `module.`
//! is anchored at the root; any other matches in every module.

use std::{fmt, str::FromStr};

/// Pattern over resource addresses and, appended to an address, over attribute paths.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AddressPattern {
    text: String,
    components: Vec<Component>,
    /// True if the pattern starts with `module.`, so that it matches from the root module only.
    anchored: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Component {
    /// `**`: any number of components.
    Any,
    /// One component: a name, which may hold `*`, and an index; without an index every index matches.
    One { name: String, index: Option<String> },
}

/// Error for a text that is no address pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidAddressPattern(&'static str);

impl AddressPattern {
    /// Returns the pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns true if the pattern matches a resource address: `module.vpc[0].aws_subnet.a["x"]`.
    pub fn matches(&self, address: &str) -> bool {
        split(address).is_some_and(|parts| self.matches_parts(&parts))
    }

    /// Returns true if the pattern matches an attribute (`tags`, `ingress[0].cidr`) of a resource.
    pub fn matches_attribute(&self, address: &str, attribute: &str) -> bool {
        let (Some(mut parts), Some(path)) = (split(address), split(attribute)) else { return false };
        parts.extend(path);
        self.matches_parts(&parts)
    }

    /// Returns true if the pattern may match a resource inside of a module, or an instance of a resource whose address is
    /// given without an index.
    pub fn may_match_within(&self, address: &str) -> bool {
        let Some(parts) = split(address) else { return false };
        if module_depth(&parts) == parts.len() {
            return !self.anchored || may_match_longer(&self.components, &parts);
        }
        let any_instance = Self {
            components: self.components.iter().map(Component::without_index).collect(),
            ..self.clone()
        };
        match parts.last() {
            Some((_, None)) => any_instance.matches_parts(&parts),
            _ => self.matches_parts(&parts),
        }
    }

    fn matches_parts(&self, parts: &[(&str, Option<&str>)]) -> bool {
        let parts = if self.anchored { parts } else { &parts[module_depth(parts)..] };
        matches_components(&self.components, parts)
    }
}

impl Component {
    fn without_index(&self) -> Self {
        match self {
            Self::Any => Self::Any,
            Self::One { name, .. } => Self::One { name: name.clone(), index: None },
        }
    }
}

/// Returns true if the pattern may match an address that begins with these components; a module without an index stands for
/// all of its instances.
fn may_match_longer(pattern: &[Component], parts: &[(&str, Option<&str>)]) -> bool {
    match (pattern, parts) {
        (_, []) | ([Component::Any, ..], _) => true,
        ([], _) => false,
        ([Component::One { name, index }, rest @ ..], [(part, part_index), others @ ..]) => {
            let same = match (index, part_index) {
                (Some(index), Some(part_index)) => matches_text(index, part_index),
                _ => true,
            };
            matches_text(name, part) && same && may_match_longer(rest, others)
        }
    }
}

/// Returns the number of leading components that are module calls: two for each call.
fn module_depth(parts: &[(&str, Option<&str>)]) -> usize {
    let mut depth = 0;
    while depth + 2 <= parts.len() && parts[depth] == ("module", None) {
        depth += 2;
    }
    depth
}

fn matches_components(pattern: &[Component], parts: &[(&str, Option<&str>)]) -> bool {
    match pattern {
        [] => parts.is_empty(),
        [Component::Any, rest @ ..] => {
            (0..=parts.len()).any(|taken| matches_components(rest, &parts[taken..]))
        }
        [Component::One { name, index }, rest @ ..] => match parts {
            [] => false,
            [(part, part_index), others @ ..] => {
                matches_text(name, part)
                    && match (index, part_index) {
                        (None, _) => true,
                        (Some(index), Some(part_index)) => matches_text(index, part_index),
                        (Some(_), None) => false,
                    }
                    && matches_components(rest, others)
            }
        },
    }
}

/// Returns true if a text matches a pattern in which `*` stands for any text.
pub fn matches_text(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match text.find(piece) {
            Some(at) => text = &text[at + piece.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

/// Splits an address into components with their indices; `None` when a component is empty, or a bracket or quote is not
/// closed.
fn split(address: &str) -> Option<Vec<(&str, Option<&str>)>> {
    let mut parts = Vec::new();
    let mut rest = address;
    loop {
        let name = &rest[..rest.find(['.', '[']).unwrap_or(rest.len())];
        rest = &rest[name.len()..];
        let mut index = None;
        if rest.starts_with('[') {
            let end = index_end(rest)?;
            // A path such as `list[0][1]` has several indices; they are one index here.
            index = Some(&rest[1..end - 1]);
            rest = &rest[end..];
        }
        if name.is_empty() {
            return None;
        }
        parts.push((name, index));
        match rest.strip_prefix('.') {
            Some(more) => rest = more,
            None if rest.is_empty() => return Some(parts),
            None => return None,
        }
    }
}

/// Returns the length of one or more `[…]` at the start of a text; brackets in quotes do not count.
fn index_end(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped, mut open) = (false, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted && !open => open = true,
            ']' if !quoted && open => open = false,
            _ if !quoted && !open => return Some(at),
            _ => {}
        }
    }
    (!quoted && !open && !escaped).then_some(text.len())
}

impl FromStr for AddressPattern {
    type Err = InvalidAddressPattern;

    fn from_str(text: &str) -> Result<Self, InvalidAddressPattern> {
        if text.is_empty() {
            return Err(InvalidAddressPattern("the pattern is empty"));
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidAddressPattern("it holds a control character"));
        }
        let parts = split(text).ok_or(InvalidAddressPattern(
            "a component between dots is empty, or a bracket or quote is not closed",
        ))?;
        let components = parts
            .into_iter()
            .map(|(name, index)| match (name, index) {
                ("**", None) => Ok(Component::Any),
                ("**", Some(_)) => Err(InvalidAddressPattern("`**` has no index")),
                _ if name.contains("**") => {
                    Err(InvalidAddressPattern("`**` stands for whole components, as in `module.a.**`"))
                }
                _ if name.contains(char::is_whitespace) => Err(InvalidAddressPattern("a name holds a space")),
                (_, Some("")) => Err(InvalidAddressPattern("an index is empty")),
                _ => Ok(Component::One { name: name.to_owned(), index: index.map(str::to_owned) }),
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { text: text.to_owned(), components, anchored: text.starts_with("module.") })
    }
}

impl fmt::Display for AddressPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        let parsed: AddressPattern = pattern.parse().unwrap();
        for address in yes {
            assert!(parsed.matches(address), "`{pattern}` must match `{address}`");
        }
        for address in no {
            assert!(!parsed.matches(address), "`{pattern}` must not match `{address}`");
        }
    }

    #[test]
    fn a_pattern_without_module_matches_in_every_module() {
        check(
            "aws_db_instance.*",
            &[
                "aws_db_instance.main",
                "aws_db_instance.main[0]",
                "module.db.aws_db_instance.main",
                "module.a[0].module.b[\"x.y\"].aws_db_instance.main[\"k\"]",
            ],
            &[
                "aws_db_instance_x.main",
                "data.aws_db_instance.main",
                "aws_db_instance.main.x",
                "module.aws_db_instance.main",
            ],
        );
    }

    #[test]
    fn a_pattern_with_module_is_anchored_at_the_root() {
        check(
            "module.database.**",
            &["module.database.aws_x.y", "module.database[0].aws_x.y", "module.database.module.a.aws_x.y[1]"],
            &["module.a.module.database.aws_x.y", "aws_x.y", "module.database2.aws_x.y"],
        );
        check(
            "module.a.aws_x.y",
            &["module.a.aws_x.y", "module.a[1].aws_x.y"],
            &["module.a.module.b.aws_x.y"],
        );
        check(
            "module.*.aws_x.y",
            &["module.a.aws_x.y", "module.b[\"k\"].aws_x.y"],
            &["aws_x.y", "module.a.module.b.aws_x.y"],
        );
    }

    #[test]
    fn an_index_is_literal_and_none_means_every_one() {
        check("aws_x.y[0]", &["aws_x.y[0]"], &["aws_x.y", "aws_x.y[1]", "aws_x.y[\"0\"]", "aws_x.y[00]"]);
        check("aws_x.y[\"a.b\"]", &["aws_x.y[\"a.b\"]"], &["aws_x.y[\"a\"]", "aws_x.y[\"axb\"]"]);
        check("aws_x.y[\"a]b\"]", &["aws_x.y[\"a]b\"]"], &["aws_x.y[\"a\"]"]);
        check("aws_x.y[\"a\\\"b\"]", &["aws_x.y[\"a\\\"b\"]"], &["aws_x.y[\"a\"]"]);
        check("aws_x.y[\"prod-*\"]", &["aws_x.y[\"prod-1\"]"], &["aws_x.y[\"stag-1\"]", "aws_x.y"]);
        check("aws_x.y[abc]", &["aws_x.y[abc]"], &["aws_x.y[a]", "aws_x.ya", "aws_x.yb"]);
    }

    #[test]
    fn one_star_stays_within_a_component() {
        check("aws_*.main", &["aws_x.main", "aws_.main"], &["aws_x.y.main", "gcp_x.main"]);
        check("aws_x.*-db-*", &["aws_x.a-db-b", "aws_x.-db-"], &["aws_x.a-db", "aws_x.db"]);
        check("*.*", &["aws_x.y", "module.a.aws_x.y"], &["data.aws_x.y", "aws_x"]);
        check("aws_x.a*a", &["aws_x.aa", "aws_x.aba"], &["aws_x.a"]);
    }

    #[test]
    fn two_stars_cross_components() {
        check("**", &["aws_x.y", "module.a.aws_x.y", "data.aws_x.y"], &[]);
        check("module.**", &["module.a.aws_x.y", "module.a.module.b.aws_x.y"], &["aws_x.y"]);
        check(
            "module.**.aws_db.*",
            &["module.a.aws_db.x", "module.a.module.b[0].aws_db.x[1]"],
            &["aws_db.x", "module.a.aws_x.y"],
        );
        check("data.**", &["data.aws_x.y", "module.a.data.aws_x.y"], &["aws_x.y"]);
    }

    #[test]
    fn an_attribute_path_goes_on_behind_the_address() {
        let ignore: AddressPattern = "aws_autoscaling_group.*.desired_capacity".parse().unwrap();
        assert!(ignore.matches_attribute("aws_autoscaling_group.a[0]", "desired_capacity"));
        assert!(ignore.matches_attribute("module.m.aws_autoscaling_group.a", "desired_capacity"));
        assert!(!ignore.matches_attribute("aws_autoscaling_group.a", "max_size"));
        assert!(!ignore.matches("aws_autoscaling_group.a"));
        let tags: AddressPattern = "**.tags".parse().unwrap();
        assert!(tags.matches_attribute("module.m.aws_x.y", "tags"));
        assert!(!tags.matches_attribute("aws_x.y", "tags.Name"));
        let nested: AddressPattern = "aws_x.y.ingress.cidr".parse().unwrap();
        assert!(nested.matches_attribute("aws_x.y", "ingress[0][1].cidr"));
    }

    #[test]
    fn a_pattern_that_can_match_nothing_is_refused() {
        for bad in
            ["", ".", "a.", ".a", "a..b", "a[", "a[\"", "a[]", "a[0]b", "a b.c", "aws_**.x", "**[0]", "a\n.b"]
        {
            assert!(bad.parse::<AddressPattern>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_module_or_a_resource_may_hold_what_a_pattern_names() {
        let within = |pattern: &str, address: &str| {
            pattern.parse::<AddressPattern>().unwrap().may_match_within(address)
        };
        assert!(within("aws_db.*", "module.any"), "a module may hold a resource of that type");
        assert!(within("module.database.**", "module.database"));
        assert!(within("module.database[1].aws_db.x", "module.database"));
        assert!(within("module.a.module.b.aws_x.y", "module.a"));
        assert!(within("aws_db.x[0]", "aws_db.x"));
        assert!(within("aws_db.x[0]", "aws_db.x[0]"));
        assert!(within("aws_db.x", "aws_db.x[3]"));
        for (pattern, address) in [
            ("module.database.**", "module.network"),
            ("module.database[1].**", "module.database[0]"),
            ("aws_db.x[0]", "aws_db.x[1]"),
            ("aws_db.*", "aws_vm.x"),
            ("aws_db.*", "not an address["),
        ] {
            assert!(!within(pattern, address), "{pattern} {address}");
        }
    }

    #[test]
    fn an_address_that_is_none_matches_nothing() {
        check("**", &[], &["", "aws_x.y[", "aws_x..y"]);
    }
}
