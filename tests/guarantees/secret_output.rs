//! 9. Secrets stay secret: in excerpts of diagnostics, and in files of a killed run.

use std::fs;

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Driven, Shop, wait_for_process_end};

const ENVIRONMENTS: &str = "[project]\nname = \"shop\"\n\n[environments.staging]\n";

/// Deploys `app` of staging, whose provisioner prints the secret `TOKEN`, and kills envctl meanwhile. Returns the
/// folder of the run after the engine has ended.
fn killed_run<const N: usize>(shop: &Shop, args: [&str; N]) -> String {
    let (begun, go) = (shop.marker("begun.marker"), shop.marker("go.marker"));
    let command = format!(
        "echo $PPID > {begun}.part; mv {begun}.part {begun}; while [ ! -e {go} ]; do sleep 0.05; done; echo said: $TF_VAR_token",
        begun = begun.display(),
        go = go.display()
    );
    let main = format!(
        "variable \"token\" {{}}\nresource \"terraform_data\" \"a\" {{\n  input = var.token\n  provisioner \"local-exec\" \
         {{\n    command = \"{command}\"\n  }}\n}}\n"
    );
    shop.project.write("app/main.tf", &main);
    let mut running = shop.env.spawn(args);
    running.wait_until("the provisioner runs", || begun.exists());
    let run = shop.newest_run();
    running.signal(Signal::KILL);
    assert!(running.wait().was_killed());
    let engine = fs::read_to_string(&begun).unwrap();
    fs::write(&go, "").unwrap();
    wait_for_process_end(engine.trim());
    assert!(
        shop.project.path(&format!("{run}/logs/app.stdout")).exists(),
        "the killed run left the raw output"
    );
    run
}

#[test(engines(tofu, terraform))]
fn raw_output_of_a_killed_run_is_masked_into_its_log_and_removed(engine: &Driven) {
    let secret = "s3ntinel-of-a-killed-run";
    let taint = ["exec", "staging", "app", "--yes", "--", "taint", "terraform_data.a"];
    for next in [&["runs", "resume", "--yes"][..], &["deploy", "staging", "--yes"], &["runs", "gc"], &taint] {
        let mut shop = Shop::driven_by(engine, ENVIRONMENTS);
        shop.env = shop.env.with_system().var("TOKEN", secret);
        shop.append("environments.toml", "secrets.token = { env = \"TOKEN\" }\n");
        shop.stack("app", &[], &json!({}));
        let run = killed_run(&shop, ["deploy", "staging", "--yes"]);
        let raw = shop.project.path(&format!("{run}/logs/app.stdout"));
        // A read-only command leaves the file.
        shop.run(["exec", "staging", "app", "--", "state", "list"]).exits(0);
        assert_eq!(shop.files_with(secret), [raw.to_string_lossy()], "in clear so far");

        shop.env.run_args(next).exits(0);

        assert_eq!(shop.files_with(secret), [""; 0], "after {next:?}");
        assert!(!raw.exists(), "after {next:?}");
        let log = shop.project.read(&format!("{run}/logs/app.log"));
        assert_eq!(log.contains("said: (redacted)"), next[1] != "gc", "{log}");
    }
}

#[test(engines(tofu, terraform))]
fn raw_output_is_not_kept_where_the_secrets_of_its_stack_are_unknown(engine: &Driven) {
    let secret = "s3ntinel-of-another-stack";
    for next in [
        &["deploy", "staging", "web", "--yes"][..],
        &["exec", "staging", "web", "--yes", "--", "apply", "-auto-approve"],
    ] {
        let mut shop = Shop::driven_by(engine, ENVIRONMENTS);
        shop.env = shop.env.with_system().var("TOKEN", secret);
        shop.stack("web", &[], &json!({}));
        shop.stack("app", &[], &json!({}));
        shop.append("environments.toml", "secrets.token = { env = \"TOKEN\" }\n");
        let run = killed_run(&shop, ["deploy", "staging", "app", "--yes"]);

        shop.env.run_args(next).exits(0);

        assert_eq!(shop.files_with(secret), [""; 0], "after {next:?}");
        let log = shop.project.read(&format!("{run}/logs/app.log"));
        assert!(!log.contains("said: (redacted)"), "{log}");
    }
}

#[test(engines(tofu, terraform))]
fn raw_output_of_a_run_without_a_readable_journal_is_removed(engine: &Driven) {
    let secret = "s3ntinel-of-an-unknown-run";
    let typed = ["exec", "staging", "app", "--yes", "--", "taint", "terraform_data.a"];
    for journal in [Some("{\"no event\": 1}\n{}\n"), Some(""), None] {
        let mut shop = Shop::driven_by(engine, ENVIRONMENTS);
        shop.env = shop.env.with_system().var("TOKEN", secret);
        shop.append("environments.toml", "secrets.token = { env = \"TOKEN\" }\n");
        shop.stack("app", &[], &json!({}));
        let run = killed_run(&shop, ["deploy", "staging", "--yes"]);
        let file = format!("{run}/journal.jsonl");
        match journal {
            Some(text) => shop.project.write(&file, text),
            None => fs::remove_file(shop.project.path(&file)).unwrap(),
        }

        let first = shop.env.run_args(&typed).exits(0);

        assert_eq!(first.stderr.matches("its journal does not tell").count(), 1, "{first}");
        assert_eq!(shop.files_with(secret), [""; 0], "{journal:?}");
        shop.env.run_args(&typed).exits(0).hides("its journal does not tell");
    }
}

#[test(engines(tofu, terraform))]
fn no_excerpt_of_a_diagnostic_shows_a_value_of_a_var_file_or_a_secret(engine: &Driven) {
    let mut shop = Shop::driven_by(engine, ENVIRONMENTS);
    shop.env = shop.env.var("TOKEN", "another-value").var("GITHUB_ACTIONS", "true");
    shop.append("environments.toml", "secrets.token = { env = \"TOKEN\" }\nvar_files = [\"app.tfvars\"]\n");
    shop.stack("app", &[], &json!({ "variables": ["token"] }));
    for (values, message) in [
        ("token = \"s3ntinel\"\n", "a var file sets it too"),
        ("token = \"s3ntinel\" x\n", "is not valid HCL"),
    ] {
        shop.project.write("app/app.tfvars", values);
        for args in [&["check", "staging"][..], &["plan", "staging"], &["plan", "staging", "--json"]] {
            let run = shop.env.run_args(args).exits(4).hides("s3ntinel");
            run.tells(message).tells("app/app.tfvars:1:");
        }
    }
    shop.project.write("app/app.tfvars", "");
    shop.project.edit("environments.toml", "{ env = \"TOKEN\" }", "\"s3ntinel\"");
    shop.run(["check", "staging"])
        .exits(4)
        .hides("s3ntinel")
        .tells("does not say where the secret comes from");
}
