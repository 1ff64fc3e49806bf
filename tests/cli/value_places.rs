//! Errors about values: they show where the user wrote the value: a line of environments.toml, a flag, a line of a
//! var file.

use serde_json::json;

use crate::support::{Driven, Run, Shop, plain};

const ENVIRONMENTS: &str = "[project]\nname = \"p\"\n\n[environments.dev]\n";

/// Declaration of a number that must exceed 3.
const SIZE: &str = "variable \"size\" {
  type = number
  validation {
    condition     = var.size > 3
    error_message = \"It must be above 3.\"
  }
}
";

/// Makes a stack `app` that declares `size`, with more lines in its table of environments.toml.
fn project(engine: &Driven, toml: &str) -> Shop {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    shop.append("environments.toml", &format!("\n[stacks.app]\npath = \"app\"\n{toml}\n"));
    shop.project.write("app/main.tf", SIZE);
    shop
}

/// Plans as in a job of GitHub Actions.
fn plan(shop: Shop, more: &[&str]) -> Run {
    let shop = shop.with_env(|env| env.var("GITHUB_ACTIONS", "true"));
    let mut args = vec!["plan", "dev"];
    args.extend(more);
    let run = shop.env.run_args(&args).exits(4).hides("file=.envctl").hides(" at .envctl");
    hides_generated_files(&run);
    run
}

/// Asserts that only printed command lines name files that envctl generates.
#[track_caller]
fn hides_generated_files(run: &Run) {
    let lines = run.stdout.lines().chain(run.stderr.lines());
    let named: Vec<&str> =
        lines.filter(|line| line.contains("/inputs/") && !line.trim_start().starts_with("$ ")).collect();
    assert_eq!(named, [""; 0], "{run}");
}

#[test(engines(tofu, terraform))]
fn a_refused_value_is_placed_at_its_line_of_environments_toml(engine: &Driven) {
    for (toml, place, by) in [
        ("vars.size = 1", 8, "set by `vars` of [stacks.app]"),
        ("in.dev.vars = { size = 1 }", 8, "set by `vars` of [stacks.app.in.dev]"),
        ("vars = { size = \"none\" }", 8, "set by `vars` of [stacks.app]"),
        ("[templates.small]\nvars.size = 1\n", 9, "set by `vars` of [templates.small]"),
        ("[defaults]\nvars.size = 1\n", 9, "set by `vars` of [defaults]"),
    ] {
        let shop = project(engine, toml);
        let extends = toml.contains("templates");
        if extends {
            shop.project.edit(
                "environments.toml",
                "[environments.dev]",
                "[environments]\ndev = { extends = [\"small\"] }",
            );
        }

        let line = place + usize::from(extends);
        let run = plan(shop, &[]);

        run.tells(&format!("::error file=environments.toml,line={line},title=app::Invalid value for "))
            .tells(&format!(": `size` is {by}"))
            .tells(&format!("at environments.toml:{line}"));
    }
}

#[test(engines(tofu, terraform))]
fn a_refused_value_of_a_flag_or_the_environment_names_it_and_no_file(engine: &Driven) {
    for (flag, path, value) in [("--var", "size", "1"), ("--set", "vars.size", "none")] {
        let run = plan(project(engine, "vars.size = 9"), &[flag, &format!("{path}={value}")]);

        run.tells("::error title=app::Invalid value for ")
            .tells(&format!(": `size` is set by `{flag} {path}`"));
    }
    for value in ["1", "none"] {
        let shop = project(engine, "");
        let shop = shop.with_env(|env| env.var("TF_VAR_size", value));
        plan(shop, &[])
            .tells("::error title=app::Invalid value for ")
            .tells(": `size` is set by the environment variable `TF_VAR_size`");
    }
}

#[test(engines(tofu, terraform))]
fn a_refused_expression_of_a_flag_names_the_flag_and_no_file(engine: &Driven) {
    let kinds = ["", "  sensitive = true\n"];
    for (value, summary) in [
        ("{ a = \"x${1}\" }", "Invalid value for input variable"),
        ("[1 + 1]", "Invalid value for input variable"),
        ("\n\n[1][5]", "Invalid index"),
        ("{ a = 1 + \"x\" }", "Invalid operand"),
    ] {
        for kind in kinds {
            let shop = project(engine, "vars.size = 9");
            let variable = format!("variable \"ports\" {{\n  type = map(number)\n{kind}}}\n");
            shop.project.write("app/ports.tf", &variable);

            let run = plan(shop, &["--var", &format!("ports={value}")]);

            run.tells(&format!("::error title=app::{summary}: `ports` is set by `--var ports`"));
        }
    }
}

