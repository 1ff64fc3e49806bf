//! 8. A crash loses nothing: a state that an engine only printed is kept until it is pushed, and never shown.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    support::{Driven, Run, Shop},
    wrapped::{wrap_apply, wrapped},
};

const KEPT: &str = ".envctl/instances/staging/network/errored.tfstate";

/// Makes a stack of the fake engine that, in this verb, prints its state and does not save it.
fn printing(verb: &str, losing: &str) -> Shop {
    let shop = Shop::of(&["network"]).deployed();
    let resources = json!({ "terraform_data.network": "the second value" });
    shop.script("network", &json!({ "resources": resources, "steps": { verb: { "lose_state": losing } } }));
    shop
}

/// Returns the kept state, and asserts that only its owner may read the file.
#[track_caller]
fn kept(shop: &Shop) -> Value {
    let path = shop.project.path(KEPT);
    let mode = path.metadata().unwrap_or_else(|error| panic!("{KEPT}: {error}")).permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Returns the files below a folder that hold a text.
fn holding(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if !path.is_symlink() && String::from_utf8_lossy(&fs::read(&path).unwrap()).contains(text) {
            found.push(path);
        }
    }
    found
}

#[track_caller]
fn shows_nothing_of(run: &Run, text: &str) {
    assert!(!run.stdout.contains(text) && !run.stderr.contains(text), "{run}");
}

#[test]
fn a_state_that_was_only_printed_is_kept_until_it_is_pushed() {
    for losing in ["dump", "dump-and-torn"] {
        let shop = printing("apply", losing);

        let run = shop.run(["deploy", "staging", "--yes"]).exits(1);

        let path = shop.project.path(KEPT);
        let run = run.tells(&format!("the state could not be saved; it is kept in `{}`", path.display()));
        run.tells(&format!("envctl exec staging network -- state push {}", path.display()));
        assert_eq!(kept(&shop)["resources"]["terraform_data.network"], "the second value");
        assert!(!shop.project.path("network/errored.tfstate").exists(), "what is no state is not left there");
        let logs = shop.project.path(&format!("{}/logs", shop.newest_run()));
        let left: Vec<_> = fs::read_dir(&logs).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["network.log"], "{losing}");
        let log = fs::read_to_string(logs.join("network.log")).unwrap();
        assert!(log.contains("the whole state, which is not shown") && !log.contains("lineage"), "{log}");
        for verb in [["plan", "staging", "-q"], ["deploy", "staging", "--yes"]] {
            shop.run(verb).exits(1).tells("an earlier apply could not save its state");
        }

        shop.script("network", &json!({ "resources": { "terraform_data.network": "the second value" } }));
        shop.run(["exec", "staging", "network", "--yes", "--", "state", "push", path.to_str().unwrap()])
            .exits(0);

        assert!(!path.exists());
        assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("the second value"));
        shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
    }
}

#[test]
fn a_state_that_a_typed_command_printed_is_kept_and_not_shown() {
    let shop = printing("state rm", "dump");
    let typed = ["exec", "staging", "network", "--yes", "--", "state", "rm", "terraform_data.nobody"];

    let run = shop.run(typed).exits(1).tells("the state could not be saved; it is kept in");

    shows_nothing_of(&run, "lineage");
    shows_nothing_of(&run, "\"first\"");
    assert_eq!(kept(&shop)["resources"]["terraform_data.network"], "first");
    let commands = fs::read_dir(shop.project.path(".envctl")).unwrap().map(Result::unwrap);
    let left = commands.filter(|entry| entry.file_name().to_string_lossy().starts_with("command-"));
    assert_eq!(left.count(), 0, "what it wrote is gone once its state is kept");
}

#[test]
fn an_unsaved_state_that_is_empty_is_never_called_kept() {
    let shop = Shop::of(&["network"]).deployed();
    shop.change("network", "the second value");
    shop.project.write(KEPT, "");
    for verb in [["plan", "staging", "-q"], ["deploy", "staging", "--yes"]] {
        shop.run(verb).exits(1).tells("is no state");
    }
    assert_eq!(shop.deployed_value("network", "staging").as_deref(), Some("first"));
}

const SECRET: &str = "a value that nobody but the state has";

/// Makes a stack whose state exceeds a block of 1024 bytes.
fn big(engine: &Driven) -> Shop {
    wrapped(
        engine,
        &format!(
            "variable \"x\" {{\n  default   = \"{SECRET}\"\n  sensitive = true\n}}\n\nresource \"terraform_data\" \"a\" {{\n  \
             input = join(\"\", [for i in range(100) : \"${{var.x}} ${{i}}\"])\n}}\n"
        ),
    )
}

/// Shell lines that limit an engine's files to one block; its output goes through pipes, which have no such limit.
const NARROW: &str = "{ { (ulimit -f 1; trap '' XFSZ; exec ENGINE \"$@\") 2>&1 1>&3 3>&- | /bin/cat >&2; exit ${PIPESTATUS[0]}; \
                      } 3>&1 | /bin/cat; }\nexit ${PIPESTATUS[0]}";

#[test(engines(tofu, terraform))]
fn a_state_that_no_file_of_a_real_engine_could_take_is_kept_and_not_shown(engine: &Driven) {
    for typed in [false, true] {
        let shop = big(engine);
        wrap_apply(&shop, engine, NARROW);
        let apply = ["exec", "staging", "network", "--yes", "--", "apply", "-auto-approve"];

        let run = if typed { shop.run(apply) } else { shop.run(["deploy", "staging", "--yes"]) };

        let run = run.exits(1).tells("the state could not be saved; it is kept in");
        shows_nothing_of(&run, SECRET);
        let id = kept(&shop)["resources"][0]["instances"][0]["attributes"]["id"].clone();
        let attempt = shop.run(["deploy", "staging", "--yes"]).exits(1);
        attempt.tells("an earlier apply could not save its state");
        let runs = holding(&shop.project.path(".envctl"), SECRET);
        assert_eq!(runs, [shop.project.path(KEPT)], "{}: it is in no log", engine.name());

        // A local state that was cut is not pushed over, too.
        fs::remove_file(shop.project.path("network/terraform.tfstate.d/staging/terraform.tfstate")).unwrap();
        wrap_apply(&shop, engine, "exec ENGINE \"$@\"");
        shop.run([
            "exec",
            "staging",
            "network",
            "--yes",
            "--",
            "state",
            "push",
            shop.project.path(KEPT).to_str().unwrap(),
        ])
        .exits(0);
        shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
        let state = shop.state("network", "staging").unwrap();
        assert_eq!(state["resources"][0]["instances"][0]["attributes"]["id"], id, "{}", engine.name());
    }
}
