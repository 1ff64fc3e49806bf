//! What about a stack is not as it was.

use std::{collections::BTreeMap, fmt};

use crate::model::StackId;

/// Since when stacks have to have changed to be selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// Since HEAD left the default branch.
    Default,
    /// Since HEAD left this commit, as it was typed.
    Commit(String),
}

/// The stacks that are not as they were, each with what has changed.
pub type Touched = BTreeMap<StackId, Vec<Change>>;

/// One thing about a stack that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What it is.
    pub part: Part,
    /// Its path, relative to environments.toml where it lies below; of a setting the key.
    pub path: String,
    /// How many more of the kind there are.
    pub more: usize,
}

/// Which part of what a stack is planned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// There was no such stack.
    New,
    /// A file in its folder.
    File,
    /// Its lockfile.
    Lockfile,
    /// A var file from elsewhere.
    VarFile,
    /// A file of a local module.
    Module,
    /// A file that a unit includes or reads.
    Include,
    /// Another file that configuration names.
    Named,
    /// A file that `files` names.
    Declared,
    /// A file that the value of a secret comes from.
    Secret,
    /// A file that a program of its hooks is made of.
    Hook,
    /// A file above it that says which engine is wanted, or which version of it.
    Version,
    /// A file of settings for its engine.
    CliConfig,
    /// A shared file by which providers choose an account.
    Account,
    /// The program of its engine, or of the one that it drives, which lies in the repository.
    Program,
    /// What environments.toml says of it.
    Setting,
    /// A module whose source its configuration works out; the path is that of the file that calls it.
    Computed,
    /// A file that its configuration reads at a path that it works out; the path is that of the file that says so.
    Guessed,
    /// What lies where git knows nothing of it.
    Unknown,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.part {
            Part::New => "new",
            Part::File => "changed",
            Part::Lockfile => "changed lockfile",
            Part::VarFile => "changed var file",
            Part::Module => "changed module",
            Part::Include => "changed include",
            Part::Named => "changed file that HCL names",
            Part::Declared => "changed file of `files`",
            Part::Secret => "changed file of a secret",
            Part::Hook => "changed file of a hook",
            Part::Version => "changed version file",
            Part::CliConfig => "changed CLI config",
            Part::Account => "changed account settings",
            Part::Program => "changed program of the engine",
            Part::Setting => "changed setting",
            Part::Computed => "a module's source is an expression, which only an init works out",
            Part::Guessed => {
                "the path of a file that is read is an expression, which only the engine works out"
            }
            Part::Unknown => "not in the repository",
        };
        write!(f, "{what}: {}", self.path)?;
        if self.more > 0 { write!(f, " and {} more", self.more) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_what_it_is_and_where() {
        let change = |part, more| Change { part, path: "modules/label/main.tf".to_owned(), more }.to_string();
        assert_eq!(change(Part::Module, 0), "changed module: modules/label/main.tf");
        assert_eq!(change(Part::File, 2), "changed: modules/label/main.tf and 2 more");
    }
}
