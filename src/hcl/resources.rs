//! Resources that the files of a folder declare, by address without indexes.

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde_json::Value;

use super::{folder::read_source, from_hcl};
use crate::{engine::layout::module_files, model::EngineName};

/// Returns the resources and data sources that a module itself declares, as `aws_vpc.main` and `data.aws_ami.x`;
/// `None` if a file cannot be read.
pub fn declared_resources(engine: EngineName, dir: &Utf8Path, root: &Utf8Path) -> Option<BTreeSet<String>> {
    let names = dir.read_dir_utf8().ok()?;
    let names: Vec<String> =
        names.map(|entry| entry.map(|entry| entry.file_name().to_owned())).collect::<Result<_, _>>().ok()?;
    let mut declared = BTreeSet::new();
    for name in module_files(engine, names.iter().map(String::as_str)).all() {
        let source = read_source(&dir.join(name), root).ok()?;
        if Utf8Path::new(name).extension() == Some("json") {
            collect_from_json(&serde_json::from_str(source.text()).ok()?, &mut declared)?;
        } else {
            for block in from_hcl::body(&source).ok()?.blocks() {
                let labels: Vec<&str> =
                    block.labels.iter().map(hcl_edit::structure::BlockLabel::as_str).collect();
                if let ("resource" | "data", [resource_type, name]) =
                    (block.ident.as_str(), labels.as_slice())
                {
                    declared.insert(resource_address(block.ident.as_str(), resource_type, name));
                }
            }
        }
    }
    Some(declared)
}

fn resource_address(block_type: &str, resource_type: &str, name: &str) -> String {
    if block_type == "data" {
        format!("data.{resource_type}.{name}")
    } else {
        format!("{resource_type}.{name}")
    }
}

/// Collects the resources of a file in JSON, each level of which is an object or a list of objects; `None` if a
/// level is neither.
fn collect_from_json(file: &Value, declared: &mut BTreeSet<String>) -> Option<()> {
    for (block_type, resource_types) in members(file)? {
        if block_type != "resource" && block_type != "data" {
            continue;
        }
        for (resource_type, names) in members(resource_types)? {
            declared.extend(
                members(names)?
                    .into_iter()
                    .map(|(name, _)| resource_address(block_type, resource_type, name)),
            );
        }
    }
    Some(())
}

fn members(value: &Value) -> Option<Vec<(&str, &Value)>> {
    match value {
        Value::Object(members) => Some(members.iter().map(|(name, value)| (name.as_str(), value)).collect()),
        Value::Array(items) => items
            .iter()
            .map(members)
            .collect::<Option<Vec<_>>>()
            .map(|all| all.into_iter().flatten().collect()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn resources_of_both_syntaxes_are_found_and_a_broken_file_is_unknown() {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        fs::write(dir.join("a.tf"), "resource \"x\" \"y\" {}\ndata \"x\" \"z\" {}\nlocals {}\n").unwrap();
        let json = r#"{ "resource": [{ "p": { "q": {} } }, { "p": [{ "r": {} }] }], "locals": 3 }"#;
        fs::write(dir.join("b.tf.json"), json).unwrap();
        let found = declared_resources(EngineName::Tofu, dir, dir).unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), ["data.x.z", "p.q", "p.r", "x.y"]);
        fs::write(dir.join("c.tf"), "x {").unwrap();
        assert_eq!(declared_resources(EngineName::Tofu, dir, dir), None);
    }
}
