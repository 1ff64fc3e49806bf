//! 1. The plan you saw is the plan that is applied: by the program that it was made with, in any folder.

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::support::{Driven, ENVIRONMENTS, Env, Shop, programs, script};

/// Makes symbolic links to a program in two folders, and a script that starts it in a third.
fn copies(around: &Path, name: &str, program: &Path) -> [PathBuf; 3] {
    let [first, second, third] = ["first", "second", "third"].map(|folder| {
        std::fs::create_dir_all(around.join(folder)).unwrap();
        around.join(folder).join(name)
    });
    symlink(program, &first).unwrap();
    symlink(program, &second).unwrap();
    script(&third, &format!("#!/bin/sh\nexec '{}' \"$@\"\n", program.display()));
    [first, second, third]
}

/// Returns the environment variable that sets the program of an engine, the engine's name, and the program.
fn program(engine: &Driven) -> (&'static str, &'static str, PathBuf) {
    match engine {
        Driven::Fake => ("ENVCTL_TOFU", "tofu", env!("CARGO_BIN_EXE_envctl-fake-engine").into()),
        Driven::Real(program) if program.name == "terraform" => {
            ("ENVCTL_TERRAFORM", "terraform", program.path.clone())
        }
        Driven::Real(program) => ("ENVCTL_TOFU", "tofu", program.path.clone()),
    }
}

#[test(engines(fake, tofu, terraform))]
fn an_engine_counts_by_its_content_and_not_by_its_path(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    let (variable, name, program) = program(engine);
    let [first, second, third] = copies(shop.project.around(), name, &program);
    let with = |program: &Path| shop.env.clone().with_system().var(variable, program.as_os_str());
    with(&first).run(["plan", "staging"]).exits(0);
    let run = shop.newest_run().rsplit('/').next().unwrap().to_owned();

    let refused = with(&third).run(["apply", &run, "--yes"]).exits(3);
    let refused = refused.tells("`engine program` is not what it was when it was planned: then sha256 ");
    refused.tells(&format!("(not bound, and different too: `engine program`: then `{}`", first.display()));
    assert_eq!(shop.deployed_value("app", "staging"), None, "{}", engine.name());

    let applied = with(&second).run(["apply", &run, "--yes"]).exits(0);
    applied.tells(&format!("not bound, and different: `engine program`: then `{}`", first.display()));
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"), "{}", engine.name());

    with(&first).run(["plan", "staging"]).exits(0);
    let is_reused = |program: &Path| {
        let report = with(program).run(["plan", "staging", "--reuse", "--json"]).exits(0).json();
        report["stacks"][0]["reused"] == true
    };
    assert_eq!((is_reused(&second), is_reused(&third)), (true, false), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_proxy_is_recorded_and_does_not_refuse_a_plan(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    shop.run(["plan", "staging"]).exits(0);
    let other = shop.env.clone().var("https_proxy", "http://user:word@127.0.0.1:1");
    let other = other.var("SSL_CERT_DIR", "/nowhere");
    let applied = other.run(["apply", "last", "--yes"]).exits(0);
    let applied = applied.tells("not bound, and different: `variable https_proxy`: then missing, now set");
    let applied = applied.tells("not bound, and different: `variable SSL_CERT_DIR`: then missing, now set");
    applied.hides("word@");
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"), "{}", engine.name());
}

#[test(engines(terragrunt))]
fn the_program_that_terragrunt_drives_is_bound_as_well() {
    let [terragrunt, tofu] = programs(["terragrunt", "tofu"]);
    let shop = Shop::with("[project]\nname = \"shop\"\n\n[environments.dev]\n");
    shop.append("environments.toml", "\n[stacks.app]\npath = \"app\"\nengine = \"terragrunt\"\n");
    shop.project.write("app/terragrunt.hcl", "");
    shop.project.write("app/main.tf", "resource \"terraform_data\" \"app\" {\n  input = \"first\"\n}\n");
    let around = shop.project.around();
    let [own, own_again, own_script] = copies(&around.join("terragrunt"), "terragrunt", &terragrunt.path);
    let [driven, driven_again, driven_script] = copies(&around.join("driven"), "tofu", &tofu.path);
    let with = |own: &Path, driven: &Path| -> Env {
        let env = shop.env.clone().with_system();
        env.var("ENVCTL_TERRAGRUNT", own.as_os_str()).var("ENVCTL_TOFU", driven.as_os_str())
    };
    with(&own, &driven).run(["plan", "dev"]).exits(0);
    let apply = |own: &Path, driven: &Path| with(own, driven).run(["apply", "last", "--yes"]);
    apply(&own_script, &driven).exits(3).tells("`engine program` is not what it was");
    apply(&own, &driven_script).exits(3).tells("`driven engine program` is not what it was");
    apply(&own_again, &driven_again).exits(0);
}
