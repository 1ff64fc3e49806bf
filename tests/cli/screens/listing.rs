//! Screens of `list`, `graph`, `config` and `init`.

use super::{on_60_columns, project};
use crate::support::Shop;

/// Makes stacks with tags, and one of a single environment.
fn tagged() -> Shop {
    project()
        .with_keys("tags = [\"side\"]\nvars = { size = 2, region = \"eu-west-1\" }")
        .with_stack("debug", &["app"], &crate::support::plain("debug"))
        .with_keys("environments = [\"staging\"]\ntags = [\"side\", \"temporary\"]")
        .committed()
}

#[test]
fn a_list_of_all_environments() {
    insta::assert_snapshot!(tagged().run(["list"]).exits(0).snapshot());
}

#[test]
fn a_list_in_60_columns() {
    insta::assert_snapshot!(on_60_columns(&tagged(), ["list"]));
}

#[test]
fn a_list_of_a_selection_with_its_reasons() {
    let run = tagged().run(["list", "staging", "app", "--with-dependencies", "--with-dependents", "--why"]);
    insta::assert_snapshot!(run.exits(0).snapshot());
}

#[test]
fn a_list_of_changed_stacks() {
    let shop = tagged();
    shop.change("network", "second");
    insta::assert_snapshot!(shop.run(["list", "staging", "--changed=HEAD", "--why"]).exits(0).snapshot());
}

#[test]
fn a_graph_of_one_environment() {
    insta::assert_snapshot!(tagged().run(["graph", "staging"]).exits(0).snapshot());
}

#[test]
fn a_graph_for_mermaid() {
    insta::assert_snapshot!(tagged().run(["graph", "staging", "--format", "mermaid"]).exits(0).snapshot());
}

#[test]
fn a_graph_for_graphviz() {
    insta::assert_snapshot!(tagged().run(["graph", "staging", "--format", "dot"]).exits(0).snapshot());
}

#[test]
fn the_configuration_of_a_project() {
    insta::assert_snapshot!(tagged().run(["config"]).exits(0).snapshot());
}

#[test]
fn the_configuration_of_an_environment_with_origins() {
    insta::assert_snapshot!(tagged().run(["config", "production", "--origins"]).exits(0).snapshot());
}

#[test]
fn the_configuration_of_a_stack_in_60_columns() {
    insta::assert_snapshot!(on_60_columns(&tagged(), ["config", "staging", "mail", "--origins"]));
}

/// Makes a repository of two root modules with var files of two environments, without environments.toml.
fn bare() -> Shop {
    let shop = Shop::new();
    std::fs::remove_file(shop.project.path("environments.toml")).unwrap();
    let backend = "terraform {\n  backend \"s3\" {}\n}\n\nvariable \"size\" {}\n";
    let reads = "data \"terraform_remote_state\" \"network\" {\n  backend = \"s3\"\n  config = {\n    bucket = \"states\"\n    key = \"network.tfstate\"\n  }\n}\n";
    shop.with_files(&[
        ("network/main.tf", backend),
        ("network/dev.tfvars", "size = 1\n"),
        ("network/prod.tfvars", "size = 2\n"),
        ("app/main.tf", &format!("{backend}\n{reads}")),
        ("app/dev.tfvars", "size = 1\n"),
        ("app/prod.tfvars", "size = 2\n"),
    ])
    .committed()
}

#[test]
fn a_printed_first_configuration() {
    insta::assert_snapshot!(bare().run(["init", "--print"]).snapshot());
}

#[test]
fn a_written_first_configuration() {
    insta::assert_snapshot!(bare().run(["init"]).snapshot());
}

#[test]
fn an_init_beside_an_environments_toml() {
    insta::assert_snapshot!(project().run(["init"]).snapshot());
}

#[test]
fn an_init_in_an_empty_folder() {
    let shop = Shop::new();
    std::fs::remove_file(shop.project.path("environments.toml")).unwrap();
    insta::assert_snapshot!(shop.run(["init"]).snapshot());
}
