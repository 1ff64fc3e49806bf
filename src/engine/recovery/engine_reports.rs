//! Reports of a program that may change a state, on its work and on the state: from its JSON or its plain text.

use std::collections::BTreeSet;

use crate::{
    engine::messages::{
        stream_json::{self, Message},
        text_diagnostics::from_text,
    },
    model::ResourceAddress,
    process::{Redactor, Stream},
};

/// Summaries of the errors that engines report if they cannot save a state.
const UNSAVED_SUMMARIES: &[&str] = &[
    "Failed to save state",
    "Failed to persist state",
    "Failed to write state",
    "Failed to create local state file",
];

/// Messages of engines in plain text that a resource is done, each with the action; the address stands before them.
const DONE_MESSAGES: &[(&str, &str)] = &[
    ("Creation complete after ", "create"),
    ("Modifications complete after ", "update"),
    ("Destruction complete after ", "delete"),
];

/// Reports of a program on its work and on the state, collected while it runs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct EngineReports {
    /// Addresses of the resources that the program finished, with secrets masked.
    pub(in crate::engine) done: Vec<String>,
    /// Addresses of the resources that the program created, as the state has them: unmasked, for comparisons only.
    pub(in crate::engine) created: Vec<String>,
    /// Addresses of the resources that the program destroyed, as the state has them: unmasked, for comparisons only.
    pub(in crate::engine) destroyed: Vec<String>,
    /// True if the program reported outputs.
    pub(in crate::engine) has_outputs: bool,
    /// Address of the first resource that the program failed at.
    pub(in crate::engine) errored: Option<String>,
    /// Addresses of the resources that the program created and whose provisioner failed: the state has them, tainted.
    pub(in crate::engine) tainted: Vec<String>,
    /// Addresses of the resources whose provisioner failed, whether the program created them or not.
    failed_provisioners: BTreeSet<String>,
    /// Summary of the first error.
    pub(in crate::engine) error: Option<String>,
    /// True if the program could not save the state.
    pub(in crate::engine) unsaved: bool,
    /// True if the program printed its change summary, which comes at the end of a successful apply.
    pub(in crate::engine) finished: bool,
}

impl EngineReports {
    /// Adds a message of the JSON stream; masks the texts that are shown to the user.
    pub(in crate::engine) fn record(&mut self, message: &Message, redactor: &Redactor) {
        let masked = |text: &str| redactor.mask(text).into_owned();
        match message {
            Message::Done { address, action } => self.record_done(address, action, redactor),
            Message::Outputs(outputs) => self.has_outputs |= !outputs.is_empty(),
            Message::Errored { address, action } => {
                let was_made = action == "create" && self.failed_provisioners.contains(address);
                self.tainted.extend(was_made.then(|| masked(address)));
                self.errored.get_or_insert_with(|| masked(address));
            }
            Message::ProvisionerFailed(address) => drop(self.failed_provisioners.insert(address.clone())),
            Message::Diagnostic(found) if found.is_error() => self.record_error(&masked(&found.summary)),
            // Source: measured; the apply of a plan that destroys counts as `apply`, `destroy` itself as `destroy`.
            Message::Summary(operation) => self.finished |= operation != "plan",
            _ => {}
        }
    }

    /// Adds a line of the output in plain text, or in JSON if the user typed `-json`.
    pub(in crate::engine) fn record_text(&mut self, stream: Stream, line: &str, redactor: &Redactor) {
        match stream {
            Stream::Stdout => {
                if let Some(line) = stream_json::parse(line) {
                    self.record(&line.message, redactor);
                } else if let Some((address, rest)) = line.split_once(": ")
                    && let Some((_, action)) = DONE_MESSAGES.iter().find(|(words, _)| rest.starts_with(words))
                {
                    self.record_done(address, action, redactor);
                }
            }
            Stream::Stderr => {
                for found in from_text(line, &[]) {
                    self.record_error(&redactor.mask(&found.summary));
                }
            }
        }
    }

    /// Returns true if the program created or destroyed a resource that it did not replace. After replacements alone the
    /// addresses in the state may be the same as before.
    pub(in crate::engine) fn changed_resources(&self) -> bool {
        let differ = |one: &[String], other: &[String]| one.iter().any(|address| !other.contains(address));
        differ(&self.created, &self.destroyed) || differ(&self.destroyed, &self.created)
    }

