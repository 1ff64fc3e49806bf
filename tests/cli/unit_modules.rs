//! Units whose module lies in another folder of the project.

use serde_json::{Value, json};

use crate::support::{Env, Project, Run, remote_state, unit_project};

const DB: &str = "variable \"size\" {\n  type    = number\n  default = 1\n}\n\
                  resource \"terraform_data\" \"db\" {\n  input = var.size\n}\noutput \"size\" {\n  value = terraform_data.db.input\n}\n";

/// Makes a unit `db` with this source; the module is a local one.
fn project(source: &str) -> (Project, Env) {
    let toml =
        "[project]\nname = \"shop\"\n\n[environments.dev]\n\n[discover]\npaths = [\"live/{env}/<unit>\"]\n";
    let (project, env) = unit_project(toml);
    project.write(
        "live/root.hcl",
        &remote_state("${get_repo_root()}/state/${path_relative_to_include()}.tfstate"),
    );
    let include = "include \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n}\n";
    project.write("live/dev/db/terragrunt.hcl", &format!("{include}terraform {{\n  source = {source}\n}}\n"));
    project.write("modules/db/main.tf", DB);
    project.write(".gitignore", "state/\n.terragrunt-cache/\n.envctl/\n.terraform.lock.hcl\n");
    project.commit("Begin");
    (project, env.with_system())
}

#[test(engines(terragrunt))]
fn var_reaches_the_local_module_of_a_unit() {
    let (project, env) = project("\"../../../modules/db\"");

    env.run(["deploy", "dev", "db", "--yes", "--var", "size=2"]).exits(0);
    assert!(project.read("state/dev/db.tfstate").contains("\"value\": 2"));
    env.run(["deploy", "dev", "db", "--yes", "--set", "vars.size=3"]).exits(0);
    assert!(project.read("state/dev/db.tfstate").contains("\"value\": 3"));

    let typo = env.run(["plan", "dev", "--var", "sise=2"]).exits(64);
    typo.tells(
        "no selected stack declares the variable `sise`, which `--var sise` sets; did you mean `size`?",
    );
}

#[test(engines(terragrunt))]
fn var_overrides_the_inputs_of_a_unit_at_plan_and_apply() {
    let (project, env) = project("\"../../../modules/db\"");
    let unit = "live/dev/db/terragrunt.hcl";
    project.write(unit, &format!("{}inputs = {{\n  size = 1\n}}\n", project.read(unit)));
    project.commit("Set the input");

    env.run(["deploy", "dev", "db", "--yes", "--var", "size=2"]).exits(0);

    assert!(project.read("state/dev/db.tfstate").contains("\"value\": 2"));
}

#[test(engines(terragrunt))]
fn var_is_never_refused_for_a_unit_whose_module_is_not_told() {
    let (_project, env) = project("get_env(\"NONE\", \"../../../modules/db\")");
    let run = env.run(["plan", "dev", "--var", "sise=2"]);
    run.exits(0).hides("no selected stack declares");
}

#[test(engines(terragrunt))]
fn var_is_read_by_the_declared_type_in_the_module_of_a_unit() {
    for (source, given, expected) in [
        ("\"../../../modules/db\"", "\"x${1}\"", "x1"),
        (
            "\"../../../modules/db\"",
            "[for x in [1] : x + 12345678901234567890123]",
            "[12345678901234567890124]",
        ),
        ("\"../../../modules/db\"", "\"quoted\"", "quoted"),
        // The declaration is unknown: a list or an object is an expression, other texts are texts.
        ("get_env(\"NONE\", \"../../../modules/db\")", "[for x in [1] : x + 1]", "[2]"),
        ("get_env(\"NONE\", \"../../../modules/db\")", "1 + 1", "1 + 1"),
    ] {
        let (project, env) = project(source);
        let declared = DB
            .replace("type    = number", "type    = any")
            .replace("terraform_data.db.input", "try(tostring(var.size), jsonencode(var.size))");
        project.write("modules/db/main.tf", &declared);
        project.commit("Declare any");

        env.run(["deploy", "dev", "db", "--yes", "--var", &format!("size={given}")]).exits(0);

        let state: Value = serde_json::from_str(&project.read("state/dev/db.tfstate")).unwrap();
        assert_eq!(state["outputs"]["size"]["value"], expected, "{given}");
    }
    let (project, env) = project("\"../../../modules/db\"");
    project.write("modules/db/main.tf", &DB.replace("type    = number", "type    = any"));
    env.run(["plan", "dev", "db", "--var", "size=max(1, 2)"]).exits(4).tells(
        "the value of `--var size` is no expression that an engine takes: it calls the function `max`",
    );
}

