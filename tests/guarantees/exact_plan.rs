//! 1. The plan you saw is the plan that is applied.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use crate::support::{Driven, ENVIRONMENTS, Run, Shop, script};

/// Makes a stack with a var file, a value, a module two levels deep, a file that only HCL names, and one of `files`.
#[track_caller]
fn rich(engine: &Driven) -> Shop {
    let environments =
        format!("{ENVIRONMENTS}\n[defaults]\nvar_files = [\"{{env}}.tfvars\"]\nvars.size = 1\n");
    let shop = Shop::driven_by(engine, &environments);
    shop.stack("app", &[], &crate::support::plain("app"));
    shop.append("environments.toml", "files = [\"../policies/*.json\"]\n");
    shop.append(
        "app/main.tf",
        "variable \"size\" {}\nvariable \"color\" {}\nvariable \"extra\" {\n  default = \"\"\n}\n\
         module \"outer\" {\n  source = \"../modules/outer\"\n}\n\
         output \"text\" {\n  value = file(\"${path.module}/../texts/named.txt\")\n}\n",
    );
    let module = "module \"inner\" {\n  source = \"./inner\"\n}\n";
    for (file, text) in [
        ("app/staging.tfvars", "color = \"red\"\n"),
        ("app/production.tfvars", "color = \"blue\"\n"),
        ("modules/outer/main.tf", module),
        ("modules/outer/inner/main.tf", "locals {\n  a = 1\n}\n"),
        ("texts/named.txt", "text\n"),
        ("policies/one.json", "{}\n"),
    ] {
        shop.project.write(file, text);
    }
    shop.project.commit("Begin");
    shop
}

/// Plans staging and returns the id of the run.
#[track_caller]
fn planned(shop: &Shop) -> String {
    shop.run(["plan", "staging"]).exits(0);
    shop.newest_run().rsplit('/').next().unwrap().to_owned()
}

#[track_caller]
fn refused(shop: &Shop, run: &str, item: &str, engine: &Driven) -> Run {
    let before = shop.state("app", "staging");
    let refused = shop.run(["apply", run, "--yes"]);
    assert!(refused.stderr.contains(item), "{}: stderr does not hold `{item}`\n{refused}", engine.name());
    assert_eq!(before, shop.state("app", "staging"), "{}", engine.name());
    refused.exits(3)
}

