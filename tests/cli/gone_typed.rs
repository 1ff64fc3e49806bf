//! Removed stacks that only a command of `envctl exec` changed: they are reported as those that a run deployed.

use serde_json::Value;

use super::gone_stacks::{all_tell, deployed_by, gone, none_tells, remove_table};
use crate::support::{Driven, Shop};

/// Makes two stacks that no run has deployed; `mail` is the last one in environments.toml.
fn undeployed(engine: &Driven) -> Shop {
    let toml = "[project]\nname = \"p\"\n\n[environments.dev]\n\n[stacks.network]\npath = \"network\"\n\n\
                [stacks.mail]\npath = \"mail\"\n";
    let shop = Shop::driven_by(engine, toml);
    for stack in ["network", "mail"] {
        shop.project.write(&format!("{stack}/main.tf"), "resource \"terraform_data\" \"a\" {}\n");
    }
    shop.project.commit("Begin");
    shop
}

fn exec(shop: &Shop, typed: &[&str]) {
    let own = ["exec", "dev", "mail", "--yes", "--"];
    shop.env.run_args(&[&own, typed].concat()).exits(0);
}

const TYPED: &str =
    "stack `mail` (`mail`) of `dev` is gone from the files since a command of `envctl exec` at ";

#[test(engines(tofu, terraform))]
fn a_stack_that_only_a_typed_command_made_is_told_when_it_is_gone(engine: &Driven) {
    let id = "00000000-0000-0000-0000-000000000000";
    for commands in [
        &[&["apply", "-auto-approve"][..]][..],
        &[&["import", "terraform_data.a", id]],
        &[&["apply", "-auto-approve"], &["destroy", "-auto-approve", "-target=terraform_data.none"]],
        &[&["apply", "-auto-approve"], &["taint", "terraform_data.a"]],
        &[&["destroy", "-auto-approve"], &["apply", "-auto-approve"]],
    ] {
        let shop = undeployed(engine);
        for typed in commands {
            exec(&shop, typed);
        }
        remove_table(&shop, "mail");

        shop.run(["check", "dev", "--offline"]).exits(0).tells(TYPED);
        let document = shop.run(["status", "dev", "--json"]).exits(0).json();
        assert_eq!(gone(&document), ["dev mail"], "{commands:?}");
        let stack = &document["environments"][0]["gone"][0];
        assert_eq!(stack["run"], Value::Null, "{commands:?}");
        let time = stack["exec"].as_str().unwrap();
        assert!(time.parse::<jiff::Timestamp>().is_ok_and(|at| at.to_string() == time), "RFC 3339: {time}");
        std::fs::remove_dir_all(shop.project.path("mail")).unwrap();
        shop.run(["plan", "dev"]).exits(0).tells(TYPED).tells("`git restore --source=");
    }
}

#[test(engines(tofu, terraform))]
fn a_failed_typed_apply_is_told_when_the_stack_is_gone(engine: &Driven) {
    let shop = undeployed(engine);
    let failing = "resource \"terraform_data\" \"b\" {\n  depends_on = [terraform_data.a]\n  provisioner \"local-exec\" \
                   {\n    command = \"exit 1\"\n  }\n}\n";
    shop.append("mail/main.tf", failing);
    shop.run(["exec", "dev", "mail", "--yes", "--", "apply", "-auto-approve"]).exits(1);
    remove_table(&shop, "mail");

    all_tell(&shop, TYPED);
}

#[test(engines(tofu, terraform))]
fn a_stack_that_a_typed_command_destroyed_is_not_told(engine: &Driven) {
    for (run, commands) in [
        (false, &[&["apply", "-auto-approve"][..], &["destroy", "-auto-approve"]][..]),
        (false, &[&["apply", "-auto-approve"], &["apply", "-destroy", "-auto-approve"]]),
        (
            false,
            &[
                &["apply", "-auto-approve"],
                &["plan", "-destroy", "-out=own.tfplan"],
                &["apply", "own.tfplan"],
            ],
        ),
        (true, &[&["destroy", "-auto-approve"], &["init"]]),
        (false, &[&["init"], &["validate"]]),
        (false, &[&["destroy", "-auto-approve"]]),
    ] {
        let shop = undeployed(engine);
        if run {
            shop.run(["deploy", "dev", "--yes"]).exits(0);
        }
        for typed in commands {
            exec(&shop, typed);
        }
        remove_table(&shop, "mail");
        std::fs::remove_dir_all(shop.project.path("mail")).unwrap();

        none_tells(&shop);
    }
}

#[test(engines(tofu, terraform))]
fn a_typed_command_after_a_run_and_a_run_after_it_count_in_their_order(engine: &Driven) {
    let shop = deployed_by(engine);
    exec(&shop, &["destroy", "-auto-approve"]);
    exec(&shop, &["apply", "-auto-approve"]);
    shop.run(["runs", "gc", "--keep=0"]).exits(0).tells("1 run removed");
    let toml = shop.project.read("environments.toml");
    remove_table(&shop, "mail");
    all_tell(&shop, TYPED);

    shop.project.write("environments.toml", &toml);
    shop.run(["deploy", "dev", "--yes"]).exits(0);
    let run = shop.newest_run();
    shop.run(["runs", "gc", "--keep=0"]).exits(0);
    remove_table(&shop, "mail");
    let run = run.rsplit('/').next().unwrap();
    all_tell(&shop, &format!("stack `mail` (`mail`) of `dev` is gone from the files since run {run}; "));
}
