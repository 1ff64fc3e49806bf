//! Findings of `check` in the files of stacks, and in the engines that run them.

use crate::support::{Driven, ENVIRONMENTS, Live, Shop, programs};

fn lock(host: &str) -> String {
    format!(
        "provider \"{host}/hashicorp/local\" {{\n  version = \"2.5.1\"\n  hashes = [\n    \"h1:x\",\n  ]\n}}\n"
    )
}

fn unit() -> Live {
    let live = Live::new();
    live.unit(
        "vpc",
        "",
        "variable \"cidr\" {\n  default = 1\n}\noutput \"x\" {\n  value = var.cidr\n}\n",
        "",
    );
    live
}

/// Changes the engine that Terragrunt drives; without a name that is left to envctl.
fn drive(live: &Live, engine: Option<&str>) {
    let table = |engine| format!("[terragrunt]\ndrives = \"{engine}\"\n");
    let named = engine.map(table).unwrap_or_default();
    let text = live.project.read("environments.toml").replace(&table("tofu"), "");
    live.project.write("environments.toml", &(text + &named));
}

fn declare(live: &Live, table: &str) {
    let before = live.project.read("environments.toml");
    live.project.write("environments.toml", &(before + table));
}

#[test(engines(terragrunt))]
fn the_lock_file_of_a_unit_belongs_to_the_driven_engine() {
    let live = unit();
    let other = "✘ lockfiles dev: 1 problem";
    drive(&live, None);
    live.project.write("live/vpc/.terraform.lock.hcl", &lock("registry.terraform.io"));
    live.env
        .run(["check", "dev", "--offline"])
        .exits(4)
        .prints(other)
        .tells("`dev/vpc` is run by `terragrunt`, which drives `tofu`, and its lockfile is `terraform`'s")
        .tells("live/vpc/.terraform.lock.hcl:1:1")
        .tells("write `drives = \"terraform\"` under `[terragrunt]`");
    live.env.run(["plan", "dev"]).exits(4).tells("write `drives = \"terraform\"` under `[terragrunt]`");
    live.project.write("live/vpc/.terraform.lock.hcl", &lock("registry.opentofu.org"));
    live.env.run(["check", "dev", "--offline"]).exits(0);

    drive(&live, Some("terraform"));
    let told = "which drives `terraform`, and its lockfile is `tofu`'s";
    live.env.run(["check", "dev", "--offline"]).exits(4).prints(other).tells(told);
    live.project.write("live/vpc/.terraform.lock.hcl", &lock("registry.terraform.io"));
    live.env.run(["check", "dev", "--offline"]).exits(0);
}

#[test(engines(terragrunt), needs(terraform))]
fn check_and_doctor_show_the_engine_that_terragrunt_drives() {
    let live = unit();
    drive(&live, None);
    live.env.run(["check", "dev"]).exits(0).prints("✔ versions dev: terragrunt 1.1.3 driving tofu 1.12.6\n");
    live.env.run(["doctor"]).prints("✔ terragrunt: 1.1.3 driving tofu 1.12.6 (");

    let [terraform] = programs(["terraform"]);
    let env = live.env.clone().with(&terraform);
    env.run(["check", "dev"]).exits(0).prints("driving tofu 1.12.6\n");
    drive(&live, Some("terraform"));
    env.run(["check", "dev"]).exits(0).prints("✔ versions dev: terragrunt 1.1.3 driving terraform 1.11.4\n");
}

#[test]
fn a_variable_that_no_stack_of_any_environment_declares_is_a_warning() {
    let toml = format!(
        "{ENVIRONMENTS}vars = {{ regin = \"eu\" }}\n\n[defaults]\nvars = {{ sizee = 2, region = \"eu\" }}\n\n[templates.t]\nvars = {{ none = 1 }}\n"
    );
    let toml = toml.replace("aliases = [\"stag\"]", "aliases = [\"stag\"]\nextends = [\"t\"]");
    let shop = Shop::with(&toml).with_stacks(&["network", "mail"]);
    shop.append(
        "mail/main.tf",
        "variable \"region\" {\n  default = \"\"\n}\nvariable \"size\" {\n  default = 1\n}\n",
    );

    let run = shop.run(["check", "--offline"]).exits(0);
    let run = run.tells("warning[values::unknown]: `sizee` is set for all stacks, and no stack of any environment declares that variable")
        .tells("help: did you mean `size`?")
        .tells("`regin` is set for all of `production`, and no stack there declares that variable")
        .tells("`none` is set for all stacks")
        .hides("`region` is set");
    assert_eq!(run.stderr.matches("`sizee` is set").count(), 1);
    shop.run(["check", "staging", "--offline"]).exits(0).tells("`sizee`").hides("`regin`");
    shop.run(["plan", "staging"]).exits(0).hides("values::unknown");

    // A folder that cannot be read, or an environment whose stacks are not known, may declare it.
    shop.append("mail/main.tf", "variable \"x\" {\n");
    shop.run(["check", "--offline"]).hides("values::unknown");
}

