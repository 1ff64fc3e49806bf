//! 9. Secrets stay secret: texts inside a secret document, and secrets in resource addresses.

use serde_json::json;

use crate::support::{Driven, Env, Shop};

const ENVIRONMENTS: &str = "[project]\nname = \"shop\"\n\n[environments.dev]\n";

/// Makes a stack whose variable `document` is not sensitive and is a secret from a file.
fn shop_with(engine: &crate::support::Driven, document: &str, main: &str) -> Shop {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_env(Env::with_system);
    shop.append("environments.toml", "secrets.document = { file = \"document\" }\n");
    shop.project.write("document", document);
    shop.stack("app", &[], &json!({}));
    shop.project.write("app/main.tf", &format!("variable \"document\" {{}}\n{main}"));
    shop
}

/// Returns the output of a plan, and the files of the run that users read.
fn shown(shop: &Shop) -> String {
    let plan = shop.run(["plan", "dev", "-v", "--summary", "summary.md"]).exits(0);
    let run = shop.newest_run();
    let kept = ["plans/app.diff", "logs/app.log", "journal.jsonl", "report.json"];
    let kept = kept.map(|file| shop.project.read(&format!("{run}/{file}"))).concat();
    format!("{}{}{}{kept}", plan.stdout, plan.stderr, shop.project.read("summary.md"))
}

#[test(engines(tofu, terraform))]
fn the_texts_inside_a_document_are_masked_in_what_a_plan_shows(engine: &Driven) {
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
    for (document, main) in &cases {
        let shop = shop_with(engine, document, main);
        let shown = shown(&shop);
        for form in ["inner <value>", "inner \\u003cvalue", "inner+%3Cvalue", "aW5uZXIg", "lubmVyI"] {
            assert!(!shown.contains(form), "{form} of {document}\n{shown}");
        }
        assert!(shown.contains("(redacted)"), "{shown}");
    }
}

#[test(engines(tofu, terraform))]
fn blank_lines_of_a_secret_leave_the_review_as_it_is(engine: &Driven) {
    let main = "resource \"terraform_data\" \"a\" {\n  input = \"one          two\"\n}\n";
    let shop = shop_with(engine, "token: abcdefgh\n          \nend: ijklmnop\n", main);
    assert!(shown(&shop).contains("one          two"));
}

#[test(engines(tofu, terraform))]
fn an_apply_is_told_as_it_ended_whatever_its_masked_lines_look_like(engine: &Driven) {
    let resource = "resource \"terraform_data\" \"a\" {\n  input = var.document\n}\n";
    let each = "resource \"terraform_data\" \"each\" {\n  for_each = toset([var.document])\n}\n";
    let output = |value: &str| format!("output \"o\" {{\n  value = {value}\n}}\n");
    // A number, text after an escape, a key of a resource, and a word of the engine's own lines.
    let cases = [
        ("4711471147", output("tonumber(var.document)")),
        ("-0.471147", output("{ a = [tonumber(var.document)] }")),
        ("ns3ntinel", output("\"\\ns3ntinel\"")),
        ("s3ntinel-key", each.to_owned()),
        ("create", resource.to_owned()),
        ("resource", resource.to_owned()),
        ("change_summary", resource.to_owned()),
    ];
    for (secret, main) in &cases {
        let shop = shop_with(engine, secret, main);
        let plan = shop.run(["plan", "dev", "--json"]).exits(0).json();
        assert_eq!(plan["result"], "changes", "{secret}");
        let deployed = shop.run(["deploy", "dev", "--yes", "--json"]).exits(0).json();
        assert_eq!(deployed["result"], "applied", "{secret}");
        shop.run(["plan", "dev", "--detailed-exitcode"]).exits(0);
        let log = shop.project.read(&format!("{}/logs/app.log", shop.newest_run()));
        assert!(!log.contains(secret), "{log}");
        shop.run(["output", "dev", "--json"]).exits(0).hides(secret).json();
        shop.run(["destroy", "dev", "--yes"]).exits(0);
    }
}

