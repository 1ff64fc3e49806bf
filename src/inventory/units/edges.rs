//! Dependencies between Terragrunt units.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    io,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{UnitFinder, UnitFinderError, cache::Cache};
use crate::{
    diagnostic::Diagnostic,
    engine::{
        layout::{JSON_UNIT_FILE, is_unit_file, unit_file_in},
        terragrunt::units::{parse_rendered, parse_units},
    },
    files::{self, normalised},
    hcl::{SYNTAX_CODE, read_dependency_paths},
    inventory::plan_inputs::unit_needs,
};

/// Error of finding the dependencies of Terragrunt units.
#[derive(Debug, thiserror::Error)]
pub enum UnitError {
    /// Terragrunt failed to list the units.
    #[error("cannot list the Terragrunt units in `{dir}`: {error}")]
    Finder {
        /// Folder that Terragrunt was run in.
        dir: Utf8PathBuf,
        /// Error of starting Terragrunt, or its error text.
        error: UnitFinderError,
    },
    /// Terragrunt could not render a unit.
    #[error("Terragrunt cannot tell what the unit in `{dir}` depends on: {error}")]
    Render {
        /// Folder of the unit.
        dir: Utf8PathBuf,
        /// Error text of Terragrunt.
        error: UnitFinderError,
    },
    /// Terragrunt's output could not be parsed.
    #[error("cannot read Terragrunt's list of the units in `{dir}`: {error}")]
    InvalidOutput {
        /// Folder that Terragrunt was run in.
        dir: Utf8PathBuf,
        /// Error of the JSON parser.
        error: serde_json::Error,
    },
    /// A file of a unit is wrong, and envctl reads it without Terragrunt.
    #[error("{0}")]
    File(Box<Diagnostic>),
}

/// Dependencies between units; folders are absolute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitEdges {
    /// Requested units that each requested unit depends on.
    pub needs: HashMap<Utf8PathBuf, Vec<Utf8PathBuf>>,
    /// Dependencies on folders that are no requested units: pairs of a unit and such a folder.
    pub outside: Vec<(Utf8PathBuf, Utf8PathBuf)>,
    /// Requested units that Terragrunt leaves out of its list, for example those on a cycle.
    pub unlisted: Vec<Utf8PathBuf>,
    /// Findings about units that Terragrunt leaves out and envctl could not parse.
    pub unparsable: Vec<Diagnostic>,
    /// Reason why the list could not be cached; `None` on success.
    pub cache_error: Option<String>,
}

/// Returns the dependencies between these units (absolute folders), from Terragrunt or its cached list.
///
/// Terragrunt is run once, in the deepest folder that holds all of them. Without a finder, envctl reads all units itself,
/// else units that Terragrunt leaves out (so that the error about a cycle has the whole path) and units in JSON, which
/// Terragrunt runs and does not list (measured on 1.1.3). A unit in JSON whose dependencies need an evaluation is rendered by
/// Terragrunt.
pub fn unit_edges(
    units: &[Utf8PathBuf],
    root: &Utf8Path,
    cache_dir: &Utf8Path,
    finder: Option<&dyn UnitFinder>,
) -> Result<UnitEdges, UnitError> {
    let mut sorted = units.to_vec();
    sorted.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
    sorted.dedup();
    let units: HashSet<Utf8PathBuf> = sorted.iter().cloned().collect();
    let Some(dir) = common_folder(&sorted).filter(|dir| dir.is_dir()) else {
        return Ok(UnitEdges::default());
    };
    let cache = Cache::new(cache_dir, &dir);
    let mut edges = UnitEdges::default();
    let is_json = |unit: &Utf8PathBuf| unit_file_in(unit).file_name() == Some(JSON_UNIT_FILE);
    let listable: Vec<Utf8PathBuf> = sorted.iter().filter(|unit| !is_json(unit)).cloned().collect();
    let listed = if listable.is_empty() {
        Vec::new()
    } else if let Some(cached) = cache.get(&listable) {
        cached
    } else if let Some(finder) = finder {
        refuse_irregular_files(&sorted, root)?;
        let stdout = finder.find(&dir).map_err(|error| UnitError::Finder { dir: dir.clone(), error })?;
        let answer = parse_units(&stdout, &dir)
            .map_err(|error| UnitError::InvalidOutput { dir: dir.clone(), error })?;
        edges.cache_error = cache.put(&listable, &answer).err().map(|error| error.to_string());
        answer.into_iter().map(|unit| (unit.dir, unit.dependencies)).collect()
    } else {
        Vec::new()
    };
    for (unit, needs) in listed.into_iter().filter(|(unit, _)| units.contains(unit)) {
        edges.add(&units, unit, needs);
    }
    for unit in &sorted {
        if !edges.needs.contains_key(unit) && files::is_file_there(&unit_file_in(unit)) {
            if is_json(unit)
                && let Some(needs) = needs_of_json(unit, root, finder)?
            {
                edges.add(&units, unit.clone(), needs);
                continue;
            }
            let paths = match read_dependency_paths(unit, root) {
                Ok(paths) => paths,
                // Terragrunt decides whether the file is valid, and `check` runs it for that.
                Err(problem) if problem.code == SYNTAX_CODE => {
                    edges.unparsable.extend(finder.is_some().then_some(problem));
                    Vec::new()
                }
                Err(problem) => return Err(UnitError::File(Box::new(problem))),
            };
            let needs = paths.into_iter().map(|(path, _)| normalised(&unit.join(path))).collect();
            if finder.is_some() && !is_json(unit) {
                edges.unlisted.push(unit.clone());
            }
            edges.add(&units, unit.clone(), needs);
        }
    }
    Ok(edges)
}

