//! Guards: refusals of confirmed plans, and their exceptions by `--allow`.

use serde_json::{Value, json};

use crate::support::{Run, Shop};

/// Makes a project with `staging`, which needs no confirmation, and `production`, which needs one and has these
/// guards.
pub(crate) fn shop(guards: &str, stacks: &[&str]) -> Shop {
    let text = format!(
        "[project]\nname = \"shop\"\n\n[environments.staging]\nworkspace = \"staging\"\ncreate_workspace = \"always\"\n\n\
         [environments.production]\nconfirm = true\nworkspace = \"production\"\ncreate_workspace = \"always\"\n\n\
         [environments.production.guards]\n{guards}\n"
    );
    Shop::with(&text).with_stacks(stacks)
}

/// Removes the resource of a stack, so that the next plan deletes it.
fn empty(shop: &Shop, stack: &str) {
    shop.script(stack, &json!({ "outputs": { "id": format!("{stack}-1") } }));
}

/// Changes the value of a stack so that the next plan replaces its resource.
fn replaced(shop: &Shop, stack: &str) {
    let address = format!("terraform_data.{stack}");
    let resources = json!({ &address: "second" });
    shop.script(stack, &json!({ "resources": resources, "replaced": [address], "outputs": { "id": "1" } }));
}

pub(crate) fn deploy(shop: &Shop, flags: &[&str]) -> Run {
    shop.env.run_args(&[&["deploy", "production", "--confirm"], flags].concat())
}

/// Returns the guards in the report, those of the run and of its stacks.
fn guards(report: &Value) -> Vec<String> {
    let of = |value: &Value, place: &str| -> Vec<String> {
        let blocked = value["blocked"].as_array().cloned().unwrap_or_default();
        blocked.iter().map(|b| format!("{place} {}", b["guard"].as_str().unwrap())).collect()
    };
    let stacks = report["stacks"].as_array().unwrap();
    let mut found = of(report, "run");
    found.extend(stacks.iter().flat_map(|stack| of(stack, stack["stack"].as_str().unwrap())));
    found
}

#[test]
fn a_protected_resource_is_refused_before_the_question_or_allowed_by_name() {
    for lose in [empty, replaced] {
        let shop = shop("protect = [\"terraform_data.net*\"]", &["network", "app"]);
        deploy(&shop, &[]).exits(0);
        shop.forget_calls();
        lose(&shop, "network");
        lose(&shop, "app");

        let plan = shop.run(["plan", "production"]).exits(0);
        plan.prints("Refused by guards:")
            .prints("(--allow delete:network/terraform_data.network)")
            .prints("guards would refuse");
        let refused = deploy(&shop, &[]).exits(3).tells("error: `protect` refuses this in `production`");
        refused
            .tells("is protected by `terraform_data.net*`")
            .tells("`envctl deploy production --allow delete:network/terraform_data.network --confirm`");
        let report = deploy(&shop, &["--json"]).exits(3).json();
        assert_eq!(guards(&report), ["network protect"]);
        assert_eq!(report["stacks"][0]["blocked"][0]["address"], "terraform_data.network");
        assert_eq!(report["result"], "refused");
        assert_eq!(report["error"]["kind"], "refused");
        deploy(&shop, &["--allow", "delete:terraform_data.app"]).exits(3);
        assert_eq!(shop.folders("apply"), [""; 0]);

        let allowed = deploy(&shop, &["--json", "--allow", "delete:terraform_data.network"]).exits(0).json();
        assert_eq!(allowed["notes"], json!(["let through by `--allow delete:terraform_data.network`"]));
        let journal = shop.project.read(&format!("{}/journal.jsonl", shop.newest_run()));
        let decided = journal.lines().find(|line| line.contains("\"decided\"")).unwrap();
        let decided: Value = serde_json::from_str(decided).unwrap();
        assert_eq!(decided["record"]["allowed"], json!(["delete:terraform_data.network"]), "{decided}");
        assert_eq!(decided["record"]["digest"], allowed["digest"]);
        assert_eq!(shop.folders("apply").len(), 2);
    }
}