#[test(engines(terragrunt))]
fn a_refused_value_of_a_unit_is_placed_where_it_is_written() {
    let validation = "  validation {\n    condition     = var.size > 3\n    error_message = \"It must be above 3.\"\n  }\n";
    for (kind, value) in [("", "\"none\""), ("  sensitive = true\n", "\"none\""), (validation, "1")] {
        let (project, env) = project("\"../../../modules/db\"");
        let variable = format!("variable \"size\" {{\n  type = number\n{kind}}}\n");
        project.write("modules/db/main.tf", &variable);
        project.write(
            "environments.toml",
            &format!("{}\n[stacks.db]\nvars.size = {value}\n", project.read("environments.toml")),
        );
        let env = env.var("GITHUB_ACTIONS", "true");

        let run = env.run(["plan", "dev", "db"]).exits(4);

        run.tells("::error file=environments.toml,line=10,title=db::Invalid value for ")
            .tells(": `size` is set by `vars` of [stacks.db]");
        let run =
            env.run(["plan", "dev", "db", "--var", &format!("size={}", value.trim_matches('"'))]).exits(4);
        let run = run.tells("::error title=db::Invalid value for ").tells(": `size` is set by `--var size`");
        let lines = run.stdout.lines().chain(run.stderr.lines());
        let named: Vec<&str> =
            lines.filter(|line| line.contains("/inputs/") && !line.contains("-var-file=")).collect();
        assert_eq!(named, [""; 0], "{run}");
    }
}

/// Returns a failed plan as text, as annotations of GitHub Actions, and the error in its report.
fn failed_plan(env: &Env) -> (Run, Run, Value) {
    let text = env.run(["plan", "dev"]).exits(4);
    let annotated = env.clone().var("GITHUB_ACTIONS", "true").run(["plan", "dev"]).exits(4);
    let error = env.run(["plan", "dev", "--json"]).exits(4).report().stack("db")["error"].clone();
    (text, annotated, error)
}

#[test(engines(terragrunt))]
fn errors_of_a_unit_name_the_file_in_its_local_source() {
    let sources =
        ["\"../../../modules/db\"", "\"../../../modules//db\"", "\"${get_repo_root()}/modules//db\""];
    for source in sources {
        let (project, env) = project(source);
        project.write("modules/db/main.tf", &format!("{DB}variable \"password\" {{}}\n"));
        let (text, annotated, error) = failed_plan(&env);
        text.tells("at modules/db/main.tf:11");
        annotated.tells("::error file=modules/db/main.tf,line=11,title=db::No value for required variable");
        assert_eq!((&error["file"], &error["line"]), (&json!("modules/db/main.tf"), &json!(11)), "{source}");

        // A file that Terragrunt copies from the unit over its source, and a file of another module in the source's folder.
        project.write("modules/db/main.tf", DB);
        project.write("live/dev/db/more.tf", "\noutput \"more\" {\n  value = local.none\n}\n");
        failed_plan(&env).1.tells("::error file=live/dev/db/more.tf,line=3,title=db::");
        if source.contains("//") {
            project.write("live/dev/db/more.tf", "module \"net\" {\n  source = \"../net\"\n}\n");
            project.write("modules/net/main.tf", "\noutput \"x\" {\n  value = local.none\n}\n");
            failed_plan(&env).1.tells("::error file=modules/net/main.tf,line=3,title=db::");
        }
    }
}

