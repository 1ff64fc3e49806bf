//! Program of an engine and its version.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use super::version_cache::VersionCache;
use crate::{
    config::VersionConstraint,
    engine::{Target, environment::cli_settings::cli_configs, process::document::from_first_object},
    files,
    model::{EngineName, Failure, FailureKind},
    process::{CommandLine, ProcessError, Runner},
};

/// Reason why an engine cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum EngineUnavailable {
    /// The program cannot be found or run.
    #[error("engine `{name}` cannot be used: {source}")]
    Program {
        /// Name of the engine.
        name: EngineName,
        /// Error of the program.
        source: ProcessError,
    },
    /// The program did not print a version.
    #[error("engine `{name}` cannot be used in `{dir}`: `{program}` did not say its version ({output})")]
    NoVersion {
        /// Name of the engine.
        name: EngineName,
        /// Path of the program.
        program: Utf8PathBuf,
        /// Folder that the program ran in.
        dir: Utf8PathBuf,
        /// Exit and output of the program.
        output: String,
    },
    /// The version is not allowed.
    #[error("`{program}` is {name} {version} in `{dir}`, and environments.toml requires `{constraint}`")]
    VersionRefused {
        /// Name of the engine.
        name: EngineName,
        /// Path of the program.
        program: Utf8PathBuf,
        /// Folder that the program ran in.
        dir: Utf8PathBuf,
        /// Version of the program.
        version: String,
        /// Version constraint of environments.toml.
        constraint: String,
        /// Position of the constraint in environments.toml.
        span: Range<usize>,
    },
}

impl EngineUnavailable {
    /// Returns a hint on how to make the engine usable.
    pub fn help(&self) -> String {
        match self {
            Self::Program { name, .. } => {
                format!(
                    "install it, or name its program in environments.toml: `[{name}]`, `program = \"/path/to/{name}\"`"
                )
            }
            Self::NoVersion { name, .. } => format!(
                "`program` under `[{name}]` must name {name} itself, or a version manager that has a version for that folder"
            ),
            Self::VersionRefused { name, .. } => {
                format!("install such a version, or change `version` under `[{name}]`")
            }
        }
    }
}

/// Program of an engine at one version.
#[derive(Debug)]
pub struct InstalledEngine {
    pub(in crate::engine) name: EngineName,
    pub(in crate::engine) program: Utf8PathBuf,
    pub(in crate::engine) version: String,
    pub(in crate::engine) constraint: Option<VersionConstraint>,
    cache: Utf8PathBuf,
    reported_other_version: AtomicBool,
}

impl InstalledEngine {
    pub(in crate::engine) fn new(
        name: EngineName,
        program: Utf8PathBuf,
        version: String,
        constraint: Option<VersionConstraint>,
        cache: Utf8PathBuf,
    ) -> Self {
        Self { name, program, version, constraint, cache, reported_other_version: AtomicBool::new(false) }
    }

    /// Returns true if the engine has at least this major and minor version.
    pub(in crate::engine) fn is_at_least(&self, wanted: (u64, u64)) -> bool {
        let mut numbers = self.version.split('.').map_while(|part| part.parse::<u64>().ok());
        (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default()) >= wanted
    }

    /// Returns true if parallel inits of the engine may fill one plugin cache in the target's environment.
    ///
    /// Source: changelog of OpenTofu 1.10. Measured with 1.12.6: of 36 inits, six at once, none failed where packages are
    /// unpacked into the cache, and two crashed where the cache is linked to an unpacked `filesystem_mirror`.
    pub(in crate::engine) fn locks_plugin_cache(&self, target: &Target) -> bool {
        self.name == EngineName::Tofu && self.is_at_least((1, 10)) && !may_link_providers(target)
    }

    /// Compares the version that a stream reports with the cached version of the program. A version manager's program stays
    /// the same while the version behind it changes: a cached version that differs is removed, so that the next run asks
    /// the program again.
    pub(in crate::engine) fn check_reported_version(
        &self,
        reported: &str,
    ) -> Result<Option<String>, Failure> {
        if reported == self.version {
            return Ok(None);
        }
        let first = !self.reported_other_version.swap(true, Ordering::Relaxed);
        if first {
            VersionCache::at(&self.cache).forget(&self.program);
        }
        match &self.constraint {
            Some(constraint) if !constraint.allows(reported) => {
                let summary = format!(
                    "`{}` ran as {} {reported}, and environments.toml requires `{constraint}`",
                    self.program, self.name
                );
                Err(Failure::new(FailureKind::Engine, summary))
            }
            _ => Ok(Some(format!("`{}` ran as {reported} here, not as {}", self.program, self.version))),
        }
    }
}

/// Value of `XDG_DATA_DIRS` if the variable is not set.
const DEFAULT_DATA_DIRS: &str = "/usr/local/share:/usr/share";

