//! 9. Secrets stay secret: the texts inside a secret that is a document.

use serde_json::json;

use crate::support::{Shop, real_engines};

const ENVIRONMENTS: &str = "[project]\nname = \"shop\"\n\n[environments.dev]\n";

/// A stack whose variable `document` is not sensitive and comes from a file.
fn shop_with(engine: &crate::support::Driven, document: &str, main: &str) -> Shop {
    let mut shop = Shop::driven_by(engine, ENVIRONMENTS);
    shop.env = shop.env.with_system();
    shop.append("environments.toml", "secrets.document = { file = \"document\" }\n");
    shop.project.write("document", document);
    shop.stack("app", &[], &json!({}));
    shop.project.write("app/main.tf", &format!("variable \"document\" {{}}\n{main}"));
    shop
}

/// Every text that a run shows and keeps for people.
fn shown(shop: &Shop) -> String {
    let plan = shop.run(["plan", "dev", "-v", "--summary", "summary.md"]).exits(0);
    let run = shop.newest_run();
    let kept = ["plans/app.diff", "logs/app.log", "journal.jsonl", "report.json"];
    let kept = kept.map(|file| shop.project.read(&format!("{run}/{file}"))).concat();
    format!("{}{}{}{kept}", plan.stdout, plan.stderr, shop.project.read("summary.md"))
}

#[test]
fn the_texts_inside_a_document_are_masked_in_what_a_plan_shows() {
    let of = |part: &str| {
        format!(
            "locals {{\n  part = {part}\n}}\nresource \"terraform_data\" \"a\" {{\n  input = {{ plain = local.part, json = \
             jsonencode({{ a = local.part }}), base64 = base64encode(jsonencode(local.part)), url = urlencode(local.part) }}\n}}\n"
        )
    };
    let cases = [
        (
            "{\n  \"client\": {\"id\": \"id-4711\", \"secret\": \"inner <value> one\"}\n}\n",
            of("jsondecode(var.document).client.secret"),
        ),
        ("client:\n  secret: >-\n    inner <value>\n    one\n", of("yamldecode(var.document).client.secret")),
        (
            "# comment\nexport CLIENT=x\nSECRET=\"inner <value> one\"\n",
            of("regex(\"SECRET=\\\"([^\\\"]*)\\\"\", var.document)[0]"),
        ),
    ];
    for engine in real_engines() {
        for (document, main) in &cases {
            let shop = shop_with(&engine, document, main);
            let shown = shown(&shop);
            for form in ["inner <value>", "inner \\u003cvalue", "inner+%3Cvalue", "aW5uZXIg", "lubmVyI"] {
                assert!(!shown.contains(form), "{form} of {document}\n{shown}");
            }
            assert!(shown.contains("(redacted)"), "{shown}");
        }
    }
}

#[test]
fn blank_lines_of_a_secret_leave_the_review_as_it_is() {
    let main = "resource \"terraform_data\" \"a\" {\n  input = \"one          two\"\n}\n";
    for engine in real_engines() {
        let shop = shop_with(&engine, "token: abcdefgh\n          \nend: ijklmnop\n", main);
        assert!(shown(&shop).contains("one          two"));
    }
}
