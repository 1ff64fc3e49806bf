//! Floors and sizes: imports only go down, files stay small.
#![expect(clippy::unwrap_used, reason = "a test that cannot read the sources has failed")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The rooms of `src/` by floor. Rooms on one floor do not import each other, except on the ground floor, where the
/// order of this list counts: what an event or a table is made of is defined by the rooms before it.
const FLOORS: &[(u8, &[&str])] = &[
    (0, &["model", "diagnostic", "event", "ui", "files"]),
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

/// The module that a file is, as the names below the crate's root.
fn module_of(file: &Path) -> Vec<String> {
    let inside = file.strip_prefix(root().join("src")).unwrap().with_extension("");
    let mut names: Vec<String> = inside.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    names.pop_if(|last| last == "mod");
    names
}

/// Every room that a text names by a path from `crate::` or a `super::` that climbs out of its own, whether in a `use`
/// line, a group or an expression.
fn imported_rooms(module: &[&str], text: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    // The modules within the file that are open, by their indentation: `super::` climbs out of them first.
    let mut inline: Vec<usize> = Vec::new();
    let mut seen = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let code = line.trim_end();
        let indent = code.len() - code.trim_start().len();
        if code.ends_with('{') && code.split_whitespace().rev().nth(2) == Some("mod") {
            inline.push(indent);
        } else if code.trim_start() == "}" && inline.last() == Some(&indent) {
            inline.pop();
        }
        for (start, _) in line.match_indices("crate::").chain(line.match_indices("super::")) {
            let start = at + start;
            let begins = !text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
            if !begins || start < seen {
                continue;
            }
            let mut paths = Vec::new();
            let rest = spelled_out(&text[start..], &mut Vec::new(), &mut paths);
            seen = text.len() - rest.len();
            for path in paths {
                let climbed = path.iter().take_while(|name| **name == "super").count();
                let to_the_root = path[0] == "crate" || climbed == module.len() + inline.len();
                rooms.extend(path.get(climbed.max(1)).filter(|_| to_the_root).map(|name| (*name).to_owned()));
            }
        }
        at += line.len();
    }
    rooms
}

/// Reads one path, or the tree of paths of a `use` line, and hands back the text behind it.
fn spelled_out<'t>(text: &'t str, before: &mut Vec<&'t str>, found: &mut Vec<Vec<&'t str>>) -> &'t str {
    if let Some(mut group) = text.strip_prefix('{') {
        loop {
            group = group.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if group.is_empty() || group.starts_with('}') {
                return group.strip_prefix('}').unwrap_or_default();
            }
            let rest = spelled_out(group, before, found);
            // What is no path, as in `name as other`, is passed over.
            group = rest.find([',', '}']).map_or("", |end| &rest[end..]);
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let end = if text.starts_with('*') { 1 } else { end };
    before.push(&text[..end]);
    let rest = match text[end..].strip_prefix("::") {
        Some(more) => spelled_out(more, before, found),
        None => {
            found.push(before.clone());
            &text[end..]
        }
    };
    before.pop();
    rest
}

/// The files that are compiled for tests alone: those of modules that are declared under `#[cfg(test)]`.
fn test_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in sources(&root().join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        let folder = match file.file_name().unwrap().to_str().unwrap() {
            "mod.rs" | "lib.rs" => file.parent().unwrap().to_owned(),
            _ => file.with_extension(""),
        };
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2).filter(|pair| pair[0].trim() == "#[cfg(test)]") {
            let name = pair[1].strip_suffix(';').and_then(|line| Some(line.rsplit_once("mod ")?.1));
            found.extend(name.map(|name| folder.join(name).with_extension("rs")));
        }
    }
    found
}

/// The part of a file before its module of tests.
fn without_tests(text: &str) -> &str {
    let is_module = |at: usize| {
        let declared = text[at..].lines().nth(1).unwrap_or_default();
        declared.contains("mod ") && declared.ends_with('{')
    };
    let end = text.match_indices("#[cfg(test)]").map(|(at, _)| at).find(|at| is_module(*at));
    &text[..end.unwrap_or(text.len())]
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
        let module = module_of(&file);
        let module: Vec<&str> = module.iter().map(String::as_str).collect();
        for imported in imported_rooms(&module, &fs::read_to_string(&file).unwrap()) {
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
fn only_the_engines_own_room_tells_engines_apart() {
    let tests = test_files();
    let mut wrong = Vec::new();
    for file in sources(&root().join("src")) {
        if ["engine", "model"].contains(&room_of(&file).as_str()) || tests.contains(&file) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in without_tests(&text).lines().enumerate() {
            for variant in ["Tofu", "Terraform", "Terragrunt", "{", "*"] {
                if line.contains(&format!("EngineName::{variant}")) {
                    wrong.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Ways to open a file to be read that wait for a fifo and never reach the end of a device.
const WAITING_READS: &[&str] = &["fs::read(", "fs::read_to_string(", "File::open("];

#[test]
fn files_are_read_by_the_room_that_waits_for_no_fifo() {
    let tests = test_files();
    let mut wrong = Vec::new();
    for file in sources(&root().join("src")) {
        // `process` reads what the kernel tells of processes, and outputs that it has just made.
        let is_exempt = ["files", "process"].contains(&room_of(&file).as_str());
        if is_exempt || tests.contains(&file) || file.ends_with("cli/test_clock.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in without_tests(&text).lines().enumerate() {
            if WAITING_READS.iter().any(|read| line.contains(read)) && !line.contains("\"/proc/") {
                wrong.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_groups_and_paths() {
    let text = "use crate::{\n    config::{Config, Scope},\n    model,\n    process::Runner as R, ui,\n};\nlet x = crate::engine::find();";
    assert_eq!(
        imported_rooms(&["cli", "run"], text),
        ["config", "config", "model", "process", "ui", "engine"]
    );
}

#[test]
fn the_reader_of_imports_sees_a_super_that_leaves_the_room() {
    let text = "use super::super::executor::Step;\nuse super::{super::{cli, model::EngineName}, raw};\nsuper::own();\n\
                mod tests {\n    use super::super::raw::Node;\n    use super::super::super::plans::Review;\n}\nsuper::super::graph::x();";
    assert_eq!(imported_rooms(&["config", "load"], text), ["executor", "cli", "model", "plans", "graph"]);
    assert_eq!(imported_rooms(&["config", "raw", "node"], text), [""; 0]);
}
