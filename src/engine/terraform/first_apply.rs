//! Record of a first apply whose result is not known yet: the address of the state, and the resources that were done.
//!
//! envctl writes it before a first apply starts, and removes it once it has read the state that the apply left. Until then a
//! state at another address is refused, and so is an absent state if the apply had done a resource.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::{
    engine::{StateIdentity, Target},
    files,
    model::{Failure, FailureKind},
};

/// File in an instance's folder that holds the record.
pub(in crate::engine) const FIRST_APPLY: &str = "first-apply.json";

/// First apply whose result is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct FirstApply {
    /// Address of the state when the apply began; `None` if the backend's configuration does not determine it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::engine) address: Option<String>,
    /// Resources that the apply had done, as far as envctl read its output.
    #[serde(default)]
    pub(in crate::engine) done: Vec<String>,
}

impl FirstApply {
    /// Reads the record in the folder of an instance; `None` if there is none.
    pub(in crate::engine) fn read(folder: &Utf8Path) -> Result<Option<Self>, Failure> {
        let path = folder.join(FIRST_APPLY);
        match files::read_whole(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map(Some).map_err(|error| {
                    let advice = "look whether the first apply left a state; without the file, an absent one counts as never made";
                    record_error(&path, &error.into()).with_detail(format!("hint: {advice}"))
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(record_error(&path, &error)),
        }
    }

    /// Writes the record.
    pub(in crate::engine) fn write(&self, target: &Target) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(self).map_err(io::Error::other);
        let path = path(target);
        bytes.and_then(|bytes| files::write(&path, &bytes)).map_err(|error| record_error(&path, &error))
    }

    /// Records the resources that the apply had done, since the state that it left could not be read.
    pub(in crate::engine) fn record_done(target: &Target, done: &[String]) -> Result<(), Failure> {
        let record = Self::read(&target.state_dir)?.unwrap_or_default();
        Self { done: done.to_vec(), ..record }.write(target)
    }

    /// Removes the record: the state was read, or the apply left none.
    pub(in crate::engine) fn forget(target: &Target) -> Result<(), Failure> {
        let path = path(target);
        files::remove_if_there(&path).map_err(|error| record_error(&path, &error))
    }

    /// Returns the reason why a state cannot be the one that the apply left, as a summary and a detail.
    pub(in crate::engine) fn conflict(
        &self,
        found: &StateIdentity,
        address: Option<&str>,
    ) -> Option<(&'static str, String)> {
        if let (Some(began), Some(now)) = (self.address.as_deref(), address)
            && began != now
        {
            let detail = format!(
                "what the first apply left may lie at `{began}`, where it began, and nobody saw its end\nthe address is `{now}` \
                 now, where everything would be created anew\nput the address back and plan"
            );
            return Some(("the address of the state is another one than the first apply began at", detail));
        }
        let is_gone = found.lineage.is_empty() && !self.done.is_empty();
        is_gone.then(|| {
            let detail = format!(
                "the first apply was done with `{}`, and nobody saw the state that it left\nnow there is none: a plan would \
                 create that anew",
                self.done.join("`, `")
            );
            ("the state has vanished", detail)
        })
    }
}

fn path(target: &Target) -> Utf8PathBuf {
    target.state_dir.join(FIRST_APPLY)
}

fn record_error(path: &Utf8Path, error: &io::Error) -> Failure {
    let summary = format!("cannot use `{path}`, the record of a first apply: {error}");
    Failure::new(FailureKind::State, summary)
}
