//! Terragrunt units in unusual forms: in JSON, excluded, half destroyed, with a source that cannot be fetched.

use std::fs;

use serde_json::json;

use crate::support::{Live, programs, script};

const MODULE: &str = "variable \"v\" {\n  default = \"default\"\n}\nresource \"terraform_data\" \"a\" {\n  input = var.v\n}\n\
                      output \"id\" {\n  value = terraform_data.a.input\n}\n";

/// Makes a project with two units, of which `app` is in JSON.
fn with_json_unit(json: &str) -> Live {
    let live = Live::new();
    live.unit("vpc", "inputs = { v = \"of vpc\" }\n", MODULE, "");
    live.project.write("live/app/main.tf", MODULE);
    live.project.write("live/app/terragrunt.hcl.json", json);
    let stacks = live.project.read("environments.toml");
    let app = "\n[stacks.app]\npath = \"live/app\"\nenvironments = [\"dev\"]\n";
    live.project.write("environments.toml", &(stacks + app));
    live
}

fn newest_run(live: &Live) -> String {
    let runs = fs::read_dir(live.project.path(".envctl/runs")).unwrap();
    runs.map(|run| run.unwrap().file_name().into_string().unwrap()).max().unwrap()
}

const JSON_UNIT: &str = r#"{
  "include": { "root": { "path": "${find_in_parent_folders(\"root.hcl\")}" } },
  "dependency": { "vpc": { "config_path": "../vpc" } },
  "inputs": { "v": "json after ${dependency.vpc.outputs.id}" }
}
"#;

#[test(engines(terragrunt))]
fn a_unit_in_json_is_listed_ordered_deployed_and_bound() {
    let live = with_json_unit(JSON_UNIT);
    live.env.run(["list", "dev"]).exits(0).prints_row(&["app", "terragrunt"]);
    live.env.run(["list", "dev", "app", "--with-dependencies"]).exits(0).prints_row(&["vpc", "terragrunt"]);
    live.env.run(["deploy", "dev", "--yes"]).exits(0);
    assert_eq!(live.deployed_value("app"), "json after of vpc");

    live.project.git(["init", "--quiet", "--initial-branch=main"]);
    live.project.commit("Begin");
    live.project.edit("live/app/terragrunt.hcl.json", "json after", "changed after");
    live.env
        .run(["list", "dev", "--changed=main"])
        .exits(0)
        .prints_row(&["app", "terragrunt"])
        .hides("live/vpc");
    live.env.run(["plan", "dev"]).exits(0);
    let run = newest_run(&live);
    live.project.edit("live/app/terragrunt.hcl.json", "changed after", "edited after");
    live.env.run(["apply", &run, "--yes"]).exits(3).tells("`file live/app/terragrunt.hcl.json`");
}

#[test(engines(terragrunt))]
fn dependencies_of_a_json_unit_count_in_any_file_and_expression() {
    let live = with_json_unit(JSON_UNIT);
    live.project.write(
        "live/common.hcl",
        "dependency \"vpc\" {\n  config_path = \"${get_terragrunt_dir()}/../vpc\"\n}\n",
    );
    live.project.write(
        "live/computed.hcl",
        "dependency \"vpc\" {\n  config_path = replace(\"../vpx\", \"x\", \"c\")\n}\n",
    );
    let included = |file: &str| {
        JSON_UNIT
            .replace("\"include\": {", &format!("\"include\": {{ \"c\": {{ \"path\": \"../{file}\" }},"))
            .replace("  \"dependency\": { \"vpc\": { \"config_path\": \"../vpc\" } },\n", "")
    };
    let of = |path: &str| JSON_UNIT.replace("\"../vpc\"", &format!("\"{path}\""));
    for unit in [
        of("${get_terragrunt_dir()}/../vpc"),
        of("${upper(\\\"x\\\") == \\\"X\\\" ? \\\"../vpc\\\" : \\\"../x\\\"}"),
        of("${run_cmd(\\\"echo\\\", \\\"../vpc\\\")}"),
        included("common.hcl"),
        included("computed.hcl"),
        JSON_UNIT.replace(
            "json after",
            "${[for x in [\\\"}\\\"] : \\\"{${x}\\\"][0]} %{ if true }y%{ endif } \\ud800",
        ),
    ] {
        live.project.write("live/app/terragrunt.hcl.json", &unit);
        let list = live.env.run(["list", "dev", "app", "--with-dependencies"]).exits(0);
        drop(list.prints_row(&["vpc", "terragrunt"]).prints_row(&["app", "terragrunt"]));
        live.env.run(["graph", "dev", "--format", "json"]).exits(0);
        live.env.run(["check", "dev"]).exits(0);
        live.env.run(["deploy", "dev", "--yes"]).exits(0);
    }
}

