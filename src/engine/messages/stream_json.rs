//! Lines of `plan -json`, `apply -json` and `init -json`: one JSON object each.
//!
//! Source: <https://developer.hashicorp.com/terraform/internals/machine-readable-ui>. Unknown types are ignored, and lines
//! may lack a type.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::process::Redactor;

/// Content of one line of the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    /// Version of the engine, in the first line.
    Version(String),
    /// Resource that an apply would change.
    PlannedChange {
        /// Address of the resource.
        address: String,
        /// `create`, `move`, `noop` …: less exact than `show -json`.
        action: String,
    },
    /// Address of a provider's action that an apply would invoke.
    PlannedAction(String),
    /// Change that the engine deferred to a later plan.
    DeferredChange,
    /// Names of outputs, each with its planned action; during an apply the action is `None`.
    Outputs(Vec<(String, Option<String>)>),
    /// Warning or error.
    Diagnostic(EngineDiagnostic),
    /// Start, progress or end of work on a resource, as text: `aws_vpc.main: creating`.
    Doing(String),
    /// Resource that an apply has finished.
    Done {
        /// Address of the resource.
        address: String,
        /// `create`, `update`, `delete`, `read` …; empty if the engine does not report it.
        action: String,
    },
    /// Resource that an apply failed at.
    Errored {
        /// Address of the resource.
        address: String,
        /// `create`, `update`, `delete` …; empty if the engine does not report it.
        action: String,
    },
    /// Address of a resource whose provisioner failed.
    ProvisionerFailed(String),
    /// Operation that a change summary at the end of the stream names: `apply`, `destroy`, `plan`.
    Summary(String),
    /// Any other message.
    Other,
}

/// Line of the stream: the engine's own text, and its parsed content.
#[derive(Debug, PartialEq, Eq)]
pub struct StreamLine {
    /// Text for the log.
    pub text: String,
    /// Content of the line.
    pub message: Message,
}

/// Warning or error of an engine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EngineDiagnostic {
    /// `error` or `warning`.
    #[serde(default)]
    pub severity: String,
    /// Summary, on one line.
    #[serde(default)]
    pub summary: String,
    /// Detail, on any number of lines.
    #[serde(default)]
    pub detail: String,
    /// Address of the resource that the diagnostic is about.
    #[serde(default)]
    pub address: Option<String>,
    /// Range in a configuration file that the diagnostic is about.
    #[serde(default)]
    pub range: Option<SourceRange>,
    /// True if the diagnostic is about the value of a variable, which no configuration file holds.
    #[serde(skip)]
    pub is_about_value: bool,
}

/// Range in a configuration file that a diagnostic is about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SourceRange {
    /// Path of the file, relative to the folder that the engine runs in.
    pub filename: String,
    /// Start of the range.
    pub start: SourcePosition,
}

/// Position in a file of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SourcePosition {
    /// Line of that file, from 1.
    pub line: u32,
}

impl EngineDiagnostic {
    /// Masks the secrets in all texts of the diagnostic.
    pub(in crate::engine) fn masked(self, redactor: &Redactor) -> Self {
        let masked = |text: &str| redactor.mask(text).into_owned();
        let range =
            self.range.map(|range| SourceRange { filename: masked(&range.filename), start: range.start });
        Self {
            summary: masked(&self.summary),
            detail: masked(&self.detail),
            address: self.address.as_deref().map(masked),
            range,
            ..self
        }
    }

    /// Returns true unless the severity is `warning`.
    pub fn is_error(&self) -> bool {
        self.severity != "warning"
    }
}

#[derive(Deserialize)]
struct RawStreamLine {
    #[serde(rename = "@message", default)]
    text: String,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    tofu: Option<String>,
    #[serde(default)]
    terraform: Option<String>,
    #[serde(default)]
    change: Option<RawStreamChange>,
    #[serde(default)]
    invocation: Option<RawStreamInvocation>,
    #[serde(default)]
    hook: Option<RawHook>,
    #[serde(default)]
    diagnostic: Option<EngineDiagnostic>,
    #[serde(default)]
    outputs: Option<BTreeMap<String, RawStreamOutput>>,
    #[serde(default)]
    changes: Option<RawSummary>,
}

#[derive(Deserialize)]
struct RawSummary {
    #[serde(default)]
    operation: String,
}

#[derive(Deserialize)]
struct RawStreamChange {
    resource: RawStreamResource,
    action: String,
}

