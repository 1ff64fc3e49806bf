//! 8. A crash loses nothing: a state that could not be saved is kept and shown, and blocks its stack until it is pushed.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};

use crate::{
    slow::Slow,
    support::{Driven, ENVIRONMENTS as WORKSPACES, Program, Run, S3Server, Shop, programs},
};

const REGION: &str = "us-east-1";

/// Configuration of two environments in one folder, with their states in one bucket.
const ENVIRONMENTS: &str = "[project]
name = \"shop\"

[environments.staging]
backend.s3 = { key = \"staging/{stack}\" }

[environments.production]
confirm = true
backend.s3 = { key = \"production/{stack}\" }
";

fn in_a_bucket(engine: &Driven, server: &S3Server) -> Slow {
    server.make_backend(REGION, "states", "locks");
    let mut slow = Slow::on(engine);
    let stacks = slow.shop.project.read("environments.toml");
    let stacks = stacks.split_once("\n[stacks.").expect("stacks").1;
    slow.shop.project.write("environments.toml", &format!("{ENVIRONMENTS}\n[stacks.{stacks}"));
    let backend = format!(
        "terraform {{\n  backend \"s3\" {{\n    bucket = \"states\"\n    region = \"{REGION}\"\n    \
         dynamodb_table = \"locks\"\n    max_retries = 1\n    use_path_style = true\n    \
         skip_credentials_validation = true\n    skip_requesting_account_id = true\n  }}\n}}\n"
    );
    for stack in ["network", "app"] {
        slow.shop.project.write(&format!("{stack}/backend.tf"), &backend);
    }
    slow.shop.env = slow.shop.env.clone().vars(server.variables());
    slow
}

/// Returns the printed command that pushes the state.
#[track_caller]
fn shown(run: &Run) -> String {
    let from =
        run.stderr.split_once("`envctl exec ").unwrap_or_else(|| panic!("no command is shown\n{run}")).1;
    format!("envctl exec {}", from.split_once('`').expect("the command ends").0)
}

/// Runs a printed command in a shell, with a confirmation.
#[track_caller]
fn typed(shop: &Shop, command: &str) -> Run {
    let command = command.replacen(" -- ", " --confirm -- ", 1);
    let shell = Program { name: "sh", path: "/bin/sh".into() };
    shop.env.clone().with_envctl().run_program(&shell, &["-c", &command])
}

#[test(engines(tofu, terraform), needs(provider_mirror, moto_server))]
fn a_state_that_a_stopped_server_did_not_take_is_kept_until_it_is_pushed(engine: &Driven) {
    let [moto] = programs(["moto_server"]);
    let mut server = S3Server::start(&moto);
    let slow = in_a_bucket(engine, &server);
    let mut running = slow.deploying();
    server.stop();
    slow.let_go();
    running.wait_until("the provider is done", || slow.shop.marker("made").exists());

    let run = running.wait().exits(1).tells("the state could not be saved; it is kept in");

    let kept = slow.shop.project.path(".envctl/instances/staging/network/errored.tfstate");
    assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&kept).unwrap().contains("slow_thing"));
    assert!(!slow.shop.project.path("network/errored.tfstate").exists());
    let push = shown(&run);
    assert_eq!(push, format!("envctl exec staging network -- state push {}", kept.display()));
    let journal = fs::read_to_string(slow.run_file("journal.jsonl")).unwrap();
    assert!(journal.contains(&kept.display().to_string()), "the journal tells where it is");

    server.start_anew(&moto);
    server.make_backend(REGION, "states", "locks");
    slow.shop
        .run(["plan", "staging", "network"])
        .exits(1)
        .tells("an earlier apply could not save its state")
        .tells(&push);
    assert!(server.keys("states").is_empty(), "nothing was done over it");
    slow.shop.run(["plan", "production", "network"]).exits(0);

    typed(&slow.shop, &push).exits(0);

    assert!(!kept.exists(), "what was pushed is no longer in the way");
    assert_eq!(server.state("states", "staging/network").addresses(), ["slow_thing.a"]);
    slow.shop.run(["plan", "staging", "network", "--detailed-exitcode"]).exits(0);
}

