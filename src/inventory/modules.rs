//! Modules of many instances: their root modules and all local modules that these call; each folder is read once.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    num::NonZeroUsize,
    os::unix::fs::MetadataExt as _,
    sync::Arc,
    thread,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Instance, plan_inputs::unit_module};
use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    engine::{CalledModule, layout::unit_file},
    files::normalised,
    hcl::{Attribute, Module, ModuleCall, read_dependency_paths, read_folder},
    model::{EngineName, InstanceId},
};

/// Folder of a module, and the engine that reads its files.
type ModuleKey = (Utf8PathBuf, EngineName);

/// Minimum number of folders to read with several threads.
const MIN_FOR_THREADS: usize = 16;

/// Root modules of many instances, and the local modules that they call, directly or not.
#[derive(Debug, Clone, Default)]
pub struct Modules {
    /// Modules by folder and engine.
    by_folder: HashMap<ModuleKey, Arc<Module>>,
    /// Instances of all environments by the addresses of their states.
    state_owners: Arc<BTreeMap<String, InstanceId>>,
    /// Findings about files that could not be parsed, with the engine that would read each.
    unparsable: Vec<(Diagnostic, EngineName)>,
    /// Number of instances by the device and inode of their folder.
    instances_in_folder: HashMap<(u64, u64), usize>,
}

/// Returns the module calls in the files of a folder as an engine reads them; `None` if the files cannot be read.
pub fn called_modules(engine: EngineName, dir: &Utf8Path) -> Option<Vec<CalledModule>> {
    let module = read_folder(engine, dir, dir).ok()?;
    let called = |call: &ModuleCall| {
        let text = |attribute: &Option<Attribute>| {
            attribute.as_ref().and_then(|attribute| attribute.value.text()).map(str::to_owned)
        };
        let version = text(&call.version);
        // The version of a call is unknown if it is an expression.
        let source = text(&call.source).filter(|_| version.is_some() || call.version.is_none());
        CalledModule { name: call.name.clone(), source, version }
    };
    Some(module.module_calls.values().map(called).collect())
}

impl Modules {
    /// Sets the owners of states: the instances by the addresses of their states.
    #[must_use]
    pub fn with_state_owners(self, owners: BTreeMap<String, InstanceId>) -> Self {
        Self { state_owners: Arc::new(owners), ..self }
    }

    /// Returns the owners of states: the instances of all environments by the addresses of their states, as far as files
    /// determine the addresses.
    pub fn state_owners(&self) -> Arc<BTreeMap<String, InstanceId>> {
        Arc::clone(&self.state_owners)
    }

