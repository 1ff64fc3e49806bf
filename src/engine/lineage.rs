//! The last known lineage of an instance's state, so that a state that vanished is noticed.
//!
//! A lineage is an id that the engine gives to a state when it is first written, and that stays with it.

use std::{fs, io};

use camino::Utf8Path;

use super::{Target, claims::claim, fingerprint::write_private};
use crate::model::{Failure, FailureKind};

/// The file in an instance's own folder that holds its last known lineage.
const FILE: &str = "lineage";

/// Refuses a state that is not there where one is known, as when its whole workspace is gone.
pub(super) fn refuse_vanished(target: &Target) -> Result<(), Failure> {
    compare(&target.state_dir, "", false).map_err(|failure| with_exception(failure, target))
}

/// Compares the lineage that a plan was made on with those of other instances, and with the last known one of this instance;
/// remembers a new one.
pub(super) fn watch(target: &Target, found: &str, accept: bool) -> Result<(), Failure> {
    if !found.is_empty() {
        claim(target, FILE, found)?;
    }
    compare(&target.state_dir, found, accept).map_err(|failure| with_exception(failure, target))
}

/// Adds what lets another state through.
fn with_exception(failure: Failure, target: &Target) -> Failure {
    if failure.kind != FailureKind::Refused {
        return failure;
    }
    let (instance, environment) = (&target.instance, &target.instance.environment);
    let allow =
        format!("after a deliberate reset `envctl plan {environment} --allow lineage:{instance}` takes it");
    Failure { detail: format!("{}; {allow}", failure.detail), ..failure }
}

fn compare(state_dir: &Utf8Path, found: &str, accept: bool) -> Result<(), Failure> {
    let file = state_dir.join(FILE);
    let unusable = |error: io::Error| {
        Failure::new(
            FailureKind::State,
            format!("cannot use `{file}`, the last known state's lineage: {error}"),
        )
    };
    let known = match fs::read_to_string(&file) {
        Ok(text) => text.trim().to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unusable(error)),
    };
    if known == found {
        return Ok(());
    }
    if !known.is_empty() && !accept {
        let what =
            if found.is_empty() { "the state has vanished" } else { "the state was replaced by another one" };
        let detail = if found.is_empty() {
            format!(
                "the last known state had the lineage {known}; now there is none, so a plan would create everything anew"
            )
        } else {
            format!("the last known state had the lineage {known}; now it is {found}")
        };
        return Err(Failure::new(FailureKind::Refused, what).with_detail(detail));
    }
    write_private(&file, found.as_bytes()).map_err(unusable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_state_must_not_vanish_or_be_replaced_unless_that_is_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(folder.path()).unwrap();
        let summary = |found, accept| compare(dir, found, accept).map_err(|failure| failure.summary);
        assert_eq!(summary("", false), Ok(()));
        assert_eq!(summary("one", false), Ok(()));
        assert_eq!(summary("one", false), Ok(()));
        assert_eq!(summary("", false), Err("the state has vanished".to_owned()));
        assert_eq!(summary("two", false), Err("the state was replaced by another one".to_owned()));
        assert_eq!(summary("one", false), Ok(()));
        assert_eq!(summary("two", true), Ok(()));
        assert_eq!(summary("one", false), Err("the state was replaced by another one".to_owned()));
        assert_eq!(summary("", true), Ok(()));
        assert_eq!(summary("three", false), Ok(()));
    }
}
