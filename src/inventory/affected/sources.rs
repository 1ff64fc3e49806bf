//! Changes of the files that a stack depends on outside of its configuration: files that hold secrets, programs, and
//! configuration files of engines and providers.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::change_matcher::{ChangeMatcher, Trace};
use crate::{
    config::{Config, EnvSource, SecretSource, Settings},
    engine::{cli_configs, shared_account_files, value_from},
    inventory::plan_inputs::words::words,
    model::EngineName,
};

/// Variables that name the CLI configuration file of an engine.
const CLI_CONFIG_VARIABLES: [&str; 2] = ["TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG"];
/// Variables that name a folder in which configuration files lie.
const CONFIG_FOLDER_VARIABLES: [&str; 2] = ["HOME", "XDG_CONFIG_HOME"];
/// Variables that name the shared files by which providers choose an account, or their folders.
const ACCOUNT_FILE_VARIABLES: [&str; 7] = [
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AZURE_CONFIG_DIR",
    "CLOUDSDK_ACTIVE_CONFIG_NAME",
    "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
    "CLOUDSDK_CONFIG",
    "GOOGLE_APPLICATION_CREDENTIALS",
];

/// Returns the changes of the files that the secrets of a stack come from. `root` is the folder of environments.toml, which
/// relative paths start from.
pub(super) fn secret_changes(
    settings: &Settings,
    root: &Utf8Path,
    matcher: &ChangeMatcher<'_>,
) -> Vec<Trace> {
    let mut found = Vec::new();
    for source in settings.secret_sources() {
        match source {
            SecretSource::File(path) | SecretSource::Sops { file: path, .. } => {
                found.extend(matcher.trace_file(&root.join(path)));
            }
            SecretSource::Command(argv) => found.extend(command_changes(argv, root, matcher)),
            SecretSource::Env(_) => {}
        }
    }
    found
}

/// Returns the changes of the programs that run before a stack is planned.
pub(super) fn hook_changes(settings: &Settings, root: &Utf8Path, matcher: &ChangeMatcher<'_>) -> Vec<Trace> {
    settings.hooks.before_plan.iter().flat_map(|argv| command_changes(argv, root, matcher)).collect()
}

/// Returns the shared files by which the providers of a stack choose an account; `None` when the stack sets none of the
/// variables that name them.
pub(super) fn own_account_files(
    settings: &Settings,
    dir: &Utf8Path,
    config_variables: &BTreeMap<OsString, OsString>,
) -> Option<Vec<Utf8PathBuf>> {
    let names = ACCOUNT_FILE_VARIABLES.iter().chain(&CONFIG_FOLDER_VARIABLES);
    let files = |variables: &BTreeMap<OsString, OsString>| shared_account_files(variables, dir);
    own_files(settings, config_variables, names, &|_, text| text.to_owned(), &files)
}

/// Returns the files that the variables of a stack lead to, and those that inherited variables lead to if these may take
/// precedence; `None` when the stack sets none of the variables in `names`.
fn own_files<'n>(
    settings: &Settings,
    inherited: &BTreeMap<OsString, OsString>,
    names: impl Iterator<Item = &'n &'n str>,
    value: &dyn Fn(&str, &str) -> String,
    files: &dyn Fn(&BTreeMap<OsString, OsString>) -> Vec<Utf8PathBuf>,
) -> Option<Vec<Utf8PathBuf>> {
    let (mut own, mut may_be_inherited) = (None, false);
    for name in names {
        // A path that comes from a secret is not read here.
        if let Some(variable) = settings.env.get(*name)
            && let EnvSource::Plain(text) = &variable.value.source
        {
            own.get_or_insert_with(|| inherited.clone()).insert(name.into(), value(name, text).into());
            may_be_inherited |= !variable.value.unless.is_empty();
        }
    }
    let mut found = files(&own?);
    if may_be_inherited {
        found.extend(files(inherited));
    }
    Some(found)
}

