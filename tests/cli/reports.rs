//! Output of a run: its forms, and their streams.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Shop, error, redacted};

fn broken() -> Value {
    let mut plan = error("Reference to undeclared input variable", "An input variable was not declared.");
    plan["error"]["file"] = json!("main.tf");
    plan["error"]["line"] = json!(2);
    json!({ "plan": plan })
}

#[test]
fn the_report_in_a_file_is_the_one_on_stdout_and_the_one_that_is_kept() {
    let shop = Shop::of(&["network", "app: network"]);

    let run = shop.run(["plan", "staging", "--json", "--report", "out.json"]).exits(0);

    let file: Value = serde_json::from_str(&shop.project.read("out.json")).unwrap();
    assert_eq!(file, run.json());
    let id = file["run"].as_str().unwrap();
    let kept: Value =
        serde_json::from_str(&shop.project.read(&format!(".envctl/runs/{id}/report.json"))).unwrap();
    assert_eq!(kept, file);
    assert_eq!(
        shop.run(["runs", "show", id, "--json"]).exits(0).json(),
        file,
        "the journal folds to the same"
    );
}

#[test]
fn the_report_never_holds_a_value() {
    let shop = Shop::of(&["network"]);
    shop.change("network", "an-unmistakable-value");
    let run = shop.run(["plan", "staging", "--json"]).exits(0);
    assert!(!run.stdout.contains("an-unmistakable-value"));
}

#[test]
fn a_report_names_its_format_by_its_extension() {
    let shop = Shop::of(&["network"]);
    shop.run(["plan", "staging", "--report", "out.html"])
        .exits(64)
        .tells("`.html` reports are not supported yet");
    shop.run(["plan", "staging", "--report", "out"])
        .exits(64)
        .tells("the extension names the format: `.json`");
    assert_eq!(shop.calls(), [""; 0]);
}

#[test]
fn a_report_or_summary_that_cannot_be_written_starts_no_engine() {
    let shop = Shop::of(&["network"]);
    for flag in ["--report", "--summary"] {
        let run = shop.run(["plan", "staging", flag, "nowhere/out.json"]).exits(64);
        run.tells("cannot be written to").tells("nowhere/out.json");
        shop.run(["deploy", "staging", "--yes", flag, "network"]).exits(64);
    }
    assert_eq!(shop.calls(), [""; 0], "no engine was started");
    shop.run(["plan", "staging", "--report", "old.json"]).exits(0);
    shop.forget_calls();
    shop.run(["plan", "staging", "--report", "old.json", "--summary", "nowhere/new.md"]).exits(64);
    let report: Value = serde_json::from_str(&shop.project.read("old.json")).unwrap();
    assert_eq!(report["exit_code"], json!(64), "what was there is of another run");
    for flag in ["--report", "--summary"] {
        shop.run(["plan", "staging", &format!("{flag}=")]).exits(64);
    }
    shop.run(["plan", "staging", "--summary", ""]).exits(64).tells("the path is empty");
    assert_eq!(shop.calls(), [""; 0]);
}

#[test]
fn a_verb_that_fails_early_leaves_its_error_as_report_and_summary() {
    let shop = Shop::of(&["network"]);
    shop.run(["plan", "staging", "--report", "out.json"]).exits(0);
    let stale = shop.project.read("out.json");
    let read_only = shop.env.clone().var("ENVCTL_READ_ONLY", "1");
    let files = ["--json", "--report", "out.json", "--summary", "summary.md"];
    for (env, verb, code, result, says) in [
        (&shop.env, &["plan", "stagin"] as &[&str], 64, "failed", "stagin"),
        (&shop.env, &["plan", "staging", "nowhere"], 64, "failed", "nowhere"),
        (&shop.env, &["plan", "staging", "--config", "no.toml"], 4, "failed", "no.toml"),
        (&shop.env, &["plan", "staging", "--set", "colour=1"], 4, "failed", "colour"),
        (&read_only, &["deploy", "staging", "--yes"], 3, "refused", "ENVCTL_READ_ONLY"),
        (&read_only, &["destroy", "staging", "--yes"], 3, "refused", "ENVCTL_READ_ONLY"),
        (&read_only, &["apply", "last"], 3, "refused", "ENVCTL_READ_ONLY"),
        (&read_only, &["runs", "resume"], 3, "refused", "ENVCTL_READ_ONLY"),
        (&shop.env, &["runs", "resume", "01J"], 64, "failed", "01J"),
        (&shop.env, &["apply", "01J"], 64, "failed", "01J"),
    ] {
        fs::write(shop.project.path("out.json"), &stale).unwrap();
        fs::write(shop.project.path("summary.md"), "# Before\n\n").unwrap();
        let run = env.run_args(&[verb, &files].concat()).exits(code);
        let report: Value = serde_json::from_str(&shop.project.read("out.json")).unwrap();
        assert_eq!(report, run.json(), "{verb:?}: the document of `--json`");
        assert_eq!((&report["result"], &report["exit_code"]), (&json!(result), &json!(code)), "{verb:?}");
        let summary = shop.project.read("summary.md");
        let line = summary.lines().last().unwrap();
        assert!(summary.starts_with("# Before\n\n### `envctl "), "{verb:?}: {summary}");
        assert!(line.contains(says) && line.ends_with(&format!(", exit code {code}")), "{verb:?}: {summary}");
    }
}