#[test(engines(fake, tofu, terraform))]
fn a_deploy_applies_what_it_showed(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").unwrap(), "first", "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_stored_plan_is_applied_as_it_is_and_at_most_once(engine: &Driven) {
    let shop = rich(engine);
    let run = planned(&shop);
    let report = shop.run(["runs", "show", &run, "--json"]).exits(0).json();
    let digest = report["digest"].as_str().unwrap().to_owned();

    let applied = shop.run(["apply", &run[..20], &format!("--confirm={digest}"), "--json"]).exits(0);

    assert_eq!(applied.report().stacks(), ["app applied"], "{}", engine.name());
    assert_eq!(applied.report().digest(), digest, "the same review has the same digest");
    assert_eq!(applied.json()["command"], "apply");
    assert_eq!(shop.deployed_value("app", "staging").unwrap(), "first", "{}", engine.name());
    let plans = shop.project.path(&format!(".envctl/runs/{run}/plans"));
    assert!(!plans.join("app.tfplan").exists(), "the plan file is gone");
    shop.run(["apply", &run, "--yes"]).exits(3).tells("a stored plan is applied at most once");
}

#[test(engines(fake, tofu, terraform))]
fn what_changed_since_the_plan_is_refused_by_its_name(engine: &Driven) {
    for (file, item) in [
        ("app/staging.tfvars", "`var file app/staging.tfvars`"),
        ("app/main.tf", "`file app/main.tf`"),
        ("app/new.tf", "`file app/new.tf`"),
        ("modules/outer/inner/main.tf", "`file modules/outer/inner/main.tf`"),
        ("texts/named.txt", "`file texts/named.txt`"),
        ("policies/one.json", "`file policies/one.json`"),
        ("policies/two.json", "`file policies/two.json`"),
        ("app/.terraform.lock.hcl", "`lockfile`"),
    ] {
        let shop = rich(engine);
        let run = planned(&shop);
        let before = fs::read_to_string(shop.project.path(file)).unwrap_or_default();
        shop.project.write(file, &format!("{before}\n# edited\n"));
        let told = refused(&shop, &run, item, engine);
        told.tells("is not what it was when it was planned: then");
    }
}

#[test(engines(fake, tofu, terraform))]
fn an_apply_uses_the_values_of_its_plan_and_refuses_edited_ones(engine: &Driven) {
    let shop = rich(engine);
    shop.run(["plan", "staging", "--var", "extra=kept-out-of-the-journal"]).exits(0);
    let run = shop.newest_run();
    assert!(!shop.project.read(&format!("{run}/journal.jsonl")).contains("kept-out"));
    let mode = fs::metadata(shop.project.path(&format!("{run}/request.json"))).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    shop.run(["apply", "last", "--set", "vars.size=2"]).exits(64);
    shop.project.edit("environments.toml", "vars.size = 1", "vars.size = 2");
    refused(&shop, run.rsplit('/').next().unwrap(), "`value size`", engine)
        .tells("it has another value, which is not shown");
    shop.project.edit("environments.toml", "vars.size = 2", "vars.size = 1");
    shop.run(["apply", run.rsplit('/').next().unwrap(), "--yes"]).exits(0);
}

#[test(engines(fake, tofu, terraform))]
fn a_state_that_was_changed_in_between_is_refused_by_its_serial(engine: &Driven) {
    let shop = rich(engine);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.project.edit("app/staging.tfvars", "red", "green");
    shop.project.edit("app/main.tf", "\"first\"", "\"second\"");
    if engine.is_fake() {
        shop.project.edit("app/fake-engine.json", "\"first\"", "\"second\"");
    }
    let run = planned(&shop);
    let again = planned(&shop);
    shop.run(["apply", &again, "--yes"]).exits(0);
    refused(&shop, &run, "`state serial`", engine);
    assert_eq!(shop.deployed_value("app", "staging").unwrap(), "second");
}

#[test(engines(fake, tofu, terraform))]
fn another_environment_of_the_process_is_refused_by_the_variables_name(engine: &Driven) {
    let mut shop = rich(engine);
    let base = shop.env.clone();
    let cache = shop.project.around().join("cache");
    fs::create_dir_all(&cache).unwrap();
    let rc = shop.project.around().join("tofurc");
    fs::write(&rc, "disable_checkpoint = true\n").unwrap();
    let run = planned(&shop);
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    for (name, value, item) in [
        ("AWS_PROFILE", "other".to_owned(), "`variable AWS_PROFILE`"),
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1".to_owned(), "`variable AWS_ENDPOINT_URL_S3`"),
        ("PG_CONN_STR", "postgres://127.0.0.1:1/x".to_owned(), "`variable PG_CONN_STR`"),
        ("TF_VAR_extra", "x".to_owned(), "`variable TF_VAR_extra`"),
        ("TF_PLUGIN_CACHE_DIR", text(&cache), "`plugin cache`"),
        ("TF_CLI_CONFIG_FILE", text(&rc), "`CLI config`"),
    ] {
        shop.env = base.clone().var(name, value);
        refused(&shop, &run, item, engine);
    }
}

#[test]
fn another_version_of_the_engine_is_refused() {
    let shop = rich(&Driven::Fake);
    let fake = Path::new(env!("CARGO_BIN_EXE_envctl-fake-engine"));
    let wrapper = shop.project.around().join("wrapper");
    let write = |version: &str| {
        let text = format!("#!/bin/sh\nFAKE_ENGINE_VERSION={version} exec '{}' \"$@\"\n", fake.display());
        script(&wrapper, &text);
    };
    let env = shop.env.clone().var("ENVCTL_TOFU", wrapper.as_os_str());
    let shop = Shop { env, ..shop };
    write("1.12.6");
    let run = planned(&shop);
    write("1.12.10");
    refused(&shop, &run, "`engine version`", &Driven::Fake).tells("then `1.12.6`, now `1.12.10`");
    write("1.12.6");
    shop.run(["apply", &run, "--yes"]).exits(0);
}

#[test(engines(fake, tofu, terraform))]
fn a_stale_third_stack_keeps_the_first_from_being_applied(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["a", "b: a", "c: b"]);
    let run = planned(&shop);
    shop.append("c/main.tf", "# edited\n");
    shop.run(["apply", &run, "--yes"]).exits(3).tells("`file c/main.tf`");
    assert!(shop.deployed_value("a", "staging").is_none(), "{}", engine.name());
}

