//! Number of engine processes that a verb starts, measured by the engine's own log.

use std::fs;

use serde_json::json;

use crate::support::{Shop, plain, script};

const SEVEN: [&str; 7] = [
    "network",
    "database: network",
    "cache: network",
    "app: database cache",
    "web: app",
    "mail",
    "cron: mail",
];

/// Sorts folders, so that the order of concurrent stacks does not matter.
fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

#[test]
fn a_warm_clean_plan_of_seven_stacks_is_seven_processes() {
    let shop = Shop::of(&SEVEN).deployed();

    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);

    assert_eq!(
        sorted(shop.calls()),
        ["app plan", "cache plan", "cron plan", "database plan", "mail plan", "network plan", "web plan"]
    );
}

#[test]
fn a_warm_clean_plan_on_declared_backend_pairs_is_one_process_a_stack() {
    let shop = Shop::with(
        "[project]\nname = \"shop\"\n[defaults]\nbackend.local = { path = \"{env}/{stack}.tfstate\" }\n\
         [environments.staging]\n[environments.production]\n",
    );
    for name in ["network", "app"] {
        let mut script = plain(name);
        script["backend"] = json!("local");
        shop.stack(name, &[], &script);
    }
    let shop = shop.deployed();
    assert!(shop.project.path("network/staging/network.tfstate").exists(), "the pairs were used");

    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);

    assert_eq!(sorted(shop.calls()), ["app plan", "network plan"]);
}

#[test]
fn an_edited_resource_needs_no_init() {
    let shop = Shop::of(&["network"]).deployed();
    shop.change("network", "second");

    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(2);

    assert_eq!(shop.calls(), ["network plan", "network show", "network show"]);
}

#[test]
fn a_changed_lockfile_backend_or_module_source_is_initialised_anew_once() {
    let shop = Shop::of(&["network"]).deployed();
    let main = shop.project.read("network/main.tf");
    let module = "module \"subnets\" {\n  source = \"../modules/subnets\"\n}\n";
    for (file, text) in [
        (
            "network/.terraform.lock.hcl",
            "provider \"registry.opentofu.org/hashicorp/local\" {\n}\n".to_owned(),
        ),
        ("network/main.tf", format!("{main}{module}")),
        ("network/main.tf", format!("{main}{}", module.replace("subnets\"\n}", "others\"\n}"))),
    ] {
        shop.project.write("modules/subnets/main.tf", "");
        shop.project.write("modules/others/main.tf", "");
        shop.project.write(file, &text);
        shop.run(["plan", "staging"]).exits(0);
        assert_eq!(shop.calls(), ["network init", "network workspace list", "network plan"], "after {text}");
        shop.forget_calls();
        shop.run(["plan", "staging"]).exits(0);
        assert_eq!(shop.calls(), ["network plan"], "the second time after {text}");
        shop.forget_calls();
    }
}

#[test]
fn a_changed_backend_pair_is_initialised_anew_by_its_file() {
    let shop = Shop::with(
        "[project]\nname = \"shop\"\n[environments.staging]\nbackend.local = { path = \"one.tfstate\" }\n",
    );
    let mut script = plain("network");
    script["backend"] = json!("local");
    shop.stack("network", &[], &script);
    let shop = shop.deployed();
    shop.project.edit("environments.toml", "one.tfstate", "two.tfstate");

    shop.run(["plan", "staging", "--json"]).exits(3).tells("the state has vanished");

    assert_eq!(shop.calls()[..2], ["network init", "network plan"]);
    let log = shop.log();
    let argv = log[0]["argv"].to_string();
    assert!(argv.contains("-backend-config="), "{argv}");
    assert!(!argv.contains("two.tfstate"), "pairs go through a file: {argv}");
}

#[test]
fn a_typed_command_reads_the_state_only_if_it_may_change_it() {
    let shop = Shop::of(&["network"]).deployed();
    let exec = |typed: &[&str]| {
        shop.forget_calls();
        shop.env.run_args(&[&["exec", "staging", "network", "--yes", "--"], typed].concat()).exits(0);
        shop.calls()
    };

    assert_eq!(exec(&["version"]), ["network version"]);
    assert_eq!(exec(&["plan"]), ["network workspace list", "network plan"]);
    assert_eq!(
        exec(&["state", "rm", "terraform_data.other"]),
        ["network workspace list", "network state pull", "network state rm"]
    );
    shop.forget_calls();
    shop.run(["output", "staging", "network"]).exits(0);
    assert_eq!(shop.calls(), ["network workspace list", "network output"]);
}

#[test]
fn the_version_is_asked_once_and_then_remembered() {
    let shop = Shop::of(&["network", "app"]);

    shop.run(["plan", "staging"]).exits(0);
    shop.run(["plan", "production"]).exits(0);

    assert_eq!(shop.calls().iter().filter(|call| call.ends_with(" version")).count(), 1);
}

#[test]
fn a_verb_that_only_reads_files_starts_no_engine() {
    let shop = Shop::of(&["network", "app: network"]).deployed();

    shop.run(["list"]).exits(0);
    shop.run(["graph", "staging"]).exits(0);
    shop.run(["config", "staging"]).exits(0);
    shop.run(["status"]).exits(0);
    shop.run(["runs", "list"]).exits(0);
    shop.run(["check", "--offline"]).exits(0);

    assert_eq!(shop.calls(), [""; 0]);
}

#[test]
fn engines_do_not_wait_for_git() {
    let shop = Shop::of(&["network"]).deployed();
    let (planned, answer) = (shop.marker("planned"), shop.marker("answer"));
    shop.behave("network", &json!({ "plan": { "touch": planned } }));
    let git = shop.marker("bin/git");
    fs::remove_file(&git).unwrap();
    let waits = format!("while [ ! -e '{}' ] && [ -d . ]; do /bin/sleep 0.01; done", answer.display());
    script(&git, &format!("#!/bin/sh\n{waits}\nprintf '# branch.oid 1234abcd\\0'\n"));

    let mut running = shop.env.spawn(["plan", "staging", "--json"]);
    running.wait_until("the stack was planned", || planned.exists());
    fs::write(&answer, "").unwrap();

    let report = running.wait().exits(0).json();
    assert_eq!(report["commit"], "1234abcd", "and it was heard");
}
