//! Where the values of variables come from that say which files are read.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    given::Given,
    origin::{Origin, Source, Use},
    pieces::Base,
};

/// What a file of configuration says of variables.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables {
    /// The variables and texts elsewhere that say what is read.
    pub(super) read: BTreeSet<(Source, Use)>,
    /// Those of called modules, with where their values are written.
    pub(super) passed: Vec<(String, Origin)>,
    /// Those with a default, with where it leads.
    pub(super) defaults: Vec<(String, Origin)>,
}

/// The same of all files of a stack and its modules.
#[derive(Default)]
pub(super) struct Flow {
    read: BTreeSet<Step>,
    passed: BTreeMap<String, Vec<(Place, Origin)>>,
    defaults: BTreeMap<(Utf8PathBuf, String), Vec<(Place, Origin)>>,
}

/// A folder of configuration and a file of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    dir: Utf8PathBuf,
    file: Utf8PathBuf,
}

/// Something that says what is read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    place: Place,
    source: Source,
    path: Use,
    /// The file that reads it.
    reader: Utf8PathBuf,
}

/// A text that says what is read.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    /// Where it starts.
    pub(super) base: Base,
    /// The file in which it is written.
    pub(super) file: Utf8PathBuf,
    /// The text.
    pub(super) text: String,
    /// Whether it goes on with a value.
    pub(super) is_open: bool,
    /// What it is in the path.
    pub(super) path: Use,
    /// The file that reads it.
    pub(super) reader: Utf8PathBuf,
}

impl Flow {
    /// Takes in what a file in a folder says.
    pub(super) fn add(&mut self, dir: &Utf8Path, file: &Utf8Path, variables: &Variables) {
        let Variables { read, passed, defaults } = variables;
        let place = Place { dir: dir.to_owned(), file: file.to_owned() };
        for (source, path) in read {
            let (source, reader) = (source.clone(), file.to_owned());
            self.read.insert(Step { place: place.clone(), source, path: *path, reader });
        }
        for (variable, origin) in passed {
            self.passed.entry(variable.clone()).or_default().push((place.clone(), origin.clone()));
        }
        for (variable, origin) in defaults {
            let key = (dir.to_owned(), variable.clone());
            self.defaults.entry(key).or_default().push((place.clone(), origin.clone()));
        }
    }

    /// The texts that say what the stack in `root` reads, and the files that read what nobody can tell.
    pub(super) fn followed(self, root: &Utf8Path, given: &Given) -> (BTreeSet<Way>, BTreeSet<Utf8PathBuf>) {
        let (mut ways, mut guessed) = (BTreeSet::new(), BTreeSet::new());
        let mut seen = BTreeSet::new();
        let mut open: Vec<Step> = self.read.into_iter().collect();
        while let Some(step) = open.pop() {
            if !seen.insert(step.clone()) {
                continue;
            }
            let Step { place: Place { dir, file }, source, path, reader } = step;
            let variable = match source {
                Source::Variable(variable) => variable,
                Source::Text { base, text, is_open } => {
                    ways.insert(Way { base, file, text, is_open, path, reader });
                    continue;
                }
                Source::Astray => {
                    guessed.insert(reader);
                    continue;
                }
            };
            let key = (dir, variable);
            let defaults = self.defaults.get(&key);
            let mut origins: Vec<&(Place, Origin)> = defaults.into_iter().flatten().collect();
            // One that nobody can tell is taken for a name where it stands behind a known folder.
            let is_name = path == Use::Inside;
            if key.0 == root {
                match given.texts(&key.1, defaults.is_some()) {
                    Some(found) => ways.extend(found.into_iter().map(|text| {
                        let (file, reader) = (file.clone(), reader.clone());
                        Way { base: Base::Stack, file, text, is_open: false, path, reader }
                    })),
                    None if is_name => {}
                    None => drop(guessed.insert(reader.clone())),
                }
            } else {
                // What is passed to any module under that name may be passed to this one.
                origins.extend(self.passed.get(&key.1).into_iter().flatten());
            }
            for (place, origin) in origins {
                match origin {
                    Some(sources) => open.extend(sources.iter().map(|(source, own)| Step {
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
        (ways, guessed)
    }
}
