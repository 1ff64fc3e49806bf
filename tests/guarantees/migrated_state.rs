//! 3. The wrong environment is impossible, or refused: a state that is migrated to another address arrives there complete.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use serde_json::Value;

use crate::support::{Driven, IdleTerminal, Run, S3Server, Shop, Streams, plain, programs};

const ENVIRONMENTS: &str = "[project]
name = \"shop\"

[defaults]
backend.local = { path = \"../old/{env}.tfstate\" }

[environments.staging]

[environments.production]
confirm = true
";

/// Deploys a stack to staging and production, and then changes the path in its backend pairs.
#[track_caller]
fn moved(engine: &Driven) -> Shop {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    let mut script = plain("app");
    script["backend"] = "local".into();
    shop.stack("app", &[], &script);
    shop.project.commit("Begin");
    for environment in ["staging", "production"] {
        shop.run(["deploy", environment, "--confirm"]).exits(0);
    }
    shop.project.edit("environments.toml", "../old/", "../new/");
    shop
}

#[track_caller]
fn migrate(shop: &Shop, environment: &str, flags: &[&str]) -> Run {
    shop.env.run_args(&[&["exec", environment, "app"], flags, &["--", "init", "-migrate-state"]].concat())
}

fn state(shop: &Shop, path: &str) -> Option<Value> {
    let text = fs::read_to_string(shop.project.path(path)).ok()?;
    serde_json::from_str(&text).ok()
}

const VANISHED: &str = "    the last known state had the lineage [LINEAGE]
    now there is none at `local:[PROJECT]/new/staging.tfstate`
    a plan would create everything anew
    it lay at `local:[PROJECT]/old/staging.tfstate`
    the address is `local:[PROJECT]/new/staging.tfstate` now
    hint: `envctl exec staging app -- init -migrate-state` moves the state there
    hint: `envctl plan staging --allow lineage:staging/app` takes it, after a deliberate reset or restore
";

const UNCONFIRMED: &str = "\
error: `init -migrate-state` may change `app` in `staging` and was not confirmed
  `app` moves its state:
    from    local:[PROJECT]/old/staging.tfstate
    to      local:[PROJECT]/new/staging.tfstate
    backup  [PROJECT]/.envctl/backups/staging/app/
hint: `envctl exec staging app --yes -- init -migrate-state`
";

fn text(shop: &Shop, text: &str) -> String {
    text.replace(&*shop.project.root().to_string_lossy(), "[PROJECT]")
}

/// Returns the backups of an environment's stack.
fn backups(shop: &Shop, environment: &str) -> Vec<PathBuf> {
    let folder = shop.project.path(&format!(".envctl/backups/{environment}/app"));
    folder.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

#[test(engines(tofu, terraform))]
fn a_migration_is_confirmed_moves_the_state_and_keeps_a_backup(engine: &Driven) {
    for replaced_before in [false, true] {
        let shop = moved(engine);
        let before = state(&shop, "old/staging.tfstate").unwrap();
        if replaced_before {
            // The data directory is initialised for the new address already.
            let run = shop.run(["plan", "staging"]).exits(3).prints("refused: the state has vanished\n");
            let facts = text(&shop, &run.stderr).replace(before["lineage"].as_str().unwrap(), "[LINEAGE]");
            let (_, facts) = facts.split_once("refused: the state has vanished  ").unwrap();
            let (_, facts) = facts.split_once('\n').unwrap();
            assert!(facts.starts_with(VANISHED), "{}: {facts}", engine.name());
            assert_eq!(run.stderr.matches("the last known state").count(), 1, "{run}");
            assert!(!run.stdout.contains("the last known state"), "{run}");
        }
        let refused = migrate(&shop, "staging", &[]).exits(3);
        assert_eq!(text(&shop, &refused.stderr), UNCONFIRMED, "{}", engine.name());
        assert_eq!(state(&shop, "new/staging.tfstate"), None, "{}", engine.name());

        let run = migrate(&shop, "staging", &["--yes"]).exits(0).tells("old/staging.tfstate is kept in");
        let old = shop.project.path("old/staging.tfstate");
        let run = run.tells(&format!(
            "the old file `{}` stays: no engine removes it, and nothing reads it any more",
            old.display()
        ));

        let after = state(&shop, "new/staging.tfstate").unwrap();
        assert_eq!(after["lineage"], before["lineage"], "{}: {run}", engine.name());
        assert_eq!(after["resources"], before["resources"], "{}: {run}", engine.name());
        let [backup] = backups(&shop, "staging").try_into().unwrap();
        for gc in [&["runs", "gc", "--dry-run"][..], &["runs", "gc", "--older-than", "0s"]] {
            let told = shop.env.run_args(gc).exits(0);
            told.tells("1 backup of migrated states left in `.envctl/backups`, ");
            assert!(backup.exists(), "{gc:?}");
        }
        let kept: Value = serde_json::from_str(&fs::read_to_string(&backup).unwrap()).unwrap();
        assert_eq!((&kept["lineage"], &kept["serial"]), (&before["lineage"], &before["serial"]));
        for (path, mode) in [(backup.as_path(), 0o600), (backup.parent().unwrap(), 0o700)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
        }
        shop.run(["plan", "staging", "--json"]).exits(0).prints("\"clean\"");
        assert!(state(&shop, "old/production.tfstate").is_some(), "{}", engine.name());
        assert_eq!(state(&shop, "new/production.tfstate"), None, "{}", engine.name());
    }
}

#[test(engines(tofu, terraform))]
fn the_question_of_a_migration_names_both_addresses_and_the_backup(engine: &Driven) {
    for (flag, shown) in [
        ("-migrate-state", ["`app` moves its state:", "staging.tfstate", "backup  "]),
        ("-reconfigure", ["`app` takes another state and copies nothing:", "(stays there)", "to  "]),
    ] {
        let shop = moved(engine);
        let before = fs::read(shop.project.path("old/staging.tfstate")).unwrap();
        let args = ["exec", "staging", "app", "--", "init", flag];

        let terminal = shop.env.on_terminal(IdleTerminal::open(), Streams::All, args).shows("Run it? [y/N] ");
        let run = terminal.types("n\n").wait().exits(3);

        let (above, _) = run.stderr.split_once("may change `app` in `staging`. Run it?").unwrap();
        let lines = text(&shop, above);
        for shown in shown
            .iter()
            .chain(&["from    local:[PROJECT]/old/staging.tfstate", "to      local:[PROJECT]/new/"])
        {
            assert!(lines.contains(shown), "{}: `{shown}` in {lines}", engine.name());
        }
        assert_eq!(fs::read(shop.project.path("old/staging.tfstate")).unwrap(), before);
        assert_eq!(state(&shop, "new/staging.tfstate"), None);
    }
}

#[test(engines(tofu, terraform))]
fn a_migration_that_could_lose_something_is_refused(engine: &Driven) {
    let shop = moved(engine);
    let unchanged = |shop: &Shop, run: Run, told: &str| {
        run.exits(3).tells(told);
        assert!(backups(shop, "production").is_empty(), "{}", engine.name());
    };
    // A state exists at the new address.
    fs::create_dir_all(shop.project.path("new")).unwrap();
    let other = fs::read(shop.project.path("old/staging.tfstate")).unwrap();
    fs::write(shop.project.path("new/production.tfstate"), &other).unwrap();
    let run = migrate(&shop, "production", &["--confirm"]);
    unchanged(&shop, run, "there is a state at local:");
    assert_eq!(fs::read(shop.project.path("new/production.tfstate")).unwrap(), other);
    // There is nothing to migrate: the address is the same, or the old one is empty.
    shop.project.edit("environments.toml", "../new/", "../old/");
    shop.run(["plan", "production"]).exits(0);
    let run = migrate(&shop, "production", &["--confirm"]);
    unchanged(&shop, run, "there is nothing to migrate");
    fs::remove_file(shop.project.path("old/production.tfstate")).unwrap();
    shop.project.edit("environments.toml", "../old/", "../third/");
    let run = migrate(&shop, "production", &["--confirm"]);
    unchanged(&shop, run, "there is nothing to migrate");
}

#[test(engines(tofu, terraform))]
fn a_migration_takes_no_state_of_another_instance(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    let mut script = plain("app");
    script["backend"] = "local".into();
    shop.stack("app", &[], &script);
    shop.project.commit("Begin");
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    shop.run(["plan", "staging"]).exits(0);
    // Record of an init that the user ran in a shell.
    let record = ".envctl/data/staging/app/terraform.tfstate";
    let of_staging = shop.project.read(record);
    shop.project.write(record, &of_staging.replace("old/staging.tfstate", "old/production.tfstate"));

    let run = migrate(&shop, "staging", &["--yes"]).exits(3);

    run.tells("`staging/app` and `production/app` have the same state");
    assert_eq!(state(&shop, "old/staging.tfstate"), None, "{}", engine.name());
    assert!(state(&shop, "old/production.tfstate").is_some(), "{}", engine.name());
    assert!(backups(&shop, "staging").is_empty(), "{}", engine.name());
}

#[test(engines(tofu, terraform))]
fn a_state_in_a_workspace_moves_alone(engine: &Driven) {
    let environments = "[project]\nname = \"shop\"\n\n[defaults]\ncreate_workspace = \"always\"\n\n\
                        [environments.staging]\nworkspace = \"staging\"\n\n[environments.other]\nworkspace = \"other\"\n";
    let shop = Shop::driven_by(engine, environments);
    let mut script = plain("app");
    script["backend"] = "local".into();
    shop.stack("app", &[], &script);
    shop.project.commit("Begin");
    for environment in ["staging", "other"] {
        shop.run(["deploy", environment, "--yes"]).exits(0);
    }
    let place = "\n[defaults.backend.local]\nworkspace_dir = \"../new\"\n";
    shop.append("environments.toml", place);
    migrate(&shop, "staging", &["--yes"]).exits(3).tells("has other workspaces as well");
    assert!(!shop.project.path("new").exists(), "{}", engine.name());
    fs::remove_dir_all(shop.project.path("app/terraform.tfstate.d/other")).unwrap();

    migrate(&shop, "staging", &["--yes"]).exits(0);

    assert!(state(&shop, "new/staging/terraform.tfstate").is_some(), "{}", engine.name());
    shop.run(["plan", "staging", "--json"]).exits(0).prints("\"clean\"");
}

#[test(engines(tofu, terraform))]
fn a_state_without_a_backend_block_moves_into_one(engine: &Driven) {
    let environments =
        ENVIRONMENTS.replace("[defaults]\nbackend.local = { path = \"../old/{env}.tfstate\" }\n\n", "");
    let shop =
        Shop::driven_by(engine, &environments.replace("[environments.production]\nconfirm = true\n", ""));
    shop.stack("app", &[], &plain("app"));
    shop.project.commit("Begin");
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    let mut script = plain("app");
    script["backend"] = "local".into();
    shop.script("app", &script);
    shop.append("environments.toml", "\n[defaults.backend.local]\npath = \"../new/{env}.tfstate\"\n");

    migrate(&shop, "staging", &["--yes"]).exits(0);

    assert!(state(&shop, "new/staging.tfstate").is_some(), "{}", engine.name());
    shop.run(["plan", "staging", "--json"]).exits(0).prints("\"clean\"");
}

#[test(engines(tofu, terraform), needs(moto_server))]
fn a_local_state_moves_to_a_bucket_and_on_to_another_key(engine: &Driven) {
    let [moto] = programs(["moto_server"]);
    let server = S3Server::start(&moto);
    server.make_backend("eu-west-1", "states", "locks");
    let shop = Shop::driven_by(engine, "[project]\nname = \"shop\"\n\n[environments.staging]\n");
    let env = shop.env.clone().vars(server.variables());
    shop.stack("app", &[], &plain("app"));
    shop.project.commit("Begin");
    env.run(["deploy", "staging", "--yes"]).exits(0);
    let before = state(&shop, "app/terraform.tfstate").unwrap();
    let mut script = plain("app");
    script["backend"] = "s3".into();
    shop.script("app", &script);
    let pairs = "\n[defaults.backend.s3]\nbucket = \"states\"\nkey = \"{env}/one\"\nregion = \"eu-west-1\"\nuse_path_style = true\nskip_credentials_validation = true\nskip_requesting_account_id = true\nskip_metadata_api_check = true\nskip_region_validation = true\n";
    shop.append("environments.toml", pairs);
    let migrate = ["exec", "staging", "app", "--yes", "--", "init", "-migrate-state"];
    for (key, other) in [("one", "two"), ("two", "three")] {
        // An init that fails meanwhile leaves no record of the old address.
        let failing = format!("\n[{}]\ninit_args = [\"-no-such-flag\"]\n", engine.name());
        shop.append("environments.toml", &failing);
        env.run(["plan", "staging"]).exits(1);
        shop.project.edit("environments.toml", &failing, "");
        let refused = env.run(["plan", "staging"]).exits(3);
        refused.tells("hint: `envctl exec staging app -- init -migrate-state` moves the state there\n");
        env.run(migrate).exits(0);

        let text = server.text("states", &format!("staging/{key}"));
        let after: Value = serde_json::from_str(&text).unwrap();
        // A state in a new bucket object gets a new lineage.
        let attributes = |state: &Value| state.pointer("/resources/0/instances/0/attributes").cloned();
        assert_eq!(attributes(&after), attributes(&before), "{}", engine.name());
        env.run(["plan", "staging", "--json"]).exits(0).prints("\"clean\"");
        shop.project.edit("environments.toml", &format!("{{env}}/{key}"), &format!("{{env}}/{other}"));
    }
    assert_eq!(backups(&shop, "staging").len(), 2, "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn hints_of_a_moved_state_repeat_the_flags_but_no_hidden_value(engine: &Driven) {
    let variables = "variable \"size\" {\n  default = 1\n}\nvariable \"token\" {\n  default   = \"\"\n  sensitive = true\n}\n";
    let shop = moved(engine);
    shop.append("app/main.tf", variables);
    // Values this short are not masked.
    let flags =
        ["--var", "size=3", "--var", "token=xyz", "--set", "vars.token=\"zyx\"", "--set", "parallelism=3"];

    let run = shop.env.run_args(&[&["plan", "staging"], &flags[..]].concat()).exits(3);

    let given = "--set vars.size=3 --set 'vars.token=…' --set 'vars.token=…' --set parallelism=3";
    let run =
        run.tells(&format!("`envctl exec staging app {given} -- init -migrate-state` moves the state there"));
    let given = "--var size=3 --var 'token=…' --set 'vars.token=…' --set parallelism=3";
    run.tells(&format!("`envctl plan staging --allow lineage:staging/app {given}` takes it"))
        .hides("xyz")
        .hides("zyx");
}

#[test(engines(fake, tofu, terraform))]
fn a_migration_over_another_state_is_not_proposed(engine: &Driven) {
    let shop = moved(engine);
    let mut other = state(&shop, "old/production.tfstate").unwrap();
    other["lineage"] = "another-one".into();
    shop.project.write("new/staging.tfstate", &other.to_string());

    let run = shop.run(["plan", "staging"]).exits(3).tells("the state was replaced by another one");

    run.hides("-migrate-state").tells("it lay at `local:").tells("hint: name the former address again");
}
