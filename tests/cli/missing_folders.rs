//! Missing folders: local modules and units that the files of a stack name and that do not exist.

use crate::support::{Driven, ENVIRONMENTS, Live, Run, Shop};

/// Checks the environment of a unit, without and with Terragrunt.
fn checked(live: &Live) -> [Run; 2] {
    [&["check", "dev", "--offline"][..], &["check", "dev"]].map(|args| live.env.run_args(args))
}

/// Makes a unit `app` with these lines in its file, and a unit `vpc` beside it.
fn unit(hcl: &str) -> Live {
    let live = Live::new();
    live.unit("vpc", "", "output \"x\" {\n  value = 1\n}\n", "");
    live.unit("app", hcl, "variable \"x\" {\n  default = 1\n}\n", "");
    live
}

#[test(engines(fake, tofu, terraform))]
fn a_missing_local_module_is_an_error_of_check_and_of_that_plan(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network", "mail"]);
    let before = shop.project.read("mail/main.tf");
    shop.project.write("mail/main.tf", &format!("module \"m\" {{\n  source = \"../lib\"\n}}\n{before}"));
    shop.project.write("lib/main.tf", "module \"deep\" {\n  source = \"./gone\"\n}\n");

    let check = shop.run(["check", "staging", "--offline"]).exits(4);
    check
        .tells("error[hcl::missing-module]: module `deep` comes from a folder that is not there")
        .tells("lib/main.tf:2:12")
        .tells("`lib/gone` does not exist")
        .prints("✘ config staging: 1 problem")
        .prints("✔ config: ")
        .hides("warning[hcl::missing-module]");
    shop.run(["plan", "staging", "network"]).exits(0);

    shop.append("environments.toml", "hooks.before_plan = [[\"/bin/true\"]]\n");
    shop.run(["check", "staging", "--offline"]).exits(0).tells("warning[hcl::missing-module]");
    shop.project.write("lib/main.tf", "module \"deep\" {\n  source = \"./.terraform/modules/x\"\n}\n");
    shop.run(["check", "staging", "--offline"]).exits(0);
}

#[test(engines(tofu, terraform))]
fn the_plan_of_a_missing_local_module_names_the_call(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["mail"]);
    shop.project.write("mail/main.tf", "\nmodule \"m\" {\n  source = \"../gone\"\n}\n");
    let run = shop.run(["plan", "staging"]).exits(4);
    run.prints("plan failed (config): Unreadable module directory")
        .tells("at mail/main.tf:2")
        .hides("\n    \n    \n");
}

#[test(engines(terragrunt))]
fn a_config_path_that_leads_nowhere_is_an_error_of_check_and_told_first() {
    let reads = |path: &str, more: &str| {
        format!(
            "dependency \"vpc\" {{\n  config_path = {path}\n{more}}}\ninputs = {{\n  x = dependency.vpc.outputs.x\n}}\n"
        )
    };
    for (path, missing) in [("\"../vcp\"", "live/vcp"), ("\"..\"", "live/terragrunt.hcl")] {
        let live = unit(&reads(path, "  mock_outputs = {\n    x = 1\n  }\n"));
        for check in checked(&live) {
            check
                .exits(4)
                .tells("error[unit::missing-dependency]: unit `app` depends on a unit that is not there")
                .tells("live/app/terragrunt.hcl:")
                .tells(&format!("`{missing}` does not exist"));
        }
        let plan = live.env.run(["plan", "dev", "app"]).exits(4);
        plan.prints(&format!(
            "plan failed (config): cannot read the outputs of dependency `vpc`: {missing} does not exist"
        ));
    }
    // A dependency whose outputs no input uses, and one of `dependencies`.
    let unused = "dependency \"vpc\" {\n  config_path = \"../vcp\"\n}\n";
    let before = "dependencies {\n  paths = [\"../vpc\", \"../vcp\"]\n}\n";
    for (hcl, reason) in [
        (
            unused,
            "plan failed (config): cannot read the outputs of dependency `vpc`: live/vcp does not exist",
        ),
        (before, "Found paths in the 'dependencies' block that do not exist: [../vcp "),
    ] {
        let live = unit(hcl);
        for check in checked(&live) {
            check.exits(4).tells("`live/vcp` does not exist");
        }
        live.env.run(["plan", "dev", "app"]).exits(4).prints(reason).hides("status 1: ERRO[");
    }
    // Dependencies that Terragrunt does not read, and a path that only Terragrunt evaluates.
    for hcl in [
        reads("\"../vcp\"", "  skip_outputs = true\n  mock_outputs = {\n    x = 1\n  }\n"),
        "dependency \"vpc\" {\n  config_path = \"../vcp\"\n  enabled = false\n}\n".to_owned(),
    ] {
        let live = unit(&hcl);
        for check in checked(&live) {
            check.exits(0);
        }
        live.env.run(["plan", "dev", "app"]).exits(0);
    }
    let live = unit(&reads("\"${get_terragrunt_dir()}/../vcp\"", ""));
    for check in checked(&live) {
        check.exits(0);
    }
    let live = unit(&reads("\"../vpc/terragrunt.hcl\"", ""));
    for check in checked(&live) {
        check.exits(0);
    }
}

