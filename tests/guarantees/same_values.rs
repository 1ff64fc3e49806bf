//! 2. One review, one confirmation, then no surprise: a stack gets the values of its `inputs` before others.

use serde_json::{Value, json};

use crate::support::{Driven, ENVIRONMENTS, Env, Live, Shop, plain};

/// Stack with a sensitive output; sensitive values reach engines as environment variables.
const NET: &str =
    "output \"id\" {\n  value = \"real\"\n  sensitive = true\n}\noutput \"n\" {\n  value = \"plain\"\n}\n";
const APP: &str = "variable \"id\" {\n  default = \"DEFAULT\"\n}\nvariable \"zone\" {\n  default = \"DEFAULT\"\n}\n\
                   resource \"terraform_data\" \"a\" {\n  input = \"${nonsensitive(var.id)} ${var.zone}\"\n}\n";
const REFUSED: &str = "variable `id` was planned with another value than `net.id`";

fn live(hcl: &str, stack: &str) -> Live {
    let live = Live::new();
    live.unit("net", "", NET, "");
    live.unit("app", hcl, APP, stack);
    live.project.commit("Begin");
    live
}

#[test(engines(fake, tofu, terraform))]
fn an_input_that_a_stronger_value_overrides_is_refused_by_the_plan(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_env(Env::with_system);
    let mut net = plain("net");
    net["sensitive"] = json!(["id"]);
    shop.stack("net", &[], &net);
    let mut app = json!({ "variables": ["id"], "resources": { "terraform_data.app": "${var.id}" } });
    shop.stack("app", &[], &app);
    let main = "variable \"id\" {\n  sensitive = true\n}\nresource \"terraform_data\" \"app\" {\n  input = var.id\n}\n";
    shop.project.write("app/main.tf", main);
    shop.append("environments.toml", "inputs = { id = \"net.id\" }\n");
    shop.project.commit("Begin");
    shop.run(["deploy", "production", "--confirm", "--confirm-rounds"]).exits(0);
    assert_eq!(shop.deployed_value("app", "production").as_deref(), Some("net-1"), "{}", engine.name());
    let before = shop.state("app", "production");

    // The file is made after envctl's checks, and overrides the environment variable of a sensitive value.
    let late = r#"before_plan = [["sh", "-c", "echo 'id = \"OTHER\"' > app/late.auto.tfvars"]]"#;
    shop.append("environments.toml", &format!("\n[stacks.app.hooks]\n{late}\n"));
    for verb in ["plan", "deploy"] {
        let run = shop.env.run_args(
            &[&[verb, "production", "app"][..], &["--confirm"][..usize::from(verb == "deploy")]].concat(),
        );
        run.exits(4).tells(REFUSED).tells("hook").hides("OTHER");
        std::fs::remove_file(shop.project.path("app/late.auto.tfvars")).unwrap();
    }
    assert_eq!(shop.state("app", "production"), before, "{}", engine.name());
    let plan = shop.project.path(&format!("{}/plans/app.tfplan", shop.newest_run()));
    assert!(!plan.exists(), "{}", engine.name());
    if engine.is_fake() {
        // envctl cannot check a plan file that only its engine can read.
        app["opaque"] = json!(true);
        shop.script("app", &app);
        shop.project.write("app/main.tf", main);
        shop.run(["plan", "production", "app"]).exits(3).tells("the plan file cannot be read");
    }
}

#[test(engines(terragrunt))]
fn a_unit_whose_module_sets_what_it_takes_is_refused_by_its_plan() {
    let live = live("", "inputs = { id = \"net.id\" }\n");
    live.env.run(["deploy", "dev", "net", "--yes"]).exits(0);
    let include = "include \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n}\nterraform {\n  source = \"../../module\"\n";
    live.project.write("module/main.tf", APP);
    live.project.write("live/app/terragrunt.hcl", &format!("{include}}}\n"));
    std::fs::remove_file(live.project.path("live/app/main.tf")).unwrap();
    live.env.run(["plan", "dev"]).exits(0);
    live.project
        .write("live/app/terragrunt.hcl", &format!("{include}}}\ninputs = {{\n  id = \"OTHER\"\n}}\n"));
    let twice = "`id` takes `net.id`, and `live/app/terragrunt.hcl` sets it under `inputs` as well";
    live.env.run(["deploy", "dev", "--yes"]).exits(4).tells(twice);
    live.project.write("live/app/terragrunt.hcl", &format!("{include}}}\n"));
    live.project.write("module/z.auto.tfvars", "id = \"OTHER\"\n");
    live.env.run(["plan", "dev"]).exits(4).tells(REFUSED).tells("auto.tfvars");
    live.env.run(["deploy", "dev", "--yes"]).exits(4).tells(REFUSED);
    std::fs::remove_file(live.project.path("module/z.auto.tfvars")).unwrap();
    live.project.write("o.tfvars", "id = \"OTHER\"\n");
    let arguments = format!(
        "  extra_arguments \"o\" {{\n    commands = [\"plan\", \"apply\"]\n    arguments = [\"-var-file={}\"]\n  }}\n}}\n",
        live.project.path("o.tfvars").display()
    );
    live.project.write("live/app/terragrunt.hcl", &format!("{include}{arguments}"));
    live.env.run(["deploy", "dev", "--yes"]).exits(4).tells(REFUSED);
    // An equal value is no conflict.
    live.project.write("o.tfvars", "id = \"real\"\n");
    live.env.run(["deploy", "dev", "--yes"]).exits(0);
    assert_eq!(live.deployed_value("app"), "real DEFAULT");
}

#[test(engines(terragrunt))]
fn a_command_that_is_typed_for_a_unit_has_the_values_of_its_plan() {
    let stack = "inputs = { id = \"net.id\" }\n[stacks.app.in.dev]\nvars = { zone = \"z\" }\n";
    let live = live("", stack);
    live.env.run(["deploy", "dev", "--yes"]).exits(0);
    assert_eq!(live.deployed_value("app"), "real z");
    for args in [
        &["exec", "dev", "app", "--yes", "--", "apply", "-auto-approve", "-no-color"][..],
        &["exec", "dev", "app", "--yes", "--", "run", "--", "apply", "-auto-approve"],
    ] {
        live.env.run_args(args).exits(0);
        assert_eq!(live.deployed_value("app"), "real z", "{args:?}");
    }
    let before: Value = live.state("app");
    for args in [["run", "--all", "--", "plan"], ["run", "--graph", "--", "plan"]] {
        let typed = [&["exec", "dev", "app", "--yes", "--"][..], &args].concat();
        live.env.run_args(&typed).exits(3).tells("acts on more than the stack");
    }
    live.env.run(["exec", "dev", "app", "--", "output", "-json"]).exits(0);
    assert_eq!(live.state("app"), before);
}
