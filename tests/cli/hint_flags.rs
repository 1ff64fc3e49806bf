//! Commands in hints repeat the flags of the command line that the printed verb takes, with secrets hidden.

use serde_json::json;

use crate::support::{ENVIRONMENTS, Run, Shop, error};

/// Flags that every verb takes; one holds a secret.
const GLOBAL: [&str; 6] =
    ["--config", "environments.toml", "--set", "parallelism=3", "--set", "env.TOKEN=s3cret"];

/// Flags of a verb that plans; one holds a secret.
const VARS: [&str; 4] = ["--var", "size=3", "--var", "token=s3cret"];

/// Values of [`GLOBAL`] as commands to type repeat them.
const SETS: &str = "--set parallelism=3 --set 'env.TOKEN=…'";

/// Values of [`VARS`] and [`GLOBAL`] as commands to type repeat them.
const VALUES: &str = "--var size=3 --var 'token=…' --set parallelism=3 --set 'env.TOKEN=…'";

/// Name of the program with the `--config` of [`GLOBAL`].
const ENVCTL: &str = "envctl --config environments.toml";

/// Declares the variables of [`VARS`] in a stack.
#[track_caller]
fn declare(shop: &Shop, stack: &str) {
    let size = "variable \"size\" {\n  default = 1\n}\n";
    let token = "variable \"token\" {\n  default = \"\"\n  sensitive = true\n}\n";
    shop.append(&format!("{stack}/main.tf"), &format!("{size}{token}"));
}

/// Makes a shop with one stack that declares the variables of [`VARS`].
#[track_caller]
fn declaring(environments: &str) -> Shop {
    let shop = Shop::with(environments).with_stacks(&["network"]);
    declare(&shop, "network");
    shop.committed()
}

/// Runs a verb with [`GLOBAL`] and more flags; no secret is in its output.
#[track_caller]
fn run_with(shop: &Shop, args: &[&str], flags: &[&str]) -> Run {
    shop.env.run_args(&[args, flags, &GLOBAL].concat()).hides("s3cret")
}

/// Runs a verb with `--config` alone.
#[track_caller]
fn run_configured(shop: &Shop, args: &[&str]) -> Run {
    shop.env.run_args(&[args, &GLOBAL[..2]].concat())
}

#[test]
fn suggested_runs_repeat_the_values_of_the_command_line() {
    let shop = declaring(ENVIRONMENTS).deployed();
    for (args, exit, told) in [
        (&["deploy", "production"][..], 3, format!("`{ENVCTL} deploy production {VALUES} --confirm=")),
        (&["destroy", "staging"], 3, format!("`{ENVCTL} destroy staging {VALUES} --yes`")),
        (&["deploy", "production", "--reuse"], 3, format!("`{ENVCTL} plan production {VALUES} --reuse`")),
        (&["plan", "staging", "netwrok"], 64, "did you mean `network`?".to_owned()),
        (&["plan", "staging", "x-*"], 64, format!("`{ENVCTL} list` shows the stacks")),
    ] {
        run_with(&shop, args, &VARS).exits(exit).tells(&told);
    }
    let read_only = shop.env.var("ENVCTL_READ_ONLY", "1");
    let run = read_only.run_args(&[&["deploy", "staging"][..], &VARS, &GLOBAL].concat()).exits(3);
    let hidden = "--var 'size=…' --var 'token=…' --set parallelism=3 --set 'env.TOKEN=…'";
    run.tells(&format!("`{ENVCTL} plan ENV {hidden}` shows what would change")).hides("s3cret");
}

#[test]
fn the_run_that_comes_first_gets_the_values_that_its_stacks_declare() {
    let shop = Shop::new();
    shop.stack("network", &[], &json!({ "resources": {}, "outputs": { "place": "here" } }));
    shop.append("network/main.tf", "variable \"size\" {\n  default = 1\n}\n");
    let app = json!({ "resources": { "terraform_data.app": "in ${var.place}" }, "variables": ["place"] });
    let shop = shop.with_stack("app", &[], &app).with_inputs("place = \"network.place\"");
    shop.append("environments.toml", "mocks.network = { place = \"nowhere-yet\" }\n");
    declare(&shop, "app");
    let shop = shop.committed();

    let first = format!("`{ENVCTL} deploy staging network --var size=3 {SETS}`");
    run_with(&shop, &["plan", "staging", "app"], &VARS).exits(0).prints(&format!("next: {first}"));
    run_with(&shop, &["deploy", "staging", "app", "--yes"], &VARS)
        .exits(3)
        .tells(&format!("hint: {first} comes first"));

    shop.append("network/main.tf", "variable \"token\" {\n  default = \"\"\n}\n");
    let first = format!("next: `{ENVCTL} deploy staging network {VALUES}`");
    run_with(&shop, &["plan", "staging", "app"], &VARS).exits(0).prints(&first);
}

#[test]
fn the_hints_of_exec_repeat_the_flags_that_the_other_verbs_take() {
    let guards = "[environments.production.guards]\nprotect = [\"*\"]\n";
    let shop = declaring(&format!("{ENVIRONMENTS}\n{guards}"));
    shop.run(["plan", "staging"]).exits(0);
    let run = shop.newest_run();
    let plan = format!("{run}/plans/network.tfplan");
    let plan = shop.project.path(&plan);
    let plan = plan.to_str().unwrap();
    let set = ["--set", "vars.size=3"];
    let exec = |environment: &str, typed: &[&str]| {
        let verb = ["exec", environment, "network", "--confirm"];
        let run = shop.env.run_args(&[&verb[..], &GLOBAL, &set, &["--"], typed].concat()).exits(3);
        run.hides("s3cret")
    };
    let values = format!("{SETS} --set vars.size=3");
    exec("production", &["apply"]).tells(&format!(
        "`{ENVCTL} deploy production {values}` and `{ENVCTL} destroy production {values}` make a plan"
    ));
    std::fs::copy(plan, shop.project.path("network/copied")).unwrap();
    exec("production", &["apply", "copied"])
        .tells(&format!("`{ENVCTL} plan production {values}` and `{ENVCTL} apply RUN`"));
    let id = run.rsplit('/').next().unwrap();
    exec("staging", &["apply", plan]).tells(&format!("hint: `{ENVCTL} apply {id}`"));
}

