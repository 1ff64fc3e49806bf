//! Stacks that changed paths affect: stacks with a plan that would be bound to one of the paths.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    ffi::OsString,
    num::NonZeroUsize,
    thread,
};

use camino::Utf8PathBuf;

use super::{
    base_config::{BaseConfig, BaseStacks},
    change_matcher::{ChangeMatcher, Trace},
    changes::RepositoryChanges,
    installed_modules::modules_of_last_init,
    name_search::NameSearch,
    prefilter::Prefilter,
    sources::{
        cli_config_files, config_file_changes, hook_changes, own_account_files, own_cli_config_files,
        program_changes, secret_changes,
    },
};
use crate::{
    config::{Config, EnvironmentScope, Overrides},
    engine::{
        detect::{LOCKFILE, version_files},
        layout::{UNIT_ENGINE, unit_file},
        shared_account_files,
    },
    graph::{Change, ChangedStacks, InputKind},
    inventory::{
        Instance, Inventory, backend_file_paths,
        plan_inputs::{
            ExcludedPaths, InputScope,
            deleted_paths::DeletedPaths,
            read_set::{ReadSet, ReadSetScanner},
        },
        stack_files::{GeneratedFolders, GeneratedOrigin},
    },
    model::{EngineName, GoneStack},
};

/// Changed and deleted stacks of an environment.
#[derive(Debug, Default)]
pub struct AffectedStacks {
    /// Changed stacks, each with the reasons.
    pub changed: ChangedStacks,
    /// Stacks that existed at the base and are deleted now.
    pub gone: Vec<GoneStack>,
}

impl RepositoryChanges {
    /// Determines the changed and deleted stacks of an environment. `overrides` are those that the current
    /// configuration was read with.
    pub fn affected_stacks(
        &self,
        inventory: &Inventory,
        scope: EnvironmentScope<'_>,
        overrides: &Overrides,
    ) -> AffectedStacks {
        let EnvironmentScope { config, environment } = scope;
        let base_config = BaseConfig::read(self, config, overrides);
        let base_stacks = match &base_config {
            BaseConfig::Changed(old) => {
                old.environments().get(&environment.name).and_then(|old_environment| {
                    BaseStacks::load(EnvironmentScope { config: old, environment: old_environment })
                })
            }
            _ => None,
        };
        let paths = &self.paths;
        let shared = SharedSearchData {
            config,
            base_config: &base_config,
            base_stacks: base_stacks.as_ref(),
            stack_folders: inventory.instances().map(|instance| instance.dir.as_str()).collect(),
            scanner: ReadSetScanner::new(DeletedPaths::new(self.deleted_files.iter().cloned())),
            prefilter: Prefilter::new(NameSearch::new(paths.iter(), self.links.iter(), paths.ignores_case())),
            config_variables: &self.config_variables,
            version_files: self.changed_version_files(),
            has_changed_file: ChangeMatcher::new((paths, &self.links, &self.tree), config.root())
                .has_possible_input(),
        };
        let changed = self.changed_stacks(&shared, &inventory.instances().collect::<Vec<_>>());
        let gone = self.deleted_stacks(inventory, scope, base_stacks.as_ref());
        AffectedStacks {
            changed,
            gone: gone
                .into_iter()
                .map(|(stack, path)| GoneStack { environment: environment.name.clone(), stack, path })
                .collect(),
        }
    }

    /// Returns the changed files that select an engine or its version, as git spells them.
    fn changed_version_files(&self) -> Vec<String> {
        // The version files of Terragrunt include those of all other engines.
        let is_version_file = |path: &&str| selects_version(path, UNIT_ENGINE);
        self.paths.iter().filter(is_version_file).map(str::to_owned).collect()
    }

