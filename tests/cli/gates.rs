//! What lets a run go on after its review, and what does not.

use crate::{snapshot::snapshot, support::Shop};

#[test]
fn a_protected_environment_is_refused_without_a_confirmation() {
    let shop = Shop::of(&["network"]);

    let run = shop.run(["deploy", "production"]).exits(3);

    insta::assert_snapshot!(snapshot(&run, &shop.project), @r#"
exit code 3
--- stdout
STACK    +create  ~update  ±replace  −delete  outputs  RESULT
network        1        ·         ·        ·        1  changes

network
# terraform_data.network: create (None -> Some(String("first")))

production  commit [COMMIT]  review [DIGEST]  1 stack to change
--- stderr
✔ network  1 to create, 1 output  [SECONDS]
error: `production` needs a confirmation
  plan [DIGEST] would change 1 resource in 1 stack
hint: `envctl deploy production --confirm`, or `--confirm=[DIGEST]` to insist on this very plan
"#);
    assert_eq!(shop.folders("apply"), [""; 0]);
    assert_eq!(shop.deployed_value("network", "production"), None);
}

#[test]
fn yes_is_never_enough_for_a_protected_environment() {
    let shop = Shop::of(&["network"]);
    for verb in ["deploy", "destroy"] {
        if verb == "destroy" {
            shop.run(["deploy", "production", "--confirm"]).exits(0);
            shop.forget_calls();
        }
        shop.run([verb, "production", "--yes"]).exits(3).tells("error: `production` needs a confirmation");
        assert_eq!(shop.folders("apply"), [""; 0]);
    }
}

#[test]
fn an_environment_without_confirm_needs_a_yes_where_nobody_can_be_asked() {
    let shop = Shop::of(&["network"]);

    let run = shop.run(["deploy", "staging"]).exits(3).tells("error: `staging` needs a confirmation");
    run.tells("hint: `envctl deploy staging --yes`");
    assert_eq!(shop.folders("apply"), [""; 0]);

    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(shop.folders("apply"), ["network"]);
}

#[test]
fn a_plain_confirm_is_a_yes_everywhere_but_for_the_end_of_production() {
    let shop = Shop::of(&["network"]);
    shop.run(["deploy", "staging", "--confirm"]).exits(0);
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    shop.run(["destroy", "staging", "--confirm"]).exits(0);
    shop.forget_calls();

    let run = shop.run(["destroy", "production", "--confirm"]).exits(3);

    run.tells("a plain `--confirm` is not enough to destroy `production`").tells("(1 to delete)");
    assert_eq!(shop.folders("apply"), [""; 0]);
    assert_eq!(shop.deployed_value("network", "production").as_deref(), Some("first"));
}

#[test]
fn a_digest_confirms_that_very_review_and_no_other() {
    let shop = Shop::of(&["network", "app: network"]);
    let report = shop.run(["plan", "production", "--json"]).exits(0).report();
    let digest = report.digest().to_owned();
    let confirm = format!("--confirm={}", &digest[..16]);

    let wrong = shop.run(["deploy", "production", "--confirm=0123456789abcdef"]).exits(3);
    let wrong = wrong.tells("error: plan 0123456789abcdef was confirmed for `production`, this is another");
    wrong.tells(&confirm);
    assert_eq!(shop.folders("apply"), [""; 0]);

    shop.change("app", "second");
    shop.run(["deploy", "production", &confirm]).exits(3).tells("this is another");
    assert_eq!(shop.folders("apply"), [""; 0]);

    shop.change("app", "first");
    let again = shop.run(["plan", "production", "--json"]).exits(0).report();
    assert_eq!(again.digest(), digest, "planning again gives the same one");
    shop.run(["deploy", "production", &confirm]).exits(0);
    assert_eq!(shop.deployed_value("app", "production").as_deref(), Some("first"));

    let report = shop.run(["destroy", "production", "--json"]).exits(3).report();
    shop.run(["destroy", "production", &format!("--confirm={}", report.digest())]).exits(0);
    assert_eq!(shop.deployed_value("app", "production"), None);
}

#[test]
fn a_digest_that_is_too_short_or_no_digest_is_64() {
    let shop = Shop::of(&["network"]);
    for digest in ["0123456789abcde", "xyz", "0123456789abcdeg"] {
        let run = shop.run(["deploy", "production", &format!("--confirm={digest}")]).exits(64);
        run.tells(&format!("`{digest}` is not a digest: 16 to 64 hexadecimal digits"));
    }
    assert_eq!(shop.calls(), [""; 0]);
}

#[test]
fn an_empty_digest_is_no_confirmation() {
    let shop = Shop::of(&["network"]);
    // As `--confirm="$DIGEST"` with a variable that is not set.
    for verb in ["deploy", "destroy"] {
        shop.run([verb, "production", "--confirm="]).exits(64).tells("--confirm");
    }
    shop.run(["plan", "production"]).exits(0);
    shop.run(["apply", "last", "--confirm="]).exits(64).tells("--confirm");
    assert_eq!(shop.deployed_value("network", "production"), None);
    shop.run(["apply", "last", "--confirm"]).exits(0);
}

#[test]
fn a_clean_environment_needs_no_confirmation() {
    let shop = Shop::of(&["network"]);
    shop.run(["deploy", "production", "--confirm"]).exits(0);

    let report = shop.run(["deploy", "production", "--json"]).exits(0).report();

    assert_eq!(report.result(), "clean");
}

#[test]
fn nothing_is_applied_when_something_could_not_be_planned() {
    let shop = Shop::of(&["network", "mail"]);
    shop.behave("mail", &serde_json::json!({ "plan": { "exit": 3 } }));

    shop.run(["deploy", "staging", "--yes"]).exits(1);
    shop.run(["deploy", "production", "--confirm"]).exits(1);

    assert_eq!(shop.folders("apply"), [""; 0]);
}
