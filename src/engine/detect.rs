//! Detection of a stack's engine for `engine = "auto"`, from the files in and above its folder.

use std::{cell::RefCell, collections::HashMap, io};

use camino::{Utf8Path, Utf8PathBuf};

use super::layout::{is_tofu_only, is_unit_file};
use crate::{files, model::EngineName};

/// Lock file of OpenTofu and Terraform.
pub const LOCKFILE: &str = ".terraform.lock.hcl";

/// Version files by whose names envctl detects the engine, in the folder of a stack or above it.
const VERSION_FILES: [&str; 3] = [".opentofu-version", ".terraform-version", ".tool-versions"];

/// Further files of version managers, whose names are the same for every engine.
const MANAGER_FILES: [&str; 6] =
    [".tfswitchrc", ".tfswitch.toml", "mise.toml", ".mise.toml", "mise.local.toml", ".mise.local.toml"];

/// Version files of Terragrunt itself.
const UNIT_VERSION_FILES: [&str; 3] = [".terragrunt-version", ".tgswitchrc", ".tgswitch.toml"];

/// Returns the names of the files by which version managers choose the version of an engine and of the engine that it
/// drives.
pub fn version_files(engine: EngineName) -> impl Iterator<Item = &'static str> {
    let of_units: &[&str] = if engine == EngineName::Terragrunt { &UNIT_VERSION_FILES } else { &[] };
    VERSION_FILES.into_iter().chain(MANAGER_FILES).chain(of_units.iter().copied())
}

/// Reason why no engine could be detected.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// No file decides, and several engines are on PATH.
    #[error("`{stack_dir}` could be run by {}", .candidates.iter().map(|e| format!("`{e}`")).collect::<Vec<_>>().join(" or "))]
    Ambiguous {
        /// Folder of the stack.
        stack_dir: Utf8PathBuf,
        /// Engines that could run the stack and are on PATH.
        candidates: Vec<EngineName>,
    },
    /// No file decides, and no engine is on PATH.
    #[error("`{stack_dir}` names no engine, and neither `tofu` nor `terraform` is on PATH")]
    NoneOnPath {
        /// Folder of the stack.
        stack_dir: Utf8PathBuf,
    },
    /// A file that may name the engine could not be read.
    #[error("cannot read `{file}`: {error}")]
    Unreadable {
        /// Path of the file.
        file: Utf8PathBuf,
        /// Error of the operating system.
        error: io::Error,
    },
}

impl DetectError {
    /// Returns the error as a text about several stacks: `stacks` lists their names, `count` is their number.
    pub fn of_stacks(&self, stacks: &str, count: usize) -> String {
        match self {
            Self::Ambiguous { candidates, .. } => {
                let names: Vec<String> = candidates.iter().map(|engine| format!("`{engine}`")).collect();
                format!("{stacks} could be run by {}", names.join(" or "))
            }
            Self::NoneOnPath { .. } => {
                let verb = if count == 1 { "names" } else { "name" };
                format!("{stacks} {verb} no engine, and neither `tofu` nor `terraform` is on PATH")
            }
            Self::Unreadable { .. } => self.to_string(),
        }
    }

    /// Returns a hint on how the user names the engine.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Ambiguous { .. } => Some(
                "write `engine = \"tofu\"` or `engine = \"terraform\"` under `[project]`, or under the stack",
            ),
            Self::NoneOnPath { .. } => {
                Some("install one, or write `program = \"/path/to/it\"` under `[tofu]` or `[terraform]`")
            }
            Self::Unreadable { .. } => None,
        }
    }
}

/// Detects the engines of stacks, and caches the version files of the folders above them.
pub struct Detector<'a> {
    root: &'a Utf8Path,
    on_path: &'a dyn Fn(EngineName) -> bool,
    known_above: RefCell<HashMap<Utf8PathBuf, Option<EngineName>>>,
    only: RefCell<Option<Vec<EngineName>>>,
}

impl<'a> Detector<'a> {
    /// Returns a detector for stacks below a root. `on_path` returns true if an engine's program is on PATH; it is called
    /// only if no file decides.
    pub fn new(root: &'a Utf8Path, on_path: &'a dyn Fn(EngineName) -> bool) -> Self {
        Self { root, on_path, known_above: RefCell::default(), only: RefCell::default() }
    }

