//! `envctl check`: its items report everything that a guard would refuse.

use std::fs;

use serde_json::Value;

use crate::support::{Run, Shop};

const GUARDS: &str = "branch = [\"main\"]
up_to_date = true
clean_tree = true
max_deletes = 0
protect = [\"terraform_data.*\"]
identity = { command = [\"sh\", \"-c\", \"echo asked >> ../asked; while read line; do echo $line; done < ../who\"], matches = \"deployer\" }
";

/// Makes a project on a branch that equals its remote, with guards for `production` and none for `staging`.
fn shop(guards: &str) -> Shop {
    let text = "[project]\nname = \"shop\"\n\n[environments.staging]\nworkspace = \"staging\"\n\n\
                [environments.production]\nworkspace = \"production\"\n";
    let shop = Shop::with(text).with_guards("production", guards).with_stacks(&["network"]);
    shop.project.git(["update-ref", "refs/remotes/origin/main", "HEAD"]);
    acts(&shop, "deployer");
    shop
}

fn acts(shop: &Shop, who: &str) {
    fs::write(shop.marker("who"), format!("{who}\n")).unwrap();
}

/// Returns the items of an environment after those of its files, each with its status: `branch green`.
fn around(run: &Run, environment: &str) -> Vec<String> {
    let word = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let items = run.json()["items"].as_array().unwrap().clone();
    let own = items.into_iter().filter(|item| item["environment"] == environment);
    let items: Vec<String> =
        own.map(|item| format!("{} {}", word(&item, "name"), word(&item, "status"))).collect();
    let files = items.iter().position(|item| item.starts_with("versions ")).map_or(items.len(), |at| at + 1);
    items[files..].to_vec()
}

#[test]
fn each_guard_that_needs_no_plan_has_an_item_where_it_is_configured() {
    let shop = shop(GUARDS);

    let run = shop.run(["check", "--json"]).exits(0);

    let expected = ["identity green", "branch green", "tree green", "guards unknown"];
    assert_eq!(around(&run, "production"), expected);
    assert_eq!(around(&run, "staging"), [""; 0]);
    let run = shop.run(["check", "production"]).exits(0);
    run.prints("✔ identity production: deployer\n")
        .prints("✔ branch production: HEAD is where changes are made from, and not behind\n")
        .prints("✔ tree production: everything is committed\n")
        .prints("– guards production: `protect`, `max_deletes` judged by the plan\n");
    assert_eq!(shop.folders("plan"), [""; 0]);
    assert_eq!(shop.folders("init"), [""; 0]);
}

#[test]
fn what_a_guard_would_refuse_is_red_and_3() {
    let all = shop(GUARDS);
    acts(&all, "eve");
    all.project.git(["switch", "--quiet", "--create", "other"]);
    all.append("network/main.tf", "# on a branch\n");
    all.project.commit("Elsewhere");
    all.append("network/main.tf", "# edited\n");

    let run = all.run(["check", "production"]).exits(3);

    run.prints("✘ identity production: `production` is only for `deployer`, and `sh -c")
        .prints("says `eve`\n")
        .prints("✘ branch production: HEAD is `other`, not `main`")
        .prints("✘ tree production: not committed: `network/main.tf`\n");
    assert_eq!(all.run(["check", "staging", "--json"]).exits(0).json()["items"][1]["status"], "green");

    all.append("network/main.tf", "broken {\n");
    let run = all.run(["check", "production"]).exits(4);
    run.prints("– identity production: asked once the files are right\n");
}

#[test]
fn a_branch_that_is_behind_is_red() {
    let shop = shop("branch = [\"main\"]\nup_to_date = true");
    shop.append("network/main.tf", "# later\n");
    shop.project.commit("Later");
    shop.project.git(["update-ref", "refs/remotes/origin/main", "HEAD"]);
    shop.project.git(["reset", "--quiet", "--hard", "HEAD~1"]);

    let run = shop.run(["check", "production"]).exits(3);
    run.prints("✘ branch production: HEAD is behind the remote head of `main`\n");
}

#[test]
fn a_window_that_is_closed_is_red_and_an_open_one_green() {
    // Three days from now: the day cannot come while the test runs.
    let day = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC).weekday().wrapping_add(3);
    let day = format!("{day:?}")[..3].to_lowercase();
    for (days, code, told) in [
        ("mon-sun", 0, "✔ guards production: changes may be made now\n".to_owned()),
        (&*day, 3, format!("✘ guards production: changes are made {day} 00:00-00:00 UTC, not now\n")),
    ] {
        let shop = shop(&format!("window = [ {{ days = [\"{days}\"], from = \"00:00\", to = \"00:00\" }} ]"));
        shop.run(["check", "production"]).exits(code).prints(&told);
    }
}

#[test]
fn offline_nobody_is_asked() {
    let shop = shop(GUARDS);
    acts(&shop, "eve");

    let run = shop.run(["check", "--offline", "--json"]).exits(0);

    let names: Vec<Value> =
        run.json()["items"].as_array().unwrap().iter().map(|item| item["name"].clone()).collect();
    for name in ["identity", "branch", "tree", "guards", "versions"] {
        assert!(!names.contains(&Value::from(name)), "{names:?}");
    }
    assert!(!shop.marker("asked").exists());
}

#[test]
fn a_secret_that_cannot_be_had_here_is_told_and_no_fault_of_a_file() {
    let mut shop = shop("");
    shop.append("network/main.tf", "variable \"password\" {}\nvariable \"key\" {}\n");
    shop.append(
        "environments.toml",
        "\n[environments.production.secrets]\npassword = { env = \"DB_PASSWORD\" }\nkey = { file = \"keys/main\" }\n\
         elsewhere = { env = \"NOBODYS\" }\n\n[environments.production.env]\n\
         TOKEN = { env = \"API_TOKEN\", unless = [\"OTHER_TOKEN\"] }\n",
    );
    let run = shop.run(["check", "production"]).exits(0);
    run.prints("– secrets production: 3 secrets are not available here\n")
        .tells("secret `password` comes from the environment variable `DB_PASSWORD`, which is not set\n")
        .tells("secret `key` comes from the file `keys/main`, which does not exist\n")
        .tells("secret `TOKEN` comes from the environment variable `API_TOKEN`, which is not set\n")
        .hides("NOBODYS");

    shop.env = shop.env.var("DB_PASSWORD", "sentinel-one").var("OTHER_TOKEN", "sentinel-two");
    shop.project.write("keys/main", "sentinel-three\n");
    let run = shop.run(["check", "production"]).exits(0).hides("sentinel");
    run.prints("✔ secrets production: no secret is set twice\n");
}

#[test]
fn a_secret_for_a_variable_that_is_not_sensitive_is_a_warning() {
    let mut shop = shop("");
    shop.append("network/main.tf", "variable \"password\" {\n  type = string\n  default = \"\"\n}\n");
    let secrets = "\n[environments.production.secrets]\npassword = { env = \"DB_PASSWORD\" }\n";
    shop.append("environments.toml", secrets);
    shop.env = shop.env.var("DB_PASSWORD", "sentinel-one");
    let main = fs::read_to_string(shop.project.root().join("network/main.tf")).unwrap();
    let line = 1 + main.lines().position(|line| line.starts_with("variable \"password\"")).unwrap();
    let warning =
        "`password` takes a secret of `production/network`, and its variable is not declared `sensitive`";

    for args in [["check", "production", "--verbose"], ["check", "production", "--offline"]] {
        let run = shop.run(args).exits(0);
        run.prints("✔ secrets production: no secret is set twice\n")
            .tells(&format!("warning[secrets::not-sensitive]: {warning}\n"))
            .tells(&format!("--> network/main.tf:{line}:1\n"));
    }
    let run = shop.run(["check", "production", "--json"]).exits(0);
    assert!(run.stdout.contains(&format!("network/main.tf:{line}:1: {warning}")), "{}", run.stdout);
    shop.run(["check", "staging"]).exits(0).hides("password");

    shop.project.write("network/main.tf", &main.replace("type = string", "sensitive = true"));
    shop.run(["check", "production"]).exits(0).hides("not-sensitive");
}

const DISCOVERED: &str = "[project]\nname = \"shop\"\n\n[environments.dev]\n\n[environments.prod]\n\n";

#[test]
fn a_pattern_that_finds_nothing_is_an_error_at_its_place() {
    let shop = Shop::with(&format!("{DISCOVERED}[discover]\npaths = [\"lives/{{env}}/<unit>\"]\n"))
        .with_files(&[("live/dev/net/main.tf", "")]);

    for flag in ["--offline", "--verbose"] {
        shop.run(["check", flag])
            .exits(4)
            .prints("✘ config: 1 problem\n")
            .prints("✘ config dev: 1 problem\n")
            .tells("error[discover::no-stack]: the pattern `lives/{env}/<unit>` finds no stack in any environment\n")
            .tells(" --> environments.toml:9:10\n")
            .tells("help: did you mean `live`?\n");
    }
}

#[test]
fn a_pattern_that_finds_nothing_in_one_environment_is_a_warning() {
    let shop = Shop::with(&format!("{DISCOVERED}[discover]\npaths = [\"live/{{env}}/<unit>\"]\n"))
        .with_folder("base", "base/{env}")
        .with_files(&[("live/dev/net/main.tf", ""), ("base/dev/main.tf", ""), ("base/prod/main.tf", "")]);

    shop.run(["check", "--offline"])
        .exits(0)
        .prints("✔ config prod: 1 stack, nothing wrong\n")
        .tells("warning[discover::no-stack-in-environment]: the pattern `live/{env}/<unit>` finds no stack in `prod`\n");
}

#[test]
fn an_environment_without_stacks_is_an_error_at_its_place() {
    let shop = Shop::with(DISCOVERED)
        .with_folder("net", "net")
        .with_keys("environments = [\"dev\"]")
        .with_files(&[("net/main.tf", "")]);

    let run = shop.run(["check", "--offline"]).exits(4);
    run.prints("✔ config dev: 1 stack, nothing wrong\n")
        .prints("✘ config prod: 1 problem\n")
        .tells("error[inventory::no-stacks]: `prod` has no stacks\n --> environments.toml:6:15\n")
        .hides("✔ backend prod");
    shop.run(["check", "dev", "--offline"]).exits(0);
    shop.run(["list"]).exits(0);
}

#[test]
fn what_the_backend_type_requires_is_named_where_nothing_sets_it() {
    let block = "terraform {\n  backend \"s3\" {\n    region = \"eu-west-1\"\n  }\n}\n";
    let shop = Shop::with(DISCOVERED).with_folder("net", "net").with_files(&[("net/main.tf", block)]);
    shop.run(["check", "--offline"])
        .exits(4)
        .prints("✘ backend dev: 1 problem\n")
        .prints("✘ backend prod: 1 problem\n")
        .tells("error[backend::missing-setting]: backend `s3` of `dev/net` requires `bucket` and `key`, which neither its block nor `backend_files` nor `backend.s3` sets (and 1 more)\n")
        .tells(" --> net/main.tf:2:3\n")
        .tells("help: all 2: `dev/net`, `prod/net`\n")
        .tells("backend.s3 = { bucket = …, key = … }`\n");

    let shop = shop.with_keys("backend.s3 = { bucket = \"b\" }\nbackend_files = [\"key.s3.tfbackend\"]");
    shop.project.write("net/key.s3.tfbackend", "key = \"k\"\n");
    shop.run(["check", "dev", "--offline"])
        .prints("✔ backend dev: 1 stack, each with a backend that can be used\n");
}

#[test]
fn a_setting_that_a_variable_may_give_elsewhere_is_not_known() {
    let block = "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n    key = \"k\"\n  }\n}\n";
    let mut shop = Shop::with("[project]\nname = \"shop\"\n\n[environments.dev]\n")
        .with_folder("net", "net")
        .with_files(&[("net/main.tf", block)]);
    shop.run(["check", "--offline"])
        .exits(0)
        .prints("– backend dev: not known before init for 1 stack (`region` is not set here)\n")
        .tells(
            "requires `region`, which neither a file nor `AWS_REGION` nor `AWS_DEFAULT_REGION` sets here\n",
        );

    shop.env = shop.env.var("AWS_REGION", "eu-west-1");
    shop.run(["check", "--offline"])
        .exits(0)
        .prints("✔ backend dev: 1 stack, each with a backend that can be used\n");
}

#[test]
fn backends_that_no_engine_has_are_red_and_unknown_ones_are_not() {
    for (backend_type, code, line, told) in [
        ("atlas", 4, "✘ backend dev: 1 problem\n", "which Terraform removed in 0.15 and OpenTofu never had"),
        ("etcdv3", 4, "✘ backend dev: 1 problem\n", "which Terraform removed in 1.3 and OpenTofu never had"),
        ("azure", 4, "✘ backend dev: 1 problem\n", "its name is `azurerm` today"),
        (
            "cloudy",
            0,
            "– backend dev: not known before init for 1 stack (envctl does not know the type `cloudy`)\n",
            "",
        ),
        ("remote", 4, "✘ backend dev: 1 problem\n", "with which engines neither save nor apply plan files"),
    ] {
        let block = format!("terraform {{\n  backend \"{backend_type}\" {{}}\n}}\n");
        let shop = Shop::with("[project]\nname = \"shop\"\n\n[environments.dev]\n")
            .with_folder("net", "net")
            .with_files(&[("net/main.tf", &block)]);
        shop.run(["check", "--offline"]).exits(code).prints(line).tells(told);
    }
}

#[test]
fn a_stack_that_cannot_be_parsed_has_no_known_backend() {
    let shop = Shop::with("[project]\nname = \"shop\"\n\n[environments.dev]\n")
        .with_folder("net", "net")
        .with_folder("app", "app")
        .with_files(&[("net/main.tf", "resource {\n"), ("app/main.tf", "")]);
    shop.run(["check", "--offline"]).prints(
        "– backend dev: not known before init for 1 stack (files cannot be parsed); 1 stack with a backend that can be used\n",
    );
}

#[test]
fn a_problem_of_forty_stacks_is_one_entry_with_its_count() {
    let toml = "[project]\nname = \"shop\"\n\n[environments.dev]\n[environments.stage]\n[environments.prod]\n\n\
                [discover]\npaths = [\"live/<unit>\"]\n";
    let shop = Shop::with(toml);
    for number in 10..50 {
        shop.project.write(&format!("live/s{number}/main.tf"), "\nvariable \"region\" {}\n");
        shop.project.write(
            &format!("live/s{number}/b.tf"),
            &format!("terraform {{\n  backend \"local\" {{\n    path = \"/s{number}\"\n  }}\n}}\n"),
        );
    }
    let run = shop.run(["check", "--offline"]).exits(4);
    let run = run
        .prints("✘ config dev: 1 problem\n")
        .prints("✘ config prod: 1 problem\n")
        .tells("error[values::unset]: `region` has no default and no value for `dev/s10` (and 119 more)\n")
        .tells("help: all 120: `dev/s10`, `dev/s11`, `dev/s12`\n")
        .tells("help: and 117 more: `--verbose` lists all\n")
        .tells("for one run by `--var region=…` or `TF_VAR_region`\n");
    assert_eq!(run.stderr.matches("error[values::unset]").count(), 1, "{}", run.stderr);
    assert_eq!(run.stderr.matches("error[").count(), 41, "each shared state is a problem of its own");

    let run = shop.run(["check", "--offline", "--verbose"]).exits(4);
    let run = run.tells("`prod/s49`\n").hides("lists all");
    for line in run.stdout.lines().chain(run.stderr.lines()) {
        assert!(line.chars().count() <= 200, "{line}");
    }
    let json = shop.run(["check", "--offline", "--json"]).exits(4).json();
    let unset =
        json["items"].as_array().unwrap().iter().flat_map(|item| item["findings"].as_array().unwrap());
    assert_eq!(unset.filter(|found| found.as_str().unwrap().contains("no default")).count(), 120);
}

#[test]
fn warnings_about_values_without_effect_have_their_place() {
    let toml = "[project]\nname = \"shop\"\n\n[templates.spare]\nprefix = \"x\"\n\n\
                [environments.dev]\nvars = { size = 1, name = \"{env}-{prefix}\" }\n\n\
                [environments.prod]\nvars = { size = 2, zone = \"{{env}}\", other = \"{x}\" }\n";
    let shop = Shop::with(toml)
        .with_folder("net", "net")
        .with_keys("environments = [\"dev\"]")
        .with_folder("app", "app")
        .with_keys("environments = [\"prod\"]")
        .with_files(&[
            ("net/main.tf", "variable \"size\" {}\nvariable \"name\" {}\n"),
            ("app/main.tf", "variable \"zone\" {}\nvariable \"other\" {}\n"),
        ]);
    let run = shop.run(["check", "--offline"]).exits(0);
    run.tells("warning[values::unknown]: `size` is set for all of `prod`, and no stack there declares that variable\n")
        .tells(" --> environments.toml:11:17\n")
        .tells("warning[values::literal-template]: `{env}` in the value of `name` is literal: `vars` has no templates\n")
        .tells(" --> environments.toml:8:27\n")
        .tells("warning[check::unused-template]: no environment extends the template `spare`\n")
        .tells(" --> environments.toml:4:12\n")
        .hides("`size` is set for all of `dev`")
        .hides("value of `other`");
    shop.run(["check", "dev", "--offline"]).exits(0).hides("values::unknown");
}
