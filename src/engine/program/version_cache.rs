//! Cache of the versions of programs, by path, size and modification time of a program and by the version files of a stack.

use std::{collections::BTreeMap, io};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::version_files::{FileStamp, VersionChoice};
use crate::files;

/// Version that a program reported, with the inputs that decide the version.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct KnownVersion {
    program: FileStamp,
    choice: VersionChoice,
    version: String,
}

/// Cache of versions; if its file is missing or invalid, the programs are run again.
pub(in crate::engine) struct VersionCache<'p> {
    file: &'p Utf8Path,
    versions: BTreeMap<Utf8PathBuf, Vec<KnownVersion>>,
}

impl<'p> VersionCache<'p> {
    pub(in crate::engine) fn at(file: &'p Utf8Path) -> Self {
        let versions = files::read_whole(file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { file, versions: versions.unwrap_or_default() }
    }

    /// Returns the version of a program for the inputs of a version manager: the cached version, else the result of `ask`,
    /// which is cached then.
    pub(in crate::engine) fn version<E>(
        &mut self,
        program: &Utf8Path,
        choice: &VersionChoice,
        ask: impl FnOnce() -> Result<String, E>,
    ) -> Result<String, E> {
        let stamp = FileStamp::read(program);
        let known = self.versions.get(program).into_iter().flatten();
        if let Some(answer) =
            known.into_iter().find(|known| Some(&known.program) == stamp.as_ref() && known.choice == *choice)
        {
            return Ok(answer.version.clone());
        }
        let version = ask()?;
        if let Some(stamp) = stamp {
            let versions = self.versions.entry(program.to_owned()).or_default();
            versions.retain(|known| known.program == stamp && !known.choice.has_same_files(choice));
            versions.push(KnownVersion { program: stamp, choice: choice.clone(), version: version.clone() });
            // If the cache cannot be written, the next run asks the program again.
            let _ = self.save();
        }
        Ok(version)
    }

    /// Removes all versions of a program.
    pub(in crate::engine) fn forget(&mut self, program: &Utf8Path) {
        if self.versions.remove(program).is_some() {
            let _ = self.save();
        }
    }

    fn save(&self) -> io::Result<()> {
        files::write(self.file, serde_json::to_string(&self.versions).map_err(io::Error::other)?.as_bytes())
    }
}
