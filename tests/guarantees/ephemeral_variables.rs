//! 1. The plan you saw is the plan that is applied: ephemeral variables, whose values no plan file holds.

use std::fs;

use serde_json::Value;

use crate::support::{Driven, Live, Shop, UnitEngine};

const ENVIRONMENTS: &str = "[project]\nname = \"shop\"\n\n[environments.dev]\n";

/// Stack whose apply writes its ephemeral variable to a file. A value that is absent at apply is `DEFAULT` on
/// OpenTofu.
const APP: &str = r#"
variable "token" {
  type      = string
  default   = "DEFAULT"
  ephemeral = true
}
variable "other" {
  default   = "unset"
  ephemeral = true
}
variable "size" {
  type    = number
  default = 1
}
resource "terraform_data" "app" {
  input = var.size
  provisioner "local-exec" {
    command     = "printf %s \"$TOKEN\" > ../app.marker"
    environment = { TOKEN = var.token }
  }
}
"#;

/// Makes a project with `net`, whose output is the token, and `app` with these lines in its table and these files.
fn shop(engine: &Driven, keys: &str, files: &[(&str, &str)]) -> Shop {
    let net = "output \"token\" {\n  value = \"token-value\"\n}\n";
    Shop::driven_by(engine, ENVIRONMENTS)
        .with_folder("net", "net")
        .with_folder("app", "app")
        .with_keys(keys)
        .with_files(&[("net/main.tf", net), ("app/main.tf", APP)])
        .with_files(files)
        .with_env(|env| env.with_system().var("TOKEN_OF_CI", "token-value"))
        .committed()
}

/// Returns the value in the last apply of `app`.
fn applied(shop: &Shop) -> Option<String> {
    fs::read_to_string(shop.project.path("app.marker")).ok()
}

const VAR_FILE: (&str, &str) = ("app/token.tfvars", "size  = \"2\"\ntoken = \"token-value\"\n");

#[test(engines(tofu, terraform))]
fn an_apply_gets_the_ephemeral_values_of_its_plan_from_every_source(engine: &Driven) {
    type Source = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);
    let sources: [Source; 6] = [
        ("vars.token = \"token-value\"", &[], &[]),
        ("var_files = [\"token.tfvars\"]", &[VAR_FILE], &[]),
        ("", &[], &["--var", "token=token-value"]),
        ("inputs = { token = \"net.token\" }", &[], &[]),
        ("secrets.token = { env = \"TOKEN_OF_CI\" }", &[], &[]),
        ("", &[("app/x.auto.tfvars", "token = \"token-value\"\n")], &[]),
    ];
    for (keys, files, flags) in sources {
        let shop = shop(engine, keys, files);
        let what = format!("{}: {keys}{flags:?}", engine.name());
        let at_once = [&["deploy", "dev", "--yes"], flags].concat();
        shop.env.run_args(&at_once).exits(0);
        assert_eq!(applied(&shop).as_deref(), Some("token-value"), "{what}");

        // By a stored plan, and by the plan of a destruction.
        shop.project.edit("app/main.tf", "input = var.size", "triggers_replace = 2");
        fs::remove_file(shop.project.path("app.marker")).unwrap();
        shop.env.run_args(&[&["plan", "dev"], flags].concat()).exits(0);
        let run = shop.newest_run();
        let run = run.rsplit('/').next().unwrap();
        shop.env.run_args(&[&["apply", run, "--yes"][..], &[]].concat()).exits(0);
        assert_eq!(applied(&shop).as_deref(), Some("token-value"), "{what}");
        shop.env.run_args(&[&["destroy", "dev", "--yes"], flags].concat()).exits(0);
    }
}

#[test(engines(tofu, terraform))]
fn an_apply_gets_an_ephemeral_expression_of_a_flag_again(engine: &Driven) {
    let shop = shop(engine, "", &[]);
    shop.project.edit("app/main.tf", "type      = string", "type      = any");
    let item = |given: &str| {
        shop.run(["plan", "dev", "app", "--var", given]).exits(0);
        let run = shop.newest_run();
        let manifest = shop.project.read(&format!("{run}/plans/app.manifest.json"));
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        let items = manifest.pointer("/content/items").or_else(|| manifest.get("items")).unwrap();
        let item = |item: &&Value| item["item"] == "ephemeral variable token";
        let found = items.as_array().unwrap().iter().find(item).unwrap();
        (run, found["value"].as_str().unwrap().to_owned())
    };
    let (_, other) = item("token=true ? \"other-value\" : 1");
    let (run, bound) = item("token=true ? \"token-value\" : 1");
    assert!(bound.starts_with("keyed:") && bound != other, "{}: {bound} {other}", engine.name());

    shop.run(["apply", run.rsplit('/').next().unwrap(), "--yes"]).exits(0).hides("token-value");

    assert_eq!(applied(&shop).as_deref(), Some("token-value"), "{}", engine.name());
}

