//! Units whose module lies in another folder of the project.

use crate::support::{Env, Project, remote_state, unit_project};

const DB: &str = "variable \"size\" {\n  type    = number\n  default = 1\n}\n\
                  resource \"terraform_data\" \"db\" {\n  input = var.size\n}\noutput \"size\" {\n  value = terraform_data.db.input\n}\n";

/// Makes a unit `db` with this source; the module is a local one.
fn project(source: &str) -> Option<(Project, Env)> {
    let toml =
        "[project]\nname = \"shop\"\n\n[environments.dev]\n\n[discover]\npaths = [\"live/{env}/<unit>\"]\n";
    let (project, env) = unit_project(toml)?;
    project.write(
        "live/root.hcl",
        &remote_state("${get_repo_root()}/state/${path_relative_to_include()}.tfstate"),
    );
    let include = "include \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n}\n";
    project.write("live/dev/db/terragrunt.hcl", &format!("{include}terraform {{\n  source = {source}\n}}\n"));
    project.write("modules/db/main.tf", DB);
    project.write(".gitignore", "state/\n.terragrunt-cache/\n.envctl/\n.terraform.lock.hcl\n");
    project.commit("Begin");
    Some((project, env.with_system()))
}

#[test]
fn var_reaches_the_local_module_of_a_unit() {
    let Some((project, env)) = project("\"../../../modules/db\"") else { return };

    env.run(["deploy", "dev", "db", "--yes", "--var", "size=2"]).exits(0);
    assert!(project.read("state/dev/db.tfstate").contains("\"value\": 2"));
    env.run(["deploy", "dev", "db", "--yes", "--set", "vars.size=3"]).exits(0);
    assert!(project.read("state/dev/db.tfstate").contains("\"value\": 3"));

    let typo = env.run(["plan", "dev", "--var", "sise=2"]).exits(64);
    typo.tells(
        "no selected stack declares the variable `sise`, which `--var sise` sets; did you mean `size`?",
    );
}

#[test]
fn var_is_never_refused_for_a_unit_whose_module_is_not_told() {
    let Some((_project, env)) = project("get_env(\"NONE\", \"../../../modules/db\")") else { return };
    let run = env.run(["plan", "dev", "--var", "sise=2"]);
    run.exits(0).hides("no selected stack declares");
}

#[test]
fn a_refused_value_of_a_unit_is_placed_where_it_is_written() {
    let validation = "  validation {\n    condition     = var.size > 3\n    error_message = \"It must be above 3.\"\n  }\n";
    for (kind, value) in [("", "\"none\""), ("  sensitive = true\n", "\"none\""), (validation, "1")] {
        let Some((project, env)) = project("\"../../../modules/db\"") else { return };
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
