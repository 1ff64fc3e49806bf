//! 1. The plan you saw is the plan that is applied: every way in which configuration names a file is bound.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::support::{Driven, ENVIRONMENTS, Shop, plain};

/// Makes a project whose stack lies two folders deep, with more configuration.
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

/// Plans, asserts that a change of the file is refused by its name, restores the file, and applies.
#[track_caller]
fn bound(shop: &Shop, file: &str, text: &str, engine: &Driven, spelling: &str) {
    shop.run(["plan", "staging"]).exits(0);
    let run = shop.newest_run().rsplit('/').next().unwrap().to_owned();
    refused(shop, &run, (file, text), engine, spelling);
    shop.run(["apply", &run, "--yes"]).exits(0);
}

/// Changes a file, asserts that the stored plan is refused with the file's name, and restores the file.
#[track_caller]
fn refused(shop: &Shop, run: &str, (file, text): (&str, &str), engine: &Driven, spelling: &str) {
    let before = fs::read_to_string(shop.project.path(file)).ok();
    shop.project.write(file, text);
    let refused = shop.run(["apply", run, "--yes"]);
    let told = format!("`file {file}` is not what it was when it was planned");
    assert!(
        refused.stderr.contains(&told),
        "{}: `{spelling}`: stderr does not hold `{told}`\n{refused}",
        engine.name()
    );
    refused.exits(3);
    match before {
        Some(before) => shop.project.write(file, &before),
        None => fs::remove_file(shop.project.path(file)).unwrap(),
    }
}

#[test(engines(fake, tofu, terraform))]
fn a_file_elsewhere_is_bound_however_it_is_named(engine: &Driven) {
    let spellings = [
        ("fileset(\"${path.module}/../shared/data\", \"*.json\")", "infra/shared/data/a.json"),
        ("fileset(\"../shared/data\", \"*.json\")", "infra/shared/data/new.json"),
        ("fileexists(\"${path.module}/../shared/${terraform.workspace}.txt\")", "infra/shared/staging.txt"),
        ("\"sh ${path.module}/../shared/run.sh ${terraform.workspace}\"", "infra/shared/run.sh"),
        ("\"cd ..; sh ./shared/run.sh\"", "infra/shared/run.sh"),
        ("<<-EOT\n    set -e\n    sh ${path.module}/../shared/run.sh\n  EOT\n", "infra/shared/run.sh"),
        ("fileexists(\"templates/../../shared/run.sh\")", "infra/shared/run.sh"),
    ];
    for (spelling, file) in spellings {
        let shop = shop(engine, "", &format!("output \"named\" {{\n  value = {spelling}\n}}\n"));
        shop.project.write("infra/shared/data/a.json", "{}\n");
        shop.project.write("infra/shared/run.sh", "true\n");
        shop.project.write("infra/shared/staging.txt", "text\n");
        bound(&shop, file, "changed\n", engine, spelling);
    }
}

#[test(engines(fake, tofu, terraform))]
fn a_script_in_the_working_directory_of_a_provisioner_is_bound(engine: &Driven) {
    for (folder, script) in [("${path.module}/../shared", "infra/shared/run.sh"), ("../..", "run.sh")] {
        let more = format!(
            "resource \"terraform_data\" \"runs\" {{\n  provisioner \"local-exec\" {{\n    \
             working_dir = \"{folder}\"\n    command = \"sh run.sh\"\n  }}\n}}\n"
        );
        let shop = shop(engine, "", &more);
        shop.project.write(script, "true\n");
        bound(&shop, script, "false\n", engine, folder);
    }
}

#[test(engines(fake, tofu, terraform))]
fn configuration_whose_name_begins_as_that_of_the_state_is_bound(engine: &Driven) {
    let shop = shop(engine, "[defaults]\nbackend.local = { path = \"state\" }\n", "");
    shop.project.write("infra/app/state.tf", "# as it was\n");
    bound(&shop, "infra/app/state.tf", "# edited\n", engine, "state");
    let shop = self::shop(engine, "", "");
    bound(&shop, "infra/app/x.tfstate.tf", "# new\n", engine, "x.tfstate.tf");
}

