//! Local modules that are the `source` of Terragrunt configuration: they have the states of their units and none of
//! their own.

use camino::{Utf8Path, Utf8PathBuf};

use super::tree::RepositoryTree;
use crate::{
    engine::detect::LOCKFILE,
    files::{self, normalised},
};

/// Expression for the folder of the configuration itself.
const OWN_FOLDER: &str = "${get_terragrunt_dir()}";

/// Folders of modules, from the sources of units and of the files that units include.
#[derive(Debug, Default)]
pub(super) struct UnitSources {
    /// Folders, relative to the repository.
    folders: Vec<Utf8PathBuf>,
    /// Literal ends of paths that begin with an expression.
    path_suffixes: Vec<Utf8PathBuf>,
}

impl UnitSources {
    /// Reads the `source` of every `terraform` block in the repository's `.hcl` files.
    pub(super) fn read(tree: &RepositoryTree) -> Self {
        let mut found = Self::default();
        let is_configuration =
            |file: &Utf8PathBuf| file.extension() == Some("hcl") && file.file_name() != Some(LOCKFILE);
        for file in tree.files().filter(is_configuration) {
            // A file that cannot be read is reported where units are read.
            let text = files::read(&tree.root.join(&file)).unwrap_or_default();
            for source in terraform_sources(&String::from_utf8_lossy(&text)) {
                found.add(file.parent().unwrap_or_else(|| Utf8Path::new("")), &source);
            }
        }
        found
    }

    /// Adds the folder that a `source` refers to; `folder` is the folder of the file with the source.
    fn add(&mut self, folder: &Utf8Path, source: &str) {
        let source = source.split('?').next().unwrap_or_default();
        if source.contains("::") || source.contains("://") {
            return;
        }
        let path = source.replace("//", "/");
        let path = path.strip_prefix(OWN_FOLDER).map_or(path.as_str(), |below| below.trim_start_matches('/'));
        match path.rsplit_once('}') {
            None => self.folders.push(normalised(&folder.join(path))),
            Some((_, end)) => {
                let end = end.rsplit_once("../").map_or(end, |(_, end)| end).trim_matches('/');
                if !end.is_empty() && end != ".." {
                    self.path_suffixes.push(end.into());
                }
            }
        }
    }

    /// Returns true if the source of a unit refers to this folder.
    pub(super) fn contains(&self, folder: &Utf8Path) -> bool {
        self.folders.iter().any(|source| source == folder)
            || self.path_suffixes.iter().any(|end| folder.ends_with(end))
    }
}

/// Returns the texts of `source` in the `terraform` blocks of a file.
fn terraform_sources(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_inside = false;
    for line in text.lines().map(str::trim) {
        let starts =
            line.strip_prefix("terraform").map(str::trim_start).and_then(|rest| rest.strip_prefix('{'));
        is_inside |= starts.is_some();
        let attribute = starts.unwrap_or(line).trim_start();
        let value =
            attribute.strip_prefix("source").map(str::trim_start).and_then(|rest| rest.strip_prefix('='));
        let value = value.and_then(|value| value.trim_start().strip_prefix('"')?.rsplit_once('"'));
        found.extend(value.filter(|_| is_inside).map(|(source, _)| source.to_owned()));
        is_inside &= line != "}" && !(starts.is_some() && line.ends_with('}'));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{super::sample::Sample, *};

    #[test]
    fn local_sources_name_folders_whatever_they_begin_with() {
        let unit = |source: &str| format!("terraform {{\n  source = \"{source}\"\n}}\n");
        let files = [
            ("live/dev/a/terragrunt.hcl", unit("../../../modules/a")),
            ("live/dev/b/terragrunt.hcl", unit("${get_repo_root()}/modules//b")),
            ("live/dev/c/terragrunt.hcl", unit("${get_terragrunt_dir()}/../../../modules/c")),
            ("live/dev/d/terragrunt.hcl", "include \"env\" {\n  path = \"x\"\n}\n".to_owned()),
            ("_env/d.hcl", unit("${dirname(find_in_parent_folders(\"root.hcl\"))}/../modules/d?ref=x")),
            ("live/dev/e/terragrunt.hcl", "terraform { source = \"../../../modules/e\" }\n".to_owned()),
            ("live/dev/f/terragrunt.hcl", unit("git::https://example.com/x.git//modules/f")),
            ("live/dev/g/terragrunt.hcl", unit("${local.base}")),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let sample = Sample::new(&files);
        let sources = UnitSources::read(&RepositoryTree::read(sample.root()).unwrap());
        for (name, is_named) in
            [("a", true), ("b", true), ("c", true), ("d", true), ("e", true), ("f", false), ("g", false)]
        {
            let folder = Utf8Path::new("modules").join(name);
            assert_eq!(sources.contains(&folder), is_named, "{name}: {sources:?}");
        }
    }

    #[test]
    fn a_source_outside_a_terraform_block_is_not_one() {
        let text = "locals {\n  source = \"../x\"\n}\n\nterraform {\n  source = \"../y\"\n}\n\nlocals {\n  source = \"../z\"\n}\n";
        assert_eq!(terraform_sources(text), ["../y"]);
    }
}
