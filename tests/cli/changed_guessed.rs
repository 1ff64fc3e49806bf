//! `--changed` and `--reuse`: files whose path is computed from values that hold `..` or folders.

use crate::{changed::why, changed_files::with, support::Shop};

const NONE: [&str; 0] = [];
const SINCE: [&str; 1] = ["--changed=HEAD"];
const TOLD: &str = "the path of a file that is read is an expression, which only the engine works out: ";

/// Modules in `modules/NAME` that read a file in the folder, or at the path, of their variable.
const MODULES: [(&str, &str); 3] = [
    ("below", "variable \"dir\" {}\noutput \"text\" {\n  value = file(\"${var.dir}/x.json\")\n}\n"),
    ("whole", "variable \"dir\" {}\noutput \"text\" {\n  value = file(var.dir)\n}\n"),
    (
        "preset",
        "variable \"dir\" {\n  default = \"..\"\n}\noutput \"text\" {\n  value = file(\"${var.dir}/conf-x/x.json\")\n}\n",
    ),
];

/// Makes stack `app` in the project's folder and stack `deep` three folders below, with folders that no literal path
/// names.
fn shop() -> Shop {
    let shop = with(&[
        ("app/main.tf", "variable \"x\" {\n  default = \"x\"\n}\n"),
        ("infra/eu/deep/main.tf", "variable \"x\" {\n  default = \"x\"\n}\n"),
        ("infra/conf-x/x.json", "{}\n"),
        ("infra/eu/x.json", "{}\n"),
        ("conf-x/x.json", "{}\n"),
        ("unread/z.json", "{}\n"),
    ]);
    for stack in ["app", "infra/eu/deep"] {
        shop.project.write(&format!("{stack}/tpl/x.json"), "{}\n");
    }
    for (module, text) in MODULES {
        shop.project.write(&format!("modules/{module}/main.tf"), text);
    }
    shop.append("environments.toml", "\n[stacks.deep]\npath = \"infra/eu/deep\"\n");
    shop
}

/// Returns the selected stacks after a change in such a folder, with `text` and `values` added to one stack.
fn found(shop: &Shop, stack: &str, text: &str, values: &str) -> Vec<String> {
    shop.project.write(&format!("{stack}/more.tf"), text);
    shop.project.write(&format!("{stack}/a.auto.tfvars"), values);
    shop.project.commit("Say more");
    shop.append("conf-x/x.json", "\n");
    let found = why(shop, &SINCE);
    shop.project.write(&format!("{stack}/more.tf"), "");
    shop.project.write(&format!("{stack}/a.auto.tfvars"), "");
    found
}

fn local(value: &str) -> String {
    format!("locals {{\n  text = {value}\n}}\n")
}

fn variable(default: &str, value: &str) -> String {
    format!("variable \"path\" {{\n  default = {default}\n}}\n{}", local(value))
}

fn call(module: &str, dir: &str) -> String {
    format!("module \"m\" {{\n  source = \"PROJECT/modules/{module}\"\n  dir = {dir}\n}}\n")
}