#[test]
fn an_exception_that_two_stacks_could_mean_is_refused_with_the_long_forms() {
    let shop = shop("protect = [\"terraform_data.a\"]", &["network", "app"]);
    let with = |value: &str| json!({ "resources": { "terraform_data.a": value } });
    for stack in ["network", "app"] {
        shop.script(stack, &with("first"));
    }
    deploy(&shop, &[]).exits(0);
    for stack in ["network", "app"] {
        shop.script(stack, &json!({}));
    }
    let short = ["--allow", "delete:terraform_data.a"];
    let refused = deploy(&shop, &short).exits(3).tells("`allow`, `protect` refuse this in `production`");
    refused
        .tells("allow: `delete:terraform_data.a` could mean several stacks")
        .tells("`--allow delete:network/terraform_data.a` or `--allow delete:app/terraform_data.a`");
    shop.env
        .run_args(&[&["plan", "production"] as &[&str], &short].concat())
        .exits(0)
        .prints("could mean several stacks");

    let long = ["--allow", "delete:network/terraform_data.a"];
    let run = deploy(&shop, &long).exits(3).tells("protect app: delete of `terraform_data.a`");
    run.tells("--allow delete:network/terraform_data.a --allow delete:app/terraform_data.a --confirm`");
    assert_eq!(shop.deployed_value("network", "production").as_deref(), Some("first"));

    shop.script("app", &with("first"));
    let report = deploy(&shop, &[&long as &[&str], &["--json"]].concat()).exits(0).json();
    assert_eq!(report["notes"], json!(["let through by `--allow delete:network/terraform_data.a`"]));
    assert_eq!(shop.deployed_value("network", "production"), None);
    assert_eq!(shop.deployed_value("app", "production").as_deref(), Some("first"));
}

#[test]
fn a_typed_command_in_all_stacks_takes_no_short_exception() {
    let shop = shop("protect = [\"terraform_data.a\"]", &["network", "app"]);
    for stack in ["network", "app"] {
        shop.script(stack, &json!({ "resources": { "terraform_data.a": "first" } }));
    }
    deploy(&shop, &[]).exits(0);
    let exec = |allow: &[&str]| {
        let typed = ["--", "state", "rm", "terraform_data.a"];
        shop.env.run_args(&[&["exec", "production", "--all", "--confirm"], allow, &typed].concat())
    };
    exec(&[]).exits(3).tells("--allow delete:network/terraform_data.a --allow delete:app/terraform_data.a");
    exec(&["--allow", "delete:terraform_data.a"]).exits(3).tells("could mean several stacks");
    exec(&["--allow", "delete:app/terraform_data.a"]).exits(3).tells("protect network: ");
    assert_eq!(shop.deployed_value("app", "production").as_deref(), Some("first"));
    let both = ["--allow", "delete:app/terraform_data.a", "--allow", "delete:network/terraform_data.a"];
    exec(&both).exits(0);
    assert_eq!(shop.deployed_value("app", "production"), None);
}

#[test]
fn what_is_protected_is_not_destroyed_either() {
    let shop = shop("protect = [\"terraform_data.network\"]", &["network"]);
    deploy(&shop, &[]).exits(0);
    let report = shop.run(["destroy", "production", "--json"]).exits(3).report();
    let confirm = format!("--confirm={}", report.digest());

    shop.run(["destroy", "production", &confirm]).exits(3).tells("`protect` refuses");
    assert_eq!(shop.deployed_value("network", "production").as_deref(), Some("first"));

    let allow = "delete:terraform_data.network";
    shop.run(["destroy", "production", &confirm, "--allow", allow]).exits(0);
    assert_eq!(shop.deployed_value("network", "production"), None);
}

#[test]
fn the_limits_count_over_the_whole_run_and_what_is_named_does_not_count() {
    let shop = shop("max_deletes = 1\nmax_changes = 2", &["network", "app", "web"]);
    deploy(&shop, &[]).exits(3).tells("max_changes: 3 would be changed, at most 2 may be");
    deploy(&shop, &["--allow", "changes=3"]).exits(0);
    empty(&shop, "network");
    empty(&shop, "app");

    let refused = deploy(&shop, &[]).exits(3);
    refused
        .tells("max_deletes: 2 would be deleted, replaced, forgotten or moved out of protection, at most 1 may be")
        .tells("--allow deletes=2");
    deploy(&shop, &["--allow", "delete:terraform_data.app"]).exits(0);
    assert_eq!(shop.deployed_value("app", "production"), None);
}

