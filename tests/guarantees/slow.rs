//! A deployment that waits in the midst of an apply until a test lets it go.

use std::{fs, path::PathBuf};

use rustix::process::{Pid, Signal, test_kill_process};
use serde_json::Value;

use crate::support::{Driven, ENVIRONMENTS, Running, Shop};

/// A project whose stack `network` makes a thing that takes until it is let go, by a provider that does not listen when it
/// is asked to stop, and whose stack `app` needs it.
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

    /// A deployment that is in the midst of making the thing.
    #[track_caller]
    pub(crate) fn deploying(&self) -> Running {
        self.deploying_in("staging", "--yes")
    }

    /// The same in any environment.
    #[track_caller]
    pub(crate) fn deploying_in(&self, environment: &str, answer: &str) -> Running {
        let mut running = self.shop.env.spawn(["deploy", environment, answer]);
        let begun = self.shop.marker("made.started");
        running.wait_until("the provider works", || begun.exists());
        running
    }

    /// Sends a signal as a terminal does, to the whole group, and waits until it was noted for the how-manieth time.
    #[track_caller]
    pub(crate) fn signal(&self, running: &mut Running, signal: Signal, count: usize) {
        running.signal(signal);
        let noted = || self.journal().iter().filter(|e| e["event"] == "interrupt_requested").count() == count;
        running.wait_until("the signal was noted", noted);
    }

    /// Waits until the engine has said that it was interrupted: it takes its signals when it comes to it.
    #[track_caller]
    pub(crate) fn wait_for_the_engine(&self, running: &mut Running) {
        running.wait_until("the engine says so", || self.log().contains("Interrupt received"));
    }

    /// Forgets that anything was made, so that the next thing takes its time again.
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

    /// The journal of the newest run; a line that is being written is left out.
    pub(crate) fn journal(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.run_file("journal.jsonl")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// How each finished step ended: `network apply interrupted`.
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

    /// The engine has said that it was interrupted, and nothing of a second time.
    #[track_caller]
    pub(crate) fn engine_was_told_once(&self) {
        let log = self.log();
        assert_eq!(log.matches("Interrupt received").count(), 1, "{log}");
        assert!(!log.contains("Two interrupts received"), "{log}");
    }
}