#[test(engines(terragrunt))]
fn errors_of_a_unit_with_a_fetched_source_name_no_file_of_the_project() {
    let repository = Project::without_files();
    repository.git(["init", "--quiet", "--initial-branch=main"]);
    repository.write("db/main.tf", &format!("{DB}variable \"password\" {{}}\n"));
    repository.commit("Begin");
    let source = format!("\"git::file://{}//db\"", repository.root().display());
    let (project, env) = project(&source);
    let (text, annotated, error) = failed_plan(&env);
    text.tells("at main.tf:11 of the unit's module, copied to `live/dev/db/.terragrunt-cache/")
        .hides("modules/db");
    annotated.tells("::error title=db::No value for required variable");
    assert_eq!((&error["file"], &error["line"]), (&json!(null), &json!(null)));

    let generated = "generate \"more\" {\n  path = \"generated.tf\"\n  if_exists = \"overwrite\"\n  contents = \"output \\\"o\\\" {\\n  value = local.gone\\n}\\n\"\n}\n";
    let unit = project.read("live/dev/db/terragrunt.hcl");
    project
        .write("live/dev/db/terragrunt.hcl", &format!("{unit}{generated}inputs = {{\n  password = 1\n}}\n"));
    let (text, annotated, _) = failed_plan(&env);
    text.tells("at generated.tf:3 of the unit's module, copied to `live/dev/db/.terragrunt-cache/");
    annotated.tells("::error title=db::Reference to undeclared local value");
}

#[test(engines(terragrunt))]
fn an_address_that_no_local_module_of_a_unit_has_is_wrong_usage() {
    let (project, env) = project("\"../../../modules/db\"");
    for flag in ["--target", "--replace"] {
        let told = format!(
            "no selected stack has `terraform_data.dbb`, which `{flag}` names; did you mean `terraform_data.db`?"
        );
        env.run(["plan", "dev", flag, "terraform_data.dbb"]).exits(64).tells(&told);
        env.run(["deploy", "dev", "--yes", flag, "terraform_data.dbb"]).exits(64).tells(&told);
    }
    env.run(["deploy", "dev", "--yes", "--target", "terraform_data.db"]).exits(0);
    // What only the state has is known from the state that this checkout has seen.
    project.edit("modules/db/main.tf", "\"terraform_data\" \"db\"", "\"terraform_data\" \"db2\"");
    project.edit("modules/db/main.tf", "terraform_data.db.", "terraform_data.db2.");
    env.run(["plan", "dev", "--target", "terraform_data.db"]).exits(0).prints("delete");
    env.run(["plan", "dev", "--target", "terraform_data.db3"]).exits(64);

    // A module, and a state, that only Terragrunt can tell may have anything.
    project.write("live/root.hcl", "remote_state {\n  backend = get_env(\"B\", \"local\")\n  generate = { path = \"b.tf\", if_exists = \"overwrite\" }\n  config = { path = \"${get_repo_root()}/state/other.tfstate\" }\n}\n");
    project.write("live/dev/second/terragrunt.hcl", &project.read("live/dev/db/terragrunt.hcl"));
    let run = env.run(["plan", "dev", "second", "--target", "terraform_data.other"]);
    assert_eq!(run.hides("no selected stack has").code(), 0);
}

#[test(engines(terragrunt))]
fn a_sensitive_value_of_a_unit_is_masked_in_hints_reports_and_journals() {
    const SECRET: &str = "unit-secret-773";
    let (project, env) = project("\"../../../modules/db\"");
    for attribute in ["sensitive", "ephemeral"] {
        project.write(
            "modules/db/main.tf",
            &format!("{DB}variable \"token\" {{\n  {attribute} = true\n  default   = \"\"\n}}\n"),
        );
        for flag in ["--var token=", "--set vars.token="] {
            let (flag, name) = flag.split_once(' ').unwrap();
            let given = format!("{name}{SECRET}");

            let run = env.run(["deploy", "dev", flag, &given, "--report", "../report.json"]).exits(3);

            run.tells("envctl deploy dev").hides(SECRET);
            let report = std::fs::read_to_string(project.around().join("report.json")).unwrap();
            assert!(report.contains("\"next\"") && !report.contains(SECRET), "{report}");
            let runs = project.path(".envctl/runs");
            for run in std::fs::read_dir(runs).unwrap().map(Result::unwrap) {
                let journal = std::fs::read_to_string(run.path().join("journal.jsonl")).unwrap();
                assert!(!journal.contains(SECRET), "{journal}");
            }
        }
    }
}
