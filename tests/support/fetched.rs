//! Stack with a module from a git repository, on a real engine.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Env, Program, Project, programs, registry::OnEngine};

/// Project with one stack, `app`, and the git repository of the module that it calls.
pub(crate) struct Fetched {
    pub(crate) project: Project,
    pub(crate) env: Env,
    pub(crate) engine: Program,
    repository: Project,
}

/// Configuration in which the state of each environment is a file of its own.
const ENVIRONMENTS: &str = "[project]\nname = \"shop\"\n\n[defaults]\nbackend.local = { path = \"{env}.tfstate\" }\n\n\
                            [environments.dev]\n\n[environments.prod]\n\n[stacks.app]\npath = \"app\"\n";

impl Fetched {
    /// Makes a stack with the fetched module `m` of one resource, and a module `m.inner` that `m` fetches from the
    /// same repository; both hold their `path.module`.
    #[track_caller]
    fn new(engine: &Program) -> Self {
        let (project, repository) = (Project::without_files(), Project::without_files());
        for folder in [&project, &repository] {
            folder.git(["init", "--quiet", "--initial-branch=main"]);
        }
        let fetched = Self {
            env: Env::new(&project).with(engine).with_system(),
            project,
            engine: engine.clone(),
            repository,
        };
        let source = fetched.source();
        fetched.module(
            "main.tf",
            &format!("{}module \"inner\" {{\n  source = \"{source}//inner\"\n}}\n", resource("1")),
        );
        fetched.module("inner/main.tf", &resource("1"));
        fetched.project.write(
            "environments.toml",
            &ENVIRONMENTS
                .replace("name = \"shop\"\n", &format!("name = \"shop\"\nengine = \"{}\"\n", engine.name)),
        );
        fetched.main(&format!("module \"m\" {{\n  source = \"{source}\"\n}}\n"));
        fetched
    }

    /// Returns the source address of the module.
    pub(crate) fn source(&self) -> String {
        format!("git::file://{}", self.repository.root().display())
    }

    /// Writes the stack's `main.tf`, with a backend block that environments.toml completes.
    pub(crate) fn main(&self, hcl: &str) {
        self.project.write("app/main.tf", &format!("terraform {{\n  backend \"local\" {{}}\n}}\n{hcl}"));
    }

    /// Writes a file of the module and commits it.
    pub(crate) fn module(&self, file: &str, text: &str) {
        self.repository.write(file, text);
        self.repository.commit("Change");
    }

    /// Moves the repository away, so that fetching from it fails.
    pub(crate) fn without_repository(&self) {
        fs::rename(self.repository.root(), self.repository.around().join("gone")).expect("it is renamed");
    }

    /// Runs the engine itself in the stack's folder.
    #[track_caller]
    pub(crate) fn bare<const N: usize>(&self, args: [&str; N]) -> super::Run {
        self.env.clone().in_folder("app").run_program(&self.engine, &args)
    }

    /// Copies the checkout, including files that the engine installed, without `.envctl`.
    pub(crate) fn copied(&self) -> PathBuf {
        let copy = self.project.around().join("copy");
        copy_all(&self.project.root(), &copy);
        fs::remove_dir_all(copy.join(".envctl")).unwrap_or_default();
        copy
    }

    /// Returns the state of an environment as text.
    #[track_caller]
    pub(crate) fn state(&self, environment: &str) -> String {
        self.project.read(&format!("app/{environment}.tfstate"))
    }

    /// Returns the type of an entry in the data directory of an environment: `link`, `folder` or `nothing`.
    pub(crate) fn kind(&self, environment: &str, name: &str) -> &'static str {
        match self.project.path(&format!(".envctl/data/{environment}/app/{name}")).symlink_metadata() {
            Ok(found) if found.is_symlink() => "link",
            Ok(found) if found.is_dir() => "folder",
            _ => "nothing",
        }
    }
}

impl OnEngine for Fetched {
    fn on(engine: &'static str) -> Self {
        let [engine] = programs([engine]);
        Self::new(&engine)
    }
}

/// Returns a resource that holds the path of its module and `mark`.
pub(crate) fn resource(mark: &str) -> String {
    format!("resource \"terraform_data\" \"r\" {{\n  input = \"${{path.module}} {mark}\"\n}}\n")
}

/// Copies a folder; symbolic links are copied as links.
fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder for the copy");
    for entry in fs::read_dir(from).expect("a folder that can be read") {
        let (from, name) = entry.map(|entry| (entry.path(), entry.file_name())).expect("an entry");
        let to = to.join(name);
        if let Ok(target) = from.read_link() {
            std::os::unix::fs::symlink(target, to).expect("a link in the copy");
        } else if from.is_dir() {
            copy_all(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a file in the copy");
        }
    }
}
