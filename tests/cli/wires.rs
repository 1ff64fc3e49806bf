//! Inputs from outputs: values of one stack that become variables of another.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::support::{Driven, Shop};

/// Makes a project in which `app` takes the input `place` from `network`, whose output is its resource's value.
fn wired(inputs: &str) -> Shop {
    let shop = Shop::new();
    shop.stack("network", &[], &json!({}));
    network(&shop, "here");
    let app = json!({ "resources": { "terraform_data.app": "in ${var.place}" }, "variables": ["place"] });
    shop.stack("app", &[], &app);
    shop.append("environments.toml", inputs);
    shop.project.commit("Begin");
    shop
}

fn network(shop: &Shop, place: &str) {
    let outputs = json!({ "place": place, "zones": [{ "id": "a" }, { "id": "b" }] });
    shop.script("network", &json!({ "resources": { "terraform_data.network": place }, "outputs": outputs }));
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    // Symbolic links of a data directory lead out of it, or have no target yet.
    let entries = entries.filter(|path| !path.is_symlink());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Declares the variable of a stack sensitive.
fn hidden(shop: &Shop, stack: &str) {
    let main = format!("{stack}/main.tf");
    let text = shop.project.read(&main);
    assert!(text.contains("variable \"place\" {}"), "{text}");
    let hidden = text.replace("variable \"place\" {}", "variable \"place\" {\n  sensitive = true\n}");
    shop.project.write(&main, &hidden);
}

const INPUTS: &str = "inputs = { place = \"network.place\" }\n";

#[test]
fn a_value_flows_along_its_edge_and_reads_no_state_with_a_process() {
    let shop = wired(INPUTS);
    shop.run(["deploy", "staging", "network", "--yes"]).exits(0);
    shop.forget_calls();
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("in here"));
    assert_eq!(shop.folders("output"), [""; 0]);
    // `app` is read for its own new state.
    assert_eq!(shop.folders("state pull"), ["app"]);
    // Alone, `app` is planned without a plan of `network`.
    shop.forget_calls();
    shop.run(["plan", "staging", "app"]).exits(0);
    assert_eq!(shop.folders("plan"), ["app"]);
}

#[test]
fn a_stack_without_an_applied_upstream_is_deferred_within_the_deploy() {
    let shop = wired(INPUTS);
    let report = shop.run(["plan", "staging", "--json"]).exits(0).report();
    assert_eq!(report.stacks(), ["network changes", "app deferred"]);
    shop.run(["deploy", "production", "--confirm", "--confirm-rounds"]).exits(0);
    assert_eq!(shop.deployed_value("app", "production").as_deref(), Some("in here"));
}

#[test]
fn a_mock_makes_a_plan_tentative_and_is_never_applied() {
    let shop = wired(&format!("{INPUTS}mocks.network = {{ place = \"nowhere-yet\" }}\n"));
    let run = shop.run(["plan", "production", "--json"]).exits(0);
    let report = run.report();
    assert_eq!(report.stacks(), ["network changes", "app changes"]);
    let app = report.stack("app");
    assert_eq!(app["tentative"], true);
    assert_eq!(app["notes"], json!(["tentative: `network.place` is a mock"]));
    let summary = shop.marker("summary.md");
    let run = shop.run(["plan", "production", "--summary", summary.to_str().unwrap()]).exits(0);
    run.prints("\napp  (depends on values that are not known yet: `network.place` is a mock)\n");
    shop.run(["runs", "show"]).exits(0).prints("changes, tentative");
    let text = fs::read_to_string(&summary).unwrap();
    for told in [
        "| changes, tentative |",
        "\n* `app` is tentative: `network.place` is a mock\n",
        "<summary>app (tentative)</summary>",
    ] {
        assert!(text.contains(told), "{text}");
    }

    shop.run(["deploy", "production", "--confirm"]).exits(0);
    assert_eq!(shop.deployed_value("app", "production").as_deref(), Some("in here"));
    for stack in ["app", "network"] {
        assert!(!shop.state(stack, "production").unwrap().to_string().contains("nowhere-yet"), "{stack}");
    }
}

#[test]
fn a_plan_with_a_mock_is_not_applied_without_its_upstream() {
    let shop = wired(&format!("{INPUTS}mocks.network = {{ place = \"nowhere-yet\" }}\n"));
    let plan = shop.run(["plan", "staging", "app"]).exits(0);
    plan.prints("tentative app: its plan rests on values that are not known before `network` is applied")
        .prints("next: `envctl deploy staging network`")
        .hides("envctl apply");
    shop.forget_calls();
    let refused = shop.run(["deploy", "staging", "app", "--yes"]).exits(3);
    refused.tells("hint: `envctl deploy staging network` comes first");
    assert_eq!(shop.folders("plan"), ["app"], "it was planned for a review, and not again for an apply");
    assert_eq!(shop.deployed_value("app", "staging"), None);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("in here"));
}

