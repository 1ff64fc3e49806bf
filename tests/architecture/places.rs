//! Places: contents of `mod.rs` and `main.rs`, and names of files.

use super::sources::Source;

#[test]
fn a_folders_mod_file_holds_doc_and_exports_only() {
    let mods = Source::all_below("src").into_iter().filter(|source| source.path.ends_with("/mod.rs"));
    for source in mods {
        for line in source.text.lines() {
            let starts_an_item =
                ["fn ", "pub fn ", "struct ", "pub struct ", "enum ", "pub enum ", "impl ", "trait "];
            assert!(
                !starts_an_item.iter().any(|item| line.starts_with(item)),
                "{}: `{line}` belongs in a file of its own",
                source.path
            );
        }
    }
}

#[test]
fn no_file_has_the_name_of_a_drawer() {
    for source in Source::all_below("src") {
        let stem = source.path.rsplit('/').next().unwrap().trim_end_matches(".rs").to_owned();
        for drawer in ["utils", "util", "helpers", "helper", "common", "imp", "misc"] {
            assert_ne!(stem, drawer, "{}", source.path);
        }
    }
}

#[test]
fn main_only_calls_the_library() {
    let sources = Source::all_below("src");
    let main = sources.iter().find(|source| source.path == "src/main.rs").unwrap();
    assert!(main.text.lines().count() <= 25);
}
