//! Backend files: how engines get them, when an init is due, and what is said of a missing one.

use serde_json::{Value, json};

use crate::{
    changed::why,
    support::{Shop, plain},
};

/// Makes a project whose stack `network` has a backend file and a pair.
#[track_caller]
fn shop(keys: &str) -> Shop {
    let shop = Shop::with(&format!(
        "[project]\nname = \"shop\"\n[environments.staging]\n{keys}\nbackend.local = {{ path = \"one.tfstate\" }}\n"
    ));
    let mut script = plain("network");
    script["backend"] = json!("local");
    shop.stack("network", &[], &script);
    shop.with_files(&[("network/b.hcl", "path = \"file.tfstate\"\n"), ("a.hcl", "workspace_dir = \"w\"\n")])
}

/// Returns the files of `-backend-config` in the first init of the engine's log, relative to the project.
#[track_caller]
fn config_files(shop: &Shop) -> Vec<String> {
    let is_init = |call: &Value| call["argv"].as_array().is_some_and(|argv| argv.contains(&json!("init")));
    let init = shop.log().into_iter().find(is_init).expect("an init");
    let project = format!("{}/", shop.project.path("").display());
    let flags = init["argv"].as_array().expect("arguments").iter().filter_map(|flag| flag.as_str());
    let files = flags.filter_map(|flag| flag.strip_prefix("-backend-config="));
    files.map(|file| file.trim_start_matches(project.trim_end_matches('/')).to_owned()).collect()
}

#[test]
fn backend_files_are_passed_by_name_before_the_pairs() {
    let shop = shop("backend_files = [\"b.hcl\", \"?none.hcl\", \"{root}/a.hcl\"]");

    shop.run(["deploy", "staging", "--yes"]).exits(0);

    let files = config_files(&shop);
    assert_eq!(files[..2], ["/network/b.hcl", "/network/../a.hcl"]);
    assert!(files[2].ends_with("network.tfbackend.json"), "{files:?}");
    assert_eq!(files.len(), 3);
    assert!(shop.project.path("network/one.tfstate").exists(), "a pair wins over a file");
}

#[test]
fn only_a_changed_backend_file_is_initialised_anew() {
    let shop = shop("backend_files = [\"b.hcl\"]").committed().deployed();
    shop.run(["plan", "staging"]).exits(0);
    assert_eq!(shop.calls(), ["network plan"]);
    shop.append("network/b.hcl", "workspace_dir = \"w\"\n");
    shop.forget_calls();

    shop.run(["plan", "staging"]).exits(0);

    assert_eq!(shop.calls(), ["network init", "network plan"]);
}

#[test]
fn a_typed_init_gets_the_backend_files_too() {
    let shop = shop("backend_files = [\"b.hcl\", \"{root}/a.hcl\"]").committed().deployed();

    shop.run(["exec", "staging", "network", "--yes", "--", "init"]).exits(0);

    assert_eq!(config_files(&shop)[..2], ["/network/b.hcl", "/network/../a.hcl"]);
}

#[test]
fn a_missing_file_is_named_from_the_stack_and_from_the_root() {
    let shop = shop("backend_files = [\"env/x.hcl\"]\nvar_files = [\"{root}/y.tfvars\"]");

    shop.run(["check", "--offline"])
        .exits(4)
        .tells("the backend file of `staging/network` does not exist: `network/env/x.hcl`")
        .tells("seen from the stack's folder it is `env/x.hcl`")
        .tells("the var file of `staging/network` does not exist: `y.tfvars`");
    shop.run(["plan", "staging"]).exits(4).tells("`network/env/x.hcl`");
    assert!(shop.calls().is_empty(), "{:?}", shop.calls());
}

#[test]
fn a_backend_file_whose_path_engines_would_take_for_a_pair_is_refused() {
    let shop = shop("backend_files = [\"path=x.hcl\"]").with_files(&[("network/path=x.hcl", "")]);

    shop.run(["plan", "staging"]).exits(4).tells("as a key and a value");
    assert!(!shop.calls().iter().any(|call| call.ends_with("init")), "{:?}", shop.calls());
}

#[test]
fn a_changed_backend_file_is_a_reason_of_changed() {
    let shop = shop("backend_files = [\"b.hcl\", \"{root}/a.hcl\"]").committed();
    shop.project.git(["switch", "--quiet", "--create", "topic"]);
    assert_eq!(why(&shop, &["--changed"]), [""; 0]);
    shop.append("a.hcl", "# more\n");

    assert_eq!(why(&shop, &["--changed"]), ["network: changed backend file: a.hcl"]);
}
