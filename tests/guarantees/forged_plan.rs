//! 1. The plan you saw is the plan that is applied: the content of a plan file is checked, whatever its manifest says.

use std::{
    fs,
    io::{Cursor, Read, Write},
};

use camino::Utf8PathBuf;
use envctl::plans::{PlanManifest, ProjectKey};
use prost::Message;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::support::{Driven, ENVIRONMENTS, Shop};

/// Fields of a plan file that tell its purpose. The other fields are lost on writing, which only a real engine would
/// notice.
#[derive(Message)]
struct Plan {
    #[prost(message, optional, tag = "13")]
    backend: Option<Backend>,
    #[prost(string, repeated, tag = "5")]
    targets: Vec<String>,
    #[prost(string, repeated, tag = "6")]
    excludes: Vec<String>,
    #[prost(string, tag = "14")]
    version: String,
    #[prost(int32, tag = "17")]
    mode: i32,
}

#[derive(Message)]
struct Backend {
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(string, tag = "3")]
    workspace: String,
}

/// Rewrites two members of a plan file.
fn forged(bytes: &[u8], plan: &dyn Fn(&mut Plan), state: &dyn Fn(&mut Value)) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut made = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).unwrap();
        let (name, mut content) = (member.name().unwrap().into_owned(), Vec::new());
        member.read_to_end(&mut content).unwrap();
        if name == "tfplan" {
            let mut said = Plan::decode(&*content).unwrap();
            plan(&mut said);
            content = said.encode_to_vec();
        } else if name == "tfstate" {
            let mut said = serde_json::from_slice(&content).unwrap();
            state(&mut said);
            content = serde_json::to_vec(&said).unwrap();
        }
        made.start_file(name, SimpleFileOptions::default()).unwrap();
        made.write_all(&content).unwrap();
    }
    made.finish().unwrap().into_inner()
}

/// Makes a deployed stack with a change that is planned for production, and returns the id of that run.
#[track_caller]
fn planned(engine: &Driven) -> (Shop, String) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    shop.change("app", "second");
    shop.run(["plan", "production"]).exits(0);
    let run = shop.newest_run().rsplit('/').next().unwrap().to_owned();
    shop.forget_calls();
    (shop, run)
}

/// Replaces a stored plan file and its items in the manifest, and seals the manifest with the project's key, as an
/// attacker with the key could.
#[track_caller]
fn replace(shop: &Shop, run: &str, file: &[u8], items: &[(&str, &str)]) {
    let path = |name: &str| {
        Utf8PathBuf::try_from(shop.project.path(&format!(".envctl/runs/{run}/plans/app.{name}"))).unwrap()
    };
    fs::write(path("tfplan"), file).unwrap();
    let key = ProjectKey::of_project(&Utf8PathBuf::try_from(shop.project.path(".envctl")).unwrap()).unwrap();
    let mut manifest = PlanManifest::read(&key, &path("manifest.json")).unwrap();
    let digest: String = Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect();
    manifest.items.bind("plan file", format!("sha256:{digest}"));
    for (item, value) in items {
        manifest.items.bind(*item, *value);
    }
    manifest.write(&key, &path("manifest.json")).unwrap();
}

fn stored(shop: &Shop, run: &str) -> Vec<u8> {
    fs::read(shop.project.path(&format!(".envctl/runs/{run}/plans/app.tfplan"))).unwrap()
}

