//! Positions at which the values of a stack's variables are set: environments.toml, a flag, a var file, or the environment.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    config::{Config, Layer, Origin},
    diagnostic::SourceFile,
    engine::{ValuePlace, ValuePlaces, layout::unit_file},
    files,
    hcl::{SourceSpan, read_folder, read_var_file},
    inventory::{Instance, Modules, var_file_paths},
};

/// Positions at which the variables of one instance are set.
#[derive(Debug)]
pub(super) struct InstanceValues {
    instance: Instance,
    /// Text of environments.toml.
    source: Arc<SourceFile>,
    /// File name of environments.toml, relative to the project.
    file_name: String,
    /// Names of inherited environment variables that set variables of engines (`TF_VAR_*`).
    inherited: Arc<BTreeSet<String>>,
}

impl InstanceValues {
    /// Returns the positions of the values of an instance; `inherited` are the names of the inherited variables `TF_VAR_*`.
    pub(super) fn new(config: &Config, instance: &Instance, inherited: &Arc<BTreeSet<String>>) -> Self {
        Self {
            instance: instance.clone(),
            source: Arc::clone(config.source()),
            file_name: config.path().file_name().unwrap_or_default().to_owned(),
            inherited: Arc::clone(inherited),
        }
    }

    /// Returns the position of a value of environments.toml, or the flag that set it.
    fn place_in_toml(&self, what: &str, origin: &Origin) -> ValuePlace {
        let line = origin.span.as_ref().map(|span| self.source.position(span.start).0);
        let set_by = match &origin.layer {
            Layer::Flag(flag) => format!("is set by `{flag}`"),
            Layer::ProcessEnvironment(name) => format!("is set by the environment variable `{name}`"),
            layer => format!("{what} {layer}"),
        };
        let line = line.and_then(|line| Some((self.file_name.clone(), u32::try_from(line).ok()?)));
        ValuePlace { set_by, line }
    }
}

impl ValuePlaces for InstanceValues {
    fn place_of(&self, variable: &str) -> Option<ValuePlace> {
        let settings = &self.instance.settings;
        let value = settings.vars.get(variable);
        let is_by_hand =
            |origin: &Origin| matches!(origin.layer, Layer::Flag(_) | Layer::ProcessEnvironment(_));
        if let Some(input) = settings.inputs.get(variable)
            && !value.is_some_and(|value| is_by_hand(&value.origin))
        {
            return Some(
                self.place_in_toml(&format!("takes `{}` by `inputs` of", input.value), &input.origin),
            );
        }
        if let Some(value) = value {
            return Some(self.place_in_toml("is set by `vars` of", &value.origin));
        }
        for file in
            var_file_paths(&self.instance).iter().rev().filter(|file| files::is_file_there(&file.path))
        {
            // If a file cannot be read, the engine has reported the position itself.
            let content = read_var_file(&file.path, self.instance.root()).ok()?;
            if let Some(SourceSpan { source, span }) = content.get(variable).map(|value| &value.value_span) {
                let line = u32::try_from(source.position(span.start).0).ok()?;
                let file = source.path().to_string();
                return Some(ValuePlace { set_by: format!("is set in {file}"), line: Some((file, line)) });
            }
        }
        if let Some(secret) = settings.secrets.get(variable) {
            return Some(self.place_in_toml("is one of the `secrets` of", &secret.origin));
        }
        let name = format!("TF_VAR_{variable}");
        let set_by = format!("is set by the environment variable `{name}`");
        self.inherited.contains(&name).then_some(ValuePlace { set_by, line: None })
    }

    fn declared_at(&self, file: &str, line: u32) -> Option<String> {
        let line = usize::try_from(line).ok()?;
        let start = |place: &SourceSpan| {
            let is_file_there = place.source.path().file_name() == Some(file);
            is_file_there.then(|| place.source.position(place.span.start).0).filter(|start| *start <= line)
        };
        let Instance { engine, dir, .. } = &self.instance;
        let of_unit = unit_file(*engine).and_then(|_| Modules::read_unit(&self.instance));
        let dir = of_unit.map_or_else(|| dir.clone(), |(_, folder)| folder);
        // Parsed again only for an error: the modules of all stacks need not stay in memory for it.
        let module = read_folder(*engine, &dir, self.instance.root()).ok()?;
        let declared = module.variables.iter();
        let above = declared.filter_map(|(name, variable)| Some((start(&variable.header_span)?, name)));
        above.max().map(|(_, name)| name.clone())
    }
}