#[test(engines(tofu, terraform), needs(provider_mirror, moto_server))]
fn two_unsaved_states_of_one_folder_are_kept_apart_on_real_engines(engine: &Driven) {
    let [moto] = programs(["moto_server"]);
    let mut server = S3Server::start(&moto);
    let slow = in_a_bucket(engine, &server);
    let mut commands = Vec::new();
    for (environment, answer) in [("staging", "--yes"), ("production", "--confirm")] {
        let mut running = slow.deploying_in(environment, answer);
        server.stop();
        slow.let_go();
        running.wait_until("the provider is done", || slow.shop.marker("made").exists());
        commands.push(shown(&running.wait().exits(1)));
        slow.forget_made();
        server.start_anew(&moto);
        server.make_backend(REGION, "states", "locks");
    }

    for (environment, push) in ["staging", "production"].into_iter().zip(commands) {
        let kept = format!(".envctl/instances/{environment}/network/errored.tfstate");
        let kept: Value = serde_json::from_str(&slow.shop.project.read(&kept)).unwrap();
        typed(&slow.shop, &push).exits(0);
        let pushed = server.state("states", &format!("{environment}/network"));
        assert_eq!(pushed.addresses(), ["slow_thing.a"], "{}", engine.name());
        assert!(pushed.holds(kept["lineage"].as_str().unwrap()), "{}", engine.name());
    }
}

/// Makes a project in a folder whose name needs quoting, with two environments that share a stack's folder; each
/// apply waits for a file and does not save its state.
fn losing() -> Shop {
    let [staging, production] =
        ["staging", "production"].map(|name| format!("workspace = \"{name}\"\nvars.place = \"{name}\""));
    let environments = WORKSPACES
        .replace("workspace = \"staging\"", &staging)
        .replace("workspace = \"production\"", &production);
    let shop = Shop::driven_by(&Driven::Fake, &environments);
    let script = json!({
        "resources": { "terraform_data.network": "${var.place}" }, "variables": ["place"],
        "steps": { "apply": { "lose_state": "file", "wait_for": shop.marker("go.marker") } },
    });
    shop.script(&format!("{FOLDER}/network"), &script);
    shop.append("environments.toml", "\n[stacks.network]\npath = \"network\"\n");
    let [from, to] =
        ["environments.toml", &format!("{FOLDER}/environments.toml")].map(|name| shop.project.path(name));
    fs::rename(from, to).unwrap();
    shop.with_env(|env| env.in_folder(FOLDER))
}

const FOLDER: &str = "it's the shop";

#[test]
fn two_unsaved_states_of_one_folder_do_not_overwrite_each_other() {
    let shop = losing();
    for name in ["staging", "production"] {
        // Inits wait for the folder lock too, so that they are done beforehand.
        shop.env.run(["plan", name]).exits(0);
    }
    let mut staging = shop.env.spawn(["deploy", "staging", "--yes"]);
    staging.wait_until("its engine works", || listening(&shop) == 1);
    let mut production = shop.env.spawn(["deploy", "production", "--confirm"]);
    production.wait_until("it wants to apply", || applying(&shop) == 2);
    assert_eq!(listening(&shop), 1, "the second waits for the first, in the folder that they share");
    fs::write(shop.marker("go.marker"), "").unwrap();
    let pushes = [shown(&staging.wait().exits(1)), shown(&production.wait().exits(1))];
    for name in ["staging", "production"] {
        shop.env.run(["plan", name]).exits(1).tells("an earlier apply could not save its state");
    }

    for push in &pushes {
        typed(&shop, push).exits(0);
    }

    for name in ["staging", "production"] {
        let place = shop.deployed_value(&format!("{FOLDER}/network"), name);
        assert_eq!(place.as_deref(), Some(name), "its own state was pushed");
        shop.env.run(["plan", name, "--detailed-exitcode"]).exits(0);
    }
}

/// Returns the number of engines that have begun to wait.
fn listening(shop: &Shop) -> usize {
    shop.log().iter().filter(|line| line.get("listening").is_some()).count()
}

/// Returns the number of runs that have begun to apply.
fn applying(shop: &Shop) -> usize {
    let runs = shop.project.path(&format!("{FOLDER}/.envctl/runs")).read_dir().unwrap();
    let journals =
        runs.map(|run| fs::read_to_string(run.unwrap().path().join("journal.jsonl")).unwrap_or_default());
    journals
        .filter(|text| text.contains(r#""event":"step_started","stack":"network","step":"apply""#))
        .count()
}
