//! Where the inputs of one stack are, and what they are at this moment.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    apart::Apart,
    flow::{Flow, Variables},
    folders::Folders,
    given::Given,
    gone::Gone,
    literals::Literals,
    mentions::{Aim, Mention},
    pieces::Base,
    unit::Unit,
    walk::{Walk, is_left_out},
};
use crate::{
    engine::{
        layout::{auto_var_files, is_configuration, is_unit_file, module_files, unit_file, unit_file_in},
        units::normalised,
    },
    files::{self, file_digest, is_executable},
    inventory::Instance,
    model::EngineName,
};

/// Why the inputs of a stack are not known.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A file or folder cannot be read.
    #[error("cannot read `{path}`, which the plan depends on: {source}")]
    Read {
        /// The file or folder.
        path: Utf8PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A pattern of `files` is no pattern.
    #[error("`files`: `{glob}` is no pattern: {reason}")]
    Glob {
        /// The pattern.
        glob: String,
        /// Why not.
        reason: String,
    },
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// SHA-256 of its content.
    pub digest: String,
    /// True if its owner may execute it, which is what git keeps of a mode.
    pub executable: bool,
    /// Whether an engine only ever reads it: configuration and values. Others, as an archive, may be made while planning.
    pub configuration: bool,
}

/// Files and folders, before anything is read.
pub(super) struct Found {
    pub(super) files: BTreeSet<Utf8PathBuf>,
    pub(super) folders: Folders,
    /// The stack's folder and those of its modules.
    pub(super) modules: BTreeSet<Utf8PathBuf>,
    /// The files of configuration that were read.
    pub(super) read: BTreeSet<Utf8PathBuf>,
    /// Those among them that call a module by an expression.
    pub(super) computed: BTreeSet<Utf8PathBuf>,
    /// Those among them that read files at paths that only the engine works out.
    pub(super) guessed: BTreeSet<Utf8PathBuf>,
}

/// What a file of configuration leads to.
#[derive(Default)]
struct Leads {
    /// What it names and is there, with what for.
    paths: Vec<(Utf8PathBuf, Aim)>,
    /// Whether the source of a module is an expression.
    computed: bool,
    /// Whether the path of something that is read is one.
    guessed: bool,
    variables: Variables,
}

/// The inputs of a stack.
#[derive(Debug)]
pub struct Inputs {
    /// Its files as they are, by the path that is shown.
    pub files: BTreeMap<String, InputFile>,
    /// Whether its configuration reads more, at paths that only its engine works out.
    pub reads_more: bool,
}

/// Where the inputs of a stack lie.
#[derive(Debug)]
pub struct InputPlaces {
    /// The folders and files that the inputs are.
    pub paths: Vec<Utf8PathBuf>,
    /// The files among them that the engine loads without being told to: configuration and values.
    pub loaded: Vec<Utf8PathBuf>,
}

/// Where the files are looked for that a stack's plan depends on.
#[derive(Debug, Clone)]
pub struct InputScope {
    root: Utf8PathBuf,
    pub(super) dir: Utf8PathBuf,
    pub(super) engine: EngineName,
    globs: Vec<String>,
    given: Given,
    apart: Apart,
    pub(super) gone: Arc<Gone>,
}

impl InputScope {
    /// The scope of an instance. `root` is the folder of environments.toml.
    pub fn new(instance: &Instance, root: &Utf8Path, apart: Apart) -> Self {
        Self {
            root: root.to_owned(),
            dir: instance.dir.clone(),
            engine: instance.engine,
            globs: instance.settings.files.clone(),
            given: Given::new(instance),
            apart: apart.seen_from(&instance.dir, root),
            gone: Arc::default(),
        }
    }

    /// The folder of environments.toml.
    pub(super) fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// The same for a tree in which these paths count as if they were there still.
    #[must_use]
    pub(super) fn with_gone(self, gone: &Arc<Gone>) -> Self {
        Self { gone: Arc::clone(gone), ..self }
    }

    /// How a path is shown: relative to environments.toml where it lies below.
    pub fn shown(&self, path: &Utf8Path) -> String {
        let path = normalised(path);
        path.strip_prefix(&self.root).unwrap_or(&path).to_string()
    }

    /// What the inputs are now. `modules` are folders of local modules that an engine found.
    pub fn read(&self, modules: &[Utf8PathBuf]) -> Result<Inputs, InputError> {
        let Found { mut files, folders, guessed, .. } = self.found(modules)?;
        let walk = Walk { apart: &self.apart, skip_modules: false };
        let held =
            folders.held(&self.dir, &walk).map_err(|(path, source)| InputError::Read { path, source })?;
        files.extend(held.files);
        files.extend(self.declared()?);
        files.extend(self.of_version());
        let mut inputs: BTreeMap<String, InputFile> =
            files.into_iter().filter_map(|path| self.input(&path).transpose()).collect::<Result<_, _>>()?;
        for (folder, digest) in held.large {
            let folder = format!("{}/", self.shown(&folder));
            inputs.insert(folder, InputFile { digest, executable: false, configuration: false });
        }
        Ok(Inputs { files: inputs, reads_more: !guessed.is_empty() })
    }