    /// Returns true if a state with the resources `found` lacks one that the program created, or has one that it destroyed.
    pub(in crate::engine) fn contradicts_state(&self, found: &BTreeSet<ResourceAddress>) -> bool {
        let has = |address: &String| found.iter().any(|found| found.as_str() == address);
        let Self { created, destroyed, .. } = self;
        created.iter().any(|address| !has(address))
            || destroyed.iter().any(|address| !created.contains(address) && has(address))
    }

    /// Adds a resource that is done, by its address and action.
    fn record_done(&mut self, address: &str, action: &str, redactor: &Redactor) {
        self.done.push(redactor.mask(address).into_owned());
        match action {
            "create" => self.created.push(address.to_owned()),
            "delete" => self.destroyed.push(address.to_owned()),
            _ => {}
        }
    }

    /// Adds the summary of an error.
    fn record_error(&mut self, summary: &str) {
        self.unsaved |= UNSAVED_SUMMARIES.iter().any(|words| summary.starts_with(words));
        self.error.get_or_insert_with(|| summary.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_in_plain_text_are_parsed_like_those_in_json() {
        let redactor = Redactor::new();
        let mut json = EngineReports::default();
        for line in [
            r#"{"type":"apply_complete","hook":{"resource":{"addr":"a.b"},"action":"create"}}"#,
            r#"{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"old"}}"#,
            r#"{"type":"diagnostic","diagnostic":{"severity":"error","summary":"Failed to save state"}}"#,
        ] {
            json.record_text(Stream::Stdout, line, &redactor);
        }
        let mut words = EngineReports::default();
        words.record_text(Stream::Stdout, "a.b: Creation complete after 0s [id=x]", &redactor);
        words.record_text(Stream::Stdout, "a.b (local-exec): Error: Failed to save state", &redactor);
        words.record_text(Stream::Stderr, "│ Warning: old", &redactor);
        words.record_text(Stream::Stderr, "│ Error: Failed to save state", &redactor);
        assert_eq!(json, words);
        assert!(json.unsaved && !json.finished && json.done == ["a.b"]);
    }

    #[test]
    fn a_replaced_resource_is_neither_a_new_one_nor_gone() {
        let redactor = Redactor::new();
        let after = |lines: &[&str]| {
            let mut reports = EngineReports::default();
            for line in lines {
                reports.record_text(Stream::Stdout, line, &redactor);
            }
            reports.changed_resources()
        };
        let (made, gone) = ("a.b: Creation complete after 0s", "a.b: Destruction complete after 0s");
        assert!(after(&[made]) && after(&[gone]) && after(&[gone, "a.c: Creation complete after 0s"]));
        assert!(!after(&[gone, made]) && !after(&["a.b: Modifications complete after 0s [id=x]"]));
    }

    #[test]
    fn only_the_count_of_what_was_done_ends_an_apply() {
        let redactor = Redactor::new();
        let mut reports = EngineReports::default();
        reports.record_text(
            Stream::Stdout,
            r#"{"type":"change_summary","changes":{"operation":"plan"}}"#,
            &redactor,
        );
        assert!(!reports.finished);
        reports.record_text(
            Stream::Stdout,
            r#"{"type":"change_summary","changes":{"operation":"apply"}}"#,
            &redactor,
        );
        assert!(reports.finished);
    }

    #[test]
    fn resources_are_compared_unmasked_and_shown_masked() {
        let redactor = Redactor::new();
        redactor.add("hunter2-hunter2");
        let mut reports = EngineReports::default();
        let address = "a.b[\"hunter2-hunter2\"]";
        reports.record_text(Stream::Stdout, &format!("{address}: Creation complete after 0s"), &redactor);
        reports.record_text(Stream::Stderr, "Error: no hunter2-hunter2", &redactor);
        assert_eq!(reports.done, ["a.b[\"(redacted)\"]"]);
        assert_eq!(reports.error.as_deref(), Some("no (redacted)"));
        assert!(!reports.contradicts_state(&BTreeSet::from([address.parse().unwrap()])));
    }
}
