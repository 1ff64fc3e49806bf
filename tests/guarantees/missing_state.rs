//! 8. A crash loses nothing: an apply that created resources and left a state without them has failed.

use std::fs;

use crate::{
    support::{Driven, Env, S3Server, Shop, UnitEngine, programs, script},
    wrapped::{wrap_apply, wrapped},
};

const MISSING: &str = "the apply ended well, and the state does not have what it did";
const STATE: &str = "network/terraform.tfstate.d/staging/terraform.tfstate";
const ALLOW: &str = "--allow=lineage:staging/network";

fn resources(names: &[&str]) -> String {
    let resource = |name: &&str| format!("resource \"terraform_data\" \"{name}\" {{\n  input = \"x\"\n}}\n");
    names.iter().map(resource).collect()
}

/// Returns lines of a wrapper around an engine that add a flag for another state, as Terragrunt or a wrapper may do.
fn elsewhere(flag: &str) -> String {
    format!("verb=$1\nshift\nexec ENGINE \"$verb\" {flag}=../elsewhere.tfstate \"$@\"")
}

#[test(engines(tofu, terraform))]
fn a_first_apply_that_writes_another_state_has_failed(engine: &Driven) {
    for (flag, files, made) in [
        ("-state", resources(&["a"]), "it was done with `terraform_data.a`"),
        ("-state-out", resources(&["a"]), "it was done with `terraform_data.a`"),
        ("-state", "output \"o\" {\n  value = \"x\"\n}\n".to_owned(), "what it did is in `"),
    ] {
        let shop = wrapped(engine, &files);
        wrap_apply(&shop, engine, &elsewhere(flag));

        let run = shop.run(["deploy", "staging", "--yes", "--json"]).exits(1);

        assert_eq!(run.report().stacks(), ["network failed"], "{}: {flag}", engine.name());
        run.tells(MISSING).tells(made).tells("`-state` or `-state-out`");
        assert!(shop.project.path("elsewhere.tfstate").exists(), "{}: {flag}", engine.name());
        // No resource is created again before the user has allowed it.
        wrap_apply(&shop, engine, "exec ENGINE \"$@\"");
        shop.run(["deploy", "staging", "--yes"]).exits(3).tells(ALLOW.trim_start_matches("--allow="));
        assert!(!shop.project.path(STATE).exists(), "{}: {flag}", engine.name());
        shop.run(["deploy", "staging", "--yes", ALLOW]).exits(0);
        assert!(shop.project.path(STATE).exists());
    }
}

#[test(engines(tofu, terraform))]
fn a_later_apply_that_leaves_the_state_as_it_was_has_failed(engine: &Driven) {
    for (names, done) in [(&["a", "b"] as &[&str], "terraform_data.b"), (&[], "terraform_data.a")] {
        let shop = wrapped(engine, &resources(&["a"]));
        shop.run(["deploy", "staging", "--yes"]).exits(0);
        let before = fs::read(shop.project.path(STATE)).unwrap();
        shop.project.write("network/main.tf", &resources(names));
        wrap_apply(&shop, engine, &elsewhere("-state-out"));

        let run = shop.run(["deploy", "staging", "--yes"]).exits(1);

        run.tells(MISSING).tells(&format!("it was done with `{done}`"));
        assert_eq!(fs::read(shop.project.path(STATE)).unwrap(), before, "{}", engine.name());
        shop.run(["plan", "staging"]).exits(3).tells("no copy of it is left");
    }
}

#[test(engines(tofu, terraform))]
fn an_update_or_a_replacement_that_writes_another_state_has_failed(engine: &Driven) {
    for flags in [&[] as &[&str], &["--replace", "terraform_data.a"]] {
        let shop = wrapped(engine, &resources(&["a"]));
        shop.run(["deploy", "staging", "--yes"]).exits(0);
        if flags.is_empty() {
            shop.project.write("network/main.tf", &resources(&["a"]).replace("\"x\"", "\"y\""));
        }
        wrap_apply(&shop, engine, &elsewhere("-state-out"));

        let run = shop.env.run_args(&[&["deploy", "staging", "--yes"], flags].concat()).exits(1);

        run.tells(MISSING).tells("it was done with `terraform_data.a`");
        shop.run(["plan", "staging"]).exits(3).tells("no copy of it is left");
    }
}

