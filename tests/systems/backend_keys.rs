//! System `backend-keys`: one root module with a backend key per environment; profiles on a workstation, a role in
//! CI.

use serde_json::json;

use crate::support::{Env, Program, Project, Run, S3Server, programs};

const REGION: &str = "us-west-2";
const BUCKET: &str = "bookshelf-terraform-state";
const TABLE: &str = "bookshelf-terraform-locks";
const STAGING: &str = "bookshelf/staging/terraform.tfstate";
const PRODUCTION: &str = "bookshelf/production/terraform.tfstate";
const PASSWORDS: [&str; 2] = ["staging-password-0c41", "production-password-7e93"];

fn begin(engine: &Program, moto: &Program) -> (Project, S3Server, Env) {
    let project = Project::from_fixture("systems/backend-keys");
    let server = S3Server::start(moto);
    server.make_backend(REGION, BUCKET, TABLE);
    // Buckets of the test server have no host names of their own, and Terraform has no environment variable for that.
    project.edit(
        "infra/terraform/backend.tf",
        "encrypt        = true",
        "encrypt        = true\n    use_path_style = true",
    );
    if engine.name == "tofu" {
        project.edit("environments.toml", "engine = \"terraform\"", "engine = \"tofu\"");
        project.edit("environments.toml", "[terraform]", "[tofu]");
    }
    let env = Env::new(&project)
        .with(engine)
        .var("BOOKSHELF_STAGING_DB_PASSWORD", PASSWORDS[0])
        .var("BOOKSHELF_PRODUCTION_DB_PASSWORD", PASSWORDS[1]);
    (project, server, env)
}

/// Adds the profiles of a workstation: no keys in the environment, a profile for each account.
fn at_a_desk(project: &Project, server: &S3Server, env: Env) -> Env {
    let profile = |name: &str| {
        format!("[bookshelf-{name}]\naws_access_key_id = {name}\naws_secret_access_key = test\n")
    };
    project.write("../home/.aws/credentials", &(profile("staging") + &profile("production")));
    env.vars(server.endpoints())
}

fn keeps_passwords(run: Run) -> Run {
    PASSWORDS.iter().fold(run, |run, password| run.hides(password))
}

