//! `envctl apply`: selection of the run, and the commands that it prints.

use crate::support::Shop;

#[test]
fn last_is_the_newest_run_that_planned_although_a_gate_refused_it_since() {
    let shop = Shop::of(&["network"]);
    let planned =
        shop.run(["plan", "production", "--json"]).exits(0).json()["run"].as_str().unwrap().to_owned();
    shop.run(["apply", "last"]).exits(3);

    shop.run(["apply", "last", "--confirm"]).exits(0).tells(&format!("planned by run {planned} at "));

    assert_eq!(shop.deployed_value("network", "production").as_deref(), Some("first"));
    shop.run(["apply", "last", "--confirm"]).exits(3);
}

#[test]
fn last_is_never_an_older_run_of_another_environment() {
    let shop = Shop::of(&["network"]).deployed();
    shop.run(["plan", "production"]).exits(0);
    shop.run(["plan", "staging"]).exits(0);
    shop.forget_calls();

    shop.run(["apply", "last", "--confirm"]).exits(3).tells("has nothing to apply");

    assert_eq!(shop.calls(), [""; 0]);
    assert_eq!(shop.deployed_value("network", "production"), None);
}

#[test]
fn a_plan_says_how_exactly_it_is_applied() {
    let shop = Shop::of(&["network"]);
    let run = shop.run(["plan", "production"]).exits(0);
    let id = shop.newest_run().rsplit('/').next().unwrap().to_owned();
    run.prints(&format!("next: `envctl apply {id} --confirm`\n"));
}