#[derive(Deserialize)]
struct RawStreamInvocation {
    action: RawStreamResource,
}

/// Field `action` of a hook message: a word, or the address of a provider's action.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawAction {
    Word(String),
    Provider(RawStreamResource),
}

#[derive(Deserialize)]
struct RawHook {
    resource: Option<RawStreamResource>,
    #[serde(default)]
    action: Option<RawAction>,
    #[serde(default)]
    provisioner: Option<String>,
}

#[derive(Deserialize)]
struct RawStreamResource {
    addr: String,
}

#[derive(Deserialize)]
struct RawStreamOutput {
    #[serde(default)]
    action: Option<String>,
}

/// Parses one line; `None` if it is not one of the engine's JSON objects.
pub fn parse(line: &str) -> Option<StreamLine> {
    if !line.starts_with('{') {
        return None;
    }
    let raw: RawStreamLine = serde_json::from_str(line).ok()?;
    let text = raw.text;
    let message = match raw.kind.as_deref() {
        Some("version") => match raw.tofu.or(raw.terraform) {
            Some(version) => Message::Version(version),
            None => Message::Other,
        },
        Some("planned_change") => match raw.change {
            Some(change) => Message::PlannedChange { address: change.resource.addr, action: change.action },
            None => Message::Other,
        },
        Some("planned_action_invocation") => {
            raw.invocation.map_or(Message::Other, |invocation| Message::PlannedAction(invocation.action.addr))
        }
        Some("deferred_change") => Message::DeferredChange,
        Some("outputs") => Message::Outputs(
            raw.outputs.unwrap_or_default().into_iter().map(|(name, output)| (name, output.action)).collect(),
        ),
        Some("diagnostic") => raw.diagnostic.map_or(Message::Other, Message::Diagnostic),
        Some("apply_complete") => match raw.hook {
            Some(RawHook { resource: Some(resource), action, .. }) => {
                Message::Done { address: resource.addr, action: action_word(action.as_ref()).to_owned() }
            }
            _ => Message::Other,
        },
        Some("apply_errored") => match raw.hook {
            Some(RawHook { resource: Some(resource), action, .. }) => {
                Message::Errored { address: resource.addr, action: action_word(action.as_ref()).to_owned() }
            }
            _ => Message::Other,
        },
        Some("provision_errored") => match raw.hook.and_then(|hook| hook.resource) {
            Some(resource) => Message::ProvisionerFailed(resource.addr),
            None => Message::Other,
        },
        Some("change_summary") => {
            raw.changes.map_or(Message::Other, |changes| Message::Summary(changes.operation))
        }
        Some(kind) => {
            raw.hook.and_then(|hook| progress_text(kind, hook)).map_or(Message::Other, Message::Doing)
        }
        // An init reports progress without a type, or as `log` and `init_output`, which have no hook.
        None => Message::Other,
    };
    Some(StreamLine { text, message })
}

/// Parses a line that may start with unfinished output of another program; returns that output and the JSON object behind
/// it.
pub(in crate::engine) fn parse_within(line: &str) -> (&str, Option<StreamLine>) {
    match parse(line) {
        None => match line.find("{\"@level\"").map(|at| (&line[..at], parse(&line[at..]))) {
            Some((before, Some(found))) => (before, Some(found)),
            _ => (line, None),
        },
        found => ("", found),
    }
}

/// Returns the action of a hook message on a resource as a word; empty without one.
fn action_word(action: Option<&RawAction>) -> &str {
    match action {
        Some(RawAction::Word(word)) => word,
        Some(RawAction::Provider(_)) | None => "",
    }
}

