//! Files that envctl cannot parse: the engine decides whether they are valid, and their content counts as unknown.

use serde_json::json;

use crate::support::{Driven, Shop, app_unit, plain, programs, script};

/// Configuration that both engines accept and envctl's parser refuses: an object repeats a key that is an expression.
const UNUSUAL: &str =
    "locals {\n  name = \"a\"\n  tags = {\n    (local.name) = 1\n    (local.name) = 2\n  }\n}\n";

/// Makes a stack `network` whose engine accepts an unusual file beside its other ones.
fn unusual(path: &str, text: &str) -> Shop {
    let shop = Shop::of(&["network"]);
    shop.behave("network", &json!({ "fmt": { "exit": 3 } }));
    shop.project.write(path, text);
    shop
}

#[test]
fn a_file_that_the_engine_can_parse_is_planned_with_a_warning() {
    let shop = unusual("network/unusual.tf", UNUSUAL);

    let run = shop.run(["deploy", "staging", "--yes"]).exits(0);

    run.tells("envctl cannot parse `network/unusual.tf`, which tofu can").tells("network/unusual.tf:5:");
    assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("first"));
    let run = shop.run(["check", "staging"]).exits(0);
    run.tells("envctl cannot parse `network/unusual.tf`, which tofu can");
}

#[test]
fn one_process_is_started_for_each_unreadable_file_and_none_otherwise() {
    let shop = unusual("network/unusual.tf", UNUSUAL);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.forget_calls();

    shop.run(["plan", "staging"]).exits(0);
    assert_eq!(shop.calls(), ["network fmt", "network plan"]);

    shop.project.write("network/unusual.tf", "locals {}\n");
    shop.run(["plan", "staging"]).exits(0);
    shop.forget_calls();
    shop.run(["plan", "staging"]).exits(0);
    assert_eq!(shop.calls(), ["network plan"]);
}

#[test]
fn offline_an_unreadable_file_is_a_warning_and_no_engine_is_started() {
    for text in [UNUSUAL, "x {\n"] {
        let shop = unusual("network/unusual.tf", text);
        let run = shop.run(["check", "staging", "--offline"]).exits(0);
        run.tells("envctl cannot parse `network/unusual.tf`").tells("`envctl check` asks tofu");
        assert_eq!(shop.calls(), [""; 0]);
    }
}

#[test]
fn a_file_that_the_engine_refuses_too_is_an_error_at_its_place() {
    for (path, text, place, calls) in [
        ("network/broken.tf", "x {\n", "network/broken.tf:1:4", vec!["network fmt"]),
        ("network/app.auto.tfvars", "x =\n", "network/app.auto.tfvars:1:4", vec!["network fmt"]),
        // `fmt` refuses every JSON file, so that it is not run.
        ("network/broken.tf.json", "{\n", "network/broken.tf.json:1:3", vec![]),
    ] {
        let shop = Shop::of(&["network"]);
        shop.project.write(path, text);
        shop.run(["plan", "staging"]).exits(4).tells(place);
        assert_eq!(shop.calls(), calls, "{path}");
    }
}

#[test]
fn an_engine_that_cannot_say_leaves_the_error_and_its_reason() {
    let shop = unusual("network/unusual.tf", UNUSUAL);
    shop.behave("network", &json!({ "fmt": { "exit": 1 } }));

    let run = shop.run(["plan", "staging"]).exits(4);

    run.tells("`network/unusual.tf` is not valid HCL").tells("tofu could not be asked about the file");
}

#[test]
fn what_an_unreadable_file_may_read_is_part_of_the_plan_and_of_changed() {
    for path in ["../shared/a.txt", "${path.module}/../shared/a.txt"] {
        let reads = format!("{UNUSUAL}output \"text\" {{\n  value = file(\"{path}\")\n}}\n");
        let shop = unusual("network/unusual.tf", &reads);
        shop.project.write("shared/a.txt", "one\n");
        shop.project.commit("Read a file");
        shop.run(["plan", "staging"]).exits(0);

        shop.project.write("shared/a.txt", "two\n");
        let run = shop.run(["apply", "last", "--yes"]).exits(3);
        run.tells("`file shared/a.txt` is not what it was when it was planned");

        shop.project.commit("Change it");
        shop.run(["list", "staging", "--changed=HEAD~1"]).exits(0).prints("network");
    }
}

#[test]
fn an_unreadable_file_that_reads_a_computed_path_may_read_any_change() {
    let shop = unusual(
        "network/unusual.tf",
        &format!("{UNUSUAL}output \"text\" {{\n  value = file(local.name)\n}}\n"),
    );
    shop.project.commit("Read a file");
    shop.project.write("elsewhere/b.txt", "one\n");
    shop.project.commit("Something that it may read");
    shop.run(["list", "staging", "--changed=HEAD~1"]).exits(0).prints("network");
}

#[test]
fn an_unreadable_var_file_leaves_all_values_unknown() {
    let shop = unusual("network/app.auto.tfvars", "x = { (\"a\") = 1, (\"a\") = 2 }\nsize = 1\n");
    let mut script = plain("network");
    script["steps"] = json!({ "fmt": { "exit": 0 } });
    script["variables"] = json!(["size"]);
    shop.script("network", &script);

    let run = shop.run(["check", "staging"]).exits(0);

    run.tells("envctl cannot parse `network/app.auto.tfvars`").hides("has no default and no value");
}

