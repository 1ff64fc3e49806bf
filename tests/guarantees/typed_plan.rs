//! 1. The plan you saw is the plan that is applied: no command that the user types for the engine applies another plan file.

use std::{fs, os::unix::fs::symlink};

use crate::support::{Driven, ENVIRONMENTS, Live, Run, Shop, plain};

/// Plans staging and returns the id of the run with the path of its plan file.
#[track_caller]
fn planned(shop: &Shop) -> (String, String) {
    shop.run(["plan", "staging"]).exits(0);
    let folder = shop.newest_run();
    let plan = shop.project.path(&format!("{folder}/plans/app.tfplan"));
    (folder.rsplit('/').next().unwrap().to_owned(), plan.to_str().unwrap().to_owned())
}

#[track_caller]
fn exec(shop: &Shop, flags: &[&str], typed: &[&str]) -> Run {
    shop.env.run_args(&[&["exec"], flags, &["--"], typed].concat())
}

#[test(engines(fake, tofu, terraform))]
fn no_plan_file_is_applied_by_hand_where_a_confirmation_is_needed(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    let (_, plan) = planned(&shop);
    fs::copy(&plan, shop.project.path("app/copied")).unwrap();
    let production = ["production", "app", "--confirm"];
    for typed in [
        &["apply", &plan] as &[&str],
        &["apply", "copied"],
        &["apply", "-auto-approve", &plan],
        &["apply", "--", &plan],
        &["apply", "-var", "x=1", "-lock-timeout", "1s", &plan],
        &["apply", "-var=x=1", &plan],
        &["apply", "--lock=false", &plan],
        &["apply", "-target", "terraform_data.app", &plan, "-no-color"],
    ] {
        let run = exec(&shop, &production, typed).exits(3);
        run.tells("plan_file app: ").tells("`envctl plan production` and `envctl apply RUN`");
    }
    for typed in [&["-chdir=../app", "apply", &plan] as &[&str], &["", "apply", &plan]] {
        exec(&shop, &production, typed).exits(3).tells("the engine's verb comes first");
    }
    assert_eq!(shop.state("app", "production"), None, "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_stored_plan_is_applied_by_its_run_alone(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    let (run, plan) = planned(&shop);
    fs::copy(&plan, shop.project.path("app/copied")).unwrap();
    symlink(&plan, shop.project.path("app/linked")).unwrap();
    for file in [plan.as_str(), "copied", "linked"] {
        let refused = exec(&shop, &["staging", "app", "--yes"], &["apply", file]).exits(3);
        refused.tells("is a plan that envctl keeps").tells(&format!("hint: `envctl apply {run}`"));
    }
    assert_eq!(shop.state("app", "staging"), None, "{}", engine.name());
    for file in ["app/copied", "app/linked"] {
        fs::remove_file(shop.project.path(file)).unwrap();
    }
    shop.run(["apply", &run, "--yes"]).exits(0);
}

#[test(engines(fake, tofu, terraform))]
fn a_typed_plan_file_is_applied_only_to_the_state_that_it_was_made_on(engine: &Driven) {
    let preview = "\n[environments.preview]\nworkspace = \"preview\"\ncreate_workspace = \"always\"\n";
    let shop = Shop::driven_by(engine, &format!("{ENVIRONMENTS}{preview}")).with_stacks(&["app", "web"]);
    let named = |file: &str| shop.project.path(file).to_str().unwrap().to_owned();
    let plan = |environment: &str, stack: &str, file: &str| {
        let out = format!("-out={}", named(file));
        exec(&shop, &[environment, stack, "--yes"], &["plan", &out]).exits(0);
    };
    let apply =
        |environment: &str, file: &str| exec(&shop, &[environment, "app", "--yes"], &["apply", &named(file)]);
    plan("preview", "app", "of-preview");
    apply("staging", "of-preview").exits(3).tells("it was made in the workspace `preview`, not in `staging`");
    apply("preview", "of-preview").exits(3).tells("it was made on an empty state");
    for environment in ["staging", "preview"] {
        shop.run(["deploy", environment, "--yes"]).exits(0);
    }
    shop.change("web", "second");
    plan("staging", "web", "of-web");
    apply("staging", "of-web").exits(3).tells("it was made on another state");
    shop.project.write("no-plan", "no plan\n");
    apply("staging", "no-plan").exits(3).tells("no plan file");
    apply("staging", "missing").exits(3).tells("cannot read the plan file");
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"), "{}", engine.name());

    shop.change("app", "second");
    plan("staging", "app", "of-app");
    apply("staging", "of-app").exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("second"), "{}", engine.name());
}