#[test(engines(tofu, terraform))]
fn a_changed_or_missing_ephemeral_value_refuses_the_plan_by_its_name(engine: &Driven) {
    let item = "`ephemeral variable token` is not what it was when it was planned";
    let var_file = shop(engine, "var_files = [\"token.tfvars\"]", &[VAR_FILE]);
    let vars = shop(engine, "vars.token = \"token-value\"", &[]);
    let secret =
        shop(engine, "secrets.token = { file = \"token.secret\" }", &[("token.secret", "token-value")]);
    let auto = shop(engine, "", &[("app/x.auto.tfvars", "token = \"token-value\"\n")]);
    let cases: [(&Shop, &str, &str, &str, &str); 5] = [
        (
            &var_file,
            "app/token.tfvars",
            "token-value",
            "other-value",
            "it has another value, which is not shown",
        ),
        (&var_file, "app/token.tfvars", "token =", "other =", "then set, now missing"),
        (
            &vars,
            "environments.toml",
            "token-value",
            "other-value",
            "it has another value, which is not shown",
        ),
        (&secret, "token.secret", "token-value", "other-value", "it has another value, which is not shown"),
        (
            &auto,
            "app/x.auto.tfvars",
            "token-value",
            "other-value",
            "it has another value, which is not shown",
        ),
    ];
    for (shop, file, from, to, how) in cases {
        shop.run(["plan", "dev", "app"]).exits(0);
        let before = shop.project.read(file);
        shop.project.edit(file, from, to);
        let run = shop.newest_run();
        let refused = shop.env.run_args(&["apply", run.rsplit('/').next().unwrap(), "--yes"]).exits(3);
        refused.tells(item).tells(how).hides("token-value").hides("other-value");
        assert_eq!(applied(shop), None, "{}: {file}", engine.name());
        shop.project.write(file, &before);
    }
}

#[test(engines(tofu))]
fn an_encrypted_plan_gets_its_ephemeral_values_too(engine: &Driven) {
    let encryption = "terraform {\n  encryption {\n    key_provider \"pbkdf2\" \"k\" {\n      passphrase = \"a-long-enough-passphrase\"\n    }\n    \
                      method \"aes_gcm\" \"m\" {\n      keys = key_provider.pbkdf2.k\n    }\n    plan {\n      method = method.aes_gcm.m\n    }\n  }\n}\n";
    let files = [VAR_FILE, ("app/encryption.tf", encryption)];
    let shop = shop(engine, "var_files = [\"token.tfvars\"]", &files);
    shop.run(["deploy", "dev", "--yes"]).exits(0).prints("encrypted");
    assert_eq!(applied(&shop).as_deref(), Some("token-value"));
}

#[test(engines(tofu, terraform))]
fn an_ephemeral_input_that_a_file_overrides_is_refused_by_its_plan(engine: &Driven) {
    // envctl's parser refuses an object that repeats a key that is an expression.
    let odd = "other = { (\"a\") = 1, (\"a\") = 2 }\n";
    for (late, why) in [
        (String::new(), "sets it as well"),
        (odd.to_owned(), "may set it as well, since envctl cannot parse it"),
    ] {
        let late = format!("{late}token = \"other-value\"\n");
        let shop = shop(
            engine,
            "inputs = { token = \"net.token\" }\nhooks.before_plan = [[\"sh\", \"-c\", \"cp late app/x.auto.tfvars\"]]",
            &[("late", &late)],
        );
        shop.project
            .write("net/main.tf", "output \"token\" {\n  value = \"token-value\"\n  sensitive = true\n}\n");
        shop.run(["deploy", "dev", "net", "--yes"]).exits(0);
        let told = format!("`token` takes `net.token`, and `app/x.auto.tfvars` {why}");
        shop.run(["deploy", "dev", "--yes"]).exits(4).tells(&told).hides("other-value");
        assert_eq!(applied(&shop), None, "{}", engine.name());
    }
}

/// Makes a unit of this engine whose ephemeral variable is set by lines of its file, its table or its module.
fn unit(engine: &'static str, hcl: &str, stack: &str) -> Live {
    let live = Live::over(engine);
    let marker = live.project.path("app.marker").display().to_string();
    live.unit("app", hcl, &APP.replace("../app.marker", &marker), stack);
    live.project.write("token.secret", "token-value");
    tell(&live, "token-value");
    live.project.write("live/app/more.tfvars", "token = \"token-value\"\n");
    live.project.write("more.tfvars", "token = \"token-value\"\n");
    live.project.commit("Begin");
    live
}

/// Changes the value that [`READ`] prints.
fn tell(live: &Live, value: &str) {
    let home = live.project.around().join("home");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("token"), value).unwrap();
}