/// Returns the folders whose providers an engine links to without any settings.
///
/// Source: `implicitProviderSource` of OpenTofu 1.12.6, and the XDG Base Directory Specification.
fn implied_mirrors(target: &Target) -> Vec<Utf8PathBuf> {
    let variable = |name: &str| {
        target.env.get(OsStr::new(name)).and_then(|value| value.to_str()).filter(|value| !value.is_empty())
    };
    let home = variable("HOME").map(Utf8Path::new);
    let own = variable("XDG_DATA_HOME").map(Utf8PathBuf::from);
    let own = own.or_else(|| home.map(|home| home.join(".local/share")));
    let shared = variable("XDG_DATA_DIRS").unwrap_or(DEFAULT_DATA_DIRS).split(':').map(Utf8PathBuf::from);
    let data = own.into_iter().chain(shared);
    data.flat_map(|folder| ["terraform", "opentofu"].map(|name| folder.join(name).join("plugins")))
        .chain(home.map(|home| home.join(".terraform.d/plugins")))
        .chain([target.dir.join("terraform.d/plugins")])
        .collect()
}

/// Returns true if an engine may link to unpacked providers of a local mirror, which its settings name or which lies in a
/// folder of [`implied_mirrors`].
fn may_link_providers(target: &Target) -> bool {
    let implied = implied_mirrors(target).iter().any(|folder| folder.exists());
    // Settings that cannot be read may name a mirror.
    implied
        || cli_configs(&target.env).iter().any(|file| {
            files::is_file_there(file)
                && files::read_text(file).map_or(true, |text| text.contains("filesystem_mirror"))
        })
}

/// Runs a program for its version in the folder of a stack, since a version manager chooses the version by folder.
pub(in crate::engine) fn ask_version(
    name: EngineName,
    program: &Utf8Path,
    dir: &Utf8Path,
    args: &[&str],
    read: impl Fn(&str) -> Option<String>,
    env: &BTreeMap<OsString, OsString>,
    runner: &Runner,
) -> Result<String, EngineUnavailable> {
    let command = CommandLine::new(program.as_os_str(), dir, env.clone()).args(args);
    let captured = runner.capture(&command).map_err(|source| EngineUnavailable::Program { name, source })?;
    let text = String::from_utf8_lossy(&captured.stdout);
    read(&text).filter(|_| captured.exit.is_success()).ok_or_else(|| {
        let error = String::from_utf8_lossy(&captured.stderr);
        let first = text.lines().chain(error.lines()).find(|line| !line.trim().is_empty());
        let output = match first {
            Some(line) => format!("{}: `{}`", captured.exit, line.trim().escape_debug()),
            None => format!("{}, no output", captured.exit),
        };
        EngineUnavailable::NoVersion { name, program: program.to_owned(), dir: dir.to_owned(), output }
    })
}

/// Returns the version in the output of `version -json`.
pub(in crate::engine) fn version_in_json(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct VersionOutput {
        terraform_version: String,
    }
    let output = serde_json::from_slice::<VersionOutput>(from_first_object(text.as_bytes()));
    output.ok().map(|output| output.terraform_version)
}

/// Returns the version in `terragrunt version v1.1.3`.
pub(in crate::engine) fn version_in_text(text: &str) -> Option<String> {
    let word = text.lines().next()?.split_whitespace().last()?;
    let version = word.strip_prefix('v').unwrap_or(word);
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use super::*;

    #[test]
    fn opentofu_links_to_local_mirrors_and_then_its_inits_are_not_safe() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let file = root.join("cli.tfrc");
        let mut target = Target::sample(root, "app");
        let env = Arc::make_mut(&mut target.env);
        env.insert("TF_CLI_CONFIG_FILE".into(), file.as_str().into());
        env.insert("HOME".into(), root.join("home").as_str().into());
        let at = |name, version: &str| {
            InstalledEngine::new(name, "x".into(), version.to_owned(), None, "c".into())
        };
        let tofu = at(EngineName::Tofu, "1.10.0");
        fs::write(&file, "disable_checkpoint = true\n").unwrap();
        assert!(tofu.locks_plugin_cache(&target));
        assert!(!at(EngineName::Tofu, "1.9.4").locks_plugin_cache(&target));
        assert!(!at(EngineName::Terraform, "1.15.0").locks_plugin_cache(&target));
        fs::create_dir_all(root.join("home/.terraform.d/plugins")).unwrap();
        assert!(!tofu.locks_plugin_cache(&target));
        fs::remove_dir_all(root.join("home")).unwrap();
        for (variable, folder) in
            [("XDG_DATA_HOME", "data/opentofu/plugins"), ("XDG_DATA_DIRS", "data/terraform/plugins")]
        {
            let mut elsewhere = target.clone();
            Arc::make_mut(&mut elsewhere.env).insert(variable.into(), root.join("data").as_str().into());
            assert!(tofu.locks_plugin_cache(&elsewhere));
            fs::create_dir_all(root.join(folder)).unwrap();
            assert!(!tofu.locks_plugin_cache(&elsewhere), "{variable}");
            fs::remove_dir_all(root.join("data")).unwrap();
        }
        fs::write(&file, "provider_installation {\n  filesystem_mirror {\n    path = \"m\"\n  }\n}\n")
            .unwrap();
        assert!(!tofu.locks_plugin_cache(&target));
    }
}