#[test(engines(tofu, terraform))]
fn a_secret_that_is_the_key_of_a_resource_is_masked_in_its_address(engine: &Driven) {
    let (secret, encoded) = ("s3ntinel-key", "czNudGluZWwta2V5");
    let main = "resource \"terraform_data\" \"each\" {\n  for_each = toset([var.document, base64encode(var.document)])\n}\noutput \"map\" {\n  value = { (var.document) = \"x\" }\n}\n";
    let shop = shop_with(engine, secret, main);
    let secrets = "guards.protect = [\"terraform_data.each\"]\nsecrets.document";
    shop.project.edit("environments.toml", "secrets.document", secrets);
    let run = |args: &[&str], code: i32| {
        let run = shop.env.run_args(args).exits(code).hides(secret).hides(encoded);
        let text = format!("{}{}", run.stdout, run.stderr).replace("\\\"", "\"");
        assert!(text.contains("terraform_data.each[\"(redacted)\"]"), "{run}");
        run
    };

    let digest = run(&["plan", "dev", "--json"], 0).json()["digest"].clone();
    let confirm = format!("--confirm={}", digest.as_str().unwrap());
    run(&["apply", "last", &confirm, "--json"], 0);
    run(&["runs", "show", "last"], 0);
    for output in [&["output", "dev"][..], &["output", "dev", "--json"]] {
        shop.env.run_args(output).exits(0).hides(secret);
    }
    shop.project.edit("app/main.tf", "toset([var.document, base64encode(var.document)])", "toset([])");
    run(&["plan", "dev"], 0);
    run(&["deploy", "dev", "--yes", "--report", "report.json"], 3);
    let allow = |key: &str| format!("delete:app/terraform_data.each[\"{key}\"]");
    run(&["deploy", "dev", "--yes", "--allow", &allow("(redacted)")], 3);
    run(&["deploy", "dev", "--yes", "--allow", &allow(secret), "--allow", &allow(encoded)], 0);

    // Manifests are as confidential as the plan files beside them, which hold the same addresses.
    let is_masked = |file: &String| !file.contains("/backups/") && !file.ends_with(".manifest.json");
    let kept = [shop.files_with(secret), shop.files_with(encoded)].concat();
    assert_eq!(kept.into_iter().filter(is_masked).collect::<Vec<_>>(), [""; 0]);
    assert!(!shop.project.read("report.json").contains(secret));
}

#[test(engines(tofu, terraform))]
fn the_value_of_a_flag_for_a_sensitive_variable_is_masked(engine: &Driven) {
    let (hidden, shown) = ("typed-passphrase", "typed-region");
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    shop.stack("app", &[], &json!({}));
    let variables = "variable \"pass\" {\n  sensitive = true\n}\nvariable \"region\" {}\n";
    let resource = "resource \"terraform_data\" \"a\" {\n  input = [var.pass, var.region]\n}\n";
    shop.project.write("app/main.tf", &format!("{variables}{resource}"));
    let (pass, region) = (format!("pass={hidden}"), format!("region={shown}"));

    let refused =
        shop.run(["deploy", "dev", "--var", &pass, "--var", &region, "--report", "out.json"]).exits(3);

    let run = shop.newest_run();
    let kept =
        ["report.json", "journal.jsonl"].map(|file| shop.project.read(&format!("{run}/{file}"))).concat();
    let all = format!("{}{}{}{kept}", refused.stdout, refused.stderr, shop.project.read("out.json"));
    assert!(!all.contains(hidden), "{engine:?}: {all}");
    refused.tells(&format!("`envctl deploy dev --var 'pass=…' --var {region} --yes`"));
}

#[test(engines(tofu, terraform))]
fn texts_in_an_expression_of_var_for_a_sensitive_variable_are_masked(engine: &Driven) {
    let hidden = ["typed-passphrase", "typed-key-name", "12345678901234567890123"];
    let text = format!("{{ {} = [\"${{1}}{}\", {}] }}", hidden[1], hidden[0], hidden[2]);
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    shop.stack("app", &[], &json!({}));
    let variable = "variable \"pass\" {\n  type = any\n  sensitive = true\n}\n";
    let resource = "resource \"terraform_data\" \"a\" {\n  input = jsonencode(nonsensitive(var.pass))\n}\n";
    shop.project.write("app/main.tf", &format!("{variable}{resource}"));
    let pass = format!("pass={text}");

    let refused = shop.run(["deploy", "dev", "--var", &pass, "--report", "out.json"]).exits(3);

    let run = shop.newest_run();
    let kept =
        ["report.json", "journal.jsonl"].map(|file| shop.project.read(&format!("{run}/{file}"))).concat();
    let all = format!("{}{}{}{kept}", refused.stdout, refused.stderr, shop.project.read("out.json"));
    for hidden in hidden {
        assert!(!all.contains(hidden), "{engine:?}: {hidden}: {all}");
    }
    refused.prints("(redacted)").tells("--var 'pass=…'");
    let applied = shop.run(["deploy", "dev", "--var", &pass, "--yes"]).exits(0);
    hidden.into_iter().fold(applied, |run, hidden| run.hides(hidden));
}