/// Returns the folders that a unit in JSON depends on; `None` if only Terragrunt can tell them and there is no finder.
fn needs_of_json(
    unit: &Utf8PathBuf,
    root: &Utf8Path,
    finder: Option<&dyn UnitFinder>,
) -> Result<Option<Vec<Utf8PathBuf>>, UnitError> {
    let known = unit_needs(unit);
    let (None, Some(finder)) = (&known, finder) else { return Ok(known) };
    refuse_irregular_files(std::slice::from_ref(unit), root)?;
    let rendered = finder.render(unit).map_err(|error| match read_dependency_paths(unit, root) {
        Err(problem) => UnitError::File(Box::new(problem.help(error.to_string()))),
        Ok(_) => UnitError::Render { dir: unit.clone(), error },
    })?;
    let needs = parse_rendered(&rendered, unit);
    needs.map(Some).map_err(|error| UnitError::InvalidOutput { dir: unit.clone(), error })
}

/// Refuses units with an `*.hcl` in or above their folder that is no regular file: Terragrunt would wait for a fifo.
fn refuse_irregular_files(units: &[Utf8PathBuf], root: &Utf8Path) -> Result<(), UnitError> {
    let above = |unit: &Utf8PathBuf| -> Vec<Utf8PathBuf> {
        unit.ancestors().take_while(|dir| dir.starts_with(root)).map(Utf8Path::to_owned).collect()
    };
    let folders: BTreeSet<Utf8PathBuf> = units.iter().flat_map(above).collect();
    for folder in folders {
        // Terragrunt reports a folder that cannot be listed.
        for entry in folder.read_dir_utf8().into_iter().flatten().flatten() {
            let path = entry.path();
            if (path.extension() == Some("hcl") || is_unit_file(entry.file_name()))
                && let Err(error) = files::open_regular(path)
                && error.kind() == io::ErrorKind::InvalidInput
            {
                let shown = path.strip_prefix(root).unwrap_or(path);
                let problem = Diagnostic::error("hcl::unreadable", format!("cannot read `{shown}`: {error}"));
                return Err(UnitError::File(Box::new(problem)));
            }
        }
    }
    Ok(())
}

impl UnitEdges {
    /// Adds a unit with the folders that it depends on.
    fn add(&mut self, units: &HashSet<Utf8PathBuf>, unit: Utf8PathBuf, needs: Vec<Utf8PathBuf>) {
        let (inside, outside): (Vec<_>, Vec<_>) = needs.into_iter().partition(|need| units.contains(need));
        self.outside.extend(outside.into_iter().map(|need| (unit.clone(), need)));
        self.needs.insert(unit, inside);
    }
}

