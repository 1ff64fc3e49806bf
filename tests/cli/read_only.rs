//! `ENVCTL_READ_ONLY`: refused commands, allowed commands, and files that a plan does not touch.

use std::fs;

use crate::support::{Driven, ENVIRONMENTS, Env, Shop};

fn read_only(shop: &Shop) -> Env {
    shop.env.clone().var("ENVCTL_READ_ONLY", "1")
}

#[test]
fn every_verb_that_would_change_something_is_refused() {
    let shop = Shop::of(&["network"]).deployed();
    shop.change("network", "second");
    shop.run(["plan", "staging"]).exits(0);
    shop.forget_calls();
    let env = read_only(&shop);
    for args in [
        &["deploy", "staging", "--yes"] as &[&str],
        &["apply", "last", "--yes"],
        &["destroy", "staging", "--yes"],
        &["runs", "resume"],
        &["shell", "staging", "network"],
        &["init", "--force"],
        &["generate", "man", "pages"],
        &["plan", "staging", "--create-workspace"],
        &["exec", "staging", "network", "--yes", "--", "apply", "-auto-approve"],
        &["exec", "staging", "network", "--yes", "--", "state", "rm", "terraform_data.network"],
        &["exec", "staging", "network", "--yes", "--", "init", "-upgrade"],
        &["exec", "staging", "network", "--yes", "--", "fmt"],
        &["exec", "staging", "network", "--yes", "--", "providers", "lock"],
        &["exec", "staging", "network", "--", "plan", "-out=x"],
        &["exec", "staging", "network", "--", "plan", "-generate-config-out", "x.tf"],
        &["exec", "staging", "network", "--create-workspace", "--", "state", "list"],
    ] {
        let run = env.run_args(args).exits(3).tells("and `ENVCTL_READ_ONLY` is set");
        run.tells("hint: `envctl plan ENV` shows what would change");
    }
    assert_eq!(shop.calls(), [""; 0]);
    assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("first"));
    assert!(!shop.project.path("pages").exists());
    let report = env.run(["deploy", "staging", "--json"]).exits(3).json();
    assert_eq!((report["result"].as_str(), report["exit_code"].as_i64()), (Some("refused"), Some(3)));
}

#[test]
fn a_plan_under_it_shows_no_command_that_it_refuses() {
    let shop = Shop::of(&["network"]).deployed();
    shop.change("network", "second");
    let run = read_only(&shop).run(["plan", "staging"]).exits(0);
    let run = run.prints("`ENVCTL_READ_ONLY` is set: nothing is applied here");
    assert!(!run.stdout.contains("next:"), "{run}");
}

#[test]
fn what_only_reads_and_envctls_own_record_are_let_through() {
    let shop = Shop::of(&["network"]).deployed();
    let env = read_only(&shop);
    for args in [
        &["plan", "staging", "--detailed-exitcode"] as &[&str],
        &["check", "--offline"],
        &["status"],
        &["list", "staging"],
        &["graph", "staging"],
        &["output", "staging", "network"],
        &["config", "staging"],
        &["runs", "list"],
        &["runs", "gc"],
        &["init", "--print"],
        &["generate", "schema"],
        &["exec", "staging", "network", "--", "state", "pull"],
    ] {
        env.run_args(args).exits(0);
    }
}

#[test]
fn the_variable_takes_plain_words_alone() {
    let shop = Shop::of(&["network"]);
    for (value, code) in [("true", 3), ("1", 3), ("", 0), ("0", 0), ("false", 0)] {
        let run = shop.env.clone().var("ENVCTL_READ_ONLY", value).run(["deploy", "staging", "--yes"]);
        assert_eq!(run.code(), code, "{value:?}\n{run}");
    }
    let odd = shop.env.clone().var("ENVCTL_READ_ONLY", "yes").run(["list", "staging"]).exits(64);
    odd.tells("`ENVCTL_READ_ONLY` is `1` or `true`, or `0`, `false` or empty, not `yes`");
}

#[test(engines(fake, tofu, terraform))]
fn a_plan_under_it_makes_no_workspace(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network"]);
    read_only(&shop).run(["plan", "staging"]).exits(3).tells("staging");
    assert!(!shop.project.path("network/terraform.tfstate.d").exists(), "{}", engine.name());
    shop.run(["plan", "staging"]).exits(0);
    read_only(&shop).run(["plan", "staging"]).exits(0);
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn a_plan_under_it_writes_no_lockfile(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network"]);
    let env = shop.env.clone().with_providers();
    let provider = "terraform {\n  required_providers {\n    local = {\n      source = \"hashicorp/local\"\n    }\n  }\n}\n";
    let environments = shop.project.read("environments.toml").replace("workspace = \"staging\"\n", "");
    shop.project.write("environments.toml", &environments);
    shop.project.write("network/provider.tf", provider);
    let lockfile = shop.project.path("network/.terraform.lock.hcl");
    let refused = env.clone().var("ENVCTL_READ_ONLY", "1").run(["plan", "staging"]);
    assert_ne!(refused.code(), 0, "{refused}");
    refused.tells("lock");
    assert!(!lockfile.exists(), "{}", engine.name());

    env.run(["plan", "staging"]).exits(0);
    let written = fs::read(&lockfile).unwrap();
    fs::remove_dir_all(shop.project.path(".envctl")).unwrap();
    env.clone().var("ENVCTL_READ_ONLY", "1").run(["plan", "staging"]).exits(0);
    assert_eq!(fs::read(&lockfile).unwrap(), written, "{}", engine.name());
}
