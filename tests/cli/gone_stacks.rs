//! Removed stacks: `plan`, `check` and `status` report a deployed stack that the files no longer have, unless it was
//! renamed.

use serde_json::{Value, json};

use crate::support::{Driven, Shop};

const GONE: &str = "stack `mail` (`mail`) of `staging` is gone from the files since run ";

/// Removes the table of the last stack from environments.toml.
pub(super) fn remove_table(shop: &Shop, stack: &str) {
    let text = shop.project.read("environments.toml");
    let at = text.find(&format!("\n[stacks.{stack}]")).unwrap();
    shop.project.write("environments.toml", &text[..at]);
}

/// Returns the stacks that `status` reports as gone.
pub(super) fn gone(document: &Value) -> Vec<String> {
    let stacks = document["environments"][0]["gone"].as_array().cloned().unwrap_or_default();
    stacks.iter().map(|gone| format!("{} {}", gone["environment"], gone["stack"]).replace('"', "")).collect()
}

#[test]
fn a_deployed_stack_whose_table_is_gone_is_told() {
    let shop = Shop::of(&["network", "mail"]).deployed();
    let run = shop.newest_run();
    remove_table(&shop, "mail");

    let told = format!("{GONE}{}; its resources still exist", run.rsplit('/').next().unwrap());
    let hint = "`envctl destroy staging mail` shows what it made and asks";
    shop.run(["plan", "staging"]).exits(0).tells(&told).tells(hint);
    shop.run(["check", "staging", "--offline"]).exits(0).tells(&told).tells(hint);
    shop.run(["status", "staging"]).exits(0).tells(&told);
    let document = shop.run(["status", "staging", "--json"]).exits(0).json();
    assert_eq!(gone(&document), ["staging mail"]);
    shop.run(["plan", "production"]).exits(0).hides("is gone");
    let kept = shop.run(["check", "--offline", "--json"]).exits(0).json().to_string();
    assert!(kept.contains("stack `mail` (`mail`) of `staging` is gone"), "{kept}");
}

#[test]
fn a_deployed_folder_below_a_discovered_pattern_that_is_deleted_is_told() {
    let shop = Shop::new();
    for stack in ["network", "mail"] {
        shop.script(stack, &crate::support::plain(stack));
    }
    shop.append("environments.toml", "\n[discover]\npaths = [\"<unit>\"]\nname = \"{unit}\"\n");
    shop.project.commit("Begin");
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    std::fs::remove_dir_all(shop.project.path("mail")).unwrap();

    let run = shop.run(["plan", "staging"]).exits(0).tells(GONE);

    run.tells("`git restore --source=").tells(" -- mail` brings its files back");
    shop.run(["check", "staging", "--offline"]).exits(0).tells(GONE);
    shop.run(["status", "staging"]).exits(0).tells(GONE);
    shop.run(["list", "staging", "--changed=HEAD"]).tells("stack `mail` (`mail`) of `staging` is gone since");
}

#[test]
fn a_stack_that_was_never_deployed_or_was_destroyed_is_not_told() {
    let shop = Shop::of(&["network", "mail"]);
    shop.run(["plan", "staging"]).exits(0);
    let before = shop.project.read("environments.toml");
    remove_table(&shop, "mail");
    shop.run(["plan", "staging"]).exits(0).hides("is gone");

    shop.project.write("environments.toml", &before);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.run(["destroy", "staging", "mail", "--yes"]).exits(0);
    remove_table(&shop, "mail");
    shop.run(["plan", "staging"]).exits(0).hides("is gone");
    shop.run(["status", "staging"]).exits(0).hides("is gone");
    shop.run(["check", "staging", "--offline"]).exits(0).hides("is gone");
}

#[test]
fn a_failed_deployment_of_a_stack_that_is_gone_is_told() {
    let shop = Shop::of(&["network", "mail"]).deployed();
    shop.change("mail", "second");
    let mut script = crate::support::plain("mail");
    script["resources"] = json!({ "terraform_data.mail": "second" });
    script["steps"] = json!({ "apply": { "error": { "summary": "no", "detail": "" } } });
    shop.script("mail", &script);
    shop.run(["deploy", "staging", "--yes"]).exits(1);
    remove_table(&shop, "mail");

    shop.run(["plan", "staging"]).exits(0).tells(GONE);
}

#[test(engines(tofu, terraform))]
fn a_renamed_stack_that_keeps_its_state_is_not_told(engine: &Driven) {
    let toml = "[project]\nname = \"p\"\n\n[environments.dev]\n\n[stacks.network]\npath = \"network\"\n";
    let shop = Shop::driven_by(engine, toml);
    shop.project.write("network/main.tf", "resource \"terraform_data\" \"a\" {}\n");
    shop.run(["deploy", "dev", "--yes"]).exits(0);
    shop.project.edit("environments.toml", "[stacks.network]", "[stacks.net]");

    shop.run(["check", "dev", "--offline"]).exits(0).hides("is gone");
    shop.run(["status", "dev"]).exits(0).hides("is gone");
    shop.run(["plan", "dev"]).exits(0).hides("is gone");
    shop.run(["status", "dev"]).exits(0).hides("is gone");
    shop.run(["plan", "dev"]).exits(0).hides("is gone");
}

