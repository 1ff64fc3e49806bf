//! Root module of a Terragrunt unit, as far as the unit's files determine it without running a program.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use hcl_edit::{expr::Expression, structure::Body};

use super::UnitEvaluator;
use crate::{
    engine::layout::{UNIT_ENGINE, module_files, unit_file_in},
    files::{self, normalised},
    hcl::Expr,
    inventory::plan_inputs::deleted_paths::DeletedPaths,
};

/// Words in generated text that may declare a variable or a resource, or read a file.
const DECLARING_WORDS: [&str; 5] = ["variable", "resource", "data", "module", "file"];

/// Returns the folder whose files are the whole root module of a unit. `None` when the unit's files do not determine it, and
/// when Terragrunt adds other files to those of the module.
pub fn unit_module(dir: &Utf8Path) -> Option<Utf8PathBuf> {
    let (own, included) = readable_bodies(dir)?;
    if own.has_attribute("include") || [&own].into_iter().chain(&included).any(writes_files) {
        return None;
    }
    let Some(source) = terraform_sources(&own).next() else {
        return included.iter().all(|body| terraform_sources(body).next().is_none()).then(|| dir.to_owned());
    };
    // Terragrunt copies the files beside the unit over those of the module.
    if holds_module_files(dir) != Some(false) {
        return None;
    }
    source.as_str().filter(|source| !source.starts_with('/')).and_then(|source| local_folder(dir, source))
}

/// Returns the local folder of a unit's module; `None` if the source is fetched, or the files do not determine it.
pub fn unit_source(dir: &Utf8Path) -> Option<Utf8PathBuf> {
    existing_folder(dir, &literal_source(dir)?)
}

/// Returns the local folder that Terragrunt copies for a unit: of the source `../base//db` all of `../base`. `None` if the
/// source is fetched, or the files do not determine it.
pub(in crate::inventory::plan_inputs) fn unit_package(dir: &Utf8Path) -> Option<Utf8PathBuf> {
    let source = literal_source(dir)?;
    existing_folder(dir, source.split_once("//").map_or(&*source, |(package, _)| package))
}

/// Returns the literal source that a unit or the first of its included files with a source has.
fn literal_source(dir: &Utf8Path) -> Option<String> {
    let (own, included) = own_and_included(dir)?;
    let source = [&own]
        .into_iter()
        .chain(included.iter().flatten())
        .find_map(|body| terraform_sources(body).next())?;
    Expr::from(source).text().map(str::to_owned)
}

/// Returns the folder that a local source names. Relative sources start at the unit's folder, also in an included file, and
/// Terragrunt takes a path without dots as well if the folder exists.
fn existing_folder(dir: &Utf8Path, source: &str) -> Option<Utf8PathBuf> {
    let beside = || Some(normalised(&dir.join(source))).filter(|folder| folder.is_dir());
    local_folder(dir, source).or_else(beside)
}

/// Returns true if the files of a unit give it a local state or none at all; its module may have a backend of its own.
pub fn has_local_state(dir: &Utf8Path) -> bool {
    let is_local = |body: &Body| {
        let states = body.get_blocks("remote_state").map(|state| state.body.get_attribute("backend"));
        let has_local_ones = states
            .into_iter()
            .all(|backend| backend.is_some_and(|kind| kind.value.as_str() == Some("local")));
        let generates_none = body.get_blocks("generate").all(|block| {
            let contents = block.body.get_attribute("contents").map(|contents| contents.value.to_string());
            contents.is_some_and(|text| !["backend", "cloud", "file"].iter().any(|word| text.contains(word)))
        });
        has_local_ones
            && generates_none
            && !body.has_attribute("remote_state")
            && !body.has_attribute("generate")
    };
    readable_bodies(dir).is_some_and(|(own, included)| is_local(&own) && included.iter().all(is_local))
}

/// Returns the file of a unit and those that it includes; `None` when one of them cannot be read.
fn readable_bodies(dir: &Utf8Path) -> Option<(Body, Vec<Body>)> {
    let (own, included) = own_and_included(dir)?;
    Some((own, included.into_iter().collect::<Option<_>>()?))
}

/// Returns the file of a unit and those that it includes, with the functions evaluated that need no program; `None`
/// stands for an included file whose path is unknown or that cannot be read.
fn own_and_included(dir: &Utf8Path) -> Option<(Body, Vec<Option<Body>>)> {
    let unit = UnitEvaluator::new(dir, &Arc::new(DeletedPaths::default()));
    let own = unit.inlined_as_included(&unit_file_in(dir))?;
    let paths = unit.include_paths(&own);
    let included = paths.into_iter().map(|path| unit.inlined_as_included(&path?)).collect();
    Some((own, included))
}

/// Returns the sources in the `terraform` blocks of a file.
fn terraform_sources(body: &Body) -> impl Iterator<Item = &Expression> {
    let sources = body.get_blocks("terraform").filter_map(|block| block.body.get_attribute("source"));
    sources.map(|source| &source.value)
}

/// Returns the folder that a local source names; `..//module` is the folder `module` in `..`; Terragrunt copies all of `..`.
fn local_folder(dir: &Utf8Path, source: &str) -> Option<Utf8PathBuf> {
    let is_local =
        [".", ".."].contains(&source) || ["./", "../", "/"].iter().any(|start| source.starts_with(start));
    (is_local && !source.contains('?')).then(|| normalised(&dir.join(source.replace("//", "/"))))
}

