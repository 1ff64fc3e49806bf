//! 2. One review, one confirmation, then no surprise: the digest covers the address of each state.

use std::fs;

use crate::support::{Driven, Env, Postgres, Program, S3Server, Shop, plain, programs};

const ENVIRONMENTS: &str = "[project]
name = \"shop\"

[environments.production]
confirm = true
workspace = \"production\"
create_workspace = \"always\"
guards.identity = { command = [\"sh\", \"-c\", \"while read line; do echo $line; done < ../who\"], matches = \"arn:aws:iam::1:role/*\" }

[defaults.backend]
";

/// Makes a project whose only stack has its state in a backend with these pairs.
#[track_caller]
fn shop(engine: &Driven, kind: &str, pairs: &str) -> Shop {
    let mut script = plain("app");
    script["backend"] = kind.into();
    let shop = Shop::driven_by(engine, &format!("{ENVIRONMENTS}{kind} = {{ {pairs} }}\n"));
    fs::write(shop.marker("who"), "arn:aws:iam::1:role/one\n").expect("a written file");
    shop.with_stack("app", &[], &script).committed()
}

fn local(engine: &Driven) -> Shop {
    shop(engine, "local", "path = \"../../states/{env}.tfstate\", workspace_dir = \"../../states/{env}\"")
}

#[track_caller]
fn digest(env: &Env) -> String {
    let plan = ["plan", "production", "--json", "--allow", "lineage:production/app"];
    env.run(plan).exits(0).report().digest().to_owned()
}

/// Asserts that a deploy with the digest of another review is refused, with the changed lineage allowed.
#[track_caller]
fn is_refused(env: &Env, digest: &str) {
    let confirm = format!("--confirm={digest}");
    let run = env.run(["deploy", "production", &confirm, "--allow", "lineage:production/app"]).exits(3);
    run.tells("the plans changed: you confirmed");
}

#[test(engines(fake, tofu, terraform))]
fn equal_content_has_an_equal_digest_in_every_checkout(engine: &Driven) {
    let (one, other) = (local(engine), local(engine));
    assert_ne!(one.project.root(), other.project.root());
    let confirmed = digest(&one.env);

    // The path of environments.toml is written in another form.
    let folder = other.project.root();
    let name = folder.file_name().and_then(|name| name.to_str()).expect("a name");
    let file = format!("../{name}/environments.toml");
    other.run(["--config", &file, "deploy", "production", &format!("--confirm={confirmed}")]).exits(0);

    assert_eq!(digest(&one.env), confirmed, "{}", engine.name());
}

#[test(engines(fake, tofu, terraform))]
fn another_workspace_or_state_path_has_another_digest(engine: &Driven) {
    let shop = local(engine);
    let confirmed = digest(&shop.env);
    let text = shop.project.read("environments.toml");
    for (written, other) in [
        ("workspace = \"production\"", "workspace = \"elsewhere\""),
        ("\"../../states/{env}\"", "\"../../others/{env}\""),
        ("\"../../states/{env}\"", "\"../states/{env}\""),
    ] {
        shop.project.write("environments.toml", &text.replace(written, other));
        is_refused(&shop.env, &confirmed);
    }
    let default = text.replace("workspace = \"production\"\ncreate_workspace = \"always\"\n", "");
    shop.project.write("environments.toml", &default);
    let confirmed = digest(&shop.env);
    let elsewhere = default.replace("states/{env}.tfstate", "others/{env}.tfstate");
    shop.project.write("environments.toml", &elsewhere);
    is_refused(&shop.env, &confirmed);
    for folder in ["states", "others"] {
        let left = shop.marker(folder).join("production.tfstate");
        assert!(!left.exists(), "{}", engine.name());
    }
}

#[test(engines(fake, tofu, terraform))]
fn who_acts_is_no_part_of_the_digest(engine: &Driven) {
    let shop = local(engine);
    let confirmed = digest(&shop.env);
    fs::write(shop.marker("who"), "arn:aws:iam::1:role/two\n").expect("a written file");

    let run = shop.run(["deploy", "production", &format!("--confirm={confirmed}")]).exits(0);

    run.prints("as arn:aws:iam::1:role/two");
}

#[test(engines(tofu, terraform), needs(moto_server))]
fn the_digest_covers_an_s3_endpoint_of_the_environment(engine: &Driven) {
    let [moto] = programs(["moto_server"]);
    let (server, other) = (S3Server::start(&moto), S3Server::start(&moto));
    for server in [&server, &other] {
        server.make_backend("eu-west-1", "states", "locks");
    }
    let pairs = "bucket = \"states\", key = \"{env}/app\", region = \"eu-west-1\", use_path_style = true, \
                 skip_credentials_validation = true, skip_requesting_account_id = true, \
                 skip_metadata_api_check = true, skip_region_validation = true";
    let shop = shop(engine, "s3", pairs);
    let at = |server: &S3Server| shop.env.clone().vars(server.variables());
    let confirmed = digest(&at(&server));

    is_refused(&at(&other), &confirmed);

    // A plan creates the workspace, without resources in it.
    for key in other.keys("states") {
        assert!(other.state("states", &key).addresses().is_empty(), "{key} on {}", engine.name());
    }
    assert_eq!(digest(&at(&server)), confirmed, "{}", engine.name());
}

#[test(engines(tofu, terraform), needs(initdb, pg_ctl, psql))]
fn the_digest_covers_a_database_of_the_environment_and_no_password(engine: &Driven) {
    let [initdb, pg_ctl, psql] = programs(["initdb", "pg_ctl", "psql"]);
    let servers: [&Program; 3] = [&initdb, &pg_ctl, &psql];
    let (database, other) = (Postgres::start(servers), Postgres::start(servers));
    let shop = shop(engine, "pg", "");
    let at = |connection: &str| shop.env.clone().var("PG_CONN_STR", connection);
    let connection = database.connection();
    let confirmed = digest(&at(&connection));
    is_refused(&at(&other.connection()), &confirmed);

    // The database accepts any password.
    let with_password = connection.replacen('@', ":hush@", 1);
    assert_ne!(with_password, connection, "the connection names a user");

    assert_eq!(digest(&at(&with_password)), confirmed, "{}", engine.name());
}
