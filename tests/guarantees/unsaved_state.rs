//! 8. A crash loses nothing: a state that could not be saved is kept, shown, and in the way until it is pushed.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::{
    slow::Slow,
    support::{Driven, S3Server, programs, real_engines},
};

const REGION: &str = "us-east-1";

/// Both environments in one folder, their states in one bucket.
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

#[test]
fn a_state_that_a_stopped_server_did_not_take_is_kept_until_it_is_pushed() {
    let Some([moto]) = programs(["moto_server"]) else { return };
    for engine in real_engines() {
        let mut server = S3Server::start(&moto);
        let slow = in_a_bucket(&engine, &server);
        let mut running = slow.deploying();
        server.stop();
        slow.let_go();
        running.wait_until("the provider is done", || slow.shop.marker("made").exists());

        let run = running.wait().exits(1).tells("the state could not be saved; it is kept in");

        let kept = slow.shop.project.path(".envctl/instances/staging/network/errored.tfstate");
        assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::read_to_string(&kept).unwrap().contains("slow_thing"));
        assert!(!slow.shop.project.path("network/errored.tfstate").exists());
        let push = format!("envctl exec staging network -- state push {}", kept.display());
        run.tells(&push);
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

        let pushing: Vec<&str> = push.split(' ').skip(1).chain(["--yes"]).collect();
        let at = pushing.iter().position(|word| *word == "--").unwrap();
        let pushing: Vec<&str> = [&pushing[..at], &["--yes"], &pushing[at..pushing.len() - 1]].concat();
        slow.shop.env.run_args(&pushing).exits(0);

        assert!(!kept.exists(), "what was pushed is no longer in the way");
        assert_eq!(server.state("states", "staging/network").addresses(), ["slow_thing.a"]);
        slow.shop.run(["plan", "staging", "network", "--detailed-exitcode"]).exits(0);
    }
}
