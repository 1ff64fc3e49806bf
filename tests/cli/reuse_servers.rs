//! `--reuse` on a real S3 server, with the fake engine and the real ones.

use crate::support::{Driven, ENVIRONMENTS, Env, S3Server, Shop, plain, programs};

const OBJECT: &str = "live/staging/shop/app";

/// Deploys a stack into a bucket, with its own `workspace_key_prefix`.
fn deployed(engine: &Driven, server: &S3Server) -> Shop {
    server.make_backend("eu-west-1", "states", "locks");
    let pairs = "[defaults.backend.s3]\nbucket = \"states\"\nkey = \"shop/{stack}\"\nworkspace_key_prefix = \"live\"\n\
                 region = \"eu-west-1\"\nuse_path_style = true\nuse_lockfile = true\nskip_credentials_validation = true\n\
                 skip_requesting_account_id = true\nskip_metadata_api_check = true\nskip_region_validation = true\nmax_retries = 1\n";
    let shop = Shop::driven_by(engine, &format!("{ENVIRONMENTS}\n{pairs}"));
    let mut script = plain("app");
    script["backend"] = "s3".into();
    shop.stack("app", &[], &script);
    shop.project.commit("Begin");
    let shop = shop.with_env(|env| env.vars(server.variables()));
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    if engine.is_fake() {
        // The fake engine has its states in files: this object stands in for one.
        server.put("states", OBJECT, "{\"version\":4,\"serial\":1}");
    }
    shop
}

/// Returns true if another plan is reused, which must start no process.
#[track_caller]
fn is_reused(env: &Env) -> bool {
    let report = env.run(["plan", "staging", "--reuse", "--json"]).exits(0).report();
    assert_eq!(report.stacks(), ["app clean"]);
    let stack = report.stack("app");
    assert_eq!(stack["reused"] == true, stack["processes"] == 0, "{stack}");
    stack["reused"] == true
}

#[test(engines(fake, tofu, terraform), needs(moto_server))]
fn a_state_in_a_bucket_is_known_by_its_tag_until_anybody_writes_it(engine: &Driven) {
    let [moto] = programs(["moto_server"]);
    let mut server = S3Server::start(&moto);
    let shop = deployed(engine, &server);
    assert_eq!(server.keys("states"), [OBJECT], "{}", engine.name());
    assert!(!is_reused(&shop.env), "{}: the first one keeps", engine.name());
    assert!(is_reused(&shop.env), "{}", engine.name());
    let written = server.text("states", OBJECT).replacen('{', "{ ", 1);
    server.put("states", OBJECT, &written);
    assert!(!is_reused(&shop.env), "{}: somebody wrote it", engine.name());
    assert!(is_reused(&shop.env), "{}", engine.name());
    server.stop();
    let report = shop.run(["plan", "staging", "--reuse", "--json"]).report();
    let stack = report.stack("app");
    assert_eq!((&stack["reused"], stack["processes"] == 0), (&false.into(), false), "{}", engine.name());
    let notes = stack["notes"].to_string();
    assert!(notes.contains("its state could not be asked for: 127.0.0.1:"), "{notes}");
}

#[test(needs(moto_server))]
fn the_server_takes_the_signature_for_what_the_keys_make_of_it() {
    let [moto] = programs(["moto_server"]);
    let server = S3Server::start(&moto);
    let shop = deployed(&Driven::Fake, &server);
    let [id, secret] = server.demand_keys();
    let with =
        |secret: &str| shop.env.clone().var("AWS_ACCESS_KEY_ID", &id).var("AWS_SECRET_ACCESS_KEY", secret);
    let right = with(&secret);
    assert!(!is_reused(&right));
    assert!(is_reused(&right));
    let wrong = with("another-secret-of-that-id");
    for _ in 0..2 {
        let report = wrong.run(["plan", "staging", "--reuse", "--json"]).exits(0).report();
        let notes = report.stack("app")["notes"].to_string();
        assert!(notes.contains("it answers with status 403"), "{notes}");
        assert_eq!(report.stack("app")["reused"], false);
    }
}
