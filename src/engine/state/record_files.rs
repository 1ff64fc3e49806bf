//! Files in an instance's folder that record its last known state.

use std::io;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use crate::{
    files,
    model::{Failure, FailureKind},
};

/// File in an instance's folder that holds the lineage of its last known state.
pub(super) const LINEAGE: &str = "lineage";

/// File in an instance's folder that holds serial and address of its last known state.
pub(super) const RECORD: &str = "last-state.json";

/// File in an instance's folder that holds the secrets in the addresses that its state has had.
pub(super) const ADDRESS_SECRETS: &str = "address-secrets.json";

/// Lineage, serial and address of a last known state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StateVersion {
    /// Lineage that serial and address belong to.
    pub(super) lineage: String,
    /// Highest serial.
    pub(super) serial: u64,
    /// Address of the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<String>,
}

/// Reads lineage and version of the last known state; the lineage is empty if no state is known, the version is `None` if an
/// older envctl recorded the lineage alone.
///
/// [`RECORD`] is written first and removed last: it counts if a crash left the two files different.
pub(super) fn read(folder: &Utf8Path) -> Result<(String, Option<StateVersion>), Failure> {
    let version: Option<StateVersion> = match files::read_whole(&folder.join(RECORD)) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).map_err(|error| {
            let advice = format!("remove it: the lineage in `{LINEAGE}` beside it is compared then");
            unusable(&folder.join(RECORD), &error.into()).with_detail(format!("hint: {advice}"))
        })?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(unusable(&folder.join(RECORD), &error)),
    };
    let path = folder.join(LINEAGE);
    let lineage = match files::read_whole_text(&path) {
        Ok(text) => Some(text.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(unusable(&path, &error)),
    };
    match (lineage, version) {
        (_, Some(version)) if !version.lineage.is_empty() => Ok((version.lineage.clone(), Some(version))),
        (Some(lineage), _) if lineage.is_empty() => {
            let empty = io::Error::new(io::ErrorKind::InvalidData, "it is empty");
            let advice = "write the lineage of the state into it; without the file, the present state counts as the known one";
            Err(unusable(&path, &empty).with_detail(format!("hint: {advice}")))
        }
        (lineage, _) => Ok((lineage.unwrap_or_default(), None)),
    }
}

/// Writes the files whose content differs from `before`, lineage and version as they were read. An empty lineage removes
/// them: a file that is empty is damaged.
pub(super) fn write(
    folder: &Utf8Path,
    before: (&str, Option<&StateVersion>),
    lineage: &str,
    version: Option<&StateVersion>,
) -> Result<(), Failure> {
    let (path, record) = (folder.join(LINEAGE), folder.join(RECORD));
    if lineage.is_empty() {
        files::remove_if_there(&path).map_err(|error| unusable(&path, &error))?;
        return files::remove_if_there(&record).map_err(|error| unusable(&record, &error));
    }
    if let Some(version) = version
        && before.1 != Some(version)
    {
        let bytes = serde_json::to_vec(version).map_err(io::Error::other);
        bytes.and_then(|bytes| files::write(&record, &bytes)).map_err(|error| unusable(&record, &error))?;
    }
    let is_written = files::read_whole_text(&path).is_ok_and(|text| text.trim() == lineage);
    if before.0 == lineage && is_written {
        return Ok(());
    }
    files::write(&path, lineage.as_bytes()).map_err(|error| unusable(&path, &error))
}

fn unusable(path: &Utf8Path, error: &io::Error) -> Failure {
    let summary = format!("cannot use `{path}`, the record of the last known state: {error}");
    Failure::new(FailureKind::State, summary)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn version(lineage: &str) -> StateVersion {
        StateVersion { lineage: lineage.to_owned(), serial: 3, address: None }
    }

    #[test]
    fn the_record_counts_where_the_file_of_the_lineage_is_torn_or_gone() {
        let keep = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(keep.path()).unwrap();
        assert_eq!(read(folder).unwrap(), (String::new(), None));
        write(folder, ("", None), "one", Some(&version("one"))).unwrap();
        let known = ("one".to_owned(), Some(version("one")));
        for torn in [Some("one"), Some(""), Some("{x"), None] {
            match torn {
                Some(text) => fs::write(folder.join(LINEAGE), text).unwrap(),
                None => fs::remove_file(folder.join(LINEAGE)).unwrap(),
            }
            assert_eq!(read(folder).unwrap(), known, "{torn:?}");
        }
        write(folder, ("one", known.1.as_ref()), "one", known.1.as_ref()).unwrap();
        assert_eq!(fs::read_to_string(folder.join(LINEAGE)).unwrap(), "one", "it is written again");
    }

    #[test]
    fn a_torn_record_is_an_error_and_not_an_unknown_state() {
        let keep = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(keep.path()).unwrap();
        for (record, lineage, named) in [
            (None, Some(""), LINEAGE),
            (Some(""), Some("one"), RECORD),
            (Some("{\"lineage\":"), None, RECORD),
        ] {
            for (name, text) in [(RECORD, record), (LINEAGE, lineage)] {
                files::remove_if_there(&folder.join(name)).unwrap();
                if let Some(text) = text {
                    fs::write(folder.join(name), text).unwrap();
                }
            }
            let failure = read(folder).unwrap_err();
            assert!(failure.summary.contains(&format!("/{named}`")), "{failure:?}");
            assert!(failure.detail.starts_with("hint: "), "{failure:?}");
        }
    }

    #[test]
    fn a_state_that_is_forgotten_leaves_no_file() {
        let keep = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(keep.path()).unwrap();
        write(folder, ("", None), "one", Some(&version("one"))).unwrap();
        write(folder, ("one", Some(&version("one"))), "", None).unwrap();
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    }
}
