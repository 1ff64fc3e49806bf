//! Guard `identity`: the account is read before an environment is changed and before each apply, and any other
//! account is refused.

use std::fs;

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Shop, error};

const ROLE: &str = "arn:aws:sts::111122223333:assumed-role/Deployer";

/// Makes a project whose `production` reads the account by a program; the file `who` beside the project holds the
/// account.
fn shop(stacks: &[&str]) -> Shop {
    let text = "[project]\nname = \"shop\"\n\n[environments.staging]\nworkspace = \"staging\"\ncreate_workspace = \"always\"\n\n\
                [environments.production]\nconfirm = true\nworkspace = \"production\"\ncreate_workspace = \"always\"\n\
                guards.identity = { command = [\"sh\", \"-c\", \"echo asked >> ../asked; while read line; do echo $line; done < ../who\"], \
                matches = \"arn:aws:sts::111122223333:assumed-role/Deployer/*\" }\n";
    let shop = Shop::with(text).with_stacks(stacks);
    acts(&shop, &format!("{ROLE}/session-1"));
    shop
}

fn acts(shop: &Shop, who: &str) {
    fs::write(shop.marker("who"), format!("{who}\n")).unwrap();
}

fn asked(shop: &Shop) -> usize {
    fs::read_to_string(shop.marker("asked")).unwrap_or_default().lines().count()
}

#[test]
fn an_identity_is_read_before_the_plans_and_before_each_apply() {
    let shop = shop(&["network", "mail"]);

    let run = shop.run(["plan", "production"]).exits(0);
    run.prints(&format!("  as {ROLE}  review"));
    assert_eq!(asked(&shop), 1);

    shop.run(["deploy", "production", "--confirm"]).exits(0);
    assert_eq!(asked(&shop), 4, "two applies");
    let journal = shop.project.read(&format!("{}/journal.jsonl", shop.newest_run()));
    assert!(journal.contains(&format!("\"identity\":\"{ROLE}\"")), "{journal}");
    assert!(!journal.contains("session-1"), "{journal}");
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(asked(&shop), 4, "staging does not ask");
}

#[test]
fn anybody_else_is_refused_before_any_engine_plans() {
    let shop = shop(&["network"]);
    acts(&shop, "arn:aws:iam::999:user/eve");
    for args in [
        &["plan", "production"][..],
        &["deploy", "production", "--confirm"],
        &["destroy", "production", "--confirm"],
        &["exec", "production", "network", "--confirm", "--", "state", "rm", "x"],
    ] {
        let run = shop.env.run_args(args).exits(3);
        run.tells("`production` is only for `arn:aws:sts::111122223333:assumed-role/Deployer/*`")
            .tells("says `arn:aws:iam::999:user/eve`");
    }
    assert_eq!(shop.folders("init"), [""; 0]);
    assert_eq!(shop.folders("plan"), [""; 0]);
    assert!(
        !shop.project.path(".envctl/runs").read_dir().is_ok_and(|runs| runs.count() > 0),
        "no run is left"
    );
}

#[test]
fn a_command_that_fails_or_says_nothing_is_a_refusal() {
    let shop = shop(&["network"]);
    acts(&shop, "");
    shop.run(["deploy", "production", "--confirm"]).exits(3).tells("said nothing");
    fs::remove_file(shop.marker("who")).unwrap();
    shop.run(["deploy", "production", "--confirm"])
        .exits(3)
        .tells("`production` asks who is acting, and `sh -c")
        .tells("failed (exit status");
    shop.project.edit("environments.toml", "command = [\"sh\"", "command = [\"no-such-program\"");
    shop.run(["deploy", "production", "--confirm"])
        .exits(3)
        .tells("cannot be run: program `no-such-program`");
    assert_eq!(shop.folders("plan"), [""; 0]);
}

#[test]
fn somebody_else_at_the_time_of_the_apply_is_refused() {
    let shop = shop(&["network"]);
    shop.append(
        "environments.toml",
        "\n[stacks.network.hooks]\nbefore_apply = [[\"sh\", \"-c\", \"echo arn:aws:iam::999:user/eve > ../who\"]]\n",
    );

    let report = shop.run(["deploy", "production", "--confirm", "--json"]).exits(3).report();

    let blocked = &report.stack("network")["blocked"][0];
    assert_eq!(blocked["guard"], "identity");
    assert!(blocked["message"].as_str().unwrap().ends_with("says `arn:aws:iam::999:user/eve`"), "{blocked}");
    assert_eq!(blocked["allow"], json!(null));
    assert_eq!(shop.folders("apply"), [""; 0]);
}