    /// Determines the changed stacks, in several threads when there are many stacks.
    fn changed_stacks(&self, shared: &SharedSearchData<'_>, instances: &[&Instance]) -> ChangedStacks {
        let changed_stacks = |instances: &[&Instance]| {
            let matcher = ChangeMatcher::new((&self.paths, &self.links, &self.tree), shared.config.root());
            let search = ChangeSearch::new(matcher, shared);
            let found = instances.iter().map(|instance| (&instance.id.stack, search.changes_of(instance)));
            let changed = found.filter(|(_, found)| !found.is_empty());
            changed.map(|(stack, found)| (stack.clone(), summarize(found))).collect::<ChangedStacks>()
        };
        if instances.len() < MIN_FOR_THREADS {
            return changed_stacks(instances);
        }
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        thread::scope(|scope| {
            let share = instances.len().div_ceil(threads);
            let workers: Vec<_> =
                instances.chunks(share).map(|chunk| (chunk, scope.spawn(|| changed_stacks(chunk)))).collect();
            // The stacks of a thread that panicked are examined here again, so that none is missing.
            workers
                .into_iter()
                .flat_map(|(chunk, worker)| worker.join().unwrap_or_else(|_| changed_stacks(chunk)))
                .collect()
        })
    }
}

/// Changed paths by the part of a stack that they belong to.
type ChangesByKind = BTreeMap<InputKind, BTreeSet<String>>;

/// Returns one change for each part of a stack: the first path, and the number of further ones.
fn summarize(found: ChangesByKind) -> Vec<Change> {
    let first = |(kind, paths): (InputKind, BTreeSet<String>)| {
        let further_count = paths.len().saturating_sub(1);
        paths.into_iter().next().map(|path| Change { kind, path, further_count })
    };
    found.into_iter().filter_map(first).collect()
}

/// Minimum number of stacks for several threads.
const MIN_FOR_THREADS: usize = 64;

/// Data that the searches for changes in all threads share.
struct SharedSearchData<'c> {
    config: &'c Config,
    base_config: &'c BaseConfig,
    base_stacks: Option<&'c BaseStacks<'c>>,
    /// Folders of all stacks of the environment.
    stack_folders: HashSet<&'c str>,
    scanner: ReadSetScanner,
    prefilter: Prefilter,
    /// Variables that locate configuration files, for stacks that do not set such variables themselves.
    config_variables: &'c BTreeMap<OsString, OsString>,
    /// Changed files that select an engine or its version.
    version_files: Vec<String>,
    /// True if any changed file may be an input of a plan.
    has_changed_file: bool,
}

/// Search for the changes of stacks, with the caches of one thread.
struct ChangeSearch<'c> {
    matcher: ChangeMatcher<'c>,
    shared: &'c SharedSearchData<'c>,
    /// Changes of the CLI configuration files, for stacks that do not name their own.
    cli_config_changes: Vec<Trace>,
    /// Changes of the shared files by which providers choose an account, for stacks that do not name their own.
    account_file_changes: Vec<Trace>,
    generated: GeneratedFolders,
}

impl<'c> ChangeSearch<'c> {
    fn new(matcher: ChangeMatcher<'c>, shared: &'c SharedSearchData<'c>) -> Self {
        let cli_config_changes = config_file_changes(&cli_config_files(shared.config_variables), &matcher);
        let account_file_changes = config_file_changes(
            &shared_account_files(shared.config_variables, shared.config.root()),
            &matcher,
        );
        let generated = GeneratedFolders::default();
        Self { matcher, shared, cli_config_changes, account_file_changes, generated }
    }

