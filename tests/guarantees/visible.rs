//! 2. One review, one confirmation, then no surprise: no output of an engine or a hook, and no value, can hide a line.

use std::{fs, path::Path};

use serde_json::json;

use crate::support::{Driven, ENVIRONMENTS, Env, Run, Shop, error};

/// Text that clears a line, hides text, sets the window title and reverses the reading direction.
const HOSTILE: &str = "a\u{1b}[1A\u{1b}[2K\u{1b}[8mb\u{1b}]0;title\u{7}\u{9b}1A\u{202e}z\r";

/// Form of [`HOSTILE`] that may be printed.
const SHOWN: &str = r"a\u{1b}[1A\u{1b}[2K\u{1b}[8mb\u{1b}]0;title\u{7}\u{9b}1A\u{202e}z";

/// Form of [`HOSTILE`] in HCL.
const IN_HCL: &str = r"a\u001b[1A\u001b[2K\u001b[8mb\u001b]0;title\u0007\u009b1A\u202ez\r";

fn is_obeyed(character: char) -> bool {
    (character.is_control() && !"\n\t".contains(character))
        || matches!(character, '\u{61c}' | '\u{180e}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(character, '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Asserts that a text has no control sequence.
#[track_caller]
fn is_harmless(text: &str, place: &str) {
    let found = text.lines().find(|line| line.contains(is_obeyed));
    assert_eq!(found, None, "in {place}");
}

#[track_caller]
fn harmless(run: Run) -> Run {
    is_harmless(&run.stdout, "standard output");
    is_harmless(&run.stderr, "standard error");
    run
}

/// Asserts that no diff, log, journal or report of a run has a control sequence.
#[track_caller]
fn leaves_harmless_files(shop: &Shop) {
    let mut folders = vec![shop.project.path(".envctl/runs")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if is_for_people(&path) {
                files += 1;
                is_harmless(&String::from_utf8_lossy(&fs::read(&path).unwrap()), &path.to_string_lossy());
            }
        }
    }
    assert!(files > 3, "there are diffs, logs, journals and reports");
}

fn is_for_people(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    let end = path.extension().unwrap_or_default();
    ["diff", "log"].iter().any(|known| end == *known) || name == "journal.jsonl" || name == "report.json"
}

/// Returns configuration that puts values into all kinds of an engine's output.
fn talkative() -> String {
    format!(
        r#"
variable "fails" {{
  default = false
}}

locals {{
  hostile = "{IN_HCL}"
}}

resource "terraform_data" "many_lines" {{
  input = {{ text = "first\n${{local.hostile}}\nlast" }}

  lifecycle {{
    precondition {{
      condition     = !var.fails
      error_message = "It fails with ${{local.hostile}}."
    }}
  }}
}}

resource "terraform_data" "keyed" {{
  for_each = toset([local.hostile])
  input    = "x"

  provisioner "local-exec" {{
    command = "printf '%s\\n' \"$SAID\""
    environment = {{ SAID = local.hostile }}
  }}
}}

output "text" {{
  value = local.hostile
}}

check "always" {{
  assert {{
    condition     = terraform_data.many_lines.input.text == ""
    error_message = "A warning with ${{local.hostile}}."
  }}
}}
"#
    )
}

#[test(engines(tofu, terraform))]
fn marks_that_nobody_sees_are_shown_in_reviews_and_records(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]);
    let in_hcl = r"one\n\u200ftwo\u061c\u200e\u2028\u2066\ufeff\u180e\U000e0041three\n";
    let text = format!(
        "resource \"terraform_data\" \"app\" {{\n  input = \"{in_hcl}\"\n}}\noutput \"id\" {{\n  value = \"{in_hcl}\"\n}}\n"
    );
    shop.project.write("app/main.tf", &text);
    let plan = harmless(shop.run(["plan", "staging"]).exits(0));
    plan.prints(r"\u{200f}two\u{61c}\u{200e}\u{2028}\u{2066}\u{feff}\u{180e}\u{e0041}three");
    harmless(shop.run(["deploy", "staging", "--yes"]).exits(0));
    harmless(shop.run(["output", "staging", "app"]).exits(0));
    harmless(shop.run(["runs", "log"]).exits(0));
    leaves_harmless_files(&shop);
}

