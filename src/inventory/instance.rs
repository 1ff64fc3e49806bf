//! Instance: one stack in one environment, with its settings.

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

/// Instance: one stack in one environment.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Names of the environment and the stack.
    pub id: InstanceId,
    /// Path of the folder, relative to the folder of environments.toml.
    pub path: Utf8PathBuf,
    /// Absolute path of the folder.
    pub dir: Utf8PathBuf,
    /// Engine that runs the stack.
    pub engine: EngineName,
    /// Settings of the stack in the environment, with all layers merged.
    pub settings: Arc<Settings>,
    /// Stacks that are planned and applied before this one: those of `needs`, of `inputs` and of a Terragrunt unit's
    /// dependencies, in that order.
    pub needs: Vec<StackId>,
    /// Tags that select the stack; a capture `<region>` of a discovered stack is the tag `region=us-east-2`.
    pub tags: Vec<String>,
    /// Span of the name of the stack's table in environments.toml; `None` for a discovered stack without a table.
    pub span: Option<Range<usize>>,
}

impl Instance {
    /// Returns the folder of environments.toml, or the instance's own folder if that lies elsewhere.
    pub fn root(&self) -> &Utf8Path {
        let above = self.dir.as_str().strip_suffix(self.path.as_str());
        above.map_or(&self.dir, |above| Utf8Path::new(above.trim_end_matches('/')))
    }

    /// Returns the folder and the environment variables by which a version manager chooses the engine's program; `inherited`
    /// is envctl's own environment.
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

    /// Returns the workspace; `None` for the default workspace, whether environments.toml names it or not.
    pub fn workspace(&self) -> Option<&str> {
        self.settings.workspace.as_ref().map(|value| value.value.as_str()).filter(|name| *name != "default")
    }
}
