//! Bad input: a clear error with its position, and no change: guarantee 11.

use serde_json::json;

use crate::{
    support::Env,
    support::{Shop, plain},
};

/// Asserts that no engine was started and no file was kept.
#[track_caller]
fn assert_nothing_ran(shop: &Shop) {
    assert_eq!(shop.folders("plan"), [""; 0]);
    assert_eq!(shop.folders("init"), [""; 0]);
}

#[test]
fn a_missing_var_file_is_4_before_any_engine_starts() {
    let shop = Shop::of(&["network"]);
    shop.append("environments.toml", "var_files = [\"{env}.tfvars\"]\n");

    shop.run(["plan", "staging"]).exits(4).tells("staging.tfvars").tells("network");

    assert_nothing_ran(&shop);
    shop.project.edit("environments.toml", "\"{env}.tfvars\"", "\"?{env}.tfvars\"");
    shop.run(["plan", "staging"]).exits(0);
}

#[test]
fn a_missing_secret_source_is_4_and_names_the_source() {
    for (source, message) in [
        (
            "{ env = \"TOKEN\" }",
            "secret `token` comes from the environment variable `TOKEN`, which is not set",
        ),
        ("{ file = \"nowhere\" }", "secret `token` comes from the file `nowhere`: No such file or directory"),
        ("{ command = [\"nowhere\", \"x\"] }", "secret `token` comes from the command `nowhere`: "),
        (
            "{ command = [\"sh\", \"-c\", \"echo vault is sealed >&2; exit 2\"] }",
            "secret `token` comes from the command `sh`, which failed (exit status 2)",
        ),
        (
            "{ command = [\"sh\", \"-c\", \"printf '\\\\r\\\\n'\"] }",
            "secret `token` comes from the command `sh`, which is empty",
        ),
        ("{ file = \"empty\" }", "secret `token` comes from the file `empty`, which is empty"),
    ] {
        let shop = Shop::of(&["network"]);
        let mut script = plain("network");
        script["variables"] = json!(["token"]);
        shop.script("network", &script);
        shop.append("environments.toml", &format!("secrets.token = {source}\n"));
        shop.project.write("empty", "\n");
        let line = shop.project.read("environments.toml").lines().count();

        let run = shop.run(["plan", "staging"]).exits(4).tells(&format!("stack `network`: {message}"));

        let run = run.tells(&format!("environments.toml:{line}:17")).tells(source);
        if source.contains("vault") {
            run.tells("help: it printed `vault is sealed`");
        }

        assert_nothing_ran(&shop);
    }
}

#[test]
fn an_empty_secret_that_is_allowed_reaches_the_engine() {
    let mut shop = Shop::of(&["network"]);
    let mut script = plain("network");
    script["variables"] = json!(["one", "two"]);
    shop.script("network", &script);
    let sources = "secrets.one = { env = \"ONE\", allow_empty = true }\n\
                   secrets.two = { file = \"two\", allow_empty = true }\n";
    shop.append("environments.toml", sources);
    shop.project.write("two", "\r\n");
    shop.run(["plan", "staging"]).exits(4).tells("`ONE`, which is not set");

    shop.env = shop.env.var("ONE", "");
    shop.run(["check", "staging", "--offline"]).exits(0).hides("comes from");
    shop.run(["plan", "staging"]).exits(0);

    let log = shop.log();
    let planned = log.iter().find(|line| line["argv"][1] == "plan").expect("the engine planned");
    assert_eq!((&planned["env"]["TF_VAR_one"], &planned["env"]["TF_VAR_two"]), (&json!(""), &json!("")));
}

#[test]
fn an_unknown_stack_is_64_with_a_suggestion() {
    let shop = Shop::of(&["network", "app: network"]);
    for args in [
        vec!["plan", "staging", "netwrok"],
        vec!["deploy", "staging", "netwrok", "--yes"],
        vec!["list", "staging", "netwrok"],
        vec!["plan", "staging", "--exclude", "netwrok"],
        vec!["exec", "staging", "netwrok", "--", "plan"],
        vec!["output", "staging", "netwrok"],
        vec!["shell", "staging", "netwrok"],
        vec!["config", "staging", "netwrok"],
    ] {
        shop.env.run_args(&args).exits(64).tells("`netwrok`").tells("hint: did you mean `network`?");
    }
    assert_nothing_ran(&shop);
}

