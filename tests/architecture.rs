//! Floors and sizes: imports only go down, files stay small.
#![expect(clippy::unwrap_used, reason = "a test that cannot read the sources has failed")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The rooms of `src/` by floor. Rooms on one floor do not import each other, except on the ground floor, where the
/// order of this list counts: what an event or a table is made of is defined by the rooms before it.
const FLOORS: &[(u8, &[&str])] = &[
    (0, &["model", "diagnostic", "event", "ui"]),
    (1, &["config", "process"]),
    (2, &["engine", "graph"]),
    (3, &["inventory"]),
    (4, &["plans", "journal", "state", "assurance"]),
    (5, &["executor", "reporter", "pipeline"]),
    (6, &["commands"]),
    (7, &["cli"]),
];

/// Files past this length, each with the reason why it is one idea nevertheless.
const LONG: &[(&str, &str)] = &[];

const LIMIT: usize = 400;

fn floor(room: &str) -> Option<(u8, usize)> {
    FLOORS
        .iter()
        .find_map(|(floor, rooms)| rooms.iter().position(|r| *r == room).map(|place| (*floor, place)))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The room that a file belongs to: its first folder, or its own name directly under `src/`.
fn room_of(file: &Path) -> String {
    let inside = file.strip_prefix(root().join("src")).unwrap();
    inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// Every room named after `crate::` in a text, whether in a `use` line, a group or a path.
fn imported_rooms(text: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut word = String::new();
            let mut fresh = true;
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => fresh = true,
                    c if depth == 1 && fresh && (c.is_alphanumeric() || c == '_') => word.push(c),
                    c if c.is_whitespace() => {}
                    _ => {
                        if !word.is_empty() {
                            rooms.push(std::mem::take(&mut word));
                        }
                        fresh = false;
                    }
                }
                if depth == 0 || (c == ',' && depth == 1) {
                    if !word.is_empty() {
                        rooms.push(std::mem::take(&mut word));
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
        } else {
            rooms.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    rooms
}

#[test]
fn imports_only_go_down() {
    let mut wrong = Vec::new();
    for file in sources(&root().join("src")) {
        let room = room_of(&file);
        if ["main", "lib"].contains(&room.as_str()) {
            continue;
        }
        let own = floor(&room).unwrap_or_else(|| panic!("`{room}` has no floor: {}", file.display()));
        for imported in imported_rooms(&fs::read_to_string(&file).unwrap()) {
            if imported == room {
                continue;
            }
            let Some(other) = floor(&imported) else {
                wrong.push(format!("{}: `crate::{imported}` is no room", file.display()));
                continue;
            };
            let goes_down = other.0 < own.0 || (own.0 == 0 && other.0 == 0 && other.1 < own.1);
            if !goes_down {
                wrong.push(format!("{}: `{room}` may not import `{imported}`", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_small_or_say_why_not() {
    let mut wrong = Vec::new();
    for file in sources(&root().join("src")).into_iter().chain(sources(&root().join("tests"))) {
        let name = file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        let excused = LONG.iter().any(|(path, _)| *path == name);
        if lines > LIMIT && !excused {
            wrong.push(format!("{name}: {lines} lines"));
        }
        if lines <= LIMIT && excused {
            wrong.push(format!("{name}: is short again, take it off the list"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_folders_mod_file_holds_doc_and_exports_only() {
    for file in sources(&root().join("src")).into_iter().filter(|f| f.ends_with("mod.rs")) {
        for line in fs::read_to_string(&file).unwrap().lines() {
            let starts_an_item =
                ["fn ", "pub fn ", "struct ", "pub struct ", "enum ", "pub enum ", "impl ", "trait "];
            assert!(
                !starts_an_item.iter().any(|item| line.starts_with(item)),
                "{}: `{line}` belongs in a file of its own",
                file.display()
            );
        }
    }
}

#[test]
fn no_room_is_a_drawer() {
    for file in sources(&root().join("src")) {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        for drawer in ["utils", "util", "helpers", "helper", "common", "imp", "misc"] {
            assert_ne!(stem, drawer, "{}", file.display());
        }
    }
}

#[test]
fn main_is_a_door() {
    let text = fs::read_to_string(root().join("src/main.rs")).unwrap();
    assert!(text.lines().count() <= 25);
}

#[test]
fn the_reader_of_imports_sees_groups_and_paths() {
    let text = "use crate::{\n    config::{Config, Scope},\n    model,\n    process::Runner,\n};\nlet x = crate::engine::find();";
    assert_eq!(imported_rooms(text), ["config", "model", "process", "engine"]);
}
