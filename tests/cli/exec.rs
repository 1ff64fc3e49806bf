//! `exec`, `output` and `shell`: the engine, run in the right folder and environment.

use serde_json::json;

use crate::support::{Driven, ENVIRONMENTS, Env, Live, Shop, plain, script};

#[test]
fn a_reading_command_needs_no_confirmation_and_has_the_streams_to_itself() {
    let shop = Shop::of(&["network"]);
    shop.run(["deploy", "production", "--confirm"]).exits(0);
    shop.forget_calls();

    let run = shop.run(["exec", "production", "network", "--", "state", "pull"]).exits(0);

    assert_eq!(run.json()["resources"][0]["instances"][0]["attributes"]["input"], "first");
    let log = shop.log();
    assert_eq!(shop.calls(), ["network workspace list", "network state pull"]);
    assert_eq!(log[1]["workspace"], "production");
    assert!(log[1]["dir"].as_str().unwrap().ends_with("/network"));
}

#[test]
fn a_mutating_command_passes_the_gate() {
    let shop = Shop::of(&["network"]);
    for environment in ["staging", "production"] {
        shop.run(["deploy", environment, "--confirm"]).exits(0);
    }
    let remove = ["--", "state", "rm", "terraform_data.network"];
    let exec = |flags: &[&str]| shop.env.run_args(&[&["exec"], flags, &remove].concat());

    let run = exec(&["production", "network"]).exits(3);
    insta::assert_snapshot!(run.snapshot(), @r#"
exit code 3
--- stderr
error: `state rm terraform_data.network` may change `network` in `production` and was not confirmed
hint: `envctl exec production network --confirm -- state rm terraform_data.network`
"#);
    exec(&["production", "network", "--yes"]).exits(3).tells("was not confirmed");
    exec(&["production", "network", "--confirm=0123456789abcdef"]).exits(64);
    exec(&["staging", "network"])
        .exits(3)
        .tells("hint: `envctl exec staging network --yes -- state rm terraform_data.network`");
    assert_eq!(shop.folders("state rm"), [""; 0]);
    assert_eq!(shop.deployed_value("network", "production").as_deref(), Some("first"));

    exec(&["staging", "network", "--yes"]).exits(0).prints("Removed terraform_data.network");
    assert_eq!(shop.deployed_value("network", "staging"), None);
    exec(&["production", "network", "--confirm"]).exits(0);
    assert_eq!(shop.deployed_value("network", "production"), None);
}

#[test]
fn exec_all_runs_in_every_stack_in_order_and_stops_at_a_failure() {
    let shop = Shop::of(&["network", "app: network", "web: app"]).deployed();

    let run = shop.run(["exec", "staging", "--all", "--", "state", "pull"]).exits(0);
    run.tells("── network").tells("── web");
    assert_eq!(shop.folders("state pull"), ["network", "app", "web"]);

    shop.behave("app", &json!({ "output": { "exit": 7 } }));
    let run = shop.run(["exec", "staging", "--all", "--", "output"]).exits(1);
    run.tells("`output` ended with exit status 7 in `app`");
    assert_eq!(shop.folders("output"), ["network", "app"]);
    shop.run(["exec", "staging", "--all", "network", "--", "output"]).exits(64);
    shop.run(["exec", "staging", "network"]).exits(64);
}

/// Makes a stack with an output of each kind.
fn outputs() -> Shop {
    let shop = Shop::new();
    let mut script = plain("network");
    script["outputs"] = json!({ "vpc": "vpc-1", "zones": ["a", "b"], "password": "hunter2-hunter2" });
    script["sensitive"] = json!(["password"]);
    shop.stack("network", &[], &script);
    shop.stack("app", &["network"], &plain("app"));
    shop.deployed()
}

#[test]
fn a_named_output_is_its_bare_value() {
    let shop = outputs();
    let value = |name: &str| shop.run(["output", "staging", "network", name]).exits(0).stdout;
    assert_eq!(value("vpc"), "vpc-1\n");
    assert_eq!(value("zones"), "[\"a\",\"b\"]\n");
}

#[test]
fn a_sensitive_output_is_masked_in_every_form_unless_it_is_asked_for() {
    let shop = outputs();
    let secret = "hunter2-hunter2";
    for args in [
        vec!["output", "staging"],
        vec!["output", "staging", "--json"],
        vec!["output", "staging", "network", "--json"],
        vec!["output", "staging", "network", "password", "--json"],
    ] {
        shop.env.run_args(&args).exits(0).hides(secret);
        shop.env.run_args(&[&args[..], &["--show-sensitive"]].concat()).exits(0).prints(secret);
    }
    // A script would take a masked value for the value.
    let bare = ["output", "staging", "network", "password"];
    shop.run(bare).exits(3).hides(secret).tells("hint: `--show-sensitive` shows it");
    shop.env.run_args(&[&bare[..], &["--show-sensitive"]].concat()).exits(0).prints(secret);
    insta::assert_snapshot!(shop.run(["output", "staging"]).snapshot(), @r#"
exit code 0
--- stdout
network
  password = (sensitive)
  vpc = "vpc-1"
  zones = ["a","b"]
app
  id = "app-1"
"#);
}

#[test]
fn an_unknown_output_lists_the_names_that_there_are() {
    let shop = outputs();
    let run = shop.run(["output", "staging", "network", "vcp"]).exits(64);
    insta::assert_snapshot!(run.snapshot(), @r#"
exit code 64
--- stderr
error: there is no output `vcp`; there are: password, vpc, zones; did you mean `vpc`?
"#);
    assert_eq!(run.stdout, "");
}

#[test]
fn a_shell_has_the_environment_of_its_instance_and_says_where_it_is() {
    let shop = Shop::of(&["network"]);
    shop.append("environments.toml", "\n[stacks.network.in.production]\nenv.AWS_PROFILE = \"prod\"\n");
    let shell = shop.marker("shell");
    let words = "#!/bin/sh\necho \"$PWD|$TF_WORKSPACE|$TF_DATA_DIR|$AWS_PROFILE|$ENVCTL_INSTANCE\"\necho \"$PS1\"\nexit 9\n";
    script(&shell, words);
    let env = shop.env.clone().var("SHELL", shell).var("TF_WORKSPACE", "elsewhere");
    let root = shop.project.root().canonicalize().unwrap();
    let root = root.display();

    let production =
        env.run(["shell", "production", "network"]).exits(0).tells("[production/network] in network");
    let lines: Vec<&str> = production.stdout.lines().collect();
    assert_eq!(
        lines[0],
        format!("{root}/network|production|../.envctl/data/production/network|prod|production/network")
    );
    assert!(lines[1].contains("[production/network]"), "{production}");
    let staging = env.run(["shell", "staging", "network"]).exits(0);
    let lines_of_staging: Vec<&str> = staging.stdout.lines().collect();
    assert!(lines_of_staging[1].contains("[staging/network]"), "{staging}");
    assert!(lines[1].contains("\u{1b}[31m"), "production is red: {:?}", lines[1]);
    assert!(!lines_of_staging[1].contains("\u{1b}[31m"), "and nothing else is: {:?}", lines_of_staging[1]);
}

#[test]
fn a_shell_that_cannot_be_started_is_4() {
    let shop = Shop::of(&["network"]);
    let run = shop.env.clone().var("SHELL", "/nowhere/sh").run(["shell", "staging", "network"]).exits(4);
    run.tells("the shell cannot be started").tells("/nowhere/sh");
}

#[test]
fn a_name_in_the_prompt_of_a_shell_runs_nothing() {
    const HOSTILE: &str = "a$(touch pwned)`touch pwned2`$HOME%!b";
    let shop = Shop::of(&[]);
    shop.script(HOSTILE, &plain("app"));
    shop.append("environments.toml", &format!("\n[stacks.\"{HOSTILE}\"]\npath = \"{HOSTILE}\"\n"));
    for name in ["bash", "sh"] {
        // Without a terminal a shell prints its prompt only with `-i`.
        let words = format!("#!/bin/sh\nprintf 'exit\\n' | exec /bin/{name} \"$@\" -i 2>&1\n");
        let shell = shop.marker(name);
        script(&shell, &words);
        let env = shop.env.clone().with_system().var("SHELL", shell);
        let run = env.run(["shell", "staging", HOSTILE]).exits(0);
        for made in ["pwned", "pwned2"] {
            assert!(!shop.project.path(made).exists(), "{name}");
            assert!(!shop.project.path(&format!("{HOSTILE}/{made}")).exists(), "{name}");
        }
        // End of the prompt, which is cut to the width of a line.
        run.prints("E__b]");
    }
}

#[test]
fn a_command_that_no_answer_lets_through_is_not_said_to_be_unconfirmed() {
    let shop = Shop::of(&["network"]);
    for flag in ["--all", "-all"] {
        let run = shop.run(["exec", "production", "network", "--", "apply", flag]).exits(3);
        run.tells(&format!("`{flag}` acts on more than the stack")).hides("not confirmed");
    }
    let run = shop.run(["exec", "production", "network", "--", "apply", "--working-dir=../x"]).exits(3);
    run.tells("`--working-dir` acts on more than the stack").hides("not confirmed");
}

/// Returns the colours of `exec … -- ARGS` for `--color WHEN`, or without the flag if `when` is empty.
fn has_colors(env: &Env, environment: &str, when: &str, args: &[&str]) -> bool {
    let color = ["--color", when];
    let color = if when.is_empty() { &[][..] } else { &color[..] };
    let run =
        env.run_args(&[color, &["exec", environment, "network", "--yes", "--"], args].concat()).exits(0);
    run.stdout.contains('\u{1b}')
}

#[test(engines(tofu, terraform))]
fn typed_commands_have_the_colours_that_envctl_has(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network"]);
    for args in [&["plan"][..], &["apply", "-auto-approve"], &["state", "list"], &["validate"]] {
        let colors = |when: &str| has_colors(&shop.env, "staging", when, args);
        assert_eq!([colors("never"), colors("")], [false, false], "{args:?}");
    }
    assert!(has_colors(&shop.env, "staging", "always", &["validate"]));
    assert!(!has_colors(&shop.env, "staging", "always", &["validate", "-no-color"]));
    let forced = shop.env.clone().var("NO_COLOR", "").var("CLICOLOR_FORCE", "1");
    assert!(has_colors(&forced, "staging", "", &["validate"]));
    assert!(!has_colors(&forced.var("NO_COLOR", "1"), "staging", "", &["validate"]));
}

#[test(engines(terragrunt))]
fn typed_commands_of_a_unit_have_the_colours_that_envctl_has() {
    let live = Live::new();
    live.unit("network", "", "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n", "");
    for args in [&["plan"][..], &["run", "--", "plan"], &["validate"]] {
        let colors = |when: &str| has_colors(&live.env, "dev", when, args);
        assert_eq!([colors("never"), colors(""), colors("always")], [false, false, true], "{args:?}");
    }
    assert!(!has_colors(&live.env, "dev", "always", &["plan", "-no-color"]));
}