#[test(engines(terragrunt))]
fn a_unit_in_json_that_terragrunt_cannot_read_is_an_error() {
    let live = with_json_unit(JSON_UNIT);
    live.project.write("live/app/terragrunt.hcl.json", "{\n  \"inputs\": {,\n}\n");
    live.env
        .run(["plan", "dev"])
        .exits(4)
        .tells("live/app/terragrunt.hcl.json:2:")
        .tells("is not valid JSON");
    live.project.write(
        "live/app/terragrunt.hcl.json",
        "{\n  \"locals\": {},\n  \"inputs\": {\n    \"v\": [\"\",\n      \"a ${ }\"]\n  }\n}\n",
    );
    live.env
        .run(["check", "dev"])
        .exits(4)
        .tells("live/app/terragrunt.hcl.json:5:7")
        .tells("5 |       \"a ${ }\"]");
    live.project
        .write("live/app/terragrunt.hcl.json", "{\n  \"inputs\": {\n    \"v\": \"${no_such()}\"\n  }\n}\n");
    let annotated = live.env.clone().var("GITHUB_ACTIONS", "true").run(["plan", "dev", "app"]).exits(4);
    annotated.tells("::error file=live/app/terragrunt.hcl.json,line=3,title=app::Call to unknown function");
    live.project.write("live/app/terragrunt.hcl.json", &JSON_UNIT.replace("../vpc", "${no_such()}"));
    live.env
        .run(["plan", "dev"])
        .exits(4)
        .tells("Terragrunt cannot tell what the unit in `")
        .tells("live/app` depends on");
}

#[test(engines(terragrunt))]
fn discovery_finds_units_in_json() {
    let live = Live::new();
    for unit in ["a", "b"] {
        live.project.write(&format!("live/{unit}/main.tf"), MODULE);
    }
    live.project.write("live/a/terragrunt.hcl", "");
    live.project.write("live/b/terragrunt.hcl.json", "{}");
    let text = "[project]\nname = \"p\"\n\n[environments.dev]\n\n[discover]\npaths = [\"live/<unit>\"]\n";
    live.project.write("environments.toml", text);
    live.env.run(["list", "dev"]).exits(0).prints_row(&["a", "terragrunt"]).prints_row(&["b", "terragrunt"]);
}

#[test(engines(terragrunt))]
fn a_unit_that_excludes_itself_is_left_out_and_the_others_go_on() {
    let live = Live::new();
    live.unit("vpc", "", MODULE, "");
    live.unit("app", "dependency \"vpc\" {\n  config_path = \"../vpc\"\n}\n", MODULE, "needs = [\"off\"]\n");
    live.unit("off", "exclude {\n  if      = true\n  actions = [\"apply\"]\n}\n", MODULE, "");
    live.unit(
        "silent",
        "exclude {\n  if      = true\n  actions = [\"all\"]\n  no_run  = true\n}\n",
        MODULE,
        "",
    );
    live.unit("on", "exclude {\n  if      = false\n  actions = [\"all\"]\n}\n", MODULE, "");
    live.unit("kept", "exclude {\n  if      = true\n  actions = [\"destroy\"]\n}\n", MODULE, "");
    live.unit("common", "include \"common\" {\n  path = \"${dirname(find_in_parent_folders(\"root.hcl\"))}/_common/x.hcl\"\n}\n", MODULE, "");
    live.project.write("live/_common/x.hcl", "exclude {\n  if      = true\n  actions = [\"all\"]\n}\n");

    let run = live.env.run(["deploy", "dev", "--yes"]).exits(0);
    let run = run.tells("left out: its unit has an `exclude` block for apply");
    drop(run.tells("left out: its unit has an `exclude` block for all"));
    let report = live.env.run(["plan", "dev", "--json"]).exits(0).json();
    let result = |name: &str| {
        let stacks = report["stacks"].as_array().unwrap();
        stacks.iter().find(|stack| stack["stack"] == name).unwrap()["result"].clone()
    };
    for (unit, expected) in [
        ("vpc", "clean"),
        ("app", "clean"),
        ("on", "clean"),
        ("kept", "clean"),
        ("off", "skipped"),
        ("silent", "skipped"),
        ("common", "skipped"),
    ] {
        assert_eq!(result(unit), expected, "{unit}");
    }
    for unit in ["off", "silent", "common"] {
        assert!(!live.project.around().join(format!("states/{unit}.tfstate")).exists(), "{unit}");
    }

    live.project.edit("live/app/main.tf", "\"default\"", "\"second\"");
    live.env.run(["plan", "dev"]).exits(0);
    live.env.run(["apply", &newest_run(&live), "--yes"]).exits(0);
    assert_eq!(live.deployed_value("app"), "second");

    live.env
        .run(["destroy", "dev", "--yes"])
        .exits(0)
        .tells("left out: its unit has an `exclude` block for destroy");
    assert_eq!(live.state("kept")["resources"].as_array().unwrap().len(), 1);
    assert_eq!(live.state("app")["resources"], json!([]));
}