#[test]
fn the_plan_that_makes_a_workspace_repeats_the_flags_of_any_verb() {
    let shop = declaring("[project]\nname = \"shop\"\n\n[environments.staging]\nworkspace = \"staging\"\n");
    let told = format!("`{ENVCTL} plan staging --create-workspace {SETS}` makes it");
    run_with(&shop, &["output", "staging"], &[]).exits(3).tells(&told);
    let exec = ["exec", "staging", "network"];
    let run = shop.env.run_args(&[&exec[..], &GLOBAL, &["--", "state", "list"]].concat()).exits(3);
    run.tells(&told).hides("s3cret");
    let told = format!("`{ENVCTL} plan staging {VALUES} --create-workspace` makes it");
    run_with(&shop, &["plan", "staging"], &VARS).exits(3).tells(&told);
}

#[test]
fn a_run_that_cannot_be_continued_comes_with_its_whole_command() {
    let shop = declaring(ENVIRONMENTS).deployed();
    run_with(&shop, &["destroy", "staging", "network"], &VARS).exits(3);
    let again = format!("destroy again: `{ENVCTL} destroy staging network {VALUES}`");
    run_configured(&shop, &["runs", "resume", "last"]).exits(3).tells(&again).hides("s3cret");

    shop.behave(
        "network",
        &json!({ "apply": { "error": error("it broke", "")["error"], "error_times": 1 } }),
    );
    declare(&shop, "network");
    shop.project.write(".gitignore", "terraform.tfstate*\n*.marker\n.fake-engine-failures\n");
    let failed = run_with(&shop, &["deploy", "production", "--confirm"], &VARS).exits(1);
    let run = shop.newest_run();
    let run = run.rsplit('/').next().unwrap();
    let resume = format!("`{ENVCTL} runs resume {run}`");
    failed.tells(&format!("hint: {resume} goes on with what is left"));
    for args in [&["runs", "list"][..], &["status"]] {
        run_with(&shop, args, &[]).exits(0).tells(&format!("Continue: {resume}"));
    }
    run_with(&shop, &["runs", "gc", "--keep", "0"], &[]).exits(0).tells(&format!("hint: Continue: {resume}"));

    shop.run(["deploy", "production", "--confirm"]).exits(0);
    let again = format!("deploy again: `{ENVCTL} deploy production {VALUES}`");
    run_configured(&shop, &["runs", "resume", run]).exits(3).tells(&again).hides("s3cret");
    run_configured(&shop, &["apply", run])
        .exits(3)
        .tells(&format!("plan again: `{ENVCTL} plan production"))
        .hides("s3cret");
}

#[test]
fn commands_about_stored_runs_have_the_config_flag_alone() {
    let shop = declaring(ENVIRONMENTS);
    run_configured(&shop, &["apply", "last"]).exits(3).tells(&format!("`{ENVCTL} plan ENV` makes some"));
    let shop = shop.deployed();
    run_with(&shop, &["runs", "show", "7ZZ"], &[])
        .exits(64)
        .tells(&format!("`{ENVCTL} runs list` shows the runs"));
    let plan = run_with(&shop, &["plan", "staging", "--json"], &[]).exits(0).json();
    let run = plan["run"].as_str().unwrap();
    run_configured(&shop, &["apply", run]).exits(3).tells(&format!("plan again: `{ENVCTL} plan staging`"));
    shop.run(["plan", "staging"]).exits(0);
    let run = shop.newest_run();
    let told = format!("`{ENVCTL} runs show {}` shows what it found", run.rsplit('/').next().unwrap());
    run_configured(&shop, &["apply", "last"]).exits(3).tells(&told);
}

#[test]
fn the_command_of_a_stack_that_is_gone_has_no_value_it_may_not_declare() {
    let shop = Shop::of(&["network", "mail"]).deployed();
    declare(&shop, "network");
    shop.project.commit("Declare variables");
    let text = shop.project.read("environments.toml");
    let at = text.find("\n[stacks.mail]").unwrap();
    shop.project.write("environments.toml", &text[..at]);
    let told = format!("`{ENVCTL} destroy staging mail {SETS}` shows what it made");
    run_with(&shop, &["plan", "staging"], &VARS).exits(0).tells(&told);
    run_with(&shop, &["plan", "staging", "--changed=HEAD"], &VARS).exits(0).tells(&told);
    run_with(&shop, &["check", "staging", "--offline"], &[]).exits(0).tells(&told);
}

#[test]
fn a_variable_with_an_invalid_name_is_a_usage_error() {
    let shop = Shop::of(&["network"]);
    for name in ["1x", "a.b", "a b", "-"] {
        let flag = format!("--var={name}=s3cret");
        let run = shop.run(["plan", "staging", &flag, "--json"]).exits(64).hides("s3cret");
        let run = run.tells(&format!("`--var {name}` names no HCL variable"));
        assert_eq!(run.json()["exit_code"], 64, "{run}");
    }
    shop.run(["plan", "staging", "--var", "nope=1"]).exits(64);
    shop.run(["plan", "staging", "--set", "vars.nope=1"]).exits(64);
    shop.run(["plan", "staging", "--set", "parallelism=many"]).exits(4);
}