#[test(engines(tofu, terraform))]
fn a_typed_apply_that_writes_another_state_has_failed(engine: &Driven) {
    let shop = wrapped(engine, &resources(&["a"]));
    let apply = ["exec", "staging", "network", "--yes", "--", "apply", "-auto-approve", "-no-color"];
    wrap_apply(&shop, engine, &elsewhere("-state"));
    shop.run(apply).exits(1).tells(MISSING);
    wrap_apply(&shop, engine, "exec ENGINE \"$@\"");
    shop.run(["deploy", "staging", "--yes", ALLOW]).exits(0);

    shop.project.write("network/main.tf", &resources(&["a", "b"]));
    wrap_apply(&shop, engine, &elsewhere("-state-out"));
    shop.run(apply).exits(1).tells(MISSING).tells("`terraform_data.b`");
}

#[test(engines(tofu, terraform))]
fn an_apply_that_leaves_the_state_rightly_as_it_was_has_not_failed(engine: &Driven) {
    let shop = wrapped(engine, &resources(&["a", "b"]));
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    // An update, a forgotten resource, an output alone; then a replacement and the destruction of everything.
    let forgotten = "removed {\n  from = terraform_data.b\n  lifecycle {\n    destroy = false\n  }\n}\n";
    for files in [
        resources(&["a", "b"]).replace("input = \"x\"", "input = \"y\""),
        resources(&["a"]) + forgotten,
        resources(&["a"]) + "output \"o\" {\n  value = \"x\"\n}\n",
        resources(&["a"]),
    ] {
        shop.project.write("network/main.tf", &files);
        shop.run(["deploy", "staging", "--yes"]).exits(0);
        shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
    }
    shop.run(["deploy", "staging", "--yes", "--replace", "terraform_data.a"]).exits(0);
    shop.run(["destroy", "staging", "--yes"]).exits(0);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
}

