//! Variables of the user's shell do not change an engine's behaviour: guarantee 3.

use std::{fs, path::Path};

use crate::{
    support::Shop,
    support::{Env, Project, State, programs},
};

#[test]
fn tf_workspace_staging_plans_production() {
    let shop = Shop::of(&["network"]).deployed();
    let env = shop.env.clone().var("TF_WORKSPACE", "staging");

    let report = env.run(["plan", "production", "--json"]).exits(0).report();

    assert_eq!(report.stack("network")["workspace"], "production");
    assert_eq!(report.total("create"), 1, "staging has it, production does not");
    let plans: Vec<_> = shop.log().into_iter().filter(|line| line["argv"][1] == "plan").collect();
    assert_eq!(plans.len(), 1);
    assert_eq!(plans[0]["workspace"], "production");
    assert!(plans[0]["data_dir"].as_str().unwrap().ends_with("/production/network"), "{}", plans[0]);
}

#[test(engines(tofu))]
fn tf_workspace_staging_deploys_production_on_a_real_engine() {
    let [tofu] = programs(["tofu"]);
    let project = Project::without_files();
    project.write(
        "environments.toml",
        "[project]\nname = \"p\"\n[defaults]\ncreate_workspace = \"always\"\n[environments.staging]\nworkspace = \
         \"staging\"\n[environments.production]\nworkspace = \"production\"\n[stacks.app]\npath = \"app\"\n",
    );
    project.write("app/main.tf", "resource \"terraform_data\" \"a\" {\n  input = terraform.workspace\n}\n");
    let env = Env::new(&project).with(&tofu).var("TF_WORKSPACE", "staging");

    env.run(["deploy", "production", "--yes"]).exits(0);

    let state = project.read("app/terraform.tfstate.d/production/terraform.tfstate");
    assert_eq!(State::parse(&state).input("terraform_data.a"), "production");
    assert!(!project.path("app/terraform.tfstate.d/staging").exists());
}

#[test(engines(tofu))]
fn a_settings_file_that_is_missing_does_not_spoil_what_a_real_engine_says() {
    let [tofu] = programs(["tofu"]);
    let project = Project::without_files();
    project.write(
        "environments.toml",
        "[project]\nname = \"p\"\n[environments.staging]\nworkspace = \"staging\"\ncreate_workspace = \"always\"\n\
         [stacks.app]\npath = \"app\"\n",
    );
    project.write("app/main.tf", "resource \"terraform_data\" \"a\" {\n  input = terraform.workspace\n}\n");
    let env = Env::new(&project).with(&tofu).var("TF_CLI_CONFIG_FILE", "/nowhere/tofurc");

    env.run(["deploy", "staging", "--yes"]).exits(0);

    let state = project.read("app/terraform.tfstate.d/staging/terraform.tfstate");
    assert_eq!(State::parse(&state).input("terraform_data.a"), "staging");
}

#[test]
fn what_would_steer_an_engine_never_reaches_it() {
    let shop = Shop::of(&["network"]);
    let own = fs::canonicalize(shop.project.root()).unwrap();
    let mut env = shop.env.clone();
    for name in [
        "TF_CLI_ARGS",
        "TF_CLI_ARGS_plan",
        "TF_CLI_ARGS_apply",
        "TF_CLI_ARGS_init",
        "TF_DATA_DIR",
        "TF_INPUT",
        "TF_LOG",
        "TF_LOG_PATH",
        "TF_LOG_CORE",
        "TF_WORKSPACE",
        "TG_TF_PATH",
        "TG_NON_INTERACTIVE",
        "TERRAGRUNT_CONFIG",
        "TERRAGRUNT_DOWNLOAD",
    ] {
        env = env.var(name, "from-the-shell");
    }
    // Other variables are passed on.
    env = env.var("TF_VAR_region", "eu").var("TF_REGISTRY_CLIENT_TIMEOUT", "20");

    env.run(["deploy", "staging", "--yes"]).exits(0);
    env.run(["output", "staging"]).exits(0);
    env.run(["exec", "staging", "network", "--", "state", "pull"]).exits(0);

    let calls: Vec<_> = shop.log().into_iter().filter(|line| line.get("argv").is_some()).collect();
    assert!(calls.len() > 6, "{calls:?}");
    for call in calls {
        let text = call.to_string();
        assert!(!text.contains("from-the-shell"), "{text}");
        assert_eq!(call["env"]["TF_INPUT"], "0", "{text}");
        assert_eq!(call["env"]["TF_VAR_region"], "eu", "{text}");
        assert_eq!(call["env"]["TF_REGISTRY_CLIENT_TIMEOUT"], "20", "{text}");
        if call["argv"][1] != "version" {
            let (dir, data) = (call["dir"].as_str().unwrap(), call["data_dir"].as_str().unwrap_or_default());
            let data = fs::canonicalize(Path::new(dir).join(data)).unwrap();
            assert!(data.starts_with(own.join(".envctl/data")), "{text}");
        }
    }
}
