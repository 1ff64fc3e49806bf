//! Preparation of Terragrunt Stacks for the discovery of one environment, and the findings about them.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    generated::{GeneratedFolders, Leftover},
    generation::{StackGeneration, outermost},
    outdated::outdated_units,
};
use crate::{
    config::{Config, Environment},
    diagnostic::{Diagnostic, Diagnostics},
    engine::terragrunt::stack_files::{GENERATED_FOLDER, GENERATED_MARKER, STACK_FILE},
    files,
    inventory::{InventoryError, discovery::DiscoveredStack},
    model::StackId,
    ui::{Count, shell_word},
};

/// Code of the finding about generated units that no stack file declares any more.
pub const LEFTOVER_CODE: &str = "inventory::leftover-unit";

/// Code of the finding about generated units that differ from their stack file.
pub const OUTDATED_CODE: &str = "inventory::outdated-unit";

/// Maximum number of units that a message names.
const MAX_NAMED_UNITS: usize = 3;

/// Terragrunt Stacks of one environment, with the findings about them.
pub(in crate::inventory) struct StackPreparation<'a> {
    config: &'a Config,
    environment: &'a Environment,
    generation: StackGeneration<'a>,
    folders: GeneratedFolders,
    /// Folders of stacks that were generated or compared.
    prepared: BTreeSet<Utf8PathBuf>,
    /// Units that were left out, with their names, by the stack folder that they come from.
    leftovers: BTreeMap<Option<Utf8PathBuf>, BTreeMap<Utf8PathBuf, StackId>>,
    findings: Diagnostics,
    /// True if units that stack files declare may be missing.
    pub(in crate::inventory) may_lack_units: bool,
}

/// Returns true if Terragrunt generated a discovered folder.
pub(in crate::inventory) fn is_generated(folder: &DiscoveredStack) -> bool {
    is_below_generated(&folder.path) || folder.files.iter().any(|name| name == GENERATED_MARKER)
}

fn is_below_generated(path: &Utf8Path) -> bool {
    // The parts of thousands of other paths are not compared.
    path.as_str().contains(GENERATED_FOLDER)
        && path.components().any(|part| part.as_str() == GENERATED_FOLDER)
}

impl<'a> StackPreparation<'a> {
    /// Returns a preparation without findings.
    pub(in crate::inventory) fn new(
        config: &'a Config,
        environment: &'a Environment,
        generation: StackGeneration<'a>,
    ) -> Self {
        Self {
            config,
            environment,
            generation,
            folders: GeneratedFolders::default(),
            prepared: BTreeSet::new(),
            leftovers: BTreeMap::new(),
            findings: Diagnostics::default(),
            may_lack_units: false,
        }
    }