#[test(engines(tofu, terraform))]
fn a_renamed_stack_whose_state_moves_with_its_name_is_told(engine: &Driven) {
    let toml = "[project]\nname = \"p\"\n\n[defaults]\nbackend.local = { path = \"{stack}.tfstate\" }\n\n\
                [environments.dev]\n\n[stacks.network]\npath = \"network\"\n";
    let shop = Shop::driven_by(engine, toml);
    let main = "terraform {\n  backend \"local\" {}\n}\nresource \"terraform_data\" \"a\" {}\n";
    shop.project.write("network/main.tf", main);
    shop.run(["deploy", "dev", "--yes"]).exits(0);
    shop.project.edit("environments.toml", "[stacks.network]", "[stacks.net]");

    let told = "stack `network` (`network`) of `dev` is gone from the files since run ";
    shop.run(["check", "dev", "--offline"]).exits(0).tells(told);
}

#[test]
fn the_stacks_of_an_environment_that_is_gone_are_told_where_none_is_named() {
    let shop = Shop::of(&["network"]).deployed();
    shop.project.edit(
        "environments.toml",
        "[environments.staging]\naliases = [\"stag\"]",
        "[environments.test]",
    );
    shop.project.edit("environments.toml", "workspace = \"staging\"", "workspace = \"test\"");

    let told = "stack `network` (`network`) of `staging` is gone from the files since run ";
    shop.run(["status"]).exits(0).tells(told);
    shop.run(["check", "--offline"]).exits(0).tells(told);
    shop.run(["status", "production"]).exits(0).hides("is gone");
}

#[test(engines(tofu, terraform))]
fn a_stack_of_which_only_a_part_was_destroyed_is_told(engine: &Driven) {
    let toml = "[project]\nname = \"p\"\n\n[environments.dev]\n\n[stacks.network]\npath = \"network\"\n\n\
                [stacks.mail]\npath = \"mail\"\n";
    let shop = Shop::driven_by(engine, toml);
    let main = "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {}\n";
    shop.project.write("network/main.tf", main);
    shop.project.write("mail/main.tf", main);
    shop.run(["deploy", "dev", "--yes"]).exits(0);
    shop.run(["destroy", "dev", "mail", "--target", "terraform_data.a", "--yes"]).exits(0);
    remove_table(&shop, "mail");

    shop.run(["plan", "dev"])
        .exits(0)
        .tells("stack `mail` (`mail`) of `dev` is gone from the files since run ");
}

/// Makes two deployed stacks, `network` and `mail`, the latter at the end of environments.toml.
pub(super) fn deployed_by(engine: &Driven) -> Shop {
    let toml = "[project]\nname = \"p\"\n\n[environments.dev]\n\n[stacks.network]\npath = \"network\"\n\n\
                [stacks.mail]\npath = \"mail\"\n";
    let shop = Shop::driven_by(engine, toml);
    for stack in ["network", "mail"] {
        shop.project.write(&format!("{stack}/main.tf"), "resource \"terraform_data\" \"a\" {}\n");
    }
    shop.run(["deploy", "dev", "--yes"]).exits(0);
    shop
}

/// Renames the last stack and plans it once.
fn rename(shop: &Shop, from: &str, to: &str) {
    shop.project.edit("environments.toml", &format!("[stacks.{from}]"), &format!("[stacks.{to}]"));
    shop.run(["plan", "dev"]).exits(0).hides("is gone");
}

pub(super) fn all_tell(shop: &Shop, told: &str) {
    shop.run(["plan", "dev"]).exits(0).tells(told);
    shop.run(["check", "dev", "--offline"]).exits(0).tells(told);
    shop.run(["status", "dev"]).exits(0).tells(told);
}

pub(super) fn none_tells(shop: &Shop) {
    shop.run(["plan", "dev"]).exits(0).hides("is gone");
    shop.run(["check", "dev", "--offline"]).exits(0).hides("is gone");
    shop.run(["status", "dev"]).exits(0).hides("is gone");
}

#[test(engines(tofu, terraform))]
fn a_stack_that_was_renamed_and_planned_before_it_went_is_told(engine: &Driven) {
    let shop = deployed_by(engine);
    let run = shop.newest_run();
    let run = run.rsplit('/').next().unwrap();
    rename(&shop, "mail", "post");
    rename(&shop, "post", "letters");
    remove_table(&shop, "letters");

    let told = format!("stack `letters` (`mail`) of `dev` is gone from the files since run {run}; ");
    all_tell(&shop, &told);
    let document = shop.run(["status", "dev", "--json"]).exits(0).json();
    assert_eq!(gone(&document), ["dev letters"]);
    std::fs::remove_dir_all(shop.project.path("mail")).unwrap();
    all_tell(&shop, &told);
}

