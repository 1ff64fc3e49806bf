//! 10. Exit codes tell the truth, even if a program around the engine hides the engine's exit code.

use serde_json::json;

use crate::{
    support::{Driven, Shop},
    wrapped::{wrap_apply, wrapped},
};

#[test]
fn an_apply_that_ends_with_0_in_spite_of_what_it_said_has_failed() {
    let version =
        r#"{"@level":"info","@message":"OpenTofu 1.12.6","type":"version","tofu":"1.12.6","ui":"1.2"}"#;
    let error = r#"{"@level":"error","@message":"Error: no","type":"diagnostic","diagnostic":{"severity":"error","summary":"local-exec provisioner error"}}"#;
    let errored = r#"{"@level":"info","@message":"a: Creation errored","type":"apply_errored","hook":{"resource":{"addr":"terraform_data.a"},"action":"create"}}"#;
    let done = r#"{"@level":"info","@message":"Apply complete!","type":"change_summary","changes":{"operation":"apply"}}"#;
    for (said, told) in [
        (vec![version, error, done], "in spite of an error: local-exec provisioner error"),
        (vec![version, errored, done], "ended with status 0 and failed at `terraform_data.a`"),
        (vec![version], "ended with status 0 and did not say that it was done"),
    ] {
        let shop = Shop::of(&["network"]).deployed();
        let resources = json!({ "terraform_data.network": "the second value" });
        let steps = json!({ "apply": { "stdout": said, "exit": 0 } });
        shop.script("network", &json!({ "resources": resources, "steps": steps }));

        shop.run(["deploy", "staging", "--yes"]).exits(1).tells(told).tells("network");
    }
}

#[test(engines(tofu, terraform))]
fn an_apply_whose_wrapper_swallows_its_status_has_failed(engine: &Driven) {
    let stack = "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" {\n    command = \"false\"\n  }\n}\n";
    let shop = wrapped(engine, stack);
    wrap_apply(&shop, engine, "ENGINE \"$@\"\nexit 0");
    for command in [
        &["deploy", "staging", "--yes"] as &[&str],
        &["exec", "staging", "network", "--yes", "--", "apply", "-auto-approve", "-no-color"],
        &["exec", "staging", "network", "--yes", "--", "apply", "-auto-approve", "-json"],
    ] {
        let run = shop.env.run_args(command);

        run.exits(1).tells("ended with status 0 in spite of an error: local-exec provisioner error");
    }
}
