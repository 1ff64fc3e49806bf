//! `runs` and `status`: records of earlier runs.

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Shop, error, plain};

#[test]
fn runs_are_listed_newest_first() {
    let shop = Shop::of(&["network"]);
    shop.run(["plan", "staging"]).exits(0);
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    shop.run(["deploy", "staging"]).exits(3);

    let document = shop.run(["runs", "list", "--json"]).exits(0).json();
    let runs: Vec<String> = document["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| format!("{} {} {}", run["command"], run["environment"], run["result"]).replace('"', ""))
        .collect();
    assert_eq!(runs, ["deploy staging refused", "deploy production applied", "plan staging changes"]);

    let run = shop.run(["runs", "list", "production", "--limit", "5"]).exits(0);
    insta::assert_snapshot!(run.snapshot(), @r#"
exit code 0
--- stdout
RUN                         STARTED               VERB    ENVIRONMENT  RESULT   CHANGES  TIME
[RUN]  [TIME]  deploy  production   applied        1  [SECONDS]
"#);
    let one = shop.run(["runs", "list", "-n", "1", "--json"]).json();
    assert_eq!(one["runs"].as_array().unwrap().len(), 1);
    assert_eq!(one["runs"][0]["command"], "deploy");
}

#[test]
fn the_diff_of_a_stack_is_shown_for_the_run_that_applied_a_stored_plan() {
    let shop = Shop::of(&["network", "mail"]);
    shop.run(["plan", "staging"]).exits(0);
    let planned = shop.run(["runs", "show", "last", "network"]).exits(0);
    shop.run(["apply", "last", "--yes"]).exits(0);

    let applied = shop.run(["runs", "show", "last", "network"]).exits(0).prints("terraform_data.network");
    assert_eq!(applied.stdout, planned.stdout);
    shop.change("network", "second");
    shop.run(["plan", "staging", "network"]).exits(0);
    let planned = shop.run(["runs", "show", "last", "network"]).exits(0);
    shop.run(["apply", "last", "--confirm=0000000000000000"]).exits(3);
    let refused = shop.run(["runs", "show", "last", "network"]).exits(0);
    assert_eq!(refused.stdout, planned.stdout, "also where nothing was applied");
}

#[test]
fn a_run_is_shown_by_its_id_by_a_start_of_it_and_as_the_last() {
    let shop = Shop::of(&["network", "app: network"]);
    let id = shop.run(["plan", "staging", "--json"]).json()["run"].as_str().unwrap().to_owned();

    let shown = shop.run(["runs", "show", &id]).exits(0);
    insta::assert_snapshot!(shown.snapshot(), @r#"
exit code 0
--- stdout
[RUN] plan staging: changes, 2 stacks, [SECONDS]
review [DIGEST]

STACK    +create  ~update  ±replace  −delete  outputs  RESULT
network        1        ·         ·        ·        1  changes
app            1        ·         ·        ·        1  changes
total          2        ·         ·        ·        2

network
  create terraform_data.network

app
  create terraform_data.app
"#);
    assert_eq!(shop.run(["runs", "show", &id[..24]]).exits(0).stdout, shown.stdout);
    assert_eq!(shop.run(["runs", "show"]).exits(0).stdout, shown.stdout);

    let diff = shop.run(["runs", "show", "last", "app"]).exits(0);
    assert!(diff.stdout.starts_with("# terraform_data.app: create") && diff.stdout.ends_with('\n'), "{diff}");
    shop.run(["plan", "production"]).exits(0);
    shop.run(["runs", "show", "01"]).exits(64).tells("hint: `envctl runs list` shows the runs");
    shop.run(["runs", "show", "nope"]).exits(64).tells("error: there is no run `nope`");
    shop.run(["runs", "show", &id, "web"]).exits(64).tells("has no stack `web`").tells("network, app");
    shop.run(["runs", "log", &id, "web"]).exits(64).tells("has no stack `web`");
}

#[test]
fn what_envctl_keeps_never_makes_a_tree_dirty_and_all_else_does() {
    let shop = Shop::of(&["network"]);
    // State of the folder while the first run makes it.
    shop.project.write(".envctl/.gitignore", "");
    let report = || shop.run(["plan", "staging", "--json"]).exits(0).json();
    assert_eq!(report()["dirty"], false);
    assert_eq!(report()["commit"], shop.project.git(["rev-parse", "HEAD"]).trim());
    shop.project.write("network/new.tf", "");
    assert_eq!(report()["dirty"], true);
}

#[test]
fn without_runs_there_is_nothing_to_show_and_that_is_said() {
    let shop = Shop::of(&["network"]);
    shop.run(["runs", "list"]).exits(0);
    assert_eq!(shop.run(["runs", "list", "--json"]).exits(0).json()["runs"], json!([]));
    shop.run(["runs", "show"]).exits(64).tells("error: there are no runs in");
}

#[test]
fn status_tells_what_was_planned_deployed_and_is_pending() {
    let shop = Shop::of(&["network", "app: network"]);
    let status = |stack: usize| {
        let document = shop.run(["status", "staging", "--json"]).exits(0).json();
        document["environments"][0]["stacks"][stack].clone()
    };
    assert_eq!((&status(0)["planned"], &status(0)["deployed"]), (&json!(null), &json!(null)));

    shop.run(["plan", "staging"]).exits(0);
    assert_eq!(status(0)["pending"]["create"], 1);
    assert_eq!(status(0)["deployed"], json!(null));

    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(status(0)["pending"], json!(null));
    assert_eq!(status(0)["deployed"]["result"], "applied");

    shop.change("app", "second");
    shop.run(["plan", "staging"]).exits(0);
    assert_eq!(status(0)["pending"], json!(null));
    assert_eq!(status(1)["pending"]["update"], 1);
    let run = shop.run(["status"]).exits(0).prints("last run: plan changes").prints("no runs yet");
    run.prints_row(&["app", "1"]);
}

#[test]
fn a_stack_that_gets_another_name_keeps_its_deployments_in_status() {
    let shop = Shop::of(&["network", "app"]).deployed();
    shop.project.edit("environments.toml", "[stacks.network]", "[stacks.net]");
    let stacks = |shop: &Shop| {
        let document = shop.run(["status", "staging", "--json"]).exits(0).json();
        document["environments"][0]["stacks"].as_array().unwrap().clone()
    };
    let deployed = |name: &str| stacks(&shop).into_iter().find(|stack| stack["stack"] == name).unwrap();

    assert_eq!(deployed("net")["deployed"]["result"], "applied");
    assert_eq!(deployed("net")["former_names"], json!(["network"]));
    assert_eq!(deployed("app")["former_names"], json!(null));
    let run = shop.run(["status", "staging"]).exits(0);
    run.prints("`net` was `network` before: same folder, same workspace\n").hides("never");

    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(deployed("net")["last"]["result"], "clean", "its own runs are newer");
    // A declared stack under another name is no rename.
    shop.project.edit(
        "environments.toml",
        "[stacks.net]\npath = \"network\"",
        "[stacks.other]\npath = \"app\"",
    );
    shop.project.edit(
        "environments.toml",
        "[stacks.app]\npath = \"app\"",
        "[stacks.app]\npath = \"network\"",
    );
    assert_eq!(deployed("other")["former_names"], json!(null));
    assert_eq!(deployed("other")["deployed"], json!(null));
}

#[test]
fn what_a_deploy_that_ended_early_had_planned_is_pending() {
    let shop = Shop::of(&["network", "app: network"]);
    let pending = |stack: usize| {
        let document = shop.run(["status", "staging", "--json"]).exits(0).json();
        document["environments"][0]["stacks"][stack]["pending"]["create"].clone()
    };
    shop.behave(
        "network",
        &json!({ "apply": { "wait_for": shop.marker("go.marker"), "ignore_sigint": true } }),
    );
    let mut running = shop.env.spawn(["deploy", "staging", "--yes"]);
    running.wait_until("it applies", || shop.log().iter().any(|line| line.get("listening").is_some()));
    running.signal(Signal::INT);
    running.wait_until("the engine was told", || shop.count("signal", "INT") > 0);
    std::fs::write(shop.marker("go.marker"), "").unwrap();
    running.wait().exits(130);
    assert_eq!((pending(0), pending(1)), (json!(null), json!(1)), "`network` was applied, `app` never begun");

    shop.behave("app", &json!({ "apply": error("boom", "") }));
    shop.run(["deploy", "staging", "--yes"]).exits(1);
    assert_eq!(pending(1), 1);
    // A run whose plan failed does not replace earlier results.
    shop.behave("app", &json!({ "plan": error("boom", "") }));
    shop.run(["plan", "staging"]).exits(1);
    assert_eq!(pending(1), 1);
}

#[test]
fn what_a_stored_plan_made_is_deployed_and_what_it_destroyed_is_not() {
    let shop = Shop::of(&["network"]);
    let status = || {
        let document = shop.run(["status", "staging", "--json"]).exits(0).json();
        document["environments"][0]["stacks"][0].clone()
    };
    shop.run(["plan", "staging"]).exits(0);
    shop.run(["apply", "last", "--yes"]).exits(0);
    assert_eq!((&status()["pending"], &status()["deployed"]["command"]), (&json!(null), &json!("apply")));

    shop.run(["destroy", "staging"]).exits(3);
    assert_eq!(status()["pending"]["delete"], 1);
    shop.run(["apply", "last", "--confirm"]).exits(0);
    assert_eq!((&status()["pending"], &status()["deployed"]), (&json!(null), &json!(null)));
}

#[test]
fn a_torn_journal_is_passed_over_with_a_word() {
    let shop = Shop::of(&["network"]);
    let id = shop.run(["plan", "staging", "--json"]).json()["run"].as_str().unwrap().to_owned();
    let journal = format!(".envctl/runs/{id}/journal.jsonl");
    let text = shop.project.read(&journal);
    // A killed envctl leaves an incomplete last line and no report.
    shop.project.write(&journal, &text[..text.len() - 20]);
    std::fs::remove_file(shop.project.path(&format!(".envctl/runs/{id}/report.json"))).unwrap();

    shop.run(["runs", "show", &id]).exits(0).prints("network");
    shop.run(["status"]).exits(0).prints("network");

    shop.project.write(&journal, "nonsense\n");
    shop.run(["status"]).exits(0).tells(&format!("run {id}"));
    shop.run(["runs", "list"]).exits(0);
}

#[test]
fn a_deferred_stack_of_a_run_is_shown_with_its_reason() {
    let app = json!({ "resources": { "terraform_data.app": "in ${var.place}" }, "variables": ["place"] });
    let shop = Shop::new()
        .with_stack("network", &[], &plain("network"))
        .with_stack("app", &[], &app)
        .with_inputs("place = \"network.id\"");
    shop.run(["plan", "staging"]);
    shop.run(["runs", "show", "last", "app"])
        .exits(0)
        .tells("`app` was deferred in this run: ")
        .hides("had no changes");
}
