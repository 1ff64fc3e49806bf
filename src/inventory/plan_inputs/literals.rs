//! Path references of configuration files in HCL and JSON syntax, cached by file.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use camino::{Utf8Path, Utf8PathBuf};
use hcl_edit::structure::Body;

use super::{
    eval_scope::{Locals, take_locals},
    path_refs::{FileRefs, Mentions, PathRef, RefKind, Role},
    terragrunt::Unit,
};
use crate::{
    engine::layout::any_module_files,
    files,
    hcl::{
        JsonTree,
        eval::{PathBase, PathSegment, WRITTEN, origin_of_text},
        parse_body, parse_unit,
    },
};

/// Cache of path references. A file that means the same to every stack is parsed once; a Terragrunt file is evaluated for
/// each unit.
#[derive(Debug, Default)]
pub(super) struct Literals {
    known: Mutex<HashMap<Utf8PathBuf, Arc<FileRefs>>>,
    /// Locals by folder.
    locals: Mutex<HashMap<Utf8PathBuf, Arc<Locals>>>,
}

impl Literals {
    /// Returns the references of a file; those of a Terragrunt file as evaluated for the unit. A file that cannot be parsed
    /// counts as reading files at unknown paths.
    pub(super) fn of(&self, file: &Utf8Path, unit: &Unit) -> Arc<FileRefs> {
        if file.extension() == Some("hcl") {
            let of = |body: &Body| {
                let mut locals = Locals::new();
                take_locals(body, &mut locals);
                Mentions::of(body, &locals)
            };
            let roles: Vec<FileRefs> = unit.plain(file).iter().map(of).collect();
            if roles.is_empty() && files::is_there(file) {
                let text = text_of(file).unwrap_or_default();
                return Arc::new(unreadable(&text, &Locals::new()));
            }
            // A path that is known in one role of the file (as included, as read) does not count as unknown.
            let is_computed =
                |mention: &PathRef, aim| mention.base == PathBase::Computed && mention.aim == aim;
            let always =
                |aim| roles.iter().all(|said| said.mentions.iter().any(|mention| is_computed(mention, aim)));
            let known = [RefKind::Source, RefKind::Read].into_iter().filter(|aim| !always(*aim));
            let known: Vec<RefKind> = known.collect();
            let mut said = FileRefs::default();
            for role in roles {
                said.extend(role);
            }
            said.mentions.retain(|mention| !known.iter().any(|aim| is_computed(mention, *aim)));
            return Arc::new(said);
        }
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(said) = known().get(file) {
            return Arc::clone(said);
        }
        let said = Arc::new(self.read(file));
        known().insert(file.to_owned(), Arc::clone(&said));
        said
    }

    fn read(&self, file: &Utf8Path) -> FileRefs {
        let Some(text) = text_of(file) else { return FileRefs::default() };
        let dir = file.parent().unwrap_or(file);
        let locals = if text.contains("local.") { self.locals(dir) } else { Arc::default() };
        if file.file_name().is_some_and(|name| name.ends_with(".hcl.json")) {
            return parse_unit(file, &text).map_or_else(
                |_| unreadable(&text.replace("\\\"", "\""), &locals),
                |body| Mentions::of(&body, &locals),
            );
        }
        if file.extension() == Some("json") {
            let mut found = FileRefs::default();
            if let Ok(value) = serde_json::from_str::<JsonTree>(&text) {
                descend(&value, &locals, &mut Vec::new(), &mut found);
            }
            return found;
        }
        parse_body(&text).map_or_else(|_| unreadable(&text, &locals), |body| Mentions::of(&body, &locals))
    }

    /// Returns the locals that the files of a folder define.
    fn locals(&self, dir: &Utf8Path) -> Arc<Locals> {
        let known = || self.locals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(locals) = known().get(dir) {
            return Arc::clone(locals);
        }
        let names = files::folder_names_if_readable(dir);
        // Of `a.tf` and `a.tofu`, OpenTofu loads one and Terraform the other: both are read here.
        let files = any_module_files(&names);
        let taken = |names: &[String]| {
            let mut locals = Locals::new();
            for name in names {
                if let Some(text) = text_of(&dir.join(name)).filter(|text| text.contains("locals"))
                    && let Ok(body) = parse_body(&text)
                {
                    take_locals(&body, &mut locals);
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
fn unreadable(text: &str, locals: &Locals) -> FileRefs {
    let mut said = FileRefs::unknown();
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        rest = &rest[start + 1..];
        let end = rest.find(['"', '\n']).unwrap_or(rest.len());
        for mut mention in Mentions::of_text(&rest[..end], Role::Other, locals).mentions {
            if mention.aim == RefKind::Other {
                mention.aim = RefKind::Read;
            }
            said.mentions.push(mention);
        }
    }
    said
}

fn text_of(file: &Utf8Path) -> Option<String> {
    let text = files::read_text(file).ok()?;
    Some(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

fn descend<'v>(value: &'v JsonTree, locals: &Locals, keys: &mut Vec<&'v str>, found: &mut FileRefs) {
    match value {
        JsonTree::Text(text) => {
            let role = match keys.as_slice() {
                ["module", _, "source"] => Role::Source,
                ["terraform", "backend", ..] | ["data", "terraform_remote_state", ..] => Role::Place,
                _ => Role::Other,
            };
            let said = Mentions::of_text(text, role, locals);
            if let ["module", _, name, ..] = keys.as_slice() {
                found.variables.passed.push(((*name).to_owned(), said.origin.clone()));
            }
            if let ["variable", name, "default", ..] = keys.as_slice() {
                // A default is literal text, not a template.
                let origin = origin_of_text(&[PathSegment::Text(text.clone())]);
                found.variables.defaults.push(((*name).to_owned(), origin));
            }
            found.extend(said);
        }
        JsonTree::Array(items) => items.iter().for_each(|item| descend(item, locals, keys, found)),
        JsonTree::Object(members) => {
            if let (["variable", name], true) =
                (keys.as_slice(), members.iter().any(|(key, _)| key == "default"))
            {
                found.variables.defaults.push(((*name).to_owned(), WRITTEN));
            }
            for (key, member) in members {
                keys.push(key);
                descend(member, locals, keys, found);
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
        let said = Literals::default().read(&file);
        let read: Vec<&str> = said
            .mentions
            .iter()
            .filter(|mention| mention.aim == RefKind::Read)
            .map(|mention| mention.path.as_str())
            .collect();
        assert!(read.contains(&"../note.txt"), "{read:?}");
        assert!(said.mentions.iter().any(|mention| mention.base == PathBase::Computed));
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
        let locals = Literals::default().locals(dir);
        let shown = |name: &str| locals[name].to_string();
        assert_eq!(shown("overridden").trim(), "\"../override\"");
        assert!(shown("both").contains("../tf") && shown("both").contains("../tofu"), "{}", shown("both"));
    }
}
