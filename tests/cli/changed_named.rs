//! `--changed` and `--reuse`: files that HCL names by expressions.

use crate::{changed::why, changed_files::with, support::Shop};

const NONE: [&str; 0] = [];
const SINCE: [&str; 1] = ["--changed=HEAD"];
const TOLD: &str = "app: the path of a file that is read is an expression, which only the engine works out: ";

/// Makes a stack `app` with more configuration, two files beside it, and a module that reads a path from its
/// variable.
fn shop(text: &str) -> Shop {
    with(&[
        ("app/more.tf", text),
        ("app/main.tf", "variable \"x\" {\n  default = \"x\"\n}\n"),
        ("data/x.json", "{}\n"),
        ("data/y.json", "{}\n"),
        ("other/z.json", "{}\n"),
        (
            "modules/below/main.tf",
            "variable \"root\" {}\noutput \"text\" {\n  value = file(\"${var.root}/data/x.json\")\n}\n",
        ),
        ("modules/reads/main.tf", "variable \"path\" {}\noutput \"text\" {\n  value = file(var.path)\n}\n"),
    ])
}

fn local(value: &str) -> String {
    format!("locals {{\n  text = {value}\n}}\n")
}

#[test]
fn a_file_is_known_through_functions_that_only_make_paths() {
    let spellings = [
        "file(\"${abspath(path.module)}/../data/x.json\")",
        "file(\"${dirname(abspath(path.module))}/data/x.json\")",
        "file(format(\"%s/../data/x.json\", path.module))",
        "file(join(\"/\", [path.module, \"..\", \"data\", \"x.json\"]))",
        "file(\"${trimsuffix(path.module, \"/\")}/../data/x.json\")",
        "file(\"${path.module}/../${\"data\"}/x.json\")",
        "file(pathexpand(\"${path.module}/../data/x.json\"))",
        "[for f in [\"data/x.json\"] : file(\"${path.module}/../data/${basename(f)}\")]",
        "jsondecode(file((\"../data/x.json\")))",
        "file(true ? \"../data/x.json\" : \"none\")",
        "templatefile(local.paths.x, {})\n  dir = \"${path.module}/..\"\n  paths = { x = \"${local.dir}/data/x.json\" }",
        "{ for k, v in { a = \"../data/x.json\" } : k => filemd5(v) }",
    ];
    for spelling in spellings {
        let shop = shop(&local(spelling));
        shop.append("other/z.json", "\n");
        assert_eq!(why(&shop, &SINCE), NONE, "{spelling}");
        shop.append("data/x.json", "\n");
        assert_eq!(why(&shop, &SINCE), ["app: changed file that HCL names: data/x.json"], "{spelling}");
    }
}

#[test]
fn the_folder_of_a_pattern_is_known() {
    for spelling in [
        "fileset(\"${path.module}/..\", \"data/*.json\")",
        "[for f in fileset(\"${path.module}/../data\", \"*.json\") : file(\"${path.module}/../data/${f}\")]",
    ] {
        let shop = shop(&local(spelling));
        shop.append("other/z.json", "\n");
        assert_eq!(why(&shop, &SINCE), NONE, "{spelling}");
        shop.append("data/y.json", "\n");
        assert_eq!(why(&shop, &SINCE), ["app: changed file that HCL names: data/y.json"], "{spelling}");
    }
}

#[test]
fn a_variable_says_a_path_where_its_values_are_written() {
    let variable = |default: &str| format!("{}variable \"path\" {{{default}}}\n", local("file(var.path)"));
    let called = "module \"m\" {\n  source = \"../modules/reads\"\n  path = \"../data/x.json\"\n}\n";
    let given: [(String, &str, &str); 4] = [
        (variable(" default = \"../data/x.json\" "), "app/a.txt", ""),
        (variable(""), "app/a.auto.tfvars", "path = \"../data/x.json\"\n"),
        (variable(""), "app/terraform.tfvars.json", "{ \"path\": \"../data/x.json\" }\n"),
        (called.to_owned(), "app/a.txt", ""),
    ];
    for (text, file, values) in given {
        let shop = shop(&text);
        shop.project.write(file, values);
        shop.project.commit("Give values");
        shop.append("other/z.json", "\n");
        assert_eq!(why(&shop, &SINCE), NONE, "{text}{file}");
        shop.append("data/x.json", "\n");
        assert_eq!(why(&shop, &SINCE), ["app: changed file that HCL names: data/x.json"], "{text}{file}");
    }
    let shop = shop(&variable(""));
    shop.append("environments.toml", "\n[stacks.app.vars]\npath = \"../data/x.json\"\n");
    shop.project.commit("Give values");
    shop.append("data/x.json", "\n");
    assert_eq!(why(&shop, &SINCE), ["app: changed file that HCL names: data/x.json"]);
}

