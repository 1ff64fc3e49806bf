//! System `workspaces`: one OpenTofu root module, a workspace per environment, one SOPS file with the secrets of
//! both.

use std::thread;

use serde_json::json;

use crate::support::{Env, Program, Project, Run, S3Server, programs};

pub(crate) const BUCKET: &str = "media-downloader-tfstate";
pub(crate) const STAGING: &str = "env:/staging/media-downloader/terraform.tfstate";
pub(crate) const PRODUCTION: &str = "env:/production/media-downloader/terraform.tfstate";
pub(crate) const SECRETS: [&str; 2] = ["whsec-staging-5f1d9a7c2be04e68", "whsec-production-c83e60d74b9f1a25"];

const REGION: &str = "us-west-2";
const TABLE: &str = "media-downloader-locks";

/// Makes the project with its bucket and lock table.
pub(crate) fn begin(tofu: &Program, moto: &Program, sops: &Program) -> (Project, S3Server, Env) {
    let project = Project::from_fixture("systems/workspaces");
    let server = S3Server::start(moto);
    server.make_backend(REGION, BUCKET, TABLE);
    let env = Env::new(&project)
        .with(tofu)
        .with(sops)
        .vars(server.variables())
        .var("SOPS_AGE_KEY_FILE", project.path("age-test-key.txt"));
    (project, server, env)
}

pub(crate) trait KeepsSecrets {
    /// Asserts that no secret of either environment was printed.
    fn keeps_secrets(self) -> Self;
}

impl KeepsSecrets for Run {
    #[track_caller]
    fn keeps_secrets(self) -> Self {
        SECRETS.iter().fold(self, |run, secret| run.hides(secret))
    }
}

#[test(engines(tofu), needs(moto_server, sops))]
fn a_workspace_is_never_made_by_a_plan_that_was_not_asked_to() {
    let [tofu, moto, sops] = programs(["tofu", "moto_server", "sops"]);
    let (_project, server, env) = begin(&tofu, &moto, &sops);

    env.run(["plan", "staging"]).exits(3).tells("staging").tells("--create-workspace").keeps_secrets();
    assert!(server.keys(BUCKET).is_empty(), "a refused plan leaves no trace: {:?}", server.keys(BUCKET));

    let report = env.run(["plan", "stag", "--create-workspace", "--json"]).exits(0).keeps_secrets().report();
    assert_eq!(report.result(), "changes");
    assert_eq!(server.keys(BUCKET), [STAGING]);
    assert!(server.state(BUCKET, STAGING).addresses().is_empty(), "the workspace is there, and empty");

    let env = env.var("TF_WORKSPACE", "staging");
    env.run(["plan", "production"]).exits(3).tells("production");
    assert_eq!(server.keys(BUCKET), [STAGING]);
}

