//! Builds the engine's target of an instance: writes files, reads secrets and composes the environment.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    io,
    sync::Arc,
};

use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexMap;

use super::{
    evaluated_values::expression_inputs_digest,
    secret_error::SecretError,
    secret_use::{SecretOfRun, SecretUse, effective_use},
    secrets::Secrets,
};
use crate::{
    config::{EnvSource, Layer, Origin, SecretSource, VariableValue},
    diagnostic::{Diagnostic, SourceFile},
    engine::{
        GeneratedValues, GivenFlags, LockfilePolicy, Neighbours, StackFolder, StateException, Target,
        TypedColors, mask_former_address, value_from,
    },
    files,
    hcl::{Module, in_parentheses},
    inventory::Instance,
    model::Failure,
};

mod backend;

/// Reason why an instance cannot be passed to its engine. All of these are found before any engine starts.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// A required var file or backend file does not exist.
    #[error(
        "stack `{stack}` has the {kind} `{path}`, which does not exist: relative to the folder of the stack, it is `{from_root}`"
    )]
    MissingFile {
        /// Name of the stack.
        stack: String,
        /// Kind of file: `var file`.
        kind: &'static str,
        /// Path of the file, relative to the stack's folder.
        path: Utf8PathBuf,
        /// Path of the file, relative to environments.toml.
        from_root: Utf8PathBuf,
    },
    /// A backend file cannot be read.
    #[error("cannot read the backend file `{path}`: {source}")]
    BackendFile {
        /// Path of the file.
        path: Utf8PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The path of a backend file has an equals sign, so that engines would take it for a key and a value.
    #[error(
        "stack `{stack}` has the backend file `{path}`, whose path has a `=`: engines read `-backend-config={path}` as a key and a value"
    )]
    EqualsSign {
        /// Name of the stack.
        stack: String,
        /// Path of the file, as engines would get it.
        path: Utf8PathBuf,
    },
    /// A secret cannot be read; the diagnostic names the stack and the position in environments.toml.
    #[error("{0}")]
    Secret(Box<Diagnostic>),
    /// environments.toml has backend pairs for several types, and envctl cannot parse the root module.
    #[error(
        "cannot tell which backend stack `{stack}` has: envctl cannot parse its files, and environments.toml has pairs for {backend_types}"
    )]
    UnknownBackend {
        /// Name of the stack.
        stack: String,
        /// Backend types that have pairs in environments.toml, as one text.
        backend_types: String,
    },
    /// A file of envctl cannot be written.
    #[error("cannot write `{path}`: {source}")]
    Write {
        /// Path of the file.
        path: Utf8PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A CLI configuration file of the engine is not a regular file.
    #[error("the engine cannot be started with the settings in `{path}`: {source}")]
    Read {
        /// Path of the file.
        path: Utf8PathBuf,
        /// Error of the check that the path is a regular file.
        source: io::Error,
    },
    /// The secrets in former addresses of the instance's state cannot be read.
    #[error("stack `{stack}`: {failure}")]
    AddressSecrets {
        /// Name of the stack.
        stack: String,
        /// Reason why the file cannot be read.
        failure: Failure,
    },
    /// An inherited environment variable would set a variable that environments.toml sets too.
    #[error("`TF_VAR_{variable}` is set in the environment, and environments.toml sets `{variable}` as well")]
    Inherited {
        /// Name of the HCL variable.
        variable: String,
    },
}

/// Target with notes for the user.
#[derive(Debug, Clone)]
pub struct BuiltTarget {
    /// Target of the instance.
    pub target: Target,
    /// Notes, for example about values that were dropped.
    pub notes: Vec<String>,
}

/// Builder of targets; one for a whole run.
pub struct Targets {
    /// Folder of environments.toml.
    pub project: Utf8PathBuf,
    /// Absolute path of `.envctl`.
    pub home: Utf8PathBuf,
    /// Folder for the files that engines read; no other envctl process writes to it, and only its owner can read it.
    pub inputs: Utf8PathBuf,
    /// Environment of envctl, without variables that engines must not inherit.
    pub env: Arc<BTreeMap<OsString, OsString>>,
    /// Reader of secrets.
    pub secrets: Arc<Secrets>,
    /// Need of the command for the values of secrets.
    pub secret_use: SecretUse,
    /// Secrets of all instances, which are masked in the output of a failing secret command.
    pub all_secrets: Vec<SecretOfRun>,
    /// environments.toml, for positions in messages about secrets.
    pub source: Arc<SourceFile>,
    /// Instances that might use the same state.
    pub neighbours: Neighbours,
    /// Policy of an init for lock files.
    pub lockfile: LockfilePolicy,
    /// Flags of the running command, which commands that envctl suggests to the user repeat.
    pub given_flags: Arc<GivenFlags>,
}

