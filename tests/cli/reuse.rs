//! `--reuse`: a clean plan replaces a new one as long as everything that it depends on is unchanged.

use serde_json::json;

use crate::{changed_files::reads_a_state, support::Shop};

/// Deploys two stacks and plans them once more, clean.
fn clean() -> Shop {
    let shop = Shop::of(&["network", "app: network"]).deployed();
    shop.run(["plan", "staging"]).exits(0);
    shop.forget_calls();
    shop
}

#[test]
fn what_is_the_same_is_clean_without_any_process() {
    let shop = clean();
    let report = shop.run(["plan", "staging", "--reuse", "--json"]).exits(0).report();
    assert_eq!(shop.calls(), [""; 0]);
    assert_eq!(report.stacks(), ["network clean", "app clean"]);
    for stack in ["network", "app"] {
        let stack = report.stack(stack);
        assert_eq!((&stack["reused"], &stack["processes"]), (&json!(true), &json!(0)));
        assert!(stack["notes"][0].as_str().unwrap().starts_with("reused: run "), "{stack}");
    }
    shop.run(["runs", "show"]).exits(0).prints("no changes, reused");
    shop.run(["runs", "log", "last", "app"]).exits(0).prints("\nreused: run ");
    // Reuse needs the flag.
    let report = shop.run(["plan", "staging", "--json"]).exits(0).report();
    assert_eq!(shop.folders("plan").len(), 2);
    assert_eq!(report.stack("app")["reused"], false);
}

#[test]
fn a_file_that_says_where_another_state_lies_is_what_a_plan_rests_on() {
    let shop = Shop::of(&["network", "app: network"]);
    shop.append("app/main.tf", &reads_a_state("jsondecode(file(\"${path.module}/../place.json\"))"));
    shop.project.write("place.json", "{ \"path\": \"../a\" }\n");
    let shop = shop.deployed();
    shop.run(["plan", "staging"]).exits(0);
    shop.forget_calls();
    shop.run(["plan", "staging", "--reuse"]).exits(0);
    assert_eq!(shop.calls(), [""; 0]);
    shop.project.write("place.json", "{ \"path\": \"../b\" }\n");
    shop.run(["plan", "staging", "--reuse"]).exits(0);
    assert_eq!(shop.folders("plan"), ["app"]);
}

/// Change by a user or another run.
type Change = &'static dyn Fn(&Shop);

#[test]
fn what_differs_in_anything_is_planned() {
    let changes: [(&str, Change); 6] = [
        ("a file", &|shop| shop.append("app/main.tf", "# another\n")),
        ("a variable", &|shop| shop.append("environments.toml", "[stacks.app.env]\nCOLOUR = \"red\"\n")),
        ("the state", &|shop| {
            let state = "app/terraform.tfstate.d/staging/terraform.tfstate";
            shop.project.write(state, &shop.project.read(state).replace("\"serial\": 1", "\"serial\": 2"));
        }),
        ("the state's content under the same serial", &|shop| {
            shop.append("app/terraform.tfstate.d/staging/terraform.tfstate", "\n");
        }),
        ("what was kept", &|shop| {
            let kept = ".envctl/instances/staging/app/clean.json";
            shop.project
                .write(kept, &shop.project.read(kept).replace("\"serial\":\"1\"", "\"serial\":\"2\""));
            shop.append(kept, " x");
        }),
        ("who applied what it needs", &|shop| {
            shop.project.write(".envctl/instances/staging/network/applied", "another run");
        }),
    ];
    for (what, change) in changes {
        let shop = clean();
        change(&shop);
        shop.run(["plan", "staging", "--reuse"]).exits(0);
        assert_eq!(shop.folders("plan"), ["app"], "{what}");
    }
    let shop = clean();
    shop.run(["plan", "staging", "--reuse=0s"]).exits(0);
    assert_eq!(shop.folders("plan").len(), 2, "its age");
    let shop = clean();
    shop.env
        .clone()
        .var("FAKE_ENGINE_VERSION", "1.13.0")
        .var("AWS_REGION", "x")
        .run(["plan", "staging", "--reuse"])
        .exits(0);
    assert_eq!(shop.folders("plan").len(), 2, "the environment");
}

#[test]
fn a_plan_with_changes_leaves_nothing_to_reuse() {
    let shop = clean();
    let before = shop.project.read("app/fake-engine.json");
    let main = shop.project.read("app/main.tf");
    shop.change("app", "second");
    shop.run(["plan", "staging"]).exits(0);
    shop.project.write("app/fake-engine.json", &before);
    shop.project.write("app/main.tf", &main);
    shop.forget_calls();
    shop.run(["plan", "staging", "--reuse"]).exits(0);
    assert_eq!(shop.folders("plan"), ["app"]);
}

#[test]
fn a_plan_of_a_part_is_none_to_reuse() {
    let shop = Shop::of(&["network"]).deployed();
    shop.run(["plan", "staging", "--target", "terraform_data.network"]).exits(0);
    shop.forget_calls();
    shop.run(["plan", "staging", "--reuse"]).exits(0);
    assert_eq!(shop.folders("plan"), ["network"]);
}

#[test]
fn a_state_that_only_an_engine_can_tell_of_is_asked_for() {
    let shop = Shop::new();
    shop.stack("network", &[], &json!({ "backend": "s3", "resources": { "terraform_data.network": "x" } }));
    let pairs = "[defaults.backend.s3]\nbucket = \"b\"\nkey = \"{stack}\"\nregion = \"eu-west-1\"\n";
    shop.append("environments.toml", pairs);
    shop.project.commit("Begin");
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.run(["plan", "staging"]).exits(0);
    shop.forget_calls();
    shop.run(["plan", "staging", "--reuse"]).exits(0);
    assert_eq!(shop.folders("plan"), ["network"]);
}

#[test]
fn a_deploy_takes_reuse_only_where_no_confirmation_is_needed() {
    let shop = clean();
    shop.run(["deploy", "staging", "--yes", "--reuse"]).exits(0);
    assert_eq!(shop.calls(), [""; 0]);
    shop.change("network", "second");
    shop.run(["deploy", "staging", "--yes", "--reuse"]).exits(0);
    assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("second"));
    // `app` was clean, and needs a stack that was applied since.
    assert_eq!(shop.folders("plan"), ["network", "app"]);
    let refused = shop.run(["deploy", "production", "--confirm", "--reuse"]).exits(3);
    refused.tells("`--reuse` is for plans alone in `production`, which needs a confirmation");
    shop.run(["plan", "production", "--reuse"]).exits(0);
}
