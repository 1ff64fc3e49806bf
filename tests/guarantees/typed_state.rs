//! 3. The wrong environment is impossible, or refused: also for commands that the user types, those that only read included.

use std::fs;

use crate::{
    support::{Driven, ENVIRONMENTS, Run, Shop, app_unit, script},
    wrapped::wrapped,
};

const VANISHED: &str = "the state has vanished";

#[track_caller]
fn exec(shop: &Shop, environment: &str, flags: &[&str], typed: &[&str]) -> Run {
    let confirm = if environment == "production" { "--confirm" } else { "--yes" };
    shop.env.run_args(&[&["exec", environment, "app", confirm], flags, &["--"], typed].concat())
}

#[test(engines(fake, tofu, terraform))]
fn a_workspace_that_is_gone_is_not_made_by_what_is_typed(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]).deployed();
    let states = shop.project.path("app/terraform.tfstate.d");
    fs::remove_dir_all(&states).unwrap();
    for typed in [
        &["plan"] as &[&str],
        &["plan", "-detailed-exitcode"],
        &["output"],
        &["show"],
        &["graph"],
        &["providers"],
        &["state", "list"],
        &["state", "pull"],
        &["init", "-input=false"],
        &["apply", "-auto-approve"],
        &["state", "rm", "terraform_data.app"],
    ] {
        exec(&shop, "staging", &[], typed).exits(3).tells(VANISHED);
        assert!(!states.exists(), "{}: {typed:?}", engine.name());
    }
    shop.run(["output", "staging", "app"]).exits(3).tells(VANISHED);
    exec(&shop, "staging", &[], &["workspace", "list"]).exits(0).prints("default");
    assert!(!states.exists(), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_workspace_that_never_had_a_state_is_not_made_by_what_is_typed(engine: &Driven) {
    let environments = ENVIRONMENTS.replace("create_workspace = \"always\"\n", "");
    let shop = Shop::driven_by(engine, &environments).with_stacks(&["app"]);
    shop.run(["plan", "staging", "--create-workspace"]).exits(0);
    let states = shop.project.path("app/terraform.tfstate.d");
    fs::remove_dir_all(&states).unwrap();
    for typed in [&["plan"] as &[&str], &["state", "pull"], &["apply", "-auto-approve"]] {
        exec(&shop, "staging", &[], typed)
            .exits(3)
            .tells("workspace `staging` of stack `app` does not exist");
        assert!(!states.exists(), "{}: {typed:?}", engine.name());
    }
}

#[test(engines(fake, tofu, terraform))]
fn what_is_typed_builds_on_no_state_that_vanished(engine: &Driven) {
    let in_default = ENVIRONMENTS.replace("workspace = \"production\"\n", "");
    for (environments, file) in [
        (ENVIRONMENTS, "app/terraform.tfstate.d/production/terraform.tfstate"),
        (in_default.as_str(), "app/terraform.tfstate"),
    ] {
        let shop = Shop::driven_by(engine, environments).with_stacks(&["app"]);
        shop.run(["deploy", "production", "--confirm"]).exits(0);
        let state = shop.project.path(file);
        fs::remove_file(&state).unwrap();
        for typed in [
            &["apply", "-auto-approve"] as &[&str],
            &["apply", "-refresh-only", "-auto-approve"],
            &["destroy", "-auto-approve"],
            &["refresh"],
            &["import", "terraform_data.app", "x"],
            &["state", "rm", "terraform_data.app"],
            &["state", "mv", "terraform_data.app", "terraform_data.other"],
            &["taint", "terraform_data.app"],
            &["brand-new"],
        ] {
            exec(&shop, "production", &[], typed)
                .exits(3)
                .tells(VANISHED)
                .tells("`envctl plan production --allow lineage:production/app` takes it");
            assert!(!state.exists(), "{}: {typed:?}", engine.name());
        }
    }
}

#[test(engines(tofu, terraform))]
fn a_state_that_vanished_is_accepted_by_name_or_pushed_again(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]).deployed();
    let states = shop.project.path("app/terraform.tfstate.d");
    let saved = shop.project.path("saved.json");
    fs::copy(states.join("staging/terraform.tfstate"), &saved).unwrap();
    let apply = ["apply", "-auto-approve"];

    fs::remove_dir_all(&states).unwrap();
    exec(&shop, "staging", &[], &["state", "push", saved.to_str().unwrap()]).exits(0);
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);

    fs::remove_dir_all(&states).unwrap();
    exec(&shop, "staging", &["--allow", "lineage:production/app"], &apply).exits(3);
    exec(&shop, "staging", &["--allow", "lineage:staging/app"], &apply).exits(0);
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);

    let pushed = exec(&shop, "staging", &[], &["state", "push", "-force", saved.to_str().unwrap()]);
    pushed.exits(0).tells("the state was replaced by another one");
    exec(&shop, "staging", &[], &apply).exits(3).tells("the state was replaced by another one");
}