/// Returns the changes of the programs of an engine, and of the engine that it may drive, whose paths environments.toml
/// names.
pub(super) fn program_changes(
    engine: EngineName,
    config: &Config,
    matcher: &ChangeMatcher<'_>,
) -> Vec<Trace> {
    let runs = |other: &EngineName| *other == engine || engine.drives_another();
    let engines = EngineName::ALL.into_iter().filter(runs);
    let programs = engines.filter_map(|engine| config.engine(engine).program.as_deref());
    let paths = programs.filter(|program| program.contains('/')).map(|program| config.root().join(program));
    let traces = paths.filter_map(|path| matcher.trace_file(&path));
    traces.filter(|trace| matches!(trace, Trace::Changed(_))).collect()
}

/// Returns the changes of the files and folders that a command names.
fn command_changes(argv: &[String], root: &Utf8Path, matcher: &ChangeMatcher<'_>) -> Vec<Trace> {
    let words = argv.iter().flat_map(|argument| words(argument));
    words.flat_map(|word| word_changes(word, root, matcher)).collect()
}

/// Returns the changes of the file or folder that a word of a command may name. A program outside of the repository does not
/// count.
fn word_changes(word: &str, root: &Utf8Path, matcher: &ChangeMatcher<'_>) -> Vec<Trace> {
    let path = root.join(word);
    let mut found: Vec<Trace> = matcher.trace_file(&path).into_iter().collect();
    if found.is_empty() && word.contains('/') && !root.starts_with(&path) {
        found = matcher.trace_folder(&path);
    }
    found.retain(|trace| matches!(trace, Trace::Changed(_)));
    found
}

/// Returns the variables of an environment that locate configuration files of engines and providers. Relative paths of files
/// become absolute.
pub(super) fn config_variables(env: &BTreeMap<OsString, OsString>) -> BTreeMap<OsString, OsString> {
    let absolute = |name: &str, value: &OsString| match path::absolute(value) {
        Ok(path) if CLI_CONFIG_VARIABLES.contains(&name) => path.into_os_string(),
        // An empty value is no path.
        _ => value.clone(),
    };
    let known = CLI_CONFIG_VARIABLES
        .iter()
        .chain(&CONFIG_FOLDER_VARIABLES)
        .chain(&ACCOUNT_FILE_VARIABLES)
        .filter_map(|name| {
            let value = env.get(OsStr::new(name))?;
            Some((OsString::from(name), absolute(name, value)))
        });
    known.collect()
}

/// Returns the CLI configuration files that environment variables lead to. If the file that a variable names does not
/// exist, the default files count too.
pub(super) fn cli_config_files(config_variables: &BTreeMap<OsString, OsString>) -> Vec<Utf8PathBuf> {
    let mut files = cli_configs(config_variables);
    if let [named] = files.as_slice()
        && !named.exists()
    {
        let mut others = config_variables.clone();
        others.retain(|name, _| !CLI_CONFIG_VARIABLES.iter().any(|named| name == *named));
        files.extend(cli_configs(&others));
    }
    files
}

/// Returns the changes of configuration files. Files outside of the repository, such as those in a home directory, do not
/// count.
pub(super) fn config_file_changes(files: &[Utf8PathBuf], matcher: &ChangeMatcher<'_>) -> Vec<Trace> {
    let traces = files.iter().filter_map(|file| matcher.trace_file(file));
    traces.filter(|trace| matches!(trace, Trace::Changed(_))).collect()
}

/// Returns the CLI configuration files of a stack; `None` when the stack sets none of the variables that name them.
pub(super) fn own_cli_config_files(
    settings: &Settings,
    root: &Utf8Path,
    config_variables: &BTreeMap<OsString, OsString>,
) -> Option<Vec<Utf8PathBuf>> {
    let names = CLI_CONFIG_VARIABLES.iter().chain(&CONFIG_FOLDER_VARIABLES);
    let value = |name: &str, text: &str| value_from(root, name, text.to_owned());
    own_files(settings, config_variables, names, &value, &cli_config_files)
}