#[test]
fn a_later_round_of_the_same_run_counts_on_top_of_the_earlier_ones() {
    let shop = shop("max_changes = 1", &["network"]);
    let remote = json!({ "net": "../network/terraform.tfstate.d/production/terraform.tfstate" });
    shop.stack(
        "app",
        &["network"],
        &json!({ "resources": { "terraform_data.app": "${net.id}" }, "remote": remote }),
    );

    let run = deploy(&shop, &[]).exits(3);

    run.tells("max_changes: 2 would be changed, at most 1 may be").tells("--allow changes=2");
    assert_eq!(shop.folders("apply"), ["network"]);
    deploy(&shop, &[]).exits(0);
    assert_eq!(shop.folders("apply"), ["network", "app"]);
}

#[test]
fn a_resumed_run_counts_what_the_runs_before_it_applied() {
    for more in [false, true] {
        let shop = shop("max_changes = 3", &["network", "app", "web"]);
        shop.behave("app", &json!({ "apply": { "error": { "summary": "it broke", "detail": "" } } }));
        deploy(&shop, &[]).exits(1);
        assert_eq!(shop.deployed_value("network", "production").as_deref(), Some("first"));
        let resume =
            |flags: &[&str]| shop.env.run_args(&[&["runs", "resume", "last", "--confirm"], flags].concat());
        let mut resources = json!({ "terraform_data.app": "first" });
        if more {
            resources["terraform_data.more"] = json!("more");
        }
        shop.script("app", &json!({ "resources": resources }));

        if more {
            let refused = resume(&[]).exits(3);
            refused.tells("max_changes: 4 would be changed, at most 3 may be").tells("--allow changes=4");
            assert_eq!(shop.deployed_value("app", "production"), None);
            resume(&["--allow", "changes=4"]).exits(0);
        } else {
            resume(&[]).exits(0);
        }
        assert_eq!(shop.deployed_value("app", "production").as_deref(), Some("first"));
    }
}

#[test]
fn denied_actions_are_let_through_by_the_resource() {
    let shop = shop(
        "deny_actions = [ { match = \"terraform_data.network\", actions = [\"update\"] } ]",
        &["network", "app"],
    );
    deploy(&shop, &[]).exits(0);
    shop.change("network", "second");
    shop.change("app", "second");

    deploy(&shop, &[]).exits(3).tells("deny_actions network: update of `terraform_data.network`");
    let noted = deploy(&shop, &["--allow", "change:terraform_data.network", "--allow", "window"]).exits(0);
    noted
        .tells("`--allow window` had nothing to do")
        .hides("`--allow change:terraform_data.network` had nothing");
}

#[test]
fn an_incomplete_plan_is_refused_where_a_confirmation_is_needed() {
    let shop = Shop::of(&["network"]);
    let target = ["--target", "terraform_data.network"];
    let run = |flags: &[&str]| shop.env.run_args(&[&["deploy"], flags, &target].concat());
    run(&["staging", "--yes"]).exits(0);
    run(&["production", "--confirm"]).exits(3).tells("incomplete network: the plan is incomplete");
    run(&["production", "--confirm", "--allow", "incomplete"]).exits(0);
}

#[test]
fn the_checklist_is_answered_by_its_ids() {
    let shop = Shop::with(
        "[project]\nname = \"shop\"\n[environments.production]\nconfirm = true\n\
         checklist.on-call = \"somebody is on call\"\nchecklist.told = \"the customers were told\"\n",
    )
    .with_stacks(&["network"]);
    deploy(&shop, &[])
        .exits(3)
        .tells("the checklist is not answered: `on-call`, `told`")
        .tells("--ack on-call --ack told");
    deploy(&shop, &["--ack", "on-call"]).exits(3).tells("the checklist is not answered: `told`");
    deploy(&shop, &["--ack", "oncall"]).exits(64).tells("did you mean `on-call`?");
    assert_eq!(shop.folders("apply"), [""; 0]);

    let report = deploy(&shop, &["--json", "--ack", "on-call", "--ack", "told"]).exits(0).json();
    assert_eq!(
        report["notes"],
        json!([
            "the checklist's `on-call` was answered with yes",
            "the checklist's `told` was answered with yes"
        ])
    );
    // Without changes no item of the checklist is asked.
    deploy(&shop, &[]).exits(0);
}

