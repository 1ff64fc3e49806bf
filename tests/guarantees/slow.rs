//! Deployment that waits in an apply until a test lets it finish.

use std::{fs, path::PathBuf};

use rustix::process::{Pid, Signal, test_kill_process};
use serde_json::Value;

use crate::support::{Driven, ENVIRONMENTS, Running, Shop};

/// Project whose stack `network` has a resource that waits for a file, by a provider that ignores a request to stop,
/// and whose stack `app` needs it.
pub(crate) struct Slow {
    pub(crate) shop: Shop,
}

impl Slow {
    #[track_caller]
    pub(crate) fn on(engine: &Driven) -> Self {
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

    /// Starts a deploy of staging and waits until the provider works.
    #[track_caller]
    pub(crate) fn deploying(&self) -> Running {
        self.deploying_in("staging", "--yes")
    }

    /// Starts a deploy of an environment and waits until the provider works.
    #[track_caller]
    pub(crate) fn deploying_in(&self, environment: &str, answer: &str) -> Running {
        let mut running = self.shop.env.spawn(["deploy", environment, answer]);
        let begun = self.shop.marker("made.started");
        running.wait_until("the provider works", || begun.exists());
        running
    }

    /// Sends a signal to the whole process group, as a terminal does, and waits until the journal has this number of
    /// interrupts.
    #[track_caller]
    pub(crate) fn signal(&self, running: &mut Running, signal: Signal, count: usize) {
        running.signal(signal);
        let noted = || self.journal().iter().filter(|e| e["event"] == "interrupt_requested").count() == count;
        running.wait_until("the signal was noted", noted);
    }

    /// Waits until the engine reports the interrupt, which may be some time after the signal.
    #[track_caller]
    pub(crate) fn wait_for_the_engine(&self, running: &mut Running) {
        running.wait_until("the engine says so", || self.log().contains("Interrupt received"));
    }

    /// Removes the marker files, so that the next resource waits again.
    pub(crate) fn forget_made(&self) {
        for name in ["made", "made.started", "go.marker"] {
            fs::remove_file(self.shop.marker(name)).unwrap();
        }
    }

    /// Lets the provider finish.
    pub(crate) fn let_go(&self) {
        fs::write(self.shop.marker("go.marker"), "").unwrap();
    }

    pub(crate) fn run_file(&self, name: &str) -> PathBuf {
        self.shop.project.path(&format!("{}/{name}", self.shop.newest_run()))
    }

    /// Returns the events in the journal of the newest run, without a line that is being written.
    pub(crate) fn journal(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.run_file("journal.jsonl")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Returns the outcome of each finished step: `network apply interrupted`.
    pub(crate) fn steps(&self) -> Vec<String> {
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
    pub(crate) fn leaves_no_engine_behind(&self) {
        for event in self.journal().iter().filter(|event| event["event"] == "engine_started") {
            let pid = event["pid"].as_i64().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).unwrap();
            assert!(test_kill_process(pid).is_err(), "{event} still runs");
        }
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.run_file("logs/network.log")).unwrap()
    }

    /// Asserts that the engine got exactly one interrupt.
    #[track_caller]
    pub(crate) fn engine_was_told_once(&self) {
        let log = self.log();
        assert_eq!(log.matches("Interrupt received").count(), 1, "{log}");
        assert!(!log.contains("Two interrupts received"), "{log}");
    }
}
