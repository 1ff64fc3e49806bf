//! Tests of the path references that are found in HCL.

use super::*;
use crate::inventory::plan_inputs::eval_scope::collect_locals;

fn found(text: &str) -> Vec<String> {
    let body = text.parse::<Body>().unwrap();
    let mut locals = Locals::new();
    collect_locals(&body, &mut locals);
    let shown = |m: PathRef| {
        format!("{:?} {}{}", m.base, m.path, if m.kind == RefKind::Source { " source" } else { "" })
    };
    RefCollector::collect(&body, &locals)
        .refs
        .into_iter()
        .filter(|m| m.base != PathBase::Named)
        .map(shown)
        .collect()
}

#[test]
fn paths_are_found_inside_of_longer_texts() {
    let text = r#"
        resource "x" "y" {
          a = "sh ${path.module}/../a.sh ${var.x}"
          b = "${path.module}/../b/${var.x}.json"
          c = "../c/${var.x}/no/${path.root}/c"
          d = "cp x/../../d '../d 2'"
          e = <<-EOT
            cd ${path.module}; cat ../e
            %{ if true }${path.root}/f%{ endif }
          EOT
          g = "/etc/g ${path.module}x ${var.x}../no"
        }"#;
    let all = [
        "Own ../a.sh",
        "Own ../b",
        "Stack ../c",
        "Stack c",
        "Stack x/../../d",
        "Stack cp x/../../d '../d 2'",
    ];
    let mut found = found(text);
    found.sort();
    let mut wanted: Vec<&str> = [&all[..], &["Stack ../d", "Own ", "Stack ../e", "Stack f"]].concat();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let text = r#"
        module "a" { source = "../a" }
        resource "x" "y" {
          a = file("${path.module}/t.tpl")
          b = templatefile("./u.tpl", { v = "${path.root}/v" })
          c = "${var.x}/no"
          d = "no path"
          e = "/etc/hostname"
          f { g = "../g" }
        }"#;
    let all =
        ["Own ../a source", "Own t.tpl", "Stack ./u.tpl", "Stack v", "Stack /etc/hostname", "Stack ../g"];
    assert_eq!(found(text), all);
}

#[test]
fn a_source_that_is_an_expression_says_so() {
    let of = |source: &str| found(&format!("module \"m\" {{\n  source = {source}\n}}\n"));
    for source in ["var.x", "\"${var.x}/a\"", "\"../${var.x}\"", "true ? \"./a\" : \"./b\""] {
        assert!(of(source).contains(&"Computed  source".to_owned()), "{source}");
    }
    for source in ["\"../a\"", "\"${path.module}/a\"", "\"git::${var.x}\"", "\"x/${var.x}/y\""] {
        assert!(!of(source).contains(&"Computed  source".to_owned()), "{source}");
    }
    assert_eq!(
        RefCollector::collect_from_text("./${var.x}", JsonStringRole::Source, &Locals::new()).refs[0].base,
        PathBase::Computed
    );
    assert!(RefCollector::collect_from_text("x", JsonStringRole::Source, &Locals::new()).refs.is_empty());
}

#[test]
fn states_and_other_units_are_no_inputs() {
    let text = r#"
        terraform {
          backend "local" { path = "../state" }
        }
        data "terraform_remote_state" "x" { config = { path = "../state" } }
        dependency "vpc" { config_path = "../vpc" }
        remote_state { config = { path = "${get_terragrunt_dir()}/state" } }"#;
    assert_eq!(found(text), [""; 0]);
}

#[test]
fn a_file_that_says_where_a_state_lies_is_an_input() {
    let text = r#"
        terraform {
          backend "local" { path = abspath(trimspace(file("../place"))) }
        }
        data "terraform_remote_state" "x" {
          config = merge(jsondecode(file("${path.module}/../b.json")), { path = join("/", ["..", "state"]) })
        }
        dependency "vpc" {
          config_path  = "../vpc"
          mock_outputs = jsondecode(file("../mocks.json"))
        }
        remote_state { config = provider::x::y("../c.json", "../${local.x}") }
        output "o" { value = "../o" }"#;
    let all = [
        "Stack ../place",
        "Own ../b.json",
        "Stack ../mocks.json",
        "Stack ../c.json",
        "Stack ..",
        "Stack ../o",
    ];
    assert_eq!(found(text), all);
    let place = |text| {
        RefCollector::collect_from_text(text, JsonStringRole::StateLocation, &Locals::new())
            .refs
            .into_iter()
            .map(|m| m.path)
            .collect::<Vec<_>>()
    };
    assert_eq!(place("${path.module}/../state"), [""; 0]);
    assert_eq!(place("${trimspace(file(\"../where/\"))}/../state")[0], "../where/");
}

#[test]
fn the_words_of_units_are_understood() {
    let text = r#"
        include "root" { path = find_in_parent_folders("root.hcl") }
        terraform { source = "${get_repo_root()}/modules//vpc" }"#;
    assert_eq!(found(text), ["Above root.hcl", "Repository modules//vpc source"]);
}

#[test]
fn a_string_of_json_is_a_template() {
    let of = |text| RefCollector::collect_from_text(text, JsonStringRole::Source, &Locals::new()).refs;
    assert_eq!(
        of("${path.module}/m"),
        [PathRef { base: PathBase::Own, path: "m".to_owned(), kind: RefKind::Source }]
    );
    assert_eq!(of("registry/x/y"), []);
    let found = RefCollector::collect_from_text("sh run.sh", JsonStringRole::Other, &Locals::new()).refs;
    assert_eq!(found, [PathRef { base: PathBase::Named, path: "run.sh".to_owned(), kind: RefKind::Other }]);
}
