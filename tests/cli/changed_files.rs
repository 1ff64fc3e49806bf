//! `--changed`: files that a stack's plan depends on, in any folder.

use serde_json::json;

use crate::{
    changed::{shop, why},
    support::Shop,
};

const NONE: [&str; 0] = [];

/// Makes three stacks, with these files committed on `main` before HEAD leaves it.
pub(crate) fn with(files: &[(&str, &str)]) -> Shop {
    let shop = shop();
    shop.project.git(["switch", "--quiet", "main"]);
    for (file, text) in files {
        shop.project.write(file, text);
    }
    shop.project.commit("Add files");
    shop.project.git(["branch", "--quiet", "--force", "topic"]);
    shop.project.git(["switch", "--quiet", "topic"]);
    shop
}

pub(crate) fn call(source: &str) -> String {
    format!("module \"called\" {{\n  source = \"{source}\"\n}}\n")
}

/// Returns a data source that reads a state with this configuration.
pub(crate) fn reads_a_state(config: &str) -> String {
    format!("data \"terraform_remote_state\" \"x\" {{\n  backend = \"local\"\n  config = {config}\n}}\n")
}

#[test]
fn a_module_that_only_another_module_calls_touches_the_stacks_behind_both() {
    let shop = with(&[
        ("app/call.tf", &call("../modules/service")),
        ("modules/service/main.tf", &call("../hidden")),
        ("modules/hidden/main.tf", "variable \"name\" {}\n"),
        ("modules/hidden/unused/main.tf", "variable \"name\" {}\n"),
        ("modules/other/main.tf", "variable \"name\" {}\n"),
    ]);
    shop.append("modules/hidden/unused/main.tf", "# more\n");
    shop.append("modules/other/main.tf", "# more\n");
    assert_eq!(why(&shop, &["--changed"]), NONE);
    shop.append("modules/hidden/main.tf", "# more\n");
    assert_eq!(why(&shop, &["--changed"]), ["app: changed module: modules/hidden/main.tf"]);
    shop.project.write("modules/hidden/new.tf", "# new\n");
    assert_eq!(why(&shop, &["--changed"]), ["app: changed module: modules/hidden/main.tf and 1 more"]);
}

#[test]
fn modules_and_files_are_found_in_json_syntax() {
    let json = json!({ "module": { "called": { "source": "../modules/service" } } }).to_string();
    let inner = json!({ "locals": { "x": "${file(\"${path.module}/../../texts/x.txt\")}" } }).to_string();
    let shop = with(&[
        ("app/call.tf.json", &json),
        ("modules/service/main.tf.json", &inner),
        ("texts/x.txt", "one\n"),
        ("texts/y.txt", "one\n"),
    ]);
    shop.append("texts/y.txt", "two\n");
    assert_eq!(why(&shop, &["--changed"]), NONE);
    shop.append("texts/x.txt", "two\n");
    assert_eq!(why(&shop, &["--changed"]), ["app: changed file that HCL names: texts/x.txt"]);
    shop.append("modules/service/main.tf.json", "\n");
    assert_eq!(
        why(&shop, &["--changed"]),
        ["app: changed module: modules/service/main.tf.json; changed file that HCL names: texts/x.txt"]
    );
}

#[test]
fn a_file_that_says_where_a_state_lies_counts_and_the_state_does_not() {
    let json = json!({ "data": { "terraform_remote_state": { "x": {
        "backend": "local", "config": "${jsondecode(file(\"../place.json\"))}" } } } });
    let shop = with(&[
        ("app/net.tf", &reads_a_state("jsondecode(file(\"${path.module}/../place.json\"))")),
        ("mail/net.tf.json", &json.to_string()),
        ("network/net.tf", &reads_a_state("{ path = \"${path.module}/../place.json\" }")),
        ("place.json", "{ \"path\": \"../a\" }\n"),
    ]);
    shop.append("place.json", "\n");
    let named = |stack: &str| format!("{stack}: changed file that HCL names: place.json");
    assert_eq!(why(&shop, &["--changed"]), [named("app"), named("mail")]);
}

