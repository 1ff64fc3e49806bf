//! `envctl deploy`: the plans that are applied, their order, and the files that remain.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::support::Shop;

const DIAMOND: [&str; 5] = ["network", "database: network", "cache: network", "app: database cache", "mail"];

#[track_caller]
fn assert_order(folders: &[String], pairs: &[(&str, &str)]) {
    let place =
        |name: &str| folders.iter().position(|folder| folder == name).unwrap_or_else(|| panic!("no {name}"));
    for (first, then) in pairs {
        assert!(place(first) < place(then), "{first} comes before {then}: {folders:?}");
    }
}

#[test]
fn stacks_are_applied_after_what_they_need_and_destroyed_before_it() {
    let shop = Shop::of(&DIAMOND);
    let pairs = [("network", "database"), ("network", "cache"), ("database", "app"), ("cache", "app")];

    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(shop.folders("apply").len(), 5);
    assert_order(&shop.folders("apply"), &pairs);

    shop.forget_calls();
    shop.run(["destroy", "staging", "--yes"]).exits(0);
    assert_eq!(shop.folders("apply").len(), 5);
    assert_order(&shop.folders("apply"), &pairs.map(|(first, then)| (then, first)));
    for call in shop.log().iter().filter(|line| line["argv"][1] == "plan") {
        assert!(call["argv"].to_string().contains("\"-destroy\""), "{call}");
    }
}

#[test]
fn clean_stacks_are_not_applied() {
    let shop = Shop::of(&["network", "mail", "web"]).deployed();
    shop.change("mail", "second");

    let report = shop.run(["deploy", "staging", "--yes", "--json"]).exits(0).report();

    assert_eq!(report.stacks(), ["network clean", "mail applied", "web clean"]);
    assert_eq!(shop.folders("apply"), ["mail"]);
}

#[test]
fn exactly_the_reviewed_plan_files_are_applied() {
    let shop = Shop::of(&["network", "mail", "web"]);

    let report = shop.run(["deploy", "staging", "--yes", "--json"]).exits(0).report();

    let log = shop.log();
    let files = |key: &str| {
        let lines = log.iter().filter(|line| line.get(key).is_some());
        // Each plan file is renamed before its apply, so that no other run applies it.
        let name = |line: &serde_json::Value| line[key].to_string().replace(".begun.", ".");
        let mut files: Vec<(String, String)> =
            lines.map(|line| (name(line), line["sha256"].to_string())).collect();
        files.sort();
        files
    };
    assert_eq!(files("planned").len(), 3);
    assert_eq!(files("planned"), files("applying"));
    assert_eq!(report.total("create"), 3);
    let argv = log.iter().find(|line| line["argv"][1] == "apply").unwrap()["argv"].to_string();
    assert!(!argv.contains("var-file") && !argv.contains("auto-approve"), "a plan file has it all: {argv}");
}

#[test]
fn plan_files_are_0600_in_0700_and_gone_after_their_apply() {
    let shop = Shop::of(&["network", "mail"]).deployed();
    shop.change("mail", "second");
    shop.run(["plan", "staging"]).exits(0);

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let runs = shop.project.path(".envctl/runs");
    let mut runs: Vec<_> = runs.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    runs.sort();
    let [deploy, plan] = runs.as_slice() else { panic!("{runs:?}") };
    let plans = |run: &Path| -> Vec<_> {
        let entries = run.join("plans").read_dir().unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "tfplan")).collect()
    };
    assert_eq!(plans(deploy), [""; 0].map(PathBuf::from), "an applied plan is of no more use");
    assert_eq!(plans(plan), [plan.join("plans/mail.tfplan")], "a clean plan is not kept");
    assert_eq!((mode(&plans(plan)[0]), mode(&plan.join("plans"))), (0o600, 0o700));
    for file in ["journal.jsonl", "report.json", "logs/mail.log"] {
        assert_eq!(mode(&plan.join(file)), 0o600, "{file}");
    }
}

