//! Input files of one stack: finding them and reading their digests.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

use camino::{Utf8Path, Utf8PathBuf};

use self::declared::{declared_files, version_files_above};
pub use self::{
    input_error::InputError,
    inputs::{InputFile, InputPaths, Inputs},
};
use super::{
    deleted_paths::DeletedPaths,
    excluded_paths::ExcludedPaths,
    folders::ReferencedFolders,
    path_reference_cache::PathReferenceCache,
    path_refs::{PathRef, RefKind},
    terragrunt::UnitEvaluator,
    variable_flow::{VariableFlow, VariableUses},
    variable_values::VariableValues,
    walk::{Walk, is_state_file},
};
use crate::{
    engine::layout::{auto_var_files, is_configuration, is_unit_file, module_files, unit_file, unit_file_in},
    files::{self, file_digest, is_executable, normalised},
    hcl::eval::PathBase,
    inventory::Instance,
    model::EngineName,
};

/// Files and folders that the configuration of a stack refers to, before any content is digested.
pub(super) struct ConfigurationRefs {
    /// Files that the configuration names.
    pub(super) files: BTreeSet<Utf8PathBuf>,
    /// Folders that the configuration names.
    pub(super) folders: ReferencedFolders,
    /// Folder of the stack, and the folders of its local modules.
    pub(super) modules: BTreeSet<Utf8PathBuf>,
    /// Configuration files that were parsed to find these references.
    pub(super) parsed: BTreeSet<Utf8PathBuf>,
    /// Configuration files that call a module whose `source` is an expression.
    pub(super) with_computed_sources: BTreeSet<Utf8PathBuf>,
    /// Configuration files that read a file at a path that only the engine can compute.
    pub(super) with_unknown_paths: BTreeSet<Utf8PathBuf>,
}

/// References of one configuration file.
#[derive(Default)]
struct ResolvedRefs {
    /// Existing paths that the file names, each with the purpose of the reference.
    paths: Vec<(Utf8PathBuf, RefKind)>,
    /// True if the source of a module is an expression.
    has_computed_source: bool,
    /// True if the file calls a function that reads a file whose path is an expression, or lies in a folder whose files are
    /// not all inputs.
    has_unknown_path: bool,
    variables: VariableUses,
}

/// Search scope for the input files of one instance: its folder, engine, `files` patterns, variable values and excluded
/// paths.
#[derive(Debug, Clone)]
pub struct InputScope {
    root: Utf8PathBuf,
    pub(super) dir: Utf8PathBuf,
    pub(super) engine: EngineName,
    globs: Vec<String>,
    variable_values: VariableValues,
    excluded: ExcludedPaths,
    pub(super) deleted: Arc<DeletedPaths>,
}

impl InputScope {
    /// Returns the scope of an instance. `root` is the folder of environments.toml.
    pub fn new(instance: &Instance, root: &Utf8Path, excluded: ExcludedPaths) -> Self {
        Self {
            root: root.to_owned(),
            dir: instance.dir.clone(),
            engine: instance.engine,
            globs: instance.settings.files.clone(),
            variable_values: VariableValues::new(instance),
            excluded: excluded.for_stack(&instance.dir, root),
            deleted: Arc::default(),
        }
    }

    /// Returns the folder of environments.toml.
    pub(super) fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// Returns this scope with deleted paths that count as present, to read a configuration that still refers to them.
    #[must_use]
    pub(super) fn with_deleted(self, deleted: &Arc<DeletedPaths>) -> Self {
        Self { deleted: Arc::clone(deleted), ..self }
    }

    /// Returns a path relative to the folder of environments.toml, or the absolute path of one that lies elsewhere.
    pub fn display_path(&self, path: &Utf8Path) -> String {
        let path = normalised(path);
        path.strip_prefix(&self.root).unwrap_or(&path).to_string()
    }

