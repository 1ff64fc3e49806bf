//! 7. Ctrl-C is safe.

use std::{fs, path::PathBuf};

use rustix::process::{Pid, Signal, test_kill_process};
use serde_json::Value;

use crate::support::{Driven, ENVIRONMENTS, Run, Running, Shop, real_engines};

/// A project whose stack `network` makes a thing that takes until it is let go, by a provider that does not listen when it
/// is asked to stop, and whose stack `app` needs it.
struct Slow {
    shop: Shop,
}

impl Slow {
    #[track_caller]
    fn on(engine: &Driven) -> Self {
        let mut shop = Shop::driven_by(engine, ENVIRONMENTS).with_stacks(&["network", "app: network"]);
        shop.env = shop.env.with_providers();
        let (file, go) = (shop.marker("made"), shop.marker("go.marker"));
        let text = format!(
            "terraform {{\n  required_providers {{\n    slow = {{\n      source = \"envctl/slow\"\n    }}\n  }}\n}}\n\n\
             resource \"slow_thing\" \"a\" {{\n  file     = \"{}\"\n  wait_for = \"{}\"\n}}\n",
            file.display(),
            go.display()
        );
        shop.project.write("network/main.tf", &text);
        Self { shop }
    }

    /// A deployment that is in the midst of making the thing.
    #[track_caller]
    fn deploying(&self) -> Running {
        let mut running = self.shop.env.spawn(["deploy", "staging", "--yes"]);
        let begun = self.shop.marker("made.started");
        running.wait_until("the provider works", || begun.exists());
        running
    }

    /// Sends a signal as a terminal does, to the whole group, and waits until it was noted for the how-manieth time.
    #[track_caller]
    fn signal(&self, running: &mut Running, signal: Signal, count: usize) {
        running.signal(signal);
        let noted = || self.journal().iter().filter(|e| e["event"] == "interrupt_requested").count() == count;
        running.wait_until("the signal was noted", noted);
    }

    /// Lets the provider finish.
    fn let_go(&self) {
        fs::write(self.shop.marker("go.marker"), "").unwrap();
    }

    fn run_file(&self, name: &str) -> PathBuf {
        self.shop.project.path(&format!("{}/{name}", self.shop.newest_run()))
    }

    /// The journal of the newest run; a line that is being written is left out.
    fn journal(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.run_file("journal.jsonl")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// How each finished step ended: `network apply interrupted`.
    fn steps(&self) -> Vec<String> {
        let word = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let ending = |value: &Value| match value {
            Value::Object(map) => map.keys().next().cloned().unwrap_or_default(),
            other => word(other),
        };
        let finished = self.journal().into_iter().filter(|event| event["event"] == "step_finished");
        finished
            .map(|e| format!("{} {} {}", word(&e["stack"]), word(&e["step"]), ending(&e["outcome"])))
            .collect()
    }

    #[track_caller]
    fn leaves_no_engine_behind(&self) {
        for event in self.journal().iter().filter(|event| event["event"] == "engine_started") {
            let pid = event["pid"].as_i64().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).unwrap();
            assert!(test_kill_process(pid).is_err(), "{event} still runs");
        }
    }

    #[track_caller]
    fn engine_was_told(&self, times: usize) {
        let log = fs::read_to_string(self.run_file("logs/network.log")).unwrap();
        assert_eq!(log.matches("Interrupt received").count(), times, "{log}");
        assert!(!log.contains("Two interrupts received"), "{log}");
    }
}

#[test]
fn an_interrupted_apply_finishes_its_resource_which_is_in_the_state() {
    for engine in real_engines() {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
            let slow = Slow::on(&engine);
            let mut running = slow.deploying();
            slow.signal(&mut running, signal, 1);
            slow.let_go();

            let run: Run = running.wait().exits(code);

            run.tells("running engines were told once and get the time they need");
            slow.engine_was_told(1);
            slow.leaves_no_engine_behind();
            let state = slow.shop.state("network", "staging").unwrap().to_string();
            assert!(state.contains("slow_thing") && !state.contains("tainted"), "{state}");
            assert_eq!(slow.shop.deployed_value("app", "staging"), None, "nothing new started");
            let steps = slow.steps();
            assert_eq!(steps.last().unwrap(), "network apply interrupted", "{steps:?}");
            // The state lock is free, and what was made is known.
            slow.shop.run(["plan", "staging", "network", "--detailed-exitcode"]).exits(0);
        }
    }
}
