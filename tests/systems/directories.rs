//! System `directories`: a directory for each environment, with its own backend and values, and shared modules.

use serde_json::json;

use crate::support::{Env, Program, Project, S3Server, programs};

const REGION: &str = "eu-central-1";
const KEY: &str = "platform/terraform.tfstate";
const STAGING: &str = "atlas-staging-tfstate";
const PRODUCTION: &str = "atlas-production-tfstate";

fn begin(engine: &Program, moto: &Program) -> (Project, S3Server, Env) {
    let project = Project::from_fixture("systems/directories");
    let server = S3Server::start(moto);
    for (environment, bucket) in [("staging", STAGING), ("production", PRODUCTION)] {
        server.make_backend(REGION, bucket, &format!("atlas-{environment}-locks"));
        // Buckets of the test server have no host names of their own, and Terraform has no environment variable for
        // that.
        let backend = format!("environments/{environment}/backend.tf");
        project.edit(&backend, "encrypt        = true", "encrypt        = true\n    use_path_style = true");
    }
    let env = Env::new(&project).with(engine).vars(server.variables());
    (project, server, env)
}

// One engine is on PATH, so that detection has one choice.
#[test(engines(tofu, terraform), needs(moto_server))]
fn both_environments_go_from_the_first_plan_to_their_destruction(engine: &Program) {
    let [moto] = programs(["moto_server"]);
    let (project, server, env) = begin(engine, &moto);

    let report = env.run(["plan", "staging", "--json"]).exits(0).report();
    assert_eq!((report.result(), report.total("create")), ("changes", 7));
    let stack = report.stack("platform");
    assert_eq!((&stack["path"], &stack["engine"]), (&json!("environments/staging"), &json!(engine.name)));

    env.run(["deploy", "staging", "--yes"]).exits(0).prints_row(&["platform", "7", "applied"]);
    assert_eq!(server.keys(STAGING), [KEY]);
    assert!(server.keys(PRODUCTION).is_empty());
    let state = server.state(STAGING, KEY);
    assert_eq!(state.addresses().len(), 7);
    let vpc = state.output("vpc_id").clone();
    assert_eq!(
        state.input("module.network.terraform_data.subnet[\"b\"]"),
        &json!({ "name": "atlas-staging-b", "vpc": vpc, "cidr": "10.20.1.0/24" })
    );
    assert_eq!(
        env.run(["plan", "staging", "--detailed-exitcode", "--json"]).exits(0).report().result(),
        "clean"
    );

    project.edit("environments/staging/terraform.tfvars", "10.20.0.0/16", "10.21.0.0/16");
    let run = env.run(["plan", "staging", "--detailed-exitcode"]).exits(2);
    run.prints_row(&["replace", "platform:", "module.network.terraform_data.vpc"]);
    let report = env.run(["deploy", "staging", "--yes", "--json"]).exits(0).report();
    assert_eq!((report.result(), report.total("replace")), ("applied", 1));
    assert!(report.actions("platform").contains(&"replace module.network.terraform_data.vpc".to_owned()));
    let staging = server.state(STAGING, KEY);
    assert_ne!(staging.output("vpc_id"), &vpc);
    assert_eq!(staging.input("module.network.terraform_data.subnet[\"a\"]")["cidr"], "10.21.0.0/24");

    env.run(["deploy", "production"]).exits(3).tells("production").tells("--confirm");
    assert!(server.keys(PRODUCTION).is_empty(), "a refused deployment leaves no state");
    env.run(["deploy", "production", "--confirm"]).exits(0);
    assert_eq!(server.keys(PRODUCTION), [KEY]);
    let production = server.state(PRODUCTION, KEY);
    assert_eq!(production.addresses().len(), 8);
    assert_eq!(
        production.input("module.service.terraform_data.service")["subnets"],
        json!(["atlas-production-a", "atlas-production-b", "atlas-production-c"])
    );
    assert_eq!(server.state(STAGING, KEY), staging);

    env.run(["destroy", "staging", "--yes"]).exits(0).prints("module.network.terraform_data.subnet[\"a\"]");
    assert!(server.state(STAGING, KEY).addresses().is_empty());
    let refused = env.run(["destroy", "production", "--json"]).exits(3).report();
    assert_eq!((refused.result(), refused.total("delete")), ("refused", 8));
    assert_eq!(server.state(PRODUCTION, KEY), production);
    env.run(["destroy", "production", &format!("--confirm={}", refused.digest())]).exits(0);
    assert!(server.state(PRODUCTION, KEY).addresses().is_empty());
    for environment in ["staging", "production"] {
        assert!(server.locks(REGION, &format!("atlas-{environment}-locks")).is_empty());
    }
}