#[test(engines(tofu, terraform))]
fn a_plan_file_whose_own_backend_is_another_instances_is_refused(engine: &Driven) {
    let environments = "[project]\nname = \"shop\"\n\n[defaults]\nbackend.local = { path = \"../state/{env}.tfstate\" }\n\n\
                        [environments.staging]\n\n[environments.production]\nconfirm = true\n";
    let shop = Shop::driven_by(engine, environments);
    let mut script = plain("app");
    script["backend"] = "local".into();
    shop.stack("app", &[], &script);
    shop.project.commit("Begin");
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    let [staging, production] =
        ["staging", "production"].map(|name| shop.project.path(&format!("state/{name}.tfstate")));
    fs::copy(&staging, &production).unwrap();
    shop.change("app", "second");
    if !shop.project.read("app/main.tf").contains("backend \"local\"") {
        shop.append("app/main.tf", "\nterraform {\n  backend \"local\" {}\n}\n");
    }
    let out = format!("-out={}", shop.project.path("of-production").display());
    let plan = exec(&shop, &["production", "app", "--confirm"], &["plan", &out]);
    // In this checkout a state with the lineage of staging belongs to staging: the plan is made without envctl's
    // records.
    let forgotten = shop.project.path("forgotten");
    if !shop.project.path("of-production").exists() {
        fs::rename(shop.project.path(".envctl"), &forgotten).unwrap();
        exec(&shop, &["production", "app", "--confirm"], &["plan", &out]).exits(0);
        fs::remove_dir_all(shop.project.path(".envctl")).unwrap();
        fs::rename(&forgotten, shop.project.path(".envctl")).unwrap();
    }
    let before = fs::read(&production).unwrap();

    let file = shop.project.path("of-production");
    let run = exec(&shop, &["staging", "app", "--yes"], &["apply", file.to_str().unwrap()]);

    run.exits(3).tells("is no plan of this state").tells("state/production.tfstate in place of local:");
    assert!(fs::read(&production).unwrap() == before, "{}: {plan}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_reading_verb_with_a_flag_that_may_write_needs_a_confirmation(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    let outside = shop.project.path("written");
    let outside = outside.to_str().unwrap();
    let separate = ["plan", "-out", outside];
    let joined = format!("-out={outside}");
    for (environment, typed) in [
        ("production", &separate as &[&str]),
        ("production", &["plan", &joined]),
        ("production", &["plan", &format!("-{joined}")]),
        ("production", &["plan", "-destroy", "-no-color", &joined]),
        ("staging", &["plan", &joined]),
        ("production", &["plan", &format!("-generate-config-out={outside}")]),
        ("production", &["plan", &format!("-json-into={outside}")]),
        ("production", &["output", &format!("-json-into={outside}")]),
        ("production", &["validate", "-brand-new"]),
    ] {
        let run = exec(&shop, &[environment, "app"], typed).exits(3);
        run.tells("was not confirmed").tells("may write a file or reach another stack");
    }
    for typed in [&["plan", "-state=other.tfstate"] as &[&str], &["state", "list", "-state", "x"]] {
        exec(&shop, &["production", "app", "--confirm"], typed)
            .exits(3)
            .tells("`-state` takes another state");
    }
    assert!(!shop.project.path("written").exists(), "{}", engine.name());

    exec(&shop, &["production", "app", "--confirm"], &["plan", &joined]).exits(0);
    assert!(shop.project.path("written").exists(), "{}", engine.name());
    let reading = ["plan", "-refresh=false", "-lock-timeout", "1s", "-input=false"];
    exec(&shop, &["production", "app"], &reading).exits(0);
    assert_eq!(shop.state("app", "production"), None, "{}", engine.name());
}

#[test(engines(terragrunt))]
fn a_plan_of_a_unit_with_a_flag_that_may_write_needs_a_confirmation() {
    let live = Live::new();
    let main = "resource \"terraform_data\" \"a\" {\n  input = \"a\"\n}\n";
    live.unit("app", "", main, "");
    live.unit("web", "", main, "");
    live.project.commit("Begin");
    let exec = |flags: &[&str], typed: &[&str]| {
        live.env.run_args(&[&["exec", "dev", "app"], flags, &["--"], typed].concat())
    };
    let changed = || live.project.git(["status", "--porcelain", "--untracked-files=all"]);
    let before = changed();

    for typed in [
        &["plan", "--download-dir", "../web"] as &[&str],
        &["plan", "--source", "../web"],
        &["plan", "--inputs-debug"],
        &["plan", "-out=../web/plan"],
        &["run", "--", "plan", "-out=../web/plan"],
        &["plan", "--report-file", "../web/main.tf"],
        &["find", "--report-file", "report"],
    ] {
        exec(&[], typed).exits(3).tells("may write a file or reach another stack");
    }
    for typed in [
        &["plan", "--all"] as &[&str],
        &["output", "-a"],
        &["run", "--all", "--", "plan"],
        &["plan", "--filter", "web"],
        &["plan", "--queue-include-dir", "../web"],
        &["state", "list", "--working-dir", "../web"],
    ] {
        exec(&["--yes"], typed).exits(3);
    }
    assert_eq!(changed(), before);
    exec(&[], &["plan", "-no-color", "--log-level", "error"]).exits(0).prints("terraform_data.a");
}