fn from_first_plan_to_destruction(engine: &str, project: &Project, server: &S3Server, env: &Env) {
    let report = keeps_passwords(env.run(["plan", "staging", "--json"]).exits(0)).report();
    assert_eq!(report.result(), "changes");
    assert_eq!(report.stack("bookshelf")["engine"], engine);
    assert_eq!(
        report.actions("bookshelf"),
        [
            "create module.database.terraform_data.instance",
            "create module.lambda[0].terraform_data.function",
            "create module.lambda[0].terraform_data.role",
            "create terraform_data.images_bucket",
        ]
    );
    assert!(server.keys(BUCKET).is_empty(), "a plan makes no state");

    keeps_passwords(env.run(["deploy", "staging", "--yes"]).exits(0).prints_row(&[
        "bookshelf",
        "4",
        "applied",
    ]));
    assert_eq!(server.keys(BUCKET), [STAGING]);
    let state = server.state(BUCKET, STAGING);
    assert_eq!(
        state.input("module.lambda[0].terraform_data.function"),
        &json!({
            "function_name": "bookshelf-staging-api",
            "role": "bookshelf-staging-api-role",
            "memory": 256,
            "environment": {
                "DATABASE_ENDPOINT": "bookshelf-staging-db.us-west-2.rds.example.com:5432",
                "IMAGES_BUCKET": "bookshelf-staging-images",
            },
        })
    );
    let url = format!(
        "postgres://bookshelf:{}@bookshelf-staging-db.us-west-2.rds.example.com:5432/bookshelf",
        PASSWORDS[0]
    );
    assert_eq!(state.output("database_url"), &json!(url), "the password arrived");

    assert_eq!(env.run(["plan", "stg", "--detailed-exitcode", "--json"]).exits(0).report().result(), "clean");

    project.edit("infra/terraform/envs/staging.tfvars", "lambda_memory     = 256", "lambda_memory     = 512");
    project.edit("infra/terraform/envs/staging.tfvars", "enable_cdn    = false", "enable_cdn    = true");
    let report = env.run(["plan", "staging", "--detailed-exitcode", "--json"]).exits(2).report();
    assert_eq!(
        report.actions("bookshelf"),
        [
            "create module.cdn[0].terraform_data.distribution",
            "update module.lambda[0].terraform_data.function"
        ]
    );
    env.run(["deploy", "staging", "--yes"]).exits(0);
    let staging = server.state(BUCKET, STAGING);
    assert_eq!(staging.input("module.lambda[0].terraform_data.function")["memory"], 512);
    assert_eq!(staging.output("cdn_domain"), "bookshelf-staging.cdn.example.com");

    keeps_passwords(env.run(["deploy", "production"]).exits(3).tells("production").tells("--confirm"));
    assert_eq!(server.keys(BUCKET), [STAGING], "a refused deployment leaves no state");
    keeps_passwords(env.run(["deploy", "prod", "--confirm"]).exits(0));
    let production = server.state(BUCKET, PRODUCTION);
    assert_eq!(production.addresses().len(), 5);
    assert_eq!(
        production.input("module.database.terraform_data.instance")["instance_class"],
        "db.t4g.medium"
    );
    assert!(production.holds(PASSWORDS[1]) && !production.holds(PASSWORDS[0]));
    assert_eq!(server.state(BUCKET, STAGING), staging);

    // Disabled again: the review lists the deleted resources by address.
    project.edit("infra/terraform/envs/staging.tfvars", "enable_cdn    = true", "enable_cdn    = false");
    let run = env.run(["deploy", "staging", "--yes"]).exits(0);
    run.prints_row(&["delete", "bookshelf:", "module.cdn[0].terraform_data.distribution"]);
    assert_eq!(server.state(BUCKET, STAGING).addresses().len(), 4);

    env.run(["destroy", "staging", "--yes"]).exits(0).prints("module.database.terraform_data.instance");
    assert!(server.state(BUCKET, STAGING).addresses().is_empty());
    let refused = env.run(["destroy", "production", "--confirm", "--json"]).exits(3).report();
    assert_eq!(server.state(BUCKET, PRODUCTION), production);
    keeps_passwords(env.run(["destroy", "production", &format!("--confirm={}", refused.digest())]).exits(0));
    assert!(server.state(BUCKET, PRODUCTION).addresses().is_empty());
    assert!(server.locks(REGION, TABLE).is_empty());
}

#[test(engines(terraform), needs(moto_server))]
fn environments_are_deployed_and_destroyed_on_terraform_at_a_desk() {
    let [terraform, moto] = programs(["terraform", "moto_server"]);
    let (project, server, env) = begin(&terraform, &moto);
    let env = at_a_desk(&project, &server, env);
    from_first_plan_to_destruction("terraform", &project, &server, &env);
}

#[test(engines(tofu), needs(moto_server))]
fn environments_are_deployed_and_destroyed_on_tofu_in_ci() {
    let [tofu, moto] = programs(["tofu", "moto_server"]);
    let (project, server, env) = begin(&tofu, &moto);
    // The profiles do not exist in CI: using one would fail every init.
    let env = env.var("CI", "true").vars(server.variables());
    from_first_plan_to_destruction("tofu", &project, &server, &env);
}

#[test(engines(tofu), needs(moto_server))]
fn a_password_that_is_not_there_stops_before_any_engine() {
    let [tofu, moto] = programs(["tofu", "moto_server"]);
    let (project, server, env) = begin(&tofu, &moto);
    let env = at_a_desk(&project, &server, env).without("BOOKSHELF_PRODUCTION_DB_PASSWORD");
    env.run(["plan", "production"]).exits(4).tells("db_password").tells("BOOKSHELF_PRODUCTION_DB_PASSWORD");
    env.run(["deploy", "production", "--confirm"]).exits(4).tells("BOOKSHELF_PRODUCTION_DB_PASSWORD");
    assert!(server.keys(BUCKET).is_empty());
    assert!(!project.path("infra/terraform/.terraform").exists());
}
