//! Gates: conditions for a run to go on after its review.

use crate::support::{Driven, ENVIRONMENTS, Shop, redacted};

#[test]
fn a_protected_environment_is_refused_without_a_confirmation() {
    let shop = Shop::of(&["network"]);

    let run = shop.run(["deploy", "production"]).exits(3);

    insta::assert_snapshot!(run.snapshot(), @r#"
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
  review [DIGEST] would change 1 resource in 1 stack
hint: `envctl deploy production --confirm=[DIGEST]` confirms exactly this review
"#);
    assert_eq!(shop.folders("apply"), [""; 0]);
    assert_eq!(shop.deployed_value("network", "production"), None);
}

const GUARDED: &str = "[project]
name = \"shop\"

[defaults]
workspace = \"{env}\"
create_workspace = \"always\"

[environments.staging]

[environments.production]
confirm = true
checklist.on-call = \"somebody is on call\"
checklist.told = \"the customers were told\"
guards.protect = [\"terraform_data.*\"]
";

/// Makes a protected environment with a checklist, in which a plan would delete a protected resource.
fn guarded() -> Shop {
    let shop = Shop::with(GUARDED).with_stacks(&["network", "app: network"]);
    shop.run(["deploy", "production", "--confirm", "--ack", "on-call", "--ack", "told"]).exits(0);
    shop.script("network", &serde_json::json!({ "outputs": { "id": "network-1" } }));
    shop.change("app", "second");
    shop.forget_calls();
    shop
}

#[test]
fn one_refusal_names_all_that_is_missing_and_one_command_gives_it() {
    let shop = guarded();

    let run = shop.run(["deploy", "production", "network", "app", "--ack", "told"]).exits(3);

    let stderr = redacted(&run.stderr, shop.project.around());
    let refusal = &stderr[stderr.find("error:").unwrap()..];
    insta::assert_snapshot!(refusal, @"
    error: `protect` refuses this in `production`; the checklist is not answered: `on-call`; `production` needs a confirmation
      protect network: delete of `terraform_data.network` is protected by `terraform_data.*`
      checklist on-call: somebody is on call
      review [DIGEST] would change 2 resources in 2 stacks (1 to delete)
    hint: if this is intended: `envctl deploy production network app --ack told --allow delete:network/terraform_data.network --ack on-call --confirm=[DIGEST]`
    ");
    assert_eq!(shop.folders("apply"), [""; 0]);
    shop.type_hint(&run).exits(0);
    assert_eq!(shop.folders("apply"), ["network", "app"]);
}

#[test]
fn a_refusal_keeps_the_confirmation_that_was_given() {
    for given in ["--confirm", "--confirm=DIGEST"] {
        let shop = guarded();
        let digest = shop.run(["plan", "production", "--json"]).exits(0).report().digest()[..16].to_owned();
        let given = given.replace("DIGEST", &digest);
        let run = shop.run(["deploy", "production", &given]).exits(3);
        run.tells("error: `protect` refuses this in `production`; the checklist is not answered")
            .tells(&format!("--ack on-call --ack told {given}`\n"))
            .hides("needs a confirmation");
        let only_checklist =
            ["deploy", "production", &given, "--allow", "delete:network/terraform_data.network"];
        let refused = shop
            .run(only_checklist)
            .exits(3)
            .tells("error: the checklist is not answered: `on-call`, `told`\n");
        shop.type_hint(&refused).exits(0);
        assert_eq!(shop.folders("apply"), ["network", "app"]);
    }
}

#[test]
fn the_next_command_of_a_plan_names_the_checklist_and_the_exceptions() {
    let shop = guarded();
    let plan = shop
        .run(["plan", "production"])
        .exits(0)
        .prints("guards would refuse to apply this; if this is intended:\nnext: `envctl apply")
        .prints("\nchecklist on-call: somebody is on call\nchecklist told: the customers were told\n");
    shop.type_next(&plan).exits(0);
    assert_eq!(shop.folders("apply"), ["network", "app"]);

    shop.change("app", "third");
    let plan = shop.run(["plan", "production"]).exits(0).prints(" --ack on-call --ack told --confirm`\n");
    shop.type_next(&plan).exits(0);
    assert_eq!(shop.deployed_value("app", "production").as_deref(), Some("third"));

    shop.change("app", "fourth");
    let plan = shop.run(["plan", "staging"]).exits(0);
    shop.type_next(&plan).exits(0);
    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("fourth"));
}

#[test]
fn a_typed_command_is_refused_once_for_all_that_is_missing() {
    let shop = guarded();
    let remove = ["exec", "production", "app", "--", "state", "rm", "terraform_data.app"];

    let run = shop.run(remove).exits(3);

    insta::assert_snapshot!(redacted(&run.stderr, shop.project.around()), @"
    error: `protect` refuses this in `production`; the checklist is not answered: `on-call`, `told`; `state rm terraform_data.app` may change `app` in `production` and was not confirmed
      protect app: `terraform_data.app` is protected by `terraform_data.*`, or may hold what is
      checklist on-call: somebody is on call
      checklist told: the customers were told
    hint: if this is intended: `envctl exec production app --allow delete:app/terraform_data.app --ack on-call --ack told --confirm -- state rm terraform_data.app`
    ");
    assert_eq!(shop.folders("state rm"), [""; 0]);
    shop.type_hint(&run).exits(0);
    assert_eq!(shop.folders("state rm"), ["app"]);
}

#[test]
fn an_exception_for_no_stack_is_64_before_any_engine_starts() {
    let shop = guarded();
    for (allow, told) in [
        (
            "delete:netwrok/terraform_data.network",
            "there is no stack `netwrok` in `production`; did you mean `network`?",
        ),
        ("change:nope/terraform_data.x[\"a\"]", "there is no stack `nope` in `production`\n"),
        ("lineage:production/ap", "there is no stack `ap` in `production`; did you mean `app`?"),
        ("lineage:prodction/app", "there is no environment `prodction`; did you mean `production`?"),
    ] {
        let remove =
            ["exec", "production", "app", "--allow", allow, "--", "state", "rm", "terraform_data.app"];
        for args in [
            &["plan", "production", "--allow", allow] as &[&str],
            &["deploy", "production", "--allow", allow],
            &remove,
        ] {
            shop.env.run_args(args).exits(64).tells(told);
        }
    }
    assert_eq!(shop.calls(), [""; 0]);
}

#[test]
fn an_exception_for_no_address_of_the_run_is_refused_before_the_gate() {
    let shop = guarded();
    let flags = [
        "--confirm",
        "--ack",
        "on-call",
        "--ack",
        "told",
        "--allow",
        "delete:network/terraform_data.network",
    ];
    for (wrong, told) in [
        (
            "delete:network/terraform_data.netwrok",
            "the plan of `network` has no change of `terraform_data.netwrok`; did you mean `terraform_data.network`?",
        ),
        ("delete:terraform_data.nope", "the plans of this run have no change of `terraform_data.nope`"),
        ("change:app/terraform_data.ap", "did you mean `terraform_data.app`?"),
    ] {
        let args = [&["deploy", "production"] as &[&str], &flags, &["--allow", wrong]].concat();
        shop.env.run_args(&args).exits(3).tells("error: `allow` refuses this in `production`\n").tells(told);
        assert_eq!(shop.folders("apply"), [""; 0], "{wrong}");
    }
    // An exception may name a resource of a stack without changes.
    let done = ["--exclude", "app", "--allow", "delete:app/terraform_data.gone"];
    shop.env.run_args(&[&["deploy", "production"] as &[&str], &flags, &done].concat()).exits(0);
    assert_eq!(shop.folders("apply"), ["network"]);
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
    let wrong = wrong.tells(&format!(
        "error: the plans changed: you confirmed review 0123456789abcdef, this one is {}",
        &digest[..16]
    ));
    wrong.tells(&confirm);
    assert_eq!(shop.folders("apply"), [""; 0]);

    shop.change("app", "second");
    shop.run(["deploy", "production", &confirm]).exits(3).tells("the plans changed: you confirmed");
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
    // Equivalent to `--confirm="$DIGEST"` with an unset variable.
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

#[test]
fn status_says_that_a_refused_run_applied_nothing() {
    let shop = Shop::of(&["network"]);
    shop.run(["plan", "staging"]).exits(0);
    shop.run(["status", "staging"]).exits(0).prints("plan changes, ");
    shop.run(["deploy", "staging"]).exits(3);
    shop.run(["status", "staging"]).exits(0).prints("deploy not applied, ");
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    shop.run(["status", "staging"]).exits(0).prints("deploy applied, ");
    shop.run(["destroy", "staging"]).exits(3);
    shop.run(["status", "staging"]).exits(0).prints("destroy not applied, ");
}

#[test(engines(tofu, terraform))]
fn the_frame_of_the_engine_stands_once_around_all_diffs(engine: &Driven) {
    let stacks = ["app", "mail", "network"];
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&stacks);

    let run = shop.run(["plan", "staging"]).exits(0);

    assert_eq!(run.stdout.matches("indicated with the following symbols:\n  + create\n").count(), 1, "{run}");
    for stack in stacks {
        assert!(run.stdout.contains(&format!("# terraform_data.{stack} will be created")), "{run}");
        let shown = shop.run(["runs", "show", "last", stack]).exits(0);
        shown
            .prints("will perform the following actions:")
            .prints("Plan: 1 to add, 0 to change, 0 to destroy.");
    }
    run.hides("will perform the following actions:").hides("to add, ");
}
