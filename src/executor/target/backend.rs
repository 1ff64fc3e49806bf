//! Backend of a target: its type, the files that complete its block, and its configuration as far as envctl knows it.

use std::{collections::BTreeMap, io};

use camino::Utf8PathBuf;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{TargetError, Targets, json, write_private};
use crate::{
    engine::{Backend, layout::unit_file},
    executor::step::outputs::passed_values::hcl_expression,
    files,
    hcl::Module,
    inventory::{Instance, address::known_backend_config},
    model::hex,
};

impl Targets {
    /// Returns the backend of an instance, with its declared pairs in a file of their own.
    ///
    /// Both engines read a file of pairs as JSON when its name ends in `.json` (seen on OpenTofu 1.12.6 and Terraform
    /// 1.11.4). Pairs with `${` or `%{` are written in native syntax, in which both engines know an escape for them.
    pub(super) fn backend(
        &self,
        instance: &Instance,
        module: Option<&Module>,
        notes: &mut Vec<String>,
    ) -> Result<Backend, TargetError> {
        let backend_type = match module {
            Some(module) => module.backend.as_ref().map(|backend| backend.backend_type.clone()),
            // The backend that the engine uses is compared with the backend of the plan.
            None if unit_file(instance.engine).is_none() => only_backend_type(instance)?,
            None => None,
        };
        for other in instance.settings.backend.keys().filter(|k| Some(*k) != backend_type.as_ref()) {
            notes.push(format!("pairs for backend `{other}` do not concern this stack"));
        }
        let files = if unit_file(instance.engine).is_none() {
            self.backend_files(instance)?
        } else {
            if !instance.settings.backend_files.is_empty() {
                notes.push("`backend_files` do not concern this stack: a unit has `remote_state`".to_owned());
            }
            Vec::new()
        };
        let pairs: BTreeMap<&String, &Value> = backend_type
            .as_ref()
            .and_then(|name| instance.settings.backend.get(name))
            .into_iter()
            .flatten()
            .map(|(key, pair)| (key, &pair.value))
            .collect();
        // Only Terragrunt knows the backend of a unit.
        let config = module.and_then(|module| known_backend_config(instance, module));
        let text = json(&pairs);
        let digest = digest(backend_type.as_deref(), &text, &files)
            .map_err(|(path, source)| TargetError::BackendFile { path, source })?;
        let pairs_file =
            if pairs.is_empty() { None } else { Some(self.write_pairs(instance, &pairs, text)?) };
        let files =
            files.into_iter().map(|file| self.engine_path(instance, file)).collect::<Result<_, _>>()?;
        Ok(Backend { backend_type, files, pairs_file, config, digest })
    }

    /// Returns the backend files of an instance, without optional ones that are absent.
    fn backend_files(&self, instance: &Instance) -> Result<Vec<Utf8PathBuf>, TargetError> {
        let mut found = Vec::new();
        for file in instance.settings.backend_files.iter() {
            let path = instance.dir.join(&file.path);
            if files::is_file_there(&path) {
                found.push(path);
            } else if !file.optional {
                return Err(self.missing_file("backend file", instance, &file.path));
            }
        }
        Ok(found)
    }

    /// Writes the declared pairs into a file that the engine reads.
    fn write_pairs(
        &self,
        instance: &Instance,
        pairs: &BTreeMap<&String, &Value>,
        text: String,
    ) -> Result<Utf8PathBuf, TargetError> {
        // OpenTofu reads `${` and `%{` in JSON as templates, and Terraform does not.
        let has_templates = text.contains("${") || text.contains("%{");
        let (ending, text) = if has_templates {
            let line = |(key, value): (&&String, &&Value)| format!("{key} = {}\n", hcl_expression(value));
            (".tfbackend", pairs.iter().map(line).collect())
        } else {
            (".tfbackend.json", text)
        };
        let path = self.inputs.join(instance.id.stack.file_name() + ending);
        write_private(&path, &text)?;
        self.engine_path(instance, path)
    }

    /// Returns a path of a file that engines accept in `-backend-config=PATH`: they read `a=b` as a key and a value. A path
    /// with an equals sign above the project is written relative to the stack's folder, in which engines run.
    fn engine_path(&self, instance: &Instance, path: Utf8PathBuf) -> Result<Utf8PathBuf, TargetError> {
        if !path.as_str().contains('=') {
            return Ok(path);
        }
        let relative = match path.strip_prefix(&self.project) {
            Ok(below) => files::relative_path(
                &files::resolve_links(&instance.dir),
                &files::resolve_links(&self.project),
            )
            .join(below),
            Err(_) => path,
        };
        if relative.as_str().contains('=') {
            return Err(TargetError::EqualsSign { stack: instance.id.stack.to_string(), path: relative });
        }
        Ok(relative)
    }
}

/// Returns the digest of a backend's type, pairs and backend files; a file that cannot be read is an error with its path.
fn digest(
    backend_type: Option<&str>,
    pairs: &str,
    backend_files: &[Utf8PathBuf],
) -> Result<String, (Utf8PathBuf, io::Error)> {
    let mut hash = Sha256::new();
    hash.update(backend_type.unwrap_or_default());
    hash.update(pairs.as_bytes());
    for file in backend_files {
        let content = files::read(file).map_err(|error| (file.clone(), error))?;
        hash.update((content.len() as u64).to_be_bytes());
        hash.update(content);
    }
    Ok(hex(&hash.finalize()))
}

/// Returns the type of backend that has pairs, for a stack whose root module cannot be parsed.
fn only_backend_type(instance: &Instance) -> Result<Option<String>, TargetError> {
    let mut types = instance.settings.backend.keys();
    match (types.next(), types.len()) {
        (declared, 0) => Ok(declared.cloned()),
        (_, _) => {
            let types: Vec<String> =
                instance.settings.backend.keys().map(|name| format!("`{name}`")).collect();
            Err(TargetError::UnknownBackend {
                stack: instance.id.stack.to_string(),
                backend_types: types.join(" and "),
            })
        }
    }
}
