//! The committed JSON Schema.

use std::fs;

use camino::Utf8Path;
use envctl::config::json_schema;

use super::fixtures;

fn text() -> String {
    format!("{}\n", serde_json::to_string_pretty(&json_schema()).unwrap())
}

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let path = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/environments.schema.json");
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&path, text()).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert_eq!(committed, text(), "run the tests with UPDATE_SCHEMAS=1 and commit {path}");
}

#[test]
fn the_schema_is_the_same_each_time() {
    assert_eq!(text(), text());
}

#[test]
fn every_valid_file_satisfies_the_schema() {
    let schema = jsonschema::validator_for(&json_schema()).unwrap();
    for path in fixtures("valid") {
        let document: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        let document = serde_json::to_value(document).unwrap();
        let errors: Vec<_> = schema
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{path}: {}", errors.join("\n"));
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses_by_type_and_key() {
    let schema = jsonschema::validator_for(&json_schema()).unwrap();
    for name in ["unknown-key", "type", "misplaced-key", "word", "secret-source-plain", "missing-key"] {
        let path =
            Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/config/invalid/{name}.toml"));
        let document: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        assert!(!schema.is_valid(&serde_json::to_value(document).unwrap()), "{name}");
    }
}
