//! 1. The plan you saw is the plan that is applied: all inputs are compared after the gate, and again before each stack.

use crate::support::{Driven, ENVIRONMENTS, Shop};

/// Makes a project in which `web` needs `app`, which needs `network`; a hook of one stack edits a file during the
/// deploy.
#[track_caller]
fn shop(engine: &Driven, stack: &str, moment: &str, file: &str) -> Shop {
    Shop::driven_by(engine, ENVIRONMENTS)
        .with_stacks(&["network", "app: network", "web: app", "mail"])
        .with_hooks(stack, &[(moment, &format!("echo '# edited' >> {file}"))])
}

fn deployed(shop: &Shop) -> Vec<&'static str> {
    let all = ["network", "app", "web", "mail"];
    all.into_iter().filter(|stack| shop.deployed_value(stack, "production").is_some()).collect()
}

/// Returns the item that refuses a stack.
#[track_caller]
fn refusal(run: &crate::support::Run, stack: &str) -> String {
    let report = run.report();
    let blocked = &report.stack(stack)["blocked"][0];
    assert_eq!(blocked["guard"], "binding", "{run}");
    blocked["message"].as_str().unwrap().split('`').nth(1).unwrap().to_owned()
}

#[test(engines(fake, tofu, terraform))]
fn a_file_that_changes_before_the_confirmation_stops_every_apply(engine: &Driven) {
    // `web` is planned last, after `network`.
    let shop = shop(engine, "web", "after_plan", "network/main.tf");

    let run = shop.run(["deploy", "production", "--confirm", "--json"]).exits(3);

    assert_eq!(refusal(&run, "network"), "file network/main.tf", "{}", engine.name());
    assert_eq!(deployed(&shop), [""; 0], "{}", engine.name());
    let journal = shop.project.read(&format!("{}/journal.jsonl", shop.newest_run()));
    assert!(journal.contains("\"answer\":\"confirmed\""), "{journal}");
    assert!(!journal.contains("\"step\":\"apply\""), "nothing was begun: {journal}");
}

#[test(engines(fake, tofu, terraform))]
fn a_file_that_changes_during_another_apply_refuses_its_stack(engine: &Driven) {
    for moment in ["before_apply", "after_apply"] {
        let shop = shop(engine, "network", moment, "app/main.tf");

        let run = shop.run(["deploy", "production", "--confirm", "--json"]).exits(3);

        let mut ended = run.report().stacks();
        ended.sort();
        assert_eq!(ended, ["app refused", "mail applied", "network applied", "web skipped"], "{run}");
        assert_eq!(refusal(&run, "app"), "file app/main.tf", "{}", engine.name());
        assert_eq!(deployed(&shop), ["network", "mail"], "{}", engine.name());
    }
}

#[test(engines(fake, tofu, terraform))]
fn a_file_that_the_last_hook_before_an_apply_changes_refuses_it(engine: &Driven) {
    let shop = shop(engine, "network", "before_apply", "network/main.tf");

    let run = shop.run(["deploy", "production", "--confirm", "--json"]).exits(3);

    assert_eq!(refusal(&run, "network"), "file network/main.tf", "{}", engine.name());
    assert_eq!(deployed(&shop), ["mail"], "{}", engine.name());
}
