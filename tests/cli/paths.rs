//! Folders with spaces, quotes and letters of all scripts; one that is not UTF-8 is refused.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt};

use crate::{
    support::{Env, Project, programs},
    support::{Shop, plain},
};

const AWKWARD: &str = "a 'b' \"c\" $d & ü 雪";

#[test]
fn a_stack_in_a_folder_with_spaces_quotes_and_unicode_is_deployed() {
    let shop = Shop::new();
    shop.script(&format!("infra/{AWKWARD}"), &plain("app"));
    let path = AWKWARD.replace('"', "\\\"");
    shop.append("environments.toml", &format!("\n[stacks.app]\npath = \"infra/{path}\"\n"));

    shop.run(["deploy", "staging", "--yes"]).exits(0);

    let state = shop.deployed_value(&format!("infra/{AWKWARD}"), "staging");
    assert_eq!(state.as_deref(), Some("first"));
    shop.run(["list", "staging"]).exits(0).prints(AWKWARD);
}

#[test(engines(tofu))]
fn a_project_in_such_a_folder_is_deployed_by_a_real_engine() {
    let [tofu] = programs(["tofu"]);
    let project = Project::without_files();
    let below = |name: &str| format!("{AWKWARD}/{name}");
    project.write(
        &below("environments.toml"),
        "[project]\nname = \"p\"\n[environments.staging]\nbackend.local = { path = \"{env} state.tfstate\" }\n\
         vars = { name = \"it's\" }\nvar_files = [\"{env} '1'.tfvars\"]\n[stacks.app]\npath = \"my app\"\n",
    );
    project.write(&below("my app/staging '1'.tfvars"), "size = 2\n");
    project.write(
        &below("my app/main.tf"),
        "terraform {\n  backend \"local\" {}\n}\nvariable \"name\" {}\nvariable \"size\" {}\n\
         resource \"terraform_data\" \"a\" {\n  input = \"${var.name} ${var.size}\"\n}\n",
    );

    Env::new(&project).with(&tofu).in_folder(AWKWARD).run(["deploy", "staging", "--yes"]).exits(0);

    assert!(project.read(&below("my app/staging state.tfstate")).contains("it's 2"));
}

#[test]
fn a_project_folder_that_is_not_utf_8_is_refused() {
    let shop = Shop::of(&["network"]);
    let folder = shop.project.root().join(OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir(&folder).unwrap();
    fs::copy(shop.project.path("environments.toml"), folder.join("environments.toml")).unwrap();

    let run = shop.env.clone().in_folder(&folder).run(["plan", "staging"]).exits(64);

    run.tells("error: the working directory `").tells("is not UTF-8");
    assert_eq!(shop.calls(), [""; 0]);
}

#[test]
fn a_stack_folder_that_is_not_utf_8_is_refused_with_its_name() {
    let shop = Shop::with(
        "[project]\nname = \"p\"\n[environments.staging]\n[discover]\npaths = [\"infra/<unit>\"]\n",
    );
    shop.script("infra/good", &plain("good"));
    let bad = shop.project.path("infra").join(OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir(&bad).unwrap();
    fs::copy(shop.project.path("infra/good/main.tf"), bad.join("main.tf")).unwrap();

    shop.run(["plan", "staging"]).exits(4).tells("caf").tells("UTF-8");

    assert_eq!(shop.folders("plan"), [""; 0]);
}

#[test]
fn an_argument_that_is_not_utf_8_is_64() {
    let shop = Shop::of(&["network"]);
    let run = shop.env.run_os(&[OsStr::new("plan"), OsStr::from_bytes(b"caf\xe9")]);
    run.exits(64).tells("UTF-8");
}
