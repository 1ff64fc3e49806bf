//! 3. The wrong environment is impossible, or refused: no state is moved to an address that only an engine can evaluate.

use crate::support::{Driven, Live, Shop, programs};

/// Deploys a stack of OpenTofu whose state's path is a variable, with the value `old`.
fn decided_by_a_variable() -> Shop {
    let [tofu] = programs(["tofu"]);
    let environments = "[project]\nname = \"shop\"\n\n[environments.staging]\nvars = { folder = \"old\" }\n\n[stacks.app]\npath = \"app\"\n";
    let shop = Shop::driven_by(&Driven::Real(tofu), environments);
    let main = "variable \"folder\" {\n  type = string\n}\nterraform {\n  backend \"local\" {\n    path = \"${var.folder}/app.tfstate\"\n  }\n}\n\
                resource \"terraform_data\" \"app\" {\n  input = \"first\"\n}\n";
    shop.project.write("app/main.tf", main);
    shop.project.commit("Begin");
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop
}

#[test(engines(tofu))]
fn a_place_that_an_expression_decides_is_told_as_far_as_it_is_known() {
    let shop = decided_by_a_variable();

    let run = shop.run(["plan", "staging", "--var", "folder=new"]).exits(3);

    run.tells("the state has vanished").hides("-migrate-state").tells(&format!(
        "`envctl exec staging app --set vars.folder=new -- state push {}` brings the state there\n",
        shop.project.path("app/old/app.tfstate").display()
    ));
    // A refusal comes without a question.
    let args = ["exec", "staging", "app", "--set", "vars.folder=new", "--", "init", "-migrate-state"];
    for flags in [&args[..], &[&args[..5], &["--yes"], &args[5..]].concat()[..]] {
        let run = shop.env.run_args(flags).exits(3);
        let run = run.tells("an expression decides where the state is, so nobody can look there first");
        run.tells(&format!("from    local:{}", shop.project.path("app/old/app.tfstate").display()))
            .tells("to      cannot be told: an expression decides it")
            .hides("not confirmed");
    }
    let run = shop
        .run(["exec", "staging", "app", "--set", "vars.folder=new", "--", "init", "-reconfigure"])
        .exits(3);
    run.tells("was not confirmed").tells("to      cannot be told: an expression decides it");
    assert!(shop.project.path("app/old/app.tfstate").exists());
    assert!(!shop.project.path("app/new/app.tfstate").exists());
}

#[test(engines(terragrunt))]
fn the_command_that_is_hinted_brings_a_state_where_an_expression_says() {
    let shop = decided_by_a_variable();
    shop.run(["plan", "staging", "--var", "folder=new"]).exits(3);

    let file = shop.project.path("app/old/app.tfstate").display().to_string();
    let args = ["exec", "staging", "app", "--set", "vars.folder=new", "--yes", "--", "state", "push", &file];
    shop.env.run_args(&args).exits(0);

    shop.run(["plan", "staging", "--var", "folder=new", "--json"]).exits(0).prints("\"clean\"");
}

#[test(engines(terragrunt))]
fn a_migration_of_a_unit_is_refused_before_anybody_is_asked() {
    let live = Live::new();
    live.unit("app", "", "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n", "");
    live.project.commit("Begin");
    live.env.run(["deploy", "dev", "--yes"]).exits(0);

    let run = live.env.run(["exec", "dev", "app", "--", "init", "-migrate-state"]).exits(3);

    run.tells("a unit's state is not migrated here").hides("not confirmed");
}
