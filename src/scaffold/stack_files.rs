//! Files of Terragrunt stacks (`terragrunt.stack.hcl`), and the folders of the units that `terragrunt stack generate` makes
//! of them.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    module_sources::CalledFolders,
    tree::RepositoryTree,
    unit_group::{ANY_DEPTH, GENERATED_FOLDER},
    units::uses_values,
};
use crate::{
    files::{self, normalised},
    hcl::{Expr, parse_body},
};

/// File with the blocks of a Terragrunt stack.
const STACK_FILE: &str = "terragrunt.stack.hcl";

/// Maximum depth of stacks within stacks.
const MAX_DEPTH: usize = 10;

/// Files of Terragrunt stacks in a repository.
#[derive(Debug, Default)]
pub(super) struct TerragruntStackFiles {
    /// Files that units are generated from, in the order of their paths.
    pub(super) live: Vec<Utf8PathBuf>,
    /// Files that others take as `source`, or that need `values`.
    pub(super) catalog: Vec<Utf8PathBuf>,
    /// Folders of the units that the live files generate; one whose units are unknown ends in `**`.
    pub(super) generated_units: Vec<Utf8PathBuf>,
    /// Sources of the units.
    pub(super) unit_sources: CalledFolders,
    /// Messages about files that could not be read.
    pub(super) unreadable: Vec<String>,
    /// True if some generated units are not there yet.
    pub(super) is_not_generated: bool,
}

/// Block `unit` or `stack` of a Terragrunt stack.
struct StackBlock {
    /// True for a stack within the stack.
    is_stack: bool,
    /// Text of its `source`.
    source: Option<String>,
    /// Path of the generated folder, if it is a constant.
    path: Option<String>,
    /// True if it is generated beside the file.
    is_beside_file: bool,
}

impl TerragruntStackFiles {
    /// Reads the files of Terragrunt stacks; those in hidden folders and in folders of templates are left out.
    pub(super) fn read(tree: &RepositoryTree) -> Self {
        let mut found = Self::default();
        let mut stack_sources = CalledFolders::default();
        let mut files = Vec::new();
        for folder in tree.folders_with_file(STACK_FILE) {
            let path = folder.join(STACK_FILE);
            let text = files::read(&tree.root.join(&path)).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let blocks = read_blocks(&text).unwrap_or_else(|error| {
                found.unreadable.push(format!("cannot read `{path}`: {error}"));
                Vec::new()
            });
            for block in &blocks {
                let sources = if block.is_stack { &mut stack_sources } else { &mut found.unit_sources };
                if let Some(source) = &block.source {
                    sources.add(folder, source);
                }
            }
            files.push((folder.clone(), uses_values(&text), blocks));
        }
        let mut generated = BTreeSet::new();
        for (folder, takes_values, blocks) in &files {
            if *takes_values || stack_sources.contains(folder) {
                found.catalog.push(folder.join(STACK_FILE));
                continue;
            }
            found.live.push(folder.join(STACK_FILE));
            found.is_not_generated |= !tree.root.join(folder).join(GENERATED_FOLDER).is_dir();
            add_units(&files, (folder, folder), blocks, MAX_DEPTH, &mut generated);
        }
        found.generated_units = generated.into_iter().collect();
        found
    }
}

/// Adds the folders that the blocks of a stack generate; `folders` are that of its file and the one it is generated in.
fn add_units(
    files: &[(Utf8PathBuf, bool, Vec<StackBlock>)],
    folders: (&Utf8Path, &Utf8Path),
    blocks: &[StackBlock],
    depth: usize,
    found: &mut BTreeSet<Utf8PathBuf>,
) {
    let (of_file, generated_in) = folders;
    for block in blocks {
        let parent =
            if block.is_beside_file { generated_in.to_owned() } else { generated_in.join(GENERATED_FOLDER) };
        let Some(path) = &block.path else {
            found.insert(parent.join(ANY_DEPTH));
            continue;
        };
        let folder = normalised(&parent.join(path));
        if !block.is_stack {
            found.insert(folder);
            continue;
        }
        let is_source = |other: &Utf8Path| {
            let mut source = CalledFolders::default();
            block.source.iter().for_each(|text| source.add(of_file, text));
            source.contains(other)
        };
        match files.iter().find(|(other, ..)| depth > 0 && is_source(other)) {
            Some((other, _, blocks)) => add_units(files, (other, &folder), blocks, depth - 1, found),
            None => {
                found.insert(folder.join(ANY_DEPTH));
            }
        }
    }
}

