//! Units that a Terragrunt unit depends on, by its own file and by the files that it includes.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use hcl_edit::expr::Expression;

use super::eval::UnitEvaluator;
use crate::{engine::layout::unit_file_in, files::normalised};

/// Returns the folders of the units that a unit depends on; `None` when only Terragrunt can tell all of them.
///
/// Measured on Terragrunt 1.1.3: dependencies of an included file count unless its `merge_strategy` is `no_merge`, and their
/// relative paths start at the unit's folder.
pub fn unit_needs(dir: &Utf8Path) -> Option<Vec<Utf8PathBuf>> {
    let unit = UnitEvaluator::new(dir, &Arc::default());
    let own = unit.parse_file(&unit_file_in(dir), dir)?;
    let mut parsed_files = vec![own.clone()];
    for include in own.body.get_blocks("include") {
        let text = |name: &str| include.body.get_attribute(name).map(|found| unit.text(&own, &found.value));
        if let Some(strategy) = text("merge_strategy")
            && strategy? == "no_merge"
        {
            continue;
        }
        parsed_files.push(unit.parse_file(&normalised(&dir.join(text("path")??)), dir)?);
    }
    let mut needs = Vec::new();
    for parsed in &parsed_files {
        let attributes = |block: &'static str, name: &'static str| {
            parsed.body.get_blocks(block).filter_map(move |block| block.body.get_attribute(name))
        };
        for path in attributes("dependency", "config_path") {
            needs.push(unit.text(parsed, &path.value)?);
        }
        for paths in attributes("dependencies", "paths") {
            let Expression::Array(paths) = &paths.value else { return None };
            for path in paths {
                needs.push(unit.text(parsed, path)?);
            }
        }
    }
    Some(needs.iter().map(|path| normalised(&dir.join(path))).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Returns the known needs of a unit in JSON beside these files, relative to their root.
    fn needs(unit: &str, files: &[(&str, &str)]) -> Option<Vec<String>> {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        for (file, text) in [("live/app/terragrunt.hcl.json", unit)].iter().chain(files) {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let found = unit_needs(&root.join("live/app"))?;
        Some(found.iter().map(|path| path.strip_prefix(root).unwrap().to_string()).collect())
    }

    #[test]
    fn needs_of_a_unit_and_of_its_includes_are_known_by_their_paths() {
        let common = ("common.hcl", "dependency \"vpc\" {\n  config_path = \"../vpc\"\n}\n");
        let own = r#""dependencies": { "paths": ["${get_terragrunt_dir()}/../dns"] }"#;
        let include = |more: &str| {
            format!(
                r#"{{ "include": {{ "c": {{ "path": "${{find_in_parent_folders(\"common.hcl\")}}"{more} }} }}, {own} }}"#
            )
        };
        assert_eq!(needs(&include(""), &[common]).unwrap(), ["live/dns", "live/vpc"]);
        let excluded = include(r#", "merge_strategy": "no_merge""#);
        assert_eq!(needs(&excluded, &[common]).unwrap(), ["live/dns"]);
    }

    #[test]
    fn needs_that_are_computed_or_in_a_file_that_cannot_be_read_are_unknown() {
        for unit in [
            r#"{ "dependency": { "a": { "config_path": "${run_cmd(\"x\")}" } } }"#,
            r#"{ "dependencies": { "paths": "${local.paths}" } }"#,
            r#"{ "include": { "c": { "path": "../missing.hcl" } } }"#,
            r#"{ "include": { "c": { "path": "../common.hcl", "merge_strategy": "${local.s}" } } }"#,
            r#"{ "inputs": { "a": "${" } }"#,
            "{",
        ] {
            assert_eq!(needs(unit, &[("live/common.hcl", "")]), None, "{unit}");
        }
    }
}
