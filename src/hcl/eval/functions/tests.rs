//! Tests of the functions, with the results of OpenTofu 1.12.6 and Terraform 1.11.4 (`console`).

use hcl_edit::expr::Traversal;

use super::*;
use crate::hcl::eval::{ContextualCall, PathBase, TextOrigin};

/// Place without references; it has a working folder or none.
struct Nowhere(Option<&'static str>);

impl Resolver for Nowhere {
    fn reference(&self, _: &Traversal, _: usize) -> Option<Evaluated<'static>> {
        None
    }

    fn function(&self, _: &FuncCall, _: usize) -> ContextualCall {
        ContextualCall::Independent
    }

    fn origin(&self, _: &Expression, _: usize) -> TextOrigin {
        LITERAL
    }

    fn working_dir(&self) -> Option<&Utf8Path> {
        self.0.map(Utf8Path::new)
    }
}

fn shown(segments: &[PathSegment<'_>]) -> String {
    let shown = |segment: &PathSegment<'_>| match segment {
        PathSegment::Text(text) => text.clone(),
        PathSegment::Folder(base, up) => format!("<{base:?}{}>", "^".repeat(*up)),
        PathSegment::Value(..) | PathSegment::Directive(_) => "*".to_owned(),
    };
    segments.iter().map(shown).collect()
}

fn text(text: &str) -> PathSegment<'static> {
    PathSegment::Text(text.to_owned())
}

const OWN: PathSegment<'static> = PathSegment::Folder(PathBase::Own, 0);
const VALUE: PathSegment<'static> = PathSegment::Value(None, LITERAL);

#[test]
fn known_texts_get_the_results_of_the_engines() {
    for (expression, result) in [
        (r#"dirname("a/b")"#, Some("a")),
        (r#"dirname("a")"#, Some(".")),
        (r#"dirname("/a")"#, Some("/")),
        (r#"dirname("/")"#, Some("/")),
        (r#"dirname("")"#, Some(".")),
        (r#"dirname("a/b/")"#, Some("a/b")),
        (r#"dirname("/a/b/")"#, Some("/a/b")),
        (r#"dirname("/a/b/../c")"#, Some("/a")),
        (r#"dirname("../x")"#, Some("..")),
        (r#"dirname("a/../b/c")"#, Some("b")),
        (r#"dirname("a//b")"#, Some("a")),
        (r#"dirname("./a")"#, Some(".")),
        (r#"dirname("..")"#, Some(".")),
        (r#"basename("a/b")"#, Some("b")),
        (r#"basename("a/b/")"#, Some("b")),
        (r#"basename("")"#, Some(".")),
        (r#"basename("/")"#, Some("/")),
        (r#"basename("a/..")"#, Some("..")),
        (r#"basename("//a//")"#, Some("a")),
        (r#"abspath("/a/../b")"#, Some("/b")),
        (r#"abspath("/a/b/")"#, Some("/a/b")),
        (r#"abspath("x/../y")"#, Some("/unit/y")),
        (r#"pathexpand("a/b")"#, Some("a/b")),
        (r#"pathexpand("~/b")"#, None),
        (r#"trimspace(" \t./x \n")"#, Some("./x")),
        (r#"chomp("a\r\n\n")"#, Some("a")),
        (r#"chomp("a\nb")"#, Some("a\nb")),
        (r#"chomp("a\n\r")"#, Some("a")),
        (r#"trimsuffix("a.json.json", ".json")"#, Some("a.json")),
        (r#"trimprefix("././a", "./")"#, Some("./a")),
        (r#"trimprefix("a", "b")"#, Some("a")),
        (r#"join("/", ["a", "b"])"#, Some("a/b")),
        (r#"join(", ", ["a", "b"])"#, Some("a, b")),
        (r#"join("-", [])"#, Some("")),
        (r#"join("-", ["a"], ["b", "c"])"#, Some("a-b-c")),
        (r#"join("-", x)"#, None),
        (r#"format("%s/%s", "a", "b")"#, Some("a/b")),
        (r#"format("%s%%", "a")"#, Some("a%")),
        (r#"format("%v-%v", "a", 1)"#, Some("a-1")),
        (r#"format("%s", 1.50)"#, Some("1.5")),
        (r#"format("no verbs")"#, Some("no verbs")),
        (r#"format("%s", "a", "b")"#, None),
        (r#"format("%s")"#, None),
        (r#"format("%[1]s", "x")"#, None),
        ("tostring(1e3)", Some("1000")),
        ("tostring(1.50)", Some("1.5")),
        (r#"nonsensitive("a")"#, Some("a")),
        (r#""${1.0}-${1e3}""#, Some("1-1000")),
        (r#""a  ${~ "b" ~}  c""#, Some("abc")),
        (r#""a ${" b "}${~ "c"}""#, Some("a  b c")),
        (r#""${"a" ~}${"b"} c""#, Some("ab c")),
        (r#"upper("a")"#, None),
        (r#"provider::x::join("/", ["a"])"#, None),
        (r#"format(["%s", "a"]...)"#, None),
    ] {
        let parsed: Expression = expression.parse().unwrap();
        let found = known_text(&evaluate(&Nowhere(Some("/unit")), &parsed, 9));
        assert_eq!(found.as_deref(), result, "{expression}");
    }
}

#[test]
fn parts_that_are_unknown_stay_in_a_text() {
    for (expression, result) in [
        (r#"dirname("a/${x}.json")"#, "a"),
        (r#"dirname("a/${x}/")"#, "a/*"),
        (r#"basename("a/${x}.json")"#, "*.json"),
        (r#"join("/", ["a", x, "b"])"#, "a/*/b"),
        (r#"format("%s/%05d.json", "a", 7)"#, "a/*.json"),
        (r#"trimsuffix("${x}.json", ".json")"#, "*"),
        (r#"abspath("../a")"#, "../a"),
    ] {
        let parsed: Expression = expression.parse().unwrap();
        assert_eq!(shown(&evaluate(&Nowhere(None), &parsed, 9)), result, "{expression}");
    }
}

#[test]
fn folders_and_names_are_those_of_the_engines_functions() {
    for (segments, of_folder, of_name) in [
        (vec![text("a/b")], "a", "b"),
        (vec![text("a")], ".", "a"),
        (vec![text("/a")], "/", "a"),
        (vec![OWN], "<Own^>", "*"),
        (vec![OWN, text("/a.json")], "<Own>", "a.json"),
        (vec![OWN, text("/../a/"), VALUE, text(".json")], "<Own>/../a", "*.json"),
        (vec![OWN, text("/../a/b-"), VALUE], "<Own>/../a", "b-*"),
        (vec![VALUE], "*", "*"),
    ] {
        assert_eq!(
            (&*shown(&partial_dirname(segments.clone())), &*shown(&partial_basename(segments))),
            (of_folder, of_name)
        );
    }
}

#[test]
fn an_absolute_path_goes_up_by_its_dots() {
    assert_eq!(shown(&partial_abspath(vec![OWN, text("/../../a/../b")])), "<Own^^>/a/../b");
    assert_eq!(shown(&partial_abspath(vec![OWN, text("/..")])), "<Own^>");
    assert_eq!(shown(&partial_abspath(vec![OWN, text("/..a")])), "<Own>/..a");
}
