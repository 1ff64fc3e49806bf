//! One stack in one environment, with all that environments.toml says of it.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    ops::Range,
    sync::Arc,
};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    config::{EnvSource, Settings},
    engine::EnginePlace,
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

    /// Returns where its engine runs, as a version manager sees it; `inherited` is the environment that its own is laid over.
    pub fn engine_place(&self, inherited: &BTreeMap<OsString, OsString>) -> EnginePlace {
        let set = self.settings.env.iter().filter(|(_, variable)| {
            !variable.value.unless.iter().any(|other| inherited.contains_key(OsStr::new(other)))
        });
        let plain = set.filter_map(|(name, variable)| match &variable.value.source {
            EnvSource::Plain(text) => Some((name.as_str(), text.as_str())),
            EnvSource::Secret(_) => None,
        });
        EnginePlace::new(&self.dir, plain)
    }

    /// The workspace, absent for the default one, however that is written.
    pub fn workspace(&self) -> Option<&str> {
        self.settings.workspace.as_ref().map(|value| value.value.as_str()).filter(|name| *name != "default")
    }
}