#[test(engines(fake, tofu, terraform))]
fn what_is_typed_changes_no_state_of_another_instance(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]).deployed();
    let state = |workspace: &str| {
        shop.project.path(&format!("app/terraform.tfstate.d/{workspace}/terraform.tfstate"))
    };
    fs::create_dir_all(state("production").parent().unwrap()).unwrap();
    fs::copy(state("staging"), state("production")).unwrap();
    for typed in [
        &["apply", "-auto-approve"] as &[&str],
        &["destroy", "-auto-approve"],
        &["state", "rm", "terraform_data.app"],
    ] {
        let run = exec(&shop, "production", &[], typed);
        assert_eq!(run.code(), 3, "{run}");
        run.tells("`production/app` and `staging/app` have the same state: lineage ");
        assert_eq!(shop.deployed_value("app", "production").as_deref(), Some("first"), "{}", engine.name());
    }
    // The existing state can be read.
    exec(&shop, "production", &[], &["state", "pull"]).exits(0).prints("terraform_data");
}

#[test(engines(tofu, terraform))]
fn a_state_that_a_typed_command_made_is_known_from_then_on(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    exec(&shop, "staging", &[], &["apply", "-auto-approve"]).exits(0);
    fs::remove_file(shop.project.path("app/terraform.tfstate.d/staging/terraform.tfstate")).unwrap();
    shop.run(["deploy", "staging", "--yes"]).exits(3).tells(VANISHED);
}

#[test(engines(fake, tofu, terraform))]
fn a_state_that_vanished_has_not_just_no_outputs(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]).deployed();
    shop.run(["output", "staging", "app"]).exits(0).prints("id = ");
    fs::remove_file(shop.project.path("app/terraform.tfstate.d/staging/terraform.tfstate")).unwrap();
    shop.run(["output", "staging", "app"]).exits(3).tells(VANISHED);
    shop.run(["output", "staging", "app", "--json"]).exits(3).tells(VANISHED);
}

#[test(engines(tofu, terraform))]
fn a_typed_first_apply_whose_state_cannot_be_read_back_has_failed(engine: &Driven) {
    let shop = wrapped(engine, "resource \"terraform_data\" \"a\" {\n}\n");
    let Driven::Real(program) = engine else { panic!("a real engine") };
    let pull = "*' pull '*) [ -e ../applied ] && { echo 'Error: no answer' >&2; exit 1; } ;;";
    script(
        shop.project.around().join("wrapper"),
        &format!(
            "#!/bin/bash\ncase \" $* \" in\n{pull}\n*' apply '*) : > ../applied ;;\nesac\nexec {} \"$@\"\n",
            program.path.display()
        ),
    );
    let typed = ["exec", "staging", "network", "--yes", "--", "apply", "-auto-approve"];

    shop.run(typed).exits(1).tells("error: `network`: no answer");

    assert!(shop.state("network", "staging").is_some(), "{}", engine.name());
    fs::remove_file(shop.project.path("applied")).unwrap();
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
}

#[test(engines(terragrunt))]
fn what_is_typed_builds_on_no_state_of_a_unit_that_vanished() {
    let (project, env) = app_unit("app");
    project.write("app/terragrunt.hcl", "terraform {\n  source = \"../modules//app\"\n}\n");
    let state = project.around().join("app.tfstate");
    let backend =
        format!("terraform {{\n  backend \"local\" {{\n    path = \"{}\"\n  }}\n}}\n", state.display());
    let resource = "resource \"terraform_data\" \"app\" {\n  input = 1\n}\n";
    project.write("modules/app/main.tf", &(backend + resource));
    project.commit("Begin");
    let apply = ["exec", "dev", "app", "--yes", "--", "apply", "-auto-approve"];
    env.run(apply).exits(0);
    env.run(["plan", "dev", "--detailed-exitcode"]).exits(0);
    fs::remove_file(&state).unwrap();

    for typed in
        [&["apply", "-auto-approve"] as &[&str], &["run", "--", "destroy"], &["taint", "terraform_data.app"]]
    {
        let run = env.run_args(&[&["exec", "dev", "app", "--yes", "--"], typed].concat());
        run.exits(3).tells(VANISHED);
    }
    env.run(["output", "dev", "app"]).exits(3).tells(VANISHED);
    assert!(!state.exists());
}
