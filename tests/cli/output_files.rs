//! Files of `--report` and `--summary`: those that are written, and those that are refused.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{fs::symlink, net::UnixListener},
};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};

use crate::support::{Env, Live, Program, Shop};

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
                let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
                found.insert(entry.path().display().to_string(), text);
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

#[test]
fn an_output_file_that_a_selected_stack_would_read_is_refused() {
    let shop = Shop::of(&["network", "app", "site", "fetch"]);
    shop.append("app/main.tf", "module \"m\" {\n  source = \"../modules/m\"\n}\n");
    shop.append("app/main.tf", "locals {\n  conf = fileset(\"../conf\", \"*\")\n}\n");
    shop.append("app/main.tf", "locals {\n  is_new = fileexists(\"../later.json\")\n}\n");
    shop.append(
        "environments.toml",
        "files = [\"../assets/**\"]\nvar_files = [\"?../values.json\"]\nsecrets.a = { file = \"a.md\" }\n\
         secrets.b = { command = [\"sh\", \"b.md\"] }\nhooks.before_apply = [[\"sh\", \"c.md\"]]\n",
    );
    shop.project.write("a.md", "secret-of-a-file");
    shop.project.write("b.md", "echo secret-of-a-command");
    shop.project.write("c.md", "true");
    for file in ["modules/m/main.tf", "conf/a.txt", "assets/a/b.txt", "site/deep/x.txt", "out/x.txt"] {
        shop.project.write(file, "");
    }
    shop.project.write(".gitignore", "terraform.tfstate*\n*.json\n.out/\nignored/\n");
    shop.project.write("site/ignored/x.txt", "");
    symlink("../out", shop.project.path("site/linked")).unwrap();
    shop.run(["plan", "staging", "--report", "old.json"]).exits(0);
    fs::copy(shop.project.path("old.json"), shop.project.path("site/old.json")).unwrap();
    shop.project.write("site/README.md", "# Site\n");
    shop.forget_calls();
    let refused = |command: &[&str], flag: &str, file: &str, stack: &str| {
        let before = files(&shop);
        let run = shop.env.run_args(&[command, &[flag, file]].concat()).exits(64);
        let what = flag.trim_start_matches("--");
        let error =
            format!("error: the {what} cannot be written to `{file}`: plans of stack `{stack}` depend");
        let run = run.tells(&error).tells("nothing was started");
        if file.contains('/') {
            let name = file.rsplit('/').next().unwrap();
            run.tells(&format!("hint: no selected stack reads the file of `{flag} {name}`"));
        }
        assert_eq!(files(&shop), before, "{file}");
        assert_eq!(shop.calls(), [""; 0], "{file}");
    };
    let plan = ["plan", "staging"];
    for (flag, file, stack) in [
        ("--report", "network/new.json", "network"),
        ("--report", "site/old.json", "site"),
        ("--report", "site/deep/new.json", "site"),
        ("--report", "site/ignored/new.json", "site"),
        ("--report", "site/linked/new.json", "site"),
        ("--report", "out/new.json", "site"),
        ("--report", "modules/m/new.json", "app"),
        ("--report", "conf/new.json", "app"),
        ("--report", "later.json", "app"),
        ("--report", "assets/a/new.json", "fetch"),
        ("--report", "values.json", "fetch"),
        ("--summary", "a.md", "fetch"),
        ("--summary", "b.md", "fetch"),
        ("--summary", "c.md", "fetch"),
        ("--summary", "site/README.md", "site"),
        ("--summary", "site/new.md", "site"),
    ] {
        refused(&plan, flag, file, stack);
    }
    for command in
        [&["deploy", "staging", "--yes"][..], &["destroy", "staging", "--yes"], &["apply", "last", "--yes"]]
    {
        refused(command, "--report", "network/new.json", "network");
    }
    let by_both = ["plan", "staging", "--report", "outer.json", "--summary", "site/new.md"];
    let run = shop.run(by_both).exits(64).tells("the summary cannot be written to `site/new.md`");
    let report: Value = serde_json::from_str(&shop.project.read("outer.json")).unwrap();
    assert_eq!(report["exit_code"], 64, "{run}");
    shop.run(["plan", "staging", "network", "--report", "site/new.json"]).exits(0);
    shop.run(["plan", "staging", "network", "--report", "later.json"]).exits(0);
}

#[test]
fn an_output_file_beside_a_stack_at_the_root_is_refused() {
    let shop = Shop::with("[project]\nname = \"p\"\n\n[environments.staging]\n");
    shop.script(".", &json!({ "resources": { "terraform_data.a": "1" } }));
    shop.script("other", &json!({ "resources": { "terraform_data.b": "1" } }));
    shop.append("environments.toml", "\n[stacks.top]\npath = \".\"\n\n[stacks.other]\npath = \"other\"\n");
    let outside = shop.project.around().join("report.json");
    let run = shop.run(["plan", "staging", "--report", "report.json"]).exits(64);
    run.tells("plans of stack `top` depend on the files there")
        .tells(&format!("`--report {}`", outside.display()));
    assert!(!shop.project.path("report.json").exists());
    assert_eq!(shop.calls(), [""; 0]);
    shop.run(["plan", "staging", "other", "--report", "report.json"]).exits(0);
    fs::remove_file(shop.project.path("report.json")).unwrap();
    shop.run(["plan", "staging", "--report", outside.to_str().unwrap()]).exits(0);
    shop.run(["apply", "last", "--yes", "--report", outside.to_str().unwrap()]).exits(0);
}

#[test(engines(terragrunt))]
fn an_output_file_in_a_folder_that_terragrunt_copies_is_refused() {
    let live = Live::new();
    live.unit("app", "terraform {\n  source = \"../../base//db\"\n}\n", "", "");
    live.project.write("base/db/main.tf", "output \"x\" {\n  value = 1\n}\n");
    for flags in
        [["--report", "base/new.json"], ["--summary", "base/deep/new.md"], ["--report", "base/db/new.json"]]
    {
        std::fs::create_dir_all(live.project.path("base/deep")).unwrap();
        let run = live.env.run_args(&[&["plan", "dev", "app"][..], &flags].concat()).exits(64);
        run.tells("plans of stack `app` depend on the files there").tells("nothing was started");
        assert!(!live.project.path(flags[1]).exists(), "{flags:?}");
    }
    live.env.run(["plan", "dev", "app", "--report", "basement.json"]).exits(0);
}
