//! Terragrunt Stacks: generation of units before a plan, units that are left over or out of date, `--changed`.

use std::fs;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::{Env, Project, Run, Shop, remote_state, script, unit_project};

const MODULE: &str = "variable \"v\" {}\nresource \"terraform_data\" \"a\" {\n  input = var.v\n}\n\
                      output \"id\" {\n  value = terraform_data.a.input\n}\n";

const VPC: &str = "unit \"vpc\" {\n  source = \"${get_repo_root()}/catalog/units/vpc\"\n  path   = \"vpc\"\n  \
                   values = {\n    size = \"small\"\n  }\n}\n";
const APP: &str = "unit \"app\" {\n  source = \"../../catalog/units/app\"\n  path   = \"app\"\n  \
                   values = {\n    vpc = \"../vpc\"\n  }\n}\n";

/// Project with the stack `live/dev` of two units from a local catalog; `app` depends on `vpc`.
struct Stacks {
    project: Project,
    env: Env,
}

impl Stacks {
    fn new(pattern: &str) -> Self {
        let (project, env) = unit_project(&format!(
            "[project]\nname = \"shop\"\n\n[environments.dev]\n\n[environments.prod]\n\n[discover]\npaths = [\"{pattern}\"]\n"
        ));
        let state = project.around().join("states/${path_relative_to_include()}.tfstate");
        let root = remote_state(&state.display().to_string());
        let unit = "include \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n}\n";
        let app = "dependency \"vpc\" {\n  config_path = values.vpc\n  mock_outputs = { id = \"mock\" }\n}\n\
                   inputs = { v = \"app on ${dependency.vpc.outputs.id}\" }\n";
        for (file, text) in [
            ("live/root.hcl", root.as_str()),
            ("catalog/units/vpc/terragrunt.hcl", &format!("{unit}inputs = {{ v = values.size }}\n")),
            ("catalog/units/vpc/main.tf", MODULE),
            ("catalog/units/app/terragrunt.hcl", &format!("{unit}{app}")),
            ("catalog/units/app/main.tf", MODULE),
            ("live/dev/terragrunt.stack.hcl", &format!("{VPC}{APP}")),
            ("live/prod/db/terragrunt.hcl", &format!("{unit}inputs = {{ v = 1 }}\n")),
            ("live/prod/db/main.tf", MODULE),
            (".gitignore", ".terragrunt-stack/\n.terragrunt-cache/\n.envctl/\n.terraform*\nbackend.tf\n"),
        ] {
            project.write(file, text);
        }
        project.commit("Begin");
        Self { project, env: env.with_system() }
    }

    fn stack_names(&self, args: &[&str]) -> Vec<String> {
        let run = self.env.run_args(&[&["list", "dev", "--json"], args].concat()).exits(0);
        let document = run.json();
        let names = document["instances"].as_array().unwrap().iter();
        names.map(|instance| instance["stack"].as_str().unwrap().to_owned()).collect()
    }

    fn deployed_value(&self, unit: &str) -> String {
        let state = self.project.around().join(format!("states/dev/.terragrunt-stack/{unit}.tfstate"));
        let state: serde_json::Value = serde_json::from_slice(&fs::read(state).unwrap()).unwrap();
        state["outputs"]["id"]["value"].as_str().unwrap().to_owned()
    }

    fn newest_run(&self) -> String {
        let runs = fs::read_dir(self.project.path(".envctl/runs")).unwrap();
        runs.map(|run| run.unwrap().file_name().into_string().unwrap()).max().unwrap()
    }
}

const NAMES: [&str; 2] = [".terragrunt-stack/vpc", ".terragrunt-stack/app"];

#[test(engines(terragrunt))]
fn a_deploy_generates_the_units_and_applies_them_in_order() {
    let stacks = Stacks::new("live/{env}/**");
    assert!(stacks.stack_names(&[]).is_empty(), "`list` generates nothing");
    stacks.env.run(["deploy", "dev", "--yes"]).exits(0);
    assert_eq!(stacks.deployed_value("app"), "app on small");
    assert_eq!(stacks.stack_names(&[]), NAMES);
    stacks.env.run(["plan", "dev", "--detailed-exitcode"]).exits(0);

    stacks.project.edit("live/dev/terragrunt.stack.hcl", "\"small\"", "\"large\"");
    stacks.env.run(["deploy", "dev", "--yes"]).exits(0);
    assert_eq!(stacks.deployed_value("app"), "app on large");
    stacks.env.run(["destroy", "dev", "--yes"]).exits(0);
}

