//! 9. Secrets stay secret: in excerpts of diagnostics, and in what a killed run leaves.

use std::fs;

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Shop, real_engines};

const ENVIRONMENTS: &str = "[project]\nname = \"shop\"\n\n[environments.staging]\n";

/// The files below the folder of runs and commands that hold a text; plan files may.
fn holding(shop: &Shop, text: &str) -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![shop.project.path(".envctl")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            // Links of a data directory lead out of it, or nowhere yet.
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|end| end != "tfplan")
                && String::from_utf8_lossy(&fs::read(&path).unwrap()).contains(text)
            {
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    found
}

#[test]
fn raw_output_of_a_killed_run_is_masked_into_its_log_and_removed() {
    let secret = "s3ntinel-of-a-killed-run";
    for engine in real_engines() {
        for next in [&["runs", "resume", "--yes"][..], &["deploy", "staging", "--yes"], &["runs", "gc"]] {
            let mut shop = Shop::driven_by(&engine, ENVIRONMENTS);
            shop.env = shop.env.with_system().var("TOKEN", secret);
            shop.append("environments.toml", "secrets.token = { env = \"TOKEN\" }\n");
            shop.stack("app", &[], &json!({}));
            let (begun, go) = (shop.marker("begun.marker"), shop.marker("go.marker"));
            let wait =
                format!("touch {}; while [ ! -e {} ]; do sleep 0.05; done", begun.display(), go.display());
            let main = format!(
                "variable \"token\" {{}}\nresource \"terraform_data\" \"a\" {{\n  input = var.token\n  provisioner                  \"local-exec\" {{\n    command = \"{wait}; echo said: $TF_VAR_token\"\n  }}\n}}\n"
            );
            shop.project.write("app/main.tf", &main);
            let mut running = shop.env.spawn(["deploy", "staging", "--yes"]);
            running.wait_until("the provisioner runs", || begun.exists());
            let run = shop.newest_run();
            running.signal(Signal::KILL);
            assert!(running.wait().was_killed());
            fs::write(&go, "").unwrap();
            // The state is the last thing that the engine writes; the next deploy waits for its end.
            let raw = shop.project.path(&format!("{run}/logs/app.stdout"));
            if next[1] == "gc" {
                shop.run(["exec", "staging", "app", "--yes", "--", "untaint", "terraform_data.a"]);
                assert_eq!(holding(&shop, secret), [raw.to_string_lossy()], "in clear so far");
            }
            assert!(raw.exists(), "the killed run left the raw output");

            shop.env.run_args(next).exits(0);

            assert_eq!(holding(&shop, secret), [""; 0], "after {next:?}");
            assert!(!raw.exists(), "after {next:?}");
            let log = shop.project.read(&format!("{run}/logs/app.log"));
            assert_eq!(log.contains("said: (redacted)"), next[1] != "gc", "{log}");
        }
    }
}

#[test]
fn no_excerpt_of_a_diagnostic_shows_a_value_of_a_var_file_or_a_secret() {
    for engine in real_engines() {
        let mut shop = Shop::driven_by(&engine, ENVIRONMENTS);
        shop.env = shop.env.var("TOKEN", "another-value").var("GITHUB_ACTIONS", "true");
        shop.append(
            "environments.toml",
            "secrets.token = { env = \"TOKEN\" }\nvar_files = [\"app.tfvars\"]\n",
        );
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
}
