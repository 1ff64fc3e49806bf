//! Terragrunt functions whose results depend only on the paths of files.

use camino::{Utf8Path, Utf8PathBuf};
use hcl_edit::expr::FuncCall;

use super::eval::{UnitEvaluator, UnitFile};
use crate::{
    engine::layout::{JSON_UNIT_FILE, UNIT_FILE},
    files::{normalised, relative_path},
    hcl::eval::{ContextualCall, PathSegment},
};

/// Functions that read a configuration or var file. A relative path starts at the folder of `get_terragrunt_dir()`.
const CONFIGURATION_READERS: [&str; 5] =
    ["mark_as_read", "mark_glob_as_read", "read_terragrunt_config", "read_tfvars_file", "sops_decrypt_file"];

/// Evaluates a function of Terragrunt.
pub(super) fn evaluate_builtin(
    unit: &UnitEvaluator,
    parsed: &UnitFile,
    call: &FuncCall,
    depth: usize,
) -> ContextualCall {
    let known = match call.name.name.as_str() {
        "get_terragrunt_dir"
        | "get_original_terragrunt_dir"
        | "get_parent_terragrunt_dir"
        | "get_repo_root"
        | "get_path_to_repo_root"
        | "get_path_from_repo_root"
        | "path_relative_from_include"
        | "path_relative_to_include"
        | "find_in_parent_folders"
        | "get_env" => text_of_call(unit, parsed, call, depth),
        _ => return ContextualCall::Independent,
    };
    known.map_or(ContextualCall::Unknown, |text| ContextualCall::Known(vec![PathSegment::Text(text)]))
}

/// Evaluates a function that returns a text; `None` when only Terragrunt can evaluate the call.
fn text_of_call(unit: &UnitEvaluator, parsed: &UnitFile, call: &FuncCall, depth: usize) -> Option<String> {
    let argument = |at: usize| call.args.get(at);
    let text = |at: usize| unit.text_within(parsed, argument(at)?, depth);
    let parent = || {
        let included = match argument(0) {
            Some(name) => unit.included_file(parsed, Some(&unit.text_within(parsed, name, depth)?), depth),
            None => unit.included_file(parsed, None, depth),
        };
        Some(included.map_or_else(|| parsed.file_dir.clone(), |included| included.file_dir))
    };
    Some(match call.name.name.as_str() {
        "get_terragrunt_dir" => parsed.terragrunt_dir.to_string(),
        "get_original_terragrunt_dir" => unit.dir.to_string(),
        "get_parent_terragrunt_dir" => parent()?.into_string(),
        "get_repo_root" => unit.repository_root()?.to_string(),
        "get_path_to_repo_root" => {
            relative_path(&parsed.terragrunt_dir, unit.repository_root()?).into_string()
        }
        "get_path_from_repo_root" => {
            relative_path(unit.repository_root()?, &parsed.terragrunt_dir).into_string()
        }
        "path_relative_from_include" => relative_path(&parsed.terragrunt_dir, &parent()?).into_string(),
        "path_relative_to_include" => relative_path(&parent()?, &parsed.terragrunt_dir).into_string(),
        "find_in_parent_folders" => {
            let name = argument(0).map_or_else(|| Some(UNIT_FILE.to_owned()), |_| text(0))?;
            let json = argument(0)
                .is_none()
                .then(|| nearest_above(unit, &parsed.terragrunt_dir, JSON_UNIT_FILE))
                .flatten();
            let found = nearest_above(unit, &parsed.terragrunt_dir, &name);
            // The nearest file counts; of two in one folder, the one that is not JSON.
            match json.filter(|json| found.as_ref().is_none_or(|own| own.parent() < json.parent())).or(found)
            {
                Some(found) => found.into_string(),
                None => text(1)?,
            }
        }
        "get_env" if unit.use_env_defaults.get() => text(1)?,
        _ => return None,
    })
}

/// Returns the folder that the first argument of a function is relative to; `None` when the function reads no file.
pub(super) fn argument_base<'p>(parsed: &'p UnitFile, function: &str) -> Option<&'p Utf8Path> {
    if CONFIGURATION_READERS.contains(&function) {
        return Some(&parsed.terragrunt_dir);
    }
    (function.starts_with("file") || function == "templatefile").then_some(&*parsed.file_dir)
}

/// Returns the nearest file or folder of this name in a folder above `dir`.
fn nearest_above(unit: &UnitEvaluator, dir: &Utf8Path, name: &str) -> Option<Utf8PathBuf> {
    let mut paths = dir.ancestors().skip(1).map(|dir| normalised(&dir.join(name)));
    paths.find(|path| path.exists() || unit.deleted.is_file_or_folder(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_between_folders_are_as_terragrunt_makes_them() {
        let between = |from: &str, to: &str| relative_path(from.into(), to.into());
        assert_eq!(between("/r/live/app", "/r/common"), "../../common");
        assert_eq!(between("/r", "/r/live"), "live");
        assert_eq!(between("/r", "/r"), ".");
    }
}
