//! Data flow of variables into the paths of files that are read: from defaults, module arguments and given values.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::variable_values::VariableValues;
use crate::hcl::eval::{PathBase, PathPosition, TextOrigin, TextSource};

/// Variable uses in one configuration file.
#[derive(Debug, Clone, Default)]
pub(super) struct VariableUses {
    /// Variables and texts that a read path depends on, each with its position in the path.
    pub(super) read: BTreeSet<(TextSource, PathPosition)>,
    /// Arguments of module calls and `inputs` of a unit by name, with the sources of their values.
    pub(super) passed: Vec<(String, TextOrigin)>,
    /// Variables with a default, with the sources of the default.
    pub(super) defaults: Vec<(String, TextOrigin)>,
}

/// Variable uses in all configuration files of a stack and its modules.
#[derive(Default)]
pub(super) struct VariableFlow {
    read: BTreeSet<PendingSource>,
    passed: BTreeMap<String, Vec<(ModuleFile, TextOrigin)>>,
    defaults: BTreeMap<(Utf8PathBuf, String), Vec<(ModuleFile, TextOrigin)>>,
}

/// Module folder, with a configuration file of the module (an included file may lie elsewhere).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ModuleFile {
    dir: Utf8PathBuf,
    file: Utf8PathBuf,
}

/// Source of a read path, or of a part of it, that is still to be followed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct PendingSource {
    place: ModuleFile,
    source: TextSource,
    path: PathPosition,
    /// Configuration file that reads the path.
    reader: Utf8PathBuf,
}

/// Literal text that a read path depends on.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PathSource {
    /// Folder that the text starts from as a path.
    pub(super) base: PathBase,
    /// Configuration file in which the text is written.
    pub(super) file: Utf8PathBuf,
    pub(super) text: String,
    /// True if a value follows the text.
    pub(super) is_open: bool,
    /// Position of the text in the path.
    pub(super) path: PathPosition,
    /// Configuration file that reads the path.
    pub(super) reader: Utf8PathBuf,
}

impl VariableFlow {
    /// Adds the variable uses of a file in the folder of a module.
    pub(super) fn add(&mut self, dir: &Utf8Path, file: &Utf8Path, variables: &VariableUses) {
        let VariableUses { read, passed, defaults } = variables;
        let place = ModuleFile { dir: dir.to_owned(), file: file.to_owned() };
        for (source, path) in read {
            let (source, reader) = (source.clone(), file.to_owned());
            self.read.insert(PendingSource { place: place.clone(), source, path: *path, reader });
        }
        for (variable, origin) in passed {
            self.passed.entry(variable.clone()).or_default().push((place.clone(), origin.clone()));
        }
        for (variable, origin) in defaults {
            let key = (dir.to_owned(), variable.clone());
            self.defaults.entry(key).or_default().push((place.clone(), origin.clone()));
        }
    }

    /// Returns the texts that the read paths of the stack in `root` depend on, and the configuration files with a read path
    /// that depends on an unknown value.
    pub(super) fn follow(
        self,
        root: &Utf8Path,
        given: &VariableValues,
    ) -> (BTreeSet<PathSource>, BTreeSet<Utf8PathBuf>) {
        let (mut sources, mut guessed) = (BTreeSet::new(), BTreeSet::new());
        let mut seen = BTreeSet::new();
        let mut open: Vec<PendingSource> = self.read.into_iter().collect();
        while let Some(step) = open.pop() {
            if !seen.insert(step.clone()) {
                continue;
            }
            let PendingSource { place: ModuleFile { dir, file }, source, path, reader } = step;
            let variable = match source {
                TextSource::Variable(variable) => variable,
                TextSource::Text { base, text, is_open } => {
                    sources.insert(PathSource { base, file, text, is_open, path, reader });
                    continue;
                }
                TextSource::Escaping => {
                    guessed.insert(reader);
                    continue;
                }
            };
            let key = (dir, variable);
            let defaults = self.defaults.get(&key);
            let mut origins: Vec<&(ModuleFile, TextOrigin)> = defaults.into_iter().flatten().collect();
            // Behind a known folder, an unknown value is taken for a file name.
            let is_name = path == PathPosition::Inside;
            if key.0 == root {
                match given.texts(&key.1, defaults.is_some()) {
                    Some(found) => sources.extend(found.into_iter().map(|text| {
                        let (file, reader) = (file.clone(), reader.clone());
                        PathSource { base: PathBase::Stack, file, text, is_open: false, path, reader }
                    })),
                    None if is_name => {}
                    None => drop(guessed.insert(reader.clone())),
                }
            } else {
                // An argument that any module call passes under this name may be passed to this module.
                origins.extend(self.passed.get(&key.1).into_iter().flatten());
            }
            for (place, origin) in origins {
                match origin {
                    Some(sources) => open.extend(sources.iter().map(|(source, own)| PendingSource {
                        place: place.clone(),
                        source: source.clone(),
                        path: own.of(path),
                        reader: reader.clone(),
                    })),
                    None if is_name => {}
                    None => drop(guessed.insert(reader.clone())),
                }
            }
        }
        (sources, guessed)
    }
}