    /// Reads the root modules of these instances and all local modules that they call.
    ///
    /// Findings about a file are reported once; a folder with a broken file has no module.
    pub fn read<'a>(
        instances: impl IntoIterator<Item = &'a Instance>,
        root: &Utf8Path,
    ) -> (Self, Diagnostics) {
        let mut modules = Self::default();
        let mut found = Diagnostics::default();
        let mut seen = HashSet::new();
        let mut wanted: Vec<ModuleKey> = Vec::new();
        for instance in instances {
            let Ok(folder) = instance.dir.metadata() else { continue };
            *modules.instances_in_folder.entry((folder.dev(), folder.ino())).or_default() += 1;
            let key = (instance.dir.clone(), instance.engine);
            if folder.is_dir() && seen.insert(key.clone()) {
                if unit_file(instance.engine).is_some() {
                    let problem = read_dependency_paths(&instance.dir, root).err();
                    modules.unparsable.extend(problem.clone().map(|problem| (problem, instance.engine)));
                    found.extend(problem);
                }
                wanted.push(key);
            }
        }
        modules.read_called(wanted, &mut seen, root, &mut found);
        (modules, found)
    }

    /// Reads the module of a Terragrunt unit and all local modules that it calls, and returns them with the module's
    /// folder; `None` if the files do not name a local module, or its folder holds none that can be read.
    pub fn read_unit(instance: &Instance) -> Option<(Self, Utf8PathBuf)> {
        let folder = unit_module(&instance.dir)?;
        let mut modules = Self::default();
        let key = (folder.clone(), instance.engine);
        modules.read_called(
            vec![key.clone()],
            &mut HashSet::from([key]),
            instance.root(),
            &mut Diagnostics::default(),
        );
        let is_module =
            modules.in_folder(&folder, instance.engine).is_some_and(|module| !module.files.is_empty());
        is_module.then_some((modules, folder))
    }

    /// Reads the modules in folders and all local modules that they call, except those in `seen`.
    fn read_called(
        &mut self,
        mut wanted: Vec<ModuleKey>,
        seen: &mut HashSet<ModuleKey>,
        root: &Utf8Path,
        found: &mut Diagnostics,
    ) {
        let modules = self;
        while !wanted.is_empty() {
            let mut next = Vec::new();
            for ((dir, engine), result) in read_all(wanted, root) {
                match result {
                    Err(diagnostics) => {
                        modules
                            .unparsable
                            .extend(diagnostics.0.iter().map(|problem| (problem.clone(), engine)));
                        found.extend(diagnostics);
                    }
                    Ok(module) => {
                        for call in module.module_calls.values() {
                            let Some(called) = local_folder(&dir, call) else { continue };
                            if !called.is_dir() {
                                found.push(missing_folder_warning(&called, call, root));
                            } else if seen.insert((called.clone(), engine)) {
                                next.push((called, engine));
                            }
                        }
                        modules.by_folder.insert((dir, engine), Arc::new(module));
                    }
                }
            }
            wanted = next;
        }
    }

    /// Returns the engine that would read the file which a finding reports as unparsable.
    pub fn reader_of(&self, problem: &Diagnostic) -> Option<EngineName> {
        self.unparsable.iter().find(|(unparsable, _)| unparsable == problem).map(|(_, engine)| *engine)
    }

    /// Returns the root module of an instance; `None` when it could not be read.
    pub fn root(&self, instance: &Instance) -> Option<&Arc<Module>> {
        self.by_folder.get(&(instance.dir.clone(), instance.engine))
    }

    /// Returns the root module of an instance, also that of a Terragrunt unit; `None` if envctl does not know the module
    /// or could not read it.
    pub fn root_or_unit_module(&self, instance: &Instance) -> Option<Arc<Module>> {
        if unit_file(instance.engine).is_none() {
            return self.root(instance).cloned();
        }
        let (modules, folder) = Self::read_unit(instance)?;
        modules.in_folder(&folder, instance.engine).cloned()
    }

    /// Returns the module in a folder as an engine reads it; `None` when it could not be read.
    pub fn in_folder(&self, dir: &Utf8Path, engine: EngineName) -> Option<&Arc<Module>> {
        self.by_folder.get(&(dir.to_owned(), engine))
    }

    /// Returns the folder of a module that is called by a relative path.
    pub fn called_folder(dir: &Utf8Path, call: &ModuleCall) -> Option<Utf8PathBuf> {
        local_folder(dir, call)
    }

    /// Returns true if other instances, in any environment, have this instance's folder, with symbolic links
    /// resolved.
    pub fn is_folder_shared(&self, instance: &Instance) -> bool {
        let folder = instance.dir.metadata().ok();
        let count = folder.and_then(|folder| self.instances_in_folder.get(&(folder.dev(), folder.ino())));
        count.is_some_and(|count| *count > 1)
    }

    /// Returns the folder of an instance, and those of all local modules that it calls, directly or not.
    pub fn folders(&self, instance: &Instance) -> Vec<Utf8PathBuf> {
        let mut folders = Vec::new();
        let mut pending = vec![instance.dir.clone()];
        while let Some(dir) = pending.pop() {
            if folders.contains(&dir) {
                continue;
            }
            if let Some(module) = self.by_folder.get(&(dir.clone(), instance.engine)) {
                pending.extend(module.module_calls.values().filter_map(|call| local_folder(&dir, call)));
            }
            folders.push(dir);
        }
        folders
    }

    /// Returns the root module of an instance and all local modules that it calls, directly or not; each once, callers first.
    pub fn with_called_modules_of(&self, instance: &Instance) -> Vec<&Arc<Module>> {
        self.with_called_modules(&instance.dir, instance.engine)
    }

    /// Returns the missing folders of local modules, each with a warning at its call, for the module in a folder and all
    /// local modules that it calls.
    pub fn missing_folders(
        &self,
        dir: &Utf8Path,
        engine: EngineName,
        root: &Utf8Path,
    ) -> Vec<(Utf8PathBuf, Diagnostic)> {
        let calls = self.with_called_modules(dir, engine).into_iter().flat_map(|module| {
            module.module_calls.values().filter_map(|call| Some((local_folder(&module.dir, call)?, call)))
        });
        calls
            .filter(|(called, _)| !called.is_dir())
            .map(|(called, call)| {
                let problem = missing_folder_warning(&called, call, root);
                (called, problem)
            })
            .collect()
    }

    /// Returns the module in a folder and all local modules that it calls, directly or not; each once, callers first.
    pub fn with_called_modules(&self, dir: &Utf8Path, engine: EngineName) -> Vec<&Arc<Module>> {
        let mut tree = Vec::new();
        let mut seen = HashSet::new();
        let mut pending = vec![dir.to_owned()];
        while let Some(dir) = pending.pop() {
            let Some(module) = self.by_folder.get(&(dir.clone(), engine)) else { continue };
            if seen.insert(dir.clone()) {
                pending
                    .extend(module.module_calls.values().rev().filter_map(|call| local_folder(&dir, call)));
                tree.push(module);
            }
        }
        tree
    }
}