/// Returns the cases, each with the stack's folder, its text, and the file that holds the computed path.
fn guessing() -> Vec<(&'static str, String, &'static str)> {
    let own = "STACK/more.tf";
    let (below, whole) = ("modules/below/main.tf", "modules/whole/main.tf");
    let preset = call("preset", "").replace("  dir = \n", "");
    let in_each = |text: String, reader| [("app", text.clone(), reader), ("infra/eu/deep", text, reader)];
    let mut rows: Vec<_> = [
        // `..` from a default, a conditional, an item of a list.
        in_each(variable("\"PROJECT\"", "file(\"${var.path}/conf-x/x.json\")"), own),
        in_each(local("file(\"${var.x == \"x\" ? \"PROJECT\" : \".\"}/conf-x/x.json\")"), own),
        in_each(local("[for d in [\"PROJECT\"] : file(\"${d}/conf-x/x.json\")]"), own),
        in_each(local("{ for d, n in { \"PROJECT\" = 1 } : n => file(\"${d}/conf-x/x.json\") }"), own),
        in_each(call("below", "true ? \"PROJECT\" : \".\""), below),
        in_each(preset, "modules/preset/main.tf"),
        // `..` followed by a value.
        in_each(call("below", "\"PROJECT/${var.x}\""), below),
        in_each(call("below", "\"PROJECT/conf-${var.x}\""), below),
        in_each(call("below", "\"${path.root}/PROJECT/conf-${var.x}\""), below),
        in_each(call("whole", "\"PROJECT/conf-${var.x}/x.json\""), whole),
        in_each(local("[for d in { a = \"PROJECT/conf-${var.x}\" } : file(\"${d}/x.json\")]"), own),
        // `..` followed by a name, after a value that holds a folder.
        in_each(variable("\"PROJECT/unread\"", "file(\"${var.path}/../conf-x/x.json\")"), own),
        in_each(local("file(\"${path.module}/${var.x}/../PROJECT/conf-x/x.json\")"), own),
        in_each(variable("\"PROJECT/unread/z.json\"", "file(\"${dirname(var.path)}/x.json\")"), own),
        in_each(variable("\"/conf-x/x.json\"", "file(\"PROJECT${var.path}\")"), own),
        // `..` after a known folder.
        in_each(variable("\"PROJECT/conf-x\"", "file(\"${path.module}/${var.path}/x.json\")"), own),
        in_each(variable("\"PROJECT/conf-x\"", "file(\"./${var.path}/x.json\")"), own),
        // Paths whose `..` is literal.
        in_each(local("file(\"PROJECT/${var.x}.json\")"), own),
        in_each(local("file(\"PROJECT/conf-${var.x}/x.json\")"), own),
        in_each(local("file(\"PROJECT/conf-${var.x}/${var.x}.json\")"), own),
        in_each(local("file(\"${path.module}/PROJECT/conf-${var.x}/${var.x}.json\")"), own),
        in_each(local("fileset(\"${path.module}/PROJECT/conf-${var.x}\", \"*.json\")"), own),
        in_each(local("fileset(\"PROJECT/conf-${var.x}\", \"*.json\")"), own),
    ]
    .into_iter()
    .flatten()
    .collect();
    rows.extend([
        // A folder above the stack does not count as a whole, be its name literal or not.
        ("infra/eu/deep", local("[for d in [\"../../../infra\"] : file(\"${d}/conf-x/x.json\")]"), own),
        ("infra/eu/deep", local("fileset(\"../conf-${var.x}\", \"*.json\")"), own),
    ]);
    rows
}

/// Replaces `PROJECT` and `STACK` in a text by the paths for a stack's folder.
fn placed(text: &str, stack: &str) -> String {
    let up = vec![".."; stack.split('/').count()].join("/");
    text.replace("PROJECT", &up).replace("STACK", stack)
}

#[test]
fn a_path_that_may_lead_out_of_a_known_folder_is_one_that_nobody_can_tell() {
    let shop = shop();
    for (stack, text, reader) in guessing() {
        let text = placed(&text, stack);
        let name = stack.rsplit('/').next().unwrap_or(stack);
        let found = found(&shop, stack, &text, "");
        let is_named = [format!("{name}: changed file that HCL names: conf-x/x.json")] == *found;
        assert!(
            is_named || found == [format!("{name}: {TOLD}{}", placed(reader, stack))],
            "{text}: {found:?}"
        );
    }
}

#[test]
fn a_clean_plan_is_not_reused_where_a_path_may_lead_out_of_a_known_folder() {
    let shop = Shop::of(&["app"]);
    for (module, text) in MODULES {
        shop.project.write(&format!("modules/{module}/main.tf"), text);
    }
    for file in ["conf-x/x.json", "unread/z.json"] {
        shop.project.write(file, "{}\n");
    }
    let shop = shop.deployed();
    for (stack, text, _) in guessing().into_iter().filter(|(stack, ..)| *stack == "app") {
        let text = placed(&text, stack);
        shop.project.write("app/more.tf", &text);
        shop.run(["plan", "staging"]).exits(0);
        shop.forget_calls();
        shop.append("conf-x/x.json", "\n");
        shop.run(["plan", "staging", "--reuse"]).exits(0);
        assert_eq!(shop.folders("plan"), ["app"], "{text}");
    }
}

