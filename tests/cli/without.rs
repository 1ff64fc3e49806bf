//! `--without`: plans that exclude resources, which only OpenTofu makes.

use crate::support::{Driven, Live, Shop, UnitEngine, unit_project};

const ENVIRONMENTS: &str = "[project]\nname = \"shop\"\n\n[defaults]\nworkspace = \"{env}\"\ncreate_workspace = \"always\"\n\n\
                            [environments.dev]\n\n[environments.production]\nconfirm = true\n\n[stacks.app]\npath = \"app\"\n";

/// Configuration with three resources, of which `top` depends on `base`.
const MAIN: &str = "resource \"terraform_data\" \"base\" {\n}\nresource \"terraform_data\" \"top\" {\n  input = terraform_data.base.id\n}\n\
                    resource \"terraform_data\" \"apart\" {\n  for_each = toset([\"a b\"])\n}\n";

fn shop(engine: &Driven, environments: &str) -> Shop {
    Shop::driven_by(engine, environments).with_files(&[("app/main.tf", MAIN)]).committed()
}

/// Returns the resources of `app` in a workspace.
fn resources(shop: &Shop, workspace: &str) -> Vec<String> {
    let state = shop.state("app", workspace).unwrap();
    let resources = state["resources"].as_array().unwrap().iter();
    resources.map(|resource| resource["name"].as_str().unwrap().to_owned()).collect()
}

#[test(engines(tofu))]
fn a_plan_without_a_resource_is_incomplete_and_leaves_it_out(engine: &Driven) {
    let shop = shop(engine, ENVIRONMENTS);
    let report = shop.run(["plan", "dev", "--without", "terraform_data.base", "--json"]).exits(0).json();
    assert_eq!(report["stacks"][0]["incomplete"], true);
    assert_eq!(report["totals"]["create"], 1);
    let note = "incomplete: planned `--without terraform_data.base`";
    assert!(report["stacks"][0]["notes"].to_string().contains(note), "{report}");

    // A stored plan is bound to the flag, and `apply` takes the flag from the run.
    let run = report["run"].as_str().unwrap();
    shop.run(["apply", run, "--yes"]).exits(0);
    assert_eq!(resources(&shop, "dev"), ["apart"]);

    // `destroy` takes the flag too, and the printed command repeats it.
    shop.run(["deploy", "dev", "--yes"]).exits(0);
    assert_eq!(resources(&shop, "dev"), ["apart", "base", "top"]);
    let apart = "terraform_data.apart[\"a b\"]";
    shop.run(["destroy", "dev", "--without", apart])
        .exits(3)
        .tells("envctl destroy dev --without 'terraform_data.apart[\"a b\"]' --yes");
    shop.run(["destroy", "dev", "--without", apart, "--yes"]).exits(0);
    assert_eq!(resources(&shop, "dev"), ["apart"]);
}

#[test(engines(tofu))]
fn an_environment_with_confirm_refuses_a_plan_without_a_resource(engine: &Driven) {
    let shop = shop(engine, ENVIRONMENTS);
    let without = "--without=terraform_data.apart[\"none\"]";
    let refused = shop.run(["deploy", "production", "--confirm", without]).exits(3);
    refused
        .prints("incomplete")
        .tells("--without 'terraform_data.apart[\"none\"]'")
        .tells("--allow incomplete");
    shop.run(["deploy", "production", "--confirm", without, "--allow", "incomplete"]).exits(0);
    assert_eq!(resources(&shop, "production"), ["apart", "base", "top"]);
    // A clean plan with the flag is not reused.
    shop.run(["plan", "production", without]).exits(0);
    let report = shop.run(["plan", "production", "--reuse", "--json"]).exits(0).json();
    assert_eq!(report["stacks"][0]["reused"], false);
}

