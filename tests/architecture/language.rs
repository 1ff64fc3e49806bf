//! Language: openings of doc comments, uniqueness of type names in the crate, and length of test names.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::Source;

/// Openings that hide the subject of a sentence. A doc comment starts with a verb in the third person or with a noun that
/// can be searched for.
const RIDDLES: &[&str] = &[
    "The same", "What", "Whose", "Whether", "Which", "Who", "Where", "When", "Why", "How", "It", "Its",
    "Those", "Them", "They", "Nobody", "Somebody", "Whoever", "Whatever",
];

/// Files with such openings, each with its limit; the list only shrinks.
const OPENINGS: &str = include_str!("openings.txt");

/// Names that several types share; the list only shrinks.
const SHARED_NAMES: &str = include_str!("shared_names.txt");

/// Returns the first line of each doc comment in a text.
fn openings(text: &str) -> impl Iterator<Item = &str> {
    let comment = |line: &'_ str| line.trim_start().starts_with("///") || line.starts_with("//!");
    let lines: Vec<&str> = text.lines().collect();
    let first =
        (0..lines.len()).filter(move |at| comment(lines[*at]) && (*at == 0 || !comment(lines[at - 1])));
    let found: Vec<&str> = first.map(|at| text.lines().nth(at).unwrap().trim_start()[3..].trim()).collect();
    found.into_iter()
}

/// Returns true if a sentence opens with one of the words that hide its subject.
fn is_riddle(sentence: &str) -> bool {
    RIDDLES.iter().any(|opening| {
        sentence.strip_prefix(opening).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    })
}

#[test]
fn doc_comments_open_with_a_verb_or_a_noun() {
    let listed = OPENINGS.lines().filter_map(|line| line.split_once(' '));
    let allowed: BTreeMap<&str, usize> =
        listed.map(|(path, most)| (path, most.parse::<usize>().unwrap())).collect();
    let mut wrong = Vec::new();
    for source in Source::all_below("src").into_iter().chain(Source::all_below("tests")) {
        let riddles: Vec<&str> = openings(&source.text).filter(|sentence| is_riddle(sentence)).collect();
        let most = allowed.get(&*source.path).copied().unwrap_or_default();
        if riddles.len() > most {
            wrong.push(format!("{}: {} in place of {most}: {riddles:#?}", source.path, riddles.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns the name of the type that a line declares.
fn declared(line: &str) -> Option<&str> {
    let item =
        line.trim_start_matches("pub(super) ").trim_start_matches("pub(crate) ").trim_start_matches("pub ");
    let item = match item.strip_prefix("pub(in ") {
        Some(visible) => visible.split_once(") ")?.1,
        None => item,
    };
    let name =
        ["struct ", "enum ", "trait ", "union ", "type "].iter().find_map(|kind| item.strip_prefix(kind))?;
    name.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

#[test]
fn a_types_name_is_unique_in_the_crate() {
    let sources = Source::of_the_crate();
    let mut places: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for source in &sources {
        for name in source.without_tests().lines().map(str::trim_end).filter_map(declared) {
            places.entry(name).or_default().insert(&source.path);
        }
    }
    places.retain(|_, files| files.len() > 1);
    let excused: BTreeSet<&str> = SHARED_NAMES.lines().collect();
    places.retain(|name, _| !excused.contains(name));
    assert!(places.is_empty(), "several types have one name: {places:#?}");
}

/// Most characters of a test's name.
const LONGEST_TEST_NAME: usize = 70;

/// Returns the names of functions with the attribute `#[test]` or `#[test(…)]`.
fn test_names(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let tests = (0..lines.len()).filter(|at| lines[*at] == "#[test]" || lines[*at].starts_with("#[test("));
    let function =
        |at: usize| lines[at..].iter().find(|line| !line.starts_with("#[") && !line.starts_with("//"));
    tests.filter_map(|at| function(at)?.strip_prefix("fn ")?.split('(').next()).collect()
}

#[test]
fn test_names_are_short() {
    let mut long = Vec::new();
    for source in Source::all_below("src").into_iter().chain(Source::all_below("tests")) {
        let names = test_names(&source.text).into_iter().filter(|name| name.len() > LONGEST_TEST_NAME);
        long.extend(names.map(|name| format!("{}: {name}: {} characters", source.path, name.len())));
    }
    assert!(long.is_empty(), "names longer than {LONGEST_TEST_NAME} characters:\n{}", long.join("\n"));
}

#[test]
fn test_names_are_found_after_further_attributes() {
    let text = "#[test(engines(tofu))]\n// Why.\n#[expect(x)]\nfn one(engine: &Driven) {\n}\n    #[test]\n    fn two() {}\nfn none() {}\n";
    assert_eq!(test_names(text), ["one", "two"]);
}

#[test]
fn openings_are_told_from_other_words() {
    let text = "//! Reads.\n//! What else.\n\n    /// Whose.\n    /// Not this.\n/// Whatsoever.\n";
    assert_eq!(openings(text).collect::<Vec<_>>(), ["Reads.", "Whose."]);
    assert!(is_riddle("What asks.") && is_riddle("Whether:") && is_riddle("It."));
    assert!(
        !is_riddle("Item of a list.") && !is_riddle("Whatsoever.") && !is_riddle("Returns what is there.")
    );
}
