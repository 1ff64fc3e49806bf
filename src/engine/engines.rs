//! Engines of a project, found and checked once for each choice of a version manager. Only this file matches on the name of
//! an engine.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    sync::{Arc, Mutex},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    Engine,
    program::{
        installed::{EngineUnavailable, InstalledEngine, ask_version, version_in_json, version_in_text},
        version_cache::VersionCache,
        version_files::{EnginePlace, VersionChoice, VersionFiles},
    },
    terraform::commands::{Flavor, Terraform},
    terragrunt::commands::Terragrunt,
};
use crate::{
    config::EngineSettings,
    files::DigestCache,
    model::EngineName,
    mutex::lock,
    process::{Runner, which},
};

/// Engines of a project.
pub struct Engines {
    project: Utf8PathBuf,
    cache: Utf8PathBuf,
    digests: Arc<DigestCache>,
    settings: BTreeMap<EngineName, EngineSettings>,
    env: BTreeMap<OsString, OsString>,
    found: Mutex<FoundEngines>,
}

/// Engines that were found, and the version files that were read.
#[derive(Default)]
struct FoundEngines {
    files: VersionFiles,
    engines: BTreeMap<(EngineName, VersionChoice), Arc<dyn Engine>>,
}

/// Folder, variables and version files with which envctl asks a program for its version.
struct VersionQuery<'a> {
    dir: &'a Utf8Path,
    env: &'a BTreeMap<OsString, OsString>,
    choice: VersionChoice,
}

/// Returns the engine that Terragrunt drives: the one that environments.toml names, else, as Terragrunt itself prefers,
/// OpenTofu if its program is on PATH, else Terraform; `None` if neither is.
pub fn driven_engine(
    named: Option<EngineName>,
    is_on_path: &dyn Fn(EngineName) -> bool,
) -> Option<EngineName> {
    named.or_else(|| [EngineName::Tofu, EngineName::Terraform].into_iter().find(|name| is_on_path(*name)))
}

impl Engines {
    /// Returns the engines with the settings of environments.toml.
    ///
    /// `project` is the folder of that file, `cache` the file of known versions (`.envctl/cache/engines.json`, with a file
    /// of digests beside it), `env` an environment from [`super::clean_environment`] whose PATH programs are looked up on.
    pub fn new(
        project: impl Into<Utf8PathBuf>,
        cache: impl Into<Utf8PathBuf>,
        settings: BTreeMap<EngineName, EngineSettings>,
        env: BTreeMap<OsString, OsString>,
    ) -> Self {
        let cache = cache.into();
        let digests = Arc::new(DigestCache::in_file(cache.with_file_name("digests.json")));
        Self { project: project.into(), cache, digests, settings, env, found: Mutex::default() }
    }

    /// Returns the path of an engine's program, without a check that the program is the engine.
    pub fn program(&self, name: EngineName) -> Result<Utf8PathBuf, EngineUnavailable> {
        let path = self.env.get(OsStr::new("PATH")).map(OsString::as_os_str);
        let program = self.settings.get(&name).and_then(|settings| settings.program.as_deref());
        let program = match program {
            Some(path) if path.contains('/') => self.project.join(path).into_string(),
            Some(program) => program.to_owned(),
            None => name.as_str().to_owned(),
        };
        which(OsStr::new(&program), path).map_err(|source| EngineUnavailable::Program { name, source })
    }

    /// Returns the engine for the folder of a stack, with a program that was found and a version that is known and allowed.
    /// A version manager chooses the version by files in that folder and above it, and by variables.
    pub fn get(
        &self,
        name: EngineName,
        place: &EnginePlace,
        runner: &Runner,
    ) -> Result<Arc<dyn Engine>, EngineUnavailable> {
        let mut env = Cow::Borrowed(&self.env);
        if !place.variables.is_empty() {
            env.to_mut().extend(place.variables.clone());
        }
        // Locked until the version is known: stacks that need the same engine at the same time ask for it once.
        let mut found = lock(&self.found);
        let choice = found.files.version_choice(&place.dir, &env);
        let key = (name, choice.clone());
        if let Some(engine) = found.engines.get(&key) {
            return Ok(Arc::clone(engine));
        }
        let engine = self.make_engine(name, &VersionQuery { dir: &place.dir, env: &env, choice }, runner)?;
        found.engines.insert(key, Arc::clone(&engine));
        Ok(engine)
    }

