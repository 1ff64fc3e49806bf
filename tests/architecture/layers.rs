//! Layers: a top-level module imports only modules of lower layers.

use super::{imports::top_modules, sources::Source};

/// Top-level modules of the crate by layer. Modules of one layer do not import each other, except on the lowest,
/// where a module may import those before it in this list.
const LAYERS: &[(u8, &[&str])] = &[
    (0, &["model", "mutex", "diagnostic", "event", "ui", "files"]),
    (1, &["config", "process", "git"]),
    (2, &["engine", "hcl", "graph"]),
    (3, &["inventory"]),
    (4, &["plans", "journal", "assurance", "scaffold"]),
    (5, &["executor", "reporter", "run"]),
    (6, &["commands"]),
    (7, &["cli"]),
];

/// Imports between modules of one layer: the importing module, the imported one, and the reason.
const WITHIN_A_LAYER: &[(&str, &str, &str)] = &[
    ("git", "process", "git is a program"),
    ("hcl", "engine", "an engine decides by their names which files it reads"),
    ("run", "executor", "a run is made of the steps that the executor runs"),
    ("run", "reporter", "a run prints its review and its report"),
];

/// Returns the layer of a top-level module and its index in the layer.
fn layer(module: &str) -> Option<(u8, usize)> {
    let place = |modules: &[&str]| modules.iter().position(|other| *other == module);
    LAYERS.iter().find_map(|(layer, modules)| Some((*layer, place(modules)?)))
}

#[test]
fn imports_only_go_down() {
    let mut wrong = Vec::new();
    for source in Source::all_below("src") {
        let top = source.top_module();
        if ["main", "lib"].contains(&top) {
            continue;
        }
        let own = layer(top).unwrap_or_else(|| panic!("`{top}` has no layer: {}", source.path));
        for imported in top_modules(&source.module(), &source.text) {
            let Some(other) = layer(&imported) else {
                wrong.push(format!("{}: `crate::{imported}` is no top-level module", source.path));
                continue;
            };
            let goes_down = other.0 < own.0 || (own.0 == 0 && other.0 == 0 && other.1 < own.1);
            let is_allowed = WITHIN_A_LAYER.iter().any(|(from, to, _)| (*from, *to) == (top, &*imported));
            if imported != top && !goes_down && !is_allowed {
                wrong.push(format!("{}: `{top}` may not import `{imported}`", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_engine_module_tells_engines_apart() {
    let mut wrong = Vec::new();
    for source in Source::of_the_crate() {
        if ["engine", "model"].contains(&source.top_module()) {
            continue;
        }
        for (number, line) in source.without_tests().lines().enumerate() {
            for variant in ["Tofu", "Terraform", "Terragrunt", "{", "*"] {
                if line.contains(&format!("EngineName::{variant}")) {
                    wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Calls that open a file for reading, block on a fifo and never reach the end of a device.
const BLOCKING_READS: &[&str] = &["fs::read(", "fs::read_to_string(", "File::open("];

#[test]
fn files_are_read_by_the_module_that_waits_for_no_fifo() {
    let mut wrong = Vec::new();
    for source in Source::of_the_crate() {
        // `process` reads `/proc` and files of output that it has just made.
        let is_exempt = ["files", "process"].contains(&source.top_module());
        if is_exempt || source.path.ends_with("cli/test_clock.rs") {
            continue;
        }
        for (number, line) in source.without_tests().lines().enumerate() {
            if BLOCKING_READS.iter().any(|read| line.contains(read)) && !line.contains("\"/proc/") {
                wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
