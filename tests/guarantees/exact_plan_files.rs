//! 1. The plan you saw is the plan that is applied: whichever way its configuration names the files that it is made from.

use crate::support::{Driven, ENVIRONMENTS, Shop, each_engine, plain};

/// A shop whose stack lies two folders deep, with more of its configuration.
#[track_caller]
fn shop(engine: &Driven, environments: &str, more: &str) -> Shop {
    let shop = Shop::driven_by(engine, &format!("{ENVIRONMENTS}\n{environments}"));
    let mut script = plain("app");
    if !environments.is_empty() {
        script["backend"] = "local".into();
    }
    shop.script("infra/app", &script);
    shop.append("infra/app/main.tf", more);
    shop.append("environments.toml", "\n[stacks.app]\npath = \"infra/app\"\n");
    shop
}

/// Plans, changes one file, and expects its name in the refusal; then with the file as it was, an apply.
#[track_caller]
fn bound(shop: &Shop, file: &str, text: &str, engine: &Driven, spelling: &str) {
    shop.run(["plan", "staging"]).exits(0);
    let run = shop.newest_run().rsplit('/').next().unwrap().to_owned();
    let before = std::fs::read_to_string(shop.project.path(file)).ok();
    shop.project.write(file, text);
    let refused = shop.run(["apply", &run, "--yes"]);
    let told = format!("`file {file}` is not what it was when it was planned");
    assert!(
        refused.stderr.contains(&told),
        "{}: `{spelling}`: stderr does not hold `{told}`\n{refused}",
        engine.name()
    );
    refused.exits(3);
    match before {
        Some(before) => shop.project.write(file, &before),
        None => std::fs::remove_file(shop.project.path(file)).unwrap(),
    }
    shop.run(["apply", &run, "--yes"]).exits(0);
}

#[test]
fn configuration_whose_name_begins_as_that_of_the_state_is_bound() {
    for engine in each_engine() {
        let shop = shop(&engine, "[defaults]\nbackend.local = { path = \"state\" }\n", "");
        shop.project.write("infra/app/state.tf", "# as it was\n");
        bound(&shop, "infra/app/state.tf", "# edited\n", &engine, "state");
        let shop = self::shop(&engine, "", "");
        bound(&shop, "infra/app/x.tfstate.tf", "# new\n", &engine, "x.tfstate.tf");
    }
}