/// Returns the configuration of one environment in the default workspace, with these pairs.
fn with_pairs(pairs: &str) -> String {
    format!("[project]\nname = \"shop\"\n[defaults]\nbackend.{pairs}\n[environments.staging]\n")
}

#[test(engines(tofu, terraform))]
fn pairs_reach_a_stack_whose_backend_block_cannot_be_read(engine: &Driven) {
    let shop = Shop::driven_by(engine, &with_pairs("local = { path = \"{env}/x.tfstate\" }"));
    shop.project.write("app/main.tf", &format!("terraform {{\n  backend \"local\" {{}}\n}}\noutput \"a\" {{\n  value = local.tags[\"a\"]\n}}\n{UNUSUAL}"));
    shop.append("environments.toml", "\n[stacks.app]\npath = \"app\"\n");
    shop.project.commit("Begin");

    shop.run(["deploy", "staging", "--yes"]).exits(0).tells("envctl cannot parse `app/main.tf`");

    let state = shop.project.read("app/staging/x.tfstate");
    assert!(state.contains("\"value\": 2"), "{}: {state}", engine.name());
}

#[test(engines(tofu, terraform))]
fn pairs_that_meet_no_backend_block_apply_nothing(engine: &Driven) {
    let shop = Shop::driven_by(engine, &with_pairs("s3 = { bucket = \"b\", key = \"{env}/x\" }"));
    shop.project.write("app/main.tf", &format!("resource \"terraform_data\" \"a\" {{}}\n{UNUSUAL}"));
    shop.append("environments.toml", "\n[stacks.app]\npath = \"app\"\n");
    shop.project.commit("Begin");

    let run = shop.run(["deploy", "staging", "--yes"]);

    let run = run.exits(1).prints("plan failed (state): the plan was made on backend `local`, not on `s3`");
    assert!(!shop.project.path("app/terraform.tfstate").exists(), "{}: {run}", engine.name());
}

#[test]
fn pairs_of_several_backends_need_a_readable_block() {
    let shop = unusual("network/unusual.tf", UNUSUAL);
    shop.append("environments.toml", "backend.s3 = { key = \"a\" }\nbackend.gcs = { prefix = \"a\" }\n");

    let run = shop.run(["plan", "staging"]).exits(4);

    run.tells("cannot tell which backend stack `network` has").tells("pairs for `s3` and `gcs`");
    assert_eq!(shop.calls(), ["network fmt", "network version"]);
}

#[test(engines(terragrunt), needs(terraform))]
fn the_engine_that_terragrunt_drives_decides_about_the_module_of_a_unit() {
    let (project, env) = app_unit("app");
    let [terraform] = programs(["terraform"]);
    script(project.around().join("refuses"), "#!/bin/sh\nexit 2\n");
    let text = project.read("environments.toml");
    let engines = format!(
        "\n[terragrunt]\ndrives = \"terraform\"\n\n[terraform]\nprogram = \"{}\"\n\n[tofu]\nprogram = \"../refuses\"\n",
        terraform.path.display()
    );
    project.write("environments.toml", &(text + &engines));
    project.write("app/terragrunt.hcl", "");
    project.write("app/main.tf", UNUSUAL);

    env.run(["check", "dev"]).tells("envctl cannot parse `app/main.tf`, which terragrunt can");
    env.run(["plan", "dev"]).exits(0).tells("envctl cannot parse `app/main.tf`, which terragrunt can");
}

#[test(engines(terragrunt))]
fn terragrunt_decides_about_the_file_of_a_unit() {
    let (project, env) = app_unit("app");
    project.write("app/main.tf", "variable \"tags\" { type = any }\n");
    project.write(
        "app/terragrunt.hcl",
        "locals {\n  k = \"a\"\n}\ninputs = { tags = { (local.k) = 1, (local.k) = 2 } }\n",
    );

    env.run(["plan", "dev"]).exits(0).tells("envctl cannot parse `app/terragrunt.hcl`, which terragrunt can");

    project.write("app/terragrunt.hcl", "inputs = {\n");
    env.run(["plan", "dev"])
        .exits(4)
        .tells("`app/terragrunt.hcl` is not valid HCL")
        .tells("app/terragrunt.hcl:1:1");
}

#[test(engines(terragrunt))]
fn a_terragrunt_that_cannot_say_leaves_the_error_and_its_reason() {
    let (project, env) = app_unit("app");
    project.write("app/main.tf", "");
    project.write("app/terragrunt.hcl", "inputs = { tags = { (\"a\") = 1, (\"a\") = 2 } }\n");
    script(
        project.around().join("wrapper"),
        "#!/bin/sh\n[ \"$1\" = hcl ] && { echo 'flag provided but not defined' >&2; exit 1; }\nexec terragrunt \"$@\"\n",
    );
    let environments = project.read("environments.toml");
    project.write("environments.toml", &format!("{environments}\n[terragrunt]\nprogram = \"../wrapper\"\n"));

    let run = env.run(["plan", "dev"]).exits(4);

    run.tells("`app/terragrunt.hcl` is not valid HCL").tells("terragrunt could not be asked about the file");
}
