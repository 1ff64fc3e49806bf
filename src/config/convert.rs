//! Conversion of the keys of environments.toml, as written, into settings with expanded templates.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::{
    expand::Expander,
    origin::Value,
    raw::{
        field::Located,
        guards::Command,
        hooks::HooksTable,
        json::Json,
        keywords::StackName,
        layer::Keys,
        map::Map,
        source::{EnvSourceTemplate, EnvVarTemplate, SecretTemplate, SourceTemplate},
        stack_file::StackFileTemplate,
        template::Template,
    },
    settings::{
        BackendPair, EnvSource, EnvVar, Hooks, MockOutput, Secret, SecretSource, StackFile, StackReference,
        VariableValue,
    },
};

/// Backend pairs by backend type.
pub(crate) type BackendPairs = IndexMap<String, IndexMap<String, BackendPair>>;

/// Converts the values for HCL variables. Templates in them are not expanded.
pub(crate) fn vars(vars: Map<Value<Json>>) -> IndexMap<String, Value<VariableValue>> {
    vars.into_inner()
        .into_iter()
        .map(|(name, var)| {
            let value = VariableValue::Known(var.value.value.0);
            (name.to_string(), Value { value, origin: var.value.origin })
        })
        .collect()
}

/// Converts var files or backend files, in their order.
pub(crate) fn stack_files(
    files: Option<&Value<Vec<StackFileTemplate>>>,
    expander: &mut Expander<'_>,
) -> Vec<StackFile> {
    let files = files.into_iter().flat_map(|files| &files.value);
    files
        .filter_map(|file| {
            Some(StackFile { path: expander.expand(&file.path)?.into(), optional: file.optional })
        })
        .collect()
}

/// Converts the stacks that another one names in `needs` or `reads`.
pub(crate) fn stack_references(stacks: Option<&[Located<StackName>]>) -> Vec<StackReference> {
    let stacks = stacks.unwrap_or_default().iter();
    stacks.map(|named| StackReference { stack: named.value.0.clone(), span: named.span.clone() }).collect()
}

/// Converts the backend pairs, by backend type.
pub(crate) fn backend(keys: &Keys, expander: &mut Expander<'_>) -> BackendPairs {
    convert_each(&keys.backend, |pairs| {
        Some(convert_each(pairs, |pair| {
            let value = expander.expand_json(&pair.value)?;
            Some(BackendPair { value, origin: pair.origin.clone() })
        }))
    })
}

/// Converts the environment variables for engines, hooks and commands.
pub(crate) fn env(keys: &Keys, expander: &mut Expander<'_>) -> IndexMap<String, Value<EnvVar>> {
    convert_each(&keys.env, |var| {
        Some(Value { value: env_var(&var.value, expander)?, origin: var.origin.clone() })
    })
}

/// Converts the secrets, by HCL variable.
pub(crate) fn secrets(keys: &Keys, expander: &mut Expander<'_>) -> IndexMap<String, Value<Secret>> {
    convert_each(&keys.secrets, |declared| {
        Some(Value { value: secret(&declared.value, expander)?, origin: declared.origin.clone() })
    })
}

/// Returns the values of the template names that the project defines (`values`).
pub(crate) fn values(keys: &Keys) -> BTreeMap<String, String> {
    keys.values.iter().map(|(name, value)| (name.to_string(), value.value.0.clone())).collect()
}

/// Converts the mocks of the outputs of one stack.
pub(crate) fn mocks(outputs: &Map<Value<Json>>) -> IndexMap<String, MockOutput> {
    convert_each(outputs, |mock| {
        Some(MockOutput { value: mock.value.0.clone(), origin: mock.origin.clone() })
    })
}

/// Converts every value of a map; values for which `convert` returns `None` are left out.
pub(crate) fn convert_each<T, U>(
    map: &Map<T>,
    mut convert: impl FnMut(&T) -> Option<U>,
) -> IndexMap<String, U> {
    map.iter().filter_map(|(name, value)| Some((name.to_string(), convert(value)?))).collect()
}

fn env_var(var: &EnvVarTemplate, expander: &mut Expander<'_>) -> Option<EnvVar> {
    let source = match &var.source {
        EnvSourceTemplate::Plain(text) => EnvSource::Plain(expander.expand(text)?),
        EnvSourceTemplate::Secret(template) => EnvSource::Secret(secret(template, expander)?),
    };
    Some(EnvVar { source, unless: var.unless.clone() })
}

fn secret(template: &SecretTemplate, expander: &mut Expander<'_>) -> Option<Secret> {
    Some(Secret { source: secret_source(&template.source, expander)?, allow_empty: template.allow_empty })
}

fn secret_source(source: &SourceTemplate, expander: &mut Expander<'_>) -> Option<SecretSource> {
    Some(match source {
        SourceTemplate::Env(name) => SecretSource::Env(expander.expand(name)?),
        SourceTemplate::File(path) => SecretSource::File(expander.expand(path)?.into()),
        SourceTemplate::Command(words) => SecretSource::Command(expand_words(words, expander)),
        SourceTemplate::Sops(file, key) => {
            SecretSource::Sops { file: expander.expand(file)?.into(), key: expander.expand(key)? }
        }
    })
}

fn expand_words(words: &[Template], expander: &mut Expander<'_>) -> Vec<String> {
    words.iter().filter_map(|word| expander.expand(word)).collect()
}

/// Converts the hooks of a stack.
pub(crate) fn hooks(table: &HooksTable, expander: &mut Expander<'_>) -> Hooks {
    let mut list = |commands: &Option<Value<Vec<Command>>>| -> Vec<Vec<String>> {
        commands
            .iter()
            .flat_map(|list| &list.value)
            .map(|command| expand_words(&command.0, expander))
            .collect()
    };
    Hooks {
        before_plan: list(&table.before_plan),
        after_plan: list(&table.after_plan),
        before_apply: list(&table.before_apply),
        after_apply: list(&table.after_apply),
        on_failure: list(&table.on_failure),
    }
}
