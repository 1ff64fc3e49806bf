//! Path references of configuration files in HCL and JSON syntax, cached by file.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use camino::{Utf8Path, Utf8PathBuf};
use hcl_edit::structure::Body;

use super::{
    eval_scope::{Locals, collect_locals},
    path_refs::{FileRefs, JsonStringRole, PathRef, RefCollector, RefKind},
    terragrunt::UnitEvaluator,
};
use crate::{
    engine::layout::any_module_files,
    files,
    hcl::{
        JsonTree,
        eval::{LITERAL, PathBase, PathSegment, origin_of_text},
        parse_body, parse_unit,
    },
};

/// Cache of the path references in configuration files. A file that means the same to every stack is parsed once; a
/// Terragrunt file is not cached, since each unit evaluates it differently.
#[derive(Debug, Default)]
pub(super) struct PathReferenceCache {
    /// References by file, of files that are no Terragrunt files.
    by_file: Mutex<HashMap<Utf8PathBuf, Arc<FileRefs>>>,
    /// Locals that modules define, by folder of the module.
    locals: Mutex<HashMap<Utf8PathBuf, Arc<Locals>>>,
}

impl PathReferenceCache {
    /// Returns the references of a file; a Terragrunt file is evaluated for `unit`. A file that cannot be parsed
    /// counts as reading files at unknown paths.
    pub(super) fn of_file(&self, file: &Utf8Path, unit: &UnitEvaluator) -> Arc<FileRefs> {
        if file.extension() == Some("hcl") {
            let collect = |body: &Body| {
                let mut locals = Locals::new();
                collect_locals(body, &mut locals);
                RefCollector::collect(body, &locals)
            };
            let roles: Vec<FileRefs> = unit.inlined_bodies(file).iter().map(collect).collect();
            if roles.is_empty() && files::is_file_there(file) {
                let text = text_of(file).unwrap_or_default();
                return Arc::new(refs_of_unparsable(&text, &Locals::new()));
            }
            // A path that is known in one role of the file (as included, as read) does not count as unknown.
            let is_computed =
                |path_ref: &PathRef, kind| path_ref.base == PathBase::Computed && path_ref.kind == kind;
            let always = |kind| {
                roles
                    .iter()
                    .all(|file_refs| file_refs.refs.iter().any(|path_ref| is_computed(path_ref, kind)))
            };
            let known = [RefKind::Source, RefKind::Read].into_iter().filter(|kind| !always(*kind));
            let known: Vec<RefKind> = known.collect();
            let mut file_refs = FileRefs::default();
            for role in roles {
                file_refs.extend(role);
            }
            file_refs.refs.retain(|path_ref| !known.iter().any(|kind| is_computed(path_ref, *kind)));
            return Arc::new(file_refs);
        }
        let known = || self.by_file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file_refs) = known().get(file) {
            return Arc::clone(file_refs);
        }
        let file_refs = Arc::new(self.parse(file));
        known().insert(file.to_owned(), Arc::clone(&file_refs));
        file_refs
    }

    /// Parses a file other than a Terragrunt file and collects its references.
    fn parse(&self, file: &Utf8Path) -> FileRefs {
        let Some(text) = text_of(file) else { return FileRefs::default() };
        let dir = file.parent().unwrap_or(file);
        let locals = if text.contains("local.") { self.locals(dir) } else { Arc::default() };
        if file.file_name().is_some_and(|name| name.ends_with(".hcl.json")) {
            return parse_unit(file, &text).map_or_else(
                |_| refs_of_unparsable(&text.replace("\\\"", "\""), &locals),
                |body| RefCollector::collect(&body, &locals),
            );
        }
        if file.extension() == Some("json") {
            let mut found = FileRefs::default();
            if let Ok(value) = serde_json::from_str::<JsonTree>(&text) {
                collect_from_json(&value, &locals, &mut Vec::new(), &mut found);
            }
            return found;
        }
        parse_body(&text)
            .map_or_else(|_| refs_of_unparsable(&text, &locals), |body| RefCollector::collect(&body, &locals))
    }

    /// Returns the locals that the files of a folder define.
    fn locals(&self, dir: &Utf8Path) -> Arc<Locals> {
        let known = || self.locals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(locals) = known().get(dir) {
            return Arc::clone(locals);
        }
        let names = files::entry_names_if_readable(dir);
        // Of `a.tf` and `a.tofu`, OpenTofu loads one and Terraform the other: both are read here.
        let files = any_module_files(&names);
        let taken = |names: &[String]| {
            let mut locals = Locals::new();
            for name in names {
                if let Some(text) = text_of(&dir.join(name)).filter(|text| text.contains("locals"))
                    && let Ok(body) = parse_body(&text)
                {
                    collect_locals(&body, &mut locals);
                }
            }
            locals
        };
        let mut locals = taken(&files.primary);
        locals.extend(taken(&files.overrides));
        let locals = Arc::new(locals);
        known().insert(dir.to_owned(), Arc::clone(&locals));
        locals
    }
}

