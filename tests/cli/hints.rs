//! Commands in hints: each can be run as printed, and requests the same as the command before.

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
        .tells("`envctl exec staging network --allow window --yes -- state rm 'a.b[\"x\"]'`");
}

#[test]
fn the_hint_of_a_refused_typed_command_hides_values_of_flags() {
    let shop = Shop::with(GUARDED).with_stacks(&["network"]);
    let token = "variable \"token\" {\n  sensitive = true\n  default = \"\"\n}\n";
    shop.append("network/main.tf", token);
    let flags = ["--set", "env.TOKEN=s3cret-a", "--set", "vars.token=s3cret-b", "--set", "parallelism=3"];
    let exec = ["exec", "staging", "network", "--yes"];
    let run = shop.env.run_args(&[&exec[..], &flags, &["--", "state", "rm", "a.b"]].concat()).exits(3);
    run.tells("--set 'env.TOKEN=…' --set 'vars.token=…' --set parallelism=3 --yes -- state rm a.b`")
        .hides("s3cret");
}

#[test]
fn a_destroy_that_nobody_confirmed_is_not_told_to_be_deployed() {
    let shop = Shop::of(&["network"]);
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    shop.run(["destroy", "production"]).exits(3);
    let run = shop.newest_run();
    let run = run.rsplit('/').next().unwrap();
    shop.run(["runs", "resume", run])
        .exits(3)
        .tells("hint: destroy again: `envctl destroy production`")
        .hides("envctl deploy");
}

