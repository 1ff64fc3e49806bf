//! `envctl apply`: which run is meant, and what to type.

use crate::support::Shop;

#[test]
fn last_is_the_newest_run_that_still_has_plans() {
    let shop = Shop::of(&["network"]);
    let planned =
        shop.run(["plan", "production", "--json"]).exits(0).json()["run"].as_str().unwrap().to_owned();
    shop.run(["apply", "last"]).exits(3);

    shop.run(["apply", "last", "--confirm"]).exits(0).tells(&format!("planned by run {planned} at "));

    assert_eq!(shop.deployed_value("network", "production").as_deref(), Some("first"));
    shop.run(["apply", "last", "--confirm"]).exits(3).tells("no run has plans that wait to be applied");
}

#[test]
fn a_plan_says_how_exactly_it_is_applied() {
    let shop = Shop::of(&["network"]);
    let run = shop.run(["plan", "production"]).exits(0);
    let id = shop.newest_run().rsplit('/').next().unwrap().to_owned();
    run.prints(&format!(
        "next: `envctl apply {id} --confirm`, or `envctl deploy production --confirm` to plan anew"
    ));
}
