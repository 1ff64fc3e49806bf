//! 2. One review, one confirmation, then no surprise: mocks of Terragrunt dependencies are detected in every merge strategy.

use serde_json::{Value, json};

use crate::support::Live;

const NET: &str = "output \"id\" {\n  value = \"real\"\n}\n";
const APP: &str = "variable \"id\" {}\nresource \"terraform_data\" \"a\" {\n  input = var.id\n}\n";

#[test(engines(terragrunt))]
fn mixed_mocks_make_a_plan_tentative_only_where_they_stand_for_something() {
    for strategy in ["shallow", "deep_map_only"] {
        let live = Live::new();
        live.unit("net", "", NET, "");
        let app = |mocks: &str| {
            format!(
                "dependency \"net\" {{\n  config_path = \"../net\"\n  mock_outputs = {mocks}\n  \
                 mock_outputs_merge_strategy_with_state = \"{strategy}\"\n}}\ninputs = {{\n  id = dependency.net.outputs.id\n}}\n"
            )
        };
        live.unit("app", &app("{ id = \"mock\" }"), APP, "");
        live.project.commit("Begin");
        let report = live.env.run(["plan", "dev", "--json"]).exits(0).report();
        assert_eq!(report.stack("app")["tentative"], true, "{strategy}");
        live.env.run(["deploy", "dev", "--yes"]).exits(0);
        assert_eq!(live.state("app")["resources"][0]["instances"][0]["attributes"]["input"]["value"], "real");
        assert!(!live.state("app").to_string().contains("mock"), "{strategy}");

        // The output does not exist, and Terragrunt uses its mock without a message.
        let more = app("{ id = \"mock\", more = \"mock\" }").replace("outputs.id", "outputs.more");
        let include = "include \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n}\n";
        live.project.write("live/app/terragrunt.hcl", &format!("{include}{more}"));
        let report = live.env.run(["plan", "dev", "--json"]).exits(0).report();
        let app = report.stack("app");
        assert_eq!(app["tentative"], true, "{strategy}");
        assert_eq!(
            app["notes"].as_array().unwrap().last().unwrap(),
            "tentative: mocks of dependency `net` stand in for `net.more`"
        );
        live.env.run(["deploy", "dev", "--yes"]).exits(3).tells("not known");
        assert!(!live.state("app").to_string().contains("mock"), "{strategy}");
    }
}

#[test(engines(terragrunt))]
fn a_unit_takes_outputs_of_another_as_any_stack_does() {
    let live = Live::new();
    live.unit("net", "", "output \"id\" {\n  value = \"real\"\n}\noutput \"key\" {\n  value = \"hidden\"\n  sensitive = true\n}\n", "");
    let main = format!(
        "{APP}variable \"key\" {{\n  sensitive = true\n}}\nresource \"terraform_data\" \"k\" {{\n  input = var.key\n}}\n"
    );
    live.unit("app", "", &main, "inputs = { id = \"net.id\", key = \"net.key\" }\n");
    live.project.commit("Begin");
    live.env.run(["deploy", "dev", "--yes"]).exits(0);
    let values: Vec<Value> = live.state("app")["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| resource["instances"][0]["attributes"]["input"]["value"].clone())
        .collect();
    assert_eq!(values, [json!("real"), json!("hidden")]);
}

/// Returns a file with a dependency of `app`, whose mocks are merged with outputs.
fn deps(output: &str) -> String {
    format!(
        "dependency \"net\" {{\n  config_path = \"../net\"\n  mock_outputs = {{ id = \"mock\", more = \"mock\" }}\n  \
         mock_outputs_merge_strategy_with_state = \"shallow\"\n}}\ninputs = {{\n  id = dependency.net.outputs.{output}\n}}\n"
    )
}

#[test(engines(terragrunt))]
fn mocks_behind_an_include_that_only_terragrunt_can_follow_reach_no_state() {
    let live = Live::new();
    live.unit("net", "", NET, "");
    live.unit("app", "include \"d\" {\n  path = \"../${lower(\"DEPS\")}.hcl\"\n}\n", APP, "");
    live.project.write("live/deps.hcl", &deps("more"));
    live.project.commit("Begin");
    live.env.run(["deploy", "dev", "net", "--yes"]).exits(0);
    let report = live.env.run(["plan", "dev", "--json"]).exits(0).report();
    assert_eq!(report.stack("app")["tentative"], true);
    let run = live.env.run(["deploy", "dev", "--yes"]).exits(3);
    run.tells("not known").tells("mocks of dependency `net` stand in for `net.more`");
    // Without a missing output, Terragrunt uses real outputs alone.
    live.project.write("live/deps.hcl", &deps("id").replace(", more = \"mock\"", ""));
    let report = live.env.run(["plan", "dev", "--json"]).exits(0).report();
    assert_eq!(report.stack("app")["tentative"], false);
    live.env.run(["deploy", "dev", "--yes"]).exits(0);
    assert_eq!(live.deployed_value("app"), "real");
}

#[test(engines(terragrunt))]
fn a_file_at_an_unknown_path_may_mix_mocks_if_any_file_does() {
    let live = Live::new();
    live.unit("net", "", NET, "");
    let read = "inputs = {\n  id = read_terragrunt_config(\"../${lower(\"DEPS\")}.hcl\").inputs.id\n}\n";
    live.unit("app", read, APP, "needs = [\"net\"]\n");
    live.project.write("live/deps.hcl", &deps("more").replace("../net", "./net"));
    live.project.commit("Begin");
    live.env.run(["deploy", "dev", "net", "--yes"]).exits(0);
    let run = live.env.run(["deploy", "dev", "--yes"]).exits(3);
    run.tells("what `live/app/terragrunt.hcl` reads by `read_terragrunt_config` cannot be told");
    live.project.write("live/deps.hcl", "inputs = {\n  id = \"plain\"\n}\n");
    live.env.run(["deploy", "dev", "--yes"]).exits(0);
    assert_eq!(live.deployed_value("app"), "plain");
}