#[test]
fn the_hint_of_a_missing_workspace_makes_it_for_the_same_stacks() {
    let environments = "[project]\nname = \"shop\"\n\n[environments.staging]\nworkspace = \"staging\"\n";
    let shop = Shop::with(environments).with_stacks(&["network", "app"]);
    shop.run(["deploy", "staging", "app", "--target", "terraform_data.app"])
        .exits(3)
        .tells("hint: `envctl deploy staging app --target terraform_data.app --create-workspace` makes it");
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

#[test]
fn a_tag_that_no_stack_has_comes_with_those_that_there_are() {
    let shop = Shop::of(&["network", "app"]);
    shop.run(["plan", "staging", "--tag", "nope"]).exits(64).tells("hint: no stack has any tag");
    shop.append("environments.toml", "tags = [\"web\", \"eu\"]\n");
    shop.run(["plan", "staging", "--tag", "nope"]).exits(64).tells("hint: the tags are `eu`, `web`");
}

#[test]
fn an_engines_command_without_the_dashes_before_it_is_shown_with_them() {
    let shop = Shop::of(&["network"]);
    shop.run(["exec", "staging", "network", "state", "rm", "a.b[\"x\"]"])
        .exits(64)
        .tells("hint: `envctl exec staging network -- state rm 'a.b[\"x\"]'`");
    for (typed, meant) in [
        (vec!["exec", "staging", "--all", "validate"], "envctl exec staging --all -- validate"),
        (vec!["exec", "--all", "staging", "output", "-json"], "envctl exec --all staging -- output -json"),
        (
            vec!["exec", "--allow", "window", "staging", "network", "--yes", "network", "x"],
            "envctl exec --allow window staging network --yes -- network x",
        ),
    ] {
        shop.env.run_args(&typed).exits(64).tells(&format!("hint: `{meant}`"));
    }
    for typed in [
        &["exec", "staging", "network", "--no-such", "--", "state", "list"][..],
        &["exec", "staging", "network", "--no-such", "state", "list"],
        &["exec", "staging", "network", "-json"],
    ] {
        let other = shop.env.run_args(typed).exits(64);
        assert!(!other.stderr.contains("stands behind"), "{other}");
    }
    let other = shop.run(["plan", "staging", "--no-such"]).exits(64);
    assert!(!other.stderr.contains("stands behind"), "{other}");
}

#[test]
fn plans_that_do_not_fit_any_more_come_with_what_makes_new_ones() {
    let shop = Shop::of(&["network", "app"]);
    shop.run(["plan", "production"]).exits(0);
    shop.append("network/main.tf", "# edited\n");
    let run = shop.run(["apply", "last", "--confirm"]).exits(3);
    run.tells("hint: `envctl plan production` makes new plans")
        .prints("1 stored plan is out of date; nothing was applied");

    shop.run(["plan", "production", "app", "--replace", "terraform_data.app"]).exits(0);
    shop.append("app/main.tf", "# edited\n");
    let run = shop.run(["apply", "last", "--confirm"]).exits(3);
    run.tells("hint: `envctl plan production app --replace terraform_data.app` makes new plans");
}

#[test]
fn help_is_a_verb_too() {
    let shop = Shop::new();
    shop.run(["help"]).exits(0).prints("Usage: envctl ");
    shop.run(["help", "plan"]).exits(0).prints("Usage: envctl plan ");
    shop.run(["help", "runs", "gc"]).exits(0).prints("Usage: envctl runs gc ");
}

#[test]
fn an_environment_in_the_place_of_a_stack_is_called_one() {
    let shop = Shop::of(&["network"]);
    for word in ["production", "prod"] {
        let run = shop.run(["plan", "staging", word]).exits(64);
        run.tells(&format!(
            "no stack is called `{word}`, which is an environment: a plan, and all that goes with it"
        ));
    }
    shop.run(["plan", "staging", "produktion"]).exits(64).hides("is an environment");
}

#[test]
fn a_missing_var_file_is_placed_and_not_told_beside_a_missing_folder() {
    let shop = Shop::of(&["network"]);
    shop.append("environments.toml", "var_files = [\"{env}.tfvars\"]\n");
    let line = shop.project.read("environments.toml").lines().count();
    shop.run(["check", "staging", "--offline"])
        .exits(4)
        .tells("error[values::missing-var-file]: the var file of `staging/network` does not exist")
        .tells(&format!("environments.toml:{line}:13"));
    shop.project.edit("environments.toml", "path = \"network\"", "path = \"netwrok\"\nengine = \"tofu\"");
    shop.run(["check", "staging", "--offline"])
        .exits(4)
        .tells("error[inventory::missing-path]")
        .hides("missing-var-file");
}

#[test]
fn a_path_without_quotes_is_told_to_be_quoted_whatever_it_begins_like() {
    for path in ["infra/net", "nano", "true/x", "network"] {
        let shop = Shop::of(&["network"]);
        shop.project.edit("environments.toml", "path = \"network\"", &format!("path = {path}"));
        shop.run(["check"])
            .exits(4)
            .tells("error[config::syntax]: this is not TOML: string values must be quoted")
            .tells("help: texts stand between quotes");
    }
    let shop = Shop::of(&["network"]);
    shop.project.edit("environments.toml", "path = \"network\"", "path = 1.x");
    shop.run(["check"]).exits(4).hides("string values must be quoted");
}

#[test]
fn a_stack_in_the_place_of_an_environment_is_called_one() {
    let shop = Shop::of(&["network"]);
    for (typed, hint) in [
        (&["plan", "network", "staging"][..], "hint: `envctl plan staging network`"),
        (&["output", "network"], "hint: for example `envctl output staging network`"),
        (&["status", "staging", "network"], "hint: `envctl status staging`"),
    ] {
        let run = shop.env.run_args(typed).exits(64);
        run.tells("there is no environment `network`: it is a stack").tells(hint);
    }
    shop.run(["plan", "netwrk", "staging"]).exits(64).hides("is a stack");
}

#[test]
fn the_folder_of_a_stack_is_answered_with_its_name() {
    let shop = Shop::of(&["network"]);
    shop.project.edit("environments.toml", "[stacks.network]", "[stacks.vpc]");
    shop.run(["plan", "staging", "./network"]).exits(64).tells("hint: did you mean `vpc`?");
    shop.run(["output", "staging", "network/"]).exits(64).tells("hint: did you mean `vpc`?");
}

#[test]
fn an_environment_in_the_place_of_a_run_is_called_one() {
    let shop = Shop::of(&["network"]);
    shop.run(["apply", "staging"])
        .exits(64)
        .tells("there are no runs in")
        .tells("hint: `staging` is an environment: `envctl deploy staging` plans and applies, `envctl apply last` applies");
    shop.run(["plan", "staging"]).exits(0);
    shop.run(["apply", "production"])
        .exits(64)
        .tells("there is no run `production`")
        .tells("hint: `production` is an environment: `envctl deploy production` plans");
    shop.run(["apply"]).exits(64).tells("hint: `envctl apply last` applies the plans of the newest run");
}

#[test]
fn a_mistyped_verb_of_an_engine_is_not_suggested_with_a_confirmation() {
    let shop = Shop::of(&["network"]);
    shop.run(["exec", "staging", "network", "--", "stat", "list"])
        .exits(64)
        .tells("there is no command `stat` of tofu; did you mean `state`?")
        .tells("hint: `envctl exec staging network -- state list`")
        .hides("--yes");
    shop.run(["exec", "staging", "network", "--yes", "--", "state", "lsit"])
        .exits(64)
        .tells("did you mean `state list`?")
        .hides("--yes");
}

#[test]
fn a_command_for_all_stacks_behind_the_dashes_is_answered_simply() {
    let shop = Shop::of(&["network"]);
    shop.run(["exec", "staging", "--all", "--", "run", "--all", "plan"])
        .exits(3)
        .tells("type the command for one stack, as `-- plan`");
}

#[test]
fn a_project_without_environments_is_told_how_one_is_declared() {
    let shop = Shop::with("[project]\nname = \"shop\"\n");
    shop.run(["plan"])
        .exits(64)
        .tells("no environment given, and environments.toml has none")
        .tells("hint: `[environments.dev]` in environments.toml declares the environment `dev`");
}

#[test]
fn an_output_of_a_stack_before_its_deployment_is_not_there_yet() {
    let shop = Shop::of(&["network"]);
    shop.run(["output", "staging", "network", "id"])
        .exits(64)
        .tells("there is no output `id`: `network` is not deployed yet")
        .tells("hint: `envctl deploy staging network` deploys it");
}

#[test]
fn a_plain_confirm_of_a_destroy_is_said_to_lack_the_digest() {
    let shop = Shop::new().with_guards("production", "max_deletes = 0").with_stacks(&["network"]);
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    shop.run(["destroy", "production", "--confirm"])
        .exits(3)
        .tells("a plain `--confirm` is not enough to destroy `production`: it takes the digest, `--confirm=")
        .hides("needs a confirmation");
}