#[test]
fn a_stack_that_reads_an_unknown_path_is_changed_by_any_change() {
    for text in [
        local("file(var.path)") + "variable \"path\" {}\n",
        local("file(jsondecode(file(\"x.json\")).path)"),
        local("file(\"${path.module}/../${var.x}/x.json\")"),
        local("fileset(\"${path.module}/..\", \"**/*.json\")"),
        // Files in the project's own folder count only if they are named.
        local("file(\"${path.module}/../${var.x}.json\")"),
        local("file(replace(var.x, \"a\", \"b\"))"),
    ] {
        let shop = shop(&text);
        assert_eq!(why(&shop, &SINCE), NONE, "{text}");
        shop.append("data/x.json", "\n");
        assert_eq!(why(&shop, &SINCE), [format!("{TOLD}app/more.tf")], "{text}");
    }
    let called =
        "module \"m\" {\n  source = \"../modules/reads\"\n  path = replace(path.root, \"a\", \"b\")\n}\n";
    let above = "module \"m\" {\n  source = \"../modules/below\"\n  root = \"${path.module}/..\"\n}\n";
    for (called, file) in [(called, "modules/reads/main.tf"), (above, "modules/below/main.tf")] {
        let shop = shop(called);
        shop.append("data/x.json", "\n");
        assert_eq!(why(&shop, &SINCE), [format!("{TOLD}{file}")], "{called}");
    }
}

#[test]
fn a_file_name_with_an_unknown_part_does_not_match_every_file() {
    for text in [
        "file(\"${path.module}/x-${var.x}.json\")",
        "file(\"${path.module}/${var.x}/x.json\")",
        "file(\"${path.module}/../config/${var.x}/x.json\")",
        "[for f in fileset(path.module, \"**/*.json\") : file(\"${path.module}/${f}\")]",
        "[for f in fileset(\"${path.module}/policies\", \"*.json\") : file(f)]",
        "filebase64sha256(data.archive_file.x.output_path)",
        "file(pathexpand(\"~/.ssh/id_rsa.pub\"))",
        "file(var.x)",
        "file(\"${var.x}.json\")",
        "basename(dirname(abspath(path.module)))",
        "replace(abspath(path.module), \"/\", \"-\")",
        "split(\"/\", dirname(abspath(path.module)))",
    ] {
        let shop = shop(&local(text));
        shop.append("data/x.json", "\n");
        shop.project.write("top.json", "{}\n");
        assert_eq!(why(&shop, &SINCE), NONE, "{text}");
    }
}

#[test]
fn a_clean_plan_is_not_reused_where_nobody_can_tell_what_it_read() {
    let shop = Shop::of(&["network", "app"]);
    shop.project.write("app/more.tf", &local("file(\"${path.module}/../${var.x}/x.json\")"));
    shop.project
        .write("network/more.tf", &local("file(join(\"/\", [path.module, \"..\", \"data\", \"x.json\"]))"));
    shop.project.write("data/x.json", "{}\n");
    let shop = shop.deployed();
    shop.run(["plan", "staging"]).exits(0);
    shop.forget_calls();
    shop.run(["plan", "staging", "--reuse"]).exits(0);
    assert_eq!(shop.folders("plan"), ["app"]);
    shop.forget_calls();
    shop.append("data/x.json", "\n");
    shop.run(["plan", "staging", "--reuse"]).exits(0);
    assert_eq!(shop.folders("plan").len(), 2);
}

#[test]
fn what_a_function_reads_counts_though_a_folder_would_leave_it_out() {
    let shop = Shop::of(&["network", "app"]);
    shop.project.write("app/more.tf", &local("file(\"${path.module}/../environments.toml\")"));
    shop.project.write("network/more.tf", &local("file(\"seed.tfstate\")"));
    shop.project.write("network/seed.tfstate", "{}\n");
    shop.project.git(["add", "--force", "network/seed.tfstate"]);
    let shop = shop.deployed();
    shop.project.commit("Name files");
    for (file, more, stack) in
        [("environments.toml", "# more\n", "app"), ("network/seed.tfstate", "\n", "network")]
    {
        shop.run(["plan", "staging"]).exits(0);
        assert_eq!(why(&shop, &SINCE), NONE);
        shop.forget_calls();
        shop.append(file, more);
        assert_eq!(why(&shop, &SINCE), [format!("{stack}: changed file that HCL names: {file}")]);
        shop.run(["plan", "staging", "--reuse"]).exits(0);
        assert_eq!(shop.folders("plan"), [stack], "{file}");
        shop.project.commit("Change it");
    }
}