impl Targets {
    /// Returns the target of an instance. `modules` are its root module and the local modules that this calls; empty for
    /// engines that do not read one.
    pub fn build(
        &self,
        instance: &Instance,
        modules: &[&Module],
        folder: StackFolder,
    ) -> Result<BuiltTarget, TargetError> {
        let module = modules.first().copied();
        let place = Utf8PathBuf::from(instance.id.environment.as_str()).join(instance.id.stack.file_name());
        let state_dir = self.home.join("instances").join(&place);
        files::create_dirs(&state_dir)
            .map_err(|source| TargetError::Write { path: state_dir.clone(), source })?;
        mask_former_address(&state_dir, self.secrets.redactor()).map_err(|failure| {
            TargetError::AddressSecrets { stack: instance.id.stack.to_string(), failure }
        })?;
        let mut notes = Vec::new();
        let mut var_files = Vec::new();
        for file in instance.settings.var_files.iter() {
            let path = instance.dir.join(&file.path);
            if files::is_file_there(&path) {
                var_files.push(path);
            } else if !file.optional {
                return Err(self.missing_file("var file", instance, &file.path));
            }
        }
        let instance_files = var_files.clone();
        let declared = module.map(|m| m.variables.keys().map(String::as_str).collect::<BTreeSet<&str>>());
        let generated_values = self.values(instance, declared.as_ref(), &mut var_files, &mut notes)?;
        let secret_use = effective_use(self.secret_use, instance.engine, modules);
        let env = self.environment(instance, declared.as_ref(), secret_use)?;
        let mut backend = self.backend(instance, module, &mut notes)?;
        if let Some(values) = expression_inputs_digest(instance, modules, &instance_files, &env) {
            backend.digest += &values;
        }
        let target = Target {
            instance: instance.id.clone(),
            project: self.project.clone(),
            dir: instance.dir.clone(),
            data_dir: self.home.join("data").join(place),
            folder,
            backend,
            state_dir,
            workspace: instance.workspace().map(str::to_owned),
            var_files,
            generated_values,
            value_places: None,
            env,
            parallelism: instance.settings.parallelism,
            lock_timeout: instance.settings.lock_timeout,
            neighbours: self.neighbours.clone(),
            lockfile: self.lockfile,
            given_flags: Arc::clone(&self.given_flags),
            state_exception: StateException::default(),
            typed_colors: TypedColors::default(),
        };
        Ok(BuiltTarget { target, notes })
    }

    /// Returns the error of a required file that does not exist; `path` is relative to the stack's folder.
    fn missing_file(&self, kind: &'static str, instance: &Instance, path: &Utf8Path) -> TargetError {
        let full = files::normalised(&instance.dir.join(path));
        TargetError::MissingFile {
            stack: instance.id.stack.to_string(),
            kind,
            path: path.to_owned(),
            from_root: full.strip_prefix(&self.project).unwrap_or(&full).to_owned(),
        }
    }

    /// Writes the generated var files with every value of environments.toml and of flags that the stack declares, and
    /// adds their paths to `var_files`.
    fn values(
        &self,
        instance: &Instance,
        declared: Option<&BTreeSet<&str>>,
        var_files: &mut Vec<Utf8PathBuf>,
        notes: &mut Vec<String>,
    ) -> Result<GeneratedValues, TargetError> {
        let stem = self.inputs.join(instance.id.stack.file_name());
        let mut generated = GeneratedValues::new(format!("{stem}.tfvars.json").into());
        let mut values = IndexMap::new();
        let mut dropped = Vec::new();
        for (name, value) in instance.settings.vars.iter() {
            // A flag wins: the user has just typed it.
            let is_flag = matches!(value.origin.layer, Layer::Flag(_));
            if !is_flag && self.env.contains_key(&OsString::from(format!("TF_VAR_{name}"))) {
                return Err(TargetError::Inherited { variable: name.clone() });
            }
            if declared.is_some_and(|d| !d.contains(name.as_str())) {
                dropped.push(format!("`{name}`"));
                continue;
            }
            match &value.value {
                VariableValue::Known(value) => drop(values.insert(name, value)),
                VariableValue::Expression(text) => {
                    let path = Utf8PathBuf::from(format!("{stem}.{}.tfvars", generated.expressions.len()));
                    write_private(&path, &format!("{name} = {}\n", in_parentheses(text)))?;
                    generated.expressions.insert(path, name.clone());
                }
            }
        }
        if !dropped.is_empty() {
            notes.push(format!("not declared by this stack, so not passed: {}", dropped.join(", ")));
        }
        if !values.is_empty() {
            write_private(&generated.json, &json(&values))?;
            var_files.push(generated.json.clone());
        }
        var_files.extend(generated.expressions.keys().cloned());
        Ok(generated)
    }

