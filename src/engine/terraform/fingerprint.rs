//! Digest over the inputs of an init, to decide if an instance must be initialised.
//!
//! The digest may miss an input: a plan that needs an init fails with that message, and envctl initialises then. So files
//! are read by lines, not parsed: the `terraform` blocks and the sources and versions of modules, as in a formatted file.

use std::io;

use camino::Utf8Path;
use sha2::{Digest, Sha256};

use crate::{
    engine::{Target, detect::LOCKFILE},
    files,
    model::hex,
};

/// File in an instance's folder that holds the digest of its last init.
const FILE: &str = "init";

/// Digest over the inputs of an init.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Fingerprint(String);

impl Fingerprint {
    /// Computes the digest over the files of a stack's folder and over further inputs.
    pub(in crate::engine) fn compute(dir: &Utf8Path, inputs: &[&str]) -> io::Result<Self> {
        let mut digest = Sha256::new();
        let mut add = |part: &[u8]| {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        };
        for input in inputs {
            add(input.as_bytes());
        }
        let mut files = Vec::new();
        for entry in dir.read_dir_utf8()? {
            let entry = entry?;
            if is_configuration(entry.file_name()) || entry.file_name() == LOCKFILE {
                files.push(entry.into_path());
            }
        }
        files.sort();
        for file in files {
            let bytes = match files::read(&file) {
                Ok(bytes) => bytes,
                // The dangling lock link of an editor is no configuration; the engine reports any other dangling link.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            add(file.file_name().unwrap_or_default().as_bytes());
            match (file.extension(), std::str::from_utf8(&bytes)) {
                (Some("tf" | "tofu"), Ok(text)) => add(init_inputs(text).as_bytes()),
                _ => add(&bytes),
            }
        }
        Ok(Self(hex(&digest.finalize())))
    }

    /// Returns true if the last init of an instance had this digest.
    pub(in crate::engine) fn is_current(&self, state_dir: &Utf8Path) -> bool {
        files::read_whole_text(&state_dir.join(FILE)).is_ok_and(|last| last == self.0)
    }

    /// Records the digest of an init.
    pub(in crate::engine) fn save(&self, state_dir: &Utf8Path) -> io::Result<()> {
        files::write(&state_dir.join(FILE), self.0.as_bytes())
    }

    /// Removes the digest of the last init, so that the next step initialises.
    pub(in crate::engine) fn forget(state_dir: &Utf8Path) -> io::Result<()> {
        files::remove_if_there(&state_dir.join(FILE))
    }
}

/// Removes the digest of an instance's last init, since another process may have initialised its data directory: the next
/// step initialises again.
pub fn forget_init(target: &Target) -> io::Result<()> {
    Fingerprint::forget(&target.state_dir)
}

/// Returns true if an engine reads a file of that name as configuration.
pub(in crate::engine) fn is_configuration(name: &str) -> bool {
    [".tf", ".tofu", ".tf.json", ".tofu.json"].iter().any(|end| name.ends_with(end)) && !name.starts_with('.')
}

/// Returns the lines of a configuration file that an init depends on.
fn init_inputs(text: &str) -> String {
    enum Inside {
        Nothing,
        Terraform,
        Module,
    }
    let mut inside = Inside::Nothing;
    let mut kept = String::new();
    for line in text.lines() {
        let words = line.trim_start();
        if matches!(inside, Inside::Nothing) {
            inside = match () {
                () if starts_block(words, "terraform") => Inside::Terraform,
                () if starts_block(words, "module") => Inside::Module,
                () => continue,
            };
            kept.push_str(words);
            kept.push('\n');
            if words.contains('}') {
                inside = Inside::Nothing;
            }
            continue;
        }
        let matters = match inside {
            Inside::Terraform => !(words.is_empty() || words.starts_with('#') || words.starts_with("//")),
            Inside::Module => words.starts_with("source") || words.starts_with("version"),
            Inside::Nothing => false,
        };
        if matters {
            kept.push_str(words);
            kept.push('\n');
        }
        if line.starts_with('}') {
            inside = Inside::Nothing;
        }
    }
    kept
}

/// Returns true if the first words of a line open a block of a type.
fn starts_block(words: &str, kind: &str) -> bool {
    words.strip_prefix(kind).is_some_and(|rest| rest.starts_with([' ', '{', '"', '\t']))
        && words.contains('{')
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder() -> (tempfile::TempDir, camino::Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().to_owned();
        (folder, path)
    }

    const MAIN: &str = "terraform {\n  required_version = \">= 1.5\"\n}\n\nmodule \"m\" {\n  source = \"./m\"\n  \
                        size   = 1\n}\n\nresource \"a\" \"b\" {\n  version = 1\n}\n";

    fn digest_of(dir: &Utf8Path, text: &str) -> Fingerprint {
        fs::write(dir.join("main.tf"), text).unwrap();
        Fingerprint::compute(dir, &["tofu"]).unwrap()
    }

    #[test]
    fn only_what_an_init_depends_on_changes_the_digest() {
        let (_keep, dir) = folder();
        let first = digest_of(&dir, MAIN);
        for same in [("size   = 1", "size = 2"), ("version = 1", "version = 2"), ("}\n\nmodule", "}\nmodule")]
        {
            assert_eq!(first, digest_of(&dir, &MAIN.replace(same.0, same.1)), "{same:?}");
        }
        for other in
            [("./m", "./n"), (">= 1.5", ">= 1.6"), ("terraform {", "terraform {\n  backend \"s3\" {}")]
        {
            assert_ne!(first, digest_of(&dir, &MAIN.replace(other.0, other.1)), "{other:?}");
        }
    }

    #[test]
    fn the_lockfile_the_engine_and_the_set_of_files_count() {
        let (_keep, dir) = folder();
        let first = digest_of(&dir, MAIN);
        assert_ne!(first, Fingerprint::compute(&dir, &["terraform"]).unwrap());
        fs::write(dir.join(LOCKFILE), "provider").unwrap();
        let locked = Fingerprint::compute(&dir, &["tofu"]).unwrap();
        assert_ne!(first, locked);
        fs::write(dir.join("notes.md"), "").unwrap();
        assert_eq!(locked, Fingerprint::compute(&dir, &["tofu"]).unwrap());
        fs::write(dir.join("b.tf.json"), "{}").unwrap();
        assert_ne!(locked, Fingerprint::compute(&dir, &["tofu"]).unwrap());
    }

    #[test]
    fn the_last_init_is_remembered_until_it_is_forgotten() {
        let (_keep, dir) = folder();
        let (one, other) = (digest_of(&dir, MAIN), Fingerprint("other".to_owned()));
        let state = dir.join("state");
        assert!(!one.is_current(&state));
        one.save(&state).unwrap();
        assert!(one.is_current(&state) && !other.is_current(&state));
        Fingerprint::forget(&state).unwrap();
        assert!(!one.is_current(&state));
    }
}