/// Returns the folder of a local module call, relative to the calling module.
fn local_folder(dir: &Utf8Path, call: &ModuleCall) -> Option<Utf8PathBuf> {
    call.local_source().map(|source| normalised(&dir.join(source)))
}

fn missing_folder_warning(called: &Utf8Path, call: &ModuleCall, root: &Utf8Path) -> Diagnostic {
    let shown = called.strip_prefix(root).unwrap_or(called);
    let span = call.source.as_ref().map_or(&call.header_span, |source| &source.value_span);
    Diagnostic::warning(
        "hcl::missing-module",
        format!("module `{}` comes from a folder that is not there", call.name),
    )
    .at(&span.source, span.span.clone(), format!("`{shown}` does not exist"))
}

/// Reads folders in the order given, with several threads if there are many.
fn read_all(keys: Vec<ModuleKey>, root: &Utf8Path) -> Vec<(ModuleKey, Result<Module, Diagnostics>)> {
    let read = |(dir, engine): &ModuleKey| read_folder(*engine, dir, root);
    if keys.len() < MIN_FOR_THREADS {
        return keys.into_iter().map(|key| (key.clone(), read(&key))).collect();
    }
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let share = keys.len().div_ceil(threads);
    let results: Vec<Result<Module, Diagnostics>> = thread::scope(|scope| {
        let workers: Vec<_> = keys
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().map(read).collect::<Vec<_>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    keys.into_iter().zip(results).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::fixture::Project;

    #[test]
    fn a_broken_module_is_told_once_and_a_missing_one_is_told_at_its_call() {
        let toml = "[environments.dev]\n[stacks.a]\npath = \"a\"\n[stacks.b]\npath = \"b\"\n";
        let call = "module \"m\" {\n  source = \"../m\"\n}\nmodule \"gone\" {\n  source = \"./gone\"\n}\n";
        let project = Project::new(toml, &[("a/main.tf", call), ("b/main.tf", call), ("m/main.tf", "x {\n")]);
        let instances = project.instances("dev");
        let (modules, found) = Modules::read(&instances, &project.root());
        let found: Vec<String> = found.0.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "a/main.tf:5:12: module `gone` comes from a folder that is not there",
                "b/main.tf:5:12: module `gone` comes from a folder that is not there",
                "m/main.tf:1:4: `m/main.tf` is not valid HCL",
            ]
        );
        assert_eq!(modules.with_called_modules_of(&instances[0]).len(), 1);
    }

    #[test]
    fn many_folders_are_read_by_several_threads_with_the_same_result() {
        let tables: Vec<String> = (0..40).map(|n| format!("[stacks.s{n}]\npath = \"s{n}\"\n")).collect();
        let toml = format!("[environments.dev]\n{}", tables.concat());
        let files: Vec<(String, String)> =
            (0..40).map(|n| (format!("s{n}/main.tf"), format!("variable \"v{n}\" {{}}\n"))).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let project = Project::new(&toml, &files);
        let instances = project.instances("dev");
        let (modules, found) = Modules::read(&instances, &project.root());
        assert!(!found.has_errors());
        for instance in &instances {
            let number = instance.id.stack.as_str().trim_start_matches('s');
            assert!(modules.root(instance).unwrap().variables.contains_key(&format!("v{number}")));
        }
    }
}
