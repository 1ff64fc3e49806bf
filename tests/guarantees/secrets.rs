//! 9. Secrets stay secret.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use serde_json::json;

use crate::support::{Driven, Run, Shop, programs};

/// Values for each kind of source, with characters that encoders escape.
const FROM_ENV: &str = "s3ntinel env<&>\"quoted\" ü";
const FROM_FILE: &str = "s3ntinel-file-first-line\nsecond/line+of=it\nthird \\line\\ of it";
const FROM_COMMAND: &str = "s3ntinel-command-%41?x=y";
const FROM_SOPS: &str = "s3ntinel-sops-'single'";
const FOR_THE_PROGRAMS: &str = "s3ntinel-variable-for-programs";
const ALL: [&str; 5] = [FROM_ENV, FROM_FILE, FROM_COMMAND, FROM_SOPS, FOR_THE_PROGRAMS];

const ENVIRONMENTS: &str = r#"[project]
name = "vault"

[environments.staging]
env.PROGRAM_TOKEN = { file = "secrets/token" }

[environments.staging.secrets]
from_env = { env = "SENTINEL" }
from_file = { file = "secrets/file" }
from_command = { command = ["sh", "secrets/print.sh"] }
from_sops = { sops = "secrets/sops.json", key = "deep.secret" }
"#;

/// Stack that shows its variables in every kind of an engine's output; none is marked as sensitive.
const TALKATIVE: &str = r#"
variable "from_env" {}
variable "from_file" {}
variable "from_command" {}
variable "from_sops" {}

variable "fails" {
  default = false
}

variable "turned" {
  default = false
}

locals {
  all = [var.from_env, var.from_file, var.from_command, var.from_sops]
}

resource "terraform_data" "shown" {
  input = { for secret in local.all : base64encode(secret) => var.turned ? strrev(secret) : secret }

  lifecycle {
    precondition {
      condition     = !var.fails
      error_message = "it fails with ${join(" and ", local.all)}"
    }
  }
}

resource "terraform_data" "said" {
  triggers_replace = [jsonencode(local.all), [for secret in local.all : urlencode(secret)]]

  provisioner "local-exec" {
    command     = "echo \"$ONE\"; echo \"$TWO\"; echo \"$THREE\"; echo \"$PROGRAM_TOKEN\" >&2; printf %s \"user:$PROGRAM_TOKEN\" | base64 -w0; printf %s \"$PROGRAM_TOKEN\" | od -An -v -tx1 | tr -d ' \\n'"
    environment = { ONE = join("\n", local.all), TWO = jsonencode(local.all), THREE = base64encode(var.from_file) }
  }
}

output "plain" {
  value = local.all
}

output "encoded" {
  value = [for secret in local.all : [base64encode(secret), base64encode("u:${secret}"), base64encode("user:${secret}@host")]]
}
"#;

/// Returns every encoding of a secret that the suite searches for.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for part in secret.lines().chain([secret]) {
        let quoted = json!(part).to_string();
        let inner = &quoted[1..quoted.len() - 1];
        let twice = json!(inner).to_string();
        let percent: String = part
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    char::from(byte).to_string()
                }
                other => format!("%{other:02X}"),
            })
            .collect();
        forms.extend([part.to_owned(), inner.to_owned(), twice[1..twice.len() - 1].to_owned()]);
        forms.extend([percent.replace("%20", "+"), percent, base64(part)]);
        forms.extend(["-", "--"].map(|before| inner_base64(before, part)));
        let hex: String = part.bytes().map(|byte| format!("{byte:02x}")).collect();
        forms.extend([hex.to_uppercase(), hex]);
    }
    forms
}

/// Encodes text in base64 without the last letters, which depend on the text that follows.
fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |bits: usize| char::from(LETTERS[bits & 63]);
    let whole = text.as_bytes().chunks_exact(3).flat_map(|three| {
        let bits = three.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        [letter(bits >> 18), letter(bits >> 12), letter(bits >> 6), letter(bits)]
    });
    whole.collect()
}

/// Encodes a text inside a longer one in base64, without the letters that depend on the text around it.
fn inner_base64(before: &str, text: &str) -> String {
    base64(&format!("{before}{text}"))[4..].to_owned()
}

/// Returns the first encoding of any secret that a text holds.
fn found(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    ALL.iter().flat_map(|secret| forms(secret)).find(|form| text.contains(form.as_str()))
}

struct Vault {
    shop: Shop,
}

impl Vault {
    #[track_caller]
    fn on(engine: &Driven) -> Self {
        let [sops] = programs(["sops"]);
        let mut shop = Shop::driven_by(engine, ENVIRONMENTS);
        shop.stack("app", &[], &json!({ "resources": {}, "outputs": {} }));
        shop.project.write("app/main.tf", TALKATIVE);
        shop.project.write("secrets/token", FOR_THE_PROGRAMS);
        shop.project.write("secrets/file", FROM_FILE);
        shop.project.write("secrets/command", FROM_COMMAND);
        shop.project
            .write("secrets/print.sh", "IFS= read -r line < secrets/command\nprintf '%s\\n' \"$line\"\n");
        let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/systems/workspaces/age-test-key.txt");
        shop.env = shop.env.with(&sops).with_system().var("SENTINEL", FROM_ENV).var("SOPS_AGE_KEY_FILE", key);
        shop.project.write("secrets/sops.json", &json!({ "deep": { "secret": FROM_SOPS } }).to_string());
        let recipient = "age1lculr2nu9z7ysewl73skww6lvmee5xq95yf282v2kx5srpwrmvns6368x9";
        let encrypt = ["encrypt", "--in-place", "--age", recipient, "secrets/sops.json"];
        shop.env.run_program(&sops, &encrypt).exits(0);
        Self { shop }
    }

