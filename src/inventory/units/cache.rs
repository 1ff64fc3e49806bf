//! Cache of Terragrunt's list of units, valid while the files that the list depends on are unchanged.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    engine::{
        layout::unit_file_in,
        terragrunt::{stack_files::VALUES_FILE, units::TerragruntUnit},
    },
    files,
    model::hex,
};

/// List of units in the cache file.
#[derive(Debug, Serialize, Deserialize)]
struct CachedUnits {
    /// Digest of the paths and contents of all files that the list depends on, those of the requested units included.
    #[serde(rename = "key")]
    digest: String,
    /// Files that the list depends on, apart from the files of the units themselves.
    reading: Vec<Utf8PathBuf>,
    /// Folders of the units with the folders that each depends on.
    units: Vec<(Utf8PathBuf, Vec<Utf8PathBuf>)>,
}

/// Cache file for the units below one folder.
pub(super) struct Cache {
    /// Path of the cache file.
    file: Utf8PathBuf,
}

impl Cache {
    /// Names the cache file for the units below `dir`; the file is in `cache_dir`.
    pub(super) fn new(cache_dir: &Utf8Path, dir: &Utf8Path) -> Self {
        let digest = hex(&Sha256::digest(dir.as_str()));
        Self { file: cache_dir.join(format!("units-{}.json", &digest[..16])) }
    }

    /// Returns the cached list if it is still valid for these units.
    pub(super) fn get(&self, units: &[Utf8PathBuf]) -> Option<Vec<(Utf8PathBuf, Vec<Utf8PathBuf>)>> {
        // An unreadable cache is ignored: Terragrunt is run again.
        let cached: CachedUnits = serde_json::from_slice(&files::read_whole(&self.file).ok()?).ok()?;
        (digest_of_files(units, &cached.reading).ok()? == cached.digest).then_some(cached.units)
    }

    /// Writes a list to the cache.
    pub(super) fn put(&self, units: &[Utf8PathBuf], listed: &[TerragruntUnit]) -> io::Result<()> {
        let mut reading: Vec<Utf8PathBuf> = listed.iter().flat_map(|unit| unit.reading.clone()).collect();
        reading.sort_unstable();
        reading.dedup();
        let cached = CachedUnits {
            digest: digest_of_files(units, &reading)?,
            reading,
            units: listed.iter().map(|unit| (unit.dir.clone(), unit.dependencies.clone())).collect(),
        };
        files::write(&self.file, &serde_json::to_vec(&cached)?)
    }
}

/// Returns a digest of the paths and contents of the units' own files and of the files in `reading`; a missing file counts
/// as such.
fn digest_of_files(units: &[Utf8PathBuf], reading: &[Utf8PathBuf]) -> io::Result<String> {
    let mut digest = Sha256::new();
    // A path of a dependency may come from the unit's `values`, whose file Terragrunt does not list.
    let own = units.iter().flat_map(|dir| [unit_file_in(dir), dir.join(VALUES_FILE)]);
    for file in own.chain(reading.iter().cloned()) {
        digest.update(file.as_str().len().to_le_bytes());
        digest.update(file.as_str());
        match files::read(&file) {
            Ok(content) => {
                digest.update([1]);
                digest.update(content.len().to_le_bytes());
                digest.update(&content);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => digest.update([0]),
            Err(error) => return Err(error),
        }
    }
    Ok(hex(&digest.finalize()))
}