/// The plan of staging is in `.envctl/runs/RUN`; each step tries to apply it to production.
#[test(engines(fake, tofu, terraform))]
fn a_plan_for_staging_cannot_be_applied_to_production(engine: &Driven) {
    let shop = rich(engine);
    let run = planned(&shop);
    shop.run(["plan", "production"]).exits(0);
    let production = shop.newest_run().rsplit('/').next().unwrap().to_owned();
    let file = |run: &str, name: &str| format!(".envctl/runs/{run}/{name}");
    let unchanged = |what: &str| {
        let of = |workspace: &str| shop.deployed_value("app", workspace);
        assert_eq!((of("staging"), of("production")), (None, None), "{what}, {}", engine.name());
    };

    // With flags.
    shop.run(["apply", &run, "--confirm", "--set", "workspace=\"production\""]).exits(64);
    shop.run(["apply", &run, "production", "--confirm"]).exits(64);
    unchanged("by flags");

    // With an edited request, manifest or journal.
    for (name, told) in [
        ("request.json", "the seal of"),
        ("plans/app.manifest.json", "the seal of"),
        ("journal.jsonl", "`environment` is `production` in its journal"),
    ] {
        let name = file(&run, name);
        let text = shop.project.read(&name);
        shop.project.write(&name, &text.replace("staging", "production"));
        shop.run(["apply", &run, "--confirm"]).exits(3).tells(told);
        shop.project.write(&name, &text);
        unchanged(&name);
    }

    // With files that are copied into a run of production.
    let kept: Vec<(String, Vec<u8>)> = ["app.tfplan", "app.manifest.json", "app.diff"]
        .map(|name| file(&production, &format!("plans/{name}")))
        .map(|name| (name.clone(), fs::read(shop.project.path(&name)).unwrap()))
        .into();
    let copy = |name: &str| {
        let from = shop.project.path(&file(&run, &format!("plans/{name}")));
        fs::copy(from, shop.project.path(&file(&production, &format!("plans/{name}")))).unwrap();
    };
    copy("app.tfplan");
    shop.run(["apply", &production, "--confirm"]).exits(3).tells("`plan file`");
    copy("app.manifest.json");
    shop.run(["apply", &production, "--confirm"]).exits(3).tells("it was copied");
    let request = shop.project.read(&file(&production, "request.json"));
    let other = shop.project.read(&file(&run, "request.json"));
    shop.project.write(&file(&production, "request.json"), &other);
    shop.run(["apply", &production, "--confirm"]).exits(3).tells("it was copied");
    shop.project.write(&file(&production, "request.json"), &request);
    for (name, bytes) in kept {
        fs::write(shop.project.path(&name), bytes).unwrap();
    }
    unchanged("by copied files");

    // With an edited environments.toml.
    let toml = shop.project.read("environments.toml");
    let swapped = toml.replace("workspace = \"staging\"", "workspace = \"-\"");
    let swapped = swapped.replace("workspace = \"production\"", "workspace = \"staging\"");
    shop.project
        .write("environments.toml", &swapped.replace("workspace = \"-\"", "workspace = \"production\""));
    shop.run(["apply", &run, "--confirm"]).exits(3).tells("`workspace`");
    shop.project.write("environments.toml", &toml);
    unchanged("by another environments.toml");

    // Unchanged, each plan is applied to its own environment.
    shop.run(["apply", &run, "--yes"]).exits(0);
    assert!(shop.deployed_value("app", "staging").is_some());
    assert!(shop.deployed_value("app", "production").is_none());
    shop.run(["apply", &production, "--confirm"]).exits(0);
    assert!(shop.deployed_value("app", "production").is_some());
}

#[test(engines(fake, tofu, terraform))]
fn a_changed_workspace_is_refused_before_any_engine_starts(engine: &Driven) {
    let shop = rich(engine);
    let run = planned(&shop);
    shop.project.edit("environments.toml", "workspace = \"staging\"", "workspace = \"other\"");
    shop.forget_calls();
    refused(&shop, &run, "`workspace`", engine).tells("then `staging`, now `other`");
    assert_eq!(shop.calls(), [""; 0]);
}