#[test(engines(terragrunt))]
fn generated_units_are_found_by_a_segment_of_a_pattern() {
    let stacks = Stacks::new("live/{env}/.terragrunt-stack/<unit>");
    let toml = stacks.project.read("environments.toml");
    stacks.project.write("environments.toml", &format!("{toml}name = \"{{unit}}\"\n"));
    stacks.env.run(["plan", "dev"]).exits(0).prints("vpc");
    assert_eq!(stacks.stack_names(&[]), ["vpc", "app"]);
    assert!(!stacks.project.path("live/prod/.terragrunt-stack").exists());
}

#[test(engines(terragrunt))]
fn a_unit_without_a_block_is_reported_and_not_planned() {
    let stacks = Stacks::new("live/{env}/**");
    stacks.env.run(["plan", "dev"]).exits(0);
    stacks.project.write("live/dev/terragrunt.stack.hcl", VPC);
    let reports = |run: Run| {
        run.tells(
            "`live/dev/terragrunt.stack.hcl` does not generate `live/dev/.terragrunt-stack/app` any more",
        )
        .tells("rm -r live/dev/.terragrunt-stack/app")
    };
    let run = reports(stacks.env.run(["plan", "dev"]).exits(0));
    assert!(!run.stdout.contains("-stack/app"), "{}", run.stdout);
    assert!(stacks.project.path("live/dev/.terragrunt-stack/app/terragrunt.hcl").exists());
    reports(stacks.env.run(["list", "dev"]).exits(0));
    reports(stacks.env.run(["check", "dev"]).exits(0));
    reports(stacks.env.run(["check", "dev", "--offline"]).exits(0));
    fs::remove_dir_all(stacks.project.path("live/dev/.terragrunt-stack/app")).unwrap();
    stacks.env.run(["plan", "dev"]).exits(0).hides("any more");
}

#[test(engines(terragrunt))]
fn units_out_of_date_are_reported_where_nothing_is_generated() {
    let stacks = Stacks::new("live/{env}/**");
    let outdated = |run: Run, units: &str| {
        run.tells(&format!("the units of `live/dev/terragrunt.stack.hcl` are out of date: {units}"))
            .tells("terragrunt stack generate --working-dir live/dev")
    };
    outdated(stacks.env.run(["list", "dev"]), "`vpc` and `app`");
    stacks.env.run(["plan", "dev"]).exits(0);
    let run = stacks.newest_run();
    stacks.env.run(["list", "dev"]).exits(0).hides("out of date");
    stacks.project.edit("live/dev/terragrunt.stack.hcl", "\"small\"", "\"large\"");
    outdated(stacks.env.run(["list", "dev"]).exits(0), "`vpc`");
    let read_only = stacks.env.clone().var("ENVCTL_READ_ONLY", "1");
    outdated(read_only.run(["plan", "dev"]).exits(0), "`vpc`").prints("small").hides("large");
    outdated(stacks.env.run(["apply", &run, "--yes"]).exits(0), "`vpc`");
    assert_eq!(stacks.deployed_value("vpc"), "small");
    let text = stacks.project.read("catalog/units/app/main.tf");
    stacks.project.write("catalog/units/app/main.tf", &format!("{text}# more\n"));
    outdated(stacks.env.run(["status", "dev"]).exits(0), "`vpc` and `app`");
    outdated(stacks.env.run(["check", "dev", "--offline"]).exits(0), "`vpc` and `app`");
}

#[test(engines(terragrunt))]
fn a_stored_plan_is_bound_to_the_content_of_the_generated_files() {
    let stacks = Stacks::new("live/{env}/**");
    stacks.env.run(["plan", "dev", ".terragrunt-stack/vpc"]).exits(0);
    let run = stacks.newest_run();
    // The same content, written anew.
    stacks.env.run(["check", "dev"]).exits(0);
    stacks.env.run(["apply", &run, "--yes"]).exits(0);
    stacks.project.edit("live/dev/terragrunt.stack.hcl", "\"small\"", "\"large\"");
    stacks.env.run(["plan", "dev", ".terragrunt-stack/vpc"]).exits(0);
    let run = stacks.newest_run();
    stacks.project.edit("live/dev/terragrunt.stack.hcl", "\"large\"", "\"huge\"");
    stacks.env.run(["check", "dev"]).exits(0);
    stacks
        .env
        .run(["apply", &run, "--yes"])
        .exits(3)
        .tells("`file live/dev/.terragrunt-stack/vpc/terragrunt.values.hcl`");
    assert_eq!(stacks.deployed_value("vpc"), "small");
}

