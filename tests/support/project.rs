//! Project of a test: a copy of a fixture in a temporary folder, in git, with a home directory beside it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::launch;

/// Folders that engines leave in a fixture when a developer runs them there.
const LEFTOVERS: [&str; 4] = [".terraform", ".terragrunt-cache", ".envctl", "node_modules"];

/// Project of one test; its folder is removed with the value.
pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    /// Copies `fixtures/NAME` and commits it.
    #[track_caller]
    pub(crate) fn from_fixture(name: &str) -> Self {
        Self::from_repository([(&*format!("fixtures/{name}"), ".")])
    }

    /// Copies files and folders of this repository to the paths beside them, and commits them.
    #[track_caller]
    pub(crate) fn from_repository<const N: usize>(parts: [(&str, &str); N]) -> Self {
        let project = Self::without_files();
        for (from, to) in parts {
            let target = project.path(to);
            fs::create_dir_all(target.parent().expect("a place in the project"))
                .expect("folders in the project");
            copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(from), &target);
        }
        project.git(["init", "--quiet", "--initial-branch=main"]);
        project.commit("Begin");
        project
    }

    /// Makes an empty project without git.
    pub(crate) fn without_files() -> Self {
        let folder = tempfile::Builder::new().prefix("envctl-").tempdir().expect("a temporary folder");
        for name in ["project", "home", "bin", "tmp"] {
            fs::create_dir(folder.path().join(name)).expect("a folder in a new folder");
        }
        Self { folder }
    }

    /// Returns the folder that holds environments.toml.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// Returns the folder that holds the project, `home`, `bin` and `tmp`.
    pub(crate) fn around(&self) -> &Path {
        self.folder.path()
    }

    /// Returns a path in the project.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root().join(relative)
    }

    /// Reads a file as text.
    #[track_caller]
    pub(crate) fn read(&self, relative: &str) -> String {
        fs::read_to_string(self.path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    /// Writes a file and makes the folders above it.
    #[track_caller]
    pub(crate) fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("folders in the project");
        fs::write(&path, text).unwrap_or_else(|error| panic!("{relative}: {error}"));
    }

    /// Replaces a text that occurs in a file exactly once.
    #[track_caller]
    pub(crate) fn edit(&self, relative: &str, from: &str, to: &str) {
        let text = self.read(relative);
        assert_eq!(text.matches(from).count(), 1, "{relative} holds `{from}` once:\n{text}");
        self.write(relative, &text.replace(from, to));
    }

    /// Commits all changes.
    #[track_caller]
    pub(crate) fn commit(&self, message: &str) {
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--message", message]);
    }

    /// Runs git in the project and returns its standard output.
    #[track_caller]
    pub(crate) fn git<const N: usize>(&self, args: [&str; N]) -> String {
        let mut command = launch::hermetic("git");
        git_identity(&mut command);
        launch::succeed(
            command.env("PATH", "/usr/local/bin:/usr/bin:/bin").current_dir(self.root()).args(args),
        )
    }

    /// The files below envctl's own folder that hold a text; plan files may.
    #[track_caller]
    pub(crate) fn files_with(&self, text: &str) -> Vec<String> {
        let (mut found, mut folders) = (Vec::new(), vec![self.path(".envctl")]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file")) {
                let path = entry.path();
                // Links of a data directory lead out of it, or nowhere yet.
                if path.is_symlink() {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_none_or(|end| end != "tfplan")
                    && String::from_utf8_lossy(&fs::read(&path).expect("a file")).contains(text)
                {
                    found.push(path.to_string_lossy().into_owned());
                }
            }
        }
        found
    }
}

/// Sets a fixed author and time, and disables the user's and the system's configuration of git.
pub(crate) fn git_identity(command: &mut Command) {
    command.envs([
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "Owner"),
        ("GIT_AUTHOR_EMAIL", "owner@example.com"),
        ("GIT_AUTHOR_DATE", "2026-01-05T09:00:00Z"),
        ("GIT_COMMITTER_NAME", "Owner"),
        ("GIT_COMMITTER_EMAIL", "owner@example.com"),
        ("GIT_COMMITTER_DATE", "2026-01-05T09:00:00Z"),
    ]);
}

#[track_caller]
fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        return;
    }
    fs::create_dir_all(to).expect("a folder in the project");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let name = entry.expect("a folder that can be read to its end").file_name();
        if !LEFTOVERS.iter().any(|leftover| name == *leftover) {
            copy(&from.join(&name), &to.join(&name));
        }
    }
}
