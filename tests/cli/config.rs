//! `config`, `check` and `doctor`: resolved settings, and programs of the machine.

use std::fs;

use serde_json::json;

use crate::{
    support::Env,
    support::{Shop, plain, script},
};

/// Makes a project with values from every layer, and a secret of every kind.
fn layered() -> Shop {
    let shop = Shop::with(
        "[project]
name = \"shop\"

[defaults]
vars = { size = 1, region = \"eu\" }

[templates.live]
vars = { size = 2 }

[environments.staging]
extends = [\"live\"]
prefix = \"stag\"
vars = { color = \"blue\" }
env.TOKEN = { command = [\"op\", \"read\", \"secret-reference\"] }
env.AWS_PROFILE = \"staging\"

[environments.staging.secrets]
db_password = { env = \"DB_PASSWORD\" }
api_key = { file = \"secrets/api-key\" }
",
    );
    let mut script = plain("app");
    script["variables"] = json!(["size", "region", "color", "db_password", "api_key", "count"]);
    shop.stack("app", &[], &script);
    shop.append(
        "environments.toml",
        "vars = { count = 3 }\n\n[stacks.app.in.staging]\nvars = { size = 4 }\n",
    );
    shop.project.write("secrets/api-key", "sentinel-of-the-file\n");
    shop
}

fn with_secrets(shop: &Shop) -> Env {
    let op = shop.marker("bin/op");
    script(&op, "#!/bin/sh\necho sentinel-of-the-command\n");
    shop.env.clone().var("DB_PASSWORD", "sentinel-of-the-variable")
}

#[test]
fn origins_say_where_each_value_comes_from_and_never_what_a_secret_is() {
    let shop = layered();
    let run = with_secrets(&shop).run(["config", "staging", "--origins"]).exits(0);
    insta::assert_snapshot!(run.snapshot(), @r#"
exit code 0
--- stdout
# project shop (environments.toml)

[environments.staging]

[stacks.app.in.staging]  # app (tofu)
prefix = "stag"
var_files = []
lock_timeout = "[SECONDS]"
vars.size = 4  # [stacks.app.in.staging], line 27
vars.region = "eu"  # [defaults], line 5
vars.color = "blue"  # [environments.staging], line 13
vars.count = 3  # [stacks.app], line 24
env.TOKEN = "(from the command op)"  # [environments.staging], line 14
env.AWS_PROFILE = "staging"  # [environments.staging], line 15
secrets.db_password = "(from the variable DB_PASSWORD)"  # [environments.staging], line 18
secrets.api_key = "(from the file secrets/api-key)"  # [environments.staging], line 19
"#);
    let read: toml::Table = toml::from_str(&run.stdout).expect("TOML");
    assert_eq!(read["stacks"]["app"]["in"]["staging"]["vars"]["size"].as_integer(), Some(4));
    for args in [["config", "--origins", "--json"], ["config", "staging", "--json"]] {
        with_secrets(&shop).run(args).exits(0).hides("sentinel-of");
    }
}

#[test]
fn a_flag_and_a_variable_lie_over_the_file_and_are_named_as_origins() {
    let shop = layered();
    let env = with_secrets(&shop);
    let set = env.run(["config", "staging", "--origins", "--set", "vars.color=\"red\""]);
    set.exits(0).prints("vars.color = \"red\"").prints("the flag --set");
    env.run(["config", "staging", "--set", "wrong=1"]).exits(4).tells("wrong");
    env.run(["config", "staging", "--set", "nonsense"]).exits(64).tells("it is written NAME=VALUE");
}

#[test]
fn the_values_arrive_in_one_private_file_and_secrets_in_the_environment() {
    let shop = layered();
    with_secrets(&shop).run(["plan", "staging", "--var", "region=us"]).exits(0);

    let log = shop.log();
    let plan = log.iter().find(|line| line["argv"][1] == "plan").unwrap();
    assert_eq!(plan["env"]["TF_VAR_db_password"], "sentinel-of-the-variable");
    assert_eq!(plan["env"]["TF_VAR_api_key"], "sentinel-of-the-file");
    let argv = plan["argv"].to_string();
    assert!(!argv.contains("sentinel-of") && !argv.contains("\"-var="), "{argv}");
    let values = shop.project.read(&format!("{}/inputs/app.tfvars.json", shop.newest_run()));
    let values: serde_json::Value = serde_json::from_str(&values).unwrap();
    assert_eq!(values, json!({ "size": 4, "region": "us", "color": "blue", "count": 3 }));
}

#[test]
fn check_is_a_checklist_and_4_when_something_is_wrong() {
    let shop = Shop::of(&["network", "app: network"]);
    let run = shop.run(["check"]).exits(0);
    insta::assert_snapshot!(run.snapshot(), @r#"
exit code 0
--- stdout
✔ config: read 4 instances
✔ isolation: every instance has a state of its own

✔ config staging: 2 stacks, nothing wrong
✔ backend staging: 2 stacks, each with a backend that can be used
✔ lockfiles staging: lockfiles match the engines
✔ secrets staging: no secret is set twice
✔ versions staging: tofu 1.12.6

✔ config production: 2 stacks, nothing wrong
✔ backend production: 2 stacks, each with a backend that can be used
✔ lockfiles production: lockfiles match the engines
✔ secrets production: no secret is set twice
✔ versions production: tofu 1.12.6
"#);

    shop.append("environments.toml", "var_files = [\"{env}.tfvars\"]\n");
    let run = shop.run(["check", "staging", "--offline"]).exits(4);
    insta::assert_snapshot!(run.snapshot(), @r#"
exit code 4
--- stdout
✔ config: read 4 instances
✔ isolation: every instance has a state of its own

✘ config staging: 1 problem
✔ backend staging: 2 stacks, each with a backend that can be used
✔ lockfiles staging: lockfiles match the engines
✔ secrets staging: no secret is set twice
--- stderr
error[values::missing-var-file]: the var file of `staging/app` does not exist: `app/staging.tfvars`
  --> environments.toml:22:13
   |
22 | var_files = ["{env}.tfvars"]
   |             ^^^^^^^^^^^^^^^^ asked for here
   = help: seen from the stack's folder it is `staging.tfvars`: paths start there, or beside environments.toml as `{root}/…`
   = help: a var file that may be absent is written as `"?path"`
"#);
}

#[test]
fn check_offline_starts_nothing_and_needs_no_engine() {
    let shop = Shop::of(&["network"]);
    shop.project.edit("environments.toml", "name = \"shop\"", "name = \"shop\"\nengine = \"tofu\"");
    fs::remove_file(shop.marker("bin/tofu")).unwrap();
    shop.run(["check", "--offline"]).exits(0);
    shop.run(["check"]).exits(4).prints("✘ versions");
}

#[test]
fn doctor_says_what_is_there_and_what_is_not() {
    let shop = Shop::of(&["network"]);
    let run = shop.run(["doctor"]).exits(0);
    insta::assert_snapshot!(run.snapshot(), @r#"
exit code 0
--- stdout
✔ git: [VERSION], on `main`
✔ config: environments.toml
✔ runs: [PROJECT]/.envctl/runs
✔ tofu: 1.12.6 ([AROUND]/bin/tofu)
– terraform: not found, and no stack needs it
– terragrunt: not found, and no stack needs it
– plugin cache: none: every stack folder installs its providers anew (`plugin_cache` under [tofu] or [terraform])
"#);
}
