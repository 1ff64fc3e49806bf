//! Resuming Terragrunt units without a `remote_state`: their states lie in the folder that Terragrunt copies them to.

use std::fs;

use crate::support::{Live, UnitEngine};

const FAILS_ONCE: &str = "it broke";

/// Deploys the unit `network` and then `app`, whose first apply fails; `hcl` stands in the file of each unit.
fn failed(engine: &UnitEngine, hcl: &str) -> Live {
    let live = Live::over(engine.name);
    live.project.write("live/root.hcl", "");
    let output = "output \"id\" {\n  value = terraform_data.r.output\n}\n";
    let network = format!("resource \"terraform_data\" \"r\" {{\n  input = \"n-1\"\n}}\n{output}");
    let marker = live.project.around().join("app-may-pass.marker");
    let app = format!(
        "variable \"id\" {{}}\nresource \"terraform_data\" \"r\" {{\n  input = var.id\n  provisioner \"local-exec\" {{\n    \
         command = \"test -e {} || (echo {FAILS_ONCE}; exit 1)\"\n  }}\n}}\n{output}",
        marker.display()
    );
    live.unit("network", hcl, &network, "");
    live.unit("app", hcl, &app, "inputs = { id = \"network.id\" }\n");
    live.project.write(".gitignore", ".terragrunt-cache\n.terraform.lock.hcl\n");
    live.project.commit("Begin");
    live.env.run(["deploy", "dev", "--yes"]).exits(1).tells(FAILS_ONCE);
    fs::write(marker, "").unwrap();
    live
}

/// Returns the record of the last known state of `network`.
fn recorded(live: &Live) -> serde_json::Value {
    serde_json::from_str(&live.project.read(".envctl/instances/dev/network/last-state.json")).unwrap()
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_unit_with_its_state_in_its_cache_is_done_in_the_resumed_run(engine: &UnitEngine) {
    let live = failed(engine, "");
    let address = recorded(&live)["address"].as_str().unwrap().to_owned();
    let path = address.strip_prefix("local:").unwrap();
    assert!(path.contains("live/network/.terragrunt-cache/"), "{address}");
    assert!(fs::read_to_string(path).unwrap().contains("n-1"), "{address}");

    let resumed = live.env.run(["runs", "resume", "--yes"]).exits(0);

    resumed.tells("network  applied earlier by run").hides("vanished");
    live.env.run(["output", "dev", "app"]).exits(0).prints("n-1");
    live.env.run(["plan", "dev", "--detailed-exitcode"]).exits(0);
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_unit_whose_cache_was_removed_has_lost_its_state(engine: &UnitEngine) {
    let live = failed(engine, "");
    fs::remove_dir_all(live.project.path("live/network/.terragrunt-cache")).unwrap();

    let refused = live.env.run(["runs", "resume", "--yes"]).exits(3);

    refused.tells("the state has vanished").tells("--allow lineage:dev/network");
    live.env.run(["plan", "dev", "network"]).exits(3).tells("the state has vanished");
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn a_unit_with_another_download_dir_is_resumed_without_its_address(engine: &UnitEngine) {
    let live = failed(engine, "download_dir = \"${get_terragrunt_dir()}/../../downloads\"\n");
    assert_eq!(recorded(&live).get("address"), None, "envctl does not know the folder");

    live.env.run(["runs", "resume", "--yes"]).exits(0).hides("vanished");

    live.env.run(["output", "dev", "app"]).exits(0).prints("n-1");
}

#[test(engines(terragrunt_tofu, terragrunt_terraform))]
fn the_engine_decides_on_a_unit_whose_recorded_address_is_another_one(engine: &UnitEngine) {
    let live = failed(engine, "");
    let mut record = recorded(&live);
    let elsewhere = live.project.path("live/network/terraform.tfstate");
    record["address"] = format!("local:{}", elsewhere.display()).into();
    live.project.write(".envctl/instances/dev/network/last-state.json", &record.to_string());

    live.env.run(["runs", "resume", "--yes"]).exits(0).hides("vanished");

    assert!(recorded(&live)["address"].as_str().unwrap().contains("/.terragrunt-cache/"));
}
