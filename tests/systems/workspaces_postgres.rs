//! System `workspaces` with its states in PostgreSQL in place of S3.

use serde_json::json;

use crate::{
    support::{Env, Postgres, Project, programs},
    workspaces::{KeepsSecrets, SECRETS},
};

#[test(engines(tofu), needs(sops, initdb, pg_ctl, psql))]
fn environments_are_workspaces_of_a_database() {
    let [tofu, sops, initdb, pg_ctl, psql] = programs(["tofu", "sops", "initdb", "pg_ctl", "psql"]);
    let project = Project::from_fixture("systems/workspaces");
    project.write(
        "terraform/backend.tf",
        "terraform {\n  required_version = \">= 1.8.0\"\n\n  # Where the database is: PG_CONN_STR.\n  backend \"pg\" {}\n}\n",
    );
    let database = Postgres::start([&initdb, &pg_ctl, &psql]);
    let env = Env::new(&project)
        .with(&tofu)
        .with(&sops)
        .var("SOPS_AGE_KEY_FILE", project.path("age-test-key.txt"))
        .var("PG_CONN_STR", database.connection());

    env.run(["plan", "staging"]).exits(3).tells("--create-workspace");
    assert!(!database.workspaces().contains(&"staging".to_owned()), "a refused plan makes no workspace");

    env.run(["deploy", "staging", "--yes", "--create-workspace"]).exits(0).keeps_secrets();
    let staging = database.state("staging");
    assert_eq!(
        staging.input("terraform_data.download_queue"),
        &json!({ "name": "stag-media-downloader-downloads", "visibility_seconds": 900 })
    );
    assert_eq!(staging.output("webhook_secret"), SECRETS[0]);
    assert_eq!(env.run(["plan", "staging", "--json"]).exits(0).report().result(), "clean");

    project.edit("terraform/environments/staging.tfvars", "retention_days = 7", "retention_days = 8");
    let report = env.run(["plan", "staging", "--detailed-exitcode", "--json"]).exits(2).report();
    assert_eq!(
        report.actions("media"),
        ["update terraform_data.media_bucket", "update terraform_data.worker[0]"]
    );
    env.run(["deploy", "staging", "--yes"]).exits(0).keeps_secrets();
    let staging = database.state("staging");
    assert_eq!(staging.input("terraform_data.media_bucket")["retention_days"], 8);

    env.run(["deploy", "production", "--create-workspace"]).exits(3).tells("--confirm");
    assert!(database.state("production").addresses().is_empty());
    env.run(["deploy", "production", "--confirm"]).exits(0).keeps_secrets();
    assert_eq!(database.state("production").addresses().len(), 5);
    assert_eq!(database.state("staging"), staging);

    env.run(["destroy", "staging", "--yes"]).exits(0);
    assert!(database.state("staging").addresses().is_empty());
    let digest = env.run(["destroy", "production", "--json"]).exits(3).report().digest().to_owned();
    env.run(["destroy", "production", &format!("--confirm={digest}")]).exits(0);
    assert!(database.state("production").addresses().is_empty());
}
