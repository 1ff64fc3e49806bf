//! 11. Bad input gets a clear error, at its place, and nothing is changed.

use std::fs;

use serde_json::json;

use crate::support::{Driven, ENVIRONMENTS, Live, Program, Run, Shop};

/// Asserts that neither environment has a state.
#[track_caller]
fn nothing_was_made(shop: &Shop) {
    for environment in ["staging", "production"] {
        assert_eq!(shop.state("network", environment), None);
    }
}

/// Asserts that a run reported an error without a panic.
#[track_caller]
fn in_words(run: Run) -> Run {
    run.hides("panicked").hides("RUST_BACKTRACE")
}

#[test]
fn a_broken_file_is_shown_with_its_line_and_nothing_is_done() {
    let shop = Shop::of(&["network"]);
    shop.append("environments.toml", "\n[stacks.app]\npath = \"network\nneeds = [\"netwrok\"]\n");
    in_words(shop.run(["deploy", "staging", "--yes"]))
        .exits(4)
        .tells("environments.toml:")
        .tells("path = \"network");
    assert_eq!(shop.calls(), [""; 0], "no engine was started");
    nothing_was_made(&shop);
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let shop = Shop::of(&["network", "app: network"]);
    shop.project.edit("environments.toml", "needs = [\"network\"]", "needs = [\"netwrok\"]\ntgas = [\"x\"]");
    let run = in_words(shop.run(["deploy", "staging", "--yes"])).exits(4);
    run.tells("did you mean `network`?").tells("did you mean `tags`?");
    assert_eq!(shop.calls(), [""; 0]);
}

#[test]
fn a_cycle_is_shown_as_its_whole_path() {
    let shop = Shop::of(&["network: app", "app: database", "database: network"]);
    in_words(shop.run(["plan", "staging"]))
        .exits(4)
        .tells("network")
        .tells("app")
        .tells("database")
        .tells("cycle");
    assert_eq!(shop.calls(), [""; 0]);
}

#[test(engines(fake, tofu, terraform))]
fn broken_hcl_is_named_by_file_and_line_and_other_states_are_unchanged(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network", "mail"]);
    shop.append("network/main.tf", "\nresource \"terraform_data\" {\n");
    in_words(shop.run(["deploy", "staging", "--yes"])).exits(4).tells("network/main.tf");
    nothing_was_made(&shop);
    assert_eq!(shop.state("mail", "staging"), None, "nothing is applied while a stack cannot be planned");
}

#[test(engines(tofu, terraform))]
fn an_empty_or_torn_state_is_refused_and_left_as_it_is(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network"]);
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    let path = shop.project.path("network/terraform.tfstate.d/staging/terraform.tfstate");
    let whole = fs::read(&path).unwrap();
    for torn in [&whole[..0], &whole[..whole.len() / 2]] {
        fs::write(&path, torn).unwrap();

        let run = in_words(shop.run(["deploy", "staging", "--yes"]));

        assert!([1, 3].contains(&run.code()), "{}: {run}", engine.name());
        assert_eq!(fs::read(&path).unwrap(), torn, "{}: it is as it was", engine.name());
    }
}

#[test]
fn a_file_where_a_folder_must_be_is_named() {
    for place in [".envctl", ".envctl/runs", ".envctl/locks", ".envctl/instances"] {
        let shop = Shop::of(&["network"]);
        shop.project.write(place, "in the way");
        let run = in_words(shop.run(["deploy", "staging", "--yes"]));
        assert!([1, 4].contains(&run.code()), "{place}: {run}");
        run.tells(place.trim_start_matches(".envctl/"));
        nothing_was_made(&shop);
    }
}

#[test]
fn an_engine_that_is_missing_or_no_program_is_named() {
    let shop = Shop::of(&["network"]);
    shop.project.edit(
        "environments.toml",
        "name = \"shop\"\n",
        "name = \"shop\"\nengine = \"tofu\"\n\n[tofu]\nprogram = \"./no-program\"\n",
    );
    in_words(shop.run(["plan", "staging"])).exits(4).tells("no-program");
    shop.project.write("no-program", "not executable");
    in_words(shop.run(["plan", "staging"])).exits(4).tells("no-program");
}

#[test]
fn a_full_disk_ends_a_run_with_an_error_and_a_true_record() {
    let bash = Program { name: "bash", path: "/bin/bash".into() };
    // Limits in blocks of 1024 bytes, from none to enough for all files.
    for blocks in [0, 1, 2, 3, 4, 6, 8, 12, 16, 32] {
        let shop = Shop::of(&["network", "app: network"]);
        let env = shop.env.clone().with_envctl().with_system();
        let command = format!("ulimit -f {blocks}; trap '' XFSZ; exec envctl deploy staging --yes");

        let run = in_words(env.run_program(&bash, &["-c", &command]));

        let applied: Vec<_> = ["network", "app"].map(|stack| shop.deployed_value(stack, "staging")).into();
        if run.code() != 0 {
            assert!(!run.stderr.trim().is_empty() || !run.stdout.trim().is_empty(), "{blocks}: it says why");
        }
        assert_eq!(run.code() == 0, applied.iter().all(Option::is_some), "{blocks}: {applied:?}\n{run}");
        if applied.iter().any(Option::is_some) {
            let journal = shop.project.read(&format!("{}/journal.jsonl", shop.newest_run()));
            let begun = journal.matches("\"engine_started\"").count();
            assert!(begun > 0, "{blocks}: nothing is applied without a record\n{journal}");
        }
        // With enough space the next deploy completes.
        shop.run(["deploy", "staging", "--yes"]).exits(0);
        let after = ["network", "app"].map(|stack| shop.deployed_value(stack, "staging"));
        assert_eq!(after, [Some("first".to_owned()), Some("first".to_owned())], "{blocks}");
    }
}

#[test(engines(fake, tofu, terraform))]
fn spaces_and_quotes_in_names_reach_an_engine_as_they_are(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS);
    shop.script(
        "a folder's \"stack\"",
        &json!({ "resources": { "terraform_data.x": "first" }, "outputs": {} }),
    );
    shop.append("environments.toml", "\n[stacks.odd]\npath = \"a folder's \\\"stack\\\"\"\n");
    shop.run(["deploy", "staging", "--yes"]).exits(0);
    assert_eq!(shop.deployed_value("a folder's \"stack\"", "staging").as_deref(), Some("first"));
}

#[test(engines(terragrunt))]
fn an_input_that_no_variable_of_a_unit_takes_is_told_with_its_plan() {
    let live = Live::new();
    live.unit("net", "", "output \"id\" {\n  value = \"real\"\n}\n", "");
    let main = "variable \"id\" {\n  default = \"none\"\n}\nresource \"terraform_data\" \"a\" {\n  input = var.id\n}\n";
    live.unit("app", "", main, "inputs = { idd = \"net.id\" }\n");
    live.project.commit("Begin");
    live.env.run(["deploy", "dev", "net", "--yes"]).exits(0);
    let run = live.env.run(["plan", "dev", "app"]).exits(0);
    run.prints("warning: app: `idd` takes `net.id`, and the plan has no such variable: nothing declares it");
    live.project.edit("environments.toml", "idd = ", "id = ");
    let run = live.env.run(["plan", "dev", "app"]).exits(0);
    assert!(!run.stdout.contains("no such variable"), "{run}");
}