#[test(engines(fake, tofu, terraform))]
fn a_file_with_the_address_of_another_state_is_bound_but_not_that_state(engine: &Driven) {
    let reads = "data \"terraform_remote_state\" \"net\" {\n  backend = \"local\"\n  \
                 config  = jsondecode(file(\"${path.module}/../backend.json\"))\n}\n";
    let state = r#"{ "version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "n", "outputs": {}, "resources": [] }"#;
    let other = r#"{ "path": "../other-state" }"#;
    for place in [false, true] {
        let shop = shop(engine, "", reads);
        shop.project.write("infra/backend.json", r#"{ "path": "../net-state" }"#);
        shop.project.write("infra/net-state", state);
        if place {
            bound(&shop, "infra/backend.json", other, engine, reads);
        } else {
            shop.run(["plan", "staging"]).exits(0);
            shop.project.write("infra/net-state", &state.replace("\"serial\": 1", "\"serial\": 2"));
            shop.run(["apply", "last", "--yes"]).exits(0);
        }
    }
}

#[test(engines(fake, tofu, terraform))]
fn a_file_of_the_stack_is_bound_whatever_its_name_is(engine: &Driven) {
    let reads = "output \"names\" {\n  value = fileset(\"${path.module}/conf\", \"**\")\n}\n";
    let names =
        ["environments.toml", "run.sh~", ".#run.sh", "#run.sh#", ".run.sh.swp", "crash.log", ".DS_Store"];
    let shop = shop(engine, "", reads);
    let names = names.into_iter().chain([".terraform.lock.hcl"]);
    let files: Vec<String> = names.map(|name| format!("infra/app/conf/{name}")).collect();
    for file in &files {
        shop.project.write(file, "first\n");
    }
    shop.run(["plan", "staging"]).exits(0);
    let run = shop.newest_run().rsplit('/').next().unwrap().to_owned();
    for file in &files {
        refused(&shop, &run, (file, "second\n"), engine, reads);
    }
    // The settings of environments.toml are bound, and its text is not.
    shop.append("environments.toml", "# more\n");
    shop.run(["apply", &run, "--yes"]).exits(0);
}

#[test(engines(fake, tofu, terraform))]
fn the_mode_of_a_script_is_bound_and_no_other_bit_of_it(engine: &Driven) {
    let shop = shop(engine, "", "");
    shop.project.write("infra/app/run.sh", "true\n");
    let mode = |mode: u32| {
        let file = shop.project.path("infra/app/run.sh");
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o644);
    shop.run(["plan", "staging"]).exits(0);
    mode(0o755);
    let refused = shop.run(["apply", "last", "--yes"]).exits(3);
    refused.tells("`file infra/app/run.sh` is not what it was when it was planned").tells("(executable)");
    // Read permissions of other users depend on the umask of a checkout.
    mode(0o600);
    shop.run(["apply", "last", "--yes"]).exits(0);
}

#[test(engines(fake, tofu, terraform))]
fn only_the_text_of_files_is_a_pattern_and_no_folder_above_it(engine: &Driven) {
    for folder in ["job [1]", "a{b,c}", "x*", "what?", "open[", "back\\slash"] {
        let shop = Shop::driven_by(engine, ENVIRONMENTS);
        shop.script(&format!("{folder}/app"), &plain("app"));
        let path = folder.replace('{', "{{").replace('}', "}}");
        shop.append(
            "environments.toml",
            &format!(
                "\n[stacks.app]\npath = '{path}/app'\nfiles = [\"../extra/**/*.{{{{txt,md}}}}\", \"b[1].json\"]\n"
            ),
        );
        let file = format!("{folder}/extra/deep/a.txt");
        shop.project.write(&file, "first\n");
        shop.project.commit("Begin");
        shop.run(["plan", "staging"]).exits(0);
        let run = shop.newest_run().rsplit('/').next().unwrap().to_owned();
        refused(&shop, &run, (&file, "second\n"), engine, folder);
        refused(&shop, &run, (&format!("{folder}/app/b[1].json"), "{}\n"), engine, folder);
        shop.run(["apply", &run, "--yes"]).exits(0);

        shop.project.write(&file, "second\n");
        let list = shop.run(["list", "staging", "--changed=HEAD", "--json", "--why"]).exits(0).json();
        let why = format!("changed file of `files`: {file}");
        assert_eq!(list["instances"][0]["why"][0], why, "{}", engine.name());
    }
}
