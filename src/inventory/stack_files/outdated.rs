//! Comparison of generated units with the stack file that they come from, by content.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::generated::GeneratedFolders;
use crate::{
    engine::{layout::is_unit_file, terragrunt::stack_files::STACK_FILE},
    files,
    inventory::plan_inputs::{ComponentKind, StackComponent, walk::is_data_folder},
};

/// Maximum depth of nested stacks and folders that are compared.
const MAX_DEPTH: usize = 32;

/// Returns the names of the units and nested stacks whose generated files differ from what their blocks declare, or are
/// missing. What only Terragrunt can compute, and a source that is not in a local folder, is not compared.
pub(in crate::inventory) fn outdated_units(dir: &Utf8Path, folders: &GeneratedFolders) -> Vec<String> {
    let mut names = Vec::new();
    add_outdated(dir, folders, MAX_DEPTH, &mut names);
    names
}

fn add_outdated(dir: &Utf8Path, folders: &GeneratedFolders, depth: usize, names: &mut Vec<String>) {
    let (Some(stack), Some(depth)) = (folders.stack(dir), depth.checked_sub(1)) else { return };
    for component in &stack.components {
        let Some(folder) = &component.folder else { continue };
        if is_outdated(component, dir, folder) {
            names.push(component.name.clone());
        } else if component.kind == ComponentKind::Stack {
            add_outdated(folder, folders, depth, names);
        }
    }
}

/// Returns true if a component's folder lacks files, or has files or values that differ.
fn is_outdated(component: &StackComponent, stack_dir: &Utf8Path, folder: &Utf8Path) -> bool {
    let marks = |name: &str| match component.kind {
        ComponentKind::Unit => is_unit_file(name),
        ComponentKind::Stack => name == STACK_FILE,
    };
    if !files::entry_names_if_readable(folder).iter().any(|name| marks(name)) {
        return true;
    }
    let copied = component.local_source(stack_dir);
    copied.is_some_and(|source| differs(&source, folder, MAX_DEPTH))
        || component.values.as_ref().is_some_and(|values| has_other_values(values, folder))
}

/// Returns true if a file below `source` is not in the copy, or has another content there.
fn differs(source: &Utf8Path, copy: &Utf8Path, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    files::entry_names_if_readable(source).iter().any(|name| {
        let (from, to): (Utf8PathBuf, Utf8PathBuf) = (source.join(name), copy.join(name));
        if from.is_dir() {
            return !is_data_folder(name) && differs(&from, &to, depth);
        }
        match (files::read(&from), files::read(&to)) {
            (Ok(from), Ok(to)) => from != to,
            // What cannot be read is not compared.
            (Ok(_), Err(_)) => !to.exists(),
            (Err(_), _) => false,
        }
    })
}

/// Returns true if the generated values have other names than `values`, or another text where both are known.
fn has_other_values(values: &BTreeMap<String, Option<String>>, folder: &Utf8Path) -> bool {
    let Ok(generated) = StackComponent::generated_values(folder) else { return false };
    let is_other = |(name, value): (&String, &Option<String>)| match (value, generated.get(name)) {
        (_, None) => true,
        (Some(value), Some(Some(generated))) => value != generated,
        (None, Some(_)) | (Some(_), Some(None)) => false,
    };
    values.len() != generated.len() || values.iter().any(is_other)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const STACK: &str = "unit \"app\" {\n  source = \"../catalog/app\"\n  path = \"app\"\n  \
                         values = {\n    size = \"1\"\n    zone = run_cmd(\"zone\")\n  }\n}\n";

    /// Returns the outdated units of the stack in `live`, after changes of its files.
    fn outdated(changes: &[(&str, &str)]) -> Vec<String> {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let files = [
            ("live/terragrunt.stack.hcl", STACK),
            ("catalog/app/terragrunt.hcl", "inputs = {}\n"),
            ("catalog/app/files/a.txt", "a\n"),
            ("live/.terragrunt-stack/app/terragrunt.hcl", "inputs = {}\n"),
            ("live/.terragrunt-stack/app/files/a.txt", "a\n"),
            ("live/.terragrunt-stack/app/terragrunt.values.hcl", "size = \"1\"\nzone = \"eu\"\n"),
            ("live/.terragrunt-stack/app/.terraform.lock.hcl", "# lock\n"),
        ];
        for (file, text) in files.iter().chain(changes) {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        outdated_units(&root.join("live"), &GeneratedFolders::default())
    }

    #[test]
    fn contents_decide_whether_units_are_out_of_date() {
        let file = "live/terragrunt.stack.hcl";
        for (changed, text) in [
            ("catalog/app/terragrunt.hcl", "inputs = { a = 1 }\n"),
            ("catalog/app/files/a.txt", "b\n"),
            ("catalog/app/new.tf", ""),
            (file, &STACK.replace("\"1\"", "\"2\"")),
            (file, &STACK.replace("size", "length")),
        ] {
            assert_eq!(outdated(&[(changed, text)]), ["app"], "{changed}: {text}");
        }
        let more = format!("{STACK}unit \"db\" {{\n  source = \"../catalog/app\"\n  path = \"db\"\n}}\n");
        assert_eq!(outdated(&[(file, &more)]), ["db"]);
        let elsewhere = STACK.replace("../catalog/app", "git::https://example.com/c.git//app");
        for (changed, text) in [
            ("catalog/other", "x"),
            (file, &STACK.replace("run_cmd(\"zone\")", "run_cmd(\"other\")")),
            (file, &elsewhere),
            (file, "unit \"x\" {"),
        ] {
            assert!(outdated(&[(changed, text)]).is_empty(), "{changed}: {text}");
        }
    }
}
