//! 3. The wrong environment is impossible, or refused: two paths to one state through a symbolic link are one address.

use std::{fs, os::unix::fs::symlink};

use crate::support::{Driven, Shop, plain, remote_state, unit_project};

const ENVIRONMENTS: &str = "[project]\nname = \"shop\"\n\n[environments.dev]\n";

/// Adds a stack with a local state at this path, relative to its folder.
fn stack(shop: &Shop, name: &str, state: &str) {
    let mut script = plain(name);
    script["backend"] = "local".into();
    script["path"] = state.into();
    shop.stack(name, &[], &script);
    let main = format!("terraform {{\n  backend \"local\" {{\n    path = \"{state}\"\n  }}\n}}\n");
    let rest = shop.project.read(&format!("{name}/main.tf"));
    let rest = rest.split_once("}\n\n").unwrap().1;
    shop.project.write(&format!("{name}/main.tf"), &(main + rest));
}

#[track_caller]
fn is_refused(shop: &Shop, engine: &Driven, how: &str) {
    let run = shop.run(["check", "dev"]);
    assert_ne!(run.code(), 0, "{}, {how}: {run}", engine.name());
    run.tells("`dev/a` and `dev/b` have the same state: local:");
    let run = shop.run(["deploy", "dev", "b", "--yes"]);
    assert_ne!(run.code(), 0, "{}, {how}: {run}", engine.name());
    assert_eq!(shop.folders("plan"), [""; 0], "{}, {how}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn links_on_the_way_to_a_state_make_no_second_state(engine: &Driven) {
    for how in ["a linked folder", "a dangling link", "a linked parent of a missing folder", "a hard link"] {
        let shop = Shop::driven_by(engine, ENVIRONMENTS);
        let path = |relative: &str| shop.project.path(relative);
        fs::create_dir_all(path("states")).unwrap();
        let [one, other] = match how {
            "a linked folder" => {
                symlink("states", path("linked")).unwrap();
                ["../states/x.tfstate", "../linked/x.tfstate"]
            }
            "a dangling link" => {
                symlink("x.tfstate", path("states/y.tfstate")).unwrap();
                ["../states/x.tfstate", "../states/y.tfstate"]
            }
            "a linked parent of a missing folder" => {
                symlink("states", path("linked")).unwrap();
                ["../states/new/x.tfstate", "../linked/new/../new/x.tfstate"]
            }
            _ => {
                fs::write(path("states/x.tfstate"), "{}").unwrap();
                fs::hard_link(path("states/x.tfstate"), path("states/y.tfstate")).unwrap();
                ["../states/x.tfstate", "../states/y.tfstate"]
            }
        };
        stack(&shop, "a", one);
        stack(&shop, "b", other);
        shop.project.commit("Begin");
        is_refused(&shop, engine, how);
    }
}

#[test(engines(fake, tofu, terraform))]
fn a_linked_stack_folder_is_no_second_stack(engine: &Driven) {
    for (link, to) in [("b", "a"), ("infra/b", "../a"), ("linked", ".")] {
        let shop = Shop::driven_by(engine, ENVIRONMENTS);
        shop.stack("a", &[], &plain("a"));
        fs::create_dir_all(shop.project.path("infra")).unwrap();
        symlink(to, shop.project.path(link)).unwrap();
        let path = if link == "linked" { "linked/a" } else { link };
        shop.append("environments.toml", &format!("\n[stacks.b]\npath = \"{path}\"\n"));
        shop.project.commit("Begin");
        is_refused(&shop, engine, link);
    }
}

#[test(engines(fake, tofu, terraform))]
fn a_project_that_is_reached_through_a_link_has_the_same_states(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["a"]);
    shop.run(["deploy", "dev", "--yes"]).exits(0);
    let link = shop.marker("link");
    symlink(shop.project.root(), &link).unwrap();

    shop.env.clone().in_folder(&link).run(["deploy", "dev", "--yes"]).exits(0).hides("have the same state");
}

#[test(engines(terragrunt))]
fn a_linked_unit_folder_is_no_second_unit() {
    let unit = |name: &str| format!("[stacks.{name}]\npath = \"{name}\"\nengine = \"terragrunt\"\n");
    let environments = format!("{ENVIRONMENTS}\n{}\n{}", unit("a"), unit("b"));
    let (project, env) = unit_project(&environments);
    project.write("a/terragrunt.hcl", &remote_state("${get_terragrunt_dir()}/state/x.tfstate"));
    project.write("a/main.tf", "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n");
    symlink("a", project.path("b")).unwrap();
    project.commit("Begin");

    for stack in ["a", "b"] {
        let run = env.run(["deploy", "dev", stack, "--yes"]);
        assert_ne!(run.code(), 0, "{run}");
        run.tells("`dev/a` in `a` and `dev/b` in `b` are one folder through `b`");
    }
    assert!(!project.path("a/state").exists());
}