    /// Returns the engine of the stack in a folder with the given file names.
    ///
    /// `terragrunt.hcl` or `terragrunt.hcl.json` decides; else the registry in the lock file; else `*.tofu` files; else
    /// version files, in the folder and upwards to the root; else the only engine on PATH.
    pub fn engine_of(&self, dir: &Utf8Path, names: &[String]) -> Result<EngineName, DetectError> {
        if names.iter().any(|name| is_unit_file(name)) {
            return Ok(EngineName::Terragrunt);
        }
        // Read by its path: the list of names may omit files that git ignores.
        if let Some(engine) = read_if_there(&dir.join(LOCKFILE))?.as_deref().and_then(by_lockfile) {
            return Ok(engine);
        }
        if names.iter().any(|name| is_tofu_only(name)) {
            return Ok(EngineName::Tofu);
        }
        if let Some(engine) = by_version_files(dir, |name| names.iter().any(|n| n == name))? {
            return Ok(engine);
        }
        if let Some(engine) = dir.parent().map_or(Ok(None), |parent| self.engine_above(parent))? {
            return Ok(engine);
        }
        self.only_engine_on_path(dir)
    }

    /// Returns the engine that the version files of a folder and of the folders above it name.
    fn engine_above(&self, dir: &Utf8Path) -> Result<Option<EngineName>, DetectError> {
        if !dir.starts_with(self.root) {
            return Ok(None);
        }
        if let Some(known) = self.known_above.borrow().get(dir) {
            return Ok(*known);
        }
        let mut found = by_version_files(dir, |name| dir.join(name).is_file())?;
        if found.is_none()
            && let Some(parent) = dir.parent()
        {
            found = self.engine_above(parent)?;
        }
        self.known_above.borrow_mut().insert(dir.to_owned(), found);
        Ok(found)
    }

    fn only_engine_on_path(&self, dir: &Utf8Path) -> Result<EngineName, DetectError> {
        let mut only = self.only.borrow_mut();
        let there = only.get_or_insert_with(|| {
            let engines = [EngineName::Tofu, EngineName::Terraform];
            engines.into_iter().filter(|engine| (self.on_path)(*engine)).collect()
        });
        match there.as_slice() {
            [engine] => Ok(*engine),
            [] => Err(DetectError::NoneOnPath { stack_dir: self.relative_to_root(dir) }),
            several => Err(DetectError::Ambiguous {
                stack_dir: self.relative_to_root(dir),
                candidates: several.to_vec(),
            }),
        }
    }

    fn relative_to_root(&self, dir: &Utf8Path) -> Utf8PathBuf {
        dir.strip_prefix(self.root).unwrap_or(dir).to_owned()
    }
}

/// Returns the text of a file; `None` if the file does not exist.
fn read_if_there(file: &Utf8Path) -> Result<Option<String>, DetectError> {
    match files::read(file) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DetectError::Unreadable { file: file.to_owned(), error }),
    }
}

/// Returns the engine whose registry a lock file names; `None` if it names neither or both.
pub fn by_lockfile(text: &str) -> Option<EngineName> {
    let mut hosts = text
        .lines()
        .filter_map(|line| line.strip_prefix("provider \""))
        .filter_map(|rest| rest.split('/').next())
        .filter_map(|host| match host {
            "registry.opentofu.org" => Some(EngineName::Tofu),
            "registry.terraform.io" => Some(EngineName::Terraform),
            _ => None,
        });
    let first = hosts.next()?;
    hosts.all(|host| host == first).then_some(first)
}

/// Returns the engines that a GitHub workflow installs with the official setup actions.
pub fn installed_by_workflow(workflow: &str) -> impl Iterator<Item = EngineName> {
    let actions =
        [("opentofu/setup-opentofu", EngineName::Tofu), ("hashicorp/setup-terraform", EngineName::Terraform)];
    actions.into_iter().filter(move |(action, _)| workflow.contains(action)).map(|(_, engine)| engine)
}