#[test(engines(tofu, terraform))]
fn a_refused_value_of_a_var_file_is_placed_at_its_line(engine: &Driven) {
    for (file, toml, value) in [
        ("dev.tfvars", "var_files = [\"{env}.tfvars\"]", "1"),
        ("dev.tfvars", "var_files = [\"{env}.tfvars\"]", "\"none\""),
        ("dev.auto.tfvars", "", "1"),
        ("terraform.tfvars", "", "\"none\""),
    ] {
        let shop = project(engine, toml);
        shop.project.write(&format!("app/{file}"), &format!("# how many\n\nsize = {value}\n"));

        plan(shop, &[])
            .tells(&format!("::error file=app/{file},line=3,title=app::Invalid value for "))
            .tells(&format!(": `size` is set in app/{file}"));
    }
}

#[test(engines(tofu, terraform))]
fn a_sensitive_or_ephemeral_value_of_the_wrong_type_has_its_place(engine: &Driven) {
    for kind in ["sensitive = true", "ephemeral = true", "sensitive = true\n  ephemeral = true"] {
        for (toml, file, text, flags, place, by) in [
            (
                "vars.size = \"none\"",
                "",
                "",
                &[] as &[&str],
                "file=environments.toml,line=8,",
                "`vars` of [stacks.app]",
            ),
            (
                "vars.size = { a = [\n1,\n2] }",
                "",
                "",
                &[],
                "file=environments.toml,line=8,",
                "`vars` of [stacks.app]",
            ),
            ("", "", "", &["--var", "size=none"], "", "`--var size`"),
            ("", "", "", &["--set", "vars.size=none"], "", "`--set vars.size`"),
            (
                "var_files = [\"a.tfvars\"]",
                "a.tfvars",
                "\nsize = \"none\"\n",
                &[],
                "file=app/a.tfvars,line=2,",
                "app/a.tfvars",
            ),
            (
                "var_files = [\"a.json\"]",
                "a.json",
                "{\n\n\"size\": \"none\"}\n",
                &[],
                "file=app/a.json,line=3,",
                "app/a.json",
            ),
            (
                "",
                "x.auto.tfvars",
                "size = [\n]\n",
                &[],
                "file=app/x.auto.tfvars,line=1,",
                "app/x.auto.tfvars",
            ),
        ] {
            let shop = project(engine, toml);
            shop.project.edit("app/main.tf", "type = number", &format!("{kind}\n  type = number"));
            if !file.is_empty() {
                shop.project.write(&format!("app/{file}"), text);
            }

            let run = plan(shop, flags);

            run.tells(&format!("::error {place}title=app::Invalid value for input variable: `size` is set "))
                .tells(by);
        }
    }
}

#[test(engines(tofu, terraform))]
fn a_refused_secret_names_its_table_and_never_its_value(engine: &Driven) {
    let shop = project(engine, "[environments.dev.secrets]\nsize = { env = \"SIZE\" }\n");
    shop.project.edit("app/main.tf", "type = number", "sensitive = true\n  type = number");
    let shop = shop.with_env(|env| env.var("SIZE", "hush-hush-1"));

    plan(shop, &[])
        .tells("::error file=environments.toml,line=9,title=app::Invalid value for ")
        .tells(": `size` is one of the `secrets` of [environments.dev]")
        .hides("hush-hush-1");
}

#[test(engines(tofu, terraform))]
fn a_refused_input_names_the_output_that_it_takes(engine: &Driven) {
    let shop = project(engine, "inputs = { size = \"base.size\" }\n\n[stacks.base]\npath = \"base\"");
    shop.project.write("base/main.tf", "output \"size\" {\n  value = 2\n}\n");
    shop.run(["deploy", "dev", "base", "--yes"]).exits(0);

    plan(shop, &[])
        .tells("::error file=environments.toml,line=8,title=app::Invalid value for ")
        .tells(": `size` takes `base.size` by `inputs` of [stacks.app]");
}

#[test(engines(tofu, terraform))]
fn an_error_about_a_default_or_a_called_module_stays_in_its_file(engine: &Driven) {
    let shop = project(engine, "vars.size = 9");
    shop.project.edit("app/main.tf", "type = number", "default = 5\n  type = number");
    shop.project.write("app/part/main.tf", SIZE);
    shop.append("app/main.tf", "module \"part\" {\n  source = \"./part\"\n  size   = 1\n}\n");

    let run = plan(shop, &[]);

    run.tells("::error file=app/main.tf,line=").tells("title=app::Invalid value for variable\n");
}

