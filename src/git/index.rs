//! Git's index, which lists files that `git status` does not report.

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::clean_paths::{CleanPaths, real_path};

/// Tracked files, as git's index lists them.
#[derive(Debug, Default)]
pub(crate) struct Index<'a> {
    /// Paths of tracked files, relative to the repository's root.
    tracked: BTreeSet<&'a str>,
    /// Tracked files that git is configured to skip: `assume-unchanged`, `skip-worktree`.
    skipped: Vec<&'a str>,
}

impl<'a> Index<'a> {
    /// Parses the output of `git ls-files -v -z`.
    pub(crate) fn parse(text: &'a str) -> Self {
        let mut index = Self::default();
        for (tag, path) in text.split('\0').filter_map(|entry| entry.split_once(' ')) {
            index.tracked.insert(path);
            if tag == "S" || tag.chars().all(|letter| letter.is_ascii_lowercase()) {
                index.skipped.push(path);
            }
        }
        index
    }

    /// Adds to `uncommitted` the files that count as uncommitted though `git status` does not list them: tracked files that git
    /// skips, even if they equal the commit, and untracked files that engines load by their names.
    pub(super) fn add_skipped(
        &self,
        uncommitted: &mut Vec<String>,
        top: &Utf8Path,
        clean_paths: &CleanPaths,
    ) {
        let top = real_path(top);
        let mut add = |path: &str| {
            let is_listed =
                |known: &String| known == path || (known.ends_with('/') && path.starts_with(&**known));
            if !uncommitted.iter().any(is_listed) {
                uncommitted.push(path.to_owned());
            }
        };
        self.skipped.iter().for_each(|path| add(path));
        for file in &clean_paths.loaded_by_name {
            // A symbolic link counts, and so does its target.
            let own =
                file.parent().map(real_path).zip(file.file_name()).map(|(folder, name)| folder.join(name));
            for path in own.into_iter().chain([real_path(file)]) {
                // Files outside the repository are ignored.
                let Ok(path) = path.strip_prefix(&top) else { continue };
                if !self.tracked.contains(path.as_str()) {
                    add(path.as_str());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_does_not_look_at_or_does_not_track_is_added_once() {
        let index = Index::parse("H a.tf\0h b.tf\0S c d.tf\0");
        let mut dirty = vec!["b.tf".to_owned(), "new/".to_owned()];
        let loaded = ["a.tf", "z.auto.tfvars", "new/x.tf", "../outside.tf"];
        let loaded = loaded.map(|file| Utf8Path::new("/nowhere").join(file)).into();
        let clean_paths = CleanPaths { loaded_by_name: loaded, ..CleanPaths::default() };
        index.add_skipped(&mut dirty, "/nowhere".into(), &clean_paths);
        assert_eq!(dirty[..4], ["b.tf", "new/", "c d.tf", "z.auto.tfvars"]);
    }
}