/// Reads the `unit` and `stack` blocks of a file.
fn read_blocks(text: &str) -> Result<Vec<StackBlock>, String> {
    let body = parse_body(text).map_err(|error| error.to_string())?;
    let blocks = body.blocks().filter(|block| ["unit", "stack"].contains(&block.ident.as_str()));
    let blocks = blocks.map(|block| {
        let value = |name: &str| block.body.get_attribute(name).map(|attribute| &attribute.value);
        let is_beside_file = value("no_dot_terragrunt_stack")
            .is_some_and(|value| Expr::from(value).literal() == Some(&serde_json::Value::Bool(true)));
        StackBlock {
            is_stack: block.ident.as_str() == "stack",
            source: value("source").map(|value| value.to_string().trim().trim_matches('"').to_owned()),
            path: value("path").and_then(|value| Expr::from(value).text().map(str::to_owned)),
            is_beside_file,
        }
    });
    Ok(blocks.collect())
}

#[cfg(test)]
mod tests {
    use super::{super::sample::Sample, *};

    fn stack_files(files: &[(&str, &str)]) -> TerragruntStackFiles {
        TerragruntStackFiles::read(&RepositoryTree::read(Sample::new(files).root()).unwrap())
    }

    #[test]
    fn generated_folders_follow_from_the_blocks() {
        let live = "unit \"net\" {\n  source = \"git::https://example.com/c.git//units/net\"\n  path = \"net\"\n}\nunit \"db\" {\n  source = \"../../units/db\"\n  path = \"data/db\"\n  no_dot_terragrunt_stack = true\n}\n";
        let nested = "stack \"app\" {\n  source = \"../../stacks/app\"\n  path = \"app\"\n}\nstack \"far\" {\n  source = \"git::https://example.com/c.git//stacks/far\"\n  path = \"far\"\n}\n";
        let app = "unit \"web\" {\n  source = \"../units/web\"\n  path = \"web\"\n}\n";
        let found = stack_files(&[
            ("live/dev/terragrunt.stack.hcl", live),
            ("live/prod/terragrunt.stack.hcl", nested),
            ("stacks/app/terragrunt.stack.hcl", app),
            (
                "stacks/lib/terragrunt.stack.hcl",
                "unit \"x\" {\n  source = values.source\n  path = \"x\"\n}\n",
            ),
        ]);
        assert_eq!(found.live, ["live/dev/terragrunt.stack.hcl", "live/prod/terragrunt.stack.hcl"]);
        assert_eq!(found.catalog, ["stacks/app/terragrunt.stack.hcl", "stacks/lib/terragrunt.stack.hcl"]);
        assert_eq!(
            found.generated_units,
            [
                "live/dev/.terragrunt-stack/net",
                "live/dev/data/db",
                "live/prod/.terragrunt-stack/app/.terragrunt-stack/web",
                "live/prod/.terragrunt-stack/far/**",
            ]
        );
        assert!(found.unit_sources.contains("units/db".into()));
        assert!(found.is_not_generated);
    }

    #[test]
    fn a_broken_file_is_named() {
        let found = stack_files(&[("live/terragrunt.stack.hcl", "unit {{")]);
        assert!(found.unreadable[0].contains("live/terragrunt.stack.hcl"), "{:?}", found.unreadable);
        assert_eq!(found.live, ["live/terragrunt.stack.hcl"]);
    }
}