#[test]
fn an_exception_that_nobody_knows_is_64() {
    let shop = Shop::of(&["network", "app"]);
    let allow = |what: &str| shop.run(["plan", "staging", "--allow", what]).exits(64);
    allow("brunch").tells("nothing is allowed by `brunch`; did you mean `branch`?");
    allow("delete").tells("it is written `delete:STACK/ADDR`");
    allow("promotion").tells("`promotion` is not supported yet");
    allow("naming:a.b").tells("`naming` is not supported yet");
    allow("lineage:staging/web").tells("there is no stack `web` in `staging`");
    let other = ["plan", "staging", "network", "--allow", "lineage:staging/app"];
    shop.run(other).exits(0).tells("it is not in this run");
}

#[test]
fn a_typed_command_obeys_the_guards_that_need_no_plan() {
    let shop = shop("branch = [\"main\"]", &["network"]);
    deploy(&shop, &[]).exits(0);
    shop.forget_calls();
    shop.project.git(["switch", "--quiet", "--create", "topic"]);
    let exec = |flags: &[&str]| {
        let typed = ["--", "taint", "terraform_data.network"];
        shop.env.run_args(&[&["exec", "production", "network", "--confirm"], flags, &typed].concat())
    };

    exec(&[]).exits(3).tells("`branch` refuses this in `production`").tells("HEAD is `topic`");
    assert_eq!(shop.folders("taint"), [""; 0]);
    exec(&["--allow", "branch"]);
    assert_eq!(shop.folders("taint"), ["network"]);
    shop.run(["exec", "production", "network", "--", "state", "pull"]).exits(0);
}

#[test]
fn a_typed_command_that_makes_no_plan_is_refused_where_plans_are_judged() {
    let shop = shop("protect = [\"terraform_data.*\"]", &["network"]);
    deploy(&shop, &[]).exits(0);
    shop.forget_calls();
    let exec =
        |args: &[&str]| shop.env.run_args(&[&["exec", "production", "network", "--confirm"], args].concat());

    for verb in ["apply", "destroy", "refresh"] {
        let run = exec(&["--", verb, "-auto-approve"]).exits(3);
        run.tells(&format!("`{verb}` typed by hand makes no plan")).tells("`envctl destroy production`");
    }
    for typed in [
        &["state", "rm", "terraform_data.network"] as &[&str],
        &["state", "mv", "terraform_data.network", "terraform_data.other"],
        &["taint", "terraform_data.network"],
        &["import", "terraform_data.network", "x"],
        &["state", "rm", "module.any"],
    ] {
        exec(&[&["--"], typed].concat()).exits(3).tells("protected by `terraform_data.*`");
    }
    assert_eq!(shop.deployed_value("network", "production").as_deref(), Some("first"));
    assert_eq!(shop.calls(), [""; 0]);

    exec(&["--allow", "delete:terraform_data.network", "--", "state", "rm", "terraform_data.network"])
        .exits(0);
    assert_eq!(shop.deployed_value("network", "production"), None);
}

#[test]
fn config_shows_the_guards_as_they_are_in_force_and_where_they_came_from() {
    let shop = shop("branch = [\"{env}\"]\nmax_deletes = 0\nprotect = [\"aws_db_instance.*\"]", &["network"]);
    let run = shop.run(["config", "production", "--origins"]).exits(0);
    let run = run.prints("guards.branch = [\"production\"]").prints("guards.max_deletes = 0");
    run.prints("guards.protect = [\"aws_db_instance.*\"]  # [environments.production], line ");
    let json = shop.run(["config", "staging", "--json"]).exits(0).json();
    assert_eq!(json["environments"][0]["guards"], json!({}));
}

#[test]
fn no_flag_takes_away_what_protects_an_environment() {
    let shop = Shop::of(&["app"]);
    shop.append("environments.toml", "[defaults.guards]\nmax_changes = 0\n");
    for set in [
        "confirm=false",
        "guards.max_changes=9",
        "\"guards\".branch=[\"main\"]",
        "guards={}",
        "checklist.on-call=\"\"",
        "require=[]",
        "unset=[\"guards.max_changes\"]",
        "unset=[\"confirm\"]",
    ] {
        let run = shop.run(["deploy", "production", "--yes", "--set", set]).exits(4);
        run.tells("what protects environments");
        shop.run(["deploy", "production", "--confirm", "--set", set]).exits(4);
    }
    shop.run(["deploy", "production", "--confirm"]).exits(3).tells("--allow changes=1");
    assert_eq!(shop.deployed_value("app", "production"), None);
}