#[test(engines(terragrunt))]
fn a_failed_generation_is_an_error_and_nothing_is_planned() {
    let stacks = Stacks::new("live/{env}/**");
    stacks.project.edit(
        "live/dev/terragrunt.stack.hcl",
        "../../catalog/units/app",
        "../../catalog/units/gone",
    );
    for args in [["plan", "dev"], ["check", "dev"], ["destroy", "dev"]] {
        stacks
            .env
            .run(args)
            .exits(4)
            .tells("cannot generate the units of `live/dev/terragrunt.stack.hcl`")
            .tells("failed to fetch unit app");
    }
    assert!(!stacks.project.path(".envctl/runs").exists());
}

#[test(engines(terragrunt))]
fn changes_of_the_stack_file_and_its_catalog_count() {
    let stacks = Stacks::new("live/{env}/**");
    stacks.env.run(["plan", "dev"]).exits(0);
    let changed = || stacks.stack_names(&["--changed=HEAD"]);
    assert!(changed().is_empty(), "generated files are no changes");
    stacks.env.run(["plan", "dev"]).exits(0);
    assert!(changed().is_empty(), "nor are those that were written anew");
    let with = |file: &str, expected: &[&str]| {
        let before = stacks.project.read(file);
        stacks.project.write(file, &format!("{before}# more\n"));
        assert_eq!(changed(), expected, "{file}");
        stacks.project.write(file, &before);
    };
    with("live/dev/terragrunt.stack.hcl", &NAMES);
    with("catalog/units/vpc/main.tf", &NAMES[..1]);
    with("catalog/units/app/terragrunt.hcl", &NAMES[1..]);
    with("live/prod/db/main.tf", &[]);
    with("live/root.hcl", &NAMES);
    stacks.project.write("catalog/units/unused/terragrunt.hcl", "");
    assert!(changed().is_empty());
    // Without a rule in .gitignore, and with an edited generated file.
    stacks.project.write(".gitignore", ".terragrunt-cache/\n.envctl/\n.terraform*\nbackend.tf\n");
    stacks.project.commit("Ignore less");
    stacks.project.write("live/dev/.terragrunt-stack/vpc/note.txt", "x");
    assert!(changed().is_empty());
}

#[test(engines(terragrunt))]
fn the_guard_clean_tree_looks_at_the_stack_file_and_the_catalog() {
    let stacks = Stacks::new("live/{env}/**");
    stacks.project.edit(
        "environments.toml",
        "[environments.dev]\n",
        "[environments.dev]\n[environments.dev.guards]\nclean_tree = true\n",
    );
    stacks.project.commit("Guard");
    stacks.env.run(["deploy", "dev", "--yes"]).exits(0);
    let main = stacks.project.read("catalog/units/vpc/main.tf");
    let other = main.replace("input = var.v", "input = upper(var.v)");
    stacks.project.write("catalog/units/vpc/main.tf", &other);
    stacks.env.run(["deploy", "dev", "--yes"]).exits(3).tells("catalog/units/vpc/main.tf");
    stacks.project.write("catalog/units/vpc/main.tf", &main);
    stacks.project.edit("live/dev/terragrunt.stack.hcl", "\"small\"", "\"large\"");
    stacks.env.run(["deploy", "dev", "--yes"]).exits(3).tells("live/dev/terragrunt.stack.hcl");
}

