//! Remembers the versions of programs, by their path, size and time of change and by the version files above a stack.

use std::{collections::BTreeMap, fs, io, os::unix::fs::MetadataExt};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::{installed::EngineUnavailable, version_files::VersionChoice};
use crate::files;

/// A file as it was when something was learned from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct FileStamp {
    path: Utf8PathBuf,
    size: u64,
    mtime: i64,
    mtime_nsec: i64,
}

impl FileStamp {
    /// The stamp of a file; absent when there is none that can be seen.
    pub(super) fn of(path: &Utf8Path) -> Option<Self> {
        let found = fs::metadata(path).ok().filter(|found| !found.is_dir())?;
        let (size, mtime, mtime_nsec) = (found.size(), found.mtime(), found.mtime_nsec());
        Some(Self { path: path.to_owned(), size, mtime, mtime_nsec })
    }

    pub(super) fn path(&self) -> &Utf8Path {
        &self.path
    }
}

/// The answer of a program to the question for its version.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct KnownVersion {
    program: FileStamp,
    choice: VersionChoice,
    version: String,
}

/// The remembered versions of programs; without the file, or with a broken one, programs are asked.
pub(super) struct VersionCache<'p> {
    file: &'p Utf8Path,
    answers: BTreeMap<Utf8PathBuf, Vec<KnownVersion>>,
}

impl<'p> VersionCache<'p> {
    pub(super) fn at(file: &'p Utf8Path) -> Self {
        let answers = files::read_whole(file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { file, answers: answers.unwrap_or_default() }
    }

    /// The version of a program where something chooses among versions: remembered, or asked for by `ask` and then
    /// remembered.
    pub(super) fn version(
        &mut self,
        program: &Utf8Path,
        choice: &VersionChoice,
        ask: impl FnOnce() -> Result<String, EngineUnavailable>,
    ) -> Result<String, EngineUnavailable> {
        let stamp = FileStamp::of(program);
        let known = self.answers.get(program).into_iter().flatten();
        if let Some(answer) =
            known.into_iter().find(|known| Some(&known.program) == stamp.as_ref() && known.choice == *choice)
        {
            return Ok(answer.version.clone());
        }
        let version = ask()?;
        if let Some(stamp) = stamp {
            let answers = self.answers.entry(program.to_owned()).or_default();
            answers.retain(|known| known.program == stamp && !known.choice.is_of_same_files(choice));
            answers.push(KnownVersion { program: stamp, choice: choice.clone(), version: version.clone() });
            // A cache that cannot be written costs one process per run, and nothing else.
            let _ = self.save();
        }
        Ok(version)
    }

    /// Forgets all versions of a program.
    pub(super) fn forget(&mut self, program: &Utf8Path) {
        if self.answers.remove(program).is_some() {
            let _ = self.save();
        }
    }

    fn save(&self) -> io::Result<()> {
        files::write(self.file, serde_json::to_string(&self.answers).map_err(io::Error::other)?.as_bytes())
    }
}
