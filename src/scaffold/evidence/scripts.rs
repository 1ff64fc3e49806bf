//! Use of engines in a repository's own scripts, pipelines and READMEs: engine, workspaces, state keys.

use std::{collections::BTreeSet, fs};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    super::{
        environment_names::{is_environment_word, words_of},
        tree::{RepositoryTree, ScaffoldError},
    },
    command::ScriptCommand,
    reader::read_commands,
    words::{joined_lines, words},
};
use crate::{engine::detect::installed_by_workflow, files, model::EngineName};

/// Size limit of files that are read as scripts, in bytes.
const MAX_SIZE: u64 = 256 * 1024;

/// Verbs of engines: a word before one of them is the name of an engine's program.
const ENGINE_VERBS: [&str; 10] =
    ["init", "plan", "apply", "destroy", "workspace", "validate", "import", "output", "fmt", "state"];

/// Facts about engines and environments in the scripts of a repository, with the files that contain them.
#[derive(Debug, Default)]
pub(in super::super) struct ScriptFindings {
    /// Engines that scripts start or install.
    engines: Vec<(EngineName, Utf8PathBuf)>,
    /// Arguments that scripts pass to engines.
    pub(in super::super) commands: Vec<ScriptCommand>,
    /// Environments that the names of scripts name: `plan:staging`, `deploy-staging.sh`.
    pub(in super::super) environments: BTreeSet<String>,
}

impl ScriptFindings {
    /// Reads the scripts of a repository.
    pub(in super::super) fn read(tree: &RepositoryTree) -> Result<Self, ScaffoldError> {
        let mut findings = Self::default();
        for file in tree.files().filter(|file| is_script(file)) {
            let path = tree.root.join(&file);
            if fs::metadata(&path).is_ok_and(|data| data.is_file() && data.len() <= MAX_SIZE) {
                let bytes = files::read(&path).map_err(|error| ScaffoldError::Unreadable { path, error })?;
                findings.read_script(&file, &String::from_utf8_lossy(&bytes));
            }
        }
        Ok(findings)
    }

    /// Returns the engine, if scripts use only one, with a file that uses it.
    pub(in super::super) fn engine(&self) -> Option<&(EngineName, Utf8PathBuf)> {
        let first = self.engines.first()?;
        self.engines.iter().all(|(engine, _)| *engine == first.0).then_some(first)
    }

    /// Reads the text of one script.
    fn read_script(&mut self, file: &Utf8Path, text: &str) {
        if let Some(stem) = file.file_stem().filter(|_| is_named_script(file)) {
            self.environments
                .extend(words_of(stem).filter(|token| is_environment_word(token)).map(str::to_owned));
        }
        if file.file_name() == Some("package.json") {
            self.read_package_json(text);
        }
        self.engines.extend(installed_by_workflow(text).map(|engine| (engine, file.to_owned())));
        for line in joined_lines(text) {
            for pair in words(&line).windows(2) {
                self.read_command(file, &pair[0], &pair[1]);
            }
        }
        self.commands.extend(read_commands(file, text));
    }

    /// Records the engine that a word before an engine's verb names.
    fn read_command(&mut self, file: &Utf8Path, program: &str, next: &str) {
        let program = program.rsplit('/').next().unwrap_or_default();
        let Some(engine) = EngineName::driven().find(|engine| engine.as_str() == program) else { return };
        if ENGINE_VERBS.contains(&next) || next.starts_with("-chdir") {
            self.engines.push((engine, file.to_owned()));
        }
    }

    /// Records the environments in the names of npm scripts.
    fn read_package_json(&mut self, text: &str) {
        let Ok(package) = serde_json::from_str::<serde_json::Value>(text) else { return };
        let scripts = package.get("scripts").and_then(|scripts| scripts.as_object());
        for name in scripts.into_iter().flat_map(serde_json::Map::keys) {
            self.environments
                .extend(words_of(name).skip(1).filter(|token| is_environment_word(token)).map(str::to_owned));
        }
    }
}

/// Returns true if a file of this path starts programs or documents their use.
fn is_script(file: &Utf8Path) -> bool {
    let Some(name) = file.file_name() else { return false };
    let folder = file.parent().map_or("", Utf8Path::as_str);
    let lower = name.to_ascii_lowercase();
    is_named_script(file)
        || ["makefile", "gnumakefile", "justfile", ".justfile", "jenkinsfile", "package.json"]
            .contains(&lower.as_str())
        || lower.starts_with("readme")
        || [".gitlab-ci.yml", "taskfile.yml", "taskfile.yaml", "mise.toml", "buildspec.yml", "atlantis.yaml"]
            .contains(&lower.as_str())
        || lower.ends_with("-pipelines.yml")
        || (folder.starts_with(".github") || folder.starts_with(".circleci"))
            && ["yml", "yaml"].contains(&file.extension().unwrap_or_default())
}

/// Returns true if a file is in a folder of scripts or has a script's extension.
fn is_named_script(file: &Utf8Path) -> bool {
    match file.extension() {
        Some(extension) => ["sh", "bash", "zsh", "ps1", "mk"].contains(&extension),
        None => {
            file.parent().and_then(Utf8Path::file_name).is_some_and(|dir| ["bin", "scripts"].contains(&dir))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::sample::Sample, command::ScriptFact},
        *,
    };

    fn scripts(files: &[(&str, &str)]) -> ScriptFindings {
        let sample = Sample::new(files);
        ScriptFindings::read(&RepositoryTree::read(sample.root()).unwrap()).unwrap()
    }

    #[test]
    fn commands_are_collected_from_all_scripts() {
        let found = scripts(&[
            ("bin/deploy-staging.sh", "tofu workspace select -or-create staging\ntofu plan\n"),
            ("Makefile", "prod:\n\tterraform workspace new \"production\"\n"),
            ("a/README.md", "`terraform plan -var-file=x.tfvars`\n"),
        ]);
        let workspace = |name: &str| ScriptFact::Workspace(name.to_owned());
        let of = |folder: &str| -> Vec<ScriptFact> {
            let near =
                found.commands.iter().filter(|command| command.closeness(Utf8Path::new(folder)).is_some());
            near.map(|command| command.fact.clone()).collect()
        };
        assert_eq!(of("b"), [workspace("production"), workspace("staging")]);
        assert_eq!(of("a").len(), 3);
        assert_eq!(found.environments.iter().collect::<Vec<_>>(), ["staging"]);
        assert!(found.engine().is_none(), "two are used");
    }

    #[test]
    fn the_engine_is_the_one_that_is_started_or_installed() {
        let found = scripts(&[
            (".github/workflows/x.yml", "- uses: opentofu/setup-opentofu@v1\n"),
            ("notes/deploy.txt", "terraform plan\n"),
        ]);
        assert_eq!(found.engine().unwrap().0, EngineName::Tofu);
    }

    #[test]
    fn npm_scripts_are_named_after_environments() {
        let found = scripts(&[(
            "package.json",
            r#"{ "scripts": { "plan:staging": "x", "dev": "vite", "deploy:prod": "y" } }"#,
        )]);
        assert_eq!(found.environments.iter().collect::<Vec<_>>(), ["prod", "staging"]);
    }
}