#[test]
fn a_variable_without_a_value_stops_a_plan_in_the_words_of_check() {
    let shop = Shop::of(&["network", "mail"]);
    let mut script = plain("network");
    script["variables"] = json!(["size"]);
    shop.script("network", &script);

    let checked = shop.run(["check", "staging", "--offline"]).exits(4);
    let planned = shop.run(["plan", "staging"]).exits(4);

    let words = "error[values::unset]: `size` has no default and no value for `staging/network`\n \
                 --> network/main.tf:1:1\n";
    checked.tells(words);
    planned.tells(words);
    shop.run(["deploy", "staging", "--yes"]).exits(4).tells(words);
    assert_eq!(shop.calls(), [""; 0], "no engine was started");
    shop.run(["plan", "staging", "mail"]).exits(0);
    shop.run(["plan", "staging", "--var", "size=3"]).exits(0);
}

#[test]
fn a_value_under_a_mistyped_name_is_named_where_the_variable_is_unset() {
    for (text, near) in [
        ("[defaults]\nvars = { siez = 2 }\n", "siez"),
        ("[defaults]\nsecrets.sise = { env = \"SIZE\" }\n", "sise"),
        ("[defaults]\nvar_files = [\"size.tfvars\"]\n", "sizes"),
    ] {
        let shop = Shop::of(&["network"]);
        let mut script = plain("network");
        script["variables"] = json!(["size"]);
        shop.script("network", &script);
        shop.project.write("network/size.tfvars", "sizes = 1\n");
        shop.append("environments.toml", text);
        let run = shop.env.clone().var("SIZE", "2").run(["check", "staging", "--offline"]).exits(4);
        run.tells(&format!("`{near}` is set, and no variable of the stack: is `size` meant?"));
    }
}

#[test]
fn a_flag_for_a_secret_is_refused_once_with_a_hint_that_helps() {
    let shop = Shop::of(&["network"]);
    shop.append("environments.toml", "[defaults]\nsecrets.token = { env = \"TOKEN\" }\n");
    for flag in ["--var", "--set"] {
        let given = if flag == "--var" { "token=x" } else { "vars.token=x" };
        let run = shop.run(["plan", "staging", flag, given]).exits(4);
        let run = run.tells("error[config::value]: `token` is a secret, and").tells("leave it out");
        assert_eq!(run.stderr.matches("config::value").count(), 1, "{run}");
        run.hides("unset =");
    }
    assert_eq!(shop.calls(), [""; 0]);
}

#[test]
fn a_value_that_may_come_from_elsewhere_stops_no_plan() {
    let mut shop = Shop::of(&["network"]);
    let mut script = plain("network");
    script["variables"] = json!(["size"]);
    shop.script("network", &script);

    shop.env = shop.env.var("TF_VAR_size", "");
    shop.run(["plan", "staging"]).exits(0);
    shop.env = shop.env.without("TF_VAR_size");
    let hook = "hooks.before_plan = [[\"sh\", \"-c\", \"echo 'size = 1' > network/made.auto.tfvars\"]]\n";
    shop.append("environments.toml", hook);
    assert_eq!(shop.run(["plan", "staging"]).hides("values::unset").hides("no value for").code(), 0);
}

#[test]
fn a_mistyped_set_names_the_flag_and_no_file() {
    let shop = Shop::of(&["network"]);
    let shop = shop.with_env(|env| env.var("GITHUB_ACTIONS", "true"));

    let run = shop.run(["plan", "staging", "--set", "jobs=1", "--set", "parallelims=2"]).exits(4);
    run.tells(
        "::error title=envctl::unknown key `parallelims` at the top level (given by `--set parallelims`)",
    )
    .tells(" --> --set parallelims:1:1\n")
    .tells("did you mean `parallelism`?");
    let document = shop.run(["plan", "staging", "--json", "--set", "parallelims=2"]).exits(4).json();
    assert_eq!(document["error"]["file"], json!(null), "{document}");
    assert_eq!(document["error"]["line"], json!(null), "{document}");
    let unused = "no selected stack declares the variable `sise`, which `--set vars.sise` sets";
    shop.run(["plan", "staging", "--set", "vars.sise=2"]).exits(64).tells(unused);
    assert_eq!(shop.calls(), [""; 0], "no engine was started");
}

#[test]
fn an_engine_that_no_file_tells_is_one_error_for_all_stacks() {
    let shop = Shop::of(&["a", "b", "c", "d"]);
    shop.run(["plan", "staging"]).exits(0);
    let run = shop.newest_run();
    let run = run.rsplit('/').next().unwrap();
    shop.env.link("terraform", std::path::Path::new(env!("CARGO_BIN_EXE_envctl-fake-engine")));

    let planned = shop.run(["plan", "staging"]).exits(4);

    let message = "`a`, `b`, `c` and 1 more stack could be run by `tofu` or `terraform`";
    planned
        .tells(message)
        .tells(&format!("run {run} of this checkout used `tofu`"))
        .tells("write `engine = \"tofu\"` or `engine = \"terraform\"` under `[project]`");
}
