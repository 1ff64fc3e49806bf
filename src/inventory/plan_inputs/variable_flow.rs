//! Data flow of variables into the paths that functions such as `file` read: from defaults, module arguments and the values
//! that environments.toml and var files set.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::variable_values::VariableValues;
use crate::hcl::eval::{PathBase, PathPosition, TextOrigin, TextSource};

/// Variable uses in one configuration file.
#[derive(Debug, Clone, Default)]
pub(super) struct VariableUses {
    /// Variables and texts in the paths of files that functions read, each with its position in the path.
    pub(super) path_sources: BTreeSet<(TextSource, PathPosition)>,
    /// Arguments of module calls and `inputs` of a unit by name, with the sources of their values.
    pub(super) arguments: Vec<(String, TextOrigin)>,
    /// Variables with a default, with the sources of the default.
    pub(super) defaults: Vec<(String, TextOrigin)>,
}

/// Variable uses in all configuration files of a stack and its modules.
#[derive(Default)]
pub(super) struct VariableFlow {
    /// Sources of the paths that functions read.
    path_sources: BTreeSet<PendingSource>,
    /// Values of module arguments and `inputs`, by the name of the variable.
    arguments: BTreeMap<String, Vec<(ModuleFile, TextOrigin)>>,
    /// Defaults of variables, by the folder of the module and the name of the variable.
    defaults: BTreeMap<(Utf8PathBuf, String), Vec<(ModuleFile, TextOrigin)>>,
}

/// Configuration file with the folder of the module that it configures; a file that a unit includes may lie elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ModuleFile {
    dir: Utf8PathBuf,
    file: Utf8PathBuf,
}

/// Source (text or variable) of a path that a function reads, still to be traced to literal texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct PendingSource {
    /// File that holds the source.
    module_file: ModuleFile,
    source: TextSource,
    /// Position of the source in the path.
    position: PathPosition,
    /// Configuration file that reads the path.
    reader: Utf8PathBuf,
}

/// Literal text that the path of a file that a function reads depends on.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PathSource {
    /// Folder that the text starts from as a path.
    pub(super) base: PathBase,
    /// Configuration file in which the text is written.
    pub(super) file: Utf8PathBuf,
    /// Text as written.
    pub(super) text: String,
    /// True if a value follows the text.
    pub(super) value_follows: bool,
    /// Position of the text in the path.
    pub(super) position: PathPosition,
    /// Configuration file that reads the path.
    pub(super) reader: Utf8PathBuf,
}

impl VariableFlow {
    /// Adds the variable uses of a file in the folder of a module.
    pub(super) fn add(&mut self, dir: &Utf8Path, file: &Utf8Path, variables: &VariableUses) {
        let VariableUses { path_sources, arguments, defaults } = variables;
        let module_file = ModuleFile { dir: dir.to_owned(), file: file.to_owned() };
        for (source, position) in path_sources {
            let (source, reader) = (source.clone(), file.to_owned());
            self.path_sources.insert(PendingSource {
                module_file: module_file.clone(),
                source,
                position: *position,
                reader,
            });
        }
        for (variable, origin) in arguments {
            self.arguments.entry(variable.clone()).or_default().push((module_file.clone(), origin.clone()));
        }
        for (variable, origin) in defaults {
            let key = (dir.to_owned(), variable.clone());
            self.defaults.entry(key).or_default().push((module_file.clone(), origin.clone()));
        }
    }

    /// Returns the literal texts that the paths read in the stack in `root` depend on, and the configuration files that read
    /// a path which depends on an unknown value.
    pub(super) fn trace_read_paths(
        self,
        root: &Utf8Path,
        values: &VariableValues,
    ) -> (BTreeSet<PathSource>, BTreeSet<Utf8PathBuf>) {
        let (mut sources, mut with_unknown_paths) = (BTreeSet::new(), BTreeSet::new());
        let mut seen = BTreeSet::new();
        let mut pending: Vec<PendingSource> = self.path_sources.into_iter().collect();
        while let Some(step) = pending.pop() {
            if !seen.insert(step.clone()) {
                continue;
            }
            let PendingSource { module_file: ModuleFile { dir, file }, source, position, reader } = step;
            let variable = match source {
                TextSource::Variable(variable) => variable,
                TextSource::Text { base, text, value_follows } => {
                    sources.insert(PathSource { base, file, text, value_follows, position, reader });
                    continue;
                }
                TextSource::Escaping => {
                    with_unknown_paths.insert(reader);
                    continue;
                }
            };
            let key = (dir, variable);
            let defaults = self.defaults.get(&key);
            let mut origins: Vec<&(ModuleFile, TextOrigin)> = defaults.into_iter().flatten().collect();
            // Behind a known folder, an unknown value is taken for a file name.
            let is_name = position == PathPosition::NotFirst;
            if key.0 == root {
                match values.texts(&key.1, defaults.is_some()) {
                    Some(found) => sources.extend(found.into_iter().map(|text| {
                        let (file, reader) = (file.clone(), reader.clone());
                        PathSource {
                            base: PathBase::Stack,
                            file,
                            text,
                            value_follows: false,
                            position,
                            reader,
                        }
                    })),
                    None if is_name => {}
                    None => drop(with_unknown_paths.insert(reader.clone())),
                }
            } else {
                // An argument that any module call passes under this name may be passed to this module.
                origins.extend(self.arguments.get(&key.1).into_iter().flatten());
            }
            for (module_file, origin) in origins {
                match origin {
                    Some(sources) => pending.extend(sources.iter().map(|(source, own)| PendingSource {
                        module_file: module_file.clone(),
                        source: source.clone(),
                        position: own.within(position),
                        reader: reader.clone(),
                    })),
                    None if is_name => {}
                    None => drop(with_unknown_paths.insert(reader.clone())),
                }
            }
        }
        (sources, with_unknown_paths)
    }
}
