//! 2. One review, one confirmation, then no surprise: inputs from the outputs of other stacks.

use std::fmt::Write as _;

use serde_json::json;

use crate::support::{Driven, ENVIRONMENTS, Shop};

/// Eight stacks, each with the stacks that it takes `v` from.
pub(crate) const STACKS: [(&str, &[&str]); 8] = [
    ("a", &[]),
    ("b", &["a"]),
    ("c", &["a"]),
    ("d", &["b", "c"]),
    ("e", &["c"]),
    ("f", &["d"]),
    ("g", &["e", "a"]),
    ("h", &["f", "g"]),
];

/// Makes the stacks: the value of each is its name with the values of its inputs.
fn estate(engine: &Driven, mocks: bool) -> Shop {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    for (name, takes) in STACKS {
        let taken: Vec<String> = takes.iter().map(|from| format!("${{var.{from}}}")).collect();
        let value = format!("{name}({})", taken.join(","));
        let resources = json!({ format!("terraform_data.{name}"): value });
        shop.stack(
            name,
            &[],
            &json!({ "resources": resources, "outputs": { "v": value }, "variables": takes }),
        );
        let inputs: Vec<String> = takes.iter().map(|from| format!("{from} = \"{from}.v\"")).collect();
        let mut text = format!("inputs = {{ {} }}\n", inputs.join(", "));
        for from in takes.iter().filter(|_| mocks) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "mocks.{from} = {{ v = \"MOCK-OF-{from}\" }}");
        }
        shop.append("environments.toml", &text);
    }
    shop.project.commit("Begin");
    shop
}

/// Returns the expected value of a stack.
pub(crate) fn value(name: &str) -> String {
    let (_, takes) = STACKS.iter().find(|(stack, _)| *stack == name).unwrap();
    format!("{name}({})", takes.iter().map(|from| value(from)).collect::<Vec<_>>().join(","))
}

#[track_caller]
fn arrived(shop: &Shop, engine: &Driven) {
    for (name, _) in STACKS {
        assert_eq!(shop.deployed_value(name, "production"), Some(value(name)), "{}", engine.name());
        assert!(!shop.state(name, "production").unwrap().to_string().contains("MOCK"), "{}", engine.name());
    }
}

#[test(engines(fake, tofu, terraform))]
fn wired_stacks_deploy_from_nothing_in_one_deploy_and_every_value_arrives(engine: &Driven) {
    let shop = estate(engine, false);
    shop.run(["deploy", "production", "--confirm", "--confirm-rounds"]).exits(0);
    arrived(&shop, engine);
}

#[test(engines(fake, tofu, terraform))]
fn with_mocks_the_first_review_is_complete_and_no_state_has_a_mock(engine: &Driven) {
    let shop = estate(engine, true);
    let report = shop.run(["plan", "production", "--json"]).exits(0).report();
    for (name, takes) in STACKS {
        assert_eq!(report.stack(name)["tentative"], !takes.is_empty(), "{name} on {}", engine.name());
    }
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    arrived(&shop, engine);
    shop.run(["plan", "production", "--detailed-exitcode"]).exits(0);
}

/// Writes a stack with three outputs: its value, one that is known only after an apply, and a constant one.
fn base(shop: &Shop, engine: &Driven, value: &str) {
    let outputs = json!({ "v": value, "late": value, "same": "s" });
    let resources = json!({ "terraform_data.base": value });
    shop.script("base", &json!({ "resources": resources, "outputs": outputs, "unknown": ["late"] }));
    if !engine.is_fake() {
        let main = shop.project.read("base/main.tf");
        let late = format!("output \"late\" {{\n  value = \"{value}\"");
        assert!(main.contains(&late), "{main}");
        let told_late = "output \"late\" {\n  value = terraform_data.base.output";
        shop.project.write("base/main.tf", &main.replace(&late, told_late));
    }
}

/// Makes `base`, and three stacks that each take one of its outputs.
fn dependents(engine: &Driven) -> Shop {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    shop.stack("base", &[], &json!({}));
    base(&shop, engine, "one");
    for (name, output) in [("moved", "v"), ("later", "late"), ("still", "same")] {
        let main =
            json!({ "variables": ["x"], "resources": { format!("terraform_data.{name}"): "${var.x}" } });
        shop.stack(name, &[], &main);
        shop.append("environments.toml", &format!("inputs = {{ x = \"base.{output}\" }}\n"));
    }
    shop.stack("apart", &[], &json!({ "resources": { "terraform_data.apart": "a" } }));
    shop.project.commit("Begin");
    shop
}

#[test(engines(fake, tofu, terraform))]
fn a_changed_output_makes_exactly_its_dependents_be_planned_again(engine: &Driven) {
    let shop = dependents(engine);
    shop.run(["deploy", "staging", "--yes"]).exits(0);

    base(&shop, engine, "two");
    let run = shop.run(["deploy", "staging", "--yes", "--json"]).exits(0).report();
    let noted = |stack: &str, note: &str| run.stack(stack)["notes"].to_string().contains(note);
    let again = |stack: &str| noted(stack, "planned again") || noted(stack, "beyond what was confirmed");
    assert!(again("moved") && again("later"), "{}", engine.name());
    assert!(!again("apart") && !again("base"), "{}", engine.name());
    for (stack, value) in [("moved", "two"), ("later", "two"), ("still", "s")] {
        assert_eq!(shop.deployed_value(stack, "staging").as_deref(), Some(value), "{}", engine.name());
    }
}

#[test(engines(fake, tofu, terraform))]
fn a_planned_output_is_reviewed_downstream_and_an_unknown_one_stops(engine: &Driven) {
    let shop = dependents(engine);
    shop.run(["deploy", "production", "--confirm", "--confirm-rounds"]).exits(0);

    base(&shop, engine, "two");
    let report = shop.run(["plan", "production", "--json"]).exits(0).report();
    let is = |stack: &str, result: &str, tentative: bool| {
        let found = report.stack(stack);
        assert_eq!((&found["result"], &found["tentative"]), (&json!(result), &json!(tentative)), "{found}");
    };
    is("moved", "changes", false);
    is("later", "clean", true);
    is("still", "clean", false);
    shop.run(["deploy", "production", "--confirm"]).exits(3).tells("terraform_data.later");
    assert_eq!(shop.deployed_value("moved", "production").as_deref(), Some("two"), "{}", engine.name());
    assert_eq!(shop.deployed_value("later", "production").as_deref(), Some("one"), "{}", engine.name());
}

#[test(engines(tofu, terraform))]
fn an_added_delete_downstream_stops_the_run(engine: &Driven) {
    let shop = dependents(engine);
    // The number of resources depends on the input.
    let counted =
        "variable \"x\" {}\nresource \"terraform_data\" \"each\" {\n  count = var.x == \"one\" ? 2 : 1\n}\n";
    shop.stack("counted", &[], &json!({ "variables": ["x"] }));
    shop.append("environments.toml", "inputs = { x = \"base.late\" }\n");
    shop.project.write("counted/main.tf", counted);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    let before = shop.state("counted", "staging");

    base(&shop, engine, "two");
    let run = shop.run(["deploy", "staging", "--confirm", "--confirm-rounds"]).exits(3);
    run.tells("delete terraform_data.each[1]").tells("  delete counted: terraform_data.each[1]\n");
    assert_eq!(shop.state("counted", "staging"), before, "{}", engine.name());
}
