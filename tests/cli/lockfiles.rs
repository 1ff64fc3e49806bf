//! Lock files of stacks with changed providers: who writes them, the messages, and the binding of plans.

use std::path::Path;

use crate::support::{Driven, ENVIRONMENTS, Env, Live, Shop};

const FILE: &str = "network/.terraform.lock.hcl";
const UPDATED: &str = "lock file updated: commit it (`network/.terraform.lock.hcl`)";
const LOCAL: &str =
    "terraform {\n  required_providers {\n    local = {\n      source = \"hashicorp/local\"\n    }\n  }\n}\n";

/// Makes a stack with the provider `local` in its lock file, for staging, and for production, which has `confirm`.
fn locked(engine: &Driven) -> (Shop, Env) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network"]);
    let env = shop.env.clone().with_providers();
    shop.project.write("network/provider.tf", LOCAL);
    let made = env.run(["plan", "staging"]).exits(0);
    made.tells("lock file made: commit it (`network/.terraform.lock.hcl`)");
    assert!(names_local(&shop), "{}", engine.name());
    (shop, env)
}

fn names_local(shop: &Shop) -> bool {
    shop.project.read(FILE).contains("hashicorp/local")
}

/// Applies the newest run, whose binding must hold.
fn apply_newest(shop: &Shop, env: &Env) {
    let run = shop.newest_run();
    let id = run.rsplit('/').next().unwrap();
    env.run(["apply", id, "--yes"]).exits(0);
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn a_provider_that_went_and_came_is_written_and_the_plan_can_be_applied(engine: &Driven) {
    let (shop, env) = locked(engine);

    shop.project.write("network/provider.tf", "");
    env.run(["plan", "staging"]).exits(0).tells(UPDATED);
    assert!(!names_local(&shop), "{}", engine.name());
    env.run(["plan", "staging"]).exits(0).hides("updated: commit");
    apply_newest(&shop, &env);

    shop.project.write("network/provider.tf", LOCAL);
    let changed = shop.project.read("network/main.tf").replace("\"first\"", "\"second\"");
    shop.project.write("network/main.tf", &changed);
    env.run(["plan", "staging"]).exits(0).tells(UPDATED);
    assert!(names_local(&shop), "{}", engine.name());
    apply_newest(&shop, &env);
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn a_provider_that_only_the_plan_misses_binds_to_the_written_lock_file(engine: &Driven) {
    let (shop, env) = locked(engine);
    shop.project.write("network/provider.tf", "");
    env.run(["plan", "staging"]).exits(0);

    // Only a resource implies the provider, and a new resource alone does not make envctl repeat an init.
    shop.project.write(
        "network/file.tf",
        "resource \"local_file\" \"f\" {\n  filename = \"out\"\n  content  = \"x\"\n}\n",
    );
    env.run(["plan", "staging"]).exits(0).tells(UPDATED);
    assert!(names_local(&shop), "{}", engine.name());
    apply_newest(&shop, &env);
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn production_ci_and_reading_only_refuse_with_the_command_that_mends(engine: &Driven) {
    let (shop, env) = locked(engine);
    let before = shop.project.read(FILE);
    shop.project.write("network/provider.tf", "");
    let reading = env.clone().var("ENVCTL_READ_ONLY", "1");
    let ci = env.clone().var("CI", "true");

    env.run(["plan", "production", "--create-workspace"])
        .exits(3)
        .prints("the lock file `network/.terraform.lock.hcl` does not fit the providers of the stack")
        .tells("`envctl exec production network --confirm -- init` updates it");
    env.run(["plan", "production", "--create-workspace", "--update-lockfile"]).exits(3);
    ci.run(["plan", "staging"])
        .exits(3)
        .prints("a run in CI leaves it as it is")
        .tells("`--update-lockfile` does so in CI");
    reading.run(["plan", "staging"]).exits(3).tells("`envctl plan staging` without ENVCTL_READ_ONLY");
    reading.run(["plan", "staging", "--update-lockfile"]).exits(3).tells("ENVCTL_READ_ONLY");
    assert_eq!(shop.project.read(FILE), before, "{}", engine.name());

    ci.run(["plan", "staging", "--update-lockfile"]).exits(0).tells(UPDATED);
    assert!(!names_local(&shop), "{}", engine.name());
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn a_typed_init_brings_the_lock_file_up_to_date_in_production_too(engine: &Driven) {
    let (shop, env) = locked(engine);
    env.run(["deploy", "production", "--confirm"]).exits(0);
    shop.project.write("network/provider.tf", "");
    env.run(["plan", "production"]).exits(3);
    env.run(["exec", "production", "network", "--confirm", "--", "init"]).exits(0);
    assert!(!names_local(&shop), "{}", engine.name());
    env.run(["plan", "production"]).exits(0);
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn a_new_lock_file_is_announced_in_ci_and_with_a_confirmation_too(engine: &Driven) {
    let (shop, env) = locked(engine);
    for (env, environment) in [(env.clone().var("CI", "1"), "staging"), (env, "production")] {
        std::fs::remove_file(shop.project.path(FILE)).unwrap();
        let refused = env.clone().var("ENVCTL_READ_ONLY", "1").run(["plan", environment]).exits(3);
        refused.tells("is missing, and ENVCTL_READ_ONLY lets none be made").tells("makes it");
        let made = env.run(["plan", environment, "--summary", "summary.md"]).exits(0);
        made.tells("lock file made: commit it (`network/.terraform.lock.hcl`)");
        env.run(["plan", environment]).exits(0).hides("lock file made");
    }
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn a_locked_version_that_does_not_fit_is_mended_by_a_typed_upgrade(engine: &Driven) {
    let (shop, env) = locked(engine);
    shop.project.edit(FILE, "\"2.9.0\"", "\"2.8.0\"");
    shop.project
        .write("network/provider.tf", &LOCAL.replace("local\"\n", "local\"\n      version = \">= 2.9\"\n"));
    env.run(["plan", "staging"])
        .tells("hint: `envctl exec staging network --yes -- init -upgrade` takes newer versions");
    env.run(["exec", "staging", "network", "--yes", "--", "init", "-upgrade"]).exits(0);
    assert!(shop.project.read(FILE).contains("\"2.9.0\""), "{}", engine.name());
    env.run(["plan", "staging"]).exits(0).hides("updated: commit");
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn typed_providers_lock_works_with_a_lock_file_that_is_out_of_date(engine: &Driven) {
    let (shop, env) = locked(engine);
    shop.project.write("network/provider.tf", "");
    env.run(["plan", "staging"]).exits(0);
    shop.project.write("network/provider.tf", LOCAL);
    let settings = env.value("TF_CLI_CONFIG_FILE").unwrap();
    let mirror = format!("-fs-mirror={}", Path::new(settings).with_file_name("mirror").display());
    env.run(["exec", "staging", "network", "--yes", "--", "providers", "lock", &mirror]).exits(0);
    assert!(names_local(&shop), "{}", engine.name());
    env.run(["plan", "staging"]).exits(0).hides("updated: commit");
}

#[test(engines(terragrunt), needs(provider_mirror))]
fn a_unit_has_its_lock_file_updated_or_is_refused() {
    let live = Live::new();
    let env = live.env.clone().with_providers();
    let (file, main) =
        ("live/app/.terraform.lock.hcl", "resource \"terraform_data\" \"a\" {\n  input = \"v\"\n}\n");
    live.unit("app", "", &format!("{LOCAL}{main}"), "");
    env.run(["plan", "dev"]).exits(0).tells("lock file made: commit it (`live/app/.terraform.lock.hcl`)");
    assert!(live.project.read(file).contains("hashicorp/local"));

    live.project.write("live/app/main.tf", main);
    std::fs::remove_dir_all(live.project.path(".envctl")).unwrap();
    let _ = std::fs::remove_dir_all(live.project.path("live/app/.terragrunt-cache"));
    let _ = std::fs::remove_dir_all(live.project.path("live/app/.terraform"));
    env.clone().var("CI", "1").run(["plan", "dev"]).exits(3).tells("`--update-lockfile` does so in CI");
    env.run(["plan", "dev"]).exits(0).tells("lock file updated: commit it");
    assert!(!live.project.read(file).contains("hashicorp/local"));

    live.project.write("live/app/main.tf", &format!("{LOCAL}{main}"));
    env.run(["plan", "dev"]).exits(0).tells("lock file updated: commit it");
    env.run(["deploy", "dev", "--yes"]).exits(0);
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn a_typed_init_with_a_read_only_lock_file_leaves_it_as_it_is(engine: &Driven) {
    let (shop, env) = locked(engine);
    shop.project.write("network/provider.tf", "");
    let before = shop.project.read(FILE);
    let run = env.run(["exec", "staging", "network", "--yes", "--", "init", "-lockfile=readonly"]).exits(3);
    run.tells("`-lockfile=readonly` leaves it as it is");
    assert_eq!(shop.project.read(FILE), before, "{}", engine.name());
    env.run(["exec", "staging", "network", "--yes", "--", "init"]).exits(0);
    env.run(["exec", "staging", "network", "--yes", "--", "init", "-lockfile=readonly"]).exits(0);
}
