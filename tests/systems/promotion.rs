//! System `promotion`: dev → staging → prod, three stacks each, linked by `terraform_remote_state`.

use serde_json::json;

use crate::support::{Env, Project, S3Server, State, programs};

const REGION: &str = "eu-west-1";
const STACKS: [&str; 3] = ["network", "database", "app"];

fn bucket(environment: &str) -> String {
    format!("ledger-{environment}-tfstate")
}

/// Returns the states of network, database and app.
fn states(server: &S3Server, environment: &str) -> [State; 3] {
    STACKS.map(|stack| server.state(&bucket(environment), &format!("{stack}/terraform.tfstate")))
}

#[track_caller]
fn are_linked([network, database, app]: &[State; 3], environment: &str) {
    let cluster = database.input("module.database.terraform_data.cluster");
    assert_eq!(&cluster["subnets"], network.output("private_subnets"));
    assert_eq!(cluster["subnets"][0], format!("ledger-{environment}-private-0"));
    let service = app.input("module.app.terraform_data.service");
    assert_eq!(&service["vpc_id"], network.output("vpc_id"));
    assert_eq!(&service["database"], database.output("endpoint"));
}

#[test(engines(tofu), needs(moto_server))]
fn a_change_goes_from_dev_through_staging_to_prod() {
    let [tofu, moto] = programs(["tofu", "moto_server"]);
    let project = Project::from_fixture("systems/promotion");
    let server = S3Server::start(&moto);
    for environment in ["dev", "staging", "prod"] {
        server.make_backend(REGION, &bucket(environment), &format!("ledger-{environment}-locks"));
    }
    let env = Env::new(&project).with(&tofu).vars(server.variables());
    env.run(["check"]).exits(0);

    // A stack that reads a state cannot be planned before that state exists.
    let report = env.run(["plan", "dev", "--detailed-exitcode", "--json"]).exits(2).report();
    assert_eq!(report.stacks(), ["network changes", "database deferred", "app deferred"]);
    assert_eq!(report.stack("database")["because"], "network");

    let report = env.run(["deploy", "dev", "--yes", "--json"]).exits(0).report();
    assert_eq!(report.stacks(), ["network applied", "database applied", "app applied"]);
    let dev = states(&server, "dev");
    are_linked(&dev, "dev");
    assert_eq!(dev[2].input("module.app.terraform_data.service")["log_level"], "debug");
    assert_eq!(env.run(["plan", "dev", "--detailed-exitcode", "--json"]).exits(0).report().result(), "clean");

    env.run(["deploy", "staging", "--yes"]).exits(0);
    are_linked(&states(&server, "staging"), "staging");

    for environment in ["dev", "staging"] {
        let before = states(&server, environment);
        let file = format!("environments/{environment}/database/terraform.tfvars");
        project.edit(&file, "backup_days = ", "backup_days = 1");
        let report = env.run(["plan", environment, "--detailed-exitcode", "--json"]).exits(2).report();
        assert_eq!(report.stacks(), ["network clean", "database changes", "app clean"]);
        assert_eq!(report.actions("database"), ["update module.database.terraform_data.cluster"]);
        env.run(["deploy", environment, "--yes"]).exits(0).prints_row(&["database", "1", "applied"]);
        let after = states(&server, environment);
        assert_eq!((&after[0], &after[2]), (&before[0], &before[2]), "what was clean was not applied");
        let days = &after[1].input("module.database.terraform_data.cluster")["backup_days"];
        assert_eq!(days, &json!(if environment == "dev" { 11 } else { 17 }));
    }

    env.run(["deploy", "prod"]).exits(3).tells("prod").tells("--confirm");
    assert!(server.keys(&bucket("prod")).is_empty(), "a refused deployment leaves no state");
    // Each round is confirmed by the command that the round before printed.
    let first = env.run(["deploy", "production", "--confirm", "--json"]).exits(3).report();
    assert_eq!(first.stacks(), ["network applied", "database changes", "app deferred"]);
    let second = env.run_args(&[&first.next()[..], &["--json"]].concat()).exits(3).report();
    assert_eq!(second.stacks(), ["network clean", "database applied", "app changes"]);
    env.run_args(&second.next()).exits(0);
    let prod = states(&server, "prod");
    are_linked(&prod, "prod");
    assert_eq!(prod[2].input("module.app.terraform_data.service")["replicas"], 4, "an instance's own value");

    for environment in ["staging", "dev"] {
        let report = env.run(["destroy", environment, "--yes", "--json"]).exits(0).report();
        assert_eq!((report.result(), report.total("delete")), ("applied", 5));
        assert!(states(&server, environment).iter().all(|state| state.addresses().is_empty()));
    }
    let refused = env.run(["destroy", "prod", "--confirm", "--json"]).exits(3).report();
    assert_eq!(states(&server, "prod"), prod);
    env.run(["destroy", "prod", &format!("--confirm={}", refused.digest())]).exits(0);
    assert!(states(&server, "prod").iter().all(|state| state.addresses().is_empty()));
    for environment in ["dev", "staging", "prod"] {
        assert!(server.locks(REGION, &format!("ledger-{environment}-locks")).is_empty());
    }
}
