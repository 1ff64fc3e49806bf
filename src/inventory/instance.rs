//! One stack in one environment, with all that environments.toml says of it.

use std::{ops::Range, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    config::Settings,
    model::{EngineName, InstanceId, StackId},
};

/// One stack in one environment.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its name.
    pub id: InstanceId,
    /// Its folder relative to environments.toml.
    pub path: Utf8PathBuf,
    /// Its folder, absolute.
    pub dir: Utf8PathBuf,
    /// Its engine.
    pub engine: EngineName,
    /// What its values resolve to.
    pub settings: Arc<Settings>,
    /// The stacks that come before it: `needs`, `inputs`, and what a Terragrunt unit depends on; in that order.
    pub needs: Vec<StackId>,
    /// The words that it can be selected by; a capture `<region>` of a discovered stack is the tag `region=us-east-2`.
    pub tags: Vec<String>,
    /// The place of its table's name in environments.toml; absent for a discovered stack that has none.
    pub span: Option<Range<usize>>,
}

impl Instance {
    /// The folder of environments.toml; its own folder where it lies elsewhere.
    pub fn root(&self) -> &Utf8Path {
        let above = self.dir.as_str().strip_suffix(self.path.as_str());
        above.map_or(&self.dir, |above| Utf8Path::new(above.trim_end_matches('/')))
    }

    /// The workspace, absent for the default one, however that is written.
    pub fn workspace(&self) -> Option<&str> {
        self.settings.workspace.as_ref().map(|value| value.value.as_str()).filter(|name| *name != "default")
    }
}
