//! Stacks whose plan depends on an apply of the same run: guarantee 2.

use serde_json::json;

use crate::support::{IdleTerminal, Live, Shop, Streams};

/// Makes a project in which `app` has an output of `network` in its resource, and `web` needs `app`.
fn shop(deploy: bool) -> Shop {
    let shop = Shop::new();
    network(&shop, "one");
    let remote = json!({ "net": "../network/terraform.tfstate.d/staging/terraform.tfstate" });
    let mut app = json!({ "resources": { "terraform_data.app": "${net.id}" }, "remote": remote });
    app["outputs"] = json!({ "id": "app-1" });
    // The HCL does not show the dependency: these tests are about the engine's output.
    shop.stack("network", &[], &script("one"));
    shop.stack("app", &["network"], &app);
    shop.stack("web", &["app"], &crate::support::plain("web"));
    shop.stack("mail", &[], &crate::support::plain("mail"));
    if deploy {
        shop.run(["deploy", "staging", "--yes"]).exits(0);
        shop.forget_calls();
    }
    shop
}

fn script(id: &str) -> serde_json::Value {
    json!({ "resources": { "terraform_data.network": id }, "outputs": { "id": id } })
}

fn network(shop: &Shop, id: &str) {
    shop.script("network", &script(id));
}

#[test]
fn a_stack_that_waits_for_another_is_planned_in_the_next_round() {
    let shop = shop(false);

    let report = shop.run(["plan", "staging", "--json", "--detailed-exitcode"]).exits(2).report();
    assert_eq!(report.stacks(), ["network changes", "app deferred", "web deferred", "mail changes"]);
    assert_eq!(report.stack("app")["because"], "network");
    assert_eq!(report.stack("web")["because"], "network");

    shop.run(["plan", "staging"]).exits(0).prints("  2 stacks to change, 2 deferred\n");

    let run = shop.run(["deploy", "staging", "--yes"]).exits(0);
    let run = run.tells("deferred until `network` is applied");
    run.tells("Planning deferred stacks (round 2)");
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("one"));
    assert_eq!(shop.deployed_value("web", "staging").as_deref(), Some("first"));
    let applied = shop.folders("apply");
    assert_eq!(applied.last().map(String::as_str), Some("web"));
    assert_eq!(applied.len(), 4);
}

#[test]
fn with_a_digest_a_run_stops_before_what_was_not_in_the_review() {
    let shop = shop(false);
    let digest = shop.run(["plan", "staging", "--json"]).report().digest().to_owned();

    let run = shop.run(["deploy", "staging", &format!("--confirm={digest}")]).exits(3);

    run.tells(
        "error: round 2 in `staging` needs a confirmation of its own\n  applied already: mail, network\n",
    );
    assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("one"));
    assert_eq!(shop.deployed_value("app", "staging"), None);
}

#[test]
fn a_new_plan_beyond_the_confirmed_one_is_refused_with_its_dependents() {
    let shop = shop(true);
    network(&shop, "two");
    shop.change("web", "second");

    let run = shop.run(["deploy", "staging", "--confirm", "--json"]).exits(3);

    let report = run.report();
    assert_eq!(report.result(), "refused");
    assert_eq!(report.stacks(), ["network applied", "app changes", "web changes", "mail clean"]);
    let beyond = "beyond what was confirmed: update terraform_data.app: not in what was confirmed";
    assert_eq!(report.stack("app")["notes"][0], beyond);
    assert_eq!((report.whole("round"), report.whole("applied")), (&json!(2), &json!(["network"])));
    assert_eq!(shop.folders("apply"), ["network"]);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("one"));
    assert_eq!(shop.deployed_value("web", "staging").as_deref(), Some("first"));

    // The second review has the change.
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("two"));
    assert_eq!(shop.deployed_value("web", "staging").as_deref(), Some("second"));
}

