//! `--json`: standard output is one document that matches its schema, at every exit code.

use serde_json::{Value, json};

use crate::{
    support::Run,
    support::{Shop, error},
};

/// Validates a document against the schema that envctl itself prints.
#[track_caller]
fn assert_valid(shop: &Shop, schema: &str, document: &Value) {
    let schema_text = shop.run(["generate", "schema", schema]).exits(0).json();
    let validator = jsonschema::validator_for(&schema_text).expect("a schema of JSON Schema's own kind");
    let errors: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{schema}: {errors:#?}\n{document:#}");
    assert_eq!(document["format"], 1);
}

/// Parses standard output as a document, and validates it against a schema.
#[track_caller]
fn valid(shop: &Shop, schema: &str, run: &Run) -> Value {
    let document = run.json();
    assert_valid(shop, schema, &document);
    document
}

#[test]
fn every_data_verb_prints_one_document_of_its_schema() {
    let shop = Shop::of(&["network", "app: network"]);
    for (args, schema) in [
        (vec!["plan", "staging", "--json"], "report"),
        (vec!["deploy", "staging", "--yes", "--json"], "report"),
        (vec!["plan", "staging", "--json"], "report"),
        (vec!["list", "--json"], "list"),
        (vec!["list", "staging", "app", "--with-dependencies", "--why", "--json"], "list"),
        (vec!["graph", "staging", "--format", "json"], "graph"),
        (vec!["config", "--json"], "config"),
        (vec!["config", "staging", "app", "--origins", "--json"], "config"),
        (vec!["check", "--json"], "check"),
        (vec!["check", "production", "--offline", "--json"], "check"),
        (vec!["output", "staging", "--json"], "output"),
        (vec!["output", "staging", "app", "id", "--json"], "output"),
        (vec!["status", "--json"], "status"),
        (vec!["runs", "list", "--json"], "runs"),
        (vec!["runs", "show", "--json"], "report"),
        (vec!["destroy", "staging", "--yes", "--json"], "report"),
        (vec!["status", "staging", "--json"], "status"),
        (vec!["doctor", "--json"], "doctor"),
    ] {
        let run = shop.env.run_args(&args).exits(0);
        valid(&shop, schema, &run);
    }
}

#[test]
fn a_report_that_ends_badly_is_of_the_same_schema() {
    let shop = Shop::of(&["network", "app: network", "mail"]);
    let refused = shop.run(["deploy", "production", "--json"]).exits(3);
    let document = valid(&shop, "report", &refused);
    assert_eq!((&document["result"], &document["exit_code"]), (&json!("refused"), &json!(3)));
    assert!(document["digest"].is_string());

    shop.behave("network", &json!({ "plan": error("boom", "because") }));
    let failed = shop.run(["plan", "staging", "--json"]).exits(1);
    let document = valid(&shop, "report", &failed);
    assert_eq!((&document["result"], &document["exit_code"]), (&json!("failed"), &json!(1)));
    assert_eq!(document["stacks"][0]["error"]["summary"], "boom");

    let locked = error("Error acquiring the state lock", "Lock Info:\n  ID: 1");
    shop.behave("network", &json!({ "plan": locked }));
    let document = valid(&shop, "report", &shop.run(["plan", "staging", "--json"]).exits(5));
    assert_eq!(document["result"], "locked");
}

#[test]
fn an_error_is_one_document_too() {
    let shop = Shop::of(&["network"]);
    for (args, code, result, summary) in [
        (vec!["plan", "stagign", "--json"], 64, "failed", "there is no environment `stagign`"),
        (vec!["plan", "--json"], 64, "failed", "no environment given"),
        (vec!["deploy", "staging", "netwrok", "--json"], 64, "failed", "no stack is called `netwrok`"),
        (vec!["deploy", "staging", "--confirm=abc", "--json"], 64, "failed", "`abc` is not a digest"),
        (vec!["plan", "staging", "--json", "--nonsense"], 64, "failed", "unknown flag `--nonsense`"),
        (vec!["list", "--json", "--tag"], 64, "failed", "a value is required for `--tag"),
        (vec!["graph", "--format", "json", "--tag"], 64, "failed", "a value is required for `--tag"),
        (
            vec!["graph", "--format=json", "--tga"],
            64,
            "failed",
            "unknown flag `--tga`; did you mean `--tag`?",
        ),
        (vec!["graph", "qa", "--format", "json"], 64, "failed", "there is no environment `qa`"),
        (vec!["runs", "show", "nope", "--json"], 64, "failed", "there are no runs in"),
        (vec!["output", "staging", "network", "nope", "--json"], 64, "failed", "there is no output `nope`"),
        (
            vec!["deploy", "production", "--accept-replans", "--json"],
            64,
            "failed",
            "unknown flag `--accept-replans`",
        ),
        (
            vec!["deploy", "production", "--reuse", "--confirm", "--json"],
            3,
            "refused",
            "`--reuse` is for plans alone in `production`",
        ),
        (vec!["plan", "staging", "--json", "--config", "nowhere.toml"], 4, "failed", "nowhere.toml"),
    ] {
        let run = shop.env.run_args(&args).exits(code);
        let document = valid(&shop, "error", &run);
        assert_eq!((&document["result"], &document["exit_code"]), (&json!(result), &json!(code)));
        let found = document["error"]["summary"].as_str().unwrap();
        assert!(found.contains(summary), "{found}");
        assert!(run.stderr.contains("error"), "people are told as well\n{run}");
    }
}

#[test]
fn a_document_of_instances_is_whole_or_an_error() {
    let shop = Shop::of(&["network"]);
    shop.append("environments.toml", "\n[stacks.app]\npath = \"app\"\n");
    for args in [
        &["list", "staging", "--json"] as &[&str],
        &["list", "--json"],
        &["graph", "staging", "--format", "json"],
        &["status", "staging", "--json"],
        &["status", "--json"],
        &["config", "staging", "--json"],
        &["config", "--json"],
    ] {
        let document = valid(&shop, "error", &shop.env.run_args(args).exits(4));
        assert_eq!(document["result"], "failed", "{args:?}");
        assert!(document["error"]["summary"].as_str().unwrap().contains("`app`"), "{args:?} {document}");
    }
    // Without `--json` the valid part is printed, with the same exit code.
    for args in [&["list", "staging"] as &[&str], &["graph", "staging"], &["status", "staging"]] {
        shop.env.run_args(args).exits(4).prints("network").tells("`app`");
    }
}

#[test]
fn a_wrong_file_is_named_with_its_line_in_the_document() {
    let shop = Shop::of(&["network"]);
    shop.append("environments.toml", "colour = \"red\"\n");
    for verb in ["plan", "check", "list", "status", "config", "output"] {
        let document = valid(&shop, "error", &shop.run([verb, "staging", "--json"]).exits(4));
        let error = &document["error"];
        assert_eq!(
            (&error["kind"], &error["file"]),
            (&json!("config"), &json!("environments.toml")),
            "{verb}"
        );
        let line = shop.project.read("environments.toml").lines().count();
        assert_eq!(error["line"], line, "{verb}");
    }
}

#[test]
fn a_missing_workspace_has_its_report_in_json() {
    let shop = Shop::of(&["network"]);
    shop.project.edit(
        "environments.toml",
        "workspace = \"staging\"\ncreate_workspace = \"always\"",
        "workspace = \"staging\"",
    );
    let document = valid(&shop, "report", &shop.run(["plan", "staging", "--json"]).exits(3));
    assert_eq!(document["stacks"][0]["blocked"][0]["guard"], "workspace");
}

#[test]
fn the_committed_schemas_are_current() {
    let shop = Shop::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let mut names: Vec<String> = Vec::new();
    for entry in folder.read_dir().expect("scripts/schemas writes them") {
        let name = entry.unwrap().file_name().into_string().unwrap();
        names.push(name.strip_suffix(".schema.json").expect("NAME.schema.json").to_owned());
    }
    for name in &names {
        let committed = std::fs::read_to_string(folder.join(format!("{name}.schema.json"))).unwrap();
        let current = shop.run(["generate", "schema", name]).exits(0).stdout;
        assert!(committed == current, "{name} is stale: run scripts/schemas");
    }
    names.sort();
    assert_eq!(
        names,
        [
            "check",
            "config",
            "doctor",
            "environments",
            "error",
            "graph",
            "list",
            "output",
            "report",
            "runs",
            "status"
        ]
    );
}

#[test]
fn the_schema_of_environments_toml_takes_what_envctl_takes() {
    let shop = Shop::of(&["network", "app: network"]);
    let toml: toml::Value = toml::from_str(&shop.project.read("environments.toml")).unwrap();
    let schema = shop.run(["generate", "schema"]).exits(0).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let document = serde_json::to_value(&toml).unwrap();
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let mut wrong = document;
    wrong["environments"]["staging"]["wrokspace"] = json!("x");
    assert!(!validator.is_valid(&wrong));
}
