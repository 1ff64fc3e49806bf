//! Former names of an instance that was renamed in environments.toml: the runs of its former names are runs of its state.

use std::io;

use camino::Utf8Path;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    engine::Target,
    files,
    model::{Failure, FailureKind, InstanceId},
};

/// File in an instance's folder that holds its former names.
const FORMER_NAMES: &str = "former-names.json";

/// Former names of an instance that took over the state of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerNames {
    /// The instance that has the state now.
    pub instance: InstanceId,
    /// Former names of the instance, oldest first.
    pub former: Vec<FormerName>,
}

/// Name that an instance had up to a point in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerName {
    /// Former name of the instance.
    pub instance: InstanceId,
    /// The time when the state was taken over: a later run under that name is one of another stack.
    pub until: Timestamp,
}

impl FormerNames {
    /// Reads the former names that are recorded in the folder of an instance; `None` if it was never renamed.
    pub fn read(folder: &Utf8Path) -> Result<Option<Self>, Failure> {
        read(folder).map_err(|error| {
            let path = folder.join(FORMER_NAMES);
            let summary = format!("cannot use `{path}`, which holds the former names of a stack: {error}");
            Failure::new(FailureKind::State, summary)
        })
    }
}

fn read(folder: &Utf8Path) -> io::Result<Option<FormerNames>> {
    match files::read_whole(&folder.join(FORMER_NAMES)) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Records that a target takes over the state of the instance `former`, whose folder is `folder`.
pub(super) fn carry_over(former: &str, folder: &Utf8Path, target: &Target) -> io::Result<()> {
    let Some((environment, stack)) = former.split_once('/') else { return Ok(()) };
    let (Ok(environment), Ok(stack)) = (environment.parse(), stack.parse()) else { return Ok(()) };
    let name = FormerName { instance: InstanceId { environment, stack }, until: Timestamp::now() };
    let earlier = read(folder)?.into_iter().flat_map(|names| names.former);
    let former = earlier.chain([name]).collect();
    let names = FormerNames { instance: target.instance.clone(), former };
    files::write(&target.state_dir.join(FORMER_NAMES), &serde_json::to_vec(&names)?)?;
    files::remove_if_there(&folder.join(FORMER_NAMES))
}
