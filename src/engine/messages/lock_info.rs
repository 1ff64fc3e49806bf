//! Holder of a state lock, as reported in the message of an engine.

use crate::{
    engine::{Target, next_command::exec_line},
    model::{Failure, FailureKind},
};

/// Messages of the backend `pg` on a lock; the lock information below them is that of the failed attempt, not of the holder.
///
/// Source: measured with OpenTofu 1.12.6 and Terraform 1.11.4.
const POSTGRES_LOCK_MESSAGES: &[&str] =
    &["Already locked for workspace creation", "Workspace is already locked"];

/// Adds the holder of a lock to the detail of a failure about a lock; returns any other failure unchanged.
pub(super) fn with_holder(failure: Failure, target: &Target) -> Failure {
    if failure.kind != FailureKind::Locked {
        return failure;
    }
    let Some(lines) = holder(&failure.detail, target) else { return failure };
    let detail = format!("{lines}\n\n{}", failure.detail);
    failure.with_detail(detail)
}

/// Returns a text on the holder of a lock; `None` if the message does not name the holder.
fn holder(detail: &str, target: &Target) -> Option<String> {
    let (before, info) = detail.split_once("Lock Info:")?;
    if POSTGRES_LOCK_MESSAGES.iter().any(|words| before.contains(words)) {
        return Some(
            "another session of the database holds the lock: `select * from pg_stat_activity` tells whose\n\
             (what follows is about this attempt, not about the holder)"
                .to_owned(),
        );
    }
    let field = |name: &str| {
        let value = info.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'))?;
        Some(value.trim()).filter(|value| !value.is_empty())
    };
    let mut line = format!("held by {}", field("Who").unwrap_or("somebody who is not named"));
    if let Some(operation) = field("Operation") {
        let operation = operation.strip_prefix("OperationType").unwrap_or(operation).to_lowercase();
        line = format!("{line} for: {operation}");
    }
    if let Some(created) = field("Created") {
        line = format!("{line}, since {}", to_the_second(created));
    }
    let Some(id) = field("ID") else { return Some(line) };
    let unlock = exec_line(target, &["force-unlock", "-force", id]);
    Some(format!("{line}, lock id {id}\nonce no other process works on it: `{unlock}`"))
}

/// Returns a time like `2026-11-21 00:07:22.968715713 +0000 UTC` without its fraction of a second.
fn to_the_second(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, rest)) => {
            let zone = rest.split_whitespace().next_back().unwrap_or_default();
            format!("{seconds} {zone}").trim_end().to_owned()
        }
        None => time.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

    fn told(detail: &str) -> String {
        let target = Target::sample(Utf8Path::new("/p"), "app");
        let failure = Failure::new(FailureKind::Locked, "Error acquiring the state lock").with_detail(detail);
        with_holder(failure, &target).detail
    }

    fn recorded(name: &str) -> String {
        let failures = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/failures/locked");
        told(&std::fs::read_to_string(failures.join(name)).unwrap())
    }

    #[test]
    fn the_holder_of_a_lock_stands_first() {
        for engine in ["tofu", "terraform"] {
            let told = recorded(&format!("local-{engine}.txt"));
            let mut lines = told.lines();
            let first = lines.next().unwrap();
            let (holder, id) = first.split_once(", lock id ").unwrap();
            assert!(holder.starts_with("held by ci@runner for: apply, since 2026-11-21 00:07:"), "{first}");
            assert!(holder.ends_with(" UTC"), "{first}");
            let second = lines.next().unwrap();
            assert_eq!(
                second,
                format!(
                    "once no other process works on it: `envctl exec dev app -- force-unlock -force {id}`"
                )
            );
            assert!(told.contains("Lock Info:"), "the engine's own words follow");
        }
    }

    #[test]
    fn the_one_who_asked_postgres_is_not_taken_for_the_holder() {
        for engine in ["tofu", "terraform"] {
            let told = recorded(&format!("pg-{engine}.txt"));
            let first = told.lines().next().unwrap();
            assert!(first.contains("`select * from pg_stat_activity`"), "{first}");
            assert!(!told.contains("held by ci@runner"), "{told}");
            assert!(!told.contains("force-unlock"), "{told}");
        }
    }

    #[test]
    fn missing_values_are_left_out() {
        assert!(told("Lock Info:\n  ID: 1").starts_with("held by somebody who is not named, lock id 1\n"));
        assert_eq!(told("no such words"), "no such words");
    }
}