#[test(engines(tofu))]
fn a_secret_in_the_address_of_a_state_is_masked_by_every_verb(engine: &Driven) {
    let environments = "[project]\nname = \"shop\"\n\n[environments.dev]\nsecrets.folder = { env = \"DEV\" }\n\n[environments.prod]\nsecrets.folder = { env = \"PROD\" }\n";
    let main = "variable \"folder\" {\n  type = string\n}\nterraform {\n  backend \"local\" {\n    path = \"../states/${var.folder}.tfstate\"\n  }\n}\nresource \"terraform_data\" \"app\" {}\n";
    let (dev, old, new) = ("s3ntinel-of-dev", "s3ntinel-of-prod", "s3ntinel-that-is-new");
    let mut shop = Shop::driven_by(engine, environments)
        .with_env(|env| env.with_system().var("DEV", dev).var("PROD", old));
    shop.stack("app", &[], &json!({}));
    shop.project.write("app/main.tf", main);
    for environment in ["dev", "prod"] {
        shop.run(["deploy", environment, "--yes"]).exits(0).hides(dev).hides(old);
    }

    let every_verb: [&[&str]; 7] = [
        &["plan", "prod"],
        &["plan", "prod", "--json"],
        &["output", "prod"],
        &["output", "prod", "--json"],
        &["exec", "prod", "app", "--", "state", "list"],
        &["exec", "prod", "app", "--yes", "--", "state", "rm", "terraform_data.app"],
        &["deploy", "prod", "--yes", "--report", "report.json", "--summary", "summary.md"],
    ];
    for (value, of_other) in [(new, false), (dev, true)] {
        shop = shop.with_env(|env| env.var("PROD", value));
        for args in every_verb {
            let run = shop.env.run_args(args).hides(value);
            assert!(
                !of_other || run.stdout.contains("same state") || run.stderr.contains("same state"),
                "{run}"
            );
        }
        for file in ["report.json", "summary.md"] {
            assert!(!shop.project.read(file).contains(value), "{file}");
        }
    }
}

#[test(engines(tofu))]
fn a_former_secret_in_the_address_of_a_state_stays_masked(engine: &Driven) {
    let environments =
        "[project]\nname = \"shop\"\n\n[environments.prod]\nsecrets.folder = { env = \"PROD\" }\n";
    let main = "variable \"folder\" {\n  type = string\n}\nterraform {\n  backend \"local\" {\n    path = \"../states/${var.folder}.tfstate\"\n  }\n}\nresource \"terraform_data\" \"app\" {}\n";
    let secrets = ["s3ntinel-of-prod", "s3ntinel-that-is-new", "s3ntinel-after-that"];
    let mut shop =
        Shop::driven_by(engine, environments).with_env(|env| env.with_system().var("PROD", secrets[0]));
    shop.stack("app", &[], &json!({}));
    shop.project.write("app/main.tf", main);
    shop.run(["deploy", "prod", "--yes"]).exits(0).hides(secrets[0]);

    let every_verb: [&[&str]; 12] = [
        &["exec", "prod", "app", "--", "init", "-migrate-state"],
        &["exec", "prod", "app", "--", "init", "-reconfigure"],
        &["output", "prod"],
        &["output", "prod", "--json"],
        &["plan", "prod"],
        &["plan", "prod", "--json"],
        &["exec", "prod", "app", "--", "state", "list"],
        &["exec", "prod", "app", "--yes", "--", "apply", "-auto-approve"],
        &["deploy", "prod", "--yes", "--report", "report.json", "--summary", "summary.md"],
        &["runs", "show", "last"],
        &["status", "prod", "--json"],
        &["check", "prod"],
    ];
    let mut shown = String::new();
    for value in &secrets[1..] {
        shop = shop.with_env(|env| env.var("PROD", value));
        for args in every_verb {
            let run = shop.env.run_args(args);
            shown += &(run.stdout + &run.stderr);
        }
        shown += &shop.project.read("report.json");
        shown += &shop.project.read("summary.md");
    }

    assert!(shown.contains("it lay at `local:") && shown.contains("states/(redacted).tfstate"), "{shown}");
    for secret in secrets {
        assert!(!shown.contains(secret), "{shown}");
        let kept = shop.files_with(secret);
        let in_a_run = kept.iter().filter(|file| file.contains(".envctl/runs/"));
        assert_eq!(in_a_run.filter(|file| !file.ends_with(".manifest.json")).count(), 0, "{kept:?}");
    }
}
