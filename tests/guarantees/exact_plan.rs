//! 1. The plan you saw is the plan that is applied.

use crate::support::{ENVIRONMENTS, Shop, each_engine};

#[test]
fn a_deploy_applies_what_it_showed() {
    for engine in each_engine() {
        let shop = Shop::driven_by(&engine, ENVIRONMENTS).with_stacks(&["app"]);
        shop.run(["deploy", "staging", "--yes"]).exits(0);
        assert_eq!(shop.deployed_value("app", "staging").unwrap(), "first", "{}", engine.name());
    }
}
