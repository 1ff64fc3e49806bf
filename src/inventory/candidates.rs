//! Stacks of an environment, before their engines are known: declared ones with a path, and discovered ones.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Range,
    sync::Arc,
};

use camino::Utf8PathBuf;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use indexmap::IndexMap;

use super::{
    InventoryError,
    discovery::{DiscoveredFolders, DiscoveredStack, find_stacks},
    stack_files::{StackGeneration, StackPreparation, is_generated},
};
use crate::{
    config::{Config, Discover, Environment, PathPattern, Settings, Stack},
    diagnostic::{Diagnostic, Diagnostics},
    model::{EnvName, StackId},
};

/// Stack of the environment before its engine and its needs are resolved.
pub(super) struct StackCandidate {
    /// Name of the stack.
    pub(super) stack: StackId,
    /// Settings of the stack in the environment, with all layers merged.
    pub(super) settings: Arc<Settings>,
    /// Values that the discovery pattern captured, by name.
    pub(super) captures: IndexMap<String, String>,
    /// Names of the files in its folder; `None` for a declared stack.
    pub(super) files: Option<Vec<String>>,
}

/// Returns the stacks of an environment: declared ones in the order of environments.toml, then discovered ones by
/// path. `generation` says what is done with the files of Terragrunt Stacks.
pub(super) fn candidates(
    config: &Config,
    environment: &Environment,
    generation: StackGeneration<'_>,
    found: &mut Diagnostics,
) -> Result<Vec<StackCandidate>, InventoryError> {
    let mut candidates = Vec::with_capacity(config.stacks().len());
    for stack in config.stacks().values() {
        if stack.path.is_some() && is_deployed_in(stack, &environment.name) {
            match config.settings(environment, &stack.name, &BTreeMap::new(), None) {
                Err(diagnostics) => found.extend(diagnostics),
                Ok(settings) => candidates.push(StackCandidate {
                    stack: stack.name.clone(),
                    settings: Arc::new(settings),
                    captures: IndexMap::new(),
                    files: None,
                }),
            }
        }
    }
    let mut preparation = StackPreparation::new(config, environment, generation);
    preparation
        .prepare(preparation.stack_dirs_of(candidates.iter().map(|candidate| &candidate.settings.path)))?;
    candidates.retain(|candidate| preparation.keeps_declared(&candidate.stack, &candidate.settings.path));
    if let Some(discover) = config.discover() {
        let declared_folders: HashSet<Utf8PathBuf> =
            candidates.iter().map(|c| c.settings.path.clone()).collect();
        let mut discovery = Discovery { config, environment, discover, found };
        let stacks = discovery.stacks(&declared_folders, &mut preparation)?;
        if !preparation.may_lack_units {
            discovery.check_stacks_without_path(&stacks)?;
        }
        for (stack, folder) in stacks {
            candidates.extend(discovery.candidate_of_folder(stack, folder));
        }
    }
    found.extend(preparation.into_findings());
    Ok(candidates)
}

/// Returns the names that discovery would give to stacks in these folders, with their paths relative to environments.toml.
/// The folders need not exist.
pub(super) fn stacks_of_folders(
    config: &Config,
    environment: &Environment,
    folders: Vec<Utf8PathBuf>,
) -> Vec<(StackId, Utf8PathBuf)> {
    let Some(discover) = config.discover() else { return Vec::new() };
    let mut found = Diagnostics::default();
    let mut discovery = Discovery { config, environment, discover, found: &mut found };
    let exclude = discovery.exclude_globs();
    let patterns = config.discovery_patterns(environment).unwrap_or_default();
    let patterns: Vec<PathPattern> =
        patterns.iter().filter_map(|(text, _)| PathPattern::parse(text).ok()).collect();
    let mut named = Vec::new();
    for path in folders.into_iter().filter(|path| !path.ancestors().any(|path| exclude.is_match(path))) {
        let matching = patterns.iter().find_map(|pattern| {
            let below = path.strip_prefix(pattern.fixed()).ok()?.to_owned();
            Some((pattern.captures(&below)?, below))
        });
        let Some((captures, below)) = matching else { continue };
        let folder = DiscoveredStack { path, below, captures, files: Vec::new() };
        let Some(name) = discovery.stack_name(environment, &folder) else { continue };
        if config.stacks().get(&name).is_none_or(|stack| is_deployed_in(stack, &environment.name)) {
            named.push((name, folder.path));
        }
    }
    named
}