#[test(engines(tofu, terraform))]
fn no_value_of_a_stack_can_move_the_cursor_of_whoever_reads_the_review(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_env(Env::with_system);
    shop.stack("app", &[], &json!({}));
    shop.project.write("app/main.tf", &talkative());
    shop.project.commit("Begin");

    let plan = harmless(shop.run(["plan", "production", "--summary", "summary.md", "-v"]).exits(0));
    plan.prints(SHOWN);
    is_harmless(&shop.project.read("summary.md"), "the summary");
    // envctl's own colours are allowed.
    let coloured = shop.run(["--color=always", "runs", "show", "last", "app"]).exits(0).prints(SHOWN);
    is_harmless(&coloured.stdout, "the diff");
    harmless(shop.run(["deploy", "production", "--confirm"]).exits(0)).tells(SHOWN);
    harmless(shop.run(["runs", "show"]).exits(0)).prints("terraform_data.keyed");
    harmless(shop.run(["runs", "log"]).exits(0)).prints(SHOWN);
    harmless(shop.run(["output", "production"]).exits(0));
    let value = shop.run(["output", "production", "app", "text"]).exits(0);
    assert_eq!(value.stdout, format!("{HOSTILE}\n"), "a program gets the value as it is");
    let failed = shop.run(["plan", "production", "--var", "fails=true"]).exits(4);
    harmless(failed).tells(SHOWN);
    let exec = ["exec", "production", "app", "--confirm", "--", "apply", "-auto-approve", "-replace"];
    let exec = [exec.as_slice(), &["terraform_data.many_lines"]].concat();
    let exec: [&str; 9] = exec.try_into().unwrap();
    harmless(shop.run(exec).exits(0)).prints("Apply complete!").prints(SHOWN);
    leaves_harmless_files(&shop);
}

#[test(engines(fake, tofu, terraform))]
fn no_error_hook_or_secret_command_can_move_the_cursor(engine: &Driven) {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["app"]).with_env(Env::with_system);
    shop.project.write("hostile", HOSTILE);
    let deploys = ["deploy", "staging", "--yes", "-v"];
    shop.append("environments.toml", "hooks.before_plan = [[\"cat\", \"hostile\"]]\n");
    harmless(shop.run(deploys).exits(0)).tells(SHOWN);
    leaves_harmless_files(&shop);
    shop.append(
        "environments.toml",
        "hooks.before_apply = [[\"sh\", \"-c\", \"cat hostile; cat hostile >&2; exit 3\"]]\n",
    );
    shop.change("app", "second");
    let failed = harmless(shop.run(deploys).exits(1)).tells(SHOWN);
    assert!(failed.stderr.contains("hook before_apply"), "{failed}");
    leaves_harmless_files(&shop);
    if engine.is_fake() {
        shop.behave("app", &json!({ "plan": error(HOSTILE, &format!("first\n{HOSTILE}")) }));
        harmless(shop.run(["plan", "staging"])).tells(SHOWN);
        let json = shop.run(["plan", "staging", "--json"]);
        assert!(json.json()["stacks"][0]["error"]["summary"].to_string().contains("2K"), "{json}");
        leaves_harmless_files(&shop);
    }
    shop.append(
        "environments.toml",
        "\n[defaults]\nguards.identity = { command = [\"cat\", \"hostile\"], matches = \"me\" }\n",
    );
    harmless(shop.run(["deploy", "staging", "--yes"]).exits(3)).tells(SHOWN);
}

#[test]
fn no_name_in_the_configuration_can_move_the_cursor() {
    let shop = Shop::of(&["app"]);
    let unknown = harmless(shop.run(["--color=never", "plan", "no\u{1b}[2Ksuch"]).exits(64));
    unknown.tells(r"no\u{1b}[2Ksuch");
    shop.append(
        "environments.toml",
        "needs_not = \"a\\u001b[2K\\u009b1A\\u202e\"\n[stacks.\"x\\u001b[2K\"]\n",
    );
    harmless(shop.run(["list"]).exits(4));
}

#[test(engines(tofu, terraform))]
fn no_value_speaks_to_a_github_job(engine: &Driven) {
    const COMMAND: &str = "::stop-commands::x";
    let mut shop = Shop::driven_by(engine, ENVIRONMENTS);
    shop.env = shop.env.with_system().var("GITHUB_ACTIONS", "true").var("CI", "true");
    shop.stack("app", &[], &json!({}));
    let text = format!(
        "resource \"terraform_data\" \"a\" {{\n  input = \"first\\n{COMMAND}\\n##[error]x\\n\"\n}}\n"
    );
    shop.project.write("app/main.tf", &text);
    shop.project.commit("Begin");
    for args in [
        ["plan", "production"].as_slice(),
        &["runs", "show", "last", "app"],
        &["deploy", "production", "--confirm"],
        &[
            "exec",
            "production",
            "app",
            "--confirm",
            "--",
            "apply",
            "-auto-approve",
            "-replace=terraform_data.a",
        ],
    ] {
        let run = shop.env.run_args(args).exits(0).prints(COMMAND);
        for line in run.stdout.lines().chain(run.stderr.lines()) {
            let allowed = ["::group::", "::endgroup::"].iter().any(|known| line.starts_with(known));
            assert!(
                allowed || !(line.trim_start().starts_with("::") || line.contains("##[")),
                "{line}\n{run}"
            );
        }
    }
}