    fn make_engine(
        &self,
        name: EngineName,
        query: &VersionQuery<'_>,
        runner: &Runner,
    ) -> Result<Arc<dyn Engine>, EngineUnavailable> {
        let mut settings = self.settings.get(&name).cloned().unwrap_or_default();
        settings.plugin_cache = settings.plugin_cache.map(|cache| self.project.join(cache));
        let digests = Arc::clone(&self.digests);
        let installed = self.installed(name, query, runner)?;
        Ok(match name {
            EngineName::Tofu => Arc::new(Terraform::new(Flavor::OpenTofu, installed, settings, digests)),
            EngineName::Terraform => {
                Arc::new(Terraform::new(Flavor::Terraform, installed, settings, digests))
            }
            EngineName::Terragrunt => {
                let driven = self.installed(self.driven_by_terragrunt(&settings)?, query, runner)?;
                Arc::new(Terragrunt::new(installed, driven, settings, digests))
            }
        })
    }

    fn driven_by_terragrunt(&self, settings: &EngineSettings) -> Result<EngineName, EngineUnavailable> {
        match driven_engine(settings.drives, &|name| self.program(name).is_ok()) {
            Some(name) => Ok(name),
            None => self.program(EngineName::Tofu).map(|_| EngineName::Tofu),
        }
    }

    fn installed(
        &self,
        name: EngineName,
        query: &VersionQuery<'_>,
        runner: &Runner,
    ) -> Result<InstalledEngine, EngineUnavailable> {
        let program = self.program(name)?;
        let wanted = self.settings.get(&name).and_then(|settings| settings.version.as_ref());
        let version = VersionCache::at(&self.cache)
            .version(&program, &query.choice, || self.version_of(name, &program, query, runner))?;
        if let Some((constraint, span)) = wanted
            && !constraint.allows(&version)
        {
            return Err(EngineUnavailable::VersionRefused {
                name,
                program,
                dir: self.below_project(query.dir),
                version,
                constraint: constraint.to_string(),
                span: span.clone(),
            });
        }
        let constraint = wanted.map(|(constraint, _)| constraint.clone());
        Ok(InstalledEngine::new(name, program, version, constraint, self.cache.clone()))
    }

    /// Returns a folder for messages, relative to the project if it lies there.
    fn below_project(&self, dir: &Utf8Path) -> Utf8PathBuf {
        match dir.strip_prefix(&self.project) {
            Ok(own) if own.as_str().is_empty() => ".".into(),
            Ok(own) => own.to_owned(),
            Err(_) => dir.to_owned(),
        }
    }

    fn version_of(
        &self,
        name: EngineName,
        program: &Utf8Path,
        query: &VersionQuery<'_>,
        runner: &Runner,
    ) -> Result<String, EngineUnavailable> {
        let ask = |args: &[&str], read: fn(&str) -> Option<String>| {
            ask_version(name, program, query.dir, args, read, query.env, runner)
        };
        let answer = match name {
            EngineName::Tofu | EngineName::Terraform => ask(&["version", "-json"], version_in_json),
            EngineName::Terragrunt => ask(&["--version"], version_in_text),
        };
        answer.map_err(|error| match error {
            EngineUnavailable::NoVersion { name, program, dir, output } => {
                EngineUnavailable::NoVersion { name, program, dir: self.below_project(&dir), output }
            }
            other => other,
        })
    }
}
