//! 1. The plan you saw is the plan that is applied: by the account, in the project and the region that it was made for.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use crate::support::{Driven, ENVIRONMENTS, Env, Shop};

/// Makes a project with one stack, planned for staging.
#[track_caller]
fn planned(engine: &Driven) -> Shop {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    shop.run(["plan", "staging"]).exits(0);
    shop
}

/// Makes a home folder beside the project, with these files.
fn home(shop: &Shop, name: &str, files: &[(&str, String)]) -> PathBuf {
    let home = shop.project.around().join(name);
    for (file, text) in files {
        let path = home.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    home
}

/// Returns the files in a home folder that providers read, with the keys and tokens of one day.
fn files(region: &str, project: &str, subscription: &str, day: &str) -> Vec<(&'static str, String)> {
    vec![
        (".aws/config", format!("[default]\nregion = {region}\n")),
        (".aws/credentials", format!("[default]\naws_access_key_id = {day}\naws_session_token = {day}\n")),
        (
            ".config/gcloud/application_default_credentials.json",
            format!(
                r#"{{ "type": "authorized_user", "quota_project_id": "{project}", "refresh_token": "{day}" }}"#
            ),
        ),
        (
            ".azure/azureProfile.json",
            format!(
                r#"{{ "subscriptions": [{{ "id": "{subscription}", "isDefault": true }}], "installationId": "{day}" }}"#
            ),
        ),
        (".azure/msal_token_cache.json", format!(r#"{{ "token": "{day}" }}"#)),
    ]
}

#[test(engines(fake, tofu, terraform))]
fn a_variable_that_chooses_an_account_refuses_a_plan(engine: &Driven) {
    let shop = planned(engine);
    for name in [
        "GCLOUD_PROJECT",
        "CLOUDSDK_CORE_PROJECT",
        "ALIBABA_CLOUD_REGION",
        "TENCENTCLOUD_REGION",
        "GITHUB_OWNER",
        "DOCKER_HOST",
        "NEW_RELIC_ACCOUNT_ID",
        "SNOWFLAKE_ACCOUNT",
    ] {
        let other = shop.env.clone().var(name, "other");
        let refused = other.run(["apply", "last", "--yes"]).exits(3);
        refused.tells(&format!(
            "`variable {name}` is not what it was when it was planned: then missing, now set"
        ));
    }
    // Variables of a job, and its token, may change.
    let next = shop.env.clone().var("GITHUB_RUN_ID", "2").var("GITLAB_USER_LOGIN", "other");
    next.var("GITHUB_TOKEN", "next").run(["apply", "last", "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_plan_of_one_home_and_token_is_applied_with_the_next(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    let (name, program): (_, PathBuf) = match engine {
        Driven::Fake => ("tofu", env!("CARGO_BIN_EXE_envctl-fake-engine").into()),
        Driven::Real(program) => (program.name, program.path.clone()),
    };
    // Another runner on another day: only keys and tokens differ.
    let on = |day: &str| {
        let home = home(&shop, &format!("home-{day}"), &files("eu-west-1", "live", "1", day));
        let own = home.join("bin").join(name);
        fs::create_dir_all(own.parent().unwrap()).unwrap();
        // The program is compared by content.
        symlink(&program, &own).unwrap();
        let credentials = home.join(format!("gha-creds-{day}.json"));
        fs::write(
            &credentials,
            format!(r#"{{ "type": "external_account", "audience": "a", "token": "{day}" }}"#),
        )
        .unwrap();
        let env = shop.env.clone().var("HOME", home.as_os_str());
        let env = env.var(&format!("ENVCTL_{}", name.to_uppercase()), own.as_os_str());
        let env = env.var("GOOGLE_APPLICATION_CREDENTIALS", credentials.as_os_str());
        let env = env.var("AWS_ACCESS_KEY_ID", format!("ASIA{day}"));
        env.var("AWS_SECRET_ACCESS_KEY", day).var("AWS_SESSION_TOKEN", day).var("GITHUB_TOKEN", day)
    };
    on("monday").run(["plan", "staging"]).exits(0);
    on("tuesday").run(["apply", "last", "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_home_that_chooses_another_account_refuses_a_plan(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    let with = |name: &str, files: &[(&str, String)]| {
        shop.env.clone().var("HOME", home(&shop, name, files).as_os_str())
    };
    let day = "monday";
    with("planned", &files("eu-west-1", "live", "1", day)).run(["plan", "staging"]).exits(0);
    for (name, files, item) in [
        ("region", files("us-east-1", "live", "1", day), "AWS profile default: region"),
        ("project", files("eu-west-1", "other", "1", day), "Google credentials: quota_project_id"),
        ("subscription", files("eu-west-1", "live", "2", day), "Azure CLI profile: id"),
        ("none", vec![], "AWS profile default: region"),
    ] {
        let refused = with(name, &files).run(["apply", "last", "--yes"]).exits(3);
        refused.tells(&format!("`account setting {item}` is not what it was when it was planned"));
        assert_eq!(shop.deployed_value("app", "staging"), None, "{}", engine.name());
    }
}

#[test(engines(fake, tofu, terraform))]
fn bind_takes_in_variables_of_ones_own_and_proxies(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    let table = if engine.name() == "terraform" { "terraform" } else { "tofu" };
    shop.append("environments.toml", &format!("\n[{table}]\nbind = [\"ACME_*\"]\n"));
    shop.project.edit(
        "environments.toml",
        "[environments.staging]\n",
        "[environments.staging]\nbind = [\"HTTPS_PROXY\", \"OWN_?\"]\n",
    );
    let shown = shop.run(["config", "staging", "--origins"]).exits(0);
    shown.prints("bind = [\"HTTPS_PROXY\",\"OWN_?\"]  # [environments.staging], line ");
    shop.run(["plan", "staging"]).exits(0);
    for name in ["ACME_REGION", "HTTPS_PROXY", "OWN_1"] {
        let other = shop.env.clone().var(name, "http://127.0.0.1:1");
        let told = format!("`variable {name}` is not what it was when it was planned: then missing, now set");
        other.run(["apply", "last", "--yes"]).exits(3).tells(&told);
    }
    shop.run(["apply", "last", "--yes", "--json"]).exits(0);
    shop.run(["plan", "staging"]).exits(0);
    let reused =
        |env: &Env| env.run(["plan", "staging", "--reuse", "--json"]).json()["stacks"][0]["reused"] == true;
    assert!(reused(&shop.env.clone().var("OTHER", "x")), "{}", engine.name());
    assert!(!reused(&shop.env.clone().var("ACME_REGION", "x")), "{}", engine.name());
    shop.run(["plan", "staging", "--set", "bind=[]"]).exits(4).tells("what protects environments");
}
