//! Terragrunt units that are declared at two paths and are one folder through a symbolic link.

use std::path::PathBuf;

use camino::Utf8Path;
use indexmap::IndexMap;

use crate::{diagnostic::Diagnostic, engine::layout::unit_file, inventory::Instance};

/// Returns one error for each unit folder that instances declare at more than one path.
///
/// Terragrunt resolves the symbolic link of the folder (measured on 1.1.3), so that such instances share one state.
pub fn linked_units(instances: &[Instance]) -> Vec<Diagnostic> {
    let mut by_folder: IndexMap<PathBuf, Vec<&Instance>> = IndexMap::new();
    for instance in instances.iter().filter(|instance| unit_file(instance.engine).is_some()) {
        let Ok(real) = instance.dir.canonicalize() else { continue };
        let same = by_folder.entry(real).or_default();
        if same.iter().all(|other| other.dir != instance.dir) {
            same.push(instance);
        }
    }
    let pairs = by_folder.values().filter_map(|same| match same.as_slice() {
        [one, other, ..] => Some((*one, *other)),
        _ => None,
    });
    pairs.map(|(one, other)| linked_unit_error(one, other)).collect()
}

fn linked_unit_error(one: &Instance, other: &Instance) -> Diagnostic {
    let links = [one, other].into_iter().filter_map(topmost_link);
    let links: Vec<String> = links.map(|link| format!("`{link}`")).collect();
    let through = if links.is_empty() { String::new() } else { format!(" through {}", links.join(" and ")) };
    let message = format!(
        "`{}` in `{}` and `{}` in `{}` are one folder{through}, and so have the same state",
        one.id, one.path, other.id, other.path
    );
    Diagnostic::error("isolation::linked-unit", message)
        .help("Terragrunt does not see the link: give each environment a folder of its own, with an `include` of what they share")
}

/// Returns the topmost symbolic link on the way from the project to an instance's folder, relative to the project.
fn topmost_link(instance: &Instance) -> Option<&Utf8Path> {
    let mut above: Vec<&Utf8Path> = instance.path.ancestors().collect();
    above.reverse();
    above.into_iter().find(|path| instance.root().join(path).is_symlink())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;
    use crate::inventory::fixture::Project;

    const TOML: &str = "[environments.dev]\n[environments.prod]\n[stacks.a]\nengine = \"terragrunt\"\n\
                        path = \"live/{env}/a\"\n";

    fn messages(project: &Project) -> Vec<String> {
        let instances = [project.instances("dev"), project.instances("prod")].concat();
        linked_units(&instances).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn both_paths_and_the_link_are_named() {
        let project = Project::new(TOML, &[("live/prod/a/terragrunt.hcl", "")]);
        symlink("prod", project.root().join("live/dev")).unwrap();
        assert_eq!(
            messages(&project),
            [
                "`dev/a` in `live/dev/a` and `prod/a` in `live/prod/a` are one folder through `live/dev`, and so have the same state"
            ]
        );
    }

    #[test]
    fn two_links_to_one_folder_are_both_named() {
        let project = Project::new(TOML, &[("shared/a/terragrunt.hcl", "")]);
        fs::create_dir_all(project.root().join("live")).unwrap();
        for environment in ["dev", "prod"] {
            symlink("../shared", project.root().join("live").join(environment)).unwrap();
        }
        assert!(
            messages(&project)[0].contains("through `live/dev` and `live/prod`"),
            "{:?}",
            messages(&project)
        );
    }

    #[test]
    fn folders_of_their_own_and_one_declared_folder_are_no_links() {
        let files = [("live/dev/a/terragrunt.hcl", ""), ("live/prod/a/terragrunt.hcl", "")];
        assert!(messages(&Project::new(TOML, &files)).is_empty());
        let toml = TOML.replace("live/{env}/a", "a");
        assert!(messages(&Project::new(&toml, &[("a/terragrunt.hcl", "")])).is_empty());
    }
}
