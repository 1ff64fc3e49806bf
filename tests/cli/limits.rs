//! Limits of concurrent stacks, measured by the engines' own log.

use serde_json::json;

use crate::support::{ENVIRONMENTS, Shop};

/// Makes three independent stacks, slow enough to overlap if the limits allow it.
fn three(more: &str) -> Shop {
    let environments = ENVIRONMENTS.replace("workspace = \"staging\"", "workspace = \"staging\"\nKEY");
    let (key, table) = if more.starts_with('[') { ("", more) } else { (more, "") };
    let shop = Shop::with(&(environments.replace("KEY", key) + table)).with_stacks(&["a", "b", "c"]);
    all_become(&shop, "first");
    shop
}

fn all_become(shop: &Shop, value: &str) {
    for stack in ["a", "b", "c"] {
        let resources = json!({ format!("terraform_data.{stack}"): value });
        shop.script(stack, &json!({ "resources": resources, "steps": { "*": { "sleep_ms": 25 } } }));
    }
}

/// Returns the folders in the order in which the engine ran in them; a folder is repeated if the engine returned to
/// it.
fn visits(shop: &Shop) -> Vec<String> {
    let mut folders: Vec<String> =
        shop.calls().iter().map(|call| call.split(' ').next().unwrap().to_owned()).collect();
    // The version is read outside the folders of stacks.
    folders.retain(|folder| !folder.is_empty());
    folders.dedup();
    shop.forget_calls();
    folders
}

#[test]
fn one_at_a_time_holds_for_plans_and_applies_whoever_said_so() {
    for (more, variable, flags) in [
        ("jobs = 1", None, &[][..]),
        ("jobs = 5", None, &["--jobs=1"]),
        ("jobs = 5", Some("1"), &[]),
        ("[tofu]\njobs = 1\n", None, &["--jobs=5", "--eta"]),
    ] {
        let mut shop = three(more);
        if let Some(jobs) = variable {
            shop.env = shop.env.var("ENVCTL_JOBS", jobs);
        }
        let said = format!("{more} {variable:?} {flags:?}");
        let run = |args: &[&str], status: i32| {
            shop.env.run_args(&[args, flags].concat()).exits(status);
            visits(&shop)
        };
        let once = ["a", "b", "c"];
        let twice = ["a", "b", "c", "a", "b", "c"];
        assert_eq!(run(&["plan", "staging"], 0), once, "plan with {said}");
        assert_eq!(run(&["apply", "last", "--yes"], 0).len(), 6, "apply with {said}");
        all_become(&shop, "second");
        shop.project.write(".envctl/durations/staging.json", "");
        assert_eq!(run(&["deploy", "staging", "--yes"], 0), twice, "deploy with {said}");
        shop.project.write(".envctl/durations/staging.json", "");
        assert_eq!(run(&["destroy", "staging", "--yes"], 0).len(), 6, "destroy with {said}");
    }
}

#[test]
fn an_engine_with_a_limit_makes_the_forecast_longer_and_its_words_modest() {
    let shop = three("[tofu]\njobs = 1\n");
    let took = json!({ "plan": [2000] });
    let known = json!({ "format": 1, "stacks": { "a": took, "b": took, "c": took } });
    shop.project.write(".envctl/durations/staging.json", &known.to_string());
    let run = shop.run(["plan", "staging", "--jobs=5", "--eta"]).exits(0);
    assert!(run.stderr.starts_with("eta: planning 3 stacks: about 6.0s, 1 at once\n"), "{}", run.stderr);
}