    /// Digests the current input files. `modules` are the folders of local modules that an init of the engine found.
    pub fn read(&self, modules: &[Utf8PathBuf]) -> Result<Inputs, InputError> {
        let ConfigurationRefs { mut files, folders, with_unknown_paths, .. } = self.collect_refs(modules)?;
        let walk = Walk { excluded: &self.excluded, skip_modules: false };
        let input_files = folders
            .input_files(&self.dir, &walk)
            .map_err(|(path, source)| InputError::Read { path, source })?;
        files.extend(input_files.files);
        files.extend(declared_files(&self.dir, &self.globs)?);
        files.extend(version_files_above(&self.dir, &self.root, self.engine));
        let mut inputs: BTreeMap<String, InputFile> = files
            .into_iter()
            .filter_map(|path| self.digest_input(&path).transpose())
            .collect::<Result<_, _>>()?;
        for (folder, digest) in input_files.large {
            let folder = format!("{}/", self.display_path(&folder));
            inputs.insert(folder, InputFile { digest, executable: false, configuration: false });
        }
        Ok(Inputs { files: inputs, reads_more: !with_unknown_paths.is_empty() })
    }

    /// Returns the paths of the inputs that configuration, var files and environments.toml refer to, without digesting them.
    pub fn paths(&self) -> Result<InputPaths, InputError> {
        let ConfigurationRefs { files, folders, modules, parsed, .. } = self.collect_refs(&[])?;
        let mut paths: Vec<Utf8PathBuf> = modules.into_iter().collect();
        paths.extend(files.into_iter().filter(|file| !file.starts_with(&self.dir)));
        let below = folders.input_paths(&self.dir);
        paths.extend(below.map_err(|(path, source)| InputError::Read { path, source })?);
        paths.extend(declared_files(&self.dir, &self.globs)?);
        let names = files::entry_names_if_readable(&self.dir);
        let values = auto_var_files(names.iter().map(String::as_str));
        let mut loaded: Vec<Utf8PathBuf> = values.iter().map(|name| self.dir.join(name)).collect();
        loaded.extend(
            parsed.into_iter().filter(|file| unit_file(self.engine).is_none() || !is_generated(file)),
        );
        Ok(InputPaths { paths, loaded })
    }

    /// Collects the files in the folders of the stack and its modules, and the files and folders that configuration names.
    fn collect_refs(&self, modules: &[Utf8PathBuf]) -> Result<ConfigurationRefs, InputError> {
        let mut found = self.follow_refs(modules, &PathReferenceCache::default());
        for dir in &found.modules {
            // The folder of a called module may have been deleted: then it has no files.
            if dir.is_dir() || *dir == self.dir {
                found.files.extend(self.files_in_folder(dir, *dir != self.dir)?);
            }
        }
        Ok(found)
    }

    /// Follows the references of configuration files through modules at any depth; no folder is walked.
    pub(super) fn follow_refs(
        &self,
        modules: &[Utf8PathBuf],
        references: &PathReferenceCache,
    ) -> ConfigurationRefs {
        let unit = UnitEvaluator::new(&self.dir, &self.deleted);
        let mut files = BTreeSet::new();
        let mut folders = ReferencedFolders::default();
        let mut seen: BTreeSet<Utf8PathBuf> = modules.iter().chain([&self.dir]).cloned().collect();
        let mut pending: Vec<Utf8PathBuf> = seen.iter().cloned().collect();
        let (mut parsed, mut with_computed_sources, mut with_unknown_paths) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut flow = VariableFlow::default();
        while let Some(dir) = pending.pop() {
            for file in self.configuration_files(&dir, &unit, references) {
                if !parsed.insert(file.clone()) {
                    continue;
                }
                let resolved = self.resolve_refs(&file, &unit, references);
                flow.add(&dir, &file, &resolved.variables);
                if resolved.has_computed_source {
                    with_computed_sources.insert(file.clone());
                }
                if resolved.has_unknown_path {
                    with_unknown_paths.insert(file);
                }
                for (path, kind) in resolved.paths {
                    if kind == RefKind::Source && self.is_dir(&path) {
                        if seen.insert(path.clone()) {
                            pending.push(path);
                        }
                    } else if self.is_dir(&path) {
                        folders.add(path, &self.root);
                    } else if self.is_file(&path)
                        // A file that a function reads is an input under any name, also a state.
                        && (kind == RefKind::Read || self.is_input(&path))
                    {
                        files.insert(path);
                    }
                }
            }
        }
        let (sources, unknown) = flow.trace_read_paths(&self.dir, &self.variable_values);
        let (paths, escaping) = self.resolve_sources(sources);
        with_unknown_paths.extend(unknown.into_iter().chain(escaping));
        for path in paths {
            if self.is_dir(&path) {
                folders.add(path, &self.root);
            } else if self.is_file(&path) {
                files.insert(path);
            }
        }
        files.extend(unit.opened_files().into_iter().filter(|file| self.is_file(file)));
        ConfigurationRefs { files, folders, modules: seen, parsed, with_computed_sources, with_unknown_paths }
    }