    /// Returns the environment of an instance's processes: inherited variables, configured variables, and secrets.
    fn environment(
        &self,
        instance: &Instance,
        declared: Option<&BTreeSet<&str>>,
        secret_use: SecretUse,
    ) -> Result<Arc<BTreeMap<OsString, OsString>>, TargetError> {
        let failed = |origin: &Origin, error: &SecretError| self.missing_secret(instance, origin, error);
        let mut env = Arc::clone(&self.env);
        for (name, variable) in instance.settings.env.iter() {
            if variable.value.unless.iter().any(|other| self.env.contains_key(&OsString::from(other))) {
                continue;
            }
            let value = match &variable.value.source {
                EnvSource::Plain(text) => text.clone(),
                EnvSource::Secret(secret) => {
                    let value = self.secrets.value(name, secret);
                    value.map_err(|error| failed(&variable.origin, &error))?.to_string()
                }
            };
            Arc::make_mut(&mut env).insert(name.into(), value_from(&self.project, name, value).into());
        }
        for (name, secret) in instance.settings.secrets.iter() {
            let variable = OsString::from(format!("TF_VAR_{name}"));
            let source = &secret.value.source;
            let own = matches!(source, SecretSource::Env(from) if variable == from.as_str());
            if self.env.contains_key(&variable) && !own {
                return Err(TargetError::Inherited { variable: name.clone() });
            }
            let is_declared = declared.is_none_or(|d| d.contains(name.as_str()));
            let value = match secret_use {
                SecretUse::Required if is_declared => {
                    let value = self.secrets.value(name, &secret.value);
                    Some(value.map_err(|error| failed(&secret.origin, &error))?)
                }
                SecretUse::IfAvailable if is_declared => self.secrets.value_if_available(name, &secret.value),
                // The source may be missing; a value that can be read without a program is masked all the same.
                _ => {
                    self.secrets.mask_if_readable(source);
                    None
                }
            };
            match value {
                Some(value) => drop(Arc::make_mut(&mut env).insert(variable, value.to_string().into())),
                None if env.contains_key(&variable) => drop(Arc::make_mut(&mut env).remove(&variable)),
                None => {}
            }
        }
        Ok(env)
    }

    /// Returns the error of a secret that cannot be read, at its position. Lines of environments.toml are not shown if that
    /// file contains another secret.
    fn missing_secret(&self, instance: &Instance, origin: &Origin, error: &SecretError) -> TargetError {
        let redactor = self.secrets.mask_all(&self.all_secrets);
        let message = format!("stack `{}`: {error}", instance.id.stack);
        let mut problem = Diagnostic::error("secrets::source", redactor.mask(&message));
        problem = match &origin.span {
            Some(span) => problem.at(&self.source, span.clone(), "declared here"),
            None => problem.help(format!("it comes from {}", origin.layer)),
        };
        if redactor.contains_secret(self.source.text()) {
            problem = problem.without_excerpts();
        }
        TargetError::Secret(Box::new(error.help(redactor).into_iter().fold(problem, Diagnostic::help)))
    }
}

/// Returns a map with string keys as JSON, ended by a line feed. Serialization of such a map cannot fail.
fn json(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// Writes a file that only its owner can read.
fn write_private(path: &Utf8Path, text: &str) -> Result<(), TargetError> {
    files::write(path, text.as_bytes()).map_err(|source| TargetError::Write { path: path.to_owned(), source })
}