/// Makes units of which `app` reads an output of `vpc`, whose destruction fails half-way while a file `stop` exists.
fn half_destroyed(app: &str) -> Live {
    let live = Live::new();
    let stop = live.project.around().join("stop");
    let vpc = format!(
        "resource \"terraform_data\" \"last\" {{\n  provisioner \"local-exec\" {{\n    when    = destroy\n    command = \"test ! -e {}\"\n  }}\n}}\n\
         resource \"terraform_data\" \"first\" {{\n  input = terraform_data.last.id\n}}\noutput \"id\" {{\n  value = terraform_data.first.id\n}}\n",
        stop.display()
    );
    live.unit("vpc", "", &vpc, "");
    live.unit("app", app, MODULE, "");
    live.env.run(["deploy", "dev", "--yes"]).exits(0);
    fs::write(&stop, "").unwrap();
    live.env.run(["destroy", "dev", "--yes"]).exits(1);
    fs::remove_file(&stop).unwrap();
    live
}

/// Removes everything that a fresh clone does not have.
fn as_cloned(live: &Live) {
    fs::remove_dir_all(live.project.path(".envctl")).unwrap();
    for unit in ["app", "vpc"] {
        let cache = live.project.path(&format!("live/{unit}/.terragrunt-cache"));
        if cache.exists() {
            fs::remove_dir_all(cache).unwrap();
        }
    }
}

const TAKES_ID: &str =
    "dependency \"vpc\" {\n  config_path = \"../vpc\"\n}\ninputs = {\n  v = dependency.vpc.outputs.id\n}\n";

#[test(engines(terragrunt))]
fn a_half_way_destruction_is_finished_here_and_from_a_fresh_clone() {
    for fresh in [false, true] {
        let live = half_destroyed(TAKES_ID);
        assert_eq!(live.state("vpc")["resources"].as_array().unwrap().len(), 1);
        if fresh {
            as_cloned(&live);
        }
        live.env.run(["destroy", "dev", "--yes"]).exits(0).tells("nothing of it is there any more");
        assert_eq!(live.state("vpc")["resources"], json!([]));
        live.env.run(["destroy", "dev", "--yes"]).exits(0);
    }
}

#[test(engines(terragrunt))]
fn a_unit_with_resources_stays_an_obstacle_to_what_it_needs() {
    let live = half_destroyed(TAKES_ID);
    // Another user has applied the unit before the outputs were removed.
    let states = live.project.around().join("states");
    fs::copy(states.join("app.tfstate.backup"), states.join("app.tfstate")).unwrap();
    assert_eq!(live.state("app")["resources"].as_array().unwrap().len(), 1);
    as_cloned(&live);
    live.env.run(["destroy", "dev", "--yes"]).exits(4);
    assert_eq!(live.state("vpc")["resources"].as_array().unwrap().len(), 1);
}

#[test(engines(terragrunt))]
fn a_unit_whose_state_hangs_on_an_output_is_not_taken_for_gone() {
    let place = "generate \"place\" {\n  path      = \"place.txt\"\n  if_exists = \"overwrite\"\n  contents  = dependency.vpc.outputs.id\n}\n";
    let live = half_destroyed(&format!("{TAKES_ID}{place}"));
    as_cloned(&live);
    live.env.run(["destroy", "dev", "--yes"]).exits(4).hides("nothing of it is there any more");
    assert_eq!(live.state("vpc")["resources"].as_array().unwrap().len(), 1);
}