/// Returns true if a stack is deployed in an environment.
pub(super) fn is_deployed_in(stack: &Stack, environment: &EnvName) -> bool {
    stack.environments.as_ref().is_none_or(|names| names.contains(environment))
}

/// Span of a pattern in environments.toml, and the folders that match it.
type PatternMatches = (Range<usize>, DiscoveredFolders);

/// Search for the stacks that `[discover]` finds in one environment.
struct Discovery<'a> {
    config: &'a Config,
    environment: &'a Environment,
    discover: &'a Discover,
    found: &'a mut Diagnostics,
}

impl Discovery<'_> {
    /// Returns the discovered stacks by name, without the folders of declared stacks, and without generated units that no
    /// stack file declares any more.
    fn stacks(
        &mut self,
        declared_folders: &HashSet<Utf8PathBuf>,
        preparation: &mut StackPreparation<'_>,
    ) -> Result<IndexMap<StackId, DiscoveredStack>, InventoryError> {
        let mut stacks: IndexMap<StackId, DiscoveredStack> = IndexMap::new();
        let mut seen: HashSet<Utf8PathBuf> = HashSet::new();
        let mut matches = self.folders(self.environment)?;
        let stack_dirs = matches.iter().flat_map(|(_, folders)| folders.stack_dirs.clone()).collect();
        if preparation.prepare(stack_dirs)? {
            matches = self.folders(self.environment)?;
        }
        for (pattern, folders) in matches {
            for folder in folders.stacks {
                if declared_folders.contains(&folder.path) || !seen.insert(folder.path.clone()) {
                    continue;
                }
                let Some(name) = self.stack_name(self.environment, &folder) else { continue };
                if is_generated(&folder) && !preparation.keeps(&name, &folder.path) {
                    continue;
                }
                let taken = self.config.stacks().get(&name).is_some_and(|stack| stack.path.is_some());
                let twin = stacks.get(&name).map(|other| other.path.clone());
                if taken || twin.is_some() {
                    let other = twin.map_or("a declared stack".to_owned(), |path| format!("`{path}`"));
                    let message = format!("`{}` and {other} would both be called `{name}`", folder.path);
                    self.found.push(
                        Diagnostic::error("inventory::same-name", message)
                            .at(self.config.source(), pattern.clone(), "found by this pattern")
                            .help("tell them apart by `name = \"…\"` under `[discover]`, over the captures"),
                    );
                    continue;
                }
                stacks.insert(name, folder);
            }
        }
        stacks.sort_by(|_, a, _, b| a.path.as_str().cmp(b.path.as_str()));
        stacks.retain(|name, _| {
            self.config.stacks().get(name).is_none_or(|stack| is_deployed_in(stack, &self.environment.name))
        });
        Ok(stacks)
    }

    /// Returns the folders that each pattern matches, with the pattern's span.
    fn folders(&mut self, environment: &Environment) -> Result<Vec<PatternMatches>, InventoryError> {
        let exclude = self.exclude_globs();
        let mut folders = Vec::new();
        let patterns = self.config.discovery_patterns(environment).unwrap_or_else(|diagnostics| {
            self.found.extend(diagnostics);
            Vec::new()
        });
        for (text, span) in patterns {
            match PathPattern::parse(&text) {
                Ok(pattern) => folders.push((span, find_stacks(self.config.root(), &pattern, &exclude)?)),
                Err(error) => self.found.push(Diagnostic::error("inventory::pattern", error.to_string()).at(
                    self.config.source(),
                    span,
                    "",
                )),
            }
        }
        Ok(folders)
    }

    /// Returns the globs of `exclude`; an invalid glob becomes a finding.
    fn exclude_globs(&mut self) -> GlobSet {
        let mut set = GlobSetBuilder::new();
        for (text, _) in &self.discover.exclude {
            match GlobBuilder::new(text).literal_separator(true).build() {
                Ok(glob) => {
                    set.add(glob);
                }
                Err(error) => self.found.push(Diagnostic::error(
                    "inventory::exclude",
                    format!("`{text}` under `[discover]` is not a glob: {}", error.kind()),
                )),
            }
        }
        set.build().unwrap_or_else(|error| {
            self.found.push(Diagnostic::error("inventory::exclude", error.to_string()));
            GlobSet::empty()
        })
    }

    /// Returns the name of a folder: the `name` template over its captures, or its path below the pattern's fixed
    /// part.
    fn stack_name(&mut self, environment: &Environment, folder: &DiscoveredStack) -> Option<StackId> {
        let captures = folder.captures.clone().into_iter().collect();
        let name = match self.config.discovered_stack_name(environment, &captures) {
            Err(diagnostics) => {
                self.found.extend(diagnostics);
                return None;
            }
            Ok(Some(name)) => name,
            Ok(None) if folder.below.as_str().is_empty() => {
                folder.path.file_name().unwrap_or("root").to_owned()
            }
            Ok(None) => folder.below.to_string(),
        };
        name.parse()
            .map_err(|error| {
                let problem = Diagnostic::error(
                    "inventory::name",
                    format!("`{}` cannot be a stack: {error}", folder.path),
                );
                self.found.push(problem);
            })
            .ok()
    }

    /// Reports declared stacks without a path that discovery finds in no environment. Where another environment has Terragrunt
    /// Stacks, only their generation can tell.
    fn check_stacks_without_path(
        &mut self,
        discovered: &IndexMap<StackId, DiscoveredStack>,
    ) -> Result<(), InventoryError> {
        let undiscovered = |stack: &&Stack| {
            stack.path.is_none()
                && is_deployed_in(stack, &self.environment.name)
                && !discovered.contains_key(&stack.name)
        };
        let undiscovered: Vec<&Stack> = self.config.stacks().values().filter(undiscovered).collect();
        if undiscovered.is_empty() {
            return Ok(());
        }
        let mut elsewhere: HashSet<StackId> = HashSet::new();
        for environment in self.config.environments().values().filter(|e| e.name != self.environment.name) {
            let folders = self.folders(environment)?;
            // Units of other environments may not be generated.
            if folders.iter().any(|(_, folders)| !folders.stack_dirs.is_empty()) {
                return Ok(());
            }
            elsewhere.extend(
                folders.iter().flat_map(|(_, f)| &f.stacks).filter_map(|f| self.stack_name(environment, f)),
            );
        }
        for stack in undiscovered.into_iter().filter(|stack| !elsewhere.contains(&stack.name)) {
            let names = discovered.keys().chain(&elsewhere).map(StackId::as_str);
            self.found.push(
                Diagnostic::error(
                    "inventory::not-discovered",
                    format!("no stack `{}` is discovered", stack.name),
                )
                .at(self.config.source(), stack.span.clone(), "it has no `path`, so it must be discovered")
                .did_you_mean(stack.name.as_str(), names),
            );
        }
        Ok(())
    }

    /// Makes the candidate of a folder.
    fn candidate_of_folder(&mut self, stack: StackId, folder: DiscoveredStack) -> Option<StackCandidate> {
        let captures: BTreeMap<String, String> = folder.captures.clone().into_iter().collect();
        match self.config.settings(self.environment, &stack, &captures, Some(&folder.path)) {
            Ok(settings) => Some(StackCandidate {
                stack,
                settings: Arc::new(settings),
                captures: folder.captures,
                files: Some(folder.files),
            }),
            Err(diagnostics) => {
                self.found.extend(diagnostics);
                None
            }
        }
    }
}