#[test]
fn another_upstream_that_changes_does_not_make_a_mock_true() {
    let shop = Shop::new();
    shop.stack("network", &[], &json!({}));
    network(&shop, "here");
    for stack in ["db", "dns"] {
        shop.stack(stack, &[], &json!({ "resources": { "terraform_data.own": "one" } }));
    }
    let app = json!({ "resources": { "terraform_data.app": "in ${var.place}" }, "variables": ["place"] });
    shop.stack("app", &["db", "dns"], &app);
    shop.append("environments.toml", &format!("{INPUTS}mocks.network = {{ place = \"nowhere-yet\" }}\n"));
    shop.project.commit("Begin");
    shop.run(["deploy", "staging", "dns", "--yes"]).exits(0);

    let plan = shop.run(["plan", "staging", "app", "db"]).exits(0);
    plan.prints("rests on values that are not known before `network` is applied")
        .prints("next: `envctl deploy staging network`");
    shop.run(["deploy", "staging", "app", "db", "--yes"])
        .exits(3)
        .tells("hint: `envctl deploy staging network` comes first");
    assert_eq!(shop.deployed_value("db", "staging"), None, "not a half of it was applied");
    shop.run(["deploy", "staging", "app", "db", "network", "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("in here"));
}

#[test]
fn an_output_that_does_not_exist_names_those_that_there_are() {
    let shop = wired("inputs = { place = \"network.plaice\" }\n");
    shop.run(["deploy", "staging", "network", "--yes"]).exits(0);
    let run = shop.run(["plan", "staging", "app"]).exits(4);
    let run = run.tells("`place` takes `network.plaice`: `network` has no output `plaice`");
    run.tells("its outputs are: `place`, `zones`; one that is null is not kept");
    let shop = wired("inputs = { place = \"network.zones[2].id\" }\n");
    shop.run(["deploy", "staging", "network", "--yes"]).exits(0);
    shop.run(["plan", "staging"]).exits(4).tells("`zones` has no `[2]`");
    let shop = wired(INPUTS);
    shop.run(["plan", "staging", "app"]).exits(4).tells("nothing was applied there yet");
}

#[test(engines(tofu, terraform))]
fn a_stack_that_exists_without_the_output_is_not_told_to_be_applied_first(engine: &Driven) {
    let toml = "[project]\nname = \"p\"\n\n[environments.dev]\n\n[stacks.network]\npath = \"network\"\n\n\
                [stacks.app]\npath = \"app\"\ninputs = { place = \"network.place\" }\n";
    let shop = Shop::driven_by(engine, toml);
    shop.project.write("network/main.tf", "resource \"terraform_data\" \"a\" {}\n");
    shop.project.write("app/main.tf", "variable \"place\" {}\noutput \"p\" {\n  value = var.place\n}\n");
    shop.run(["plan", "dev", "app"]).exits(4).tells("nothing was applied there yet: apply `network` first");
    shop.run(["deploy", "dev", "network", "--yes"]).exits(0);

    let run = shop.run(["plan", "dev", "app"]).exits(4).hides("applied there yet").hides("first");
    run.tells("`network` has no output `place`").tells("`network` exists and has no outputs at all");

    shop.append("environments.toml", "mocks.network = { place = \"here\" }\n");
    shop.run(["plan", "dev", "app"]).exits(0).prints("`network` exists and has no output `place`");
}

#[test]
fn a_missing_attribute_of_a_planned_output_is_an_error() {
    let shop = wired("inputs = { place = \"network.zones[2].id\" }\n");

    let run = shop.run(["deploy", "staging", "--yes"]).exits(4);

    run.tells("`place` takes `network.zones[2].id`: `zones` has no `[2]`");
    assert_eq!(shop.state("network", "staging"), None, "nothing was applied");
}

#[test]
fn a_part_of_an_output_arrives_with_its_type() {
    let shop = wired("inputs = { place = \"network.zones[1].id\" }\n");
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("in b"));
}

#[test]
fn a_sensitive_output_reaches_its_variable_and_no_file_argument_or_output() {
    let shop = wired(INPUTS);
    let secret = "SENTINEL-4711";
    let script = json!({ "outputs": { "place": secret }, "sensitive": ["place"] });
    shop.script("network", &script);
    let app = json!({ "resources": { "terraform_data.app": "fixed" }, "variables": ["place"] });
    shop.script("app", &app);
    hidden(&shop, "app");
    let run = shop.run(["deploy", "staging", "--yes", "-v"]).exits(0);
    run.hides(secret);
    let calls = shop.log();
    let plan = calls.iter().find(|call| call["env"]["TF_VAR_place"] == secret).unwrap();
    assert!(plan["dir"].as_str().unwrap().ends_with("/app"));
    let argv: Vec<Value> = calls.iter().map(|call| call["argv"].clone()).collect();
    assert!(!json!(argv).to_string().contains(secret));
    let held = files(&shop.project.path(".envctl"));
    assert!(held.iter().any(|file| file.ends_with("logs/app.log")), "{held:?}");
    for file in held {
        let bytes = fs::read(&file).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(secret), "{}", file.display());
    }
}