#[test(engines(terragrunt))]
fn a_source_that_cannot_be_fetched_shows_what_git_says() {
    let live = Live::new();
    let source = |text: &str| format!("terraform {{\n  source = \"{text}\"\n}}\n");
    live.unit("refused", &source("git::https://user:token@127.0.0.1:9/none.git?ref=v1"), "", "");
    live.unit("missing", &source("git::file:///none/x.git//sub"), "", "");
    let run = live.env.run(["plan", "dev", "--json"]).exits(1);
    let report = run.json();
    for (name, source, cause) in [
        ("refused", "`git::https://127.0.0.1:9/none.git?ref=v1`", "fatal: unable to access"),
        (
            "missing",
            "`git::file:///none/x.git",
            "fatal: '/none/x.git' does not appear to be a git repository",
        ),
    ] {
        let stacks = report["stacks"].as_array().unwrap();
        let error = &stacks.iter().find(|stack| stack["stack"] == name).unwrap()["error"];
        assert_eq!(error["kind"], "network", "{error}");
        let summary = error["summary"].as_str().unwrap();
        assert!(summary.contains(source) && summary.contains(cause), "{summary}");
    }
    // Without JSON, and in the stored run.
    assert!(!report.to_string().contains("user:token"), "{report}");
    live.env.run(["plan", "dev"]).exits(1).hides("user:token");
    let kept = live.env.run(["runs", "show", &newest_run(&live)]).exits(0);
    kept.hides("user:token");
    let told = live.project.files_with("127.0.0.1:9/none.git");
    assert_eq!(told.iter().filter(|file| file.contains("/logs/")).count(), 2, "{told:?}");
    assert_eq!(live.project.files_with("user:token"), [""; 0]);
}

/// Replaces Terragrunt by a program that fails for `find`.
fn without_find(live: &Live) {
    let [terragrunt] = programs(["terragrunt"]);
    let path = terragrunt.path.display();
    let text =
        format!("#!/bin/sh\n[ \"$1\" = find ] && [ \"$3\" = --exclude ] && exit 1\nexec {path} \"$@\"\n");
    script(live.project.around().join("wrapper"), &text);
    let environments = live.project.read("environments.toml");
    assert!(environments.contains("[terragrunt]\n"), "{environments}");
    let wrapped = environments.replace("[terragrunt]\n", "[terragrunt]\nprogram = \"../wrapper\"\n");
    live.project.write("environments.toml", &wrapped);
}

#[test(engines(terragrunt))]
fn a_unit_whose_exclude_terragrunt_does_not_tell_is_not_planned() {
    let live = Live::new();
    live.unit("off", "exclude {\n  if      = true\n  actions = [\"all\"]\n}\n", MODULE, "");
    without_find(&live);
    live.env.run(["deploy", "dev", "--yes"]).exits(1).tells("`terragrunt find` ended with exit status 1");
    assert!(!live.project.around().join("states/off.tfstate").exists());
}

#[test(engines(terragrunt))]
fn an_exclude_in_a_file_that_only_terragrunt_finds_counts() {
    let off = "exclude {\n  if      = true\n  actions = [\"all\"]\n}\n";
    for (file, path) in [
        ("above.hcl", "find_in_parent_folders(\"above.hcl\")"),
        ("shared/common.hcl", "\"${get_env(\"SHARED\")}/common.hcl\""),
        ("shared/named.hcl", "\"../../../shared/${get_env(\"NAME\")}.hcl\""),
    ] {
        let live = Live::new();
        let around = live.project.around();
        fs::create_dir_all(around.join("shared")).unwrap();
        fs::write(around.join(file), off).unwrap();
        live.unit("off", &format!("include \"off\" {{\n  path = {path}\n}}\n"), MODULE, "");
        let env = live.env.clone().var("SHARED", around.join("shared")).var("NAME", "named");
        let run = env.run(["deploy", "dev", "--yes"]).exits(0);
        run.tells("left out: its unit has an `exclude` block for all");
        assert!(!around.join("states/off.tfstate").exists(), "{path}");
    }
}

#[test(engines(terragrunt))]
fn a_unit_that_ends_silently_by_an_output_of_another_is_left_out() {
    let live = Live::new();
    live.unit("vpc", "", "output \"off\" {\n  value = true\n}\n", "");
    live.env.run(["deploy", "dev", "--yes"]).exits(0);
    let app = "dependency \"vpc\" {\n  config_path = \"../vpc\"\n}\n\
               exclude {\n  if      = dependency.vpc.outputs.off\n  actions = [\"all\"]\n  no_run  = true\n}\n";
    live.unit("app", app, MODULE, "");
    live.env
        .run(["deploy", "dev", "--yes"])
        .exits(0)
        .tells("left out: its unit has an `exclude` block for all");
}
