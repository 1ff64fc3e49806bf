//! What envctl says to type next can be typed, and asks for the same.

use crate::support::Shop;

const GUARDED: &str = "[project]
name = \"shop\"

[environments.staging]
workspace = \"staging\"
create_workspace = \"always\"
guards.window = [{ days = [\"mon\"], from = \"00:00\", to = \"00:01\" }, { days = [\"tue\"], from = \"00:00\", to = \"00:01\" }]
";

#[test]
fn a_digest_behind_a_space_is_pointed_at() {
    let shop = Shop::of(&["network"]);
    shop.run(["deploy", "staging", "--confirm", "3fb2ef8f2d4e40ed"])
        .exits(64)
        .tells("hint: did you mean `--confirm=3fb2ef8f2d4e40ed`?");
}

#[test]
fn no_jobs_at_all_are_refused_in_plain_words() {
    let shop = Shop::of(&["network"]);
    for args in [["plan", "staging", "-j0"], ["apply", "last", "-j0"], ["runs", "resume", "-j0"]] {
        shop.run(args).exits(64).tells("it must be a whole number, at least 1");
    }
}

#[test]
fn the_hint_of_a_refused_typed_command_has_the_command() {
    let shop = Shop::with(GUARDED).with_stacks(&["network"]);
    shop.run(["exec", "staging", "network", "--yes", "--", "state", "rm", "a.b[\"x\"]"])
        .exits(3)
        .tells("`envctl exec staging network --allow window -- state rm 'a.b[\"x\"]'`");
}

#[test]
fn the_hint_of_a_missing_workspace_makes_it_for_the_same_stacks() {
    let environments = "[project]\nname = \"shop\"\n\n[environments.staging]\nworkspace = \"staging\"\n";
    let shop = Shop::with(environments).with_stacks(&["network", "app"]);
    shop.run(["deploy", "staging", "app", "--target", "a.b"])
        .exits(3)
        .tells("hint: `envctl deploy staging app --target a.b --create-workspace` makes it");
}

#[test]
fn a_run_that_found_nothing_is_shown_where_it_cannot_be_applied() {
    let shop = Shop::of(&["network"]).deployed();
    let plan = shop.run(["plan", "staging", "--json"]).exits(0).json();
    let run = plan["run"].as_str().unwrap();
    shop.run(["apply", "last"])
        .exits(3)
        .tells(&format!("hint: `envctl runs show {run}` shows what it found"));
}

#[test]
fn without_runs_none_is_said_to_have_ended_well() {
    let shop = Shop::of(&["network"]);
    shop.run(["runs", "resume"]).exits(64).tells("there is no run to resume: there are no runs yet");
}

#[test]
fn what_is_wrong_in_every_environment_is_said_once() {
    let shop = Shop::of(&["network: app", "app: network"]);
    let run = shop.run(["check"]).exits(4).prints("✘ config staging").prints("✘ config production");
    assert_eq!(run.stderr.matches("stacks need each other").count(), 1, "{run}");
}

#[test]
fn nothing_is_called_right_where_no_stack_could_be_looked_at() {
    let shop = Shop::new();
    shop.append("environments.toml", "\n[stacks.lost]\npath = \"nowhere\"\n");
    shop.run(["check"])
        .exits(4)
        .prints("✘ config staging: 1 problem")
        .prints("– versions staging: there is no instance to look at")
        .hides("✔");
}
