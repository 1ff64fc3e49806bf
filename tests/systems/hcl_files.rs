//! HCL syntax: envctl reads the files of `tests/hcl_files`, which use every construct of both languages, as the
//! engines do.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its scene has failed")]

use std::{fs, io::Write, path::Path, process::Stdio};

use camino::Utf8Path;
use envctl::{
    hcl::{FlagExpression, flag_expression, parse_body, read_folder, read_var_file},
    model::EngineName,
};
use hcl_edit::{Span, structure::Body};
use serde_json::Value;

use crate::support::{Program, hermetic};

/// Engine commands that can check a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// `fmt -check`, and `console` for this number of locals.
    Console(usize),
    /// `fmt -check` alone: the file needs providers or an initialised backend, or has blocks that one of the engines
    /// does not know.
    Format,
    /// `console` alone, for this number of locals: `fmt` refuses JSON.
    Json(usize),
    /// `fmt -check`, and `console` with the file as a var file with this number of variables.
    VarFile(usize),
}

const FILES: [(&str, Asked); 24] = [
    ("actions.tf", Asked::Format),
    ("backend_and_variables.tf", Asked::Format),
    ("byte_order_mark.tf", Asked::Console(1)),
    ("carriage_returns.tf", Asked::Console(2)),
    ("checks_and_conditions.tf", Asked::Format),
    ("deploy.tftest.hcl", Asked::Format),
    ("dynamic_and_comments.tf", Asked::Format),
    ("ephemeral.tf", Asked::Format),
    ("escapes.tf", Asked::Console(3)),
    ("for_expressions.tf", Asked::Console(6)),
    ("functions.tf", Asked::Console(4)),
    ("heredoc_marker_in_text.tf", Asked::Console(3)),
    ("heredoc_with_templates.tf", Asked::Console(2)),
    ("heredocs_indented.tf", Asked::Console(3)),
    ("heredocs_plain.tf", Asked::Console(3)),
    ("json_syntax.tf.json", Asked::Json(3)),
    ("moved_import_removed.tf", Asked::Format),
    ("nested_templates.tf", Asked::Console(7)),
    ("only_opentofu.tofu", Asked::Format),
    ("operators.tf", Asked::Console(8)),
    ("parenthesised_keys.tf", Asked::Format),
    ("provider_functions.tf", Asked::Format),
    ("repeated_keys.tf", Asked::Console(4)),
    ("values.tfvars", Asked::VarFile(6)),
];

/// File that engines can parse and envctl cannot yet.
const UNREADABLE: &str = "parenthesised_keys.tf";

fn folder() -> &'static Utf8Path {
    Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hcl_files"))
}

fn text_of(name: &str) -> String {
    let text = fs::read_to_string(folder().join(name)).unwrap();
    text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned)
}

/// Returns the values of expressions that an engine evaluates in a folder.
fn console(engine: &Program, dir: &Path, args: &[&str], expressions: &[String]) -> Vec<Value> {
    let mut child = hermetic(&engine.path)
        .arg("console")
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Terraform 1.11.4 prints only the result of the last line.
    let line = format!("jsonencode([{}])\n", expressions.join(", "));
    child.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}: {}", engine.name, String::from_utf8_lossy(&output.stderr));
    // The console escapes template markers in its output.
    let stdout = String::from_utf8(output.stdout).unwrap().replace("$${", "${").replace("%%{", "%{");
    serde_json::from_str(&serde_json::from_str::<String>(&stdout).unwrap()).unwrap()
}

/// Returns the locals by name, with the value of each that is literal to envctl.
fn locals(body: &Body, text: &str) -> Vec<(String, Option<Value>)> {
    let attributes = body.get_blocks("locals").flat_map(|block| block.body.attributes());
    let literal = |text: &str| match flag_expression(text) {
        Ok(FlagExpression::Literal(value)) => Some(value),
        Ok(FlagExpression::EngineOnly) | Err(_) => None,
    };
    attributes
        .map(|local| (local.key.as_str().to_owned(), literal(&text[local.value.span().unwrap()])))
        .collect()
}

