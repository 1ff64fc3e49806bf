//! 1. The plan you saw is the plan that is applied: whichever way its configuration names the files that it is made from.

use crate::support::{Driven, ENVIRONMENTS, Shop, each_engine, plain};

/// A shop whose stack lies two folders deep, with more of its configuration.
#[track_caller]
fn shop(engine: &Driven, environments: &str, more: &str) -> Shop {
    let shop = Shop::driven_by(engine, &format!("{ENVIRONMENTS}\n{environments}"));
    let mut script = plain("app");
    if !environments.is_empty() {
        script["backend"] = "local".into();
    }
    shop.script("infra/app", &script);
    shop.append("infra/app/main.tf", more);
    shop.append("environments.toml", "\n[stacks.app]\npath = \"infra/app\"\n");
    shop
}

/// Plans, changes one file, and expects its name in the refusal; then with the file as it was, an apply.
#[track_caller]
fn bound(shop: &Shop, file: &str, text: &str, engine: &Driven, spelling: &str) {
    shop.run(["plan", "staging"]).exits(0);
    let run = shop.newest_run().rsplit('/').next().unwrap().to_owned();
    let before = std::fs::read_to_string(shop.project.path(file)).ok();
    shop.project.write(file, text);
    let refused = shop.run(["apply", &run, "--yes"]);
    let told = format!("`file {file}` is not what it was when it was planned");
    assert!(
        refused.stderr.contains(&told),
        "{}: `{spelling}`: stderr does not hold `{told}`\n{refused}",
        engine.name()
    );
    refused.exits(3);
    match before {
        Some(before) => shop.project.write(file, &before),
        None => std::fs::remove_file(shop.project.path(file)).unwrap(),
    }
    shop.run(["apply", &run, "--yes"]).exits(0);
}

#[test]
fn a_file_elsewhere_is_bound_however_it_is_named() {
    let spellings = [
        ("fileset(\"${path.module}/../shared/data\", \"*.json\")", "infra/shared/data/a.json"),
        ("fileset(\"../shared/data\", \"*.json\")", "infra/shared/data/new.json"),
        ("fileexists(\"${path.module}/../shared/${terraform.workspace}.txt\")", "infra/shared/staging.txt"),
        ("\"sh ${path.module}/../shared/run.sh ${terraform.workspace}\"", "infra/shared/run.sh"),
        ("\"cd ..; sh ./shared/run.sh\"", "infra/shared/run.sh"),
        ("<<-EOT\n    set -e\n    sh ${path.module}/../shared/run.sh\n  EOT\n", "infra/shared/run.sh"),
        ("fileexists(\"templates/../../shared/run.sh\")", "infra/shared/run.sh"),
    ];
    for engine in each_engine() {
        for (spelling, file) in spellings {
            let shop = shop(&engine, "", &format!("output \"named\" {{\n  value = {spelling}\n}}\n"));
            shop.project.write("infra/shared/data/a.json", "{}\n");
            shop.project.write("infra/shared/run.sh", "true\n");
            shop.project.write("infra/shared/staging.txt", "text\n");
            bound(&shop, file, "changed\n", &engine, spelling);
        }
    }
}

#[test]
fn a_script_in_the_working_directory_of_a_provisioner_is_bound() {
    for engine in each_engine() {
        for (folder, script) in [("${path.module}/../shared", "infra/shared/run.sh"), ("../..", "run.sh")] {
            let more = format!(
                "resource \"terraform_data\" \"runs\" {{\n  provisioner \"local-exec\" {{\n    \
                 working_dir = \"{folder}\"\n    command = \"sh run.sh\"\n  }}\n}}\n"
            );
            let shop = shop(&engine, "", &more);
            shop.project.write(script, "true\n");
            bound(&shop, script, "false\n", &engine, folder);
        }
    }
}

#[test]
fn configuration_whose_name_begins_as_that_of_the_state_is_bound() {
    for engine in each_engine() {
        let shop = shop(&engine, "[defaults]\nbackend.local = { path = \"state\" }\n", "");
        shop.project.write("infra/app/state.tf", "# as it was\n");
        bound(&shop, "infra/app/state.tf", "# edited\n", &engine, "state");
        let shop = self::shop(&engine, "", "");
        bound(&shop, "infra/app/x.tfstate.tf", "# new\n", &engine, "x.tfstate.tf");
    }
}

#[test]
fn a_file_that_says_where_the_state_of_another_stack_lies_is_bound_and_that_state_is_not() {
    let reads = "data \"terraform_remote_state\" \"net\" {\n  backend = \"local\"\n  \
                 config  = jsondecode(file(\"${path.module}/../backend.json\"))\n}\n";
    let state = r#"{ "version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "n", "outputs": {}, "resources": [] }"#;
    for engine in each_engine() {
        let other = r#"{ "path": "../other-state" }"#;
        for place in [false, true] {
            let shop = shop(&engine, "", reads);
            shop.project.write("infra/backend.json", r#"{ "path": "../net-state" }"#);
            shop.project.write("infra/net-state", state);
            if place {
                bound(&shop, "infra/backend.json", other, &engine, reads);
            } else {
                shop.run(["plan", "staging"]).exits(0);
                shop.project.write("infra/net-state", &state.replace("\"serial\": 1", "\"serial\": 2"));
                shop.run(["apply", "last", "--yes"]).exits(0);
            }
        }
    }
}
