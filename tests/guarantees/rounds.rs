//! 2. One review, one confirmation, then no surprise: a confirmation applies only to the review that it was given for.

use std::fs;

use serde_json::json;

use crate::support::{Driven, ENVIRONMENTS, IdleTerminal, Report, Shop, Streams};

/// Makes a project in which `app` reads an output of `network` from its state, and `web` one of `app`: each waits for
/// an apply.
#[track_caller]
fn shop(engine: &Driven, stacks: &[&str]) -> Shop {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    network(&shop, "one");
    shop.append("environments.toml", "\n[stacks.network]\npath = \"network\"\n");
    for (stack, above) in [("app", "network"), ("web", "app")] {
        if stacks.contains(&stack) {
            let state = format!("../{above}/terraform.tfstate.d/staging/terraform.tfstate");
            let script = json!({
                "resources": { format!("terraform_data.{stack}"): "${net.id}" },
                "remote": { "net": state }, "outputs": { "id": format!("{stack}-1") },
            });
            shop.stack(stack, &[above], &script);
            if !engine.is_fake() {
                shop.project.write(&format!("{stack}/main.tf"), &reader(stack, above, ""));
            }
        }
    }
    shop.project.commit("Begin");
    shop
}

/// Returns a stack whose resource uses an output of another stack's state.
fn reader(stack: &str, above: &str, more: &str) -> String {
    format!(
        "data \"terraform_remote_state\" \"net\" {{\n  backend = \"local\"\n  config = {{\n    \
         path = \"../{above}/terraform.tfstate.d/${{terraform.workspace}}/terraform.tfstate\"\n  }}\n}}\n\
         resource \"terraform_data\" \"{stack}\" {{\n  input = data.terraform_remote_state.net.outputs.id\n{more}}}\n\
         output \"id\" {{\n  value = \"{stack}-1\"\n}}\n"
    )
}

fn network(shop: &Shop, id: &str) {
    shop.script(
        "network",
        &json!({ "resources": { "terraform_data.network": id }, "outputs": { "id": id } }),
    );
}

/// Returns true if the state of a stack in an environment holds a text.
fn holds(shop: &Shop, stack: &str, environment: &str, text: &str) -> bool {
    shop.state(stack, environment).is_some_and(|state| state.to_string().contains(&format!("\"{text}\"")))
}

#[track_caller]
fn stopped(shop: &Shop, args: &[&str], round: u64, applied: &[&str]) -> Report {
    let run = shop.env.run_args(&[args, &["--json"]].concat()).exits(3);
    let report = run.report();
    assert_eq!(report.result(), "refused", "{run}");
    assert_eq!((report.whole("round"), report.whole("applied")), (&json!(round), &json!(applied)), "{run}");
    let next = format!("`envctl {}` goes on with what is left", report.next().join(" "));
    run.tells(&next).tells("needs a confirmation of its own");
    report
}