#[test]
fn yes_answers_every_round_where_no_confirmation_is_needed() {
    let shop = shop(true);
    network(&shop, "two");

    let run = shop.run(["deploy", "staging", "--yes"]).exits(0);

    run.tells("Some plans now change more than you confirmed. Review them (round 2):")
        .prints("beyond what was confirmed: update terraform_data.app: not in what was confirmed");
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("two"));
}

#[test]
fn a_new_plan_within_what_was_confirmed_is_applied() {
    let shop = shop(true);
    network(&shop, "two");
    shop.change("app", "of its own");

    let run = shop.run(["deploy", "staging", "--yes"]).exits(0);

    run.tells("planned again, because `network` was applied");
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("of its own"));
}

#[test]
fn a_new_plan_that_sets_another_value_than_was_confirmed_is_not_applied() {
    let shop = shop(true);
    network(&shop, "two");
    let mut app: serde_json::Value =
        serde_json::from_str(&shop.project.read("app/fake-engine.json")).unwrap();
    app["resources"]["terraform_data.app"] = json!("${net.id} and more");
    shop.script("app", &app);

    // The confirmed plan sets it to `one and more`.
    let report = shop.run(["deploy", "staging", "--confirm", "--json"]).exits(3).report();

    let beyond =
        "beyond what was confirmed: terraform_data.app: sets input to another value than was confirmed";
    assert_eq!(report.stack("app")["notes"][0], beyond);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("one"));
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("two and more"));
}

#[test]
fn a_resumed_run_plans_again_what_needs_a_stack_whose_apply_had_failed() {
    let shop = Shop::new();
    shop.stack("network", &[], &script("one"));
    let remote = json!({ "net": "../network/terraform.tfstate.d/staging/terraform.tfstate" });
    let app = json!({ "resources": { "terraform_data.app": "${net.id}" }, "remote": remote });
    shop.stack("app", &["network"], &app);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    let mut changed = script("two");
    changed["steps"] = json!({ "apply": { "error": { "summary": "no", "detail": "" } } });
    shop.script("network", &changed);
    shop.run(["deploy", "staging", "--yes"]).exits(1);
    network(&shop, "two");

    let run = shop.run(["runs", "resume", "--yes"]).exits(0);

    run.tells("Some plans now change more than you confirmed");
    assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("two"));
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("two"));
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_stack_is_not_planned_again_when_nothing_above_it_was_applied() {
    let shop = shop(true);
    shop.change("web", "second");

    shop.run(["deploy", "staging", "--yes"]).exits(0);

    assert_eq!(shop.folders("plan").iter().filter(|folder| *folder == "web").count(), 1);
    assert_eq!(shop.folders("apply"), ["web"]);
}

#[test]
fn a_deferred_stack_is_skipped_when_another_that_it_needs_has_failed() {
    let shop = shop(false);
    let remote = json!({ "net": "../network/terraform.tfstate.d/staging/terraform.tfstate" });
    let late = json!({ "resources": { "terraform_data.late": "${net.id}" }, "remote": remote });
    shop.behave("mail", &json!({ "apply": crate::support::error("no such luck", "") }));
    shop.stack("late", &["network", "mail"], &late);

    let run = shop.run(["deploy", "staging", "--yes", "--json"]).exits(1);
    let report = run.report();

    assert_eq!(report.stack("mail")["result"], "failed");
    assert_eq!(report.stack("app")["result"], "applied", "{:?}", report.stacks());
    assert_eq!(report.stack("late")["result"], "skipped");
    assert_eq!(shop.deployed_value("late", "staging"), None);
}

#[test]
fn a_new_plan_beyond_the_confirmed_one_is_asked_about_on_a_terminal() {
    let shop = shop(true);
    network(&shop, "two");

    let args = ["deploy", "staging", "--confirm"];
    let terminal = shop.env.on_terminal(IdleTerminal::open(), Streams::All, args);
    let run = terminal.shows("Apply these changes to staging? [y/N] ").types("n\n").wait().exits(3);

    run.tells("Review them (round 2):").tells("`staging` was not confirmed");
    assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("two"));
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("one"));
}

