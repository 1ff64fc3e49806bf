//! Tests of the files that count as inputs of a stack.

use super::*;
use crate::inventory::fixture::Project;

const TOML: &str = "[environments.dev]\n[stacks.app]\npath = \"infra/app\"\nfiles = [\"../shared/**/*.json\", \"?.txt\", \"../../one.cfg\"]\n";

fn shown(project: &Project) -> Vec<String> {
    let instances = project.instances("dev");
    let files =
        InputScope::new(&instances[0], &project.root(), ExcludedPaths::default()).read(&[]).unwrap().files;
    files.into_keys().collect()
}

#[test]
fn the_folder_its_modules_at_any_depth_files_and_path_literals_are_inputs() {
    let project = Project::new(
        TOML,
        &[
            (
                "infra/app/main.tf",
                "module \"a\" {\n  source = \"../../modules/a\"\n}\nlocals {\n  x = file(\"../named.txt\")\n}\n",
            ),
            ("infra/app/dev.tfvars", ""),
            ("infra/app/templates/user.tpl", ""),
            ("infra/app/terraform.tfstate", "{}"),
            ("infra/named.txt", ""),
            ("infra/unnamed.txt", ""),
            ("infra/shared/deep/x.json", ""),
            ("infra/shared/deep/x.yaml", ""),
            ("one.cfg", ""),
            ("modules/a/main.tf", "module \"b\" {\n  source = \"./b\"\n}\n"),
            (
                "modules/a/b/main.tf.json",
                r#"{"locals":{"x":"${file(\"${path.module}/../../c.txt\")}","y":"${path.module}/../../d.txt"}}"#,
            ),
            ("modules/a/unused/main.tf", ""),
            ("modules/c.txt", ""),
            ("modules/d.txt", ""),
        ],
    );
    assert_eq!(
        shown(&project),
        [
            "infra/app/dev.tfvars",
            "infra/app/main.tf",
            "infra/app/templates/user.tpl",
            "infra/named.txt",
            "infra/shared/deep/x.json",
            "modules/a/b/main.tf.json",
            "modules/a/main.tf",
            "modules/c.txt",
            "modules/d.txt",
            "one.cfg"
        ]
    );
}