#[test]
fn a_stored_plan_is_bound_to_the_values_that_it_took() {
    let shop = wired(INPUTS);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    let app = json!({ "resources": { "terraform_data.app": "at ${var.place}" }, "variables": ["place"] });
    shop.script("app", &app);
    shop.run(["plan", "staging", "app"]).exits(0);
    // A manual edit of the state of `network`, which no run of envctl made.
    let state = "network/terraform.tfstate.d/staging/terraform.tfstate";
    shop.project.write(state, &shop.project.read(state).replace("\"here\"", "\"there\""));
    shop.run(["apply", "last", "--yes"]).exits(3).tells("`value place`");
}

#[test]
fn an_input_that_cannot_be_meant_is_refused_before_any_engine_starts() {
    let refused = |shop: &Shop, place: &str, words: &str| {
        shop.run(["plan", "staging"]).exits(4).tells(words).tells(place);
        shop.run(["check", "staging"]).exits(4).tells(words).tells(place);
        assert_eq!((shop.folders("init"), shop.folders("plan")), (Vec::new(), Vec::new()));
    };
    let shop = wired("inputs = { plaice = \"network.place\" }\n");
    refused(&shop, "environments.toml:", "declares no such variable");
    let shop = wired(INPUTS);
    shop.project.write("app/terraform.tfvars", "place = \"elsewhere\"\n");
    refused(&shop, "app/terraform.tfvars:1", "`app/terraform.tfvars` sets it too");
    let shop = wired(&format!("{INPUTS}vars.place = \"elsewhere\"\n"));
    refused(&shop, "environments.toml:", "`vars` of [stacks.app] sets it too");
    let shop = wired(INPUTS);
    let env = shop.env.clone().var("TF_VAR_place", "elsewhere");
    env.run(["plan", "staging"]).exits(4).tells("`TF_VAR_place` in your environment sets it too");
    assert_eq!(shop.folders("init"), [""; 0]);
    let shop = wired(INPUTS);
    shop.project.edit(
        "environments.toml",
        "path = \"network\"",
        "path = \"network\"\ninputs = { x = \"app.y\" }",
    );
    shop.run(["plan", "staging"]).exits(4).tells("cycle");
}

#[test]
fn a_typed_plan_takes_the_value_too_and_what_needs_none_asks_for_none() {
    let shop = wired(INPUTS);
    shop.run(["deploy", "staging", "network", "--yes"]).exits(0);
    shop.run(["exec", "staging", "app", "--", "plan"]).exits(0).prints("terraform_data.app");
    let other = wired(INPUTS);
    other.run(["exec", "staging", "app", "--", "version"]).exits(0);
    other.run(["exec", "staging", "app", "--", "plan"]).exits(4).tells("nothing was applied there yet");
}

#[test]
fn an_output_that_holds_a_secret_travels_as_a_sensitive_one_marked_or_not() {
    let secret = "SENTINEL-0815";
    let shop = wired(INPUTS);
    shop.append("environments.toml", "[stacks.network.secrets]\npw = { env = \"PW\" }\n");
    shop.script("network", &json!({ "outputs": { "place": "at ${var.pw}" }, "variables": ["pw"] }));
    let app = json!({ "resources": { "terraform_data.app": "fixed" }, "variables": ["place"] });
    shop.script("app", &app);
    let env = shop.env.clone().var("PW", secret);
    env.run(["deploy", "staging", "--yes"]).exits(0).hides(secret);
    let given = format!("at {secret}");
    assert!(shop.log().iter().any(|call| call["env"]["TF_VAR_place"] == given.as_str()));
    for file in files(&shop.project.path(".envctl")) {
        assert!(!String::from_utf8_lossy(&fs::read(&file).unwrap()).contains(secret), "{}", file.display());
    }
}

