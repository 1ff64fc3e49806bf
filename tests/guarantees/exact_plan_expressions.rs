//! 1. The plan you saw is the plan that is applied: expressions of `--var` flags, which only the engine evaluates.

use serde_json::Value;

use crate::support::{Driven, ENVIRONMENTS, Shop};

/// Makes a stack whose variable takes any value.
fn shop(engine: &Driven) -> Shop {
    let main =
        "variable \"size\" {\n  type = any\n}\nresource \"terraform_data\" \"a\" {\n  input = var.size\n}\n";
    Shop::driven_by(engine, ENVIRONMENTS)
        .with_folder("app", "app")
        .with_files(&[("app/main.tf", main)])
        .committed()
}

/// Returns the value of an item that the plan of the newest run is bound to.
fn bound(shop: &Shop, item: &str) -> String {
    let manifest = shop.project.read(&format!("{}/plans/app.manifest.json", shop.newest_run()));
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let items = manifest.pointer("/content/items").or_else(|| manifest.get("items")).unwrap();
    let found = items.as_array().unwrap().iter().find(|bound| bound["item"] == item).unwrap();
    found["value"].as_str().unwrap().to_owned()
}

#[test(engines(tofu, terraform))]
fn an_expression_of_a_flag_is_bound_by_a_keyed_digest(engine: &Driven) {
    let shop = shop(engine);
    let digest = |given: &str| {
        shop.run(["plan", "staging", "--var", given]).exits(0);
        bound(&shop, "value size")
    };
    let (one, again, other) = (digest("size=1 + 1"), digest("size=1 + 1"), digest("size=1 + 2"));
    assert!(one.starts_with("keyed:") && !one.contains("1 + 1"), "{one}");
    assert_eq!(one, again);
    assert_ne!(one, other);

    shop.run(["apply", "last", "--yes"]).exits(0);
    let state = shop.state("app", "staging").unwrap();
    assert_eq!(state["resources"][0]["instances"][0]["attributes"]["input"]["value"], 3, "{state}");
}

#[test(engines(tofu, terraform))]
fn a_plan_with_another_expression_of_a_flag_is_not_reused(engine: &Driven) {
    let shop = shop(engine);
    let is_reused = |given: &str| {
        let args = ["plan", "staging", "--reuse", "--json", "--var", given];
        shop.run(args).exits(0).report().stack("app")["reused"].clone()
    };
    shop.run(["deploy", "staging", "--yes", "--var", "size=1 + 1"]).exits(0);
    shop.run(["plan", "staging", "--var", "size=1 + 1"]).exits(0);
    assert_eq!(is_reused("size=1 + 1"), true, "{}", engine.name());
    assert_eq!(is_reused("size=1 + 2"), false, "{}", engine.name());
}