#[test(engines(fake, tofu, terraform))]
fn a_confirmed_environment_refuses_providers_that_are_not_the_locked_ones(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    let rc = shop.project.around().join("rc");
    fs::write(
        &rc,
        "provider_installation {\n  dev_overrides {\n    \"x/y\" = \"/tmp\"\n  }\n  direct {}\n}\n",
    )
    .unwrap();
    for (name, value, told) in [
        ("TF_CLI_CONFIG_FILE", rc.to_str().unwrap(), "has `dev_overrides`"),
        ("TF_REATTACH_PROVIDERS", "{}", "`TF_REATTACH_PROVIDERS` is set"),
    ] {
        let env = shop.env.clone().var(name, value);
        env.run(["deploy", "production", "--confirm"]).exits(3).tells(told);
        assert_eq!(shop.deployed_value("app", "production"), None, "{}", engine.name());
    }
    // A configuration file that the engine finds by itself.
    let own = shop.project.around().join("home/.terraform.d/own.tfrc");
    fs::create_dir_all(own.parent().unwrap()).unwrap();
    fs::rename(&rc, &own).unwrap();
    let env = shop.env.clone().without("TF_CLI_CONFIG_FILE");
    env.run(["deploy", "production", "--confirm"]).exits(3).tells("own.tfrc` has `dev_overrides`");
}

#[test(engines(fake, tofu, terraform))]
fn a_relative_cli_config_is_the_same_file_for_envctl_and_the_engine(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    let overrides =
        "provider_installation {\n  dev_overrides {\n    \"x/y\" = \"/tmp\"\n  }\n  direct {}\n}\n";
    shop.project.write("app/rc", overrides);
    // The engine needs the CLI configuration of the test run, if there is one.
    let given = shop.env.value("TF_CLI_CONFIG_FILE").map(|file| fs::read_to_string(file).unwrap());
    let harmless = given.unwrap_or_default();
    shop.project.write("rc", &harmless);
    let env = shop.env.clone().var("TF_CLI_CONFIG_FILE", "rc");
    env.run(["plan", "production"]).exits(0);
    // The engine's log would show overrides.
    env.run(["runs", "log"]).exits(0).hides("development overrides");
    shop.project.write("rc", overrides);
    env.run(["plan", "production"]).exits(3).tells("/rc` has `dev_overrides`");
}

#[test]
fn a_plan_from_before_the_confirmation_was_dropped_is_refused() {
    let shop = rich(&Driven::Fake);
    shop.run(["plan", "production"]).exits(0);
    shop.project.edit("environments.toml", "confirm = true", "confirm = false");
    shop.run(["apply", "last", "--yes"]).exits(3).tells("`confirmation`");
    assert_eq!(shop.deployed_value("app", "production"), None);
}

#[test(engines(fake, tofu, terraform))]
fn a_plan_whose_upstream_was_applied_by_another_run_since_is_refused(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network", "app: network"]);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.change("app", "second");
    shop.run(["plan", "staging", "app"]).exits(0);
    let alone = shop.newest_run().rsplit('/').next().unwrap().to_owned();
    let both = planned(&shop);
    shop.change("network", "second");
    shop.run(["deploy", "staging", "network", "--yes"]).exits(0);

    for run in [&alone, &both] {
        refused(&shop, run, "`upstream network`", engine);
    }
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"), "{}", engine.name());
    shop.run(["deploy", "staging", "app", "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("second"), "{}", engine.name());
}

/// The address of the module is an expression that only OpenTofu evaluates.
#[test(engines(tofu))]
fn a_module_whose_source_is_computed_is_bound_with_what_it_calls(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    let calls =
        "locals {\n  place = \"../modules/outer\"\n}\nmodule \"outer\" {\n  source = local.place\n}\n";
    shop.append("app/main.tf", calls);
    shop.project.write("modules/outer/main.tf", "module \"inner\" {\n  source = \"./inner\"\n}\n");
    let inner = "modules/outer/inner/main.tf";
    shop.project.write(inner, "locals {\n  a = 1\n}\n");
    let run = planned(&shop);
    shop.project.write(inner, "locals {\n  a = 2\n}\n");
    refused(&shop, &run, &format!("`file {inner}`"), engine);
    // In a fresh clone there is no module manifest yet.
    let run = planned(&shop);
    fs::remove_dir_all(shop.project.path(".envctl/data")).unwrap();
    shop.run(["apply", &run, "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"));
}
