//! Values of `--var`, which have the same effect as the engine's own `-var`.

use crate::support::{Driven, ENVIRONMENTS, Shop, real_engines};

const MAIN: &str = r#"
variable "untyped" { default = "" }
variable "text" {
  type    = string
  default = ""
}
variable "count_of" {
  type    = number
  default = 0
}
variable "flag" {
  type    = bool
  default = false
}
variable "zones" {
  type    = list(string)
  default = []
}
variable "tags" {
  type    = map(string)
  default = {}
}
variable "anything" {
  type    = any
  default = null
}
output "all" {
  value = jsonencode([var.untyped, var.text, var.count_of, var.flag, var.zones, var.tags, var.anything])
}
"#;

/// Makes a stack with variables of all kinds of types.
fn typed_shop(engine: &Driven) -> Shop {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    shop.project.write("app/main.tf", MAIN);
    shop.append("environments.toml", "\n[stacks.app]\npath = \"app\"\n");
    shop.project.commit("Begin");
    shop
}

#[test]
fn each_value_is_read_by_the_declared_type_as_the_engine_reads_its_own() {
    for engine in real_engines() {
        let shop = typed_shop(&engine);
        for (given, expected) in [
            ("text=[1]", r#"["","[1]",0,false,[],{},null]"#),
            ("text={ not = hcl", r#"["","{ not = hcl",0,false,[],{},null]"#),
            ("text=\"quoted\"", r#"["","\"quoted\"",0,false,[],{},null]"#),
            ("text=${x}", r#"["","${x}",0,false,[],{},null]"#),
            ("text=null", r#"["","null",0,false,[],{},null]"#),
            ("untyped=[\"a\"]", r#"["[\"a\"]","",0,false,[],{},null]"#),
            ("count_of=3", r#"["","",3,false,[],{},null]"#),
            ("flag=true", r#"["","",0,true,[],{},null]"#),
            ("zones=[\"a\", \"b\",]", r#"["","",0,false,["a","b"],{},null]"#),
            ("tags={ a = \"1\", \"b\" : \"2\", a = \"3\" }", r#"["","",0,false,[],{"a":"3","b":"2"},null]"#),
            ("anything=\"x\"", r#"["","",0,false,[],{},"x"]"#),
            ("anything=7", r#"["","",0,false,[],{},7]"#),
        ] {
            shop.run(["deploy", "staging", "--yes", "--var", given]).exits(0);
            let state = shop.state("app", "staging").unwrap();
            let all: serde_json::Value =
                serde_json::from_str(state["outputs"]["all"]["value"].as_str().unwrap()).unwrap();
            let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
            assert_eq!(all, expected, "{}: {given}", engine.name());
        }
    }
}

#[test]
fn a_value_that_is_no_literal_of_its_type_is_refused_with_the_flag() {
    for engine in real_engines() {
        let shop = typed_shop(&engine);
        for value in ["zones=[a", "zones=[file(\"x\")]", "tags=", "anything=text"] {
            let name = value.split('=').next().unwrap();
            let run = shop.run(["plan", "staging", "--var", value]).exits(4);
            run.tells(&format!("the value of `--var {name}` is no literal of HCL"));
        }
        let run = shop.run(["plan", "staging", "--var", "zones=eu-west"]).exits(4);
        run.tells("`--var zones` is no literal of HCL: a text stands between quotes in it")
            .hides("references");
    }
}

#[test]
fn an_expression_that_is_no_literal_is_refused_with_its_reason() {
    for engine in real_engines() {
        let shop = typed_shop(&engine);
        for (given, reason) in [
            (
                "zones=[eu]",
                "it refers to `eu`, and no engine takes a reference here; a text stands in quotes, as `\"eu\"`",
            ),
            (
                "zones=[for x in [\"a\"] : x]",
                "it holds a `for`, which envctl does not evaluate; write the result",
            ),
            ("anything=true ? 1 : \"a\"", "it holds a conditional, which envctl does not evaluate"),
            ("anything=1 / 3", "it holds an operator, which envctl does not evaluate"),
            ("tags={ \"a${1}\" = 1 }", "it holds a template, which envctl does not evaluate"),
            ("anything=max(1, 2)", "it calls the function `max`, and no engine takes a function here"),
        ] {
            shop.run(["plan", "staging", "--var", given]).exits(4).tells(reason);
        }
        // The engine evaluates the expression in a var file, which the message proposes.
        shop.project.write("app/for.auto.tfvars", "zones = [for x in [\"a\"] : \"${x}b\"]\n");
        shop.run(["deploy", "staging", "--yes"]).exits(0);
        let state = shop.state("app", "staging").unwrap();
        assert!(
            state["outputs"]["all"]["value"].as_str().unwrap().contains(r#"["ab"]"#),
            "{}",
            engine.name()
        );
    }
}

#[test]
fn a_stack_that_is_not_selected_may_declare_another_type() {
    for engine in real_engines() {
        let shop = Shop::driven_by(&engine, ENVIRONMENTS);
        shop.project.write(
            "app/main.tf",
            "variable \"x\" {\n  type = string\n}\noutput \"x\" {\n  value = var.x\n}\n",
        );
        shop.project
            .write("other/main.tf", "variable \"x\" {\n  type    = list(string)\n  default = []\n}\n");
        shop.append(
            "environments.toml",
            "\n[stacks.app]\npath = \"app\"\n\n[stacks.other]\npath = \"other\"\n",
        );
        shop.project.commit("Begin");
        shop.run(["plan", "staging", "app", "--var", "x=hello"]).exits(0);
        shop.run(["plan", "staging", "--var", "x=hello"])
            .exits(4)
            .tells("`x` of `staging/other` is declared");
    }
}

#[test]
fn template_marks_in_backend_pairs_are_literal() {
    for engine in real_engines() {
        let pairs =
            "[defaults]\nbackend.local = { path = 'a-${{lower(\"X\")}}-%{{ if true }}-$${{y}}/x.tfstate' }\n";
        let shop = Shop::driven_by(&engine, &format!("{pairs}[environments.staging]\n"));
        shop.project.write(
            "app/main.tf",
            "terraform {\n  backend \"local\" {}\n}\nresource \"terraform_data\" \"a\" {}\n",
        );
        shop.append("environments.toml", "\n[project]\nname = \"x\"\n[stacks.app]\npath = \"app\"\n");
        shop.project.commit("Begin");

        shop.run(["deploy", "staging", "--yes"]).exits(0);

        let path = "app/a-${lower(\"X\")}-%{ if true }-$${y}/x.tfstate";
        assert!(shop.project.path(path).exists(), "{}", engine.name());
        shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
    }
}

#[test]
fn a_number_with_more_digits_than_are_kept_is_refused() {
    for engine in real_engines() {
        let shop = typed_shop(&engine);
        for given in ["anything=12345678901234567890123", "anything=[{ n = 0.1234567890123456789 }]"] {
            let run = shop.run(["deploy", "staging", "--yes", "--var", given]).exits(4);
            run.tells("it holds a number with more digits than envctl keeps; write the value in a var file");
        }
        for given in ["vars.anything=0.1234567890123456789", "vars.anything=[{ n = 12345678901234567890.5 }]"]
        {
            let run = shop.run(["deploy", "staging", "--yes", "--set", given]).exits(4);
            run.tells("more digits than 64 bits keep").tells("write it as a string");
        }
        shop.run(["plan", "staging", "--set", "vars.anything=12345678901234567890123"]).exits(4);
        assert_eq!(shop.state("app", "staging"), None);
        // A variable of type number gets all digits as they are written.
        shop.run(["deploy", "staging", "--yes", "--var", "count_of=12345678901234567890123"]).exits(0);
        let state = shop.state("app", "staging").unwrap();
        assert!(state["outputs"]["all"]["value"].as_str().unwrap().contains("12345678901234567890123"));
        shop.run([
            "deploy",
            "staging",
            "--yes",
            "--var",
            "anything={ 1 = 2, true = 3, 1.50 = 4, 1e3 = 5, -1 = 6 }",
        ])
        .exits(0);
        let state = shop.state("app", "staging").unwrap();
        assert!(
            state["outputs"]["all"]["value"]
                .as_str()
                .unwrap()
                .ends_with(r#"{"-1":6,"1":2,"1.5":4,"1000":5,"true":3}]"#)
        );
    }
}