    /// Returns the changes that affect a stack.
    fn changes_of(&self, instance: &Instance) -> ChangesByKind {
        let mut found = ChangesByKind::new();
        if !self.matcher.is_in_repository(&instance.dir) {
            found.entry(InputKind::Untracked).or_default().insert(instance.path.to_string());
            return found;
        }
        // The folder of environments.toml holds the rest of the project too.
        let is_in_root = instance.dir == self.shared.config.root();
        let origin = unit_file(instance.engine)
            .and_then(|_| self.generated.origin(&instance.dir, self.shared.config.root()));
        let is_generated = origin.is_some();
        let own_changes = if is_generated {
            // Generated files are written anew each time.
            Vec::new()
        } else if is_in_root {
            self.matcher.trace_files_found_by_name(&instance.dir)
        } else {
            self.matcher.trace_stack(&instance.dir, &self.shared.stack_folders)
        };
        for trace in own_changes {
            let is_lockfile = matches!(&trace, Trace::Changed(path) if path.ends_with(LOCKFILE));
            add_changes(&mut found, if is_lockfile { InputKind::Lockfile } else { InputKind::File }, [trace]);
        }
        for file in instance.settings.var_files.iter() {
            let trace = self.matcher.trace_file(&instance.dir.join(&file.path));
            let is_own = |trace: &Trace| matches!(trace, Trace::Changed(path) if found.get(&InputKind::File).is_some_and(|own| own.contains(path)));
            let trace = trace.filter(|trace| !is_own(trace));
            add_changes(&mut found, InputKind::VarFile, trace);
        }
        for path in backend_file_paths(instance) {
            add_changes(&mut found, InputKind::BackendFile, self.matcher.trace_file(&path));
        }
        for glob in &instance.settings.files {
            add_changes(&mut found, InputKind::FilesSetting, self.matcher.trace_glob(&instance.dir, glob));
        }
        if let Some(origin) = origin {
            self.add_origin_changes(&origin, &mut found);
        }
        self.add_source_changes(instance, &mut found);
        self.add_changed_settings(instance, &mut found);
        found.retain(|_, paths| !paths.is_empty());
        // With one reason the stack counts as changed, and its HCL need not be read.
        if found.is_empty() && (is_in_root || self.shared.prefilter.may_reach_change(instance, &self.matcher))
        {
            self.add_referenced_changes(instance, is_generated, &mut found);
        }
        found
    }

    /// Adds the changes of the stack files and local folders that a unit is generated from.
    fn add_origin_changes(&self, origin: &GeneratedOrigin, found: &mut ChangesByKind) {
        for file in &origin.stack_files {
            add_changes(found, InputKind::StackFile, self.matcher.trace_file(file));
        }
        for source in &origin.sources {
            let traces = self.matcher.trace_folder(source).into_iter();
            add_changes(
                found,
                InputKind::UnitSource,
                traces.filter(|trace| matches!(trace, Trace::Changed(_))),
            );
        }
        if self.shared.has_changed_file && !origin.with_unknown_sources.is_empty() {
            let root = self.shared.config.root();
            let shown = |file: &Utf8PathBuf| file.strip_prefix(root).unwrap_or(file).to_string();
            found
                .entry(InputKind::ComputedSource)
                .or_default()
                .extend(origin.with_unknown_sources.iter().map(shown));
        }
    }

    /// Adds the changes of files that hold secrets, of hooks and programs, and of configuration files of engines and
    /// providers.
    fn add_source_changes(&self, instance: &Instance, found: &mut ChangesByKind) {
        let root = self.shared.config.root();
        add_changes(found, InputKind::Secret, secret_changes(&instance.settings, root, &self.matcher));
        add_changes(found, InputKind::Hook, hook_changes(&instance.settings, root, &self.matcher));
        let of_engine = |file: &&String| selects_version(file, instance.engine);
        let version_files: Vec<String> =
            self.shared.version_files.iter().filter(of_engine).cloned().collect();
        add_changes(found, InputKind::Version, self.matcher.trace_above(&instance.dir, &version_files));
        let own = own_account_files(&instance.settings, &instance.dir, self.shared.config_variables);
        let own = own.map(|files| config_file_changes(&files, &self.matcher));
        add_changes(found, InputKind::Account, own.unwrap_or_else(|| self.account_file_changes.clone()));
        add_changes(
            found,
            InputKind::Program,
            program_changes(instance.engine, self.shared.config, &self.matcher),
        );
        let own = own_cli_config_files(&instance.settings, root, self.shared.config_variables);
        let own = own.map(|files| config_file_changes(&files, &self.matcher));
        add_changes(found, InputKind::CliConfig, own.unwrap_or_else(|| self.cli_config_changes.clone()));
    }

