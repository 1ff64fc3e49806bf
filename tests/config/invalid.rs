//! Invalid files, one for each rule, with their diagnostics.

use envctl::config::Overrides;

use super::{fixtures, load, shown};

#[test]
fn every_broken_rule_is_explained_at_its_place() {
    for path in fixtures("invalid") {
        let name = path.file_stem().unwrap();
        let problems = load(&path, Overrides::default()).expect_err(name);
        assert!(problems.has_errors(), "{name}");
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "snapshots/invalid" }, {
            insta::assert_snapshot!(name, shown(&problems));
        });
    }
}

#[test]
fn every_code_of_an_error_has_a_file_that_shows_it() {
    let mut shown = Vec::new();
    for path in fixtures("invalid") {
        shown.extend(load(&path, Overrides::default()).unwrap_err().into_iter().map(|problem| problem.code));
    }
    let sources = walk("src/config");
    let mut codes: Vec<&str> = sources
        .iter()
        .flat_map(|text| text.split("\"config::").skip(1).map(|rest| rest.split('"').next().unwrap()))
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let missing: Vec<_> = codes
        .into_iter()
        .filter(|code| !shown.iter().any(|shown| shown.strip_prefix("config::") == Some(code)))
        // Warnings appear in valid files; findings about flags and variables appear in `overrides` and unit tests.
        .filter(|code| !["idle-unset", "set", "value", "engine"].contains(code))
        .collect();
    assert!(missing.is_empty(), "no fixture shows {missing:?}");
}

fn walk(folder: &str) -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.extend(walk(path.to_str().unwrap()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            texts.push(text.split("#[cfg(test)]").next().unwrap().to_owned());
        }
    }
    texts
}