#[test]
fn what_is_deleted_touches_the_stack_that_names_it_still() {
    let shop = with(&[
        ("app/text.tf", "locals {\n  x = fileexists(\"../texts/x.txt\")\n}\n"),
        ("mail/call.tf", &call("../modules/gone")),
        ("texts/x.txt", "one\n"),
        ("modules/gone/main.tf", ""),
        ("network/extra.tf", ""),
    ]);
    for file in ["texts/x.txt", "modules/gone/main.tf", "network/extra.tf"] {
        std::fs::remove_file(shop.project.path(file)).unwrap();
    }
    assert_eq!(
        why(&shop, &["--changed"]),
        [
            "network: changed: network/extra.tf",
            "app: changed file that HCL names: texts/x.txt",
            "mail: changed module: modules/gone/main.tf"
        ]
    );
}

#[test]
fn a_renamed_file_touches_the_stacks_on_both_sides() {
    let shop = with(&[("app/policy.json", "{ \"a\": 1, \"b\": 2, \"c\": 3 }\n")]);
    shop.project.git(["mv", "app/policy.json", "mail/policy.json"]);
    shop.project.commit("Move the policy");
    assert_eq!(
        why(&shop, &["--changed"]),
        ["app: changed: app/policy.json", "mail: changed: mail/policy.json"]
    );
}

#[test]
fn a_change_of_case_alone_is_a_change() {
    let shop = with(&[("app/Policy.json", "{}\n")]);
    shop.project.git(["mv", "app/Policy.json", "app/policy.json"]);
    assert_eq!(why(&shop, &["--changed"]), ["app: changed: app/Policy.json and 1 more"]);
}

#[test]
fn a_path_in_other_letters_is_the_same_where_case_is_ignored() {
    let shop = shop();
    shop.append("app/main.tf", "# more\n");
    shop.project.edit("environments.toml", "path = \"app\"", "path = \"App\"");
    shop.project.commit("Write it in other letters");
    // Stands in for a file system that ignores case.
    std::os::unix::fs::symlink("app", shop.project.path("App")).unwrap();
    shop.project.write(".git/info/exclude", "/App\n");
    std::os::unix::fs::symlink(".git", shop.project.path(".GIT")).unwrap();
    let taken = why(&shop, &["--changed=HEAD~1"]);
    assert!(taken.iter().any(|why| why.starts_with("app: changed: app/main.tf")), "{taken:?}");
}

#[test]
fn links_are_followed_and_count_themselves() {
    let shop = with(&[("shared/a/x.tf", ""), ("shared/b/x.tf", "")]);
    std::os::unix::fs::symlink("../shared/a", shop.project.path("app/linked")).unwrap();
    shop.project.commit("Link");
    let since = "--changed=HEAD";
    assert_eq!(why(&shop, &[since]), NONE);
    shop.append("shared/a/x.tf", "# more\n");
    assert_eq!(why(&shop, &[since]), ["app: changed: shared/a/x.tf"]);
    shop.project.git(["checkout", "--quiet", "shared"]);
    std::fs::remove_file(shop.project.path("app/linked")).unwrap();
    std::os::unix::fs::symlink("../shared/b", shop.project.path("app/linked")).unwrap();
    assert_eq!(why(&shop, &[since]), ["app: changed: app/linked"]);
}

#[test]
fn a_lockfile_and_a_file_that_git_was_told_not_to_look_at_count() {
    let shop = with(&[("app/.terraform.lock.hcl", ""), ("mail/quiet.tf", "")]);
    shop.append("app/.terraform.lock.hcl", "# more\n");
    shop.project.git(["update-index", "--assume-unchanged", "mail/quiet.tf"]);
    assert_eq!(
        why(&shop, &["--changed"]),
        ["app: changed lockfile: app/.terraform.lock.hcl", "mail: changed: mail/quiet.tf"]
    );
}

#[test]
fn what_no_plan_is_made_of_touches_nothing() {
    let shop = with(&[("README.md", "one\n"), ("web/index.html", "one\n")]);
    for file in ["README.md", "web/index.html"] {
        shop.append(file, "two\n");
    }
    shop.project.write("app/terraform.tfstate.d/x/terraform.tfstate", "{}");
    shop.project.write("app/.terraform/modules/modules.json", "{}");
    assert_eq!(why(&shop, &["--changed"]), NONE);
}
