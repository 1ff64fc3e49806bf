//! Decision which commands need the values of `secrets`, and which stacks need them for every command.

use crate::{
    config::{EnvSource, Secret},
    engine::layout::{has_state_encryption, unit_file},
    files,
    hcl::{Attribute, Module},
    inventory::Instance,
    model::EngineName,
};

/// Use that a command makes of the values of `secrets`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretUse {
    /// The command evaluates variables: a secret that cannot be read is an error.
    Required,
    /// The engine may evaluate variables: a secret that cannot be read is left out, with a warning.
    IfAvailable,
    /// The command reads a state and evaluates no variable: no program is started for a secret. Values of variables and
    /// files are masked.
    MaskOnly,
}

/// Returns the use of `secrets` in one stack: `wanted`, unless its engine evaluates variables for every command.
///
/// OpenTofu does for the backend, for state encryption and for sources of modules; Terragrunt evaluates a whole unit,
/// which may read `TF_VAR_*`. `modules` are the root module and the local modules that it calls.
pub(super) fn effective_use(wanted: SecretUse, engine: EngineName, modules: &[&Module]) -> SecretUse {
    match wanted {
        SecretUse::MaskOnly if unit_file(engine).is_some() => SecretUse::IfAvailable,
        SecretUse::MaskOnly if has_early_variables(engine, modules) => SecretUse::Required,
        other => other,
    }
}

/// Returns true if the configuration may use variables in what an engine evaluates before any resource.
fn has_early_variables(engine: EngineName, modules: &[&Module]) -> bool {
    // A root module that could not be parsed may contain any of these.
    let Some(root) = modules.first() else { return true };
    let is_computed = |attribute: &Attribute| attribute.value.literal().is_none();
    let backend = root.backend.iter().flat_map(|backend| backend.attributes.values()).any(is_computed);
    let calls = modules.iter().flat_map(|module| module.module_calls.values());
    let source = calls.flat_map(|call| call.source.iter().chain(&call.version)).any(is_computed);
    backend || source || (has_state_encryption(engine) && has_encryption(root))
}

/// Returns true if a file of a module may hold an `encryption` block.
fn has_encryption(module: &Module) -> bool {
    module.files.iter().any(|file| {
        files::read_whole_text(file).map_or(true, |text| {
            text.split("encryption").skip(1).any(|rest| {
                let rest = rest.trim_start_matches('"').trim_start();
                rest.starts_with('{') || rest.starts_with(':')
            })
        })
    })
}

/// Secret of one of the instances of a command.
#[derive(Debug, Clone)]
pub struct SecretOfRun {
    /// Name of the secret or of the environment variable.
    pub name: String,
    /// Source of the value.
    pub secret: Secret,
    /// True if an engine receives the value of the secret.
    pub needed: bool,
}

/// Returns the secrets of an instance, from `secrets` and `env`. `module` is its root module, `None` if it is not known.
pub(super) fn secrets_of(
    instance: &Instance,
    module: Option<&Module>,
    wanted: SecretUse,
) -> Vec<SecretOfRun> {
    let settings = &instance.settings;
    let declared = |name: &str| module.is_none_or(|module| module.variables.contains_key(name));
    let in_env = settings.env.iter().filter_map(|(name, variable)| match &variable.value.source {
        EnvSource::Secret(secret) => Some(SecretOfRun {
            name: name.clone(),
            secret: secret.clone(),
            needed: variable.value.unless.is_empty(),
        }),
        EnvSource::Plain(_) => None,
    });
    let secrets = settings.secrets.iter().map(|(name, secret)| SecretOfRun {
        name: name.clone(),
        secret: secret.value.clone(),
        needed: wanted == SecretUse::Required && declared(name),
    });
    secrets.chain(in_env).collect()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use super::*;
    use crate::{config::SecretSource, executor::Secrets, process::Runner};

    #[test]
    fn a_failed_command_shows_no_secret_that_is_looked_up_later() {
        let env = std::env::vars_os().filter(|(name, _)| name == "PATH");
        let env: BTreeMap<_, _> = env.chain([("LATER".into(), "a-later-secret".into())]).collect();
        let runner = Arc::new(Runner::new());
        let folder = tempfile::tempdir().unwrap();
        let root = camino::Utf8Path::from_path(folder.path()).unwrap();
        let secrets = Secrets::new(runner, root, env, Arc::new(|_| {}));
        let command = |script: &str| Secret {
            source: SecretSource::Command(["sh", "-c", script].map(str::to_owned).to_vec()),
            allow_empty: false,
        };
        let of_run =
            |secret: &Secret, needed| SecretOfRun { name: "x".to_owned(), secret: secret.clone(), needed };
        let failing = command("echo no a-later-secret, no told-by-a-command >&2; exit 7");
        let later = Secret { source: SecretSource::Env("LATER".to_owned()), allow_empty: false };
        let told = command("echo told-by-a-command");
        let unneeded = command("touch started");

        let failed = secrets.value("db", &failing).unwrap_err();

        let all =
            [of_run(&failing, true), of_run(&later, false), of_run(&told, true), of_run(&unneeded, false)];
        assert_eq!(failed.help(secrets.mask_all(&all)), ["it printed `no (redacted), no (redacted)`"]);
        assert!(!root.join("started").exists(), "no program is started for a secret that no engine gets");
    }
}
