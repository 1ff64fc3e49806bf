//! Name and engine of the project.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    evidence::ScriptFindings,
    tree::{RepositoryTree, ScaffoldError},
};
use crate::{
    engine::{
        detect::{DetectError, Detector},
        layout::marks_stack,
    },
    files,
    model::EngineName,
};

/// Returns the name of the repository: that of its remote, else of its folder.
pub(super) fn project_name(root: &Utf8Path) -> Result<String, ScaffoldError> {
    let path = root.join(".git/config");
    let config = match files::read(&path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            String::new()
        }
        Err(error) => return Err(ScaffoldError::Unreadable { path, error }),
    };
    let name = name_of_remote(&config).or_else(|| root.file_name()).unwrap_or("project");
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = name.chars().map(plain).collect();
    let name = name.trim_matches(['-', '.', '_']);
    Ok(if name.is_empty() { "project".to_owned() } else { name.to_owned() })
}

/// Returns the last part of the first remote's URL.
fn name_of_remote(config: &str) -> Option<&str> {
    let url = config.lines().find_map(|line| line.trim().strip_prefix("url"))?;
    let url = url.trim_start().strip_prefix('=')?.trim().trim_end_matches('/');
    let name = url.rsplit(['/', ':']).next()?;
    Some(name.strip_suffix(".git").unwrap_or(name)).filter(|name| !name.is_empty())
}

/// Engine for `[project]` of environments.toml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProjectEngine {
    /// Engine that a script uses, with the script: environments.toml must name the engine, since no other file determines it.
    FromScript(EngineName, Utf8PathBuf),
    /// Terragrunt, since every stack is a unit.
    Units,
    /// Engine that the stacks' own files determine, so that environments.toml need not name it.
    Detected,
    /// Unknown: no file determines the engine, so that the installed one is used.
    Unknown,
}

/// Returns the engine that the files beside the stacks determine, else the one that scripts use.
pub(super) fn project_engine(
    tree: &RepositoryTree,
    stacks: &[Utf8PathBuf],
    has_units: bool,
    scripts: &ScriptFindings,
) -> Result<ProjectEngine, ScaffoldError> {
    if stacks.is_empty() && has_units {
        return Ok(ProjectEngine::Units);
    }
    let never_on_path = |_: EngineName| false;
    let detector = Detector::new(&tree.root, &never_on_path);
    for dir in stacks {
        let names: Vec<String> =
            tree.folders[dir].iter().filter(|n| marks_stack(n) || n.starts_with('.')).cloned().collect();
        match detector.engine_of(&tree.root.join(dir), &names) {
            Ok(_) => {}
            Err(error @ DetectError::Unreadable { .. }) => return Err(error.into()),
            Err(DetectError::Ambiguous { .. } | DetectError::NoneOnPath { .. }) => {
                return Ok(match scripts.engine() {
                    Some((engine, file)) => ProjectEngine::FromScript(*engine, file.clone()),
                    None => ProjectEngine::Unknown,
                });
            }
        }
    }
    Ok(ProjectEngine::Detected)
}

#[cfg(test)]
mod tests {
    use super::{super::sample::Sample, *};

    #[test]
    fn the_project_is_named_after_its_remote() {
        for url in ["git@example.com:acme/shop.git", "https://example.com/acme/shop"] {
            assert_eq!(name_of_remote(&format!("[remote \"origin\"]\n\turl = {url}\n")), Some("shop"));
        }
        let sample = Sample::new(&[("my project/x", "")]);
        assert_eq!(project_name(&sample.root().join("my project")).unwrap(), "my-project");
    }

    #[test]
    fn the_engine_is_named_only_where_the_files_do_not_tell_it() {
        let engine_of = |files: &[(&str, &str)]| {
            let sample = Sample::new(files);
            let tree = RepositoryTree::read(sample.root()).unwrap();
            let scripts = ScriptFindings::read(&tree).unwrap();
            project_engine(&tree, &["a".into()], false, &scripts).unwrap()
        };
        assert_eq!(engine_of(&[("a/main.tf", "")]), ProjectEngine::Unknown);
        assert_eq!(engine_of(&[("a/main.tofu", "")]), ProjectEngine::Detected);
        assert_eq!(engine_of(&[("a/main.tf", ""), (".terraform-version", "1.9")]), ProjectEngine::Detected);
        assert_eq!(
            engine_of(&[("a/main.tf", ""), ("bin/plan", "tofu plan\n")]),
            ProjectEngine::FromScript(EngineName::Tofu, "bin/plan".into())
        );
    }
}