/// Input that only Terragrunt can evaluate, from a file outside the project.
const READ: &str =
    "inputs = {\n  token = run_cmd(\"--terragrunt-quiet\", \"sh\", \"-c\", \"cat $HOME/token\")\n}\n";

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn the_apply_of_a_unit_gets_the_ephemeral_values_of_its_plan(engine: &UnitEngine) {
    let engine = engine.name;
    let by_environment = "terraform {\n  extra_arguments \"token\" {\n    commands = [\"plan\", \"apply\"]\n    env_vars = {\n      \
                          TF_VAR_token = \"token-value\"\n    }\n  }\n}\n";
    for (hcl, stack) in [
        (READ, ""),
        (by_environment, ""),
        ("", "vars.token = \"token-value\"\n"),
        ("", "var_files = [\"more.tfvars\"]\n"),
        ("", "secrets.token = { file = \"token.secret\" }\n"),
    ] {
        let live = unit(engine, hcl, stack);
        live.env.run(["deploy", "dev", "--yes"]).exits(0);
        assert_eq!(live.project.read("app.marker"), "token-value", "{engine}: {hcl}{stack}");
    }
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_unit_that_gives_another_ephemeral_value_is_refused_by_its_name(engine: &UnitEngine) {
    let live = unit(engine.name, READ, "");
    live.env.run(["plan", "dev"]).exits(0);
    tell(&live, "other-value");
    let runs = fs::read_dir(live.project.path(".envctl/runs")).unwrap();
    let run = runs.map(|run| run.unwrap().file_name().into_string().unwrap()).max().unwrap();
    let refused = live.env.run_args(&["apply", &run, "--yes"]).exits(3);
    refused.tells("`ephemeral variable token` is not what it was when it was planned: it has another value, which is not shown");
    assert!(!live.project.path("app.marker").exists());
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn nothing_is_applied_where_a_later_unit_gives_another_ephemeral_value(engine: &UnitEngine) {
    for needs in ["", "needs = [\"base\"]\n"] {
        let live = unit(engine.name, READ, needs);
        live.unit("base", "", "resource \"terraform_data\" \"base\" {}\n", "");
        live.project.commit("Add a unit");
        live.env.run(["plan", "dev"]).exits(0);
        tell(&live, "other-value");
        let refused = live.env.run(["apply", "last", "--yes"]).exits(3);
        refused.tells("`ephemeral variable token` is not what it was when it was planned");
        assert!(!live.project.path("app.marker").exists(), "{needs}");
        assert!(!live.project.around().join("states/base.tfstate").exists(), "{needs}");

        tell(&live, "token-value");
        live.env.run(["apply", "last", "--yes"]).exits(0);
        assert_eq!(live.project.read("app.marker"), "token-value", "{needs}");
    }
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_unit_whose_ephemeral_value_no_apply_would_get_is_refused_by_its_plan(engine: &UnitEngine) {
    let for_plan = "terraform {\n  extra_arguments \"token\" {\n    commands = [\"plan\", \"apply\"]\n    arguments = \
                    [\"-var-file=${get_terragrunt_dir()}/more.tfvars\"]\n  }\n}\n";
    let live = unit(engine.name, for_plan, "");
    let told = "a value of the ephemeral variable `token` that its apply would not get again";
    live.env.run(["deploy", "dev", "--yes"]).exits(3).tells(told);
    assert!(!live.project.path("app.marker").exists());
}

#[test(engines(tofu, terraform))]
fn a_typed_apply_of_a_plan_file_gets_the_ephemeral_values_too(engine: &Driven) {
    for keys in ["vars.token = \"token-value\"", "inputs = { token = \"net.token\" }"] {
        let shop = shop(engine, keys, &[]);
        shop.env.run(["deploy", "dev", "--yes"]).exits(0);
        shop.project.edit("app/main.tf", "input = var.size", "triggers_replace = 2");
        fs::remove_file(shop.project.path("app.marker")).unwrap();
        let plan = shop.project.around().join("by-hand.tfplan").display().to_string();
        let out = format!("-out={plan}");
        shop.env.run(["exec", "dev", "app", "--yes", "--", "plan", &out]).exits(0);
        shop.env.run(["exec", "dev", "app", "--yes", "--", "apply", &plan]).exits(0);
        assert_eq!(applied(&shop).as_deref(), Some("token-value"), "{}: {keys}", engine.name());
    }
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_typed_apply_of_a_units_plan_file_gets_the_ephemeral_values_too(engine: &UnitEngine) {
    for words in [&["apply"] as &[&str], &["run", "--", "apply"]] {
        let live = unit(engine.name, "", "vars.token = \"token-value\"\n");
        live.env.run(["deploy", "dev", "--yes"]).exits(0);
        live.project.edit("live/app/main.tf", "input = var.size", "triggers_replace = 2");
        fs::remove_file(live.project.path("app.marker")).unwrap();
        let plan = live.project.around().join("by-hand.tfplan").display().to_string();
        let out = format!("-out={plan}");
        live.env.run(["exec", "dev", "app", "--yes", "--", "plan", &out]).exits(0);
        let typed = [&["exec", "dev", "app", "--yes", "--"], words, &[&*plan]].concat();
        live.env.run_args(&typed).exits(0);
        assert_eq!(live.project.read("app.marker"), "token-value", "{words:?}");
    }
}
