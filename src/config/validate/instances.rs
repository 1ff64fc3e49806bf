//! Validation of merged layers: template names, secrets that are also plain values, `unset` without effect.

use std::collections::BTreeMap;

use super::discover::{ANY_STACK, captures, placeholder_captures, templates};
use crate::{
    config::{
        Config,
        expand::Expander,
        raw::{field::TomlValue, layer::LayerTable, template::Template},
        settings::Environment,
        stacks::StackLayers,
        unsets::UnsetUsage,
    },
    diagnostic::Diagnostics,
};

/// Validates every environment, and every stack that has settings of its own.
pub(crate) fn instances(config: &Config, mut unsets: UnsetUsage, problems: &mut Diagnostics) {
    let paths = config.discover.iter().flat_map(|discover| &discover.paths);
    let captures: BTreeMap<String, String> = placeholder_captures(paths.flat_map(|(path, _)| captures(path)));
    for environment in config.environments.values() {
        let top = &config.environment_layers(environment).top;
        config.refuse_plain_secrets(environment, &top.keys, problems);
        let mut expander = config.expander(environment, ANY_STACK, &captures);
        top.each_template(&mut |template| check_template(template, &mut expander));
        expander.prefix();
        expander.workspace();
        for (stack, own) in config.stacks.values().zip(&config.stack_layers) {
            let exists = stack.environments.as_ref().is_none_or(|names| names.contains(&environment.name));
            if exists {
                check_stack(own, environment, config, &mut expander, &mut unsets, problems);
            }
        }
        problems.extend(expander.problems);
        templates(config, environment, problems);
    }
    unsets.warn_of_idle(&config.sources, problems);
}

fn check_stack(
    own: &StackLayers,
    environment: &Environment,
    config: &Config,
    expander: &mut Expander<'_>,
    unsets: &mut UnsetUsage,
    problems: &mut Diagnostics,
) {
    if let Some(path) = &own.path {
        check_template(path, expander);
    }
    own.files.iter().for_each(|glob| check_template(glob, expander));
    let instance = own.instances.get(environment.name.as_str());
    if own.layer.is_none() && instance.is_none() {
        return;
    }
    let layers = || own.layer.as_deref().into_iter().chain(instance.map(|instance| &instance.layer));
    for layer in layers() {
        layer.each_template(&mut |template| check_template(template, expander));
    }
    let base = &config.environment_layers(environment).base;
    let all: Vec<&LayerTable> = layers().chain([base.as_ref()]).collect();
    if !layers().any(|layer| needs_merging(layer, &all)) {
        return;
    }
    let mut merged = LayerTable::clone(base);
    for layer in layers() {
        unsets.apply(&mut merged, layer);
    }
    if let Some(instance) = instance {
        unsets.apply_to_dependencies(&own.dependencies, &instance.layer);
    }
    for layer in &config.overrides {
        merged.apply(layer);
    }
    config.refuse_plain_secrets(environment, &merged.keys, problems);
}

/// Returns true if a layer can only be validated with all layers merged. Merging is avoided, as there may be thousands of
/// stacks.
fn needs_merging(layer: &LayerTable, all: &[&LayerTable]) -> bool {
    let own = &layer.keys;
    !own.unset.is_empty()
        || own.secrets.iter().any(|(name, _)| all.iter().any(|layer| layer.keys.vars.get(name).is_some()))
        || own.vars.iter().any(|(name, _)| all.iter().any(|layer| layer.keys.secrets.get(name).is_some()))
}

fn check_template(template: &Template, expander: &mut Expander<'_>) {
    if !template.is_literal() {
        expander.expand(template);
    }
}