    /// Returns true if a function reads from a folder whose files are not all inputs. Of a folder that holds the stack, only
    /// the files directly in it are inputs; of the project's root and of a folder outside of the project, none are.
    fn reads_beyond_inputs(&self, path: &Utf8Path, kind: RefKind) -> bool {
        let counts = path.starts_with(&self.root) && path != self.root;
        let is_above = path != self.dir && self.dir.starts_with(path);
        let is_own = path == self.dir && !self.is_project_root();
        match kind {
            RefKind::ReadBelow => is_above || (!counts && !is_own && self.is_dir(path)),
            RefKind::Read => !counts && !is_own && self.is_dir(path),
            RefKind::Source | RefKind::Other => false,
        }
    }

    /// Returns true unless the file is a state (or a state's backup or lock), or the manifest records it as an item of its
    /// own.
    fn is_input(&self, file: &Utf8Path) -> bool {
        !file.file_name().is_none_or(is_state_file) && !self.excluded.is_bound_separately(file)
    }

    /// Returns true for a folder that exists, or that held a deleted file.
    fn is_dir(&self, path: &Utf8Path) -> bool {
        path.is_dir() || self.deleted.is_dir(path)
    }

    /// Returns true for a file that exists, or that was deleted.
    fn is_file(&self, path: &Utf8Path) -> bool {
        files::is_file_there(path) || self.deleted.is_file(path)
    }

    /// Returns the digest of a file by the path as [`Self::display_path`] gives it; `None` when the file does not exist.
    fn digest_input(&self, path: &Utf8Path) -> Result<Option<(String, InputFile)>, InputError> {
        let digest = match file_digest(path) {
            Ok(digest) => digest,
            // Deleted since the folder was listed: not an input.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            // No error here: an engine that has to read the file reports it.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => "unreadable".to_owned(),
            Err(source) => return Err(InputError::Read { path: path.to_owned(), source }),
        };
        let executable = match is_executable(path) {
            Ok(executable) => executable,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => false,
            Err(source) => return Err(InputError::Read { path: path.to_owned(), source }),
        };
        let name = path.file_name().unwrap_or_default();
        let file = InputFile { digest, executable, configuration: is_configuration(name) };
        Ok(Some((self.display_path(path), file)))
    }

    /// Returns the input files in the folder of the stack or of a module that it calls. Of a stack in the project's root these are
    /// the files directly in it that engines find by their names.
    fn files_in_folder(&self, dir: &Utf8Path, is_module: bool) -> Result<BTreeSet<Utf8PathBuf>, InputError> {
        let walk = Walk { excluded: &self.excluded, skip_modules: is_module };
        let is_root = dir == self.dir && self.is_project_root();
        let files = if is_root { walk.files_found_by_name(dir) } else { walk.files(dir) };
        files.map_err(|source| InputError::Read { path: dir.to_owned(), source })
    }

    /// Returns true for a stack in the folder of environments.toml, which holds the rest of the project too.
    fn is_project_root(&self) -> bool {
        self.dir == self.root
    }

    /// Returns the folders above the stack that are roots of repositories.
    fn repositories(&self) -> Vec<Utf8PathBuf> {
        self.dir.ancestors().filter(|dir| dir.join(".git").exists()).map(Into::into).collect()
    }