#[test]
fn a_secret_that_its_stack_does_not_declare_is_warned_of_at_its_line() {
    let toml = format!(
        "{ENVIRONMENTS}secrets.tokn = {{ env = \"TOKN\" }}\n\n[stacks.mail]\npath = \"mail\"\nsecrets.password = {{ env = \"PASSWORD\" }}\nsecrets.token = {{ env = \"TOKEN\" }}\n"
    );
    let shop = Shop::with(&toml);
    let token = "variable \"token\" {\n  sensitive = true\n}\n";
    shop.project.write("mail/main.tf", token);
    let place = |needle: &str| {
        let line = toml.lines().position(|line| line.contains(needle)).unwrap() + 1;
        format!(" --> environments.toml:{line}:")
    };

    let run = shop.run(["check", "staging", "--offline"]).exits(0);
    let told = "warning[secrets::undeclared]: `password` is a secret of `staging/mail`, which declares no such variable";
    let run = run.tells(told).tells(&place("password")).hides("`token` is").hides("`PASSWORD`");
    assert_eq!(run.stderr.matches("`password`").count(), 1, "{}", run.stderr);

    // One of a whole environment is for the stacks that declare it.
    shop.run(["check", "production", "--offline"]).exits(0).hides("`tokn`");
    shop.project.write("mail/main.tf", "variable \"token\" {\n");
    shop.run(["check", "staging", "--offline"]).hides("secrets::undeclared");
}

#[test(engines(terragrunt))]
fn variables_of_units_are_unknown_where_their_module_is() {
    let live = unit();
    declare(&live, "\n[defaults]\nvars = { cidrr = 2, cidr = 3 }\n");
    let told = "`cidrr` is set for all stacks, and no stack of any environment declares that variable";
    live.env.run(["check", "dev", "--offline"]).exits(0).tells(told).hides("`cidr` is set");
    let fetched = "terraform {\n  source = \"git::https://example.com/m.git\"\n}\n";
    live.unit("app", fetched, "", "");
    std::fs::remove_file(live.project.path("live/app/main.tf")).unwrap();
    live.env.run(["check", "dev", "--offline"]).exits(0).hides("values::unknown");
}

#[test(engines(tofu, terraform))]
fn a_required_version_that_the_found_engine_does_not_meet_is_an_error(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network", "mail"]);
    shop.append("network/main.tf", "module \"m\" {\n  source = \"../lib\"\n}\n");
    // OpenTofu enforces the constraints of its own files alone.
    let file = if engine.name() == "tofu" { "lib/main.tofu" } else { "lib/main.tf" };
    shop.project.write(file, "terraform {\n  required_version = \"~> 99.1, < 100\"\n}\n");
    shop.run(["check", "staging"])
        .exits(4)
        .prints(&format!("✘ versions staging: {} ", engine.name()))
        .prints(", 1 version requirement not met\n")
        .tells("error[versions::required]: `required_version = \"~> 99.1, < 100\"` does not allow ")
        .tells(&format!("{file}:2:22"));
    shop.run(["plan", "staging", "network"]).exits(4);
    shop.run(["check", "staging", "--offline"]).exits(0);
    shop.project.write(file, "terraform {\n  required_version = \">= 1.5, != 1.5.1\"\n}\n");
    shop.run(["check", "staging"]).exits(0).prints("✔ versions staging: ");
}

#[test(engines(tofu))]
fn a_constraint_on_terraform_is_a_warning_with_opentofu_which_plans(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network", "mail"]);
    for (file, text) in [
        ("mail/versions.tf", "terraform {\n  required_version = \"= 0.1.2\"\n}\n"),
        ("network/versions.tf.json", "{\"terraform\": {\n  \"required_version\": \"= 0.1.2\"}}\n"),
    ] {
        shop.project.write(file, text);
    }
    shop.run(["check", "staging"])
        .exits(0)
        .prints("– versions staging: tofu 1.12.6; not known whether it suits 2 stacks (its `required_version` is for Terraform)\n")
        .tells("warning[versions::ignored]: `required_version = \"= 0.1.2\"` does not allow tofu 1.12.6, which ignores it in this file (and 1 more)\n")
        .tells("help: all 2: `mail/versions.tf:2`, `network/versions.tf.json:2`\n");
    shop.run(["plan", "staging"]).exits(0);
}

#[test(engines(tofu))]
fn constraints_on_opentofu_are_read_where_it_enforces_them(engine: &Driven) {
    let own = "terraform {\n  required_version = \"= 0.1.2\"\n}\n";
    let other = "terraform {\n  required_version = \">= 1.0\"\n}\n";
    let language = "language {\n  compatible_with {\n    opentofu = \"= 0.1.2\"\n  }\n}\n";
    for files in [
        &[("network/language.tf", language)][..],
        &[("network/versions.tofu", own), ("network/x_override.tf", other)],
        &[("network/versions.tf", other), ("network/x_override.tofu", own)],
    ] {
        let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network"]).with_files(files);
        shop.run(["check", "staging"]).exits(4).prints(", 1 version requirement not met\n");
        shop.run(["plan", "staging"]).exits(4);
    }
}

#[test(engines(terragrunt))]
fn a_required_version_of_a_unit_is_compared_with_the_driven_engine() {
    let live = unit();
    let main = live.project.read("live/vpc/main.tf");
    live.project
        .write("live/vpc/main.tofu", &format!("terraform {{\n  required_version = \"< 1.12.0\"\n}}\n{main}"));
    let told = "`required_version = \"< 1.12.0\"` does not allow tofu 1.12.6";
    live.env.run(["check", "dev"]).exits(4).tells(told);
}

#[test(engines(tofu, terraform))]
fn an_environment_is_not_called_right_beside_a_broken_file(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network"]);
    shop.append("network/main.tf", "variable \"x\" {\n");
    shop.run(["check", "staging"])
        .exits(4)
        .prints("✘ config: 1 problem\n")
        .hides("nothing wrong")
        .prints("config staging: 1 stack, nothing else wrong\n");
}