#[test(engines(tofu), needs(moto_server, sops))]
fn both_environments_go_from_the_first_plan_to_their_destruction() {
    let [tofu, moto, sops] = programs(["tofu", "moto_server", "sops"]);
    let (project, server, env) = begin(&tofu, &moto, &sops);

    let report = env
        .run(["deploy", "staging", "--yes", "--create-workspace", "--json"])
        .exits(0)
        .keeps_secrets()
        .report();
    assert_eq!(report.result(), "applied");
    assert_eq!(report.stacks(), ["media applied"]);
    assert_eq!(report.stack("media")["workspace"], "staging");
    assert_eq!(
        report.actions("media"),
        [
            "create terraform_data.download_queue",
            "create terraform_data.media_bucket",
            "create terraform_data.worker[0]"
        ]
    );
    let state = server.state(BUCKET, STAGING);
    assert_eq!(
        state.input("terraform_data.media_bucket"),
        &json!({ "bucket": "stag-media-downloader-files", "retention_days": 7 })
    );
    assert_eq!(state.input("terraform_data.worker[0]")["log_level"], "debug");
    assert_eq!(state.output("webhook_secret"), SECRETS[0], "the SOPS secret arrived");

    env.run(["plan", "staging", "--detailed-exitcode"]).exits(0).keeps_secrets();
    let report = env.run(["plan", "staging", "--json"]).exits(0).report();
    assert_eq!((report.result(), report.stacks()), ("clean", vec!["media clean".to_owned()]));

    project.edit(
        "terraform/environments/staging.tfvars",
        "log_level      = \"debug\"",
        "log_level      = \"warn\"",
    );
    let report =
        env.run(["plan", "staging", "--detailed-exitcode", "--json"]).exits(2).keeps_secrets().report();
    assert_eq!(report.actions("media"), ["update terraform_data.worker[0]"]);
    assert_eq!(server.state(BUCKET, STAGING).input("terraform_data.worker[0]")["log_level"], "debug");

    let run = env.run(["deploy", "staging", "--yes"]).exits(0).keeps_secrets();
    run.prints_row(&["media", "1", "changes"]).prints_row(&["media", "1", "applied"]);
    let staging = server.state(BUCKET, STAGING);
    assert_eq!(staging.input("terraform_data.worker[0]")["log_level"], "warn");

    // An inherited TF_WORKSPACE does not change the environment.
    let production = env.clone().var("TF_WORKSPACE", "staging");
    let refused = production.run(["deploy", "production", "--create-workspace"]).exits(3).keeps_secrets();
    refused.tells("production").tells("--confirm");
    assert!(server.state(BUCKET, PRODUCTION).addresses().is_empty(), "the workspace is there, and empty");
    assert_eq!(server.state(BUCKET, STAGING), staging);

    let report =
        production.run(["deploy", "production", "--confirm", "--json"]).exits(0).keeps_secrets().report();
    assert_eq!((report.result(), report.total("create")), ("applied", 5));
    let state = server.state(BUCKET, PRODUCTION);
    assert_eq!(state.output("bucket"), "prod-media-downloader-files");
    assert_eq!(
        state.output("workers"),
        &json!([
            "prod-media-downloader-worker-0",
            "prod-media-downloader-worker-1",
            "prod-media-downloader-worker-2"
        ])
    );
    assert_eq!(state.output("webhook_secret"), SECRETS[1]);
    assert_eq!(server.state(BUCKET, STAGING), staging);
    assert_eq!(server.keys(BUCKET), [PRODUCTION, STAGING]);

    env.run(["destroy", "staging", "--yes"]).exits(0).prints("terraform_data.media_bucket").keeps_secrets();
    assert!(server.state(BUCKET, STAGING).addresses().is_empty());
    assert_eq!(server.state(BUCKET, PRODUCTION), state);

    let refused = env.run(["destroy", "production", "--confirm", "--json"]).exits(3).keeps_secrets().report();
    assert_eq!((refused.result(), refused.total("delete")), ("refused", 5));
    assert_eq!(server.state(BUCKET, PRODUCTION), state);
    let confirmation = format!("--confirm={}", refused.digest());
    env.run(["destroy", "production", &confirmation]).exits(0).keeps_secrets();
    assert!(server.state(BUCKET, PRODUCTION).addresses().is_empty());
    assert!(server.locks(REGION, TABLE).is_empty(), "every lock was given back");
}

#[test(engines(tofu), needs(moto_server, sops))]
fn two_environments_of_one_directory_do_not_meet() {
    let [tofu, moto, sops] = programs(["tofu", "moto_server", "sops"]);
    let (_project, server, env) = begin(&tofu, &moto, &sops);
    let deploy = |environment, yes| {
        env.run(["deploy", environment, yes, "--create-workspace", "--json"]).exits(0).report()
    };

    let [staging, production] = thread::scope(|scope| {
        let both = [("staging", "--yes"), ("production", "--confirm")]
            .map(|(name, yes)| scope.spawn(move || deploy(name, yes)));
        both.map(|one| one.join().expect("a deployment that ended well"))
    });
    assert_eq!((staging.total("create"), production.total("create")), (3, 5));
    assert_eq!(server.keys(BUCKET), [PRODUCTION, STAGING]);
    assert_eq!(server.state(BUCKET, STAGING).output("bucket"), "stag-media-downloader-files");
    assert_eq!(server.state(BUCKET, PRODUCTION).output("bucket"), "prod-media-downloader-files");

    let plan = |environment| env.run(["plan", environment, "--json"]).exits(0).report();
    thread::scope(|scope| {
        for one in ["staging", "production"].map(|name| scope.spawn(move || plan(name))) {
            assert_eq!(one.join().expect("a plan that ended well").result(), "clean");
        }
    });
}

#[test(engines(tofu), needs(moto_server, sops))]
fn a_sensitive_output_is_masked_unless_it_is_asked_for() {
    let [tofu, moto, sops] = programs(["tofu", "moto_server", "sops"]);
    let (_project, _server, env) = begin(&tofu, &moto, &sops);
    env.run(["deploy", "staging", "--yes", "--create-workspace"]).exits(0).keeps_secrets();

    // In a folder below environments.toml.
    let run = env
        .clone()
        .in_folder("terraform/environments")
        .run(["output", "staging", "media", "bucket"])
        .exits(0);
    assert_eq!(run.stdout, "stag-media-downloader-files\n");
    env.run(["output", "staging", "media"]).exits(0).prints("stag-media-downloader-worker-0").keeps_secrets();
    env.run(["output", "staging", "media", "webhook_secret"]).exits(3).keeps_secrets();
    let run = env.run(["output", "staging", "media", "webhook_secret", "--show-sensitive"]).exits(0);
    assert_eq!(run.stdout, format!("{}\n", SECRETS[0]));
}