#[test]
fn paths_with_values_of_var_files_and_environments_are_matched_whole() {
    let text = |value: &str| format!("variable \"path\" {{}}\n{}", local(value));
    let shop = shop();
    let told = |stack: &str, folder: &str| vec![format!("{stack}: {TOLD}{folder}/more.tf")];
    let named = |stack: &str| vec![format!("{stack}: changed file that HCL names: conf-x/x.json")];
    let (app, deep) = ("app", "infra/eu/deep");
    let rows = [
        (app, "file(\"${var.path}/conf-x/x.json\")", "..", told("app", app)),
        (app, "file(\"${path.module}/${var.path}\")", "../conf-x/x.json", told("app", app)),
        (deep, "file(\"${var.path}/conf-x/x.json\")", "../../../infra/..", told("deep", deep)),
        (deep, "file(\"${var.path}/../conf-x/x.json\")", "../../../unread", told("deep", deep)),
        (app, "file(\"${var.path}${var.x}/x.json\")", "../conf-", told("app", app)),
        (app, "file(\"${var.path}${var.x}.json\")", "../conf-x/", named("app")),
        (app, "file(\"${var.path}/${var.x}.json\")", "../conf-x", named("app")),
        (deep, "file(\"${var.path}/x.json\")", "../../../conf-x", named("deep")),
        (app, "file(var.path)", "../conf-x/x.json", named("app")),
    ];
    for (stack, value, given, wanted) in rows {
        let values = format!("path = \"{given}\"\n");
        assert_eq!(found(&shop, stack, &text(value), &values), wanted, "{value} {given}");
    }
}

#[test]
fn an_ordinary_path_with_values_in_it_is_none_to_guess() {
    let shop = shop();
    let each = |set: &str, path: &str| {
        format!(
            "resource \"x\" \"y\" {{\n  for_each = {set}\n  z = templatefile({path}, {{ a = var.x }})\n}}\n"
        )
    };
    for text in [
        each("toset([\"a\", \"b\"])", "\"${path.module}/tpl/${each.key}.json\""),
        each("module.m.names", "\"${path.module}/tpl/${each.key}.json\""),
        each("{ a = { file = \"tpl/x.json\" } }", "\"${path.module}/${each.value.file}\""),
        each("fileset(\"${path.module}/tpl\", \"**\")", "\"${path.module}/tpl/${each.value}\""),
        local("file(\"${path.module}/tpl/${data.a.b.name}/${terraform.workspace}.json\")"),
        local("file(\"${path.root}/${var.x}/${var.x}.json\")"),
        local("file(\"${path.cwd}/${path.module}/tpl/${var.x}.json\")"),
        local("file(\"${path.module}/tpl/${var.x ? \"a\" : \"b\"}%{ if var.x }-c%{ endif }.json\")"),
        variable("\"tpl\"", "file(\"${path.module}/${var.path}/x.json\")"),
        variable("\"./tpl\"", "file(\"${trimsuffix(var.path, \"/\")}/x.json\")"),
        call("below", "path.module"),
        call("below", "\"${path.root}/tpl/${var.x}\""),
        call("below", "\"PROJECT/unread\""),
        call("below", "\"PROJECT/unread/${var.x}\""),
        local("[for d in [\"PROJECT/unread\"] : file(\"${d}/${var.x}.json\")]"),
        local("file(\"PROJECT/unread/${var.x}/x.json\")"),
        local("fileset(\"PROJECT/unread/${var.x}\", \"*.json\")"),
    ] {
        for stack in ["app", "infra/eu/deep"] {
            let text = placed(&text, stack);
            assert_eq!(found(&shop, stack, &text, ""), NONE, "{stack}: {text}");
        }
    }
}
