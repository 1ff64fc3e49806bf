//! Parsers for the output of `git diff --raw` and `git ls-files`.

/// File mode of a submodule.
const SUBMODULE: &str = "160000";
/// File mode of a symbolic link.
const SYMLINK: &str = "120000";

/// Path that differs between a commit and the working tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangedPath {
    /// Path relative to the repository's root.
    pub(crate) path: String,
    /// True if the path is deleted from the working tree.
    pub(crate) deleted: bool,
    /// Commit of the submodule at this path before the change; `None` for other paths.
    pub(crate) submodule_commit: Option<String>,
}

/// Parses the output of `git diff --raw -z --no-renames --no-abbrev`. Source:
/// <https://git-scm.com/docs/git-diff#_raw_output_format>.
pub(crate) fn parse_differences(text: &str) -> Vec<ChangedPath> {
    let mut found = Vec::new();
    let mut parts = text.split('\0');
    while let (Some(record), Some(path)) = (parts.next(), parts.next()) {
        let fields: Vec<&str> = record.trim_start_matches(':').split(' ').collect();
        let [before, after, commit, _, status] = fields.as_slice() else { continue };
        let is_submodule = *before == SUBMODULE && *after == SUBMODULE;
        found.push(ChangedPath {
            path: path.to_owned(),
            deleted: status.starts_with('D'),
            submodule_commit: is_submodule.then(|| (*commit).to_owned()),
        });
    }
    found
}

/// Tracked file that the user told git not to compare (`assume-unchanged`, `skip-worktree`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SkippedFile<'t> {
    /// Path relative to the repository's root.
    pub(crate) path: &'t str,
    /// True if the file may be missing from the working tree (`skip-worktree`).
    pub(super) may_be_missing: bool,
}

/// Files of a repository as git lists them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing<'t> {
    /// Tracked files, in the order of their paths.
    pub(crate) tracked: Vec<&'t str>,
    /// Untracked paths: files in folders that hold a tracked file, and other folders, which end with a slash.
    pub(crate) untracked: Vec<&'t str>,
    /// Tracked files that the user told git not to compare (`assume-unchanged`, `skip-worktree`).
    pub(crate) skipped: Vec<SkippedFile<'t>>,
    /// Tracked symbolic links.
    pub(crate) symlinks: Vec<&'t str>,
    /// Paths of submodules in the repository.
    pub(crate) submodules: Vec<&'t str>,
}

/// Parses the output of `git ls-files -v -s -z --cached --others --directory`.
pub(crate) fn parse_listing(text: &str) -> Listing<'_> {
    let mut found = Listing::default();
    for (tag, rest) in text.split('\0').filter_map(|entry| entry.split_once(' ')) {
        if tag == "?" {
            found.untracked.push(rest);
            continue;
        }
        let Some((stat, path)) = rest.split_once('\t') else { continue };
        let may_be_missing = ["S", "s"].contains(&tag);
        if may_be_missing || tag.chars().all(|letter| letter.is_ascii_lowercase()) {
            found.skipped.push(SkippedFile { path, may_be_missing });
        }
        found.tracked.push(path);
        if stat.starts_with(SYMLINK) {
            found.symlinks.push(path);
        }
        if stat.starts_with(SUBMODULE) {
            found.submodules.push(path);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_from_what_git_prints_whatever_they_hold() {
        let text = ":100644 100644 aa bb M\0a b\nc.tf\0:100644 000000 aa 00 D\0gone.tf\0:160000 160000 cc 00 M\0sub\0";
        let found = parse_differences(text);
        let shown: Vec<_> =
            found.iter().map(|d| (d.path.as_str(), d.deleted, d.submodule_commit.as_deref())).collect();
        assert_eq!(shown, [("a b\nc.tf", false, None), ("gone.tf", true, None), ("sub", false, Some("cc"))]);
        assert_eq!(parse_differences(""), []);
    }

    #[test]
    fn what_is_not_tracked_what_is_not_looked_at_and_links_are_told() {
        let text = "? new file.tf\0? nested/\0H 100644 ab 0\ta.tf\0h 100644 ab 0\tb.tf\0S 120000 ab 0\tc d\0H 160000 ab 0\tsub\0";
        let found = Listing {
            tracked: vec!["a.tf", "b.tf", "c d", "sub"],
            untracked: vec!["new file.tf", "nested/"],
            skipped: vec![
                SkippedFile { path: "b.tf", may_be_missing: false },
                SkippedFile { path: "c d", may_be_missing: true },
            ],
            symlinks: vec!["c d"],
            submodules: vec!["sub"],
        };
        assert_eq!(parse_listing(text), found);
    }
}