#[test]
fn an_interrupt_ends_a_program_that_hangs_instead_of_telling() {
    for (key, value) in [
        (
            "guards.identity",
            "{ command = [\"sh\", \"-c\", \"touch ../begun; while :; do sleep 0.01; done\"], matches = \"*\" }",
        ),
        ("env.TOKEN", "{ command = [\"sh\", \"-c\", \"touch ../begun; while :; do sleep 0.01; done\"] }"),
    ] {
        let text = format!("[project]\nname = \"shop\"\n\n[environments.staging]\n{key} = {value}\n");
        let shop = Shop::with(&text).with_stacks(&["network"]);
        for args in [["plan", "staging", "--verbose"], ["deploy", "staging", "--yes"]] {
            let _ = fs::remove_file(shop.marker("begun"));
            let mut running = shop.env.clone().with_system().spawn(args);
            running.wait_until("it hangs", || shop.marker("begun").exists());
            running.signal(Signal::INT);
            running.wait().exits(130);
        }
        assert_eq!(shop.folders("plan"), [""; 0]);
    }
}

/// Makes a project whose pattern accepts every role of the account.
fn shop_of_roles(stacks: &[&str]) -> Shop {
    let shop = shop(stacks);
    shop.project.edit("environments.toml", "assumed-role/Deployer/*", "assumed-role/*");
    shop
}

#[test]
fn a_stored_plan_is_applied_by_nobody_else() {
    let shop = shop_of_roles(&["network"]);
    shop.run(["plan", "production"]).exits(0);
    let run = shop.newest_run().rsplit('/').next().unwrap().to_owned();
    let before = asked(&shop);
    shop.forget_calls();

    acts(&shop, "arn:aws:iam::999:user/eve");
    shop.run(["apply", &run, "--confirm"]).exits(3).tells("says `arn:aws:iam::999:user/eve`");
    assert_eq!(shop.calls(), [""; 0], "no engine was started");
    let other = "arn:aws:sts::111122223333:assumed-role/Other";
    acts(&shop, &format!("{other}/session-9"));
    shop.run(["apply", &run, "--confirm"])
        .exits(3)
        .tells(&format!("`identity` is not what it was when it was planned: then `{ROLE}`, now `{other}`"));
    assert_eq!(shop.calls(), [""; 0], "no engine was started");
    assert_eq!(asked(&shop), before + 2);

    acts(&shop, &format!("{ROLE}/session-2"));
    shop.run(["apply", &run, "--confirm"]).exits(0);
    assert_eq!(asked(&shop), before + 4, "at the start and before the apply");
    assert_eq!(shop.folders("apply"), ["network"]);
}

/// Makes a deploy of two stacks that failed at the first one, and empties the log of calls.
fn failed() -> Shop {
    let shop = shop_of_roles(&["network", "app: network"]);
    shop.behave(
        "network",
        &json!({ "apply": { "error": error("it broke", "")["error"], "error_times": 1 } }),
    );
    shop.project.write(".gitignore", "terraform.tfstate*\n*.marker\n.fake-engine-failures\n");
    shop.run(["deploy", "production", "--confirm"]).exits(1);
    shop.forget_calls();
    shop
}

#[test]
fn the_identity_guard_also_checks_a_resumed_run() {
    let shop = failed();
    let before = asked(&shop);

    acts(&shop, "arn:aws:iam::999:user/eve");
    shop.run(["runs", "resume", "--confirm"]).exits(3).tells("says `arn:aws:iam::999:user/eve`");
    assert_eq!(shop.calls(), [""; 0], "no engine was started");
    assert_eq!(asked(&shop), before + 1);

    acts(&shop, &format!("{ROLE}/session-2"));
    shop.run(["runs", "resume", "--confirm"]).exits(0);
    assert_eq!(asked(&shop), before + 4, "at the start and before each apply");
    assert_eq!(shop.folders("apply"), ["network", "app"]);
}

#[test]
fn what_somebody_else_planned_is_not_applied_by_a_resumed_run() {
    let shop = failed();

    let other = "arn:aws:sts::111122223333:assumed-role/Other";
    acts(&shop, &format!("{other}/session-9"));
    let run = shop.run(["runs", "resume", "--confirm"]).exits(3);

    run.tells(&format!(
        "✘ app      refused: `identity` is not what it was when it was planned: then `{ROLE}`, now `{other}`"
    ));
    assert_eq!(shop.folders("apply"), [""; 0]);
}

#[test]
fn whoever_applies_a_stored_plan_is_asked_again_right_before() {
    let shop = shop(&["network"]);
    shop.append(
        "environments.toml",
        "\n[stacks.network.hooks]\nbefore_apply = [[\"sh\", \"-c\", \"echo arn:aws:iam::999:user/eve > ../who\"]]\n",
    );
    shop.run(["plan", "production"]).exits(0);

    let report = shop.run(["apply", "last", "--confirm", "--json"]).exits(3).report();

    assert_eq!(report.stack("network")["blocked"][0]["guard"], "identity");
    assert_eq!(shop.folders("apply"), [""; 0]);
}
