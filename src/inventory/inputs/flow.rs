//! Where the values of variables come from that say which files are read.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    given::Given,
    pieces::{Origin, Piece, leads_up},
};

/// What a file of configuration says of variables.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables {
    /// Those that say what is read.
    pub(super) read: BTreeSet<String>,
    /// Those of called modules, with where their values are written.
    pub(super) passed: Vec<(String, Origin)>,
    /// Those with a default.
    pub(super) defaults: BTreeSet<String>,
}

/// The same of all files of a stack and its modules.
#[derive(Default)]
pub(super) struct Flow {
    /// By folder and variable the file that reads what it says.
    read: BTreeMap<(Utf8PathBuf, String), Utf8PathBuf>,
    passed: BTreeMap<String, Vec<(Utf8PathBuf, Origin)>>,
    defaults: BTreeSet<(Utf8PathBuf, String)>,
}

impl Flow {
    /// Takes in what a file in a folder says.
    pub(super) fn add(&mut self, dir: &Utf8Path, file: &Utf8Path, variables: &Variables) {
        let Variables { read, passed, defaults } = variables;
        for variable in read {
            self.read.insert((dir.to_owned(), variable.clone()), file.to_owned());
        }
        for (variable, origin) in passed {
            self.passed.entry(variable.clone()).or_default().push((dir.to_owned(), origin.clone()));
        }
        self.defaults.extend(defaults.iter().map(|variable| (dir.to_owned(), variable.clone())));
    }

    /// The texts that variables of the stack in `root` say files by, and the files that read what nobody can tell.
    pub(super) fn followed(
        self,
        root: &Utf8Path,
        given: &Given,
    ) -> (BTreeSet<String>, BTreeSet<Utf8PathBuf>) {
        let (mut texts, mut guessed, mut seen) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut open: Vec<_> = self.read.into_iter().collect();
        while let Some((place, file)) = open.pop() {
            if !seen.insert((place.clone(), file.clone())) {
                continue;
            }
            let (dir, variable) = &place;
            if dir == root {
                match given.texts(variable, self.defaults.contains(&place)) {
                    Some(found) if !found.iter().any(|text| leads_up(&[Piece::Text(text.clone())])) => {
                        texts.extend(found);
                    }
                    _ => drop(guessed.insert(file)),
                }
                continue;
            }
            // What is passed to any module under that name may be passed to this one.
            for (caller, origin) in self.passed.get(variable).into_iter().flatten() {
                match origin {
                    Some(variables) => open.extend(
                        variables.iter().map(|variable| ((caller.clone(), variable.clone()), file.clone())),
                    ),
                    None => drop(guessed.insert(file.clone())),
                }
            }
        }
        (texts, guessed)
    }
}
