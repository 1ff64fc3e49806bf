//! Files of `--report` and `--summary`: those that are written, and those that are refused.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{fs::symlink, net::UnixListener},
};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::Value;

use crate::support::{Env, Program, Shop};

/// Returns every regular file of a project with its text.
fn files(shop: &Shop) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![shop.project.root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() && entry.file_name() != ".git" {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.insert(entry.path().display().to_string(), fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    found
}

/// Asserts that a plan with these flags is wrong usage: no engine starts, no file changes, and the reason is printed.
#[track_caller]
fn is_refused(shop: &Shop, env: &Env, flags: &[&str], says: &str) {
    let before = files(shop);
    let run = env.run_args(&[&["plan", "staging"], flags].concat()).exits(64);
    assert_eq!(run.stderr.matches("cannot be written").count(), 1, "{flags:?}: {run}");
    run.tells(says).tells("nothing was started");
    assert_eq!(files(shop), before, "{flags:?}");
    assert_eq!(shop.calls(), [""; 0], "{flags:?}");
}

#[test]
fn an_output_path_that_is_no_regular_file_is_wrong_usage() {
    let shop = Shop::of(&["network"]);
    let path = |name: &str| shop.project.path(name);
    fs::write(path("target.json"), "").unwrap();
    fs::write(path("first.json"), "").unwrap();
    fs::hard_link(path("first.json"), path("second.json")).unwrap();
    mknodat(CWD, path("fifo.json"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let _socket = UnixListener::bind(path("socket.json")).unwrap();
    fs::create_dir(path("folder.json")).unwrap();
    symlink("target.json", path("link.json")).unwrap();
    symlink("nowhere.json", path("dangling.json")).unwrap();
    for flag in ["--report", "--summary"] {
        for (name, says) in [
            ("fifo.json", "it is a fifo, not a regular file"),
            ("socket.json", "it is a socket or a device, not a regular file"),
            ("folder.json", "it is a folder"),
            ("link.json", "it is a link: name the file itself"),
            ("dangling.json", "it is a link: name the file itself"),
            ("second.json", "it is another file's second name (a hard link)"),
            (".envctl/new.json", "it lies in `.envctl`, where envctl keeps its own files"),
        ] {
            is_refused(&shop, &shop.env, &[flag, name], says);
        }
    }
}

#[test]
fn an_output_path_never_replaces_a_file_of_the_project() {
    let shop = Shop::of(&["network"]);
    shop.project.write("values.json", "{ \"region\": \"eu\" }\n");
    shop.project.write("format.json", "{\"format\":1,\"important\":\"data\"}\n");
    shop.project.write("policy.txt", "allow\n");
    shop.project.write("empty.tf.json", "");
    let other = "it holds something else than a";
    let by_name = "a file of this name is read as configuration or as a state";
    for (flag, name, says) in [
        ("--report", "values.json", other),
        ("--report", "format.json", other),
        ("--report", "network/main.tf.json", by_name),
        ("--report", "empty.tf.json", by_name),
        ("--report", "network/new.auto.tfvars.json", by_name),
        ("--report", "network/terragrunt.hcl.json", by_name),
        ("--summary", "values.json", other),
        ("--summary", "policy.txt", other),
        ("--summary", "environments.toml", by_name),
        ("--summary", "network/main.tf", by_name),
        ("--summary", "network/new.tf", by_name),
        ("--summary", "network/terraform.tfstate.backup", by_name),
        ("--summary", ".terraform-version", by_name),
    ] {
        is_refused(&shop, &shop.env, &[flag, name], says);
    }
    let output = shop.project.path("set_output_1");
    fs::write(&output, "").unwrap();
    let github = shop.env.clone().var("GITHUB_OUTPUT", &output);
    is_refused(&shop, &github, &["--summary", "set_output_1"], "it is the file of `GITHUB_OUTPUT`");
}

#[test]
fn a_report_and_a_summary_in_one_file_are_wrong_usage() {
    let shop = Shop::of(&["network"]);
    shop.run(["plan", "staging", "--report", "old.json"]).exits(0);
    let earlier = shop.project.read("old.json");
    shop.forget_calls();
    symlink(".", shop.project.path("here")).unwrap();
    for (report, summary) in
        [("old.json", "old.json"), ("old.json", "./network/../old.json"), ("new.json", "here/new.json")]
    {
        let run = shop.run(["plan", "staging", "--report", report, "--summary", summary]).exits(64);
        run.tells(&format!("`--report` and `--summary` name one file, `{report}`; nothing was started"));
    }
    assert_eq!(shop.project.read("old.json"), earlier);
    assert!(!shop.project.path("new.json").exists());
    assert_eq!(shop.calls(), [""; 0]);
}

#[test]
fn earlier_output_and_empty_files_are_written_again() {
    let shop = Shop::of(&["network"]);
    let text = |name: &str| shop.project.read(name);
    fs::write(shop.project.path("out.json"), "").unwrap();
    for run in ["a report", "an error document", "an error document"] {
        let exits = if run == "a report" { 0 } else { 64 };
        let environment = if run == "a report" { "staging" } else { "stagin" };
        shop.run(["plan", environment, "--report", "out.json", "--summary", "summary"]).exits(exits);
        let report: Value = serde_json::from_str(&text("out.json")).unwrap();
        assert_eq!(report["exit_code"], exits, "{run}");
    }
    assert_eq!(text("summary").matches("### `envctl plan").count(), 3, "{}", text("summary"));
    let step = shop.project.path("step_summary_1");
    for (name, env) in [
        ("notes.md", shop.env.clone()),
        ("step_summary_1", shop.env.clone().var("GITHUB_STEP_SUMMARY", &step)),
    ] {
        fs::write(shop.project.path(name), "of another step\n").unwrap();
        env.run(["plan", "staging", "--summary", name]).exits(0);
        assert!(text(name).starts_with("of another step\n### `envctl plan staging`"), "{}", text(name));
    }
}

#[test]
fn a_summary_may_go_to_a_stream_or_device_of_the_system() {
    let shop = Shop::of(&["network"]);
    shop.run(["plan", "staging", "--summary", "/dev/null"]).exits(0);
    shop.run(["plan", "staging", "--summary", "/dev/stdout"]).exits(0).prints("### `envctl plan staging`");
    let bash = Program { name: "bash", path: "/bin/bash".into() };
    let unread = "exec 7> >(true); wait $!; envctl plan staging --summary /dev/fd/7";
    let run = shop.env.clone().with_envctl().run_program(&bash, &["-c", unread]).exits(1);
    run.tells("the summary cannot be written to `/dev/fd/7`: Broken pipe");
}
