//! 6. An apply is never retried, never killed by a timeout.

use serde_json::{Value, json};

use crate::support::{Driven, Env, Project, Shop, error, programs};

/// Returns the error of an overloaded service.
fn throttled() -> Value {
    error("reading the state", "api error ThrottlingException: Rate exceeded")
}

fn throttled_times(times: u32) -> Value {
    let mut steps = throttled();
    steps["error_times"] = json!(times);
    steps
}

#[test]
fn an_apply_that_fails_with_something_that_passes_is_not_tried_again() {
    let shop = Shop::of(&["network"]);
    shop.behave("network", &json!({ "apply": throttled_times(1) }));

    let report = shop.run(["deploy", "staging", "--yes", "--json"]).exits(1).report();

    assert_eq!(report.stack("network")["error"]["kind"], "throttled");
    assert_eq!(report.stack("network")["attempts"], 1);
    assert_eq!(shop.folders("apply").len(), 1, "{:?}", shop.calls());
    assert_eq!(shop.state("network", "staging").map(|state| state["serial"].clone()), None);
}

#[test]
fn a_plan_is_tried_again_after_something_that_passes() {
    let shop = Shop::of(&["network"]);
    shop.behave("network", &json!({ "plan": throttled_times(2) }));

    let report = shop.run(["plan", "staging", "--json"]).exits(0).report();

    let stack = report.stack("network");
    assert_eq!((&stack["result"], &stack["attempts"]), (&json!("changes"), &json!(3)));
    assert_eq!(shop.folders("plan").len(), 3);
    let note = "attempt 3 succeeded; the first said: reading the state";
    assert!(stack["notes"].as_array().unwrap().contains(&json!(note)), "{}", stack["notes"]);
}

#[test]
fn an_init_is_tried_again_after_something_that_passes() {
    let shop = Shop::of(&["network"]);
    shop.behave("network", &json!({ "init": throttled_times(1) }));

    let report = shop.run(["deploy", "staging", "--yes", "--json"]).exits(0).report();

    assert_eq!(report.stack("network")["attempts"], 2);
    assert_eq!(shop.folders("init").len(), 2);
    assert_eq!(shop.folders("apply").len(), 1);
}

#[test]
fn a_plan_is_given_up_after_three_further_attempts() {
    let shop = Shop::of(&["network", "app: network"]);
    shop.behave("network", &json!({ "plan": throttled() }));

    let report = shop.run(["plan", "staging", "--json"]).exits(1).report();

    assert_eq!(report.stack("network")["attempts"], 4);
    assert_eq!(report.stacks(), ["network failed", "app skipped"]);
    assert_eq!(shop.folders("plan").len(), 4);
}

#[test]
fn a_plan_that_fails_with_something_that_stays_is_not_tried_again() {
    for (status, summary, detail) in [
        (5, "Error acquiring the state lock", "Lock Info:\n  ID:        1\n  Who:       a@b\n"),
        (1, "Error refreshing", "StatusCode: 403, api error AccessDenied: no"),
        (4, "Unsupported argument", "An argument named \"x\" is not expected here."),
        (1, "something else", "that nobody has seen before"),
    ] {
        let shop = Shop::of(&["network"]);
        shop.behave("network", &json!({ "plan": error(summary, detail) }));
        let report = shop.run(["plan", "staging", "--json"]).exits(status).report();
        assert_eq!(report.stack("network")["attempts"], 1, "{summary}");
        assert_eq!(shop.folders("plan").len(), 1, "{summary}");
    }
}

#[test]
fn an_interrupt_ends_the_wait_for_another_attempt() {
    let shop = Shop::of(&["network"]);
    shop.behave("network", &json!({ "plan": throttled() }));
    let mut running = shop.env.spawn(["plan", "staging", "--json"]);
    running.wait_until("a first attempt", || !shop.folders("plan").is_empty());
    running.signal(rustix::process::Signal::INT);

    let report = running.wait().exits(130).report();

    assert_eq!(report.stack("network")["result"], "interrupted");
    assert!(shop.folders("plan").len() < 4, "{:?}", shop.calls());
}

#[test(engines(tofu, terraform))]
fn a_failed_apply_is_not_tried_again_by_a_real_engine(engine: &Driven) {
    let shop = Shop::driven_by(engine, crate::support::ENVIRONMENTS).with_stacks(&["network"]);
    let ran = shop.marker("ran");
    let failing = format!(
        "resource \"terraform_data\" \"network\" {{\n  provisioner \"local-exec\" {{\n    command = \"echo x >> '{}'; echo 'net/http: TLS handshake timeout' >&2; exit 1\"\n  }}\n}}\n",
        ran.display()
    );
    shop.project.write("network/main.tf", &failing);

    let report = shop.run(["deploy", "staging", "--yes", "--json"]).exits(1).report();

    assert_eq!(std::fs::read_to_string(&ran).unwrap(), "x\n", "{}", engine.name());
    assert_eq!(report.stack("network")["attempts"], 1, "{}", engine.name());
}

#[test(engines(terragrunt))]
fn terragrunt_does_not_try_an_apply_again_by_itself() {
    let [terragrunt, tofu] = programs(["terragrunt", "tofu"]);
    let project = Project::without_files();
    let ran = project.around().join("ran");
    // Terragrunt would retry on this message.
    let command = format!(
        "echo x >> '{}'; echo 'Client.Timeout exceeded while awaiting headers'; exit 1",
        ran.display()
    );
    project.write(
        "unit/main.tf",
        &format!("resource \"terraform_data\" \"a\" {{\n  provisioner \"local-exec\" {{\n    command = \"{command}\"\n  }}\n}}\n"),
    );
    project.write("unit/terragrunt.hcl", "");
    project.write(
        "environments.toml",
        "[project]\nname = \"p\"\nengine = \"terragrunt\"\n\n[environments.dev]\n\n[stacks.unit]\npath = \"unit\"\n",
    );
    let env = Env::new(&project).with(&terragrunt).with(&tofu).with_system();

    let report = env.run(["deploy", "dev", "--yes", "--json"]).exits(1).report();

    assert_eq!(std::fs::read_to_string(&ran).unwrap(), "x\n");
    assert_eq!(report.stack("unit")["attempts"], 1);
}
