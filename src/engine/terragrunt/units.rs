//! List of units by Terragrunt: arguments of the command, and its output.

use std::{collections::BTreeMap, ffi::OsString};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use crate::files::normalised;

/// Returns the arguments that make Terragrunt list the units below its working folder with their dependencies.
///
/// Measured on Terragrunt 1.1.3: a JSON array on stdout, warnings on stderr, exit code 0 even if files are broken;
/// paths are relative to the working folder; the order of `dependencies` changes from run to run; units on a cycle,
/// and those that depend on them, are left out with a warning, with or without `--dag`. `reading` names the files that a
/// unit's own file reads: included and parsed ones.
pub fn find_args() -> Vec<OsString> {
    ["find", "--json", "--dependencies", "--reading", "--no-color", "--non-interactive"]
        .map(Into::into)
        .to_vec()
}

/// Returns the arguments that make Terragrunt print the configuration of the unit in its working folder, without the outputs
/// of other units.
///
/// Measured on Terragrunt 1.1.3: a JSON object on stdout with each `dependency` block and the `paths` of `dependencies`,
/// those of included files too, and all paths as text; without the experiment each dependency is initialised for its
/// outputs. The exit code is 0 also if `inputs` name missing outputs, and 1 with "Failed to parse HCL in file" if a file is
/// broken.
pub fn render_args() -> Vec<OsString> {
    let render = ["render", "--json", "--no-color", "--non-interactive"];
    let experiment = ["--experiment", "optional-dependency-outputs", "--no-dependency-outputs"];
    render.into_iter().chain(experiment).map(Into::into).collect()
}

/// Returns the sorted folders of a unit's dependencies, from its rendered configuration; `dir` is the unit's folder.
pub fn parse_rendered(stdout: &str, dir: &Utf8Path) -> Result<Vec<Utf8PathBuf>, serde_json::Error> {
    // The output of `run_cmd` comes before it.
    let document = stdout.lines().rev().find(|line| line.starts_with('{')).unwrap_or_default();
    let RenderedEdges { dependency, dependencies } = serde_json::from_str(document)?;
    let labelled = dependency.unwrap_or_default().into_values().filter_map(|block| block.config_path);
    let paths = labelled.chain(dependencies.unwrap_or_default().paths);
    let mut found: Vec<Utf8PathBuf> = paths.map(|path| normalised(&dir.join(path))).collect();
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

#[derive(Deserialize)]
struct RenderedEdges {
    #[serde(default)]
    dependency: Option<BTreeMap<String, RenderedDependency>>,
    #[serde(default)]
    dependencies: Option<RenderedDependencies>,
}

#[derive(Deserialize)]
struct RenderedDependency {
    config_path: Option<Utf8PathBuf>,
}

#[derive(Deserialize, Default)]
struct RenderedDependencies {
    #[serde(default)]
    paths: Vec<Utf8PathBuf>,
}

/// Unit as Terragrunt lists it; paths are normalised and absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerragruntUnit {
    /// Folder of the unit.
    pub dir: Utf8PathBuf,
    /// Folders of the units that it depends on, sorted.
    pub dependencies: Vec<Utf8PathBuf>,
    /// Further files that may define its dependencies, sorted.
    pub reading: Vec<Utf8PathBuf>,
}

#[derive(Deserialize)]
struct FoundUnit {
    #[serde(rename = "type")]
    kind: String,
    path: Utf8PathBuf,
    #[serde(default)]
    dependencies: Vec<Utf8PathBuf>,
    #[serde(default)]
    reading: Vec<Utf8PathBuf>,
}

/// Parses Terragrunt's list of units, sorted by folder; `dir` is the folder that Terragrunt ran in.
pub fn parse_units(stdout: &str, dir: &Utf8Path) -> Result<Vec<TerragruntUnit>, serde_json::Error> {
    let found: Vec<FoundUnit> = serde_json::from_str(stdout)?;
    let absolute = |paths: Vec<Utf8PathBuf>| {
        let mut paths: Vec<Utf8PathBuf> = paths.iter().map(|path| normalised(&dir.join(path))).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    };
    let mut units: Vec<TerragruntUnit> = found
        .into_iter()
        .filter(|found| found.kind == "unit")
        .map(|found| TerragruntUnit {
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

    /// Output of Terragrunt 1.1.3.
    const ANSWER: &str = r#"[
      { "type": "stack", "path": "us" },
      { "type": "unit", "path": "us/vpc", "reading": ["../../root.hcl"] },
      { "type": "unit", "path": "us/app", "dependencies": ["us/vpc", "../shared/dns"] },
      { "type": "unit", "path": "." }
    ]"#;

    #[test]
    fn units_are_absolute_and_sorted_for_any_order_of_the_output() {
        let units = parse_units(ANSWER, Utf8Path::new("/live/dev")).unwrap();
        let dirs: Vec<&str> = units.iter().map(|unit| unit.dir.as_str()).collect();
        assert_eq!(dirs, ["/live/dev", "/live/dev/us/app", "/live/dev/us/vpc"]);
        assert_eq!(units[1].dependencies, ["/live/dev/us/vpc", "/live/shared/dns"]);
        assert_eq!(units[2].reading, ["/root.hcl"]);
    }

    #[test]
    fn a_rendered_unit_names_the_units_before_it() {
        // Output of Terragrunt 1.1.3 without settings that are null.
        let text = r#"{"dependencies":{"paths":["../dns","../vpc"]},"dependency":{"vpc":{"config_path":"/live/app/../vpc","outputs":null}},"locals":null}"#;
        let printed = format!("{{}}\nfrom run_cmd\n{text}\n");
        let found = parse_rendered(&printed, Utf8Path::new("/live/app")).unwrap();
        assert_eq!(found, ["/live/dns", "/live/vpc"]);
        let none = r#"{"dependencies":null,"dependency":null}"#;
        assert_eq!(parse_rendered(none, Utf8Path::new("/live/app")).unwrap(), [""; 0]);
    }

    #[test]
    fn an_answer_that_is_not_json_is_an_error() {
        assert!(parse_units("ERROR something", Utf8Path::new("/")).is_err());
    }
}