#[test]
fn a_units_includes_and_sources_are_inputs_and_other_units_are_not() {
    let toml = "[environments.dev]\n[stacks.app]\npath = \"live/dev/app\"\nengine = \"terragrunt\"\n";
    let unit = "include \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n}\nterraform {\n  source = \"../../../modules//m\"\n}\n\
                dependency \"vpc\" {\n  config_path = \"../vpc\"\n}\n";
    let project = Project::new(
        toml,
        &[
            ("live/dev/app/terragrunt.hcl", unit),
            ("live/dev/vpc/terragrunt.hcl", ""),
            (
                "live/root.hcl",
                "locals {\n  x = read_terragrunt_config(\"${get_parent_terragrunt_dir()}/more.hcl\")\n}\n",
            ),
            ("live/more.hcl", ""),
            ("modules/m/main.tf", ""),
        ],
    )
    .with_units(r#"[{ "type": "unit", "path": "." }]"#);
    assert_eq!(
        shown(&project),
        ["live/dev/app/terragrunt.hcl", "live/more.hcl", "live/root.hcl", "modules/m/main.tf"]
    );
}

#[test]
fn a_changed_byte_changes_the_digest_of_its_file_alone() {
    let project = Project::new(
        "[environments.dev]\n[stacks.app]\npath = \"app\"\n",
        &[("app/a.tf", "# a\n"), ("app/b.txt", "b")],
    );
    let instances = project.instances("dev");
    let scope = InputScope::new(&instances[0], &project.root(), ExcludedPaths::default());
    let before = scope.read(&[]).unwrap().files;
    assert_eq!((before["app/a.tf"].configuration, before["app/b.txt"].configuration), (true, false));
    project.write("app/b.txt", "c");
    let after = scope.read(&[]).unwrap().files;
    assert_eq!(before["app/a.tf"], after["app/a.tf"]);
    assert_ne!(before["app/b.txt"].digest, after["app/b.txt"].digest);
}

#[test]
fn a_module_with_an_unknown_source_is_an_input_with_its_own_modules() {
    let project = Project::new(
        "[environments.dev]\n[stacks.app]\npath = \"app\"\n",
        &[
            ("app/main.tf", "module \"a\" {\n  source = local.source\n}\n"),
            ("mods/a/main.tf", "module \"b\" {\n  source = \"../b\"\n}\n"),
            ("mods/b/main.tf", ""),
            ("mods/c/main.tf", ""),
        ],
    );
    let instances = project.instances("dev");
    let scope = InputScope::new(&instances[0], &project.root(), ExcludedPaths::default());
    let files: Vec<String> =
        scope.read(&[project.root().join("mods/a")]).unwrap().files.into_keys().collect();
    assert_eq!(files, ["app/main.tf", "mods/a/main.tf", "mods/b/main.tf"]);
}

/// Returns the inputs of a unit in `live/dev/app` of a repository with these files, except those in the unit's folder.
fn of_unit(files: &[(&str, &str)]) -> Vec<String> {
    let toml = "[environments.dev]\n[stacks.app]\npath = \"live/dev/app\"\nengine = \"terragrunt\"\n";
    let files: Vec<(&str, &str)> = [(".git/HEAD", "")].into_iter().chain(files.iter().copied()).collect();
    let project = Project::new(toml, &files).with_units(r#"[{ "type": "unit", "path": "." }]"#);
    shown(&project).into_iter().filter(|file| !file.starts_with("live/dev/app/")).collect()
}

#[test]
fn the_functions_locals_and_includes_of_units_are_understood() {
    let unit = r#"
        include "root" { path = find_in_parent_folders("root.hcl") }
        include "common" {
          path   = "${dirname(find_in_parent_folders("root.hcl"))}/../_envcommon/app.hcl"
          expose = true
        }
        locals {
          env  = read_terragrunt_config(find_in_parent_folders("env.hcl", "none.hcl"))
          name = local.env.locals.names["short"]
        }
        terraform {
          source = "${include.common.locals.src}//app"
          extra_arguments "a" {
            required_var_files = [
              "${get_repo_root()}/values/${local.name}.tfvars",
              "${get_parent_terragrunt_dir("common")}/${path_relative_to_include("common")}/../near.tfvars",
              join("/", [dirname(get_terragrunt_dir()), "..", format("%s.tfvars", basename(get_terragrunt_dir()))]),
              find_in_parent_folders("absent.tfvars", "${get_path_to_repo_root()}/fallback.tfvars"),
            ]
          }
        }"#;
    let common = r#"
        locals {
          src    = "${dirname(find_in_parent_folders("root.hcl"))}/../mods"
          text   = file("text.txt")
          more   = read_terragrunt_config("${get_parent_terragrunt_dir()}/deep/more.hcl")
          circle = local.circle
        }
        terraform {
          before_hook "h" {
            commands = ["apply"]
            execute  = ["sh", "-c", "cd /; sh ${get_repo_root()}/hooks/one.sh --x=${get_terragrunt_dir()}/../../../hooks/two.sh"]
          }
        }"#;
    let found = of_unit(&[
        ("live/dev/app/terragrunt.hcl", unit),
        ("live/root.hcl", "inputs = {\n  x = yamldecode(file(\"beside.yaml\"))\n}\n"),
        ("live/beside.yaml", ""),
        ("live/dev/env.hcl", "locals {\n  names = { short = \"d\" }\n}\n"),
        ("_envcommon/app.hcl", common),
        ("_envcommon/text.txt", ""),
        ("_envcommon/unread.txt", ""),
        (
            "_envcommon/deep/more.hcl",
            "locals {\n  x = file(find_in_parent_folders(\"above.txt\"))\n  y = read_terragrunt_config(\"y.hcl\")\n}\n",
        ),
        ("_envcommon/above.txt", ""),
        ("_envcommon/deep/y.hcl", ""),
        ("values/d.tfvars", ""),
        ("values/e.tfvars", ""),
        ("live/dev/near.tfvars", ""),
        ("live/app.tfvars", ""),
        ("fallback.tfvars", ""),
        ("hooks/one.sh", ""),
        ("hooks/two.sh", ""),
        ("hooks/three.sh", ""),
        ("mods/app/main.tf", "module \"b\" {\n  source = \"../b\"\n}\n"),
        ("mods/b/main.tf", ""),
        ("other/main.tf", ""),
    ]);
    let wanted = [
        "_envcommon/above.txt",
        "_envcommon/app.hcl",
        "_envcommon/deep/more.hcl",
        "_envcommon/deep/y.hcl",
        "_envcommon/text.txt",
        "fallback.tfvars",
        "hooks/one.sh",
        "hooks/two.sh",
        "live/app.tfvars",
        "live/beside.yaml",
        "live/dev/env.hcl",
        "live/dev/near.tfvars",
        "live/root.hcl",
        "mods/app/main.tf",
        "mods/b/main.tf",
        "values/d.tfvars",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn a_relative_source_starts_at_the_unit_whichever_file_names_it() {
    let found = of_unit(&[
        ("live/dev/app/terragrunt.hcl", "include {\n  path = \"../../../common/app.hcl\"\n}\n"),
        ("common/app.hcl", "terraform {\n  source = \"../../../mods/app\"\n}\n"),
        ("mods/app/main.tf", ""),
    ]);
    assert_eq!(found, ["common/app.hcl", "mods/app/main.tf"]);
}

#[test]
fn what_says_the_version_of_terragrunt_is_an_input_of_units_alone() {
    let files = [
        ("live/dev/app/main.tf", ""),
        ("live/dev/app/terragrunt.hcl", ""),
        ("live/.terragrunt-version", "1\n"),
    ];
    assert_eq!(of_unit(&files), ["live/.terragrunt-version"]);
    let toml = "[environments.dev]\n[stacks.app]\npath = \"live/dev/app\"\nengine = \"tofu\"\n";
    let project = Project::new(toml, &[&[(".git/HEAD", "")], &files[..1], &files[2..]].concat());
    assert_eq!(shown(&project), ["live/dev/app/main.tf"]);
}
