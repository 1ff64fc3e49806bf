//! 5. Failure stays contained.

use serde_json::json;

use crate::support::{Driven, ENVIRONMENTS, Shop, error, plain};

const STACKS: [&str; 4] = ["network", "database: network", "app: database", "mail"];

/// Makes the apply of a stack fail.
fn fails_to_apply(engine: &Driven, shop: &Shop, stack: &str) {
    if engine.is_fake() {
        shop.behave(stack, &json!({ "apply": error("boom", "at the worst time") }));
    } else {
        let text = shop.project.read(&format!("{stack}/main.tf"));
        let failing = text.replace(
            "  input = \"first\"\n",
            "  input = \"first\"\n\n  provisioner \"local-exec\" {\n    command = \"exit 7\"\n  }\n",
        );
        assert_ne!(failing, text);
        shop.project.write(&format!("{stack}/main.tf"), &failing);
    }
}

#[test(engines(fake, tofu, terraform))]
fn a_failed_apply_skips_what_depends_on_it_and_its_siblings_go_on(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&STACKS);
    fails_to_apply(engine, &shop, "database");

    let report = shop.run(["deploy", "staging", "--yes", "--json"]).exits(1).report();

    let ended = ["network applied", "database failed", "app skipped", "mail applied"];
    let mut stacks = report.stacks();
    stacks.sort_by_key(|stack| ended.iter().position(|wanted| wanted == stack));
    assert_eq!(stacks, ended, "{}", engine.name());
    assert_eq!(report.stack("app")["because"], "database");
    for (stack, value) in [("network", Some("first")), ("mail", Some("first")), ("app", None)] {
        let found = shop.deployed_value(stack, "staging");
        assert_eq!(found.as_deref(), value, "{stack} on {}", engine.name());
    }
}

#[test(engines(fake, tofu, terraform))]
fn with_fail_fast_nothing_starts_after_a_failure(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["aaa", "bbb: aaa", "zzz"]);
    fails_to_apply(engine, &shop, "aaa");

    shop.run(["deploy", "staging", "--yes", "--fail-fast", "--jobs", "1"]).exits(1);

    assert_eq!(shop.deployed_value("zzz", "staging"), None, "{}", engine.name());
}

#[test]
fn an_engine_that_is_killed_or_ends_oddly_has_failed_and_is_not_clean() {
    for (behaviour, words) in [
        (json!({ "signal": 9 }), "killed by signal 9"),
        (json!({ "exit_after": 3 }), "status 3, which no engine does"),
    ] {
        let shop = Shop::of(&["app", "mail"]).deployed();
        shop.behave("app", &json!({ "plan": behaviour }));

        let report = shop.run(["plan", "staging", "--json"]).exits(1).report();

        assert_eq!(report.stack("app")["result"], "failed");
        assert_eq!(report.stack("mail")["result"], "clean");
        let summary = report.stack("app")["error"]["summary"].to_string();
        assert!(summary.contains(words), "{summary}");
    }
}

#[test]
fn a_wrapper_that_hides_changes_behind_status_0_has_failed() {
    let shop = Shop::of(&["app"]).deployed();
    shop.change("app", "second");
    let mut script = plain("app");
    script["resources"] = json!({ "terraform_data.app": "second" });
    script["steps"] = json!({ "plan": { "exit_after": 0 } });
    shop.script("app", &script);

    shop.run(["deploy", "staging", "--yes"])
        .exits(1)
        .prints("ended with status 0, no changes, and yet would change");

    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("first"), "nothing was applied");
}
