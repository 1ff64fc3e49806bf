//! 1. The plan you saw is the plan that is applied.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use crate::support::{Driven, ENVIRONMENTS, Run, Shop, each_engine};

/// A shop whose stack has a var file, a value, a module two levels deep, a file that only HCL names, and one of `files`.
#[track_caller]
pub(crate) fn rich(engine: &Driven) -> Shop {
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

/// Plans staging and gives the id of the run.
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

#[test]
fn a_deploy_applies_what_it_showed() {
    for engine in each_engine() {
        let shop = Shop::driven_by(&engine, ENVIRONMENTS).with_stacks(&["app"]);
        shop.run(["deploy", "staging", "--yes"]).exits(0);
        assert_eq!(shop.deployed_value("app", "staging").unwrap(), "first", "{}", engine.name());
    }
}

#[test]
fn a_stored_plan_is_applied_as_it_is_and_at_most_once() {
    for engine in each_engine() {
        let shop = rich(&engine);
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
}

#[test]
fn what_changed_since_the_plan_is_refused_by_its_name() {
    for engine in each_engine() {
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
            let shop = rich(&engine);
            let run = planned(&shop);
            let before = fs::read_to_string(shop.project.path(file)).unwrap_or_default();
            shop.project.write(file, &format!("{before}\n# edited\n"));
            let told = refused(&shop, &run, item, &engine);
            told.tells("is not what it was when it was planned: then");
        }
    }
}

#[test]
fn values_and_overrides_are_those_of_the_plan_and_an_edit_of_either_is_refused() {
    for engine in each_engine() {
        let shop = rich(&engine);
        shop.run(["plan", "staging", "--var", "extra=kept-out-of-the-journal"]).exits(0);
        let run = shop.newest_run();
        assert!(!shop.project.read(&format!("{run}/journal.jsonl")).contains("kept-out"));
        let mode =
            fs::metadata(shop.project.path(&format!("{run}/request.json"))).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        shop.run(["apply", "last", "--set", "vars.size=2"]).exits(64);
        shop.project.edit("environments.toml", "vars.size = 1", "vars.size = 2");
        refused(&shop, run.rsplit('/').next().unwrap(), "`value size`", &engine)
            .tells("keyed digest changed");
        shop.project.edit("environments.toml", "vars.size = 2", "vars.size = 1");
        shop.run(["apply", run.rsplit('/').next().unwrap(), "--yes"]).exits(0);
    }
}

#[test]
fn a_state_that_was_changed_in_between_is_refused_by_its_serial() {
    for engine in each_engine() {
        let shop = rich(&engine);
        shop.run(["deploy", "staging", "--yes"]).exits(0);
        shop.project.edit("app/staging.tfvars", "red", "green");
        shop.project.edit("app/main.tf", "\"first\"", "\"second\"");
        if engine.is_fake() {
            shop.project.edit("app/fake-engine.json", "\"first\"", "\"second\"");
        }
        let run = planned(&shop);
        let again = planned(&shop);
        shop.run(["apply", &again, "--yes"]).exits(0);
        refused(&shop, &run, "`state serial`", &engine);
        assert_eq!(shop.deployed_value("app", "staging").unwrap(), "second");
    }
}

#[test]
fn another_environment_of_the_process_is_refused_by_the_variables_name() {
    for engine in each_engine() {
        let mut shop = rich(&engine);
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
            refused(&shop, &run, item, &engine);
        }
    }
}