    /// Where the inputs lie that files tell of, without reading them.
    pub fn places(&self) -> Result<InputPlaces, InputError> {
        let Found { files, folders, modules, read, .. } = self.found(&[])?;
        let mut paths: Vec<Utf8PathBuf> = modules.into_iter().collect();
        paths.extend(files.into_iter().filter(|file| !file.starts_with(&self.dir)));
        let below = folders.places(&self.dir);
        paths.extend(below.map_err(|(path, source)| InputError::Read { path, source })?);
        paths.extend(self.declared()?);
        let names: Vec<String> = self
            .dir
            .read_dir_utf8()
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| e.file_name().to_owned())
            .collect();
        let values = auto_var_files(names.iter().map(String::as_str));
        let mut loaded: Vec<Utf8PathBuf> = values.iter().map(|name| self.dir.join(name)).collect();
        loaded
            .extend(read.into_iter().filter(|file| unit_file(self.engine).is_none() || !is_generated(file)));
        Ok(InputPlaces { paths, loaded })
    }

    /// The files of the stack's folder, of modules, and those that configuration names; and the folders that it names.
    fn found(&self, modules: &[Utf8PathBuf]) -> Result<Found, InputError> {
        let mut found = self.followed(modules, &Literals::default());
        for dir in &found.modules {
            // A module whose folder is gone has no files any more.
            if dir.is_dir() || *dir == self.dir {
                found.files.extend(self.files(dir, *dir != self.dir)?);
            }
        }
        Ok(found)
    }

    /// What configuration names, followed through modules at any depth; no folder is walked.
    pub(super) fn followed(&self, modules: &[Utf8PathBuf], literals: &Literals) -> Found {
        let unit = Unit::new(&self.dir, &self.gone);
        let mut files = BTreeSet::new();
        let mut folders = Folders::default();
        let mut seen: BTreeSet<Utf8PathBuf> = modules.iter().chain([&self.dir]).cloned().collect();
        let mut open: Vec<Utf8PathBuf> = seen.iter().cloned().collect();
        let (mut read, mut computed, mut guessed) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut flow = Flow::default();
        while let Some(dir) = open.pop() {
            for file in self.configuration(&dir, &unit, literals) {
                if !read.insert(file.clone()) {
                    continue;
                }
                let leads = self.leads(&file, &unit, literals);
                flow.add(&dir, &file, &leads.variables);
                if leads.computed {
                    computed.insert(file.clone());
                }
                if leads.guessed {
                    guessed.insert(file);
                }
                for (path, aim) in leads.paths {
                    if aim == Aim::Source && self.is_dir(&path) {
                        if seen.insert(path.clone()) {
                            open.push(path);
                        }
                    } else if self.is_dir(&path) {
                        folders.add(path, &self.root);
                    } else if self.is_file(&path)
                        // What is read counts, whatever it is called.
                        && (aim == Aim::Read || self.is_input(&path))
                    {
                        files.insert(path);
                    }
                }
            }
        }
        let (ways, unknown) = flow.followed(&self.dir, &self.given);
        let (paths, astray) = self.weighed(ways);
        guessed.extend(unknown.into_iter().chain(astray));
        for path in paths {
            if self.is_dir(&path) {
                folders.add(path, &self.root);
            } else if self.is_file(&path) {
                files.insert(path);
            }
        }
        files.extend(unit.opened().into_iter().filter(|file| self.is_file(file)));
        Found { files, folders, modules: seen, read, computed, guessed }
    }

    /// Whether a function reads something in a folder of which not all counts: in one that holds the stack what lies deeper does
    /// not, in the project's own and outside of it nothing does.
    fn is_guessed(&self, path: &Utf8Path, aim: Aim) -> bool {
        let counts = path.starts_with(&self.root) && path != self.root;
        let is_above = path != self.dir && self.dir.starts_with(path);
        match aim {
            Aim::ReadBelow => is_above || (!counts && path != self.dir && self.is_dir(path)),
            Aim::Read => !counts && path != self.dir && self.is_dir(path),
            Aim::Source | Aim::Other => false,
        }
    }

    /// Returns true unless a file is a state or is bound by an item of its own.
    fn is_input(&self, file: &Utf8Path) -> bool {
        !file.file_name().is_none_or(is_left_out) && !self.apart.is_bound_apart(file)
    }

    fn is_dir(&self, path: &Utf8Path) -> bool {
        path.is_dir() || self.gone.is_dir(path)
    }

    fn is_file(&self, path: &Utf8Path) -> bool {
        files::is_there(path) || self.gone.is_file(path)
    }

    fn input(&self, path: &Utf8Path) -> Result<Option<(String, InputFile)>, InputError> {
        let digest = match file_digest(path) {
            Ok(digest) => digest,
            // Gone since it was listed: as if it had not been there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            // An engine that wants to read it will say so.
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
        Ok(Some((self.shown(path), file)))
    }

    fn files(&self, dir: &Utf8Path, is_module: bool) -> Result<BTreeSet<Utf8PathBuf>, InputError> {
        let walk = Walk { apart: &self.apart, skip_modules: is_module };
        walk.files(dir).map_err(|source| InputError::Read { path: dir.to_owned(), source })
    }

    /// The files of configuration in a folder, and for a unit those that it includes.
    fn configuration(&self, dir: &Utf8Path, unit: &Unit, literals: &Literals) -> Vec<Utf8PathBuf> {
        let names: Vec<String> = dir
            .read_dir_utf8()
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_owned())
            .collect();
        let modules = module_files(self.engine, names.iter().map(String::as_str));
        let mut files: Vec<Utf8PathBuf> = modules.all().map(|name| dir.join(name)).collect();
        if dir == self.dir && names.iter().any(|name| is_unit_file(name)) {
            let mut wanted = vec![unit_file_in(dir)];
            while let Some(file) = wanted.pop() {
                let included = self.leads(&file, unit, literals).paths.into_iter().filter(|(path, _)| {
                    (path.extension() == Some("hcl") || path.as_str().ends_with(".hcl.json"))
                        && self.is_file(path)
                        && !files.contains(path)
                });
                wanted.extend(included.map(|(path, _)| path));
                if !files.contains(&file) {
                    files.push(file);
                }
                // What a value was taken from is not named any more where the value stands for it.
                wanted.extend(unit.opened().into_iter().filter(|f| self.is_file(f) && !files.contains(f)));
            }
        }
        files
    }

    /// What a file of configuration leads to.
    fn leads(&self, file: &Utf8Path, unit: &Unit, literals: &Literals) -> Leads {
        let own = file.parent().unwrap_or(&self.dir);
        let mut leads = Leads::default();
        let said = literals.of(file, unit);
        leads.variables = said.variables.clone();
        let found = &mut leads.paths;
        let (names, mentions): (Vec<_>, Vec<_>) =
            said.mentions.iter().cloned().partition(|mention| mention.base == Base::Named);
        for Mention { base, path, aim } in mentions {
            let starts: Vec<Utf8PathBuf> = match base {
                Base::Own => vec![own.to_owned()],
                Base::Computed => {
                    *(if aim == Aim::Source { &mut leads.computed } else { &mut leads.guessed }) = true;
                    Vec::new()
                }
                Base::Stack | Base::Named => vec![self.dir.clone(), own.to_owned()],
                Base::Repository => {
                    self.dir.ancestors().filter(|dir| dir.join(".git").exists()).map(Into::into).collect()
                }
                Base::Above => {
                    let is_there = |path: &Utf8Path| path.exists() || self.gone.is_there(path);
                    let holder = self.dir.ancestors().skip(1).find(|dir| is_there(&dir.join(&path)));
                    holder.map(Into::into).into_iter().collect()
                }
            };
            // What is absolute belongs to the machine.
            let is_elsewhere = path.starts_with('/');
            // A double slash only says which part of a source is copied.
            let path = path.replace("//", "/");
            let there = starts.into_iter().map(|start| normalised(&start.join(&path)));
            let there = there.filter(|path| path.exists() || self.gone.is_there(path));
            for path in there {
                leads.guessed |= !is_elsewhere && self.is_guessed(&path, aim);
                found.push((path, aim));
            }
        }
        // A command that runs in a folder above names what it takes from there.
        let above = |(dir, aim): &&(Utf8PathBuf, Aim)| {
            *aim != Aim::Source && *dir != self.dir && self.dir.starts_with(dir) && dir.is_dir()
        };
        let above: BTreeSet<Utf8PathBuf> = found.iter().filter(above).map(|(dir, _)| dir.clone()).collect();
        for dir in above {
            let there = names.iter().map(|name| normalised(&dir.join(&name.path)));
            found.extend(there.filter(|path| self.is_file(path)).map(|path| (path, Aim::Other)));
        }
        leads
    }
}

/// Whether Terragrunt made a file, and makes it anew each time.
fn is_generated(file: &Utf8Path) -> bool {
    files::read(file).is_ok_and(|text| text.starts_with(b"# Generated by Terragrunt. Sig: "))
}

mod declared;
mod weighed;

#[cfg(test)]
mod tests;
