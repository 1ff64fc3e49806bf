//! Agreement of docs/architecture.md with the sources: each path and each name on the page exists.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Keywords before the name that an item declares.
const ITEMS: &[&str] = &["struct", "enum", "trait", "type", "fn", "const", "static", "mod", "macro_rules!"];

/// Returns the root folder of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the `.rs` files below a folder.
fn sources(folder: PathBuf) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files = entries.flat_map(|path| if path.is_dir() { sources(path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// Returns the name that a line declares: an item, or what its first word may be, a field or a variant of an enum.
fn declared(line: &str) -> Option<&str> {
    let line = line.trim_start();
    if line.starts_with("//") {
        return None;
    }
    let line = match line.strip_prefix("pub(") {
        Some(rest) => rest.split_once(") ")?.1,
        None => line.strip_prefix("pub ").unwrap_or(line),
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    let item = words.windows(2).find(|pair| ITEMS.contains(&pair[0])).map(|pair| pair[1]);
    let text = item.unwrap_or(line);
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let is_member = || [":", ",", "(", " {"].iter().any(|after| text[end..].starts_with(after));
    (end > 0 && (item.is_some() || is_member())).then(|| &text[..end])
}

/// Returns the declared names of sources, tests and benchmarks, each with its files.
fn declared_names() -> BTreeMap<String, BTreeSet<PathBuf>> {
    let mut names: BTreeMap<String, BTreeSet<PathBuf>> = BTreeMap::new();
    for path in ["src", "tests", "benches"].into_iter().flat_map(|folder| sources(root().join(folder))) {
        let text = fs::read_to_string(&path).expect("a source file");
        for name in text.lines().filter_map(declared) {
            names.entry(name.to_owned()).or_default().insert(path.clone());
        }
    }
    names
}

/// Returns the path of a file or folder that a page names from the root or from `src`.
fn path_of(text: &str) -> Option<PathBuf> {
    let paths = ["", "src"].map(|folder| root().join(folder).join(text.trim_end_matches('/')));
    paths.into_iter().find(|path| path.exists())
}

/// Returns the texts in backticks of a page, each with the text after it, and paths and types in its drawings.
fn named(page: &str) -> Vec<(&str, &str)> {
    let mut named = Vec::new();
    for (at, part) in page.split("```").enumerate() {
        if at % 2 == 0 {
            let texts: Vec<&str> = part.split('`').collect();
            named.extend((1..texts.len()).step_by(2).map(|at| (texts[at], texts[at + 1])));
        } else {
            let words = part.split(|c: char| !c.is_alphanumeric() && !"_./-".contains(c));
            let is_type = |word: &str| {
                word.starts_with(|c: char| c.is_ascii_uppercase())
                    && word.contains(|c: char| c.is_lowercase())
            };
            named.extend(words.filter(|word| word.contains(".rs") || is_type(word)).map(|word| (word, "")));
        }
    }
    named
}

/// Returns true for a command with arguments, a flag, or a table of environments.toml.
fn is_exempt(text: &str) -> bool {
    text.contains(' ') || text.starts_with('-') || text.starts_with('[')
}

/// Returns what a page names and the repository does not have, and each `name` in `file.rs` that is not in that file.
fn unknown(page: &str) -> Vec<String> {
    let declared = declared_names();
    let none = BTreeSet::new();
    // `EventKind::Reviewed`: both are declared in one file.
    let files_of = |text: &str| {
        let files = text.split("::").map(|name| declared.get(name).unwrap_or(&none).clone());
        files.reduce(|one, other| &one & &other).unwrap_or_default()
    };
    let named = named(page);
    let next = named.iter().skip(1).map(|(text, _)| *text).chain([""]);
    let mut unknown = Vec::new();
    for ((text, after), next) in named.iter().zip(next).filter(|((text, _), _)| !is_exempt(text)) {
        let files = files_of(text);
        let file = path_of(next).filter(|path| *after == " in " && path.is_file());
        match file {
            Some(file) if !files.contains(&file) => unknown.push(format!("{text} in {next}")),
            None if files.is_empty() && path_of(text).is_none() => unknown.push((*text).to_owned()),
            _ => {}
        }
    }
    unknown
}

#[test]
fn every_path_and_name_of_the_architecture_exists() {
    let page = fs::read_to_string(root().join("docs/architecture.md")).expect("docs/architecture.md");
    assert!(named(&page).len() >= 300, "the page names too little: {}", named(&page).len());
    let unknown = unknown(&page);
    assert!(
        unknown.is_empty(),
        "docs/architecture.md names what is neither a path (from the root or from src) nor declared in the sources, \
         or not in the file that it says; correct the page: {unknown:#?}"
    );
}

#[test]
fn an_unknown_path_or_name_is_found() {
    let page = "`src/engine/terraform/init.rs` `engine/terraform/init.rs` `engine/` `engine/none.rs` `Fold` `Folded` `EventKind::StepStarted` \
                `EventKind::Nothing` `is_synced` `no_such_function` `envctl plan dev` `--json` \
                `Fold` in `journal/fold.rs`, `Fold` in `journal/writer.rs`\n\
                ```mermaid\na[\"journal/fold.rs<br>journal/none.rs\"] -- \"Report, Reported, both\" --> b\n```\n";
    let expected = [
        "engine/none.rs",
        "Folded",
        "EventKind::Nothing",
        "no_such_function",
        "Fold in journal/writer.rs",
        "journal/none.rs",
        "Reported",
    ];
    assert_eq!(unknown(page), expected);
}
