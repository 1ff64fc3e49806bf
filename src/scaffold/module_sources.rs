//! Local modules that other configuration calls: the `source` of module calls, and of Terragrunt configuration, whose
//! modules have the states of their units and none of their own.

use std::collections::{BTreeSet, HashSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::tree::RepositoryTree;
use crate::{
    engine::detect::LOCKFILE,
    files::{self, normalised},
    hcl::Expr,
};

/// Expression for the folder of the Terragrunt configuration itself.
const OWN_FOLDER: &str = "${get_terragrunt_dir()}";

/// Expressions for the folder of the calling module.
const MODULE_FOLDERS: [&str; 3] = ["${path.module}/", "${path.root}/", "${path.cwd}/"];

/// Stand-in for the part of a path that an expression decides.
const ANY_FOLDER: &str = "*";

/// Folders of modules that the sources in a repository refer to.
#[derive(Debug, Default)]
pub(super) struct CalledFolders {
    /// Folders, relative to the repository.
    folders: HashSet<Utf8PathBuf>,
    /// Literal ends of paths that begin with an expression.
    path_suffixes: HashSet<String>,
    /// Folders of paths with an expression in the middle, which is [`ANY_FOLDER`].
    patterns: BTreeSet<Utf8PathBuf>,
}

impl CalledFolders {
    /// Reads the `source` of every `terraform` block in the repository's `.hcl` files.
    pub(super) fn of_terragrunt(tree: &RepositoryTree) -> Self {
        let mut found = Self::default();
        let is_configuration =
            |file: &Utf8PathBuf| file.extension() == Some("hcl") && file.file_name() != Some(LOCKFILE);
        for file in tree.files().filter(is_configuration) {
            // A file that cannot be read is reported where units are read.
            let text = files::read(&tree.root.join(&file)).unwrap_or_default();
            let folder = file.parent().unwrap_or_else(|| Utf8Path::new(""));
            for source in terraform_sources(&String::from_utf8_lossy(&text)) {
                found.add(folder, &source);
            }
        }
        found
    }

    /// Adds the folder that a `source` of Terragrunt refers to; `folder` is the folder of the file with the source.
    pub(super) fn add(&mut self, folder: &Utf8Path, source: &str) {
        let source = source.split('?').next().unwrap_or_default();
        if source.contains("::") || source.contains("://") {
            return;
        }
        let path = source.replace("//", "/");
        let path = path.strip_prefix(OWN_FOLDER).map_or(path.as_str(), |below| below.trim_start_matches('/'));
        match path.rsplit_once('}') {
            None => {
                self.folders.insert(normalised(&folder.join(path)));
            }
            Some((_, end)) => {
                let end = end.rsplit_once("../").map_or(end, |(_, end)| end).trim_matches('/');
                if !end.is_empty() && end != ".." {
                    self.path_suffixes.insert(end.to_owned());
                }
            }
        }
    }

    /// Adds the folders that the `source` of a module call may refer to: each path in it, with any folder in the place
    /// of an expression.
    pub(super) fn add_call(&mut self, folder: &Utf8Path, source: &Expr) {
        let text = match source {
            Expr::Literal(value) => value.as_str().unwrap_or_default().to_owned(),
            Expr::Computed(expression) => expression.to_string(),
            Expr::Unreadable => return,
        };
        for path in text.split('"') {
            let path =
                MODULE_FOLDERS.iter().find_map(|own| path.strip_prefix(own)).map_or(path, |below| below);
            if !(path.starts_with("./") || path.starts_with("../") || [".", ".."].contains(&path)) {
                continue;
            }
            let path = without_expressions(path);
            let path = normalised(&folder.join(path));
            if path.components().any(|part| part.as_str().contains(ANY_FOLDER)) {
                self.patterns.insert(path);
            } else {
                self.folders.insert(path);
            }
        }
    }

    /// Returns true if a source refers to this folder.
    pub(super) fn contains(&self, folder: &Utf8Path) -> bool {
        let text = folder.as_str();
        let ends = text.match_indices('/').map(|(at, _)| &text[at + 1..]).chain([text]);
        self.folders.contains(folder)
            || !self.path_suffixes.is_empty() && ends.into_iter().any(|end| self.path_suffixes.contains(end))
            || self.patterns.iter().any(|pattern| matches_pattern(pattern, folder))
    }
}

/// Replaces each `${…}` of a path by [`ANY_FOLDER`].
fn without_expressions(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        out.push_str(ANY_FOLDER);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    out + rest
}

/// Returns true if a folder has as many parts as a pattern, and the same ones where the pattern has no expression.
fn matches_pattern(pattern: &Utf8Path, folder: &Utf8Path) -> bool {
    let (parts, own) = (pattern.components().count(), folder.components().count());
    let is_same = |part: &str, own: &str| match part.split_once(ANY_FOLDER) {
        Some((start, end)) => own.starts_with(start) && (end.contains(ANY_FOLDER) || own.ends_with(end)),
        None => part == own,
    };
    let mut pairs = pattern.components().zip(folder.components());
    parts == own && pairs.all(|(part, own)| is_same(part.as_str(), own.as_str()))
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
        if let Some(value) = value.map(str::trim).filter(|_| is_inside) {
            match value.strip_prefix('"').and_then(|value| value.rsplit_once('"')) {
                Some((source, _)) => found.push(source.to_owned()),
                // A conditional: each text in quotes may be the source.
                None => found.extend(value.split('"').skip(1).step_by(2).map(str::to_owned)),
            }
        }
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
            (
                "live/dev/h/terragrunt.hcl",
                "terraform {\n  source = local.own ? \"../../../modules/h\" : \"git::https://example.com/x.git\"\n}\n"
                    .to_owned(),
            ),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let sample = Sample::new(&files);
        let sources = CalledFolders::of_terragrunt(&RepositoryTree::read(sample.root()).unwrap());
        for (name, is_named) in [
            ("a", true),
            ("b", true),
            ("c", true),
            ("d", true),
            ("e", true),
            ("f", false),
            ("g", false),
            ("h", true),
        ] {
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