    /// Adds the settings of environments.toml that differ for a stack.
    fn add_changed_settings(&self, instance: &Instance, found: &mut ChangesByKind) {
        let name = self.shared.config.path().file_name().unwrap_or_default();
        let changed_keys = match self.shared.base_config {
            BaseConfig::Unchanged => return,
            BaseConfig::Unknown => Some(BTreeSet::from([format!("{name}, which cannot be compared")])),
            BaseConfig::Missing => None,
            BaseConfig::Changed(_) => self
                .shared
                .base_stacks
                .and_then(|base_stacks| base_stacks.changed_keys(instance, self.shared.config)),
        };
        match changed_keys {
            Some(keys) => found.entry(InputKind::Setting).or_default().extend(keys),
            None => drop(found.entry(InputKind::New).or_default().insert(instance.id.to_string())),
        }
    }

    /// Adds the changes of the folders and files that the configuration of a stack refers to, without those in the folder of a
    /// generated unit.
    fn add_referenced_changes(&self, instance: &Instance, is_generated: bool, found: &mut ChangesByKind) {
        let root = self.shared.config.root();
        let scope = || InputScope::new(instance, root, ExcludedPaths::default());
        let mut read_set = self.shared.scanner.read_set_of(scope(), &[]);
        if let Some(found) = modules_of_last_init(instance, self.shared.config, &read_set) {
            let with_computed_sources =
                if found.is_current { BTreeSet::new() } else { read_set.with_computed_sources };
            read_set =
                ReadSet { with_computed_sources, ..self.shared.scanner.read_set_of(scope(), &found.modules) };
        }
        let counts = |path: &&Utf8PathBuf| !is_generated || !path.starts_with(&instance.dir);
        for module in read_set.modules.iter().filter(counts) {
            add_changes(found, InputKind::Module, self.matcher.trace_module(module));
        }
        for file in read_set.files.iter().filter(counts) {
            let is_included = read_set.included.contains(file);
            // A file outside of the project that is only named, such as `/bin/sh`, belongs to the machine.
            let is_of_project =
                |trace: &Trace| matches!(trace, Trace::Changed(_)) || is_included || file.starts_with(root);
            let kind = if is_included { InputKind::Include } else { InputKind::HclFile };
            add_changes(found, kind, self.matcher.trace_file(file).filter(is_of_project));
        }
        for folder in read_set.folders.iter().filter(counts) {
            add_changes(
                found,
                InputKind::HclFile,
                self.matcher.trace_stack(folder, &self.shared.stack_folders),
            );
        }
        for folder in &read_set.above {
            add_changes(found, InputKind::HclFile, self.matcher.trace_directly_in(folder));
        }
        found.retain(|_, paths| !paths.is_empty());
        if found.is_empty() && self.shared.has_changed_file && !read_set.with_computed_sources.is_empty() {
            let shown = |file: &Utf8PathBuf| file.strip_prefix(root).unwrap_or(file).to_string();
            found.insert(
                InputKind::ComputedSource,
                read_set.with_computed_sources.iter().map(shown).collect(),
            );
        }
        if found.is_empty() && self.shared.has_changed_file && !read_set.with_unknown_paths.is_empty() {
            let shown = |file: &Utf8PathBuf| file.strip_prefix(root).unwrap_or(file).to_string();
            found.insert(InputKind::ComputedPath, read_set.with_unknown_paths.iter().map(shown).collect());
        }
    }
}

/// Returns true if a file selects an engine or its version.
fn selects_version(path: &str, engine: EngineName) -> bool {
    path.rsplit('/').next().is_some_and(|name| version_files(engine).any(|wanted| wanted == name))
}

/// Adds changes to a part of a stack; paths outside of the repository go to `InputKind::Untracked`.
fn add_changes(found: &mut ChangesByKind, kind: InputKind, traces: impl IntoIterator<Item = Trace>) {
    for trace in traces {
        let (kind, path) = match trace {
            Trace::Changed(path) => (kind, path),
            Trace::Outside(path) => (InputKind::Untracked, path),
        };
        found.entry(kind).or_default().insert(path);
    }
}