#[test]
fn the_folder_of_envctl_ignores_itself_in_git() {
    let shop = Shop::of(&["network"]);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(shop.project.read(".envctl/.gitignore").trim(), "*");
    assert_eq!(shop.project.git(["status", "--porcelain"]), "");
}

#[test]
fn a_deploy_shows_one_review_and_one_result() {
    let shop = Shop::of(&["network", "app: network", "mail"]).deployed();
    shop.change("mail", "second");

    let run = shop.run(["deploy", "staging", "--yes", "--jobs", "1"]).exits(0);

    insta::assert_snapshot!(run.snapshot(), @r#"
exit code 0
--- stdout
STACK    +create  ~update  ±replace  −delete  outputs  RESULT
mail           ·        1         ·        ·        ·  changes
network                                                no changes
app                                                    no changes
total          ·        1         ·        ·        ·

mail
# terraform_data.mail: update (Some(String("first")) -> Some(String("second")))

staging  commit [COMMIT] (uncommitted changes)  review [DIGEST]  1 stack to change

STACK    +create  ~update  ±replace  −delete  outputs  RESULT
mail           ·        1         ·        ·        ·  applied
network                                                no changes
app                                                    no changes
total          ·        1         ·        ·        ·
--- stderr
✔ network  no changes  [SECONDS]
✔ app      no changes  [SECONDS]
✔ mail     1 to update  [SECONDS]
✔ mail     1 updated  [SECONDS]
    terraform_data.mail: working...
    terraform_data.mail: complete
    Apply complete! 1 changed
"#);
}

#[test]
fn a_destroy_lists_every_loss_by_its_address() {
    let shop = Shop::of(&["network", "app: network"]).deployed();

    let run = shop.run(["destroy", "staging"]).exits(3);

    insta::assert_snapshot!(run.snapshot(), @r#"
exit code 3
--- stdout
STACK    +create  ~update  ±replace  −delete  outputs  RESULT
network        ·        ·         ·        1        1  changes
app            ·        ·         ·        1        1  changes
total          ·        ·         ·        2        2

network
# terraform_data.network: delete (Some(String("first")) -> None)

app
# terraform_data.app: delete (Some(String("first")) -> None)

Would be lost:
  delete network: terraform_data.network
  delete app: terraform_data.app

staging  commit [COMMIT]  review [DIGEST]  2 stacks to change
--- stderr
✔ app      1 to delete, 1 output  [SECONDS]
✔ network  1 to delete, 1 output  [SECONDS]
error: `staging` needs a confirmation
  review [DIGEST] would change 2 resources in 2 stacks (2 to delete)
hint: `envctl destroy staging --yes` runs without a question
"#);
}

#[test]
fn a_clean_deploy_applies_nothing_and_asks_nothing() {
    let shop = Shop::of(&["network"]).deployed();

    let run = shop.run(["deploy", "staging"]).exits(0);

    assert_eq!(shop.calls(), ["network plan"]);
    insta::assert_snapshot!(run.snapshot(), @r#"
exit code 0
--- stdout
STACK    +create  ~update  ±replace  −delete  outputs  RESULT
network                                                no changes

staging  commit [COMMIT]  nothing to do
--- stderr
✔ network  no changes  [SECONDS]
"#);
}

#[test]
fn only_the_selected_stacks_are_deployed() {
    let shop = Shop::of(&DIAMOND);
    shop.run(["deploy", "staging", "app", "--with-dependencies", "--exclude", "cache", "--yes"]).exits(0);
    assert_eq!(shop.folders("apply"), ["network", "database", "app"]);
}

#[test]
fn targets_and_replaces_and_variables_reach_the_engine() {
    let shop = Shop::of(&["network"]);
    let target = "--target=terraform_data.network";
    shop.run(["plan", "staging", target, "--replace", "terraform_data.network", "--jobs", "1"]).exits(0);
    let log = shop.log();
    let argv = log.iter().find(|line| line["argv"][1] == "plan").unwrap()["argv"].to_string();
    assert!(argv.contains("\"-target=terraform_data.network\""), "{argv}");
    assert!(argv.contains("\"-replace=terraform_data.network\""), "{argv}");
}