#[test(engines(terragrunt))]
fn nested_stacks_from_a_git_source_are_generated_and_ordered() {
    let stacks = Stacks::new("live/{env}/**");
    let inner =
        format!("{VPC}{APP}").replace("../../catalog/units/app", "${get_repo_root()}/catalog/units/app");
    stacks.project.write("catalog/stacks/net/terragrunt.stack.hcl", &inner);
    stacks.project.commit("Add a nested stack");
    let source = format!("git::file://{}//catalog/stacks/net?ref=main", stacks.project.root().display());
    let outer = format!("stack \"net\" {{\n  source = \"{source}\"\n  path = \"net\"\n}}\n");
    stacks.project.write("live/dev/terragrunt.stack.hcl", &outer);
    stacks.project.commit("Use it");
    stacks.env.run(["plan", "dev"]).exits(0);
    let unit = |name: &str| format!(".terragrunt-stack/net/.terragrunt-stack/{name}");
    assert_eq!(stacks.stack_names(&[]), ["vpc", "app"].map(unit));
    assert!(stacks.stack_names(&["--changed=HEAD"]).is_empty());
    stacks.project.edit("live/dev/terragrunt.stack.hcl", "path = \"net\"", "path = \"netz\"");
    stacks
        .env
        .run(["plan", "dev"])
        .exits(0)
        .tells("`live/dev/terragrunt.stack.hcl` does not generate `live/dev/.terragrunt-stack/net` any more");
    let unit = |name: &str| format!(".terragrunt-stack/netz/.terragrunt-stack/{name}");
    assert_eq!(stacks.stack_names(&[]), ["vpc", "app"].map(unit));
}

#[test(engines(terragrunt))]
fn variables_of_the_environment_reach_the_generation() {
    let stacks = Stacks::new("live/{env}/**");
    stacks.project.edit(
        "environments.toml",
        "[environments.dev]\n",
        "[environments.dev]\nenv.SIZE = \"of {env}\"\n",
    );
    stacks.project.edit("live/dev/terragrunt.stack.hcl", "\"small\"", "get_env(\"SIZE\", \"none\")");
    stacks.env.run(["deploy", "dev", ".terragrunt-stack/vpc", "--yes"]).exits(0);
    assert_eq!(stacks.deployed_value("vpc"), "of dev");
}

/// Makes a project whose Terragrunt is a script that records its calls and lists no units.
fn with_recorded_calls() -> (Shop, impl Fn(&Shop) -> Vec<String>) {
    let shop = Shop::with(
        "[project]\nname = \"shop\"\n\n[environments.staging]\n[environments.production]\n\n\
         [discover]\npaths = [\"live/{env}/**\", \"more/{env}/**\"]\n",
    );
    let program = shop.project.around().join("terragrunt");
    let log = shop.project.around().join("terragrunt.log");
    script(
        &program,
        &format!("#!/bin/sh\necho \"$PWD $1 $2\" >> {}\n[ \"$1\" = stack ] || echo '[]'\n", log.display()),
    );
    shop.env.link("terragrunt", &program);
    let calls = move |shop: &Shop| {
        let text = fs::read_to_string(&log).unwrap_or_default();
        let _ = fs::remove_file(&log);
        let root = format!("{}/", shop.project.root().canonicalize().unwrap().display());
        text.lines().filter(|line| line.contains(" stack ")).map(|line| line.replace(&root, "")).collect()
    };
    (shop, calls)
}

#[test]
fn units_are_generated_once_for_each_folder_and_run() {
    let (shop, calls) = with_recorded_calls();
    shop.project.write("live/staging/app/terragrunt.hcl", "");
    shop.run(["check", "staging"]);
    assert_eq!(calls(&shop), [""; 0], "no stack file lies under a pattern");

    for dir in
        ["live/staging", "live/staging/inner", "more/staging/a", "more/staging/b", "live/production", "other"]
    {
        shop.project.write(&format!("{dir}/terragrunt.stack.hcl"), "");
    }
    let expected =
        ["live/staging", "more/staging/a", "more/staging/b"].map(|dir| format!("{dir} stack generate"));
    for verb in ["plan", "deploy", "destroy", "check"] {
        shop.run([verb, "staging"]);
        assert_eq!(calls(&shop), expected, "{verb}");
    }
    for args in [
        &["list"][..],
        &["graph", "staging"],
        &["status"],
        &["output", "staging", "app"],
        &["check", "--offline"],
    ] {
        shop.env.run_args(args);
        assert_eq!(calls(&shop), [""; 0], "{args:?}");
    }
    let read_only = shop.env.clone().var("ENVCTL_READ_ONLY", "1");
    read_only.run(["plan", "staging"]);
    read_only.run(["check"]);
    assert_eq!(calls(&shop), [""; 0], "read-only");
}