/// Returns the references of a file that cannot be parsed: each quoted text as a path that the file may read, and further
/// files at unknown paths.
fn refs_of_unparsable(text: &str, locals: &Locals) -> FileRefs {
    let mut file_refs = FileRefs::unknown();
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        rest = &rest[start + 1..];
        let end = rest.find(['"', '\n']).unwrap_or(rest.len());
        for mut path_ref in RefCollector::collect_from_text(&rest[..end], JsonStringRole::Other, locals).refs
        {
            if path_ref.kind == RefKind::Other {
                path_ref.kind = RefKind::Read;
            }
            file_refs.refs.push(path_ref);
        }
    }
    file_refs
}

/// Returns the text of a file without a byte order mark; `None` when the file cannot be read.
fn text_of(file: &Utf8Path) -> Option<String> {
    let text = files::read_text(file).ok()?;
    Some(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

/// Adds the references in a part of a file in JSON syntax to `found`; `keys` lead from the document's root to the part.
fn collect_from_json<'v>(
    value: &'v JsonTree,
    locals: &Locals,
    keys: &mut Vec<&'v str>,
    found: &mut FileRefs,
) {
    match value {
        JsonTree::Text(text) => {
            let role = match keys.as_slice() {
                ["module", _, "source"] => JsonStringRole::Source,
                ["terraform", "backend", ..] | ["data", "terraform_remote_state", ..] => {
                    JsonStringRole::StateLocation
                }
                _ => JsonStringRole::Other,
            };
            let file_refs = RefCollector::collect_from_text(text, role, locals);
            if let ["module", _, name, ..] = keys.as_slice() {
                found.variables.arguments.push(((*name).to_owned(), file_refs.origin.clone()));
            }
            if let ["variable", name, "default", ..] = keys.as_slice() {
                // A default is literal text, not a template.
                let origin = origin_of_text(&[PathSegment::Text(text.clone())]);
                found.variables.defaults.push(((*name).to_owned(), origin));
            }
            found.extend(file_refs);
        }
        JsonTree::Array(items) => items.iter().for_each(|item| collect_from_json(item, locals, keys, found)),
        JsonTree::Object(members) => {
            if let (["variable", name], true) =
                (keys.as_slice(), members.iter().any(|(key, _)| key == "default"))
            {
                found.variables.defaults.push(((*name).to_owned(), LITERAL));
            }
            for (key, member) in members {
                keys.push(key);
                collect_from_json(member, locals, keys, found);
                keys.pop();
            }
        }
        JsonTree::Other(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_unit_file_in_json_that_cannot_be_parsed_may_read_what_it_names() {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap();
        let file = dir.join("common.hcl.json");
        let odd = r#"{ "locals": { "odd": "${{ (upper(\"a\")) = 1, (upper(\"a\")) = 2 }}" },
                       "inputs": { "v": "${file(\"../note.txt\")}" } }"#;
        fs::write(&file, odd).unwrap();
        let file_refs = PathReferenceCache::default().parse(&file);
        let read: Vec<&str> = file_refs
            .refs
            .iter()
            .filter(|path_ref| path_ref.kind == RefKind::Read)
            .map(|path_ref| path_ref.path.as_str())
            .collect();
        assert!(read.contains(&"../note.txt"), "{read:?}");
        assert!(file_refs.refs.iter().any(|path_ref| path_ref.base == PathBase::Computed));
    }

    #[test]
    fn a_local_in_two_files_has_both_values_and_an_override_wins() {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap();
        for (file, both, overridden) in [
            ("a.tf", "../tf", "../primary"),
            ("a.tofu", "../tofu", "../primary"),
            ("a_override.tf", "", "../override"),
        ] {
            let both = if both.is_empty() { String::new() } else { format!("both = \"{both}\"\n") };
            fs::write(dir.join(file), format!("locals {{\n{both}overridden = \"{overridden}\"\n}}\n"))
                .unwrap();
        }
        let locals = PathReferenceCache::default().locals(dir);
        let shown = |name: &str| locals[name].to_string();
        assert_eq!(shown("overridden").trim(), "\"../override\"");
        assert!(shown("both").contains("../tf") && shown("both").contains("../tofu"), "{}", shown("both"));
    }
}
