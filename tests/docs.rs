//! Agreement of the documentation with the program: examples of environments.toml load; named verbs, tests, paths and
//! types exist.

#[path = "docs/architecture.rs"]
mod architecture;

use std::{fs, path::Path, process::Command};

use camino::Utf8Path;
use envctl::config::{Config, Overrides};

/// Returns README.md, CONTRIBUTING.md and docs/*.md by name.
fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_dir(root.join("docs")).expect("the folder docs");
    let mut paths: Vec<_> = docs.map(|entry| entry.expect("an entry of docs").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.extend(["README.md", "CONTRIBUTING.md"].map(|name| root.join(name)));
    paths.sort();
    let read =
        |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    paths
        .iter()
        .map(|path| (path.file_name().expect("a file").to_string_lossy().into_owned(), read(path)))
        .collect()
}

/// Returns the fenced blocks of a page: line number of the start, language, text.
fn blocks(page: &str) -> Vec<(usize, &str, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, &str, String)> = None;
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((number + 1, language, String::new())),
            (None, None) => {}
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, _, text)), None) => text.push_str(&format!("{line}\n")),
        }
    }
    assert!(open.is_none(), "a block is not closed: {open:?}");
    blocks
}

#[test]
fn every_example_of_environments_toml_loads() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = Utf8Path::from_path(folder.path()).expect("a UTF-8 path").join("environments.toml");
    let mut loaded = 0;
    for (name, page) in pages() {
        for (line, _, text) in blocks(&page).into_iter().filter(|(_, language, _)| *language == "toml") {
            if text.contains("[environments") {
                fs::write(&file, &text).expect("a written file");
                if let Err(error) = Config::load(&file, &Overrides::default()) {
                    panic!("the example in {name}, line {line}, does not load: {error:?}");
                }
                loaded += 1;
            }
        }
    }
    assert!(loaded >= 12, "only {loaded} examples were found");
}

/// Returns the verbs that `--help` lists.
#[expect(clippy::disallowed_methods, reason = "a test starts the program that it is about")]
fn verbs() -> Vec<String> {
    let help = Command::new(env!("CARGO_BIN_EXE_envctl")).arg("--help").output().expect("envctl runs");
    let help = String::from_utf8(help.stdout).expect("help is UTF-8");
    let commands = help.split("Commands:\n").nth(1).expect("a list of commands");
    let lines = commands.lines().take_while(|line| !line.is_empty());
    // Further lines of a description are indented more.
    let names = lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Returns the words after `envctl ` in blocks, without comments, and between backticks.
fn named_verbs(page: &str) -> Vec<String> {
    let uncommented = |line: &str| line.split("# ").next().unwrap_or_default().to_owned();
    let lines = |text: String| text.lines().map(uncommented).collect::<Vec<_>>();
    let mut typed: Vec<String> = blocks(page).into_iter().flat_map(|(_, _, text)| lines(text)).collect();
    let prose = page.split("```").step_by(2);
    typed.extend(prose.flat_map(|text| text.split('`').skip(1).step_by(2)).map(str::to_owned));
    let after = typed.iter().flat_map(|text| text.split("envctl ").skip(1));
    let words = after.map(|rest| rest.chars().take_while(char::is_ascii_lowercase).collect::<String>());
    words.filter(|word| !word.is_empty()).collect()
}

#[test]
fn every_verb_that_the_pages_name_exists() {
    let verbs = verbs();
    assert!(verbs.len() >= 15, "{verbs:?}");
    let mut found = 0;
    for (name, page) in pages() {
        for verb in named_verbs(&page) {
            assert!(verbs.contains(&verb), "{name} names `envctl {verb}`; there are {verbs:?}");
            found += 1;
        }
    }
    assert!(found >= 50, "only {found} verbs were found");
}

/// Returns true if a file declares a test: `#[test]` or `#[test(…)]`, other attributes, the function.
fn declares_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let tests = (0..lines.len()).filter(|at| lines[*at] == "#[test]" || lines[*at].starts_with("#[test("));
    let mut functions = tests
        .filter_map(|at| lines[at..].iter().find(|line| !line.starts_with("#[") && !line.starts_with("//")));
    functions.any(|line| line.starts_with(&format!("fn {name}(")))
}

/// Returns the tests that a page lists, as `file::name` or `folder::file::name`.
fn named_tests(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| line.strip_prefix("* `")?.strip_suffix('`')).collect()
}

#[test]
fn every_test_that_shows_a_guarantee_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/guarantees.md")).expect("docs/guarantees.md");
    let mut sections = 0;
    for section in
        page.split("\n## ").skip(1).filter(|section| section.starts_with(|c: char| c.is_ascii_digit()))
    {
        let named = named_tests(section);
        assert!(!named.is_empty(), "nothing shows this promise: {section}");
        for test in named {
            let (module, name) = test.rsplit_once("::").expect("a module and a name");
            let file = root.join("tests/guarantees").join(module.replace("::", "/") + ".rs");
            let text =
                fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            assert!(declares_test(&text, name), "{} has no test `{name}`", file.display());
        }
        sections += 1;
    }
    assert_eq!(sections, 11);
}