/// Returns the deepest folder that holds all of these folders.
fn common_folder(dirs: &[Utf8PathBuf]) -> Option<Utf8PathBuf> {
    let mut common = dirs.first()?.clone();
    for dir in dirs {
        while !dir.starts_with(&common) {
            common.pop();
        }
    }
    Some(common)
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, fs};

    use super::*;

    struct Finder {
        answer: String,
        runs: Cell<usize>,
    }

    impl UnitFinder for Finder {
        fn find(&self, _: &Utf8Path) -> Result<String, UnitFinderError> {
            self.runs.set(self.runs.get() + 1);
            Ok(self.answer.clone())
        }

        fn render(&self, _: &Utf8Path) -> Result<String, UnitFinderError> {
            self.runs.set(self.runs.get() + 1);
            Ok(r#"{"dependency":{"b":{"config_path":"../b"}},"dependencies":null}"#.to_owned())
        }
    }

    struct Live {
        dir: tempfile::TempDir,
        finder: Finder,
    }

    impl Live {
        fn new(answer: &str, files: &[(&str, &str)]) -> Self {
            let live = Self {
                dir: tempfile::tempdir().unwrap(),
                finder: Finder { answer: answer.to_owned(), runs: Cell::new(0) },
            };
            for (file, text) in files {
                live.write(file, text);
            }
            live
        }

        fn root(&self) -> &Utf8Path {
            Utf8Path::from_path(self.dir.path()).unwrap()
        }

        fn write(&self, file: &str, text: &str) {
            let path = self.root().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn edges(&self, units: &[&str]) -> Result<UnitEdges, UnitError> {
            let units: Vec<Utf8PathBuf> = units.iter().map(|unit| self.root().join(unit)).collect();
            unit_edges(&units, self.root(), &self.root().join(".envctl/cache"), Some(&self.finder))
        }

        fn described(&self, edges: &UnitEdges) -> Vec<String> {
            let short = |path: &Utf8Path| path.strip_prefix(self.root()).unwrap().to_string();
            let lines = edges.needs.iter().map(|(unit, needs)| {
                let needs: Vec<String> = needs.iter().map(|need| short(need)).collect();
                format!("{}: {}", short(unit), needs.join(" "))
            });
            let mut lines: Vec<String> = lines.collect();
            lines.sort();
            lines
        }
    }

    const ANSWER: &str = r#"[
      { "type": "unit", "path": "vpc", "reading": ["../root.hcl"] },
      { "type": "unit", "path": "app", "dependencies": ["vpc", "../../shared/dns"] }
    ]"#;

    fn live() -> Live {
        let unit = "dependency \"vpc\" { config_path = \"../vpc\" }";
        Live::new(
            ANSWER,
            &[
                ("live/dev/app/terragrunt.hcl", unit),
                ("live/dev/vpc/terragrunt.hcl", ""),
                ("live/root.hcl", ""),
            ],
        )
    }

    const UNITS: [&str; 2] = ["live/dev/app", "live/dev/vpc"];

    #[test]
    fn edges_lead_to_units_and_others_are_noted() {
        let live = live();
        let edges = live.edges(&UNITS).unwrap();
        assert_eq!(live.described(&edges), ["live/dev/app: live/dev/vpc", "live/dev/vpc: "]);
        assert_eq!(edges.outside, [(live.root().join("live/dev/app"), live.root().join("shared/dns"))]);
    }

    #[test]
    fn terragrunt_is_asked_again_only_when_a_file_changed() {
        let live = live();
        let first = live.edges(&UNITS).unwrap();
        assert_eq!(live.edges(&UNITS).unwrap(), first);
        assert_eq!(live.finder.runs.get(), 1);
        live.write("live/dev/vpc/terragrunt.hcl", "# one");
        live.edges(&UNITS).unwrap();
        live.finder.runs.set(1);
        live.write("live/dev/vpc/terragrunt.hcl", "# two");
        live.edges(&UNITS).unwrap();
        assert_eq!(live.finder.runs.get(), 2, "a unit's own file");
        live.write("live/root.hcl", "# changed");
        live.edges(&UNITS).unwrap();
        assert_eq!(live.finder.runs.get(), 3, "an included file");
        live.edges(&UNITS[..1]).unwrap();
        assert_eq!(live.finder.runs.get(), 4, "other units");
    }

    #[test]
    fn a_unit_that_terragrunt_leaves_out_is_read_here() {
        let unit = |other: &str| format!("dependencies {{\n  paths = [\"../{other}\"]\n}}\n");
        let live =
            Live::new("[]", &[("live/a/terragrunt.hcl", &unit("b")), ("live/b/terragrunt.hcl", &unit("a"))]);
        let edges = live.edges(&["live/a", "live/b"]).unwrap();
        assert_eq!(live.described(&edges), ["live/a: live/b", "live/b: live/a"]);
        assert_eq!(edges.unlisted.len(), 2);
    }

    #[test]
    fn a_unit_in_json_is_rendered_only_where_its_files_do_not_tell_its_edges() {
        let json = |path: &str| format!(r#"{{ "dependency": {{ "b": {{ "config_path": "{path}" }} }} }}"#);
        let live = Live::new(
            "[]",
            &[("live/a/terragrunt.hcl.json", &json("../b")), ("live/b/terragrunt.hcl.json", "{}")],
        );
        let units = ["live/a", "live/b"];
        assert_eq!(live.described(&live.edges(&units).unwrap()), ["live/a: live/b", "live/b: "]);
        assert_eq!(live.finder.runs.get(), 0);
        for computed in [&json("${run_cmd(\\\"x\\\")}"), "{ \"inputs\": \"${\" }"] {
            live.write("live/a/terragrunt.hcl.json", computed);
            live.finder.runs.set(0);
            assert_eq!(
                live.described(&live.edges(&units).unwrap()),
                ["live/a: live/b", "live/b: "],
                "{computed}"
            );
            assert_eq!(live.finder.runs.get(), 1);
        }
    }

    #[test]
    fn a_unit_that_cannot_be_parsed_is_left_to_terragrunt_with_its_place() {
        let live = Live::new("[]", &[("live/a/terragrunt.hcl", "x {")]);
        let edges = live.edges(&["live/a"]).unwrap();
        let findings = edges.unparsable.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(findings[0].starts_with("live/a/terragrunt.hcl:1:"), "{findings:?}");
        assert_eq!(live.described(&edges), ["live/a: "]);
    }
}