#[test(engines(fake, tofu, terraform))]
fn a_confirmation_answers_one_review_and_the_run_can_be_resumed(engine: &Driven) {
    let shop = shop(engine, &["app"]);

    let first = stopped(&shop, &["deploy", "staging", "--confirm"], 2, &["network"]);

    assert_eq!(first.stacks(), ["network applied", "app changes"], "{}", engine.name());
    assert!(shop.state("app", "staging").is_none_or(|state| !state.to_string().contains("one")));
    let (digest, next) = (first.digest().to_owned(), first.next());
    assert_eq!(next[..2], ["runs", "resume"]);
    assert_eq!(next[3..], [format!("--confirm={}", &digest[..16])]);

    let resumed = shop.env.run_args(&[&next[..], &["--json"]].concat()).exits(0).report();
    assert_eq!(resumed.digest(), digest, "{}", engine.name());
    assert_eq!(resumed.whole("applied"), &json!(["app"]));
    assert!(holds(&shop, "app", "staging", "one"), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_checkout_without_the_run_goes_on_with_the_same_digest(engine: &Driven) {
    let shop = shop(engine, &["app"]);
    let digest = stopped(&shop, &["deploy", "staging", "--confirm"], 2, &["network"]).digest().to_owned();
    fs::remove_dir_all(shop.project.path(".envctl")).expect("there were runs");

    shop.run(["deploy", "staging", &format!("--confirm={digest}")]).exits(0);

    assert!(holds(&shop, "app", "staging", "one"), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_chain_of_three_is_deployed_by_one_job_that_takes_a_digest(engine: &Driven) {
    let shop = shop(engine, &["app", "web"]);
    let fresh_checkout = || fs::remove_dir_all(shop.project.path(".envctl")).unwrap();
    let mut confirm = "--confirm".to_owned();
    for applied in ["network", "app"] {
        let report = stopped(&shop, &["deploy", "staging", &confirm], 2, &[applied]);
        confirm = format!("--confirm={}", report.digest());
        fresh_checkout();
    }
    shop.run(["deploy", "staging", &confirm]).exits(0);
    assert!(holds(&shop, "web", "staging", "app-1"), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn every_later_round_has_a_review_and_a_command_of_its_own(engine: &Driven) {
    let shop = shop(engine, &["app", "web"]);

    let deploy = ["deploy", "staging", "--confirm", "--fail-fast", "--summary", "summary.md"];
    let first = stopped(&shop, &deploy, 2, &["network"]);
    let summary = shop.project.read("summary.md");
    let next = first.next().join(" ");
    assert!(summary.contains(&format!("Round 2 waits for a confirmation: `envctl {next}`\n")), "{summary}");
    assert!(summary.contains(&format!("Review `{}` of round 2", &first.digest()[..16])), "{summary}");
    assert_eq!(first.stacks(), ["network applied", "app changes", "web deferred"], "{}", engine.name());
    assert_eq!(first.next().last(), Some(&&*format!("--confirm={}", &first.digest()[..16])));
    assert!(first.next().contains(&"--fail-fast"));

    let second = stopped(&shop, &first.next(), 2, &["app"]);
    assert_ne!(first.digest(), second.digest());
    shop.env.run_args(&second.next()).exits(0);
    assert!(holds(&shop, "web", "staging", "app-1"), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn later_rounds_can_be_confirmed_beforehand(engine: &Driven) {
    let shop = shop(engine, &["app", "web"]);
    shop.run(["deploy", "staging", "--confirm-rounds"]).exits(3).tells("`staging` needs a confirmation");
    assert_eq!(shop.deployed_value("network", "staging"), None, "{}", engine.name());

    let args = ["deploy", "staging", "--confirm", "--confirm-rounds", "--json"];
    let report = shop.run(args).exits(0).report();

    assert_eq!(report.whole("applied"), &json!(["network", "app", "web"]), "{}", engine.name());
    assert_eq!((report.whole("round"), report.whole("next")), (&json!(3), &json!(null)));
}

#[test(engines(fake, tofu, terraform))]
fn a_plan_beyond_the_confirmed_one_is_reviewed_before_the_run_stops(engine: &Driven) {
    let shop = shop(engine, &["app"]);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    network(&shop, "two");

    let report = stopped(&shop, &["deploy", "staging", "--confirm"], 2, &["network"]);

    assert_eq!(report.stacks(), ["network applied", "app changes"], "{}", engine.name());
    assert!(holds(&shop, "app", "staging", "one") && !holds(&shop, "app", "staging", "two"));
    shop.env.run_args(&report.next()).exits(0);
    assert!(holds(&shop, "app", "staging", "two"), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn what_changed_after_the_review_of_a_round_is_not_applied_by_its_command(engine: &Driven) {
    let shop = shop(engine, &["app"]);
    let report = stopped(&shop, &["deploy", "staging", "--confirm"], 2, &["network"]);
    shop.append("app/main.tf", "# another file\n");

    shop.env.run_args(&report.next()).exits(3);

    assert!(!holds(&shop, "app", "staging", "one"), "{}", engine.name());
}

/// Deploys `app`, which is replaced when the output of `network` changes, and then changes that output.
#[track_caller]
fn shop_that_would_replace(engine: &Driven) -> Shop {
    let shop = shop(engine, &["app"]);
    let replaced = "  triggers_replace = data.terraform_remote_state.net.outputs.id\n";
    shop.project.write("app/main.tf", &reader("app", "network", replaced));
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    network(&shop, "two");
    shop
}

#[test(engines(tofu, terraform))]
fn a_loss_that_no_review_has_shown_is_not_confirmed_beforehand(engine: &Driven) {
    let shop = shop_that_would_replace(engine);

    let args = ["deploy", "staging", "--confirm", "--confirm-rounds"];
    let run = shop.run(args).exits(3);

    let run = run.tells("error: round 2 in `staging` would lose what no confirmed review has shown");
    run.tells("  replace app: terraform_data.app\n").tells("applied already: network");
    assert!(holds(&shop, "app", "staging", "one") && !holds(&shop, "app", "staging", "two"));

    network(&shop, "three");
    let allow = ["--allow", "delete:terraform_data.app"];
    shop.env.run_args(&[&args[..], &allow].concat()).exits(0);
    assert!(holds(&shop, "app", "staging", "three"), "{}", engine.name());
}

#[test(engines(tofu, terraform))]
fn a_loss_that_the_confirmed_review_has_shown_is_confirmed_beforehand(engine: &Driven) {
    let shop = shop_that_would_replace(engine);
    // The review shows the replacement, with another value than the applied one.
    let again = "  triggers_replace = \"${data.terraform_remote_state.net.outputs.id} again\"\n";
    shop.project.write("app/main.tf", &reader("app", "network", again));

    shop.run(["deploy", "staging", "--confirm", "--confirm-rounds"]).exits(0);

    assert!(holds(&shop, "app", "staging", "two again"), "{}", engine.name());
}

#[test]
fn a_failed_stack_leaves_no_digest_for_the_rounds_that_it_would_be_in() {
    let shop = shop(&Driven::Fake, &["app"]);
    shop.stack("mail", &[], &crate::support::plain("mail"));
    shop.behave("mail", &json!({ "apply": crate::support::error("no such luck", "") }));

    let report = shop.run(["deploy", "staging", "--confirm", "--json"]).exits(1).report();
    assert_eq!(report.next().len(), 3, "{:?}", report.next());
    shop.behave("mail", &json!({}));

    let run = shop.env.run_args(&[&report.next()[..], &["--json"]].concat()).exits(3).report();
    assert_eq!(run.stacks(), ["network clean", "app changes", "mail changes"]);
    let digest = format!("--confirm={}", run.digest());
    shop.run(["deploy", "staging", &digest]).exits(0);
    assert!(holds(&shop, "app", "staging", "one"));
}

#[test(engines(fake, tofu, terraform))]
fn on_a_terminal_each_round_is_asked_and_yes_answers_all_of_them(engine: &Driven) {
    let shop = shop(engine, &["app"]);
    let confirm = ["deploy", "staging", "--confirm"];
    let terminal = shop.env.on_terminal(IdleTerminal::open(), Streams::All, confirm);
    let run = terminal.shows("Apply these changes to staging? [y/N] ").types("n\n").wait().exits(3);
    run.tells("Planning deferred stacks").tells("envctl runs resume");
    assert!(!holds(&shop, "app", "staging", "one"), "{}", engine.name());

    let yes = ["deploy", "staging", "--yes"];
    shop.env.on_terminal(IdleTerminal::open(), Streams::All, yes).wait().exits(0).hides("[y/N]");
    assert!(holds(&shop, "app", "staging", "one"), "{}", engine.name());
}

#[test(engines(tofu, terraform))]
fn a_resumed_run_counts_what_a_failed_apply_got_done(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    let guards = "\n[stacks.network]\npath = \"network\"\n\n[environments.staging.guards]\nmax_changes = 2\n";
    shop.append("environments.toml", guards);
    let made = |name: &str| format!("resource \"terraform_data\" \"{name}\" {{\n}}\n");
    let fails = "resource \"terraform_data\" \"b\" {\n  depends_on = [terraform_data.a]\n  provisioner \"local-exec\" {\n    \
                 command = \"exit 1\"\n  }\n}\n";
    shop.project.write("network/main.tf", &(made("a") + fails));
    shop.run(["deploy", "staging", "--yes"]).exits(1);
    let resume = |flags: &[&str]| shop.env.run_args(&[&["runs", "resume", "last", "--yes"], flags].concat());

    shop.project.write("network/main.tf", &(made("a") + &made("b") + &made("c")));
    resume(&[]).exits(3).tells("max_changes: 3 would be changed, at most 2 may be");
    assert!(!shop.state("network", "staging").unwrap().to_string().contains("\"c\""), "{}", engine.name());

    resume(&["--allow", "changes=3"]).exits(0);
    assert!(shop.state("network", "staging").unwrap().to_string().contains("\"c\""), "{}", engine.name());
}
