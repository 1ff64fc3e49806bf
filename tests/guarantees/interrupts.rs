//! 7. Ctrl-C is safe.

use std::fs;

use rustix::process::Signal;

use crate::{
    slow::Slow,
    support::{Driven, ENVIRONMENTS, Env, Run, Shop, programs},
};

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn an_interrupted_apply_finishes_its_resource_which_is_in_the_state(engine: &Driven) {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let slow = Slow::on(engine);
        let mut running = slow.deploying();
        slow.signal(&mut running, signal, 1);
        slow.wait_for_the_engine(&mut running);
        slow.let_go();

        let run: Run = running.wait().exits(code);

        run.tells("waiting for running engines to stop cleanly")
            .tells("! app      not started (interrupted)")
            .prints_row(&["app", "1", "·", "·", "·", "·", "interrupted:", "not", "started"]);
        let report = slow.shop.run(["runs", "show", "--json"]).exits(0).json();
        let notes = report["stacks"][0]["notes"].to_string();
        assert!(notes.contains("1 resource was done when it was interrupted: `"), "{notes}");
        assert_eq!(report["stacks"][1]["notes"], serde_json::json!(["not started"]));
        slow.engine_was_told_once();
        slow.leaves_no_engine_behind();
        let state = slow.shop.state("network", "staging").unwrap().to_string();
        assert!(state.contains("slow_thing") && !state.contains("tainted"), "{state}");
        assert_eq!(slow.shop.deployed_value("app", "staging"), None, "nothing new started");
        let steps = slow.steps();
        assert_eq!(steps.last().unwrap(), "network apply interrupted", "{steps:?}");
        // The state lock is released, and the state holds the created resource.
        slow.shop.run(["plan", "staging", "network", "--detailed-exitcode"]).exits(0);
    }
}

/// Makes a stack with a provisioner that runs until a file exists.
#[track_caller]
fn provisioning(engine: &Driven) -> Slow {
    let shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network"]).with_env(Env::with_system);
    let (begun, go) = (shop.marker("made.started"), shop.marker("go.marker"));
    let command =
        format!(": > '{}'; while [ ! -e '{}' ]; do sleep 0.05; done", begun.display(), go.display());
    let text = format!(
        "resource \"terraform_data\" \"a\" {{\n  provisioner \"local-exec\" {{\n    command = {command:?}\n  }}\n}}\n"
    );
    shop.project.write("network/main.tf", &text);
    Slow { shop }
}

#[test(engines(tofu, terraform))]
fn an_interrupted_provisioner_taints_a_resource_that_is_then_replaced(engine: &Driven) {
    let slow = provisioning(engine);
    let mut running = slow.deploying();
    slow.signal(&mut running, Signal::INT, 1);

    let run = running.wait().exits(130);

    let note = "note: `terraform_data.a` was made and its provisioner was cancelled: it is tainted, and the next plan \
                replaces it; no other resource was done when it was interrupted\n";
    let run = run.tells(note);
    assert_eq!(run.stderr.matches("note: ").count(), 1, "{}", run.stderr);
    slow.leaves_no_engine_behind();
    let state = slow.shop.state("network", "staging").unwrap();
    assert_eq!(state.pointer("/resources/0/instances/0/status").unwrap(), "tainted", "{state}");
    assert_eq!(slow.steps().last().unwrap(), "network apply interrupted");
    let plan = slow.shop.run(["plan", "staging", "--json"]).exits(0).json();
    assert_eq!(plan["totals"]["replace"], 1, "{plan}");
}

#[test(engines(tofu, terraform))]
fn an_engine_that_exits_1_by_itself_has_failed_and_was_not_interrupted(engine: &Driven) {
    let slow = provisioning(engine);
    let text = slow.shop.project.read("network/main.tf").replace("; while", "; exit 7; while");
    slow.shop.project.write("network/main.tf", &text);

    slow.shop.run(["deploy", "staging", "--yes"]).exits(1);

    assert_eq!(slow.steps().last().unwrap(), "network apply failed");
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn a_second_signal_changes_nothing_and_a_third_is_sent_to_the_engine(engine: &Driven) {
    let slow = Slow::on(engine);
    let mut running = slow.deploying();
    slow.signal(&mut running, Signal::INT, 1);
    slow.signal(&mut running, Signal::INT, 2);
    slow.wait_for_the_engine(&mut running);
    slow.engine_was_told_once();
    slow.signal(&mut running, Signal::INT, 3);

    let run = running.wait().exits(130);

    run.tells("a third interrupt asks the engines to stop at once")
        .tells("the engine gave up at the second signal: what it was doing may be missing from the state");
    let log = slow.log();
    assert!(log.contains("Two interrupts received"), "it gave up at the second SIGINT: {log}");
    slow.let_go();
}

#[test(engines(tofu, terraform), needs(provider_mirror))]
fn a_terminal_that_goes_away_is_one_interrupt_however_often_it_says_so(engine: &Driven) {
    let slow = Slow::on(engine);
    let mut running = slow.deploying();
    slow.signal(&mut running, Signal::HUP, 1);
    for _ in 0..3 {
        running.signal(Signal::HUP);
    }
    // Signals of one kind may be merged; a signal of another kind shows that the earlier ones were delivered.
    running.signal(Signal::INT);
    let warned = || slow.journal().iter().any(|e| e["event"] == "interrupt_requested" && e["signal"] == 2);
    running.wait_until("the other signal was noted", warned);
    slow.wait_for_the_engine(&mut running);
    slow.let_go();

    running.wait().exits(129);

    slow.engine_was_told_once();
    let state = slow.shop.state("network", "staging").unwrap().to_string();
    assert!(state.contains("slow_thing"), "{state}");
    let counts: Vec<_> = slow
        .journal()
        .iter()
        .filter(|e| e["event"] == "interrupt_requested" && e["signal"] == 2)
        .map(|e| e["count"].clone())
        .collect();
    assert_eq!(counts, [2], "the hang-ups after the first did not climb");
}

#[test(engines(terragrunt), needs(provider_mirror))]
fn under_terragrunt_the_engine_that_it_drives_is_told_at_once() {
    let [terragrunt, tofu] = programs(["terragrunt", "tofu"]);
    let mut slow = Slow::on(&Driven::Real(terragrunt));
    slow.shop.env = slow.shop.env.clone().with(&tofu);
    slow.shop.project.write("network/terragrunt.hcl", "");
    let state = slow.shop.marker("network.tfstate");
    let backend =
        format!("terraform {{\n  backend \"local\" {{\n    path = \"{}\"\n  }}\n}}\n", state.display());
    slow.shop.project.write("network/backend.tf", &backend);
    slow.shop.project.edit("environments.toml", "[environments.staging]\naliases = [\"stag\"]\nworkspace = \"staging\"\ncreate_workspace = \"always\"\n", "[environments.staging]\n");
    let mut running = slow.shop.env.spawn(["deploy", "staging", "network", "--yes"]);
    let begun = slow.shop.marker("made.started");
    running.wait_until("the provider works", || begun.exists());
    slow.signal(&mut running, Signal::INT, 1);
    // Terragrunt would pass the signal on only after 15 seconds, and the provider does not finish before.
    slow.wait_for_the_engine(&mut running);
    slow.let_go();

    running.wait().exits(130);

    slow.engine_was_told_once();
    slow.leaves_no_engine_behind();
    assert!(fs::read_to_string(state).unwrap().contains("slow_thing"));
}
