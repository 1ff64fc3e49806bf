//! `--changed` for Terragrunt units: files that they include or read, and their sources.

use std::fs;

use crate::{
    changed::why,
    support::{Shop, script},
};

/// Makes two units below a shared configuration; Terragrunt is a script that only lists units.
fn shop() -> Shop {
    let shop = Shop::with(
        "[project]\nname = \"shop\"\nengine = \"terragrunt\"\n\n[environments.staging]\n\n\
         [discover]\npaths = [\"live/{env}/<unit>\"]\nname = \"{unit}\"\n",
    );
    let files = [
        (
            "live/root.hcl",
            "locals {\n  region = read_terragrunt_config(\"${get_parent_terragrunt_dir()}/region.hcl\")\n}\n",
        ),
        ("live/region.hcl", "locals {\n  name = \"eu\"\n}\n"),
        ("live/unrelated.hcl", "locals {}\n"),
        ("live/staging/env.hcl", "locals {\n  size = 1\n}\n"),
        (
            "live/staging/app/terragrunt.hcl",
            "include \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n}\n\
             locals {\n  env = read_terragrunt_config(find_in_parent_folders(\"env.hcl\"))\n}\n\
             terraform {\n  source = \"${dirname(find_in_parent_folders(\"root.hcl\"))}/../modules//app\"\n}\n",
        ),
        ("live/staging/mail/terragrunt.hcl", "terraform {\n  source = \"../../../modules/mail\"\n}\n"),
        ("modules/app/main.tf", "module \"base\" {\n  source = \"../base\"\n}\n"),
        ("modules/base/main.tf", "variable \"x\" {}\n"),
        ("modules/mail/main.tf", ""),
    ];
    for (file, text) in files {
        shop.project.write(file, text);
    }
    shop.project.commit("Begin");
    let program = shop.project.around().join("terragrunt");
    let units = r#"[{"type":"unit","path":"app"},{"type":"unit","path":"mail"}]"#;
    script(&program, &format!("#!/bin/sh\necho '{units}'\n"));
    shop.env.link("terragrunt", &program);
    shop
}

#[test]
fn what_a_unit_includes_reads_and_takes_as_its_source_touches_it() {
    let since = "--changed=HEAD";
    for (file, reason) in [
        ("live/root.hcl", Some("app: changed include: live/root.hcl")),
        ("live/region.hcl", Some("app: changed include: live/region.hcl")),
        ("live/staging/env.hcl", Some("app: changed include: live/staging/env.hcl")),
        ("modules/app/main.tf", Some("app: changed module: modules/app/main.tf")),
        ("modules/base/main.tf", Some("app: changed module: modules/base/main.tf")),
        ("modules/mail/main.tf", Some("mail: changed module: modules/mail/main.tf")),
        ("live/staging/mail/terragrunt.hcl", Some("mail: changed: live/staging/mail/terragrunt.hcl")),
        ("live/unrelated.hcl", None),
    ] {
        let shop = shop();
        shop.append(file, "# more\n");
        assert_eq!(why(&shop, &[since]), reason.into_iter().collect::<Vec<_>>(), "{file}");
        fs::remove_file(shop.project.path(file)).unwrap();
        if file != "live/staging/mail/terragrunt.hcl" {
            assert_eq!(why(&shop, &[since]), reason.into_iter().collect::<Vec<_>>(), "without {file}");
        }
    }
}

#[test]
fn a_file_of_which_a_unit_takes_a_single_value_touches_it() {
    let unit = "inputs = {\n  a = read_terragrunt_config(find_in_parent_folders(\"region.hcl\")).locals.name\n  \
                b = read_terragrunt_config(\"../env.hcl\").locals.size\n}\n\
                locals {\n  f = get_env(\"F\", \"values.yaml\")\n  x = yamldecode(file(find_in_parent_folders(local.f)))\n}\n";
    for file in ["live/region.hcl", "live/staging/env.hcl", "live/deeper.hcl", "live/values.yaml"] {
        let shop = shop();
        shop.project.write("live/staging/mail/terragrunt.hcl", unit);
        let deeper = "locals {\n  name = read_terragrunt_config(\"deeper.hcl\").locals.name\n}\n";
        shop.project.write("live/region.hcl", deeper);
        shop.project.write("live/deeper.hcl", "locals {\n  name = \"eu\"\n}\n");
        shop.project.write("live/values.yaml", "a: 1\n");
        shop.project.commit("Take single values");
        shop.append(file, "# more\n");
        let taken = || why(&shop, &["--changed=HEAD", "mail"]);
        let what = if file == "live/values.yaml" { "file that HCL names" } else { "include" };
        assert_eq!(taken(), [format!("mail: named; changed {what}: {file}")]);
        fs::remove_file(shop.project.path(file)).unwrap();
        assert_eq!(taken(), [format!("mail: named; changed {what}: {file}")], "without");
    }
}

#[test]
fn a_version_file_of_terragrunt_changes_the_units_below_it() {
    for name in [".terragrunt-version", ".tgswitchrc"] {
        let shop = shop();
        shop.append("environments.toml", "\n[stacks.plain]\npath = \"live/plain\"\nengine = \"tofu\"\n");
        shop.project.write("live/plain/main.tf", "");
        shop.project.write(&format!("live/{name}"), "1.0.0\n");
        shop.project.commit("Say a version");
        assert_eq!(why(&shop, &["--changed=HEAD"]), [""; 0], "{name}");
        shop.project.write(&format!("live/{name}"), "1.1.0\n");
        let told = |unit| format!("{unit}: changed version file: live/{name}");
        assert_eq!(why(&shop, &["--changed=HEAD"]), ["app", "mail"].map(told), "{name}");
    }
}