/// Asserts that known values equal those of an engine; numbers are compared by value.
fn assert_same(file: &str, engine: &Program, known: &[(String, Option<Value>)], found: &[Value]) {
    assert_eq!(known.len(), found.len(), "{file}, {}", engine.name);
    for ((name, known), found) in known.iter().zip(found) {
        if let Some(known) = known {
            assert_eq!(canonical(known), canonical(found), "{file}, {}: {name}", engine.name);
        }
    }
}

fn canonical(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64()),
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Object(members) => {
            let mut members: Vec<_> =
                members.iter().map(|(key, value)| (key.clone(), canonical(value))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(members.into_iter().collect())
        }
        other => other.clone(),
    }
}

#[test(engines(tofu, terraform))]
fn every_construct_is_read_as_the_engines_read_it(engine: &Program) {
    let mut names: Vec<String> =
        fs::read_dir(folder()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, FILES.map(|(name, _)| name), "each document has its line in the table");
    for (name, asked) in FILES {
        let ending = Utf8Path::new(name).extension();
        let is_native = ending != Some("json");
        // Terraform does not read files with the extension `tofu`.
        let is_known = ending != Some("tofu") || engine.name == "tofu";
        if is_native && is_known {
            let mut format = hermetic(&engine.path);
            let status = format.args(["fmt", "-check", name]).current_dir(folder()).output().unwrap().status;
            assert!(matches!(status.code(), Some(0 | 3)), "{name}, {}: {status}", engine.name);
        }
        if is_native {
            let parsed = parse_body(&text_of(name));
            assert_eq!(parsed.is_ok(), name != UNREADABLE, "{name}: {:?}", parsed.err());
        }
        compare_values(engine, name, asked);
    }
}

fn compare_values(engine: &Program, name: &str, asked: Asked) {
    let keep = tempfile::tempdir().unwrap();
    let dir = Utf8Path::from_path(keep.path()).unwrap();
    fs::copy(folder().join(name), dir.join(name)).unwrap();
    let references = |of: &str, known: &[(String, Option<Value>)]| -> Vec<String> {
        known.iter().map(|(name, _)| format!("{of}.{name}")).collect()
    };
    match asked {
        Asked::Format => {}
        Asked::Console(count) => {
            let text = text_of(name);
            let known = locals(&parse_body(&text).unwrap(), &text);
            assert_eq!(known.len(), count, "{name}");
            let found = console(engine, keep.path(), &[], &references("local", &known));
            assert_same(name, engine, &known, &found);
        }
        Asked::VarFile(count) => {
            let known: Vec<(String, Option<Value>)> = read_var_file(&dir.join(name), dir)
                .unwrap()
                .into_iter()
                .map(|(name, attribute)| (name, attribute.value.literal().cloned()))
                .collect();
            assert_eq!(known.iter().filter(|(_, value)| value.is_some()).count(), count, "{name}");
            let declared = known.iter().map(|(name, _)| format!("variable \"{name}\" {{ type = any }}\n"));
            fs::write(dir.join("variables.tf"), declared.collect::<String>()).unwrap();
            let found =
                console(engine, keep.path(), &[&format!("-var-file={name}")], &references("var", &known));
            assert_same(name, engine, &known, &found);
        }
        Asked::Json(count) => {
            let driven = if engine.name == "tofu" { EngineName::Tofu } else { EngineName::Terraform };
            let module = read_folder(driven, dir, dir).unwrap();
            assert_eq!(module.required_versions.len(), 2, "both `terraform` blocks count");
            assert_eq!(module.variables["stage"].default.as_ref().and_then(|d| d.text()), Some("dev"));
            let names = ["greeting", "plain", "list"].map(|name| format!("local.{name}"));
            let found = console(engine, keep.path(), &[], &names);
            assert_eq!(found.len(), count);
            assert_eq!(found[0], "hi dev");
        }
    }
}