/// Returns true if Terragrunt, or a program that it runs, may write declarations into the module.
fn writes_files(body: &Body) -> bool {
    let has_hooks = body.get_blocks("terraform").any(|block| {
        ["before_hook", "after_hook", "error_hook"].iter().any(|hook| block.body.has_blocks(hook))
    });
    let generates = body.get_blocks("generate").any(|block| {
        let contents = block.body.get_attribute("contents").map(|contents| contents.value.to_string());
        contents.is_none_or(|text| DECLARING_WORDS.iter().any(|word| text.contains(word)))
    });
    has_hooks || generates || body.has_attribute("generate")
}

/// Returns true if a folder holds files of a module; `None` when the folder cannot be read.
fn holds_module_files(dir: &Utf8Path) -> Option<bool> {
    let names = files::entry_names(dir).ok()?;
    Some(module_files(UNIT_ENGINE, names.iter().map(String::as_str)).all().next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::fixture::Project;

    #[test]
    fn the_module_of_a_unit_is_told_only_where_its_files_alone_decide() {
        let root = "locals {\n  x = 1\n}\nremote_state {\n  backend = \"local\"\n  generate = { path = \"b.tf\", if_exists = \"overwrite\" }\n}\n\
                    generate \"provider\" {\n  path = \"p.tf\"\n  if_exists = \"overwrite\"\n  contents = <<EOT\nprovider \"aws\" {}\nEOT\n}\n";
        let sourced = "terraform {\n  source = \"../../modules/db\"\n}\n";
        let include =
            |file: &str| format!("include \"root\" {{\n  path = find_in_parent_folders(\"{file}\")\n}}\n");
        let generated = "generate \"v\" {\n  path = \"v.tf\"\n  if_exists = \"overwrite\"\n  contents = \"variable \\\"x\\\" {}\"\n}\n";
        let hook =
            "terraform {\n  before_hook \"h\" {\n    commands = [\"plan\"]\n    execute = [\"x\"]\n  }\n}\n";
        for (unit, expected) in [
            (sourced.to_owned(), Some("modules/db")),
            (include("root.hcl") + sourced, Some("modules/db")),
            (include("root.hcl"), Some("live/db")),
            (sourced.replace("modules/", "modules//"), Some("modules/db")),
            (sourced.replace("../..", "${get_terragrunt_dir()}/../.."), None),
            (sourced.replace("../..", "${get_env(\"X\")}/.."), None),
            (sourced.replace("../..", "git::https://example.com"), None),
            (include("sourced.hcl"), None),
            (include("sourced.hcl") + sourced, Some("modules/db")),
            (include("generating.hcl") + sourced, None),
            (include("gone.hcl") + sourced, None),
            (hook.to_owned(), None),
            (generated.to_owned() + sourced, None),
        ] {
            let files = [
                ("live/db/terragrunt.hcl", &*unit),
                ("live/root.hcl", root),
                ("live/sourced.hcl", "terraform {\n  source = \"../other\"\n}\n"),
                ("live/generating.hcl", generated),
            ];
            let project = Project::new("", &files);
            let expected = expected.map(|folder| project.root().join(folder));
            assert_eq!(unit_module(&project.root().join("live/db")), expected, "{unit}");
        }
    }

    #[test]
    fn the_source_of_a_unit_is_known_whatever_else_is_written_into_it() {
        let written = "generate \"v\" {\n  path = \"v.tf\"\n  if_exists = \"overwrite\"\n  contents = \"variable \\\"x\\\" {}\"\n}\n";
        let sourced = "terraform {\n  source = \"../../modules/db\"\n}\n";
        let include = "include \"root\" {\n  path = find_in_parent_folders(\"root.hcl\")\n}\n";
        for (unit, expected) in [
            (sourced.to_owned() + written, Some("modules/db")),
            (sourced.replace("modules/", "modules//"), Some("modules/db")),
            (sourced.replace("../..", "${get_terragrunt_dir()}/../.."), Some("modules/db")),
            (include.to_owned(), Some("modules/net")),
            (include.to_owned() + sourced, Some("modules/db")),
            (sourced.replace("../..", "${get_env(\"X\")}/.."), None),
            (sourced.replace("../..", "git::https://example.com"), None),
            (include.to_owned() + &sourced.replace("../..", "git::https://example.com"), None),
            (sourced.replace("../../modules/", "inner/"), Some("live/db/inner/db")),
            (sourced.replace("../../modules/", "outer/"), None),
            (written.to_owned(), None),
        ] {
            let root = "terraform {\n  source = \"../../modules/net\"\n}\n";
            let project = Project::new(
                "",
                &[
                    ("live/db/terragrunt.hcl", &*unit),
                    ("live/root.hcl", root),
                    ("live/db/more.tf", ""),
                    ("live/db/inner/db/main.tf", ""),
                ],
            );
            let expected = expected.map(|folder| project.root().join(folder));
            assert_eq!(unit_source(&project.root().join("live/db")), expected, "{unit}");
        }
    }

    #[test]
    fn files_beside_a_unit_with_a_source_hide_its_module() {
        let unit = "terraform {\n  source = \"../m\"\n}\n";
        let project = Project::new("", &[("u/terragrunt.hcl", unit), ("u/extra.tf", ""), ("m/main.tf", "")]);
        assert_eq!(unit_module(&project.root().join("u")), None);
    }
}
