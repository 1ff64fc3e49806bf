//! 2. One review, one confirmation, then no surprise: values that stacks take from others.

use std::fmt::Write as _;

use serde_json::json;

use crate::support::{Driven, ENVIRONMENTS, Shop, each_engine};

/// Eight stacks, each with those that it takes `v` from.
const STACKS: [(&str, &[&str]); 8] = [
    ("a", &[]),
    ("b", &["a"]),
    ("c", &["a"]),
    ("d", &["b", "c"]),
    ("e", &["c"]),
    ("f", &["d"]),
    ("g", &["e", "a"]),
    ("h", &["f", "g"]),
];

/// Each stack's value is its name with the values that it took behind it.
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

/// What the value of a stack has to be in the end.
fn value(name: &str) -> String {
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

#[test]
fn wired_stacks_deploy_from_nothing_in_one_deploy_and_every_value_arrives() {
    for engine in each_engine() {
        let shop = estate(&engine, false);
        shop.run(["deploy", "production", "--confirm"]).exits(0);
        arrived(&shop, &engine);
    }
}

#[test]
fn with_mocks_all_of_it_is_in_the_first_review_and_no_mock_is_in_any_state() {
    for engine in each_engine() {
        let shop = estate(&engine, true);
        let report = shop.run(["plan", "production", "--json"]).exits(0).report();
        for (name, takes) in STACKS {
            assert_eq!(report.stack(name)["tentative"], !takes.is_empty(), "{name} on {}", engine.name());
        }
        shop.run(["deploy", "production", "--confirm"]).exits(0);
        arrived(&shop, &engine);
        shop.run(["plan", "production", "--detailed-exitcode"]).exits(0);
    }
}

#[test]
fn a_changed_output_makes_exactly_its_dependents_be_planned_again_and_an_added_delete_stops() {
    for engine in each_engine() {
        let shop = Shop::driven_by(&engine, ENVIRONMENTS);
        let base = |v: &str| json!({ "resources": { "terraform_data.base": v }, "outputs": { "v": v, "same": "s" } });
        shop.stack("base", &[], &base("one"));
        for (name, output) in [("moved", "v"), ("still", "same")] {
            let main =
                json!({ "variables": ["x"], "resources": { format!("terraform_data.{name}"): "${var.x}" } });
            shop.stack(name, &[], &main);
            shop.append("environments.toml", &format!("inputs = {{ x = \"base.{output}\" }}\n"));
        }
        // As many as its value says.
        let counted = "variable \"x\" {}\nresource \"terraform_data\" \"each\" {\n  count = var.x == \"one\" ? 2 : 1\n}\n";
        shop.stack("counted", &[], &json!({ "variables": ["x"] }));
        shop.append("environments.toml", "inputs = { x = \"base.v\" }\n");
        if !engine.is_fake() {
            shop.project.write("counted/main.tf", counted);
        }
        shop.project.commit("Begin");
        shop.run(["deploy", "staging", "--yes"]).exits(0);

        shop.script("base", &base("two"));
        let run = shop.run(["deploy", "staging", "--yes", "--accept-replans", "--json"]).exits(0).report();
        let again = |stack: &str| run.stack(stack)["notes"].to_string().contains("planned again");
        assert!(again("moved"), "{}", engine.name());
        assert_eq!(shop.deployed_value("moved", "staging").as_deref(), Some("two"), "{}", engine.name());
        assert_eq!(shop.deployed_value("still", "staging").as_deref(), Some("s"), "{}", engine.name());

        if !engine.is_fake() {
            shop.script("base", &base("one"));
            shop.run(["deploy", "staging", "--yes", "--accept-replans"]).exits(0);
            let before = shop.state("counted", "staging");
            shop.script("base", &base("two"));
            shop.run(["deploy", "staging", "--yes"]).exits(3).tells("delete terraform_data.each[1]");
            assert_eq!(shop.state("counted", "staging"), before, "{}", engine.name());
        }
    }
}