#[test]
fn a_table_of_a_unit_that_another_environment_generates_is_no_error() {
    let (shop, calls) = with_recorded_calls();
    shop.project.write("live/staging/app/main.tf", "");
    shop.append("environments.toml", "\n[stacks.\".terragrunt-stack/db\"]\ntags = [\"data\"]\n");
    let missing = "no stack `.terragrunt-stack/db` is discovered";
    shop.run(["check", "staging"]).exits(4).tells(missing);
    shop.project.write("live/production/terragrunt.stack.hcl", "");
    shop.run(["check", "staging"]).hides(missing);
    assert_eq!(calls(&shop), [""; 0]);
    shop.run(["check", "production"]).exits(4);
}

#[test]
fn a_stack_file_that_never_ends_is_refused() {
    let (shop, calls) = with_recorded_calls();
    shop.project.write("live/staging/app/terragrunt.hcl", "");
    let file = shop.project.path("live/staging/terragrunt.stack.hcl");
    mknodat(CWD, &file, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    shop.run(["plan", "staging"])
        .exits(4)
        .tells("cannot generate the units of `live/staging/terragrunt.stack.hcl`");
    shop.run(["list", "staging"]);
    assert_eq!(calls(&shop), [""; 0]);
}

#[test(engines(terragrunt))]
fn units_beside_the_stack_file_are_generated_and_left_over_alike() {
    let stacks = Stacks::new("live/{env}/**");
    let beside = |unit: &str| unit.replace("  values", "  no_dot_terragrunt_stack = true\n  values");
    stacks.project.write("live/dev/terragrunt.stack.hcl", &format!("{}{}", beside(VPC), beside(APP)));
    stacks
        .project
        .write(".gitignore", "live/dev/vpc/\n.terragrunt-cache/\n.envctl/\n.terraform*\nbackend.tf\n");
    stacks.project.commit("Generate beside the stack file");
    stacks.env.run(["plan", "dev"]).exits(0);
    assert_eq!(stacks.stack_names(&[]), ["vpc", "app"]);
    assert!(stacks.stack_names(&["--changed=HEAD"]).is_empty());
    stacks.project.write("live/dev/terragrunt.stack.hcl", &beside(VPC));
    let report =
        "`live/dev/terragrunt.stack.hcl` does not generate `live/dev/app` any more: it is not planned";
    stacks.env.run(["plan", "dev"]).exits(0).tells(report);
    assert_eq!(stacks.stack_names(&["--changed=HEAD"]), ["vpc"]);
}

#[test]
fn a_stack_file_in_the_root_has_a_plain_path_in_messages() {
    let shop = Shop::with(
        "[project]\nname = \"shop\"\n[environments.staging]\n[discover]\npaths = [\".terragrunt-stack/*\"]\n",
    );
    shop.project.write("terragrunt.stack.hcl", "unit \"a\" {\n  source = \"./a\"\n  path = \"a\"\n}\n");
    shop.run(["list", "staging"])
        .tells("the units of `terragrunt.stack.hcl` are out of date: `a`")
        .tells("`terragrunt stack generate --working-dir .`");
    shop.run(["plan", "staging"]).exits(4).tells("cannot generate the units of `terragrunt.stack.hcl`");
}

#[test(engines(terragrunt))]
fn a_declared_stack_may_be_a_generated_unit() {
    let stacks = Stacks::new("live/prod/*");
    let toml = stacks.project.read("environments.toml");
    let declared = "\n[stacks.vpc]\npath = \"live/dev/.terragrunt-stack/vpc\"\nenvironments = [\"dev\"]\n";
    let toml = toml.replace("live/prod/*", "live/none/*");
    stacks.project.write("environments.toml", &format!("{toml}{declared}"));
    stacks.env.run(["deploy", "dev", "--yes"]).exits(0);
    assert_eq!(stacks.deployed_value("vpc"), "small");
    stacks.project.write("live/dev/terragrunt.stack.hcl", APP);
    stacks
        .env
        .run(["plan", "dev"])
        .exits(4)
        .tells("stack `vpc` is a unit that `live/dev/terragrunt.stack.hcl` does not generate any more");
}
