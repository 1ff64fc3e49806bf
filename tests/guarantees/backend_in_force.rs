//! 3. The wrong environment is impossible, or refused: the initialised backend is compared before every process.

use std::fs;

use serde_json::Value;

use crate::support::{Driven, Env, S3Server, Shop, app_unit, plain, programs, remote_state, script};

/// Configuration of two environments whose states differ by backend pairs alone.
const BY_PATH: &str = "[project]
name = \"shop\"

[defaults]
backend.local = { path = \"../state/{env}.tfstate\" }

[environments.staging]

[environments.production]
confirm = true
";

/// Makes a stack whose pairs determine the state, deploys it to production, changes its value, and removes `.envctl`.
#[track_caller]
fn shop(engine: &Driven) -> Shop {
    let shop = Shop::driven_by(engine, BY_PATH);
    let mut first = plain("app");
    first["backend"] = "local".into();
    shop.stack("app", &[], &first);
    shop.project.commit("Begin");
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    let mut second = first;
    second["resources"]["terraform_data.app"] = "second".into();
    shop.script("app", &second);
    fs::remove_dir_all(shop.project.path(".envctl")).unwrap();
    shop
}

/// Returns the value in an environment's state; absent when there is no state.
fn value(shop: &Shop, environment: &str) -> Option<String> {
    let text = fs::read_to_string(shop.project.path(&format!("state/{environment}.tfstate"))).ok()?;
    let state: Value = serde_json::from_str(&text).unwrap();
    let of_the_fake = state["resources"].get("terraform_data.app");
    let value = of_the_fake.or_else(|| state.pointer("/resources/0/instances/0/attributes/input/value"));
    value.and_then(Value::as_str).map(str::to_owned)
}

#[track_caller]
fn is_where_it_belongs(shop: &Shop, engine: &Driven) {
    assert_eq!(value(shop, "production").as_deref(), Some("first"), "{}", engine.name());
    assert_eq!(value(shop, "staging").as_deref(), Some("second"), "{}", engine.name());
}

/// Changes a key in the backend record of staging's data directory.
#[track_caller]
fn edit_record(shop: &Shop, key: &str, to: Value) {
    let path = shop.project.path(".envctl/data/staging/app/terraform.tfstate");
    let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    record["backend"]["config"][key] = to;
    fs::write(&path, record.to_string()).unwrap();
}

const ANEW: &str = "state/production.tfstate: initialised anew for local:";

#[test(engines(fake, tofu, terraform))]
fn a_record_of_another_environment_is_initialised_anew(engine: &Driven) {
    let shop = shop(engine);
    shop.run(["plan", "staging"]).exits(0).hides("initialised anew");
    edit_record(&shop, "path", "../state/production.tfstate".into());

    shop.run(["deploy", "staging", "--yes"]).exits(0).tells(ANEW);

    is_where_it_belongs(&shop, engine);
}

#[test(engines(fake, tofu, terraform))]
fn a_record_that_changes_between_plan_and_apply_moves_no_apply(engine: &Driven) {
    let shop = shop(engine);
    shop.run(["plan", "staging"]).exits(0);
    edit_record(&shop, "path", "../state/production.tfstate".into());

    shop.run(["apply", "last", "--yes"]).exits(0).tells(ANEW);

    is_where_it_belongs(&shop, engine);
}

#[test(engines(fake, tofu, terraform))]
fn commands_that_read_meet_the_state_of_their_instance(engine: &Driven) {
    let shop = shop(engine);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    let lineage = |environment: &str| {
        let text = fs::read_to_string(shop.project.path(&format!("state/{environment}.tfstate"))).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["lineage"].as_str().unwrap().to_owned()
    };
    for command in [
        &["exec", "staging", "app", "--", "state", "pull"] as &[&str],
        &["exec", "staging", "app", "--", "output", "-json"],
        &["output", "staging", "app"],
    ] {
        edit_record(&shop, "path", "../state/production.tfstate".into());
        let run = shop.env.run_args(command).exits(0).tells(ANEW);
        if command.contains(&"pull") {
            run.prints(&lineage("staging")).hides(&lineage("production"));
        }
    }
}

#[test(engines(tofu, terraform))]
fn what_a_shell_initialises_is_taken_for_nothing(engine: &Driven) {
    let shop = shop(engine);
    let shell = shop.marker("shell");
    let init = "init -reconfigure -backend-config=path=../state/production.tfstate";
    script(&shell, &format!("#!/bin/sh\nexec {} {init}\n", engine.name()));
    let env = shop.env.clone().var("SHELL", &shell);
    env.run(["shell", "staging", "app"]).exits(0);

    shop.run(["deploy", "staging", "--yes"]).exits(0).tells(ANEW);

    is_where_it_belongs(&shop, engine);
}

#[test(engines(fake, tofu, terraform))]
fn a_typed_init_has_the_pairs_of_its_instance(engine: &Driven) {
    let shop = shop(engine);
    for typed in [&["init", "-input=false"] as &[&str], &["init", "-upgrade", "-input=false"]] {
        let exec = [&["exec", "staging", "app", "--yes", "--"], typed].concat();
        shop.env.run_args(&exec).exits(0);
        let record = shop.project.read(".envctl/data/staging/app/terraform.tfstate");
        assert!(record.contains("../state/staging.tfstate"), "{}: {record}", engine.name());
        // The next plan initialises again.
        shop.forget_calls();
        shop.run(["plan", "staging"]).exits(0);
        if engine.is_fake() {
            assert_eq!(shop.folders("init"), ["app"]);
        }
    }
}

#[test(engines(fake, tofu, terraform))]
fn an_engine_that_initialises_elsewhere_is_refused(engine: &Driven) {
    let shop = shop(engine);
    wrap(
        &shop,
        engine,
        "init",
        "ENGINE \"$@\" || exit $?\nsed -i s/staging.tfstate/production.tfstate/ \"$TF_DATA_DIR/terraform.tfstate\"",
    );

    for command in
        [&["deploy", "staging", "--yes"] as &[&str], &["exec", "staging", "app", "--", "state", "pull"]]
    {
        let run = shop.env.run_args(command).exits(3);
        run.tells("state/production.tfstate in place of local:").tells("state/staging.tfstate");
    }

    assert_eq!(value(&shop, "production").as_deref(), Some("first"), "{}", engine.name());
    assert_eq!(value(&shop, "staging"), None, "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_plan_file_that_was_made_on_another_backend_is_refused(engine: &Driven) {
    let shop = shop(engine);
    wrap(
        &shop,
        engine,
        "plan",
        "r=$TF_DATA_DIR/terraform.tfstate\ncp $r $r.own\nsed -i s/staging.tfstate/production.tfstate/ $r\nENGINE \"$@\"\ns=$?\nmv $r.own $r\nexit $s",
    );

    let run = shop.run(["deploy", "staging", "--yes"]).exits(3);

    run.tells("was made on another state than its backend in force").tells("state/production.tfstate");
    assert_eq!(value(&shop, "production").as_deref(), Some("first"), "{}", engine.name());
    assert_eq!(value(&shop, "staging"), None, "{}", engine.name());
}

#[test(engines(tofu, terraform), needs(moto_server))]
fn another_bucket_key_or_region_in_the_record_moves_no_state(engine: &Driven) {
    let [moto] = programs(["moto_server"]);
    let server = S3Server::start(&moto);
    server.make_backend("eu-west-1", "states", "locks");
    server.make_backend("eu-west-1", "others", "others");
    let pairs = "[defaults.backend.s3]\nbucket = \"states\"\nkey = \"{env}/app\"\nregion = \"eu-west-1\"\nuse_path_style = true\nskip_credentials_validation = true\nskip_requesting_account_id = true\nskip_metadata_api_check = true\nskip_region_validation = true\n";
    let environments =
        "[project]\nname = \"shop\"\n\n[environments.staging]\n\n[environments.production]\nconfirm = true\n";
    let shop = Shop::driven_by(engine, &format!("{environments}\n{pairs}"));
    let mut script = plain("app");
    script["backend"] = "s3".into();
    shop.stack("app", &[], &script);
    shop.project.commit("Begin");
    let env: Env = shop.env.clone().vars(server.variables());
    env.run(["deploy", "production", "--confirm"]).exits(0);
    fs::remove_dir_all(shop.project.path(".envctl")).unwrap();
    let production = server.text("states", "production/app");
    env.run(["plan", "staging"]).exits(0);
    for (key, to, told) in [
        ("bucket", "others", "s3://others/staging/app"),
        ("region", "us-east-1", ""),
        ("key", "production/app", "s3://states/production/app"),
    ] {
        edit_record(&shop, key, to.into());
        env.run(["plan", "staging"]).exits(0).tells(told);
        let record = shop.project.read(".envctl/data/staging/app/terraform.tfstate");
        let record: Value = serde_json::from_str(&record).unwrap();
        assert_ne!(record["backend"]["config"][key], to, "{}: {key}", engine.name());
    }
    edit_record(&shop, "key", "production/app".into());
    env.run(["deploy", "staging", "--yes"]).exits(0).tells("s3://states/production/app");

    assert_eq!(server.text("states", "production/app"), production, "{}", engine.name());
    assert_eq!(server.keys("states"), ["production/app", "staging/app"], "{}", engine.name());
    assert!(server.keys("others").is_empty(), "{}", engine.name());
}

#[test(engines(terragrunt))]
fn a_unit_whose_state_moves_between_plan_and_apply_is_refused() {
    let (project, env) = app_unit("app");
    let states = project.around().join("states");
    let path = format!("{}/${{get_env(\"WHERE\", \"one\")}}.tfstate", states.display());
    project.write("app/terragrunt.hcl", &remote_state(&path));
    project.write("app/main.tf", "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n");
    project.commit("Begin");
    env.run(["plan", "dev"]).exits(0);
    let moved = env.clone().var("WHERE", "two");

    // Terragrunt does not initialise over another backend, but does so in a new working folder.
    let run = moved.run(["apply", "last", "--yes"]).tells("Backend configuration changed");
    assert_ne!(run.code(), 0, "{run}");
    env.run(["plan", "dev"]).exits(0);
    fs::remove_dir_all(project.path("app/.terragrunt-cache")).unwrap();
    moved.run(["apply", "last", "--yes"]).exits(3).tells("two.tfstate");

    for name in ["one", "two"] {
        assert!(!states.join(format!("{name}.tfstate")).exists(), "{name}");
    }
    fs::remove_dir_all(project.path("app/.terragrunt-cache")).unwrap();
    env.run(["deploy", "dev", "--yes"]).exits(0);
    assert!(states.join("one.tfstate").exists());
}

#[test(engines(fake, tofu))]
fn an_address_that_an_expression_makes_is_no_other_instances(engine: &Driven) {
    let shop = shop(engine);
    // Only the engine can evaluate the path of `other`, which is the path of production's state.
    let mut other = plain("other");
    other["backend"] = "local".into();
    other["path"] = "../state/production.tfstate".into();
    shop.stack("other", &[], &other);
    let main = shop.project.read("other/main.tf");
    let block = "variable \"place\" {\n  default = \"../state/production.tfstate\"\n}\n\nterraform {\n  backend \"local\" {\n    path = var.place\n  }\n}\n";
    let (_, rest) = main.split_once("}\n\n").unwrap();
    shop.project.write("other/main.tf", &format!("{block}{rest}"));
    shop.project.edit(
        "environments.toml",
        "[defaults]\nbackend.local = { path = \"../state/{env}.tfstate\" }\n",
        "",
    );
    shop.append("environments.toml", "\n[stacks.app.backend.local]\npath = \"../state/{env}.tfstate\"\n");

    let run = shop.run(["deploy", "staging", "other", "--yes"]);

    assert_eq!(run.code(), 3, "{}: {run}", engine.name());
    run.tells("`staging/other` and `production/app` have the same state: address local:");
    assert_eq!(value(&shop, "production").as_deref(), Some("first"), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_hook_that_edits_the_record_before_an_apply_is_noticed(engine: &Driven) {
    let shop = shop(engine);
    let hook = shop.marker("hook");
    let record = shop.project.path(".envctl/data/staging/app/terraform.tfstate");
    let edit = format!("sed -i s/staging.tfstate/production.tfstate/ '{}'", record.display());
    script(&hook, &format!("#!/bin/sh\nPATH=/usr/bin:/bin\n{edit}\n"));
    let hooks = format!("\n[stacks.app.hooks]\nbefore_apply = [[\"{}\"]]\n", hook.display());
    shop.append("environments.toml", &hooks);

    shop.run(["deploy", "staging", "--yes"]).exits(3).tells("state/production.tfstate");

    assert_eq!(value(&shop, "production").as_deref(), Some("first"), "{}", engine.name());
    assert_eq!(value(&shop, "staging"), None, "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_record_that_is_torn_gone_or_of_another_type_is_made_anew(engine: &Driven) {
    for how in ["torn", "gone", "another type"] {
        let shop = shop(engine);
        for environment in ["staging", "production"] {
            shop.run(["plan", environment]).exits(0);
        }
        let record = shop.project.path(".envctl/data/staging/app/terraform.tfstate");
        match how {
            "torn" => fs::write(&record, "{\"version\": 3, \"backe").unwrap(),
            "gone" => fs::remove_file(&record).unwrap(),
            _ => {
                let http = "{\"version\":3,\"backend\":{\"type\":\"http\",\"config\":{\"address\":\"http://127.0.0.1:1\"},\"hash\":1}}";
                fs::write(&record, http).unwrap();
            }
        }

        shop.run(["deploy", "staging", "--yes"]).exits(0);

        is_where_it_belongs(&shop, engine);
        shop.run(["deploy", "production", "--confirm"]).exits(0);
        assert_eq!(value(&shop, "production").as_deref(), Some("second"), "{}: {how}", engine.name());
    }
}

#[test(engines(fake, tofu, terraform))]
fn a_key_that_no_file_states_moves_no_state_either(engine: &Driven) {
    let environments = "[project]\nname = \"shop\"\n\n[environments.staging]\nworkspace = \"staging\"\ncreate_workspace = \"always\"\n";
    let shop = Shop::driven_by(engine, environments);
    let mut first = plain("app");
    first["backend"] = "local".into();
    shop.stack("app", &[], &first);
    shop.project.commit("Begin");
    let add = "PATH=/usr/bin:/bin\nsed -i 's/\"workspace_dir\": *null/\"workspace_dir\":\"..\\/elsewhere\"/' \"$TF_DATA_DIR/terraform.tfstate\"\n\
               grep -q elsewhere \"$TF_DATA_DIR/terraform.tfstate\" || sed -i 's/\"path\": *null/\"path\":null,\"workspace_dir\":\"..\\/elsewhere\"/' \"$TF_DATA_DIR/terraform.tfstate\"";
    wrap(&shop, engine, "init", &format!("ENGINE \"$@\" || exit $?\n{add}"));

    shop.run(["deploy", "staging", "--yes"])
        .exits(3)
        .tells("elsewhere/staging/terraform.tfstate in place of local:");

    assert!(!shop.project.path("elsewhere").exists(), "{}", engine.name());
}

/// Wraps the engine in a program that runs these lines of shell for a verb; `ENGINE` is the path of the engine.
#[track_caller]
fn wrap(shop: &Shop, engine: &Driven, verb: &str, lines: &str) {
    let name = if engine.is_fake() { "tofu" } else { engine.name() };
    let path = shop.project.around().join("bin").join(name).display().to_string();
    let others = format!("[ \"$1\" = {verb} ] || exec {path} \"$@\"");
    let lines = lines.replace("ENGINE", &path);
    script(shop.marker("wrapper"), &format!("#!/bin/sh\nPATH=/usr/bin:/bin:$PATH\n{others}\n{lines}\n"));
    shop.project.edit(
        "environments.toml",
        "name = \"shop\"\n",
        &format!("name = \"shop\"\nengine = \"{name}\"\n"),
    );
    shop.append("environments.toml", &format!("\n[{name}]\nprogram = \"../wrapper\"\n"));
}