    /// Returns the configuration files of a folder; for a Terragrunt unit also the files that it includes or reads.
    fn configuration_files(
        &self,
        dir: &Utf8Path,
        unit: &UnitEvaluator,
        references: &PathReferenceCache,
    ) -> Vec<Utf8PathBuf> {
        let names = files::entry_names_if_readable(dir);
        let modules = module_files(self.engine, names.iter().map(String::as_str));
        let mut files: Vec<Utf8PathBuf> = modules.all().map(|name| dir.join(name)).collect();
        if dir == self.dir && names.iter().any(|name| is_unit_file(name)) {
            let mut wanted = vec![unit_file_in(dir)];
            while let Some(file) = wanted.pop() {
                let included =
                    self.resolve_refs(&file, unit, references).paths.into_iter().filter(|(path, _)| {
                        (path.extension() == Some("hcl") || path.as_str().ends_with(".hcl.json"))
                            && self.is_file(path)
                            && !files.contains(path)
                    });
                wanted.extend(included.map(|(path, _)| path));
                if !files.contains(&file) {
                    files.push(file);
                }
                // Evaluation replaces an expression by its value: the files that the value came from are added here.
                wanted.extend(
                    unit.opened_files().into_iter().filter(|f| self.is_file(f) && !files.contains(f)),
                );
            }
        }
        files
    }

    /// Returns the references of a configuration file.
    fn resolve_refs(
        &self,
        file: &Utf8Path,
        unit: &UnitEvaluator,
        references: &PathReferenceCache,
    ) -> ResolvedRefs {
        let own = file.parent().unwrap_or(&self.dir);
        let mut resolved = ResolvedRefs::default();
        let file_refs = references.of_file(file, unit);
        resolved.variables = file_refs.variables.clone();
        let found = &mut resolved.paths;
        let (names, refs): (Vec<_>, Vec<_>) =
            file_refs.refs.iter().cloned().partition(|path_ref| path_ref.base == PathBase::Named);
        for PathRef { base, path, kind } in refs {
            let starts: Vec<Utf8PathBuf> = match base {
                PathBase::Own => vec![own.to_owned()],
                PathBase::Computed => {
                    *(if kind == RefKind::Source {
                        &mut resolved.has_computed_source
                    } else {
                        &mut resolved.has_unknown_path
                    }) = true;
                    Vec::new()
                }
                PathBase::Stack | PathBase::Named => vec![self.dir.clone(), own.to_owned()],
                PathBase::Repository => self.repositories(),
                PathBase::Above => {
                    let exists = |path: &Utf8Path| path.exists() || self.deleted.is_file_or_folder(path);
                    let holder = self.dir.ancestors().skip(1).find(|dir| exists(&dir.join(&path)));
                    holder.map(Into::into).into_iter().collect()
                }
            };
            // An absolute path names a file of the machine, not of the project.
            let is_elsewhere = path.starts_with('/');
            // In a source, `//` separates the folder that is copied from the module in it (`../mods//vpc`).
            let path = path.replace("//", "/");
            let there = starts.into_iter().map(|start| normalised(&start.join(&path)));
            let there = there.filter(|path| path.exists() || self.deleted.is_file_or_folder(path));
            for path in there {
                resolved.has_unknown_path |= !is_elsewhere && self.reads_beyond_inputs(&path, kind);
                found.push((path, kind));
            }
        }
        // A command that runs in a folder above the stack may name files relative to that folder.
        let above = |(dir, kind): &&(Utf8PathBuf, RefKind)| {
            *kind != RefKind::Source && *dir != self.dir && self.dir.starts_with(dir) && dir.is_dir()
        };
        let above: BTreeSet<Utf8PathBuf> = found.iter().filter(above).map(|(dir, _)| dir.clone()).collect();
        for dir in above {
            let there = names.iter().map(|name| normalised(&dir.join(&name.path)));
            found.extend(there.filter(|path| self.is_file(path)).map(|path| (path, RefKind::Other)));
        }
        resolved
    }
}

/// Returns true if Terragrunt generated the file; every run of Terragrunt writes it anew.
fn is_generated(file: &Utf8Path) -> bool {
    files::read(file).is_ok_and(|text| text.starts_with(b"# Generated by Terragrunt. Sig: "))
}

mod declared;
mod input_error;
mod inputs;
mod new_file;
mod path_sources;

#[cfg(test)]
mod tests;