#[test(engines(tofu, terraform))]
fn a_stack_that_was_destroyed_under_its_new_name_is_not_told(engine: &Driven) {
    let shop = deployed_by(engine);
    rename(&shop, "mail", "post");
    shop.run(["destroy", "dev", "post", "--yes"]).exits(0);
    remove_table(&shop, "post");
    std::fs::remove_dir_all(shop.project.path("mail")).unwrap();

    none_tells(&shop);
}

#[test(engines(tofu, terraform))]
fn another_stack_with_the_former_name_does_not_hide_a_stack_that_is_gone(engine: &Driven) {
    let shop = deployed_by(engine);
    rename(&shop, "mail", "post");
    shop.append("environments.toml", "\n[stacks.mail]\npath = \"other\"\n");
    shop.project.write("other/main.tf", "resource \"terraform_data\" \"a\" {}\n");
    shop.run(["deploy", "dev", "mail", "--yes"]).exits(0);
    shop.run(["destroy", "dev", "mail", "--yes"]).exits(0);
    remove_table(&shop, "post");

    all_tell(&shop, "stack `post` (`mail`) of `dev` is gone from the files since run ");
}

#[test(engines(tofu, terraform))]
fn a_stack_that_is_gone_is_told_after_the_journals_are_removed(engine: &Driven) {
    let shop = deployed_by(engine);
    let run = shop.newest_run();
    let run = run.rsplit('/').next().unwrap();
    shop.run(["runs", "gc", "--keep=0"]).exits(0).tells("1 run removed");
    remove_table(&shop, "mail");
    let told = format!("stack `mail` (`mail`) of `dev` is gone from the files since run {run}; ");
    all_tell(&shop, &told);

    let shop = deployed_by(engine);
    rename(&shop, "mail", "post");
    shop.run(["runs", "gc", "--keep=0"]).exits(0).tells("2 runs removed");
    remove_table(&shop, "post");
    all_tell(&shop, "stack `post` (`mail`) of `dev` is gone from the files since run ");
}

#[test(engines(tofu, terraform))]
fn a_destroyed_stack_is_not_told_after_the_journals_are_removed(engine: &Driven) {
    let shop = deployed_by(engine);
    shop.run(["runs", "gc", "--keep=0"]).exits(0).tells("1 run removed");
    shop.run(["destroy", "dev", "mail", "--yes"]).exits(0);
    shop.run(["runs", "gc", "--keep=0"]).exits(0).tells("1 run removed");
    remove_table(&shop, "mail");
    std::fs::remove_dir_all(shop.project.path("mail")).unwrap();

    none_tells(&shop);
}

#[test]
fn a_record_that_cannot_be_read_makes_a_stack_that_is_gone_unknown() {
    for (record, text) in [
        ("lineage", &b"\xff\xfe"[..]),
        ("last-state.json", b"{\"lineage\": "),
        ("first-apply.json", b"{"),
        ("last-deployment.json", b"[]"),
        ("former-names.json", b"{}"),
    ] {
        let shop = Shop::of(&["network", "mail"]).deployed();
        remove_table(&shop, "mail");
        std::fs::write(shop.project.path(&format!(".envctl/instances/staging/mail/{record}")), text).unwrap();

        let told = format!("/mail/{record}`");
        let runs = [
            shop.run(["plan", "staging"]),
            shop.run(["check", "staging", "--offline"]),
            shop.run(["status", "staging"]),
        ];
        for run in runs {
            let run = run.exits(0).tells("what stack `mail` of `staging` has is unknown: cannot use `");
            run.tells(&told).tells("`rm -r .envctl/instances/staging/mail` removes what is recorded of it");
        }
        let document = shop.run(["status", "staging", "--json"]).exits(0).json();
        assert_eq!(document["environments"][0]["unreadable"][0]["name"], "mail", "{record}");
    }
}

#[test]
fn a_stack_whose_first_apply_has_an_unknown_end_is_told_when_it_is_gone() {
    let shop = Shop::of(&["network", "mail"]).deployed();
    let record = shop.project.path(".envctl/instances/staging/mail");
    std::fs::remove_file(record.join("lineage")).unwrap();
    std::fs::write(record.join("first-apply.json"), r#"{"address": "remote:x", "done": []}"#).unwrap();
    remove_table(&shop, "mail");

    shop.run(["plan", "staging"]).exits(0).tells(GONE);
    shop.run(["status", "staging"]).exits(0).tells(GONE);
}
