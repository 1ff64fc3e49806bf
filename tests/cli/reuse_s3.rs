//! `--reuse` with states in buckets: one request for each `ETag`, with the stack's own keys, and none without need.

use std::fs;

use serde_json::{Value, json};

use crate::support::{AUTHORITY, Bucket, ENVIRONMENTS, Shop, plain};

/// Deploys stacks with their states in this bucket.
fn deployed(bucket: &Bucket, stacks: &[&str], more_pairs: &str) -> Shop {
    let pairs = "[defaults.backend.s3]\nbucket = \"states\"\nkey = \"{stack}\"\nregion = \"eu-west-1\"\n";
    let mut shop = Shop::with(&format!("{ENVIRONMENTS}\n{pairs}{more_pairs}"));
    for stack in stacks {
        let mut script = plain(stack);
        script["backend"] = "s3".into();
        shop = shop.with_stack(stack, &[], &script);
        bucket.put(&format!("/states/env%3A/staging/{stack}"), "one");
    }
    let keys = [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", SECRET)];
    let variables = keys.map(|(name, value)| (name, value.to_owned()));
    shop.with_env(|env| env.var("AWS_ENDPOINT_URL_S3", bucket.url()).vars(variables)).committed().deployed()
}

const SECRET: &str = "SENTINEL-of-a-key";

/// Runs `plan staging --reuse` and returns the result for each stack, with notes about its state: `app planned`.
#[track_caller]
fn planned_or_reused(shop: &Shop) -> Vec<String> {
    shop.forget_calls();
    let run = shop.run(["plan", "staging", "--reuse", "--json"]).exits(0);
    assert!(!run.stdout.contains(SECRET) && !run.stderr.contains(SECRET), "{run}");
    let planned = shop.folders("plan");
    let report = run.report();
    let how = |name: &str| {
        let stack = report.stack(name);
        assert_eq!(stack["reused"], !planned.contains(&name.to_owned()));
        let notes = stack["notes"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let notes: Vec<&str> = notes.filter(|note| note.starts_with("its state")).collect();
        let how = if stack["reused"] == json!(true) { "reused" } else { "planned" };
        format!("{name} {how} {}", notes.join(", ")).trim().to_owned()
    };
    let stacks = report.stacks();
    stacks.iter().map(|stack| how(stack.split(' ').next().unwrap())).collect()
}

#[test]
fn a_plan_with_it_asks_before_and_after_and_the_next_one_once() {
    let bucket = Bucket::start();
    let shop = deployed(&bucket, &["app", "web"], "");
    shop.run(["plan", "staging"]).exits(0);
    assert_eq!(bucket.requests(), [""; 0], "only who wants to reuse asks");
    let both = ["HEAD /states/env%3A/staging/app", "HEAD /states/env%3A/staging/web"];
    // A plan without a recorded ETag is not reused.
    assert_eq!(planned_or_reused(&shop), ["app planned", "web planned"]);
    assert_eq!(bucket.requests(), [both[0], both[0], both[1], both[1]]);
    assert_eq!(planned_or_reused(&shop), ["app reused", "web reused"]);
    assert_eq!(bucket.requests(), both);
    assert_eq!(shop.calls(), [""; 0]);
    bucket.put("/states/env%3A/staging/web", "two");
    assert_eq!(planned_or_reused(&shop), ["app reused", "web planned"]);
    assert_eq!(planned_or_reused(&shop), ["app reused", "web reused"]);
    // A version id is compared in place of the ETag.
    bucket.answer("/states/env%3A/staging/app", "200 OK\r\nETag: \"one\"\r\nx-amz-version-id: v");
    assert_eq!(planned_or_reused(&shop), ["app planned", "web reused"]);
    assert_eq!(planned_or_reused(&shop), ["app reused", "web reused"]);
}

#[test]
fn all_states_are_asked_for_at_the_same_time_whatever_the_jobs() {
    let bucket = Bucket::start();
    let names: Vec<String> = (0..8).map(|number| format!("s{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let shop = deployed(&bucket, &names, "");
    planned_or_reused(&shop);
    bucket.requests();
    let before = bucket.connections();
    bucket.hold_until(names.len());
    shop.forget_calls();
    shop.run(["plan", "staging", "--reuse", "-j", "1"]).exits(0);
    assert_eq!(bucket.requests().len(), names.len());
    assert_eq!(bucket.connections() - before, names.len());
    assert_eq!(shop.calls(), [""; 0]);
}

#[test]
fn a_state_that_was_written_while_it_was_planned_leaves_nothing_to_reuse() {
    let app = "/states/env%3A/staging/app";
    for later in ["one", "two"] {
        let bucket = Bucket::start();
        let shop = deployed(&bucket, &["app"], "");
        // The requests come before and after the engine's plan.
        let mut script = plain("app");
        script["backend"] = "s3".into();
        let (begun, end) = (shop.marker("begun"), shop.marker("end"));
        script["steps"] = json!({ "plan": { "touch": begun, "wait_for": end } });
        shop.script("app", &script);
        let mut running = shop.env.spawn(["plan", "staging", "--reuse"]);
        running.wait_until("its engine plans", || begun.exists());
        bucket.put(app, "two");
        fs::write(&end, "").unwrap();
        running.wait().exits(0);
        bucket.put(app, later);
        assert_eq!(planned_or_reused(&shop), ["app planned"]);
        assert_eq!(planned_or_reused(&shop), ["app reused"]);
    }
}

#[test]
fn whatever_is_no_answer_is_planned_and_told_without_a_secret() {
    let bucket = Bucket::start();
    let shop = deployed(&bucket, &["app"], "");
    planned_or_reused(&shop);
    let app = "/states/env%3A/staging/app";
    let host = bucket.url().replace("http://", "");
    let elsewhere = Bucket::start();
    let sent_away = format!("307 Temporary Redirect\r\nLocation: {}{app}", elsewhere.url());
    let status = |status: &str| {
        format!("app planned its state could not be asked for: {host}: it answers with status {status}")
    };
    for (answer, told) in [
        ("404 Not Found", "app planned".to_owned()),
        ("200 OK", "app planned".to_owned()),
        ("200 OK\r\nETag: W/\"one\"", "app planned".to_owned()),
        ("403 Forbidden", status("403")),
        ("503 Slow Down", status("503")),
        (&sent_away, status("307")),
    ] {
        bucket.put(app, "one");
        planned_or_reused(&shop);
        assert_eq!(planned_or_reused(&shop), ["app reused"]);
        bucket.answer(app, answer);
        assert_eq!(planned_or_reused(&shop), [told]);
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn who_would_ask_otherwise_than_the_engine_does_not_ask_at_all() {
    let sso = "[profile live]\nsso_start_url = https://example.com\nsso_region = eu-west-1\n";
    let not = |what: &str| format!("app planned its state could not be asked for: {what} is not followed");
    for (pairs, variable, told) in [
        ("role_arn = \"arn:aws:iam::123456789012:role/r\"\n", ("A", "b"), not("`role_arn` of its backend")),
        ("sse_customer_key = \"k\"\n", ("A", "b"), not("`sse_customer_key` of its backend")),
        ("profile = \"live\"\n", ("A", "b"), not("`sso_region` of profile `live`")),
        ("", ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"), not("the variable `AWS_WEB_IDENTITY_TOKEN_FILE`")),
        ("", ("AWS_CA_BUNDLE", "/ca"), not("the variable `AWS_CA_BUNDLE`")),
    ] {
        let bucket = Bucket::start();
        let shop = deployed(&bucket, &["app"], pairs);
        fs::create_dir_all(shop.project.around().join("home/.aws")).unwrap();
        fs::write(shop.project.around().join("home/.aws/config"), sso).unwrap();
        let shop = shop.with_env(|env| env.var(variable.0, variable.1));
        for _ in 0..2 {
            assert_eq!(planned_or_reused(&shop), [told.as_str()]);
        }
        assert_eq!(bucket.connections(), 0, "{told}");
    }
}

#[test]
fn keys_of_a_profile_are_taken_as_the_engine_takes_them() {
    let bucket = Bucket::start();
    let shop = deployed(&bucket, &["app"], "profile = \"live\"\n");
    let home = shop.project.around().join("home/.aws");
    fs::create_dir_all(&home).unwrap();
    let keys = format!("[live]\naws_access_key_id = x\naws_secret_access_key = {SECRET}\n");
    fs::write(home.join("credentials"), keys).unwrap();
    assert_eq!(planned_or_reused(&shop), ["app planned"]);
    assert_eq!(planned_or_reused(&shop), ["app reused"]);
}

#[test]
fn over_tls_a_server_is_asked_that_is_trusted_and_no_other() {
    let bucket = Bucket::start_secure();
    let shop = deployed(&bucket, &["app"], "");
    let unknown = planned_or_reused(&shop).concat();
    assert!(unknown.contains(": no connection that could be trusted: "), "{unknown}");
    assert_eq!(bucket.requests(), [""; 0], "nothing was sent");
    shop.append(
        "environments.toml",
        &format!("\n[environments.staging.env]\nSSL_CERT_FILE = \"{AUTHORITY}\"\n"),
    );
    assert_eq!(planned_or_reused(&shop), ["app planned"]);
    assert_eq!(planned_or_reused(&shop), ["app reused"]);
    assert_eq!(bucket.requests(), ["HEAD /states/env%3A/staging/app"; 3]);
}
