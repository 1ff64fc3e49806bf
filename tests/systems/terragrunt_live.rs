//! System `terragrunt-live`: a tree of units, two accounts, dependencies from `dependency` blocks with mocks.

use serde_json::json;

use crate::support::{Env, Project, S3Server, State, programs};

const REGION: &str = "us-east-2";
const DEV: &str = "streamline-111111111111-tfstate";
const STAGING: &str = "streamline-222222222222-tfstate";
const VPC: &str = "us-east-2/network/vpc";
const GATEWAY: &str = "us-east-2/api/gateway";
const HANDLER: &str = "us-east-2/api/handler";
const MOCKS: [&str; 3] = ["vpc-00000000", "vpc-mock-staging", "api-00000000"];

/// Returns the states of vpc, gateway and handler.
fn states(server: &S3Server, bucket: &str, environment: &str) -> [State; 3] {
    [VPC, GATEWAY, HANDLER]
        .map(|unit| server.state(bucket, &format!("live/{environment}/{unit}/terraform.tfstate")))
}

#[track_caller]
fn are_linked_and_hold_no_mock(states: &[State; 3]) {
    let [vpc, gateway, handler] = states;
    assert_eq!(&gateway.input("terraform_data.api")["vpc_id"], vpc.output("vpc_id"));
    assert_eq!(&handler.input("terraform_data.function")["vpc_id"], vpc.output("vpc_id"));
    assert_eq!(&handler.input("terraform_data.integration")["api"], gateway.output("api_id"));
    for state in states {
        for mock in MOCKS {
            assert!(!state.holds(mock), "`{mock}` is in {state:#?}");
        }
    }
}

#[test(engines(terragrunt), needs(moto_server))]
fn both_accounts_go_from_the_first_plan_to_their_destruction() {
    let [terragrunt, tofu, moto] = programs(["terragrunt", "tofu", "moto_server"]);
    let project = Project::from_fixture("systems/terragrunt-live");
    let server = S3Server::start(&moto);
    for (bucket, account) in [(DEV, "111111111111"), (STAGING, "222222222222")] {
        server.make_backend(REGION, bucket, &format!("streamline-{account}-locks"));
    }
    let env = Env::new(&project).with(&terragrunt).with(&tofu).vars(server.variables());

    let list = env.run(["list", "dev", "--json"]).exits(0).json();
    let names: Vec<_> =
        list["instances"].as_array().into_iter().flatten().map(|one| one["stack"].clone()).collect();
    assert_eq!(names, [VPC, GATEWAY, HANDLER], "in the order of the dependency blocks");

    let report = env.run(["plan", "dev", "--json"]).exits(0).report();
    assert_eq!((report.result(), report.total("create")), ("changes", 4));
    let tentative = [VPC, GATEWAY, HANDLER].map(|unit| report.stack(unit)["tentative"].clone());
    assert_eq!(tentative, [json!(false), json!(true), json!(true)], "what rests on a mock is tentative");

    let report = env.run(["deploy", "dev", "--yes", "--json"]).exits(0).report();
    assert_eq!(report.result(), "applied");
    assert_eq!(report.stacks(), [VPC, GATEWAY, HANDLER].map(|unit| format!("{unit} applied")));
    assert_eq!(report.stack(GATEWAY)["engine"], "terragrunt");
    let first = states(&server, DEV, "dev");
    are_linked_and_hold_no_mock(&first);
    assert_eq!(first[2].input("terraform_data.function")["name"], "streamline-dev-handler");
    assert!(server.keys(STAGING).is_empty());
    assert_eq!(env.run(["plan", "dev", "--detailed-exitcode", "--json"]).exits(0).report().result(), "clean");

    project.edit("infra/live/dev/us-east-2/api/handler/terragrunt.hcl", "memory = 128", "memory = 192");
    let report = env.run(["plan", "dev", "--detailed-exitcode", "--json"]).exits(2).report();
    assert_eq!(
        report.stacks(),
        [format!("{VPC} clean"), format!("{GATEWAY} clean"), format!("{HANDLER} changes")]
    );
    assert!(report.actions(HANDLER).contains(&"update terraform_data.function".to_owned()));
    env.run(["deploy", "dev", "--yes"]).exits(0).prints(HANDLER);
    let dev = states(&server, DEV, "dev");
    assert_eq!(dev[2].input("terraform_data.function")["memory"], 192);
    assert_eq!(dev[..2], first[..2], "what was clean was not applied");

    env.run(["deploy", "staging"]).exits(3).tells("staging").tells("--confirm");
    assert!(server.keys(STAGING).is_empty(), "a refused deployment leaves no state");
    env.run(["deploy", "staging", "--confirm"]).exits(0);
    let staging = states(&server, STAGING, "staging");
    are_linked_and_hold_no_mock(&staging);
    assert_eq!(staging[1].output("endpoint"), "https://streamline-staging.execute-api.us-east-2.example.com");
    assert_eq!(states(&server, DEV, "dev"), dev);

    let report = env.run(["destroy", "dev", "--yes", "--json"]).exits(0).report();
    assert_eq!((report.result(), report.total("delete")), ("applied", 4));
    assert!(states(&server, DEV, "dev").iter().all(|state| state.addresses().is_empty()));
    let digest = env.run(["destroy", "staging", "--confirm", "--json"]).exits(3).report().digest().to_owned();
    assert_eq!(states(&server, STAGING, "staging"), staging);
    env.run(["destroy", "staging", &format!("--confirm={digest}")]).exits(0);
    assert!(states(&server, STAGING, "staging").iter().all(|state| state.addresses().is_empty()));
    for account in ["111111111111", "222222222222"] {
        assert!(server.locks(REGION, &format!("streamline-{account}-locks")).is_empty());
    }
}
