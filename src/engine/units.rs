//! Terragrunt's own list of units: how it is asked for, and what its answer means.

use std::ffi::OsString;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

pub use crate::files::normalised;

/// The arguments that make Terragrunt list the units below its working folder with their dependencies.
///
/// Measured on Terragrunt 1.1.3: a JSON array on stdout, warnings on stderr, status 0 even when files are broken;
/// paths are relative to the working folder; the order of `dependencies` changes from run to run; units on a cycle,
/// and what rests on them, are left out with a warning, with or without `--dag`. `reading` names the files that a
/// unit's own file reads: included and parsed ones.
pub fn find_args() -> Vec<OsString> {
    ["find", "--json", "--dependencies", "--reading", "--no-color", "--non-interactive"]
        .map(Into::into)
        .to_vec()
}

/// One unit as Terragrunt lists it; paths are normalised and absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its folder.
    pub dir: Utf8PathBuf,
    /// The folders of the units that come before it, sorted.
    pub dependencies: Vec<Utf8PathBuf>,
    /// More files that its dependencies may rest on, sorted.
    pub reading: Vec<Utf8PathBuf>,
}

#[derive(Deserialize)]
struct Found {
    #[serde(rename = "type")]
    kind: String,
    path: Utf8PathBuf,
    #[serde(default)]
    dependencies: Vec<Utf8PathBuf>,
    #[serde(default)]
    reading: Vec<Utf8PathBuf>,
}

/// The units in Terragrunt's answer, by folder; `dir` is the folder that it ran in.
pub fn parse_units(stdout: &str, dir: &Utf8Path) -> Result<Vec<Unit>, serde_json::Error> {
    let found: Vec<Found> = serde_json::from_str(stdout)?;
    let absolute = |paths: Vec<Utf8PathBuf>| {
        let mut paths: Vec<Utf8PathBuf> = paths.iter().map(|path| normalised(&dir.join(path))).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    };
    let mut units: Vec<Unit> = found
        .into_iter()
        .filter(|found| found.kind == "unit")
        .map(|found| Unit {
            dir: normalised(&dir.join(found.path)),
            dependencies: absolute(found.dependencies),
            reading: absolute(found.reading),
        })
        .collect();
    units.sort_unstable_by(|a, b| a.dir.cmp(&b.dir));
    Ok(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As printed by Terragrunt 1.1.3.
    const ANSWER: &str = r#"[
      { "type": "stack", "path": "us" },
      { "type": "unit", "path": "us/vpc", "reading": ["../../root.hcl"] },
      { "type": "unit", "path": "us/app", "dependencies": ["us/vpc", "../shared/dns"] },
      { "type": "unit", "path": "." }
    ]"#;

    #[test]
    fn units_are_absolute_and_sorted_whatever_the_answers_order() {
        let units = parse_units(ANSWER, Utf8Path::new("/live/dev")).unwrap();
        let dirs: Vec<&str> = units.iter().map(|unit| unit.dir.as_str()).collect();
        assert_eq!(dirs, ["/live/dev", "/live/dev/us/app", "/live/dev/us/vpc"]);
        assert_eq!(units[1].dependencies, ["/live/dev/us/vpc", "/live/shared/dns"]);
        assert_eq!(units[2].reading, ["/root.hcl"]);
    }

    #[test]
    fn an_answer_that_is_not_json_is_an_error() {
        assert!(parse_units("ERROR something", Utf8Path::new("/")).is_err());
    }
}