/// Declares in HCL the `terraform_remote_state` that the script of `app` reads.
fn declare_remote_state(shop: &Shop) {
    let data = "\ndata \"terraform_remote_state\" \"net\" {\n  backend   = \"local\"\n  workspace = terraform.workspace\n  \
                config = {\n    path = \"../network/terraform.tfstate\"\n  }\n}\n";
    shop.append("app/main.tf", data);
    shop.project.commit("Read the state of network");
}

#[test]
fn a_plan_on_outputs_that_will_change_says_that_it_is_made_again() {
    let shop = shop(true);
    declare_remote_state(&shop);
    network(&shop, "two");

    let report = shop.run(["plan", "staging", "--json"]).exits(0).report();

    assert_eq!(report.stacks(), ["network changes", "app clean", "web clean", "mail clean"]);
    let notes = json!(["planned again once `network` is applied: its output `id` changes"]);
    assert_eq!(report.stack("app")["notes"], notes);
    // `web` reads no state.
    assert_eq!(report.stack("web")["notes"], json!(null));

    // A stored plan has the note too.
    let run = shop.run(["apply", "last", "--yes"]).exits(0);
    run.tells("note: planned again once `network` is applied: its output `id` changes").hides("✘");
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("two"));
    shop.run(["destroy", "staging", "--yes"]).exits(0).hides("planned again");
}

#[test]
fn a_plan_on_outputs_that_stay_says_nothing_of_another_plan() {
    let shop = shop(true);
    declare_remote_state(&shop);
    shop.script(
        "network",
        &json!({ "resources": { "terraform_data.network": "two" }, "outputs": { "id": "one" } }),
    );

    let report = shop.run(["plan", "staging", "--json"]).exits(0).report();

    assert_eq!(report.stacks(), ["network changes", "app clean", "web clean", "mail clean"]);
    assert_eq!(report.stack("app")["notes"], json!(null));
}

#[test]
fn a_run_that_goes_on_with_another_review_shows_no_stack_as_refused() {
    let shop = shop(true);
    network(&shop, "two");
    shop.change("web", "second");

    let run = shop.run(["deploy", "staging", "--yes", "--fail-fast"]).exits(0);

    let run = run
        .tells("… app      not applied yet, planned again for a new review: update terraform_data.app: not in what was confirmed")
        .tells("… web      deferred until `app` is applied");
    run.hides("✘").hides("refused").hides("did not succeed");
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("two"));
    assert_eq!(shop.deployed_value("web", "staging").as_deref(), Some("second"));
}

#[test(engines(terragrunt))]
fn units_behind_changed_outputs_are_announced_to_be_planned_again() {
    let live = Live::new();
    let net = |id: &str| {
        format!("output \"id\" {{\n  value = \"{id}\"\n}}\noutput \"zone\" {{\n  value = \"{id}\"\n}}\n")
    };
    let app = "variable \"id\" {}\nresource \"terraform_data\" \"a\" {\n  input = var.id\n}\noutput \"id\" {\n  value = var.id\n}\n";
    let on = |need: &str| {
        format!(
            "dependency \"up\" {{\n  config_path = \"../{need}\"\n}}\ninputs = {{\n  id = dependency.up.outputs.id\n}}\n"
        )
    };
    live.unit("net", "", &net("one"), "");
    live.unit("db", &on("net"), app, "");
    live.unit("app", &on("db"), app, "");
    live.project.commit("Begin");
    live.env.run(["deploy", "dev", "--yes"]).exits(0);
    live.project.write("live/net/main.tf", &net("two"));

    let run = live.env.run(["plan", "dev"]).exits(0);

    run.tells("note: planned again once `net` is applied: its outputs `id`, `zone` change")
        .tells("note: planned again if `db` is applied, which is itself planned again");
    let run = live.env.run(["deploy", "dev", "--yes"]).exits(0);
    run.hides("✘").tells("… db   not applied yet, planned again for a new review: ");
    assert_eq!((live.deployed_value("db"), live.deployed_value("app")), (json!("two"), json!("two")));
}