#[test]
fn the_report_of_an_earlier_run_is_gone_once_a_run_has_begun() {
    let shop = Shop::of(&["network"]);
    shop.run(["plan", "staging", "--report", "out.json"]).exits(0);
    let go = shop.marker("go.marker");
    shop.behave("network", &json!({ "plan": { "wait_for": go } }));
    shop.forget_calls();
    let mut running = shop.env.spawn(["plan", "staging", "--report", "out.json"]);
    running.wait_until("the engine plans", || shop.folders("plan").contains(&"network".to_owned()));
    assert_eq!(shop.project.read("out.json"), "", "whoever kills envctl now finds no report");
    fs::write(&go, "").unwrap();
    running.wait().exits(0);
    let report: Value = serde_json::from_str(&shop.project.read("out.json")).unwrap();
    assert_eq!(report["result"], json!("changes"));
}

#[test]
fn the_summary_is_markdown_and_is_appended() {
    let shop = Shop::of(&["network", "app: network", "mail"]);
    shop.behave("mail", &broken());
    fs::write(shop.project.path("summary.md"), "# Before\n\n").unwrap();

    let run = shop.run(["plan", "staging", "--summary", "summary.md"]).exits(4);

    drop(run);
    let text = shop.project.read("summary.md");
    insta::assert_snapshot!(redacted(&text, shop.project.around()), @r#"
# Before

### `envctl plan staging`: ✘ failed

| stack | create | update | replace | delete | outputs | result | time |
|---|--:|--:|--:|--:|--:|---|--:|
| network | 1 | 0 | 0 | 0 | 1 | changes | [SECONDS] |
| app | 1 | 0 | 0 | 0 | 1 | changes | [SECONDS] |
| mail | 0 | 0 | 0 | 0 | 0 | **failed**: Reference to undeclared input variable | [SECONDS] |

Review `[DIGEST]`, commit `[COMMIT]`, run `[RUN]`.

<details><summary>network</summary>

```diff
# terraform_data.network: create (None -> Some(String("first")))
```

</details>

<details><summary>app</summary>

```diff
# terraform_data.app: create (None -> Some(String("first")))
```

</details>
"#);
}

#[test]
fn quiet_says_nothing_but_errors_on_stderr() {
    let shop = Shop::of(&["network", "mail"]);
    assert_eq!(shop.run(["plan", "staging", "--quiet"]).exits(0).stderr, "");
    shop.behave("mail", &broken());

    let run = shop.run(["plan", "staging", "--quiet"]).exits(4);

    assert!(!run.stderr.contains("network"), "{run}");
    run.tells("mail").tells("Reference to undeclared input variable").tells("at mail/main.tf:2");
}

#[test]
fn verbose_shows_what_the_engine_said() {
    let shop = Shop::of(&["network"]);
    shop.run(["plan", "staging"]).exits(0).hides("OpenTofu 1.12.6");
    shop.run(["plan", "staging", "--verbose"]).exits(0).tells("$ tofu plan -json").tells("OpenTofu 1.12.6");
    shop.run(["plan", "staging", "--verbose", "--quiet"]).exits(64);
}

#[test]
fn github_actions_gets_groups_and_annotations() {
    let shop = Shop::of(&["network", "mail: network"]);
    shop.behave("mail", &broken());
    shop.run(["plan", "staging"]).exits(4);

    let run =
        shop.env.clone().var("GITHUB_ACTIONS", "true").var("CI", "true").run(["plan", "staging"]).exits(4);

    insta::assert_snapshot!(run.snapshot(), @r#"
exit code 4
--- stdout
STACK    +create  ~update  ±replace  −delete  outputs  RESULT
mail                                                   plan failed (config): Reference to undeclared input variable
network        1        ·         ·        ·        1  changes
total          1        ·         ·        ·        1

network
# terraform_data.network: create (None -> Some(String("first")))

staging  commit [COMMIT] (uncommitted changes)  1 stack could not be planned, so there is nothing to confirm
--- stderr
::group::✔ network  1 to create, 1 output  [SECONDS]
    $ tofu workspace list -json
    $ tofu plan -json -detailed-exitcode -input=false -out=[PROJECT]/.envctl/runs/[RUN]/plans/network.tfplan -lock-timeout=[SECONDS]
    OpenTofu 1.12.6
    terraform_data.network: Plan to create
    Outputs: 1
    $ tofu show -json [PROJECT]/.envctl/runs/[RUN]/plans/network.tfplan
    $ tofu show -no-color [PROJECT]/.envctl/runs/[RUN]/plans/network.tfplan
::endgroup::
::group::✘ mail     plan failed (config): Reference to undeclared input variable  [SECONDS]
    $ tofu workspace list -json
    $ tofu plan -json -detailed-exitcode -input=false -out=[PROJECT]/.envctl/runs/[RUN]/plans/mail.tfplan -lock-timeout=[SECONDS]
    Error: Reference to undeclared input variable
      on main.tf line 2
      An input variable was not declared.
    (exit status 1)
    at mail/main.tf:2
::endgroup::
::error file=mail/main.tf,line=2,title=mail::Reference to undeclared input variable
"#);
}

#[test]
fn an_engines_words_cannot_command_the_runner() {
    let shop = Shop::of(&["network"]);
    shop.behave("network", &json!({ "plan": error("boom", "::set-output name=a::b") }));

    let run = shop.env.clone().var("GITHUB_ACTIONS", "true").run(["plan", "staging"]).exits(1);

    let commands: Vec<&str> = run.stderr.lines().filter(|line| line.trim_start().starts_with("::")).collect();
    assert!(!commands.iter().any(|line| line.contains("set-output")), "{commands:?}");
}

#[test]
fn the_output_of_parallel_stacks_is_not_mixed() {
    let shop = Shop::of(&["left", "right"]);
    // Each stack prints a line, waits until the other has started, and fails with several lines.
    for (own, other) in [("left", "right"), ("right", "left")] {
        let lines: Vec<String> = (0..20).map(|number| format!("{own} says {number}")).collect();
        let mut plan = error(&format!("{own} failed"), &lines.join("\n"));
        plan["stderr"] = json!([format!("{own} begins")]);
        plan["touch"] = json!(shop.marker(&format!("{own}.marker")));
        plan["wait_for"] = json!(shop.marker(&format!("{other}.marker")));
        shop.behave(own, &json!({ "plan": plan }));
    }

    let run = shop.run(["plan", "staging", "--jobs", "2", "--verbose"]).exits(1);

    let speakers: Vec<&str> = run
        .stderr
        .lines()
        .map(str::trim)
        .filter_map(|line| line.split_once(" says ").map(|(speaker, _)| speaker))
        .collect();
    assert!(speakers.len() >= 40, "{run}");
    let changes = speakers.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert_eq!(changes, 1, "one speaks to its end, then the other: {speakers:?}");
}

#[test]
fn each_stack_has_a_log_of_its_own() {
    let shop = Shop::of(&["network", "app: network"]);
    shop.run(["deploy", "staging", "--yes"]).exits(0);

    let log = shop.run(["runs", "log", "last", "app"]).exits(0);

    assert!(
        log.stdout.contains("terraform_data.app") && !log.stdout.contains("terraform_data.network"),
        "{log}"
    );
    let log = log.prints("── plan").prints("── apply").prints("Apply complete!");
    log.prints("$ tofu apply -json");
}

#[test]
fn colour_is_never_needed_and_comes_when_it_is_asked_for() {
    let shop = Shop::of(&["network"]);
    let escape = "\u{1b}[";
    shop.run(["plan", "staging"]).exits(0).hides(escape);
    shop.run(["plan", "staging", "--color", "always"]).exits(0).prints(escape).tells(escape);
    let env = shop.env.clone().without("NO_COLOR");
    env.run(["plan", "staging"]).exits(0).hides(escape);
    env.clone().var("CLICOLOR_FORCE", "1").run(["plan", "staging"]).exits(0).prints(escape);
    env.var("CLICOLOR_FORCE", "1").run(["plan", "staging", "--color", "never"]).exits(0).hides(escape);
}