#[test]
fn a_destroyed_stack_is_destroyed_again_with_mocks_a_deployed_one_not() {
    let shop = wired(&format!("{INPUTS}mocks.network = {{ place = \"nowhere\" }}\n"));
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.run(["destroy", "staging", "--yes"]).exits(0);
    shop.run(["destroy", "staging", "--yes"]).exits(0);
    // The upstream stack was destroyed first.
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.script("network", &json!({}));
    shop.run(["deploy", "staging", "network", "--yes"]).exits(0);
    shop.run(["destroy", "staging", "app", "--yes"])
        .exits(4)
        .tells("with mocks for outputs that do not exist");
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("in here"));
}

#[test]
fn a_deployed_stack_with_a_missing_input_is_destroyed_with_a_value() {
    let shop = wired(INPUTS);
    shop.run(["destroy", "staging", "--yes"]).exits(0);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.run(["destroy", "staging", "--yes"]).exits(0);
    shop.run(["destroy", "staging", "--yes"]).exits(0).tells("there is nothing of it");
    // The upstream stack was destroyed first.
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.script("network", &json!({}));
    shop.run(["deploy", "staging", "network", "--yes"]).exits(0);
    shop.run(["destroy", "staging", "app", "--yes"]).exits(4).tells("`--var NAME=VALUE` gives a variable");
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("in here"));
    shop.run(["destroy", "staging", "app", "--yes", "--var", "place=here"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging"), None);
}

#[test]
fn a_value_of_the_command_line_is_taken_instead_of_an_output() {
    let shop = wired(INPUTS);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.run(["deploy", "staging", "app", "--yes", "--var", "place=elsewhere"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("in elsewhere"));
}

#[test]
fn a_sensitive_output_is_not_given_to_a_variable_that_plans_would_show() {
    let secret = "SENTINEL-4712";
    let shop = wired(INPUTS);
    shop.script("network", &json!({ "outputs": { "place": secret }, "sensitive": ["place"] }));
    let run = shop.run(["deploy", "staging", "--yes"]).exits(4);
    run.hides(secret)
        .tells("`place` takes `network.place`, which is sensitive, and plans would show the variable")
        .tells("declare variable `place` with `sensitive = true`");
    assert_eq!(shop.deployed_value("app", "staging"), None);
}

#[test]
fn an_engine_is_asked_for_a_value_again_right_before_the_apply() {
    let shop = wired(&format!(
        "{INPUTS}[stacks.network.backend]\ns3 = {{ bucket = \"b\", key = \"{{env}}/{{stack}}\", region = \"eu-west-1\" }}\n"
    ));
    let outputs = json!({ "place": "here" });
    let network =
        json!({ "backend": "s3", "resources": { "terraform_data.network": "n" }, "outputs": outputs });
    shop.script("network", &network);
    shop.run(["deploy", "staging", "network", "--yes"]).exits(0);
    shop.forget_calls();
    shop.run(["deploy", "staging", "app", "--yes"]).exits(0);
    let pulls = shop.folders("state pull");
    assert_eq!(
        pulls.iter().filter(|stack| *stack == "network").count(),
        2,
        "for the plan, and for the apply"
    );
}

#[test]
fn config_and_graph_show_what_a_stack_takes_and_from_where() {
    let shop = wired(&format!("{INPUTS}mocks.network.place = \"nowhere-yet\"\n"));
    let run = shop.run(["config", "staging", "app", "--origins"]).exits(0);
    run.prints("inputs.place = \"network.place\"  # [stacks.app], line ")
        .prints("mocks.network.place = \"nowhere-yet\"  # [stacks.app], line ");
    let document = shop.run(["config", "staging", "app", "--json"]).exits(0).json();
    let values = &document["environments"][0]["instances"][0]["values"];
    assert_eq!(values["inputs.place"]["value"], "network.place");
    assert_eq!(values["mocks.network.place"]["value"], "nowhere-yet");

    let tree = shop.run(["graph", "staging"]).exits(0);
    assert_eq!(tree.stdout, "app\n└── network → place\n");
    let document = shop.run(["graph", "staging", "--format", "json"]).exits(0).json();
    assert_eq!(document["stacks"][1]["inputs"], json!({ "place": "network.place" }));
    shop.run(["graph", "staging", "--format", "dot"]).exits(0).prints("[label = \"place\"]");
    // Without the upstream stack in the selection there is no edge.
    shop.run(["graph", "staging", "app"]).exits(0).hides("network");
}

#[test]
fn a_stack_that_several_inputs_need_and_that_is_not_deployed_is_told_once() {
    let shop = wired("inputs = { place = \"network.place\", zone = \"network.zones[0].id\" }\n");
    shop.project.edit(
        "environments.toml",
        "path = \"network\"",
        "path = \"network\"\nenvironments = [\"production\"]",
    );
    let run = shop.run(["plan", "staging"]).exits(4);
    assert_eq!(run.stderr.matches("needs `network`, which is not deployed in `staging`").count(), 1, "{run}");
}