    /// Returns the folders of the stacks whose units are declared stacks; the paths are relative to environments.toml.
    pub(in crate::inventory) fn stack_dirs_of<'p>(
        &self,
        declared: impl Iterator<Item = &'p Utf8PathBuf>,
    ) -> Vec<Utf8PathBuf> {
        let generated = declared.filter(|path| is_below_generated(path)).filter_map(|path| {
            // The outermost stack generates the nested ones.
            let outermost =
                path.ancestors().filter(|dir| dir.file_name() == Some(GENERATED_FOLDER)).last()?;
            let dir = self.config.root().join(outermost.parent()?);
            dir.join(STACK_FILE).exists().then_some(dir)
        });
        generated.collect()
    }

    /// Generates the units of the stacks in these folders, or compares them; returns true if units were generated.
    pub(in crate::inventory) fn prepare(
        &mut self,
        stack_dirs: Vec<Utf8PathBuf>,
    ) -> Result<bool, InventoryError> {
        let mut has_generated = false;
        let mut failed = Diagnostics::default();
        for dir in outermost(stack_dirs) {
            if is_below_generated(dir.strip_prefix(self.config.root()).unwrap_or(&dir))
                || !self.prepared.insert(dir.clone())
            {
                continue;
            }
            match self.generation {
                StackGeneration::Run(generator) => {
                    has_generated = true;
                    let generated = match files::open_regular(dir.join(STACK_FILE)) {
                        // Terragrunt would wait for a fifo.
                        Err(error) => Err(error.to_string()),
                        Ok(_) => {
                            generator.generate(self.environment, &dir).map_err(|error| error.to_string())
                        }
                    };
                    if let Err(error) = generated {
                        failed.push(self.failed_generation(&dir, &error));
                    }
                }
                StackGeneration::Compare => {
                    let outdated = outdated_units(&dir, &self.folders);
                    if !outdated.is_empty() {
                        self.may_lack_units = true;
                        self.findings.push(self.outdated_finding(&dir, &outdated));
                    }
                }
                StackGeneration::Skip => self.may_lack_units = true,
            }
        }
        if failed.0.is_empty() { Ok(has_generated) } else { Err(InventoryError::Invalid(failed)) }
    }

    /// Returns false for a generated unit that no stack file declares any more, and records it. `path` is relative to
    /// environments.toml.
    pub(in crate::inventory) fn keeps(&mut self, stack: &StackId, path: &Utf8Path) -> bool {
        let root = self.config.root();
        let Some(Leftover { stack_dir, folder }) = self.folders.leftover(&root.join(path), root) else {
            return true;
        };
        self.leftovers.entry(stack_dir).or_default().insert(folder, stack.clone());
        false
    }

    /// Returns false for a declared stack that is a generated unit and that no stack file declares any more; this is an error.
    pub(in crate::inventory) fn keeps_declared(&mut self, stack: &StackId, path: &Utf8Path) -> bool {
        let root = self.config.root();
        if !is_below_generated(path) || !root.join(path).is_dir() {
            return true;
        }
        let Some(leftover) = self.folders.leftover(&root.join(path), root) else { return true };
        let message = format!(
            "stack `{stack}` is a unit that {} any more",
            self.not_generated(leftover.stack_dir.as_ref())
        );
        let problem = Diagnostic::error(LEFTOVER_CODE, message);
        let declared = self.config.stacks().get(stack).and_then(|stack| stack.path.as_ref());
        let problem = match declared {
            Some((_, span)) => problem.at(self.config.source(), span.clone(), "left over"),
            None => problem,
        };
        self.findings.push(problem.help("put its block back, or take the stack out of environments.toml"));
        false
    }

    /// Returns all findings.
    pub(in crate::inventory) fn into_findings(mut self) -> Diagnostics {
        let leftovers = std::mem::take(&mut self.leftovers);
        for (stack_dir, folders) in &leftovers {
            self.findings.push(self.leftover_finding(stack_dir.as_ref(), folders));
        }
        self.findings
    }

    fn shown(&self, path: &Utf8Path) -> Utf8PathBuf {
        match path.strip_prefix(self.config.root()).unwrap_or(path) {
            path if path == "" => Utf8PathBuf::from("."),
            path => path.to_owned(),
        }
    }

    fn failed_generation(&self, dir: &Utf8Path, error: &str) -> Diagnostic {
        let message =
            format!("cannot generate the units of `{}`: {error}", self.shown(&dir.join(STACK_FILE)));
        Diagnostic::error("inventory::stack-generation", message)
    }

    fn outdated_finding(&self, dir: &Utf8Path, units: &[String]) -> Diagnostic {
        let file = self.shown(&dir.join(STACK_FILE));
        let message = format!("the units of `{file}` are out of date: {}", listed(units));
        Diagnostic::warning(OUTDATED_CODE, message).help(format!(
            "`terragrunt stack generate --working-dir {}` generates them; so does `envctl plan {}`",
            shell_word(self.shown(dir).as_str()),
            self.environment.name
        ))
    }

    fn not_generated(&self, stack_dir: Option<&Utf8PathBuf>) -> String {
        match stack_dir {
            Some(dir) => format!("`{}` does not generate", self.shown(&dir.join(STACK_FILE))),
            None => format!("no `{STACK_FILE}` generates"),
        }
    }

    fn leftover_finding(
        &self,
        stack_dir: Option<&Utf8PathBuf>,
        folders: &BTreeMap<Utf8PathBuf, StackId>,
    ) -> Diagnostic {
        let shown: Vec<String> = folders.keys().map(|folder| self.shown(folder).into_string()).collect();
        let planned = if shown.len() == 1 { "it is not planned" } else { "they are not planned" };
        let message = format!("{} {} any more: {planned}", self.not_generated(stack_dir), listed(&shown));
        let environment = &self.environment.name;
        let finding = Diagnostic::warning(LEFTOVER_CODE, message);
        let finding = match folders.values().next() {
            Some(stack) => finding.help(format!(
                "what it has deployed stays: to destroy it, put its block back and run `envctl destroy {environment} {}`",
                shell_word(stack.as_str())
            )),
            None => finding,
        };
        let commands =
            shown.iter().take(MAX_NAMED_UNITS).map(|folder| format!("`rm -r {}`", shell_word(folder)));
        commands.fold(finding, |finding, command| finding.help(format!("{command} removes the folder")))
    }
}

/// Returns the first names, quoted, and the number of others.
fn listed(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(MAX_NAMED_UNITS).map(|name| format!("`{name}`")).collect();
    if let Some(others) = names.len().checked_sub(MAX_NAMED_UNITS).filter(|others| *others > 0) {
        shown.push(Count(others as u64, "other").to_string());
    }
    match shown.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => shown.concat(),
    }
}
