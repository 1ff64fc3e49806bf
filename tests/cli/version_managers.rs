//! Version managers (tfenv, tenv, asdf, mise): programs that choose the engine's version by files in the stack's
//! folder and above.

use std::{fs, os::unix::fs::symlink};

use serde_json::Value;

use crate::support::{Shop, plain, script};

const DEV: &str = "[project]\nname = \"p\"\nengine = \"tofu\"\n[environments.dev]\n";

/// Makes a project whose `tofu` chooses its version by `.opentofu-version`, and fails in folders without one.
fn managed(environments: &str) -> Shop {
    let shop = Shop::with(environments);
    let around = shop.project.around();
    let (shim, real) = (around.join("bin/tofu"), around.join("real"));
    fs::create_dir(&real).unwrap();
    symlink(env!("CARGO_BIN_EXE_envctl-fake-engine"), real.join("tofu")).unwrap();
    fs::remove_file(&shim).unwrap();
    let text = format!(
        "#!/bin/sh\ndir=$(pwd -P)\nwhile [ \"$dir\" ]; do\n  for name in .opentofu-version mise.toml; do\n    \
         if [ -e \"$dir/$name\" ]; then\n      read -r version < \"$dir/$name\"\n      \
         FAKE_ENGINE_VERSION=$version exec '{}' \"$@\"\n    fi\n  done\n  dir=${{dir%/*}}\ndone\n\
         echo 'no version is set for tofu' >&2\nexit 126\n",
        real.join("tofu").display()
    );
    script(&shim, &text);
    shop
}

fn versions_asked(shop: &Shop) -> Vec<String> {
    let mut asked = shop.folders("version");
    asked.sort();
    asked
}

/// Returns the engine version in the binding of a stack's newest plan.
fn planned_by(shop: &Shop, stack: &str) -> String {
    let manifest = shop.project.read(&format!("{}/plans/{stack}.manifest.json", shop.newest_run()));
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let items = manifest.pointer("/content/items").or_else(|| manifest.get("items")).unwrap();
    let own = items.as_array().unwrap().iter().find(|item| item["item"] == "engine version").unwrap();
    own["value"].as_str().unwrap().to_owned()
}

#[test]
fn an_engine_is_asked_for_its_version_in_the_folder_of_the_stack() {
    let shop = managed(DEV);
    shop.stack("live/app", &[], &plain("app"));
    shop.project.edit("environments.toml", "[stacks.live/app]", "[stacks.app]");
    shop.run(["plan", "dev"])
        .exits(4)
        .tells("cannot be used in `live/app`")
        .tells("no version is set for tofu");

    shop.project.write("live/.opentofu-version", "1.9.1\n");

    shop.run(["plan", "dev"]).exits(0);
    shop.run(["check", "dev"]).prints("tofu 1.9.1");
    shop.run(["doctor"]).exits(0).prints("1.9.1");
}

#[test]
fn each_choice_of_a_version_manager_is_asked_once_and_anew_when_changed() {
    let shop = managed(DEV);
    for stack in ["a", "b", "c", "d"] {
        shop.stack(stack, &[], &plain(stack));
    }
    shop.project.write("a/.opentofu-version", "1.8.0\n");
    // A file above the project applies to two stacks.
    fs::write(shop.project.around().join("mise.toml"), "1.12.6\n").unwrap();
    shop.project.write("d/.opentofu-version", "1.11.0\n");

    shop.run(["plan", "dev"]).exits(0).hides("ran as");
    assert_eq!(versions_asked(&shop), ["a", "b", "d"]);
    assert_eq!([planned_by(&shop, "a"), planned_by(&shop, "c")], ["1.8.0", "1.12.6"]);

    shop.forget_calls();
    shop.run(["plan", "dev"]).exits(0);
    assert_eq!(versions_asked(&shop), [""; 0]);

    shop.project.write("a/.opentofu-version", "1.10.10\n");
    shop.run(["plan", "dev"]).exits(0).hides("ran as");
    assert_eq!(versions_asked(&shop), ["a"]);
    assert_eq!(planned_by(&shop, "a"), "1.10.10");
    shop.run(["check", "dev"]).prints("tofu 1.10.10, tofu 1.12.6, tofu 1.11.0");
}

#[test]
fn a_version_that_is_not_allowed_names_the_folder_that_chose_it() {
    let shop = managed(&format!("{DEV}[tofu]\nversion = \">= 1.9\"\n"));
    for (stack, version) in [("new", "1.12.6"), ("old", "1.8.0")] {
        shop.stack(stack, &[], &plain(stack));
        shop.project.write(&format!("{stack}/.opentofu-version"), version);
    }
    shop.run(["plan", "dev"])
        .exits(4)
        .tells("is tofu 1.8.0 in `old`, and environments.toml requires `>= 1.9`");
    shop.run(["plan", "dev", "new"]).exits(0);
}

#[test]
fn a_variable_of_a_version_manager_makes_the_version_be_asked_anew() {
    let shop = Shop::with(DEV);
    shop.stack("app", &[], &plain("app"));
    shop.run(["plan", "dev"]).exits(0);
    shop.forget_calls();
    let chosen = shop.env.clone().var("TOFUENV_TOFU_VERSION", "1.9.1").var("FAKE_ENGINE_VERSION", "1.9.1");
    chosen.run(["plan", "dev"]).exits(0).hides("ran as");
    assert_eq!(planned_by(&shop, "app"), "1.9.1");
    assert_eq!(versions_asked(&shop), ["app"]);
}

#[test]
fn a_version_that_environments_toml_sets_for_a_version_manager_counts() {
    let environments = format!(
        "{DEV}workspace = \"default\"\nenv.FAKE_TOFU_VERSION = \"1.9.3\"\n[environments.prod]\nworkspace = \"prod\"\n\
         create_workspace = \"always\"\n"
    );
    let shop = Shop::with(&environments);
    shop.stack("app", &[], &plain("app"));
    let shim = shop.project.around().join("bin/tofu");
    fs::remove_file(&shim).unwrap();
    let engine = env!("CARGO_BIN_EXE_envctl-fake-engine");
    script(
        &shim,
        &format!("#!/bin/sh\nFAKE_ENGINE_VERSION=${{FAKE_TOFU_VERSION:-1.12.6}} exec '{engine}' \"$@\"\n"),
    );

    shop.run(["plan", "dev"]).exits(0).hides("ran as");
    assert_eq!(planned_by(&shop, "app"), "1.9.3");
    shop.run(["plan", "prod"]).exits(0).hides("ran as");
    assert_eq!(planned_by(&shop, "app"), "1.12.6");
    shop.run(["check", "dev"]).prints("tofu 1.9.3");
    shop.run(["doctor"]).exits(0).prints("1.12.6, 1.9.3");
}