/// Returns the engine that the version files of one folder name; `None` if they name neither or both.
fn by_version_files(
    dir: &Utf8Path,
    exists: impl Fn(&str) -> bool,
) -> Result<Option<EngineName>, DetectError> {
    let [of_tofu, of_terraform, of_tools] = VERSION_FILES;
    let mut tofu = exists(of_tofu);
    let mut terraform = exists(of_terraform);
    if !tofu && !terraform && exists(of_tools) {
        let text = read_if_there(&dir.join(of_tools))?.unwrap_or_default();
        let names = |wanted: &str| text.lines().any(|line| line.split_whitespace().next() == Some(wanted));
        tofu = names("opentofu") || names("tofu");
        terraform = names("terraform");
    }
    Ok(match (tofu, terraform) {
        (true, false) => Some(EngineName::Tofu),
        (false, true) => Some(EngineName::Terraform),
        (true, true) | (false, false) => None,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new(files: &[(&str, &str)]) -> Self {
            let dir = tempfile::tempdir().unwrap();
            for (name, text) in files {
                let path = dir.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Self(dir)
        }

        fn engine(&self, on_path: &[EngineName]) -> Result<EngineName, DetectError> {
            let root = Utf8Path::from_path(self.0.path()).unwrap();
            let dir = root.join("infra/app");
            let names = dir.read_dir_utf8().unwrap().map(|e| e.unwrap().file_name().to_owned());
            let names: Vec<String> = names.collect();
            Detector::new(root, &|engine| on_path.contains(&engine)).engine_of(&dir, &names)
        }
    }

    const BOTH: &[EngineName] = &[EngineName::Tofu, EngineName::Terraform];

    fn lock(host: &str) -> String {
        format!("# made by init\n\nprovider \"{host}/hashicorp/aws\" {{\n  version = \"5.0.0\"\n}}\n")
    }

    #[test]
    fn a_unit_is_terragrunt_beside_any_other_files() {
        let tree = Tree::new(&[
            ("infra/app/terragrunt.hcl", ""),
            ("infra/app/.terraform.lock.hcl", &lock("registry.terraform.io")),
        ]);
        assert_eq!(tree.engine(BOTH).unwrap(), EngineName::Terragrunt);
    }

    #[test]
    fn the_lockfile_beats_version_files() {
        let tree = Tree::new(&[
            ("infra/app/.terraform.lock.hcl", &lock("registry.opentofu.org")),
            ("infra/app/.terraform-version", "1.7"),
        ]);
        assert_eq!(tree.engine(BOTH).unwrap(), EngineName::Tofu);
    }

    #[test]
    fn a_lockfile_of_other_registries_says_nothing() {
        let tree = Tree::new(&[
            ("infra/app/.terraform.lock.hcl", &lock("example.com")),
            ("infra/app/.terraform-version", "1.7"),
        ]);
        assert_eq!(tree.engine(BOTH).unwrap(), EngineName::Terraform);
    }

    #[test]
    fn a_tofu_file_is_opentofu() {
        let tree = Tree::new(&[("infra/app/main.tofu", "")]);
        assert_eq!(tree.engine(&[EngineName::Terraform]).unwrap(), EngineName::Tofu);
    }

    #[test]
    fn version_files_count_upwards_to_the_root() {
        let tree =
            Tree::new(&[("infra/app/main.tf", ""), (".tool-versions", "nodejs 20\nopentofu 1.12.6\n")]);
        assert_eq!(tree.engine(BOTH).unwrap(), EngineName::Tofu);
        let tree = Tree::new(&[
            ("infra/app/main.tf", ""),
            ("infra/.terraform-version", "1.7"),
            (".opentofu-version", "1.12.6"),
        ]);
        assert_eq!(tree.engine(BOTH).unwrap(), EngineName::Terraform);
    }

    #[test]
    fn without_evidence_the_only_engine_on_path_is_it() {
        let tree = Tree::new(&[("infra/app/main.tf", "")]);
        assert_eq!(tree.engine(&[EngineName::Terraform]).unwrap(), EngineName::Terraform);
    }

    #[test]
    fn two_on_path_and_no_evidence_says_what_to_write() {
        let error = Tree::new(&[("infra/app/main.tf", "")]).engine(BOTH).unwrap_err();
        assert_eq!(error.to_string(), "`infra/app` could be run by `tofu` or `terraform`");
        assert!(error.hint().unwrap().contains("write `engine = \"tofu\"`"));
    }
}
