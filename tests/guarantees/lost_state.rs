//! 8. A crash loses nothing: after a lost state, no resource is created again before the user has allowed it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    support::{Driven, Program, Run, Shop},
    wrapped::{wrap_apply, wrapped},
};

const RECORD: &str = ".envctl/instances/staging/network/lost-state.json";
const ALLOW: &str = "--allow=lineage:staging/network";

/// Makes a stack of the fake engine whose second apply loses its state.
fn losing(how: &str) -> Shop {
    let shop = Shop::of(&["network"]).deployed();
    let resources = json!({ "terraform_data.network": "the second value" });
    shop.script("network", &json!({ "resources": resources, "steps": { "apply": { "lose_state": how } } }));
    shop.run(["deploy", "staging", "--yes"])
        .exits(1)
        .tells("the state could not be saved, and no copy of it is left")
        .tells("it was done with `terraform_data.network`")
        .tells("nothing is planned or changed here until then")
        .tells("`--allow lineage:staging/network`");
    shop
}

fn behave_again(shop: &Shop) {
    shop.change("network", "the second value");
}

#[test]
fn a_lost_state_blocks_later_runs_until_it_is_allowed() {
    for how in ["nowhere", "torn"] {
        let shop = losing(how);
        behave_again(&shop);
        let record = shop.project.path(RECORD);
        assert_eq!(record.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let told: Value = serde_json::from_str(&fs::read_to_string(&record).unwrap()).unwrap();
        assert_eq!(told["done"], json!(["terraform_data.network"]));
        let log = PathBuf::from(told["log"].as_str().unwrap());
        assert!(log.with_extension("stdout").exists(), "what the engine wrote is still there");
        let run = shop.newest_run();
        let id = Path::new(&run).file_name().unwrap().to_str().unwrap();

        shop.forget_calls();
        for command in [
            &["plan", "staging", "-q"] as &[&str],
            &["deploy", "staging", "--yes"],
            &["runs", "resume", id, "--yes"],
        ] {
            let run = shop.env.run_args(command);
            run.exits(3).tells("no copy of it is left").tells("lineage:staging/network");
        }
        let typed = shop.run(["exec", "staging", "network", "--yes", "--", "apply", "-auto-approve"]);
        typed.exits(3).tells("no copy of it is left");
        assert!(
            !shop.calls().iter().any(|call| call.contains("apply") || call.contains(" plan")),
            "{:?}",
            shop.calls()
        );
        assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("first"));
        shop.run(["plan", "production", "-q"]).exits(0);

        shop.run(["deploy", "staging", "--yes", ALLOW]).exits(0);

        assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("the second value"));
        let left = fs::read_dir(record.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = left.filter(|name| name != "applied").collect();
        assert!(
            !left.iter().any(|name| name == "lost-state.json"
                || name == "errored.torn"
                || name == "apply-begun.json"),
            "{left:?}"
        );
        shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
    }
}

#[test]
fn a_state_that_is_pushed_takes_the_place_of_a_lost_one() {
    let shop = losing("nowhere");
    behave_again(&shop);
    let copy = shop.project.path("copy.tfstate");
    let mut state = shop.state("network", "staging").unwrap();
    state["serial"] = json!(7);
    state["resources"] = json!({ "terraform_data.network": "the second value" });
    fs::write(&copy, state.to_string()).unwrap();

    shop.run(["exec", "staging", "network", "--yes", "--", "state", "push", copy.to_str().unwrap()]).exits(0);

    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
}

#[test(engines(tofu, terraform))]
fn a_real_engine_whose_state_is_lost_makes_nothing_twice(engine: &Driven) {
    let shop = wrapped(
        engine,
        "resource \"terraform_data\" \"a\" {\n  input = join(\"\", [for i in range(100) : \"a long text ${i}\"])\n}\n",
    );
    // The engine may write one block into any file, and its output goes to /dev/null.
    wrap_apply(&shop, engine, "ulimit -f 1; trap '' XFSZ; exec ENGINE \"$@\" >/dev/null 2>&1");
    shop.run(["deploy", "staging", "--yes"]).exits(1).tells("no copy of it is left");
    fs::remove_file(shop.project.path("network/terraform.tfstate.d/staging/terraform.tfstate")).unwrap();
    wrap_apply(&shop, engine, "exec ENGINE \"$@\"");

    shop.run(["deploy", "staging", "--yes"]).exits(3).tells(ALLOW.trim_start_matches("--allow="));
    assert_eq!(shop.state("network", "staging"), None, "{}", engine.name());

    shop.run(["deploy", "staging", "--yes", ALLOW]).exits(0);
    assert!(shop.state("network", "staging").is_some());
}

/// Runs envctl without the right to ignore file modes.
fn restricted(shop: &Shop, args: &[&str]) -> Run {
    let without = "-dac_override,-dac_read_search";
    let envctl = env!("CARGO_BIN_EXE_envctl");
    if fs::write(shop.project.path("network/probe"), "").is_err() {
        let envctl = Program { name: "envctl", path: envctl.into() };
        return shop.env.run_program(&envctl, args);
    }
    fs::remove_file(shop.project.path("network/probe")).unwrap();
    let setpriv = Program { name: "setpriv", path: "/usr/bin/setpriv".into() };
    let bounding = format!("--bounding-set={without}");
    let args: Vec<&str> = [&bounding, envctl].into_iter().chain(args.iter().copied()).collect();
    shop.env.run_program(&setpriv, &args)
}

#[test]
fn an_engine_that_could_not_save_its_state_applies_nothing_in_production() {
    let shop = Shop::of(&["network"]).deployed();
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    shop.change("network", "the second value");
    let folder = shop.project.path("network");
    let mode = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);

    let refused = restricted(&shop, &["deploy", "production", "--confirm"]);
    let noted = restricted(&shop, &["deploy", "staging", "--yes"]);

    mode(0o755);
    refused.exits(3).tells("a state that it cannot save would be lost");
    assert_eq!(shop.deployed_value("network", "production").as_deref(), Some("first"));
    noted.tells("a state that it cannot save would be lost");
}