#[test(engines(terragrunt))]
fn a_missing_local_source_of_a_unit_is_a_config_error() {
    let sources = [
        ("../../modules/app", "modules/app"),
        ("../../modules//app", "modules/app"),
        ("./inner", "live/app/inner"),
    ];
    for (source, missing) in sources {
        let live = unit(&format!("terraform {{\n  source = \"{source}\"\n}}\n"));
        if source.contains("//") {
            live.project.write("modules/other/main.tf", "");
        }
        for check in checked(&live) {
            check
                .exits(4)
                .tells("error[unit::missing-source]: the source of unit `app` is not there")
                .tells("live/app/terragrunt.hcl:")
                .tells(&format!("`{missing}` does not exist"));
        }
        let plan = live.env.run(["plan", "dev", "app"]).exits(4).hides("(network)");
        if source.contains("//") {
            plan.prints("plan failed (config)").tells("Working dir app from source");
        } else {
            plan.prints(&format!(
                "plan failed (config): the source of the unit is not there: `{missing}` does not exist"
            ));
        }
        live.env.run(["plan", "dev", "vpc"]).exits(0);
    }
    let live = unit("terraform {\n  source = \"../../modules//app\"\n}\n");
    std::fs::remove_file(live.project.path("live/app/main.tf")).unwrap();
    live.project.write("modules/app/main.tf", "module \"n\" {\n  source = \"../net\"\n}\n");
    for check in checked(&live) {
        check.exits(4).tells("modules/app/main.tf:2:12").tells("`modules/net` does not exist");
    }
}

#[test(engines(terragrunt))]
fn a_unit_in_json_is_named_and_a_source_that_is_a_file_is_left() {
    let live = unit("terraform {\n  source = \"../../modules\"\n}\n");
    live.project.write("modules", "no folder\n");
    for check in checked(&live) {
        check.exits(0);
    }
    live.env.run(["plan", "dev", "app"]).exits(0);

    std::fs::remove_file(live.project.path("live/app/terragrunt.hcl")).unwrap();
    live.project.write(
        "live/app/terragrunt.hcl.json",
        "{\n  \"dependency\": {\n    \"vpc\": {\"config_path\": \"../vcp\"}\n  },\n  \"dependencies\": {\n    \
         \"paths\": [\"../vpc\", \"../pvc\"]\n  },\n  \"terraform\": {\"source\": \"./gone\"}\n}\n",
    );
    for check in checked(&live) {
        check
            .exits(4)
            .prints("✘ config dev: 3 problems")
            .tells("live/app/terragrunt.hcl.json:3:28")
            .tells("`live/vcp` does not exist")
            .tells("live/app/terragrunt.hcl.json:6:25")
            .tells("`live/pvc` does not exist")
            .tells("live/app/terragrunt.hcl.json:8:27")
            .tells("`live/app/gone` does not exist");
    }
}

#[test]
fn a_missing_folder_is_shown_once_for_all_environments() {
    let shop = Shop::of(&["network"]);
    shop.append("environments.toml", "\n[stacks.web]\npath = \"gone\"\n\n[stacks.two]\npath = \"nix\"\n");
    for verb in [&["list"] as &[&str], &["status"], &["config"]] {
        let run = shop.env.run_args(verb).exits(4);
        for folder in ["gone", "nix"] {
            let shown = format!("does not exist: `{folder}`");
            assert_eq!(run.stderr.matches(&shown).count(), 1, "{run}");
        }
    }
    let one = shop.run(["list", "production"]).exits(4);
    one.tells("the folder of `production/web` does not exist: `gone`");
}
