//! Resuming after typed commands: only one that changed the state of a stack stops the resumed run.

use std::fs;

use serde_json::json;

use crate::support::{Driven, ENVIRONMENTS, Shop, error, plain};

/// Deploys `network`, and `app`, which needs it and whose first apply fails.
fn failed(engine: &Driven) -> Shop {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    shop.stack("network", &[], &plain("network"));
    shop.stack("app", &["network"], &plain("app"));
    shop.project.write(".gitignore", "*.tfstate*\n.terraform*\n*.marker\n.fake-engine-failures\n");
    let marker = shop.marker("may-pass.marker");
    if engine.is_fake() {
        shop.behave(
            "app",
            &json!({ "apply": { "error": error("it broke", "")["error"], "error_times": 1 } }),
        );
    } else {
        let provisioner = format!(
            "resource \"terraform_data\" \"app\" {{\n  input = \"first\"\n  provisioner \"local-exec\" {{\n    command = \
             \"test -e {} || (echo it broke; exit 1)\"\n  }}\n}}\n",
            marker.display()
        );
        shop.project.write("app/main.tf", &provisioner);
    }
    shop.project.commit("Begin");
    shop.run(["deploy", "staging", "--yes"]).exits(1).tells("it broke");
    fs::write(marker, "").unwrap();
    shop
}

/// Returns the record of the last change of `network`.
fn last_change(shop: &Shop) -> String {
    shop.project.read(".envctl/instances/staging/network/applied")
}

#[test(engines(fake, tofu, terraform))]
fn commands_that_change_no_state_do_not_stop_the_resumed_run(engine: &Driven) {
    let shop = failed(engine);
    let before = last_change(&shop);
    let typed: [&[&str]; 6] =
        [&["fmt"], &["get"], &["init"], &["providers", "lock"], &["validate"], &["state", "list"]];
    for command in typed {
        // The fake engine does not know all of them: a failed command does not count either.
        let args = [&["exec", "staging", "network", "--yes", "--"], command].concat();
        let exit = shop.env.run_args(&args).code();
        assert!(engine.is_fake() || exit == 0, "{command:?}");
        assert_eq!(last_change(&shop), before, "{command:?}");
    }

    shop.run(["runs", "resume", "--yes"]).exits(0).tells("network  applied earlier by run");
}

#[test(engines(tofu, terraform))]
fn a_failed_command_that_left_the_state_does_not_stop_the_resumed_run(engine: &Driven) {
    let shop = failed(engine);
    let before = last_change(&shop);

    let removed =
        shop.run(["exec", "staging", "network", "--yes", "--", "state", "rm", "terraform_data.nope"]);
    assert_ne!(removed.code(), 0, "{removed}");
    assert_eq!(last_change(&shop), before);

    shop.run(["runs", "resume", "--yes"]).exits(0).tells("network  applied earlier by run");
}

#[test(engines(tofu, terraform))]
fn an_apply_without_changes_does_not_stop_the_resumed_run(engine: &Driven) {
    let shop = failed(engine);

    shop.run(["exec", "staging", "network", "--yes", "--", "apply", "-auto-approve"]).exits(0);

    shop.run(["runs", "resume", "--yes"]).exits(0).tells("network  applied earlier by run");
}

#[test(engines(tofu, terraform))]
fn an_apply_that_replaces_a_resource_stops_the_resumed_run(engine: &Driven) {
    let shop = failed(engine);
    let apply = ["exec", "staging", "network", "--yes", "--", "apply", "-auto-approve"];
    shop.env.run_args(&[&apply[..], &["-replace=terraform_data.network"]].concat()).exits(0);

    let refused = shop.run(["runs", "resume", "--yes"]).exits(3);

    refused.tells("and changed by a command at ");
}

#[test(engines(fake, tofu, terraform))]
fn a_stored_plan_outlives_a_command_on_its_upstream_that_changes_no_state(engine: &Driven) {
    let shop = failed(engine);
    shop.run(["runs", "resume", "--yes"]).exits(0);
    shop.change("app", "second");
    shop.project.commit("Change");
    let plan = shop.run(["plan", "staging", "app", "--json"]).exits(0).report();
    shop.run(["exec", "staging", "network", "--yes", "--", "fmt"]);

    let run = plan.whole("run").as_str().unwrap().to_owned();
    shop.run(["apply", &run, "--yes"]).exits(0);

    assert_eq!(shop.deployed_value("app", "staging").as_deref(), Some("second"));
}