#[track_caller]
fn refused(shop: &Shop, run: &str, told: &str, engine: &Driven) {
    let refusal = shop.run(["apply", run, "--confirm"]);
    assert!(refusal.stderr.contains(told), "{}: not `{told}`\n{refusal}", engine.name());
    refusal.exits(3);
    assert_eq!(shop.folders("apply"), [""; 0], "{}", engine.name());
    assert_eq!(shop.deployed_value("app", "production").as_deref(), Some("first"), "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn each_fact_in_a_plan_file_is_compared_whatever_its_manifest_says(engine: &Driven) {
    type Forge = (&'static str, &'static dyn Fn(&mut Plan));
    let cases: [Forge; 5] = [
        ("`workspace` is not what it was when it was planned: then `staging`, now `production`", &|plan| {
            "staging".clone_into(&mut plan.backend.as_mut().unwrap().workspace);
        }),
        ("`backend` is not what it was when it was planned: then `pg`, now `local`", &|plan| {
            "pg".clone_into(&mut plan.backend.as_mut().unwrap().kind);
        }),
        ("`mode` is not what it was when it was planned: then `destroy`, now `normal`", &|plan| {
            plan.mode = 1;
        }),
        ("`targets` is not what it was when it was planned: then `a part`, now `everything`", &|plan| {
            plan.targets.push("terraform_data.app".to_owned());
        }),
        ("`excludes` is not what it was when it was planned: then `a part`, now `everything`", &|plan| {
            plan.excludes.push("terraform_data.other".to_owned());
        }),
    ];
    let (shop, run) = planned(engine);
    let file = stored(&shop, &run);
    for (told, plan) in cases {
        replace(&shop, &run, &forged(&file, plan, &|_| {}), &[]);
        refused(&shop, &run, told, engine);
    }
    if engine.is_fake() {
        // Without a forged value such a rewritten file is applied.
        replace(&shop, &run, &forged(&file, &|_| {}, &|_| {}), &[]);
        shop.run(["apply", &run, "--confirm"]).exits(0);
        assert_eq!(shop.deployed_value("app", "production").as_deref(), Some("second"));
    }
}

#[test(engines(fake, tofu, terraform))]
fn the_plan_of_another_environment_is_known_by_what_it_says_itself(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    let [staging, production] = ["staging", "production"].map(|name| {
        shop.run(["plan", name]).exits(0);
        shop.newest_run().rsplit('/').next().unwrap().to_owned()
    });
    shop.forget_calls();
    // An empty state has no serial to compare: an engine would apply the plan of staging to production.
    replace(&shop, &production, &stored(&shop, &staging), &[]);

    let told = "`workspace` is not what it was when it was planned: then `staging`, now `production`";
    shop.run(["apply", &production, "--confirm"]).exits(3).tells(told);
    assert_eq!(shop.folders("apply"), [""; 0]);
    assert_eq!(shop.deployed_value("app", "production"), None, "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn a_plan_to_destroy_or_of_a_part_is_known_by_what_it_says_itself(engine: &Driven) {
    let (shop, run) = planned(engine);
    for (args, told) in [
        (&["destroy", "production"][..], "`mode`"),
        (&["deploy", "production", "--target", "terraform_data.app"], "`targets`"),
    ] {
        shop.env.run_args(args).exits(3);
        let other = shop.newest_run().rsplit('/').next().unwrap().to_owned();
        replace(&shop, &run, &stored(&shop, &other), &[]);
        refused(&shop, &run, told, engine);
    }
}

#[test(engines(fake, tofu, terraform))]
fn the_state_of_a_plan_file_is_compared_with_manifest_and_backend(engine: &Driven) {
    let (shop, run) = planned(engine);
    let file = stored(&shop, &run);
    let state: Value = shop.state("app", "production").unwrap();
    let (serial, lineage) = (state["serial"].to_string(), state["lineage"].as_str().unwrap());
    for (key, lie, said, is) in
        [("serial", json!(40), "40", &*serial), ("lineage", json!("another"), "another", lineage)]
    {
        let forged = forged(&file, &|_| {}, &|state| state[key] = lie.clone());
        let item = format!("state {key}");
        let told = |then: &str, now: &str| {
            format!("`{item}` is not what it was when it was planned: then `{then}`, now `{now}`")
        };
        replace(&shop, &run, &forged, &[(&item, is)]);
        refused(&shop, &run, &told(is, said), engine);
        // A manifest with the forged value is compared with the current state.
        replace(&shop, &run, &forged, &[(&item, said)]);
        refused(&shop, &run, &told(said, is), engine);
        replace(&shop, &run, &file, &[(&item, is)]);
    }
}

#[test(engines(fake, tofu, terraform))]
fn a_manifest_that_was_made_to_fit_the_state_does_not_help_an_older_plan(engine: &Driven) {
    let (shop, run) = planned(engine);
    let serial = || shop.state("app", "production").unwrap()["serial"].to_string();
    let before = serial();
    shop.change("app", "third");
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    shop.change("app", "second");
    let now = serial();
    replace(&shop, &run, &stored(&shop, &run), &[("state serial", &now)]);

    let told = format!("`state serial` is not what it was when it was planned: then `{now}`, now `{before}`");
    shop.run(["apply", &run, "--confirm"]).exits(3).tells(&told);
    assert_eq!(shop.deployed_value("app", "production").as_deref(), Some("third"), "{}", engine.name());
}
