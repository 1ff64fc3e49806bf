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
        let run =
            run.tells("an expression decides where the state is, so envctl cannot check that place first");
        run.tells(&format!("from    local:{}", shop.project.path("app/old/app.tfstate").display()))
            .tells("to      unknown: an expression decides it")
            .hides("not confirmed");
    }
    let run = shop
        .run(["exec", "staging", "app", "--set", "vars.folder=new", "--", "init", "-reconfigure"])
        .exits(3);
    run.tells("was not confirmed").tells("to      unknown: an expression decides it");
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

/// Moves the state by hand to the folder `new`, with another value.
fn copy_to_new(shop: &Shop) {
    let state = shop.project.read("app/old/app.tfstate").replace("\"first\"", "\"second\"");
    shop.project.write("app/new/app.tfstate", &state);
}

#[test(engines(tofu))]
fn a_typed_command_initialises_anew_for_another_value_of_the_backend() {
    let shop = decided_by_a_variable();
    copy_to_new(&shop);
    let old = shop.project.read("app/old/app.tfstate");
    let new = ["--set", "vars.folder=new", "--"];

    for (args, shown) in [
        (&["state", "show", "-no-color", "terraform_data.app"][..], "\"second\""),
        (&["plan", "-no-color"], "\"second\" -> \"first\""),
        (&["output"], ""),
    ] {
        let run = shop.env.run_args(&[&["exec", "staging", "app"], &new[..], args].concat()).exits(0);
        run.prints(shown);
        // And back, without a plan in between.
        let run = shop.env.run_args(&[&["exec", "staging", "app", "--"], args].concat()).exits(0);
        run.tells("initialised anew for local:").hides("second");
    }
    let moved = ["state", "mv", "terraform_data.app", "terraform_data.moved"];
    shop.env.run_args(&[&["exec", "staging", "app", "--yes"], &new[..], &moved].concat()).exits(0);
    assert_eq!(shop.project.read("app/old/app.tfstate"), old);
    assert!(shop.project.read("app/new/app.tfstate").contains("\"moved\""));
}

#[test(engines(tofu))]
fn a_value_in_any_file_of_a_computed_backend_leads_to_an_init() {
    let environments = "[project]\nname = \"shop\"\n\n[environments.staging]\n\n[stacks.app]\npath = \"app\"\nvar_files = [\"../place.tfvars\"]\n";
    let literal = "terraform {\n  backend \"local\" {\n    path = \"${WHERE}/app.tfstate\"\n  }\n}\nresource \"terraform_data\" \"app\" {\n  input = \"first\"\n}\n";
    for (expression, file, text) in [
        ("local.folder", "app/more.tf", "locals {\n  folder = \"old\"\n}\n"),
        ("var.folder", "app/more.auto.tfvars", "folder = \"old\"\n"),
        ("var.folder", "place.tfvars", "folder = \"old\"\n"),
    ] {
        let [tofu] = programs(["tofu"]);
        let shop = Shop::driven_by(&Driven::Real(tofu), environments);
        let variable =
            if expression == "var.folder" { "variable \"folder\" {\n  type = string\n}\n" } else { "" };
        shop.project.write("app/main.tf", &(variable.to_owned() + &literal.replace("WHERE", expression)));
        shop.project.write("place.tfvars", "");
        shop.project.write(file, text);
        shop.project.commit("Begin");
        shop.run(["deploy", "staging", "--yes"]).exits(0);
        copy_to_new(&shop);

        shop.project.edit(file, "\"old\"", "\"new\"");

        let shown =
            shop.run(["exec", "staging", "app", "--", "state", "show", "-no-color", "terraform_data.app"]);
        drop(shown.exits(0).prints("\"second\""));
    }
}

#[test(engines(tofu))]
fn a_file_or_secret_behind_a_computed_backend_leads_to_an_init() {
    let secret = "secrets.folder = { file = \"place\" }\n";
    let locals = |value: &str| format!("locals {{\n  folder = {value}\n}}\n");
    let variable = "variable \"folder\" {\n  type = string\n}\n".to_owned();
    let main = "terraform {\n  backend \"local\" {\n    path = \"${WHERE}/app.tfstate\"\n  }\n}\nresource \"terraform_data\" \"app\" {\n  input = \"first\"\n}\noutput \"made\" {\n  value = terraform_data.app.output\n}\n";
    for (declarations, expression, environment) in [
        (locals("trimspace(file(\"${path.module}/../place\"))"), "local.folder", ""),
        (locals("fileexists(\"../flag\") ? \"new-folder\" : \"old-folder\""), "local.folder", ""),
        (
            locals("element([\"old-folder\", \"new-folder\"], length(fileset(\"..\", \"fla*\")))"),
            "local.folder",
            "",
        ),
        (variable, "var.folder", secret),
    ] {
        let [tofu] = programs(["tofu"]);
        let environments = format!(
            "[project]\nname = \"shop\"\n\n[environments.staging]\n{environment}\n[stacks.app]\npath = \"app\"\n"
        );
        let shop = Shop::driven_by(&Driven::Real(tofu), &environments);
        shop.project.write("app/main.tf", &(declarations + &main.replace("WHERE", expression)));
        shop.project.write("place", "old-folder");
        shop.project.commit("Begin");
        shop.run(["deploy", "staging", "--yes"]).exits(0);
        let old = shop.project.read("app/old-folder/app.tfstate");
        shop.project.write("app/new-folder/app.tfstate", &old.replace("\"first\"", "\"second\""));

        shop.project.write("place", "new-folder");
        shop.project.write("flag", "");

        let listing = ["exec", "staging", "app", "--", "state", "show", "-no-color", "terraform_data.app"];
        drop(shop.run(listing).exits(0).prints("\"second\""));
        drop(shop.run(["output", "staging", "app"]).exits(0).prints("second"));
        shop.run(["exec", "staging", "app", "--yes", "--", "state", "rm", "terraform_data.app"]).exits(0);
        assert_eq!(shop.project.read("app/old-folder/app.tfstate"), old);
    }
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
