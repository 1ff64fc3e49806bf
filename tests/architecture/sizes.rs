//! Sizes: the length of a file, and the number of files with methods of one type.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::Source;

/// Files longer than the limit, each with a reason.
const LONG: &[(&str, &str)] = &[];

const LONGEST: usize = 400;

/// Limit of files that hold inherent methods of one type.
const MOST_FILES: usize = 3;

/// Types with inherent methods in more files; the list only shrinks.
const SPREAD: &[&str] = &[];

#[test]
fn files_are_short_or_say_why_not() {
    let mut wrong = Vec::new();
    for source in Source::all_below("src").into_iter().chain(Source::all_below("tests")) {
        let lines = source.text.lines().count();
        let is_excused = LONG.iter().any(|(path, _)| *path == source.path);
        if lines > LONGEST && !is_excused {
            wrong.push(format!("{}: {lines} lines", source.path));
        }
        if lines <= LONGEST && is_excused {
            wrong.push(format!("{}: is short again, take it off the list", source.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns the type whose inherent `impl` a line starts.
fn implemented(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("impl")?;
    let rest = match rest.strip_prefix('<') {
        Some(generics) => generics.split_once("> ")?.1,
        None => rest.strip_prefix(' ')?,
    };
    let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    (!name.is_empty() && !line.contains(" for ")).then_some(name)
}

#[test]
fn methods_of_a_type_lie_in_few_files() {
    let sources = Source::of_the_crate();
    let mut files: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for source in &sources {
        for name in source.without_tests().lines().filter_map(implemented) {
            files.entry(name).or_default().insert(&source.path);
        }
    }
    files.retain(|name, files| files.len() > MOST_FILES && !SPREAD.contains(name));
    assert!(files.is_empty(), "methods lie in too many files: {files:#?}");
}

#[test]
fn only_inherent_implementations_count() {
    for (line, name) in [
        ("impl Worker {", Some("Worker")),
        ("impl<'t> Reader<'t> {", Some("Reader")),
        ("impl<T: Clone> Layered<T> {", Some("Layered")),
        ("impl Display for Worker {", None),
        ("    impl Inner {", None),
    ] {
        assert_eq!(implemented(line), name, "{line}");
    }
}
