//! Tests with damaged engine output and plan files: each is parsed or refused as a whole, and none causes a panic.

use std::{fs, io::Write as _};

use camino::Utf8Path;
use proptest::prelude::*;
use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{
    PlanMode,
    messages::stream_json,
    plan_file::{metadata::plan_facts, plan_json},
    process::document::Dialect,
};

/// Returns unexpected JSON values to put into valid documents.
fn strange() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!(["delete", "create", "delete"])),
        Just(json!([["a"], {"b": null}])),
        Just(json!({ "actions": "create", "address": 1 })),
    ]
}

/// Replaces the value at `index` of a document, counted depth first.
fn replace(document: &mut Value, index: &mut usize, with: &Value) {
    if *index == 0 {
        *document = with.clone();
        *index = usize::MAX;
        return;
    }
    *index -= 1;
    match document {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, index, with)),
        Value::Object(map) => map.iter_mut().for_each(|(_, item)| replace(item, index, with)),
        _ => {}
    }
}

fn damaged(text: &str, edits: &[(usize, Value)]) -> String {
    let mut document: Value = serde_json::from_str(text).unwrap();
    for (index, with) in edits {
        let mut index = *index;
        replace(&mut document, &mut index, with);
    }
    document.to_string()
}

fn plans() -> Vec<String> {
    let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/plan-json");
    let names = ["every-change-tofu.json", "every-change-terraform.json"];
    names.iter().map(|name| fs::read_to_string(folder.join(name)).unwrap()).collect()
}

const LINES: [&str; 5] = [
    r#"{"@level":"info","@message":"OpenTofu 1.12.6","type":"version","tofu":"1.12.6","ui":"1.2"}"#,
    r#"{"@message":"a.b: Plan to create","type":"planned_change","change":{"resource":{"addr":"a.b"},"action":"create"}}"#,
    r#"{"@message":"Outputs: 1","type":"outputs","outputs":{"o":{"sensitive":false,"action":"create"}}}"#,
    r#"{"@message":"Error: no","type":"diagnostic","diagnostic":{"severity":"error","summary":"no","detail":"d","address":"a.b","range":{"filename":"main.tf","start":{"line":1,"column":2,"byte":3}}}}"#,
    r#"{"@message":"a.b: Creating...","type":"apply_start","hook":{"resource":{"addr":"a.b"},"action":"create","elapsed_seconds":1}}"#,
];

/// Returns the bytes of a plan file with the given members.
fn archive(plan: &[u8], state: &[u8]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = ZipWriter::new(&mut bytes);
    for (name, content) in [("tfplan", plan), ("tfstate", state)] {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap();
    bytes.into_inner()
}

/// Backend `local`, workspace `default`, version `1.12.6`.
const PLAN: &[u8] = b"\x6a\x10\x0a\x05local\x1a\x07default\x72\x061.12.6";
const STATE: &[u8] = br#"{"version":4,"serial":7,"lineage":"0c5f"}"#;

fn facts_of(bytes: &[u8]) -> Result<super::PlanFacts, super::plan_file::metadata::PlanFileError> {
    let folder = tempfile::tempdir().unwrap();
    let file = Utf8Path::from_path(folder.path()).unwrap().join("a.tfplan");
    fs::write(&file, bytes).unwrap();
    plan_facts(&file)
}

#[test]
fn the_undamaged_documents_are_accepted() {
    let facts = facts_of(&archive(PLAN, STATE)).unwrap();
    assert_eq!((&*facts.workspace, &*facts.lineage, facts.serial), ("default", "0c5f", 7));
    for plan in plans() {
        let read = plan_json::parse(plan.as_bytes(), Dialect::Pure, PlanMode::Normal).unwrap();
        assert!(!read.changes.is_empty());
    }
    for line in LINES {
        assert!(stream_json::parse(line).is_some(), "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_strange_plan_document_is_read_or_refused(
        which in 0..2_usize,
        edits in prop::collection::vec((0..2_000_usize, strange()), 1..5),
        cut in prop::option::of(0..60_000_usize),
    ) {
        let mut text = damaged(&plans()[which], &edits).into_bytes();
        text.truncate(cut.unwrap_or(usize::MAX));
        for dialect in [Dialect::Pure, Dialect::Mixed] {
            let _either = plan_json::parse(&text, dialect, PlanMode::Normal);
        }
    }

    #[test]
    fn a_strange_line_of_a_stream_is_read_or_passed_over(
        which in 0..LINES.len(),
        edits in prop::collection::vec((0..20_usize, strange()), 0..4),
        noise in "\\PC{0,20}",
        cut in prop::option::of(0..300_usize),
    ) {
        let line = damaged(LINES[which], &edits);
        let cut: String = line.chars().take(cut.unwrap_or(usize::MAX)).collect();
        for line in [&line, &cut, &noise, &format!("{noise}{line}"), &format!("{line}{noise}")] {
            let _either = stream_json::parse(line);
            let (before, _) = stream_json::parse_within(line);
            prop_assert!(line.starts_with(before));
        }
    }

    #[test]
    fn a_damaged_plan_file_says_what_it_said_before_or_is_refused(
        flips in prop::collection::vec((0..600_usize, any::<u8>()), 0..6),
        cut in prop::option::of(0..600_usize),
    ) {
        let mut bytes = archive(PLAN, STATE);
        for (index, with) in flips {
            let index = index % bytes.len();
            bytes[index] = with;
        }
        bytes.truncate(cut.unwrap_or(usize::MAX));
        if let Ok(facts) = facts_of(&bytes) {
            // The check sums of the archive detect every change of a member.
            prop_assert_eq!((&*facts.workspace, &*facts.lineage, facts.serial), ("default", "0c5f", 7));
        }
    }

    #[test]
    fn strange_members_of_a_plan_file_are_read_or_refused(
        plan in prop::collection::vec(any::<u8>(), 0..80),
        state in prop_oneof![strange().prop_map(|value| value.to_string().into_bytes()), prop::collection::vec(any::<u8>(), 0..40)],
    ) {
        let _either = facts_of(&archive(&plan, STATE));
        let _either = facts_of(&archive(PLAN, &state));
    }
}