#[test]
fn a_stack_of_terraform_is_refused_before_any_engine_is_started() {
    let mut shop =
        Shop::with(&ENVIRONMENTS.replace("path = \"app\"", "path = \"app\"\nengine = \"terraform\""));
    shop.env.link("terraform", std::path::Path::new(env!("CARGO_BIN_EXE_envctl-fake-engine")));
    shop.script("app", &crate::support::plain("app"));
    for verb in ["plan", "deploy", "destroy"] {
        let refused = shop.run([verb, "dev", "--without", "terraform_data.base"]).exits(64);
        refused.tells("Terraform has no `-exclude`: stack `app`").tells("`--target`");
    }
    assert_eq!(shop.calls(), [""; 0]);
    assert!(!shop.project.path(".envctl/runs").exists());
    shop.run(["plan", "dev", "--without", "a.b", "--target", "c.d"]).exits(64);

    // OpenTofu before 1.9 has no such flag, which envctl knows by the version.
    shop = Shop::with(ENVIRONMENTS);
    shop.script("app", &crate::support::plain("app"));
    let old = shop.env.clone().var("FAKE_ENGINE_VERSION", "1.8.5");
    let refused = old.run(["plan", "dev", "--without", "terraform_data.app"]).exits(64);
    refused.tells("OpenTofu 1.8.5 has no `-exclude`, which came with 1.9");
    assert_eq!(shop.folders("plan"), [""; 0]);
}

#[test(engines(terragrunt))]
fn a_unit_is_planned_without_a_resource_where_terragrunt_drives_opentofu() {
    let environments = ENVIRONMENTS.replace("workspace = \"{env}\"\ncreate_workspace = \"always\"\n", "");
    let environments = environments
        .replace("path = \"app\"", "path = \"app\"\nengine = \"terragrunt\"\nenvironments = [\"dev\"]");
    let (project, env) = unit_project(&environments);
    let env = env.with_system();
    let state = project.around().join("app.tfstate");
    project.write("app/terragrunt.hcl", "");
    project.write(
        "app/main.tf",
        &format!(
            "terraform {{\n  backend \"local\" {{\n    path = \"{}\"\n  }}\n}}\n{MAIN}",
            state.display()
        ),
    );
    project.commit("Begin");
    env.run(["deploy", "dev", "--yes", "--without", "terraform_data.base"]).exits(0).tells("incomplete");
    let state: serde_json::Value = serde_json::from_slice(&std::fs::read(state).unwrap()).unwrap();
    assert_eq!(state["resources"].as_array().unwrap().len(), 1);
    assert_eq!(state["resources"][0]["name"], "apart");
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_plan_that_arguments_of_its_unit_narrow_is_incomplete(engine: &UnitEngine) {
    let engine = engine.name;
    let live = Live::over(engine);
    let arguments = "terraform {\n  extra_arguments \"part\" {\n    commands  = [\"plan\"]\n    arguments = [\"-target=terraform_data.a\"]\n  }\n}\n";
    let main = "resource \"terraform_data\" \"a\" {\n  input = 1\n}\nresource \"terraform_data\" \"b\" {\n  input = 1\n}\n";
    live.unit("app", arguments, main, "");
    live.project.edit("environments.toml", "[environments.dev]\n", "[environments.dev]\nconfirm = true\n");
    live.project.commit("Begin");
    live.env.run(["deploy", "dev", "--confirm"]).exits(3).prints("incomplete").tells("--allow incomplete");
    live.project.edit("environments.toml", "[environments.dev]\nconfirm = true\n", "[environments.dev]\n");

    let report = live.env.run(["plan", "dev", "--json"]).exits(0).report();

    let app = report.stack("app");
    assert_eq!(app["incomplete"], true, "{engine}");
    let notes = app["notes"].to_string();
    let note = "incomplete: planned with `-target=terraform_data.a`, by flags of environments.toml or arguments of the unit";
    assert!(notes.contains(note) && !notes.contains("deferred"), "{engine}: {notes}");
    live.env.run(["apply", "last", "--yes"]).exits(0);
    assert_eq!(live.state("app")["resources"].as_array().unwrap().len(), 1, "{engine}");
    assert_eq!(live.state("app")["resources"][0]["name"], "a", "{engine}");

    // A clean plan of a part is neither complete nor taken for a whole one.
    let report = live.env.run(["plan", "dev", "--json"]).exits(0).report();
    assert_eq!((report.result(), &report.stack("app")["incomplete"]), ("clean", &true.into()), "{engine}");
    let report = live.env.run(["plan", "dev", "--reuse", "--json"]).exits(0).report();
    assert_eq!(report.stack("app")["reused"], false, "{engine}");
}