#[test]
fn an_unknown_environment_is_64_with_a_suggestion() {
    let shop = Shop::of(&["network"]);
    for args in [
        vec!["plan", "stagign"],
        vec!["destroy", "stagign", "--yes"],
        vec!["check", "stagign"],
        vec!["list", "stagign"],
        vec!["status", "stagign"],
        vec!["output", "stagign"],
        vec!["config", "stagign"],
    ] {
        let run = shop.env.run_args(&args).exits(64);
        run.tells("error: there is no environment `stagign`; did you mean `staging`?");
    }
    shop.run(["plan", "qa"])
        .exits(64)
        .tells("there is no environment `qa`")
        .tells("staging")
        .tells("production");
}

#[test]
fn without_an_environment_they_are_listed() {
    let shop = Shop::of(&["network"]);
    shop.run(["plan"])
        .exits(64)
        .tells("error: no environment given. Choose one: staging, production")
        .tells("hint: for example `envctl plan staging`");
    shop.run(["output"]).exits(64).tells("hint: for example `envctl output staging`");
}

#[test]
fn an_alias_is_as_good_as_a_name() {
    let shop = Shop::of(&["network"]);
    let report = shop.run(["plan", "prod", "--json"]).exits(0).report();
    assert_eq!(report.stack("network")["workspace"], "production");
}

#[test]
fn without_environments_toml_it_is_4_and_init_is_named() {
    let shop = Shop::of(&["network"]);
    std::fs::remove_file(shop.project.path("environments.toml")).unwrap();
    let run = shop.run(["plan", "staging"]).exits(4);
    insta::assert_snapshot!(run.snapshot(), @r#"
exit code 4
--- stderr
error: there is no environments.toml in `[PROJECT]` or above
hint: `envctl init` writes a first one
"#);
    shop.run(["plan", "staging", "--config", "nowhere.toml"]).exits(4).tells("nowhere.toml");
}

#[test]
fn the_configuration_is_found_above_and_by_flag_and_by_variable() {
    let shop = Shop::of(&["network"]);
    let list = "network";
    shop.env.clone().in_folder("network").run(["list", "staging"]).exits(0).prints(list);
    let outside = |env: Env| env.in_folder("..");
    let file = shop.project.path("environments.toml").display().to_string();
    outside(shop.env.clone()).run(["list", "staging"]).exits(4);
    outside(shop.env.clone()).run(["list", "staging", "--config", &file]).exits(0).prints(list);
    outside(shop.env.clone()).var("ENVCTL_CONFIG", &file).run(["list", "staging"]).exits(0).prints(list);
}

#[test]
fn nothing_runs_before_the_whole_configuration_is_valid() {
    let shop = Shop::of(&["network", "app: network"]);
    // The error is in another environment than the selected one.
    shop.append("environments.toml", "\n[environments.qa]\nwrokspace = \"x\"\n");

    let run = shop.run(["plan", "staging", "network"]).exits(4);

    run.tells("wrokspace").tells("did you mean `workspace`?");
    assert_nothing_ran(&shop);
}

#[test]
fn two_instances_with_one_state_stop_every_environment() {
    let shop = Shop::of(&["network"]);
    // Neither environment is selected.
    shop.append("environments.toml", "\n[environments.qa]\n\n[environments.demo]\n");

    let run = shop.run(["plan", "staging"]).exits(4);

    run.tells("qa/network").tells("demo/network");
    assert_nothing_ran(&shop);
}

#[test]
fn a_cycle_is_4_with_its_whole_path() {
    let shop = Shop::of(&["network: app", "database: network", "app: database"]);
    let run = shop.run(["plan", "staging"]).exits(4);
    for name in ["network", "database", "app"] {
        assert!(run.stderr.contains(&format!("`{name}`")), "{run}");
    }
    assert_nothing_ran(&shop);
}
