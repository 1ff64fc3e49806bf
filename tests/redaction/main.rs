//! Encodings that a redactor masks, compared with the encoders of Go, Python and shells.
#![expect(clippy::unwrap_used, reason = "an encoder that cannot be run has failed the test")]

#[macro_use(test)]
extern crate registered_test;

#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the encoders need little of it")]
mod support;

use std::{
    collections::BTreeMap,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use envctl::process::{MASK, Redactor};
use proptest::{
    collection::vec,
    prelude::{Strategy, any, prop_oneof},
    strategy::ValueTree,
    test_runner::TestRunner,
};

use support::programs;

/// Returns deterministic random texts, in which special characters of the encoders are frequent.
fn texts() -> Vec<String> {
    let special = "\"'\\`$&<>%{}!#~ \t\n\r\u{7}\u{8}\u{b}\u{c}\u{1b}\u{1}\u{7f}/+=:@?,;*[]^|()";
    let wide = "üßéλЖ中文あ\u{a0}\u{ad}\u{200b}\u{2028}\u{feff}😀\u{10ffff}";
    let letters = "abcdefXYZ0123456789-_.";
    let of = |set: &'static str| proptest::sample::select(set.chars().collect::<Vec<_>>());
    let character = prop_oneof![4 => of(letters), 2 => of(special), 1 => of(wide)];
    let text = vec(character, 6..120).prop_map(|text| text.into_iter().collect::<String>());
    let plain = any::<u64>().prop_map(|number| format!("plain-{number:016x}"));
    let kinds = prop_oneof![3 => text, 1 => plain];
    let mut runner = TestRunner::deterministic();
    let found = (0..60).map(|_| kinds.new_tree(&mut runner).unwrap().current());
    found.filter(|text| text.trim().len() >= 6).collect()
}

/// Runs an encoder, and returns the encodings of each text by the name of the transformation.
#[expect(clippy::disallowed_methods, reason = "the encoders are programs")]
fn encoded(program: &Path, args: &[&str], texts: &[String]) -> Vec<BTreeMap<String, String>> {
    let inherited = ["PATH", "HOME", "GOCACHE", "PYENV_ROOT"];
    let inherited = inherited.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/redaction");
    let mut command = Command::new(program);
    command.env_clear().envs(inherited).current_dir(folder).args(args);
    // The programs use only the standard library.
    command.env("GO111MODULE", "off").env("GOFLAGS", "").env("LC_ALL", "C.UTF-8");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(serde_json::to_string(texts).unwrap().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{} {args:?}: {}", program.display(), output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Asserts that a redactor that knows a text masks every encoding, except quotes, padding and line ends of the
/// encoder.
#[track_caller]
fn masks_all(texts: &[String], spellings: &[BTreeMap<String, String>]) {
    assert_eq!(texts.len(), spellings.len());
    for (text, spellings) in texts.iter().zip(spellings) {
        let redactor = Redactor::new();
        redactor.add(text);
        for (name, spelling) in spellings {
            let shown = redactor.mask(spelling);
            let rest = rest_of(&shown);
            let allowed = allowed(name);
            assert!(
                shown.contains(MASK) && rest.len() <= allowed,
                "{name} of {text:?}\n{spelling:?}\nis shown as\n{shown:?}, {rest:?}"
            );
        }
    }
}

/// Returns the number of characters that may remain: those that hold bits of text beside the secret.
fn allowed(name: &str) -> usize {
    if name.contains("behind") { 20 } else { 8 }
}

/// Returns the unmasked part of an encoding, without quotes and their encodings, padding and white space.
fn rest_of(shown: &str) -> String {
    let rest =
        shown.replace(MASK, "").replace("%22", "").replace("%27", "").replace("%3D", "").replace("3d", "");
    rest.chars().filter(|c| !"'\"=\\\n $".contains(*c)).collect()
}

#[test(needs(go))]
fn every_spelling_of_gos_encoders_is_masked() {
    let [go] = programs(["go"]);
    let texts = texts();
    masks_all(&texts, &encoded(&go.path, &["run", "encoders.go"], &texts));
}

#[test(needs(python3))]
fn every_spelling_of_pythons_encoders_is_masked() {
    let [python] = programs(["python3"]);
    let texts = texts();
    masks_all(&texts, &encoded(&python.path, &["encoders.py"], &texts));
}

#[test(needs(bash, python3))]
fn what_shells_and_dump_programs_print_is_masked() {
    let [bash, python] = programs(["bash", "python3"]);
    let texts = texts();
    let script = "import json, subprocess, sys
shell = sys.argv[1]
ways = {
    'printf %q': 'printf %q \"$TEXT\"',
    'printf %q in ASCII': 'LC_ALL=C printf %q \"$TEXT\"',
    '${TEXT@Q}': 'printf %s \"${TEXT@Q}\"',
    'base64': 'printf %s \"$TEXT\" | base64',
    'base64 in lines of 64': 'printf %s \"$TEXT\" | base64 -w 64',
    'od': 'printf %s \"$TEXT\" | od -An -v -tx1',
}
found = []
for text in json.load(sys.stdin):
    run = lambda way: subprocess.run([shell, '-c', way], env={'TEXT': text, 'PATH': '/usr/bin:/bin', 'LC_ALL': 'C.UTF-8'}, capture_output=True, check=True)
    found.append({name: run(way).stdout.decode() for name, way in ways.items()})
json.dump(found, sys.stdout)
";
    let shell = bash.path.to_str().unwrap();
    masks_all(&texts, &encoded(&python.path, &["-c", script, shell], &texts));
}

#[test(needs(go, python3))]
fn no_single_encoding_of_text_in_a_document_is_shown() {
    let [go, python] = programs(["go", "python3"]);
    let values: Vec<String> = texts().into_iter().take(15).collect();
    let spelled = [
        encoded(&go.path, &["run", "encoders.go"], &values),
        encoded(&python.path, &["encoders.py"], &values),
    ];
    for (at, value) in values.iter().enumerate() {
        let json = serde_json::json!({ "kind": "account", "list": [{ "secret": value }] }).to_string();
        let block = format!("kind: account\nlist:\n- secret: {}\n", serde_json::json!(value));
        for secret in [json, block] {
            let redactor = Redactor::new();
            redactor.add(&secret);
            for (name, spelling) in spelled.iter().flat_map(|found| &found[at]) {
                let rest = rest_of(&redactor.mask(spelling));
                assert!(rest.len() <= allowed(name), "{name} of {value:?} in {secret}: {rest:?}");
            }
        }
    }
}

fn main() -> std::process::ExitCode {
    support::registry::run()
}