    /// Runs envctl, and searches the command lines of all processes meanwhile and all output and files afterwards for
    /// secrets.
    #[track_caller]
    fn run<const N: usize>(&self, args: [&str; N]) -> Run {
        let done = AtomicBool::new(false);
        let (run, seen) = thread::scope(|scope| {
            let watching = scope.spawn(|| {
                let mut seen = BTreeSet::new();
                while !done.load(Ordering::Relaxed) {
                    seen.extend(command_lines());
                }
                seen
            });
            let run = self.shop.run(args);
            done.store(true, Ordering::Relaxed);
            (run, watching.join().expect("the watch looks on"))
        });
        assert!(
            seen.iter().any(|line| line.starts_with(b"envctl") || line.windows(6).any(|w| w == b"envctl"))
        );
        for line in seen {
            assert_eq!(found(&line), None, "in a command line: {}", String::from_utf8_lossy(&line));
        }
        assert_eq!(found(run.stdout.as_bytes()), None, "on standard output\n{run}");
        assert_eq!(found(run.stderr.as_bytes()), None, "on standard error\n{run}");
        self.leaves_nothing_open();
        run
    }

    /// Asserts that no remaining file holds a secret.
    #[track_caller]
    fn leaves_nothing_open(&self) {
        for path in files(self.shop.project.around()) {
            let name = path.to_string_lossy().into_owned();
            let is_source = name.contains("/project/secrets/") || name.contains("/.git/");
            let is_state = name.contains(".tfstate");
            let is_plan = path.extension().is_some_and(|end| end == "tfplan");
            if is_plan {
                let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
                assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700), "{name}");
            }
            if !(is_source || is_state || is_plan) {
                let bytes = fs::read(&path).unwrap();
                assert_eq!(found(&bytes), None, "in {name}:\n{}", String::from_utf8_lossy(&bytes));
            }
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files.extend(self::files(&entry.path()));
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files
}

/// Returns the command lines of all running processes.
fn command_lines() -> Vec<Vec<u8>> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    // A process may end between the two calls.
    processes
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .filter(|line| !line.is_empty())
        .collect()
}

#[test(engines(tofu, terraform), needs(sops))]
fn no_secret_leaves_envctl_in_any_form_however_talkative_the_stack_is(engine: &Driven) {
    let vault = Vault::on(engine);
    let summary = vault.shop.marker("summary.md");
    let report = vault.shop.marker("report.json");
    let (summary, report) = (summary.to_str().unwrap(), report.to_str().unwrap());
    vault.run(["plan", "staging", "--summary", summary, "--report", report]).exits(0).prints("(redacted)");
    vault.run(["plan", "staging", "--json"]).exits(0);
    vault.run(["deploy", "staging", "--yes", "-v"]).exits(0);
    let state = vault.shop.project.read("app/terraform.tfstate");
    assert!(found(state.as_bytes()).is_some(), "the secrets did reach the engine");
    vault.run(["runs", "show"]).exits(0);
    vault.run(["runs", "show", "last", "app"]).exits(0);
    vault.run(["runs", "log"]).exits(0).prints("(redacted)");
    // Keys of the map that change are secrets too.
    vault.run(["deploy", "staging", "--yes", "--var", "turned=true", "--json"]).exits(0);
    vault.run(["runs", "show", "last", "app"]).exits(0);
    vault.run(["status", "staging"]).exits(0);
    vault.run(["config", "staging", "--json"]).exits(0);
    vault.run(["output", "staging", "app", "--json"]).exits(0);
    vault.run(["output", "staging", "app", "plain"]).exits(3).tells("output `plain` is sensitive");
    vault.run(["output", "staging"]).exits(0).prints("(sensitive)");
    vault.run(["exec", "staging", "app", "--yes", "--", "apply", "-auto-approve", "-no-color"]).exits(0);
    vault
        .run(["deploy", "staging", "--yes", "--var", "fails=true"])
        .exits(4)
        .prints("Resource precondition failed");
    vault.run(["destroy", "staging", "--yes"]).exits(0);
}

#[test(engines(tofu, terraform), needs(sops))]
fn annotations_and_groups_of_a_ci_job_hold_no_secret(engine: &Driven) {
    let mut vault = Vault::on(engine);
    vault.shop.env = vault.shop.env.var("GITHUB_ACTIONS", "true").var("CI", "true");
    vault.run(["deploy", "staging", "--yes"]).exits(0);
    vault.run(["plan", "staging", "--var", "fails=true"]).exits(4).tells("::error");
}
