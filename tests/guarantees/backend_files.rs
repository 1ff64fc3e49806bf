//! 3. The wrong environment is impossible, or refused: states of instances whose backend files complete the backend block.

use serde_json::json;

use crate::support::{Driven, Shop, plain};

/// Environments with a backend file each, and a second one for all of the project.
const ENVIRONMENTS: &str = "[project]
name = \"shop\"

[defaults]
backend_files = [\"{root}/all.tfbackend\", \"env/{env}.tfbackend\", \"?own-{env}.tfbackend\"]

[environments.staging]

[environments.production]
confirm = true
";

/// Makes a project with the stack `app` in a folder of depth two, whose backend files name a state for each environment.
#[track_caller]
fn shop(engine: &Driven) -> Shop {
    let mut script = plain("app");
    script["backend"] = json!("local");
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_folder("app", "infra/app").with_files(&[
        ("all.tfbackend", "path = \"none.tfstate\"\nworkspace_dir = \"spaces\"\n"),
        ("infra/app/env/staging.tfbackend", "path = \"../../states/staging.tfstate\"\n"),
        ("infra/app/env/production.tfbackend", "path = \"../../states/production.tfstate\"\n"),
    ]);
    shop.script("infra/app", &script);
    shop.project.write(".gitignore", "*.tfstate*\n");
    shop.committed()
}

#[test(engines(fake, tofu, terraform))]
fn each_environment_has_the_state_that_its_backend_file_names(engine: &Driven) {
    let shop = shop(engine);

    shop.run(["deploy", "staging", "--yes"]).exits(0);

    assert!(shop.project.path("states/staging.tfstate").exists(), "{}", engine.name());
    assert!(!shop.project.path("states/production.tfstate").exists(), "{}", engine.name());
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    assert!(shop.project.path("states/production.tfstate").exists(), "{}", engine.name());
    assert!(!shop.project.path("infra/app/none.tfstate").exists(), "the later file wins");
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
}

#[test(engines(fake, tofu, terraform))]
fn one_state_for_two_environments_by_their_backend_files_is_refused(engine: &Driven) {
    let shop = shop(engine);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.project.edit("infra/app/env/production.tfbackend", "production.tfstate", "staging.tfstate");

    shop.run(["check", "--offline"]).exits(4).tells("have the same state: local:states/staging.tfstate");
    shop.run(["plan", "production"]).exits(4).tells("have the same state");
}

#[test(engines(fake, tofu, terraform))]
fn another_state_in_a_backend_file_is_known_as_another_one(engine: &Driven) {
    let shop = shop(engine);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.project.edit("infra/app/env/staging.tfbackend", "states/staging", "states/other");

    shop.run(["plan", "staging"]).exits(3).tells("the state has vanished").tells("states/other.tfstate");

    shop.project.edit("infra/app/env/staging.tfbackend", "states/other", "states/staging");
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
}

#[test(engines(fake, tofu, terraform))]
fn an_optional_backend_file_that_appears_overrides_the_others(engine: &Driven) {
    let shop = shop(engine);
    shop.project.write("infra/app/own-staging.tfbackend", "path = \"../../states/own.tfstate\"\n");

    shop.run(["deploy", "staging", "--yes"]).exits(0);

    assert!(shop.project.path("states/own.tfstate").exists(), "{}", engine.name());
    assert!(!shop.project.path("states/staging.tfstate").exists(), "{}", engine.name());
}
