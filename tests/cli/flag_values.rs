//! Values of `--var`, which have the same effect as the engine's own `-var`.

use crate::support::{Driven, ENVIRONMENTS, Shop};

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

#[test(engines(tofu, terraform))]
fn each_value_is_read_by_the_declared_type_as_the_engine_reads_its_own(engine: &Driven) {
    let shop = typed_shop(engine);
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

#[test(engines(tofu, terraform))]
fn a_value_that_no_engine_takes_is_refused_with_the_flag(engine: &Driven) {
    let shop = typed_shop(engine);
    for (value, reason) in [
        ("zones=[a", "a bracket, quote, comment or heredoc in it is not closed"),
        ("zones=[\"a\"", "a bracket, quote, comment or heredoc in it is not closed"),
        ("tags=", "it is empty"),
        ("anything=text", "a text stands between quotes in it"),
        ("zones=eu-west", "a text stands between quotes in it"),
        (
            "zones=[eu]",
            "it refers to `eu`, and no engine takes a reference here; a text stands in quotes, as `\"eu\"`",
        ),
        ("zones=[for x in [\"a\"] : y]", "it refers to `y`, and no engine takes a reference here"),
        ("zones=[file(\"x\")]", "it calls the function `file`, and no engine takes a function here"),
        ("anything=max(1, 2)", "it calls the function `max`, and no engine takes a function here"),
    ] {
        let name = value.split('=').next().unwrap();
        let run = shop.run(["plan", "staging", "--var", value]).exits(4).hides("references");
        run.tells(&format!("the value of `--var {name}` is no expression that an engine takes: {reason}"));
    }
}

#[test(engines(tofu, terraform))]
fn a_refused_value_of_a_hidden_variable_is_shown_nowhere(engine: &Driven) {
    let shop = typed_shop(engine);
    let variables = "variable \"tokens\" {\n  type = list(string)\n  default = []\n  sensitive = true\n}\n\
                     variable \"lent\" {\n  type = any\n  default = null\n  ephemeral = true\n}\n";
    shop.append("app/main.tf", variables);
    for value in
        ["tokens=[s3cretWord]", "tokens=[\"${s3cretWord}\"]", "lent=s3cretWord(1)", "lent={ k = s3cretWord"]
    {
        let name = value.split('=').next().unwrap();
        let args = ["plan", "staging", "--var", value, "--report", "r.json", "--summary", "s.md"];
        let run = shop.run(args).exits(4).hides("s3cretWord");
        run.tells(&format!(
            "the value of `--var {name}` is no expression that an engine takes: its text is not shown"
        ));
        for file in ["r.json", "s.md"] {
            let text = shop.project.read(file);
            assert!(text.contains(name) && !text.contains("s3cretWord"), "{file}: {text}");
        }
    }
}

/// Returns the values of all variables in the state, as JSON text.
fn deployed(shop: &Shop) -> String {
    shop.state("app", "staging").unwrap()["outputs"]["all"]["value"].as_str().unwrap().to_owned()
}

#[test(engines(tofu, terraform))]
fn an_expression_that_is_no_literal_is_evaluated_by_the_engine(engine: &Driven) {
    let shop = typed_shop(engine);
    for (given, expected) in [
        ("zones=[for x in [\"a\"] : \"${x}b\"]", r#"["","",0,false,["ab"],{},null]"#),
        ("anything=true ? 1 : \"a\"", r#"["","",0,false,[],{},"1"]"#),
        ("anything=1\n+ 1 # two", r#"["","",0,false,[],{},2]"#),
        ("anything=\"%{ for x in [1, 2] }${x},%{ endfor }\"", r#"["","",0,false,[],{},"1,2,"]"#),
        ("tags={\n  \"a${1}\" = 1 + 1\n  b = \"x\"\n}\n", r#"["","",0,false,[],{"a1":"2","b":"x"},null]"#),
        ("anything=[<<-E\n  ${1 + 1})\n  EX\n  E\n]", r#"["","",0,false,[],{},["2)\nEX\n"]]"#),
        ("anything=-0", r#"["","",0,false,[],{},-0]"#),
        ("anything=12345678901234567890123", r#"["","",0,false,[],{},12345678901234567890123]"#),
        (
            "anything=[{ n = 0.1234567890123456789 }]",
            r#"["","",0,false,[],{},[{"n":0.1234567890123456789}]]"#,
        ),
        ("text=1 + 1", r#"["","1 + 1",0,false,[],{},null]"#),
        ("untyped=\"${1}\"", r#"["\"${1}\"","",0,false,[],{},null]"#),
    ] {
        shop.run(["deploy", "staging", "--yes", "--var", given]).exits(0);
        assert_eq!(deployed(&shop), expected, "{}: {given}", engine.name());
    }
    let huge = format!(",1{}]", "0".repeat(400));
    shop.run(["deploy", "staging", "--yes", "--var", "anything=1e400"]).exits(0);
    assert!(deployed(&shop).ends_with(&huge), "{}", engine.name());
}

#[test(engines(tofu, terraform))]
fn a_value_never_sets_another_variable(engine: &Driven) {
    let shop = typed_shop(engine);
    for text in [
        "1\ntext = \"x\"",
        "1)\ntext = (\"x\"",
        "1 # c\ntext = \"x\"",
        "1 + 1 /* */ )\ntext = (\"x\"",
        "\"a${1}\"\r\ntext = \"x\"",
        "<<E\n${1}\nE\n)\ntext = (<<E\nx\nE\n",
        "<<E\n${1}\n\u{a0}E\n)\ntext = (<<E\nx\nE\n",
        "\"${1}$${\")\ntext = (\"}\"",
        "1, text = \"x\"",
        "{ a = 1 + 1 }\ntext = \"x\"",
    ] {
        let given = format!("anything={text}");
        shop.run(["deploy", "staging", "--yes", "--var", &given])
            .exits(4)
            .tells("the value of `--var anything` is no expression that an engine takes");
        assert_eq!(shop.state("app", "staging"), None, "{}: {given}", engine.name());
    }
}

#[test(engines(tofu, terraform))]
fn an_expression_stands_beside_values_of_other_stacks_and_over_files(engine: &Driven) {
    let shop = typed_shop(engine);
    shop.project.write("net/main.tf", "output \"text\" {\n  value = \"of-net\"\n}\n");
    shop.project.write("app/a.tfvars", "anything = \"file\"\n");
    let more = "var_files = [\"a.tfvars\"]\nvars.anything = \"toml\"\nvars.count_of = 3\n\
                inputs = { text = \"net.text\", tags = \"net.text\" }\n\n[stacks.net]\npath = \"net\"\n";
    shop.append("environments.toml", more);
    let flags = ["--var", "anything=1 + 1", "--var", "tags={ for x in [\"k\"] : x => x }"];
    shop.env.run_args(&[&["deploy", "staging", "--yes"], &flags[..]].concat()).exits(0);
    assert_eq!(deployed(&shop), r#"["","of-net",3,false,[],{"k":"k"},2]"#, "{}", engine.name());

    // A run that is planned first keeps them for its apply.
    let flags = ["--var", "anything=1 + 2", "--var", "tags={ for x in [\"l\"] : x => x }"];
    shop.env.run_args(&[&["plan", "staging"], &flags[..]].concat()).exits(0);
    shop.run(["apply", "last", "--yes"]).exits(0);
    assert_eq!(deployed(&shop), r#"["","of-net",3,false,[],{"l":"l"},3]"#, "{}", engine.name());
}

#[test(engines(tofu, terraform))]
fn a_stack_that_is_not_selected_may_declare_another_type(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    shop.project
        .write("app/main.tf", "variable \"x\" {\n  type = string\n}\noutput \"x\" {\n  value = var.x\n}\n");
    shop.project.write("other/main.tf", "variable \"x\" {\n  type    = list(string)\n  default = []\n}\n");
    shop.append("environments.toml", "\n[stacks.app]\npath = \"app\"\n\n[stacks.other]\npath = \"other\"\n");
    shop.project.commit("Begin");
    shop.run(["plan", "staging", "app", "--var", "x=hello"]).exits(0);
    shop.run(["plan", "staging", "--var", "x=hello"]).exits(4).tells("`x` of `staging/other` is declared");
}

#[test(engines(tofu, terraform))]
fn template_marks_in_backend_pairs_are_literal(engine: &Driven) {
    let pairs =
        "[defaults]\nbackend.local = { path = 'a-${{lower(\"X\")}}-%{{ if true }}-$${{y}}/x.tfstate' }\n";
    let shop = Shop::driven_by(engine, &format!("{pairs}[environments.staging]\n"));
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

#[test(engines(tofu, terraform))]
fn a_number_of_set_with_more_digits_than_are_kept_is_refused(engine: &Driven) {
    let shop = typed_shop(engine);
    for given in ["vars.anything=0.1234567890123456789", "vars.anything=[{ n = 12345678901234567890.5 }]"] {
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

#[test(engines(tofu, terraform))]
fn values_that_override_others_are_those_of_the_apply_too(engine: &Driven) {
    for (file, overridden, variable) in [
        ("app/terraform.tfvars", "text = \"auto\"\n", ""),
        ("app/x.auto.tfvars.json", "{ \"text\": \"auto\" }\n", ""),
        ("app/none", "", "auto"),
    ] {
        for (toml, flags) in [
            ("vars.text = \"own\"", &[] as &[&str]),
            ("var_files = [\"own.tfvars\"]", &[]),
            ("", &["--var", "text=own"]),
            ("vars.anything = 3", &["--var", "text=own", "--var", "anything=1 + 1"]),
        ] {
            let by_environment = !variable.is_empty();
            if by_environment && toml.contains("vars.text") {
                // envctl refuses these two sources of one value.
                continue;
            }
            let shop = typed_shop(engine);
            let shop = if by_environment {
                Shop { env: shop.env.var("TF_VAR_text", variable), ..shop }
            } else {
                shop
            };
            shop.project.write(file, overridden);
            shop.project.write("app/own.tfvars", "text = \"own\"\n");
            shop.append("environments.toml", toml);

            shop.env.run_args(&[&["deploy", "staging", "--yes"], flags].concat()).exits(0);

            assert!(
                deployed(&shop).starts_with("[\"\",\"own\""),
                "{}: {file} {toml} {flags:?}",
                engine.name()
            );
        }
    }
}
