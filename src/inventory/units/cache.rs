//! Terragrunt's last answer, kept while the files that it rests on have the same content.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    engine::{layout::unit_file_in, units::Unit},
    files,
    model::hex,
};

/// One kept answer.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// Digest over the units asked for and the content of all files.
    key: String,
    /// The files beside the units' own that the answer rests on.
    reading: Vec<Utf8PathBuf>,
    /// The folders of the units with those that each depends on.
    units: Vec<(Utf8PathBuf, Vec<Utf8PathBuf>)>,
}

/// The kept answer of one folder.
pub(super) struct Cache {
    file: Utf8PathBuf,
}

impl Cache {
    /// The answer for a folder, kept inside `cache_dir`.
    pub(super) fn new(cache_dir: &Utf8Path, dir: &Utf8Path) -> Self {
        let digest = hex(&Sha256::digest(dir.as_str()));
        Self { file: cache_dir.join(format!("units-{}.json", &digest[..16])) }
    }

    /// The kept answer, if it is still good for these units.
    pub(super) fn get(&self, units: &[Utf8PathBuf]) -> Option<Vec<(Utf8PathBuf, Vec<Utf8PathBuf>)>> {
        // An answer that cannot be read is none: Terragrunt is asked again.
        let kept: Kept = serde_json::from_slice(&files::read_whole(&self.file).ok()?).ok()?;
        (key(units, &kept.reading).ok()? == kept.key).then_some(kept.units)
    }

    /// Keeps an answer.
    pub(super) fn put(&self, units: &[Utf8PathBuf], answer: &[Unit]) -> io::Result<()> {
        let mut reading: Vec<Utf8PathBuf> = answer.iter().flat_map(|unit| unit.reading.clone()).collect();
        reading.sort_unstable();
        reading.dedup();
        let kept = Kept {
            key: key(units, &reading)?,
            reading,
            units: answer.iter().map(|unit| (unit.dir.clone(), unit.dependencies.clone())).collect(),
        };
        files::write(&self.file, &serde_json::to_vec(&kept)?)
    }
}

/// A digest over the names and contents of the units' files and the others; a file that is gone counts as such.
fn key(units: &[Utf8PathBuf], reading: &[Utf8PathBuf]) -> io::Result<String> {
    let mut digest = Sha256::new();
    let own = units.iter().map(|dir| unit_file_in(dir));
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