#[test(engines(tofu, terraform))]
fn a_local_state_that_is_put_back_after_an_apply_has_failed(engine: &Driven) {
    for (replace, put_back) in [
        (("\"a\" {\n  input = \"x\"", "\"a\" {\n  input = \"y\""), "cp ../../before STATE"),
        (("\"a\" {\n  input = \"x\"", "\"a\" {\n  input = \"y\""), "mv -f STATE.backup STATE"),
        (("\"a\" {\n  input = \"x\"", "\"a\" {\n  input = \"y\""), "rm STATE"),
        (("\"a\" {\n  input = \"x\"", "\"a\" {\n  input = \"y\""), ": > STATE"),
        (("output \"o\"", "output \"p\""), "cp ../../before STATE"),
        (("\"b\"", "\"c\""), "cp ../../before STATE"),
    ] {
        let output = "output \"o\" {\n  value = \"x\"\n}\n";
        let shop = wrapped(engine, &(resources(&["a", "b"]) + output));
        let shop = shop.with_env(Env::with_system);
        shop.run(["deploy", "staging", "--yes"]).exits(0);
        fs::copy(shop.project.path(STATE), shop.project.around().join("before")).unwrap();
        shop.project.edit("network/main.tf", replace.0, replace.1);
        let put_back = put_back.replace("STATE", STATE.trim_start_matches("network/"));
        wrap_apply(&shop, engine, &format!("ENGINE \"$@\" || exit\n{put_back}"));

        shop.run(["deploy", "staging", "--yes"]).exits(1).tells(MISSING);

        wrap_apply(&shop, engine, "exec ENGINE \"$@\"");
        shop.run(["plan", "staging"]).exits(3).tells(ALLOW.trim_start_matches("--allow="));
    }
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn a_resource_that_is_made_again_as_it_was_is_not_missing(engine: &Driven) {
    let file = "terraform {\n  required_providers {\n    local = {\n      source = \"hashicorp/local\"\n    }\n  }\n}\n\
                resource \"local_file\" \"a\" {\n  filename = \"${path.module}/made\"\n  content  = \"one\"\n}\n";
    let shop = wrapped(engine, file);
    let env = shop.env.clone().with_providers();
    let shop = Shop { env, ..shop };
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    let serial = || shop.state("network", "staging").unwrap()["serial"].clone();
    let before = serial();
    for command in [
        &["deploy", "staging", "--yes"] as &[&str],
        &["exec", "staging", "network", "--yes", "--", "apply", "-auto-approve"],
    ] {
        fs::remove_file(shop.project.path("network/made")).unwrap();

        shop.env.run_args(command).exits(0);

        assert_eq!(fs::read_to_string(shop.project.path("network/made")).unwrap(), "one");
        assert_eq!(serial(), before, "{}: the engine keeps the serial", engine.name());
    }
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
}

#[test(engines(tofu, terraform), needs(provider_mirror, moto_server))]
fn a_state_in_a_bucket_may_keep_its_serial_after_a_resource_is_made_again(engine: &Driven) {
    let [moto] = programs(["moto_server"]);
    let server = S3Server::start(&moto);
    server.make_backend("eu-west-1", "states", "locks");
    let environments = "[project]\nname = \"shop\"\n\n[environments.staging]\n\n[stacks.network]\npath = \"network\"\n\n\
                        [defaults.backend.s3]\nbucket = \"states\"\nkey = \"one\"\nregion = \"eu-west-1\"\nuse_path_style = true\n\
                        skip_credentials_validation = true\nskip_requesting_account_id = true\n\
                        skip_metadata_api_check = true\nskip_region_validation = true\n";
    let shop = Shop::driven_by(engine, environments);
    let env = shop.env.clone().with_providers().vars(server.variables());
    let backend = "  backend \"s3\" {}\n  required_providers {\n    local = {\n      source = \"hashicorp/local\"\n    }\n  }\n";
    let file =
        "resource \"local_file\" \"a\" {\n  filename = \"${path.module}/made\"\n  content  = \"one\"\n}\n";
    shop.project.write("network/main.tf", &format!("terraform {{\n{backend}}}\n{file}"));
    shop.project.commit("Begin");
    env.run(["deploy", "staging", "--yes"]).exits(0);
    let before = server.text("states", "one");
    fs::remove_file(shop.project.path("network/made")).unwrap();

    env.run(["deploy", "staging", "--yes"]).exits(0);

    assert_eq!(server.text("states", "one"), before, "{}", engine.name());
    env.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
}

/// Makes a unit whose extra arguments, or variables, redirect the state of its applies.
fn unit(engine: &'static str, extra: &str) -> Shop {
    let [terragrunt, driven] = programs(["terragrunt", engine]);
    let environments = format!(
        "[project]\nname = \"shop\"\nengine = \"terragrunt\"\n\n[terragrunt]\ndrives = \"{engine}\"\n\n\
         [environments.dev]\n\n[stacks.u]\npath = \"live/u\"\n"
    );
    let shop = Shop::driven_by(&Driven::Real(terragrunt), &environments);
    let env = shop.env.clone().with(&driven);
    shop.project.write("module/main.tf", &resources(&["a"]));
    let around = shop.project.around();
    let around = around.display();
    shop.project.write(
        "live/u/terragrunt.hcl",
        &format!(
            "terraform {{\n  source = \"../../module\"\n  extra_arguments \"elsewhere\" {{\n    commands = [\"apply\"]\n    \
             {}\n  }}\n}}\nremote_state {{\n  backend = \"local\"\n  generate = {{\n    path = \"backend.tf\"\n    if_exists = \
             \"overwrite\"\n  }}\n  config = {{\n    path = \"{around}/u.tfstate\"\n  }}\n}}\n",
            extra.replace("AROUND", &around.to_string())
        ),
    );
    shop.project.commit("Begin");
    Shop { env, ..shop }
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_unit_whose_apply_writes_another_state_has_failed(engine: &UnitEngine) {
    let engine = engine.name;
    for extra in [
        "arguments = [\"-state=AROUND/elsewhere.tfstate\"]",
        "env_vars = { TF_CLI_ARGS_apply = \"-state-out=AROUND/elsewhere.tfstate\" }",
    ] {
        let shop = unit(engine, extra);

        shop.run(["deploy", "dev", "--yes"]).exits(1).tells(MISSING).tells("`terraform_data.a`");

        assert!(shop.marker("elsewhere.tfstate").exists(), "{engine}");
        assert!(!shop.marker("u.tfstate").exists(), "{engine}");
        shop.run(["deploy", "dev", "--yes"]).exits(3).tells("lineage:dev/u");
    }
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_unit_that_begins_to_write_another_state_later_has_failed(engine: &UnitEngine) {
    let engine = engine.name;
    let shop = unit(engine, "arguments = []");
    shop.run(["deploy", "dev", "--yes"]).exits(0);
    shop.project.write("module/main.tf", &resources(&["a", "b"]));
    let elsewhere = format!("arguments = [\"-state-out={}\"]", shop.marker("elsewhere.tfstate").display());
    shop.project.edit("live/u/terragrunt.hcl", "arguments = []", &elsewhere);

    shop.run(["deploy", "dev", "--yes"]).exits(1).tells(MISSING).tells("`terraform_data.b`");

    assert!(!fs::read_to_string(shop.marker("u.tfstate")).unwrap().contains("\"b\""), "{engine}");
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_unit_whose_hook_puts_its_state_back_has_failed(engine: &UnitEngine) {
    let engine = engine.name;
    let shop = unit(engine, "arguments = []");
    let shop = shop.with_env(Env::with_system);
    shop.run(["deploy", "dev", "--yes"]).exits(0);
    let (state, before) = (shop.marker("u.tfstate"), shop.marker("before"));
    fs::copy(&state, &before).unwrap();
    shop.project.write("module/main.tf", &resources(&["a"]).replace("\"x\"", "\"y\""));
    let hook = format!(
        "terraform {{\n  after_hook \"back\" {{\n    commands = [\"apply\"]\n    execute  = [\"cp\", \"{}\", \"{}\"]\n  }}\n  source",
        before.display(),
        state.display()
    );
    shop.project.edit("live/u/terragrunt.hcl", "terraform {\n  source", &hook);

    shop.run(["deploy", "dev", "--yes"]).exits(1).tells(MISSING).tells("for its hooks");

    shop.run(["plan", "dev"]).exits(3).tells("lineage:dev/u");
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_unit_whose_download_dir_lies_elsewhere_is_no_unit_without_a_state(engine: &UnitEngine) {
    let engine = engine.name;
    let shop = unit(engine, "arguments = []");
    let text = shop.project.read("live/u/terragrunt.hcl");
    let elsewhere = shop.marker("downloads");
    let text = format!("download_dir = \"{}\"\n{text}", elsewhere.display());
    shop.project.write("live/u/terragrunt.hcl", &text);
    let output = "output \"o\" {\n  value = \"a value\"\n}\n";
    for names in [&["a"] as &[&str], &["a", "b"], &["b"]] {
        shop.project.write("module/main.tf", &(resources(names) + output));
        shop.run(["deploy", "dev", "--yes"]).exits(0);
        shop.run(["plan", "dev", "--detailed-exitcode"]).exits(0);
        shop.run(["output", "dev", "u"]).exits(0).prints("a value");
    }
}

/// Wraps an engine so that a state read after an apply notes whether another process could lock the stack's folder.
fn note_lock_after_apply(shop: &Shop, engine: &Driven) {
    let Driven::Real(program) = engine else { panic!("a real engine") };
    let (applied, noted) = (shop.marker("applied"), shop.marker("noted"));
    let lines = format!(
        "#!/bin/bash\nPATH=/usr/bin:/bin:$PATH\ncase \" $* \" in\n*' state pull '*) if [ -e {applied} ]; then if flock --nonblock . true; then echo \
         free; else echo held; fi >> {noted}; fi ;;\n*' apply '*) touch {applied} ;;\nesac\nexec {engine} \"$@\"\n",
        applied = applied.display(),
        noted = noted.display(),
        engine = program.path.display(),
    );
    script(shop.project.around().join("wrapper"), &lines);
}

#[test(engines(tofu, terraform))]
fn no_other_apply_in_the_folder_begins_before_the_state_was_compared(engine: &Driven) {
    let typed = ["exec", "staging", "network", "--yes", "--", "apply", "-auto-approve"];
    for args in [&["deploy", "staging", "--yes"][..], &typed] {
        let shop = wrapped(engine, &resources(&["a"]));
        note_lock_after_apply(&shop, engine);

        shop.env.run_args(args).exits(0);

        let noted = fs::read_to_string(shop.marker("noted")).unwrap();
        // Later reads of a typed command only record the state.
        assert_eq!(noted.lines().next(), Some("held"), "{}: {args:?}", engine.name());
    }
}