/// Returns the text of a hook message for a live line: `aws_vpc.main: creating`.
fn progress_text(kind: &str, hook: RawHook) -> Option<String> {
    if let Some(RawAction::Provider(action)) = &hook.action {
        let address = &action.addr;
        return Some(match kind {
            "action_start" => format!("{address}: invoking"),
            "action_progress" => format!("{address}: still invoking"),
            "action_complete" | "applied_action_invocation" => format!("{address}: done"),
            "action_errored" => format!("{address}: failed"),
            _ => return None,
        });
    }
    let address = hook.resource?.addr;
    let working = match action_word(hook.action.as_ref()) {
        "create" => "creating",
        "update" => "updating",
        "delete" => "destroying",
        "read" => "reading",
        _ => "changing",
    };
    Some(match kind {
        "refresh_start" => format!("{address}: refreshing"),
        "apply_start" => format!("{address}: {working}"),
        "apply_progress" => format!("{address}: still {working}"),
        "provision_start" => {
            format!("{address}: provisioning with {}", hook.provisioner.as_deref().unwrap_or("a provisioner"))
        }
        "ephemeral_op_start" => format!("{address}: opening"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(line: &str) -> Message {
        parse(line).unwrap().message
    }

    #[test]
    fn both_engines_say_their_version_first() {
        for name in ["tofu", "terraform"] {
            let line = format!(
                r#"{{"@level":"info","@message":"x","{name}":"1.12.6","type":"version","ui":"1.2"}}"#
            );
            assert_eq!(message(&line), Message::Version("1.12.6".to_owned()));
        }
    }

    #[test]
    fn changes_outputs_and_work_are_read() {
        assert_eq!(
            message(r#"{"change":{"resource":{"addr":"a.b"},"action":"create"},"type":"planned_change"}"#),
            Message::PlannedChange { address: "a.b".to_owned(), action: "create".to_owned() }
        );
        assert_eq!(
            message(
                r#"{"outputs":{"o":{"sensitive":false,"action":"noop"},"p":{"value":1}},"type":"outputs"}"#
            ),
            Message::Outputs(vec![("o".to_owned(), Some("noop".to_owned())), ("p".to_owned(), None)])
        );
        assert_eq!(
            message(r#"{"hook":{"resource":{"addr":"a.b"},"action":"delete"},"type":"apply_start"}"#),
            Message::Doing("a.b: destroying".to_owned())
        );
        assert_eq!(
            message(r#"{"hook":{"resource":{"addr":"a.b"},"action":"create"},"type":"apply_complete"}"#),
            Message::Done { address: "a.b".to_owned(), action: "create".to_owned() }
        );
    }

    #[test]
    fn actions_of_providers_are_read_in_plans_and_applies() {
        let addr = r#"{"addr":"action.x_run.a","module":"","action_type":"x_run","action_name":"a"}"#;
        let planned = format!(
            r#"{{"@message":"planned action invocation","type":"planned_action_invocation","invocation":{{"action":{addr},"invoke":{{}}}}}}"#
        );
        assert_eq!(message(&planned), Message::PlannedAction("action.x_run.a".to_owned()));
        for (kind, words) in [
            ("action_start", "action.x_run.a: invoking"),
            ("action_progress", "action.x_run.a: still invoking"),
            ("action_complete", "action.x_run.a: done"),
            ("action_errored", "action.x_run.a: failed"),
        ] {
            let line = format!(
                r#"{{"@message":"m","type":"{kind}","hook":{{"action":{addr},"lifecycle":{{"resource":{{"addr":"a.b"}},"trigger_event":"AfterCreate"}}}}}}"#
            );
            assert_eq!(message(&line), Message::Doing(words.to_owned()));
        }
        let deferred = r#"{"type":"deferred_change","deferred":{"reason":"instance_count_unknown"}}"#;
        assert_eq!(message(deferred), Message::DeferredChange);
    }

    #[test]
    fn a_diagnostic_without_a_place_is_still_one() {
        let line = r#"{"diagnostic":{"severity":"error","summary":"s","detail":"d"},"type":"diagnostic"}"#;
        let Message::Diagnostic(found) = message(line) else { panic!("{line}") };
        assert_eq!((found.is_error(), found.summary.as_str(), found.range), (true, "s", None));
    }

    #[test]
    fn a_line_that_another_program_began_is_read_from_the_engines_part() {
        let object = r#"{"@level":"info","@message":"hello"}"#;
        let line = format!("no line feed{object}");
        let (before, found) = parse_within(&line);
        assert_eq!((before, found.unwrap().text.as_str()), ("no line feed", "hello"));
        assert_eq!(parse_within(object).0, "");
        assert_eq!(parse_within("x{\"@level\""), ("x{\"@level\"", None));
    }

    #[test]
    fn unknown_types_and_lines_without_one_are_passed_over() {
        assert_eq!(message(r#"{"@message":"hello","type":"brand_new"}"#), Message::Other);
        assert_eq!(parse(r#"{"@message":"hello"}"#).unwrap().text, "hello");
        for non_json_output in ["", "hello", "[]", "{", "null", r#"{"type":1}"#] {
            assert_eq!(parse(non_json_output), None, "{non_json_output}");
        }
    }
}
