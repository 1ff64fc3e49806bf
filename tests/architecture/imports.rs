//! Paths that a source file imports or names.

/// Path of names that starts with `crate`, `super` or `self`.
pub(crate) type NamedPath<'t> = Vec<&'t str>;

/// Returns every path that starts with `crate`, `super` or `self`, of `use` lines, of their groups and of
/// expressions, relative to the module of the file: each `super` that only leaves a module inside the file is
/// removed.
pub(crate) fn named_paths(text: &str) -> Vec<NamedPath<'_>> {
    let mut named = Vec::new();
    // Indentations of the open modules within the file: a `super` leaves these first.
    let mut inline: Vec<usize> = Vec::new();
    let (mut at, mut read_to) = (0, 0);
    for line in text.split_inclusive('\n') {
        let code = line.trim_end();
        let indent = code.len() - code.trim_start().len();
        if code.ends_with('{') && code.split_whitespace().rev().nth(2) == Some("mod") {
            inline.push(indent);
        } else if code.trim_start() == "}" && inline.last() == Some(&indent) {
            inline.pop();
        }
        let starts = ["crate::", "super::", "self::"].into_iter().flat_map(|name| line.match_indices(name));
        let mut starts: Vec<usize> = starts.map(|(start, _)| at + start).collect();
        starts.sort_unstable();
        for start in starts {
            let begins = !text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
            if !begins || start < read_to {
                continue;
            }
            let mut paths = Vec::new();
            let rest = read_path(&text[start..], &mut Vec::new(), &mut paths);
            read_to = text.len() - rest.len();
            for mut path in paths {
                let climbed = path.iter().take_while(|name| **name == "super").count();
                if climbed < inline.len() && path[0] != "crate" {
                    continue;
                }
                path.drain(..climbed.min(inline.len()));
                named.push(path);
            }
        }
        at += line.len();
    }
    named
}

/// Returns the top-level modules that a text names, by a path from `crate` or by one with enough `super`.
pub(crate) fn top_modules(module: &[&str], text: &str) -> Vec<String> {
    let top = |path: NamedPath<'_>| {
        let climbed = path.iter().take_while(|name| **name == "super").count();
        let from_the_root = path.first() == Some(&"crate") || climbed == module.len();
        path.get(climbed.max(1)).filter(|_| from_the_root).map(|name| (*name).to_owned())
    };
    named_paths(text).into_iter().filter_map(top).collect()
}

/// Returns the paths of a `use` line, given without `use` and semicolon.
pub(crate) fn paths_of_use(list: &str) -> Vec<NamedPath<'_>> {
    let mut paths = Vec::new();
    read_path(list, &mut Vec::new(), &mut paths);
    paths
}

/// Reads one path, or the tree of paths of a `use` line, and returns the rest of the text.
fn read_path<'t>(text: &'t str, before: &mut Vec<&'t str>, found: &mut Vec<Vec<&'t str>>) -> &'t str {
    if let Some(mut group) = text.strip_prefix('{') {
        loop {
            group = group.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if group.is_empty() || group.starts_with('}') {
                return group.strip_prefix('}').unwrap_or_default();
            }
            let rest = read_path(group, before, found);
            // An alias (`name as other`) is skipped.
            group = rest.find([',', '}']).map_or("", |end| &rest[end..]);
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let end = if text.starts_with('*') { 1 } else { end };
    before.push(&text[..end]);
    let rest = match text[end..].strip_prefix("::") {
        Some(more) => read_path(more, before, found),
        None => {
            found.push(before.clone());
            &text[end..]
        }
    };
    before.pop();
    rest
}

#[test]
fn groups_and_paths_of_expressions_are_read() {
    let text = "use crate::{\n    config::{Config, Scope},\n    model,\n    process::Runner as R, ui,\n};\nlet x = crate::engine::find();";
    assert_eq!(top_modules(&["cli", "run"], text), ["config", "config", "model", "process", "ui", "engine"]);
}

#[test]
fn a_super_that_leaves_the_top_module_is_read() {
    let text = "use super::super::executor::Step;\nuse super::{super::{cli, model::EngineName}, raw};\nsuper::own();\n\
                mod tests {\n    use super::super::raw::Node;\n    use super::super::super::plans::Review;\n}\nsuper::super::graph::x();";
    assert_eq!(top_modules(&["config", "load"], text), ["executor", "cli", "model", "plans", "graph"]);
    assert_eq!(top_modules(&["config", "raw", "node"], text), [""; 0]);
}
