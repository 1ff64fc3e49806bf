//! Tests of the segments of texts and of their sources.

use super::*;
use crate::hcl::eval::{TextSource, origin_of_text};

const LOCALS: &str = r#"
locals {
  dir    = "${path.module}/../data"
  paths  = { x = "${local.dir}/x.json", y = var.y, z = local.deep.a }
  deep   = { a = "a.json" }
  circle = "${local.circle}/x"
  files  = { one = { path = "one.json", size = module.m.size }, two = { path = "two.json", size = 2 } }
}
"#;

fn seen<T>(
    expression: &str,
    bound: &[(&str, &str)],
    see: impl FnOnce(&EvalScope<'_>, &Expression) -> T,
) -> T {
    let mut locals = Locals::new();
    collect_locals(&LOCALS.parse::<Body>().unwrap(), &mut locals);
    let bound: Vec<(String, Expression)> =
        bound.iter().map(|(name, of)| ((*name).to_owned(), of.parse().unwrap())).collect();
    see(&EvalScope { locals: &locals, iteration_variables: &bound }, &expression.parse().unwrap())
}

fn shown(expression: &str) -> String {
    seen(expression, &[], |scope, expression| {
        let shown = |segment: &PathSegment<'_>| match segment {
            PathSegment::Text(text) => text.clone(),
            PathSegment::Folder(base, up) => format!("<{base:?}{}>", "^".repeat(*up)),
            PathSegment::Value(..) | PathSegment::Directive(_) => "*".to_owned(),
        };
        scope.segments(expression).iter().map(shown).collect()
    })
}

#[test]
fn a_text_is_put_together_as_the_engines_do_it() {
    for (expression, text) in [
        (r#""${local.dir}/${var.x}""#, "<Own>/../data/*"),
        ("local.paths.x", "<Own>/../data/x.json"),
        (r#"local.paths["z"]"#, "a.json"),
        ("local.paths.none", "*"),
        (r#"format("%s/%d-%s.%%", path.root, 3, "x")"#, "<Stack>/*-x.%"),
        (r#"format("%[1]s", "x")"#, "*"),
        (r#"format("%é", "x")"#, "*"),
        (r#"join("/", [path.module, "..", var.x])"#, "<Own>/../*"),
        (r#"join("/", var.list)"#, "*"),
        (r#"join(", ", ["a", "b"])"#, "*"),
        (r#"trimprefix(trimspace(" ./x "), "./")"#, "x"),
        (r#"pathexpand("~/x")"#, "*"),
        (r#"dirname(abspath("${path.module}/.."))"#, "<Own^^>"),
        (r#"basename("${local.dir}/${var.x}.json")"#, "*.json"),
        (r#""${"a"}${"b"}""#, "ab"),
    ] {
        assert_eq!(shown(expression), text, "{expression}");
    }
}

#[test]
fn a_circle_of_locals_ends() {
    assert!(shown("local.circle").ends_with("/x"));
}

#[test]
fn a_value_is_written_in_the_configuration_in_variables_or_nowhere() {
    let origin = |expression: &str, bound: &[(&str, &str)]| {
        let origin = seen(expression, bound, |scope, expression| origin_of_text(&scope.segments(expression)));
        let name = |(source, _)| match source {
            TextSource::Variable(name) => name,
            other => format!("{other:?}"),
        };
        origin.map(|sources| sources.into_iter().map(name).collect::<Vec<_>>().join(" "))
    };
    for (expression, expected) in [
        ("var.x ? \"a\" : var.y", Some("y")),
        ("local.paths.y", Some("y")),
        ("coalesce(var.b, var.a)", Some("a b")),
        ("lookup({ a = \"b\" }, var.x, \"c\")", Some("")),
        ("[for f in [\"a\"] : f]", Some("")),
        ("data.archive_file.x.output_path", Some("")),
        ("fileset(path.module, \"*\")", Some("")),
        ("module.m.path", None),
        ("jsondecode(file(\"x\")).path", None),
        ("replace(\"a\", \"b\", \"c\")", None),
        ("unbound", None),
    ] {
        assert_eq!(origin(expression, &[]).as_deref(), expected, "{expression}");
    }
    let each = [("each", "local.files")];
    assert_eq!(origin("each.value.path", &each).as_deref(), Some(""));
    assert_eq!(origin("each.value.size", &each), None);
    assert_eq!(origin("f", &[("f", "[\"a\", var.x]")]).as_deref(), Some("x"));
}
